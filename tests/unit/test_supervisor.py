"""How long a dead worker's place stays empty."""

from collections import deque

from tinct.server.supervisor import pause_s


def test_workers_that_die_now_and_then_are_replaced_at_once() -> None:
    deaths: deque[float] = deque()
    assert [pause_s(deaths, now) for now in (0.0, 3.0, 9.0, 20.0, 25.0)] == [0.5] * 5
    assert [pause_s(deaths, 100.0 + 15.0 * number) for number in range(50)] == [0.5] * 50


def test_workers_that_die_one_after_the_other_are_replaced_ever_later_but_not_for_good() -> None:
    deaths: deque[float] = deque()
    pauses = [pause_s(deaths, float(number)) for number in range(20)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.5
    assert pauses[-1] == 10.0
    assert pause_s(deaths, 1000.0) == 0.5
