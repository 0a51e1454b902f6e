"""The training of the hair network: verdicts, views, the network. Skipped where PyTorch is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tinct.imaging.hair.upright import HEIGHT, WIDTH, place  # noqa: E402
from training.hair.label import FACE, FINER, HAIR, HAT, OTHER, REST, UNKNOWN  # noqa: E402
from training.hair.network import CLASSES, HairNet  # noqa: E402
from training.hair.train import example  # noqa: E402
from training.hair.verdicts import Taught, mended  # noqa: E402

SHAPE = (round(HEIGHT * FINER), round(WIDTH * FINER))


def drawn() -> Taught:
    """A head of rings: dark hair around a light face, before grey."""
    rows, columns = np.indices(SHAPE)
    x, y = place(0.0, 0.1, FINER)
    away = np.hypot(columns - x, (rows - y) * 0.8)
    classes = np.full(SHAPE, REST, np.uint8)
    classes[away < 36], classes[away < 22] = HAIR, FACE
    view = np.full((*SHAPE, 3), 128, np.uint8)
    view[classes == HAIR], view[classes == FACE] = (30, 20, 20), (220, 180, 160)
    return Taught(view, classes)


def test_hair_below_the_chin_is_taken_away_from_short_hair_alone() -> None:
    classes = drawn().classes
    row = int(place(0.0, 0.4, FINER)[1])
    short = mended(classes, "short", 0.4)
    assert not (short[row:] == HAIR).any()
    assert (short[:row] == classes[:row]).all()
    assert (mended(classes, "good", 0.4) == classes).all()


def test_a_hat_is_kept_apart_and_a_bald_head_has_neither() -> None:
    classes = drawn().classes
    assert ((mended(classes, "hat", 0.6) == HAT) == (classes == HAIR)).all()
    assert not np.isin(mended(classes, "none", 0.6), [HAIR, HAT]).any()


def test_views_hold_every_class_but_hats_which_are_anything_else() -> None:
    rng = np.random.default_rng(0)
    head = drawn()
    hat = Taught(head.view, mended(head.classes, "hat", 0.6))
    seen = [example([head, hat], rng) for _ in range(30)]
    assert all(view.shape == (HEIGHT, WIDTH, 3) and view.min() >= 0 and view.max() <= 1 for view, _ in seen)
    assert set(np.unique(np.stack([classes for _, classes in seen]))) == {HAIR, FACE, OTHER, REST, UNKNOWN}


def test_views_are_the_same_for_the_same_seed() -> None:
    one, two = (example([drawn()], np.random.default_rng(3)) for _ in range(2))
    assert (one[0] == two[0]).all()
    assert (one[1] == two[1]).all()


def test_the_network_begins_with_what_the_person_segmenter_sees() -> None:
    import onnx
    from onnx import numpy_helper

    from tinct.models import store
    from tinct.models.runtime import session

    net = HairNet().begin().eval()
    rgb = np.random.default_rng(0).random((1, 3, 64, 48)).astype(np.float32)
    with torch.no_grad():
        assert net(torch.from_numpy(rgb)).shape == (1, CLASSES, 32, 24)
        graph = onnx.load_from_string(store.load("person")).graph
        (last,) = (node for node in graph.node if "people" in node.output)
        stored = {
            weight.name: torch.from_numpy(numpy_helper.to_array(weight).copy())
            for weight in graph.initializer
        }
        net.out[-1] = torch.nn.Conv2d(24, 1, 1)
        net.out[-1].weight.data.copy_(stored[last.input[1]])
        net.out[-1].bias.data.copy_(stored[last.input[2]])
        found = net(torch.from_numpy(rgb)).numpy()
    assert np.abs(found - session("person").run({"rgb": rgb})[0]).max() < 1e-3
