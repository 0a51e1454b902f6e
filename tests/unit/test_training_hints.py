"""What the network of hints learns: things of one colour, and things pasted in; and that it learns from them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tinct.effects.colorize.extent import TOLD

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from training.hints.regions import clicked  # noqa: E402

THING = np.s_[10:30, 12:36]
NOTHING = np.zeros((48, 48), np.float32)


def _lab(inside: tuple[float, float, float], outside: tuple[float, float, float]) -> np.ndarray:
    lab = np.full((48, 48, 3), outside, np.float32)
    lab[THING] = inside
    return lab


def test_a_dot_is_on_all_that_has_its_colour_in_light_and_shade_and_on_nothing_else() -> None:
    lab = _lab((60, 40, 30), (60, -30, 30))
    lab[20:30, 12:36] = (30, 24, 18)  # in the shade
    found = clicked(lab, NOTHING, (15, 20))
    assert found is not None
    assert found.same[12:28, 14:34].all()
    assert found.other[:8].all()
    assert not (found.same & found.other).any()
    assert not found.other[THING].any()


def test_a_grey_thing_before_grey_ends_where_it_was_pasted() -> None:
    pasted = NOTHING.copy()
    pasted[THING] = 1
    assert clicked(_lab((60, 0, 0), (52, 0, 0)), NOTHING, (15, 20)) is None
    found = clicked(_lab((60, 0, 0), (52, 0, 0)), pasted, (15, 20))
    assert found is not None
    assert found.same[12:28, 14:34].all()
    assert found.other[:8].all()


@pytest.mark.parametrize("at", [(15, 12), (40, 40)])
def test_a_dot_on_an_edge_or_on_what_fills_the_photo_says_nothing(at: tuple[int, int]) -> None:
    lab = _lab((60, 40, 30), (60, -30, 30))
    assert clicked(lab, NOTHING, at) is None


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as `prepare` leaves it: the thing is what is told apart by the second number, and begins at the left."""
    folder, rng = tmp_path_factory.mktemp("work"), np.random.default_rng(0)
    flat: dict[str, np.ndarray] = {}
    for number in range(12):
        labels = np.full((1, 16, 16), -1, np.int8)
        labels[0, :, : int(rng.integers(4, 12))] = 1
        seen = rng.normal(0, 0.1, (1, TOLD, 16, 16))
        seen[:, 1] = labels == 1
        item = {
            "looks": rng.normal(0, 0.1, (8, 8, 152)),
            "told": seen,
            "at": np.array([[8, 2]]),
            "labels": labels,
        }
        flat |= {f"{number}/{name}": value for name, value in item.items()}
    np.savez(folder / "part-0000.npz", **flat)
    return folder


def test_some_photos_are_held_out_and_what_is_far_and_not_known_is_of_others(work: Path) -> None:
    pytest.importorskip("torch")
    from training.hints.train import Dots, apart

    assert [len(Dots(work, held=held).looks) for held in (False, True)] == [10, 2]
    labels = np.zeros((1, 20, 20), np.int8)
    labels[:, :, :4] = 1
    assert (apart(labels)[:, :, :10] == labels[:, :, :10]).all()
    assert (apart(labels)[:, :, 12:] == -1).all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_the_network_learns_and_its_file_tells_what_it_tells(work: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    import onnxruntime

    from training.hints.export import export
    from training.hints.network import ExtentNet
    from training.hints.train import Dots, loss_of

    torch.manual_seed(0)
    dots, net = Dots(work, held=False), ExtentNet()
    told, looks, dot, labels = dots.batch(dots.of[16, 16])
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        loss = loss_of(net(told, looks, dot), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < 0.6 * losses[0]
    out = tmp_path / "extent.onnx"
    export(net.eval(), out)
    assert out.stat().st_size < 500_000
    with torch.no_grad():
        wanted = net(told, looks, dot).numpy()
    feeds = {"told": told.numpy(), "looks": looks.numpy(), "dot": dot.numpy()}
    found = onnxruntime.InferenceSession(str(out)).run(None, feeds)[0]
    assert np.abs(found - wanted).max() < 0.05 * np.abs(wanted).max()
