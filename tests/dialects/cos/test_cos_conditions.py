"""``Range`` and ``If-*``: a table each."""

from datetime import UTC, datetime

import pytest

from tinct.dialects.cos.conditions import Verdict, span, verdict

ETAG = "9e107d9d372bb6826bd81d3542a419d6"
CHANGED = datetime(2026, 3, 1, 12, 0, 0, 654321, tzinfo=UTC)
BEFORE, AT, AFTER = (f"Sun, 01 Mar 2026 {time} GMT" for time in ("11:59:59", "12:00:00", "12:00:01"))
GO, UNCHANGED, FAILED = Verdict.GO, Verdict.UNCHANGED, Verdict.FAILED


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, GO),
        ({"if-match": f'"{ETAG}"'}, GO),
        ({"if-match": ETAG}, GO),
        ({"if-match": f'"other", "{ETAG}"'}, GO),
        ({"if-match": "*"}, GO),
        ({"if-match": '"other"'}, FAILED),
        ({"if-match": ""}, FAILED),
        ({"if-none-match": f'"{ETAG}"'}, UNCHANGED),
        ({"if-none-match": f'W/"{ETAG}"'}, UNCHANGED),
        ({"if-none-match": "*"}, UNCHANGED),
        ({"if-none-match": '"other"'}, GO),
        ({"if-modified-since": BEFORE}, GO),
        ({"if-modified-since": AT}, UNCHANGED),
        ({"if-modified-since": AFTER}, UNCHANGED),
        ({"if-unmodified-since": BEFORE}, FAILED),
        ({"if-unmodified-since": AT}, GO),
        ({"if-unmodified-since": AFTER}, GO),
        ({"if-match": f'"{ETAG}"', "if-unmodified-since": BEFORE}, GO),
        ({"if-none-match": '"other"', "if-modified-since": AFTER}, GO),
        ({"if-match": '"other"', "if-none-match": f'"{ETAG}"'}, FAILED),
        ({"if-modified-since": "yesterday"}, GO),
        ({"if-unmodified-since": ""}, GO),
        ({"if-modified-since": "Sun, 99 Mar 2026 12:00:00 GMT"}, GO),
        ({"if-modified-since": "Sun, 01 Mar 2026 12:00:00"}, UNCHANGED),
        ({"if-modified-since": "Sun, 01 Mar 99999999 12:00:00 GMT"}, GO),
    ],
    ids=str,
)
def test_conditions_are_judged_in_the_order_of_the_standard(headers, expected):
    assert verdict(headers, ETAG, CHANGED) is expected


def test_the_conditions_of_a_source_are_its_own():
    headers = {"x-cos-copy-source-if-match": '"other"', "if-match": f'"{ETAG}"'}
    assert verdict(headers, ETAG, CHANGED) is GO
    assert verdict(headers, ETAG, CHANGED, prefix="x-cos-copy-source-") is FAILED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("bytes=0-", (0, 10)),
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 5)),
        ("Bytes = 2 - 4", (2, 5)),
        ("bytes=9-9", (9, 10)),
        ("bytes=5-99", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=-0", (10, 10)),
        ("bytes=10-", (10, 10)),
        ("bytes=11-12", (11, 10)),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("bytes=a-b", None),
        ("bytes=1.5-2", None),
        ("items=0-1", None),
        ("bytes=٠-١", None),
        (f"bytes={'9' * 19}-", None),
    ],
    ids=str,
)
def test_a_range_is_first_byte_and_end(text, expected):
    assert span(text, 10) == expected


def test_nothing_of_an_empty_object_can_be_served():
    for text in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        found = span(text, 0)
        assert found is not None
        assert found[0] >= found[1]
