"""Training that stops and resumes: what was learned is kept, and the time of all runs counts."""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from training.rounds import add_options, train  # noqa: E402


def run(work: Path, minutes: float) -> dict[str, object]:
    """Learn to double a number; what the checkpoint holds then."""
    parser = argparse.ArgumentParser()
    add_options(parser, minutes=1, rate=0.05)
    options = parser.parse_args([str(work), "--minutes", str(minutes)])
    torch.manual_seed(0)
    net, average = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)

    def begin(step: int) -> Callable[[], torch.Tensor]:
        x = torch.linspace(-1, 1, 32)[:, None]
        return lambda: ((net(x) - 2 * x) ** 2).mean()

    train(options, net, average, [([net.weight], 1.0), ([net.bias], 0.5)], begin, 100.0)
    return dict(torch.load(work / "checkpoint.pt", weights_only=True))


def test_a_second_run_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    first = run(tmp_path, 0.5 / 60)
    second = run(tmp_path, 1.0 / 60)
    assert second["step"] > first["step"] > 10
    assert second["spent"] == pytest.approx(1.0, abs=0.3)
    assert float(second["average"]["weight"]) == pytest.approx(2, abs=0.1)
    with (tmp_path / "losses.csv").open() as log:
        steps = [int(row[0]) for row in csv.reader(log)]
    assert steps == sorted(set(steps)), "no step is done twice"


def test_a_run_whose_time_is_over_does_one_step_and_keeps_it(tmp_path: Path) -> None:
    first = run(tmp_path, 0.3 / 60)
    assert run(tmp_path, 0.3 / 60)["step"] == first["step"] + 1
