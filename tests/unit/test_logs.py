"""The log: one line an event, and no flood of any kind."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tinct import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged, four lines of a kind in a minute."""
    root, written = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    logs.configure(written, repeats_per_minute=4)
    yield written
    root.handlers[:] = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_warnings_and_errors_of_one_kind_are_few_and_those_of_another_are_not_lost(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [600.0]
    throttle = next(each.filters[0] for each in logging.getLogger().handlers if each.filters)
    monkeypatch.setattr(throttle, "_clock", lambda: now[0])
    log = logging.getLogger("tinct.test")
    for number in range(10_000):
        log.error("socket.accept() out of system resource\nsocket: %d", number)
    log.error("another")
    log.warning("socket.accept() out of system resource")
    assert [line["level"] for line in lines(stream)] == ["error"] * 5 + ["warning"]
    now[0] += 60
    log.error("socket.accept() out of system resource")
    log.error("socket.accept() out of system resource")
    assert lines(stream)[-2]["left_out"] == 9996
    assert "left_out" not in lines(stream)[-1]


def test_events_are_all_logged(stream: io.StringIO) -> None:
    for number in range(100):
        logs.event(logging.getLogger("tinct.test"), "request", number=number)
    assert [line["number"] for line in lines(stream)] == list(range(100))


def test_a_thousand_kinds_are_counted_and_no_more(stream: io.StringIO) -> None:
    throttle = next(each.filters[0] for each in logging.getLogger().handlers if each.filters)
    for number in range(5000):
        logging.getLogger("tinct.test").error(f"kind {number}")
    assert len(throttle._kinds) <= 1000
    assert len(lines(stream)) == 5000
