"""The submit form as a pure function."""

import contextlib
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinct.dialects.ailab.errors import AilabError, refusal
from tinct.dialects.ailab.form import PHOTO, parse
from tinct.errors import PhotoLimitError
from tinct.jobs.file import File, PhotoFacts

GOOD = {"image": b"bytes", "mode": b"AUTO", "degree": b"0.4"}


def test_a_missing_task_type_is_the_old_version_and_changes_nothing_else() -> None:
    old, new = parse(GOOD, listed=False), parse(GOOD | {"task_type": b"async"}, listed=False)
    assert (old.current, new.current) == (False, True)
    assert old.params == new.params == {"mode": "auto", "count": 1, "degree": 0.4}


def test_the_listing_knows_no_task_type_and_its_mode_is_auto() -> None:
    ask = parse({"image": b"bytes", "degree": b"1", "task_type": b"whatever"}, listed=True)
    assert ask.params == {"mode": "auto", "count": 1, "degree": 1.0}
    assert not ask.current


@pytest.mark.parametrize(
    ("sent", "colors"),
    [
        ("056A6B,0A0B0C", ["#056a6b", "#0a0b0c"]),
        ("#DB0D0D,#0E0CBB,#FF0000", ["#db0d0d", "#0e0cbb", "#ff0000"]),
        ("FF056a6b", ["#056a6b"]),
        ("#80056A6B , 0a0b0c ", ["#056a6b", "#0a0b0c"]),
        ("1,1".replace("1", "111111"), ["#111111", "#111111"]),
    ],
)
def test_colours_are_read_in_every_form_that_clients_send(sent: str, colors: list[str]) -> None:
    fields = GOOD | {"mode": b"TEMPLATE", "color_template": sent.encode()}
    assert parse(fields, listed=False).params["colors"] == colors


@pytest.mark.parametrize(
    "sent", [",", "12345", "1234567", "#", "##123456", "0x123456", "12345g", "１２３４５６"]
)
def test_what_is_no_colour_is_refused(sent: str) -> None:
    fields = GOOD | {"mode": b"TEMPLATE", "color_template": sent.encode()}
    with pytest.raises(AilabError) as caught:
        parse(fields, listed=False)
    assert caught.value.name == "ERROR_INVALID_PARAMETER"


def test_fields_of_another_mode_are_ignored_even_if_invalid() -> None:
    nonsense = {"color_template": b"?", "ref": b"", "color_count": b"99"}
    auto = parse(GOOD | nonsense | {"color_count": b"3"}, listed=False)
    assert auto.params == {"mode": "auto", "count": 3, "degree": 0.4}
    template = parse(GOOD | nonsense | {"mode": b"TEMPLATE", "color_template": b"ffffff"}, listed=False)
    assert template.params == {"mode": "template", "colors": ["#ffffff"], "degree": 0.4}
    picture = parse(GOOD | nonsense | {"mode": b"REF_PIC", "ref": b"bytes"}, listed=False)
    assert (picture.params, picture.reference) == ({"mode": "reference", "degree": 0.4}, b"bytes")


@given(st.floats(0, 1))
def test_every_degree_from_0_to_1_is_read_as_sent(degree: float) -> None:
    assert parse(GOOD | {"degree": str(degree).encode()}, listed=False).params["degree"] == degree


@given(
    st.dictionaries(
        st.sampled_from(["task_type", "image", "mode", "degree", "color_count", "ref"]), st.binary()
    )
)
def test_no_form_raises_anything_but_a_refusal(fields: dict[str, bytes]) -> None:
    with contextlib.suppress(AilabError):
        assert parse(fields, listed=False).image == fields["image"]


@pytest.mark.parametrize(("width", "height"), [(65, 65), (9999, 65), (65, 9999), (9999, 9999)])
def test_sides_just_inside_the_limits_are_accepted(width: int, height: int) -> None:
    PHOTO.check("image", file(width, height))


@pytest.mark.parametrize(("width", "height"), [(64, 500), (500, 64), (10_000, 500), (500, 10_000)])
def test_sides_on_the_limits_are_refused(width: int, height: int) -> None:
    with pytest.raises(PhotoLimitError, match=r"allowed: each side (65 or more|9999 or less)") as caught:
        PHOTO.check("image", file(width, height))
    assert refusal(caught.value).name == "FILE_RESOLUTION_EXCEEDS_LIMITS"


def file(width: int, height: int) -> File:
    photo = PhotoFacts(width=width, height=height, depth=8, channels=3, frames=1, mode="rgb")
    return cast(File, SimpleNamespace(format="jpeg", size=1, as_photo=lambda: photo))


def test_all_that_is_missing_is_named_at_once_with_what_it_is() -> None:
    with pytest.raises(AilabError) as caught:
        parse({}, listed=False)
    assert caught.value.name == "MISSING_PARAMETERS"
    for name in ("image, the photo", "mode, AUTO, TEMPLATE or REF_PIC", "degree, a number from 0 to 1"):
        assert name in caught.value.message
    with pytest.raises(AilabError) as listing:
        parse({}, listed=True)
    assert "mode" not in listing.value.message


@pytest.mark.parametrize("listed", [True, False])
def test_a_mode_without_what_it_needs_is_refused_in_both_vocabularies(listed: bool) -> None:
    for mode, says in (
        ("REF_PIC", "ref, the reference whose colours"),
        ("TEMPLATE", "color_template, 1 to 7"),
    ):
        with pytest.raises(AilabError) as caught:
            parse(GOOD | {"mode": mode.encode()}, listed=listed)
        assert caught.value.name == "MISSING_PARAMETERS"
        assert says in caught.value.message
        assert mode in caught.value.message
    with pytest.raises(AilabError) as empty:
        parse(GOOD | {"mode": b"REF_PIC", "ref": b""}, listed=listed)
    assert (empty.value.name, "reference" in empty.value.message) == ("PARAMETERS_CANNOT_EMPTY", True)
