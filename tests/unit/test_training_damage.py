"""The training of the network that finds damage: parts, pairs, resuming, export. Skipped without PyTorch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from skimage import data as samples

if find_spec("torch") is None:  # it takes seconds to import, and every process of a run collects this file
    pytest.skip("PyTorch is not installed", allow_module_level=True)


def plain_views() -> Iterator[np.ndarray]:
    return itertools.repeat(cv2.resize(samples.astronaut(), (260, 260), interpolation=cv2.INTER_AREA))


def some(count: int) -> tuple[np.ndarray, np.ndarray]:
    from training.damage.pairs import pairs

    return pairs(count, plain_views(), np.random.default_rng(0))


def test_labels_are_where_the_crop_was_changed_and_some_crops_have_none() -> None:
    from training.damage.pairs import SIDE, UNSURE, labelled, worn

    rng = np.random.default_rng(2)
    clean = worn(cv2.resize(samples.coffee(), (320, 240), interpolation=cv2.INTER_AREA), rng)
    marked = [labelled(clean, rng) for _ in range(12)]
    assert {2} < {len(np.unique(labels)) for _, labels in marked} | {2, 3}
    assert any(not labels.any() for _, labels in marked)
    for pixels, labels in marked:
        assert set(np.unique(labels)) <= {0, 1, UNSURE}
        if labels.shape == clean.shape[:2] and (labels == 1).any():
            change = np.abs(pixels.astype(float) - clean).max(axis=2)
            assert change[labels == 1].mean() > 3 * change[labels == 0].mean()
    crops, labels = some(5)
    assert (crops.shape, labels.shape) == ((5, SIDE, SIDE, 3), (5, SIDE, SIDE))


def test_places_that_are_taken_for_damage_are_learned_from_most() -> None:
    from training.damage.hard import masses
    from training.damage.network import DamageNet, suspicion_of
    from training.damage.pairs import SIDE, pairs

    suspected = np.zeros((300, 400), np.float32)
    suspected[40:50, 330:340] = 1
    suspected[200:204, 20:24] = 1
    (most, row, column), (less, *_) = list(masses(suspected, 100, 2))
    assert (most, less) == (100, 16)
    assert row <= 40 <= 50 <= row + 100
    assert column <= 330 <= 340 <= column + 100

    plain = cv2.resize(samples.coffee(), (260, 260), interpolation=cv2.INTER_AREA)
    wire = np.full_like(plain, 90)
    wire[:, 130:132] = 250

    def suspicion(pixels: np.ndarray) -> np.ndarray:
        return (pixels.min(axis=2) > 240).astype(np.float32)  # the wire alone, as far as it is not aged away

    crops, _ = pairs(24, itertools.cycle((plain, plain, plain, wire)), np.random.default_rng(3), suspicion)
    smooth = np.array([np.median(np.abs(np.diff(crop[..., 1].astype(int), axis=0))) for crop in crops])
    assert crops.shape[1:3] == (SIDE, SIDE)
    assert (smooth < 4).any()
    assert suspicion_of(DamageNet())(plain[:70, :90]).shape == (70, 90)


def test_other_wear_is_seen_but_leaves_most_of_a_photo() -> None:
    from training.damage.wear import wear

    clean = cv2.resize(samples.astronaut(), (300, 260), interpolation=cv2.INTER_AREA)
    for seed in range(12):
        changed = np.abs(wear(clean, np.random.default_rng(seed)).astype(int) - clean).max(axis=2) >= 8
        assert 0 < changed.mean() < 0.3
        assert np.array_equal(
            wear(clean, np.random.default_rng(seed)), wear(clean, np.random.default_rng(seed))
        )


def test_creases_and_flakes_are_seen_but_leave_most_of_a_photo() -> None:
    from training.damage.crease import creased, flaked

    clean = cv2.resize(samples.astronaut(), (300, 260), interpolation=cv2.INTER_AREA).astype(np.float32)
    shares = []
    for seed in range(12):
        for draw in (creased, flaked):
            made, again = clean.copy(), clean.copy()
            draw(made, np.random.default_rng(seed))
            draw(again, np.random.default_rng(seed))
            assert np.array_equal(made, again)
            shares.append((np.abs(made - clean).max(axis=2) >= 8).mean())
    assert max(shares) < 0.5
    assert np.median(shares) > 0.002


def test_crops_give_way_to_new_ones() -> None:
    pytest.importorskip("torch")
    from training.damage.train import Supply

    rng = np.random.default_rng(0)
    supply = Supply(plain_views(), held=12, part=6)
    first = [supply.batch(6, rng, None)[0] for _ in range(3)]  # each crop is used three times
    known = {crop.tobytes() for batch in first for crop in batch}
    assert len(known) <= 6
    later = [supply.batch(6, rng, None)[0] for _ in range(9)]
    assert not known & {crop.tobytes() for batch in later[-3:] for crop in batch}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the export that PyTorch calls legacy
def test_the_network_learns_from_crops_and_is_exported(tmp_path: Path) -> None:
    torch, _ = pytest.importorskip("torch"), pytest.importorskip("onnx")
    from training.damage.export import export
    from training.damage.network import DamageNet
    from training.damage.train import Supply, begun

    torch.manual_seed(0)
    net = DamageNet()
    lossy = begun(net, net, Supply(plain_views(), held=12, part=12))(0)
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3)
    losses = []
    for _ in range(8):
        loss = lossy()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-3:]) < 0.9 * losses[0]
    export(net, tmp_path / "damage.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "damage.onnx"), providers=["CPUExecutionProvider"])
    odds = session.run(None, {"rgb": np.zeros((1, 3, 48, 80), np.float32)})[0]
    assert odds.shape == (1, 1, 48, 80)


def test_no_photo_is_in_two_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.data import photos, split
    from training.damage.parts import FOLDERS, PARTS, photos_of

    for folder in FOLDERS:
        (tmp_path / "eval" / folder).mkdir(parents=True)
        for number in range(40):
            (tmp_path / "eval" / folder / f"{folder}-{number}.png").touch()
    monkeypatch.setenv("TINCT_DATA_DIR", str(tmp_path))
    parts = {part: {path.name for path in photos_of(part)} for part in PARTS}
    assert sum(map(len, parts.values())) == len(set.union(*parts.values()))
    assert all(len(part) > 20 for part in parts.values())
    assert parts["report"] == {path.name for path in split(photos(*FOLDERS), "report")}


def test_the_first_judge_is_trained_on_what_it_will_hear(tmp_path: Path) -> None:
    from tinct.photo.color import srgb_to_lab
    from training.damage.judges import by_looks, exported, train

    worn = samples.astronaut()[60:220, 120:280].copy()
    worn[:, 70:72] = 250
    rows, columns, features = by_looks(srgb_to_lab(worn.astype(np.float32) / 255))[0]
    assert features.shape == (len(rows), 48)
    damaged = np.isin(columns, (70, 71)).astype(np.float32)
    mean, spread = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    many = np.resize(np.arange(len(rows)), 2048)  # two batches
    scaled = np.clip((features - mean) / spread, -5, 5)[many]
    parameters = train(scaled, damaged[many], 20, np.random.default_rng(0))
    (tmp_path / "judge.onnx").write_bytes(exported(mean, spread, parameters))
    session = onnxruntime.InferenceSession(str(tmp_path / "judge.onnx"), providers=["CPUExecutionProvider"])
    said = session.run(None, {"features": features})[0][:, 0]
    assert said[damaged > 0].mean() > said[damaged == 0].mean() + 0.3


def test_the_second_judge_speaks_in_training_as_it_does_in_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tinct.imaging.damage import find, judges
    from tinct.photo.color import srgb_to_lab
    from training.damage.context import hear, judge_of
    from training.damage.judges import exported

    photo = cv2.resize(samples.astronaut(), (200, 200), interpolation=cv2.INTER_AREA)
    views = list(hear(iter([photo])))
    assert [view.truth.any() for view in views] == [False, False, True, True]
    judge = judge_of(views, np.random.default_rng(0))
    (tmp_path / "judge.onnx").write_bytes(exported(judge.mean, judge.spread, judge.parameters))
    real = judges.session

    class Alone:
        session = onnxruntime.InferenceSession(
            str(tmp_path / "judge.onnx"), providers=["CPUExecutionProvider"]
        )

        def apply(self, values: np.ndarray) -> np.ndarray:
            return self.session.run(None, {"features": values})[0]

    monkeypatch.setattr(judges, "session", lambda name: Alone() if name == judges.CONTEXT else real(name))
    rgb = photo.astype(np.float32) / 255
    odds = judges.judged(srgb_to_lab(rgb), find.seen_whole(rgb))
    assert np.abs(odds - judge.odds_of(views[0])).mean() < 0.05  # what is kept for training is halves


def test_what_keeps_marks_learns_that_sure_ones_are_damage_and_says_the_same_in_the_package(
    tmp_path: Path,
) -> None:
    from training.damage.kept import fitted
    from training.damage.trees import as_onnx

    rng = np.random.default_rng(0)
    features = rng.normal(size=(900, 5)).astype(np.float32)
    damaged = (features[:, 0] + 0.3 * rng.normal(size=900) > 0.5).astype(np.float32)
    model, data = fitted(features, damaged, np.ones(900, np.float32), max_iter=20, min_samples_leaf=10)
    (tmp_path / "marks.onnx").write_bytes(data)
    session = onnxruntime.InferenceSession(str(tmp_path / "marks.onnx"), providers=["CPUExecutionProvider"])
    said = session.run(None, {"features": features})[0][:, 0]
    assert np.abs(said - model.predict_proba(features)[:, 1]).max() < 1e-5
    assert said[damaged > 0].mean() > said[damaged == 0].mean() + 0.3
    with pytest.raises(ValueError, match="deeper"):
        as_onnx(model, 1)


def test_what_keeps_marks_has_all_its_trees_however_many_marks_there_are() -> None:
    from training.damage.kept import fitted

    rng = np.random.default_rng(0)
    chance = rng.integers(0, 2, 10_500).astype(np.float32)  # nothing to learn: held-out marks would stop it
    model, _ = fitted(rng.normal(size=(10_500, 2)), chance, np.ones(10_500, np.float32), max_iter=30)
    assert model.n_iter_ == 30


def test_of_clean_photos_those_teach_that_the_network_takes_for_damaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from training.damage import kept

    monkeypatch.setattr(kept, "seen_whole", lambda rgb: np.where(rgb[..., 0] > 0.9, 5.0, -5.0))
    grey, white = np.full((48, 64, 3), 90, np.uint8), np.full((48, 64, 3), 250, np.uint8)
    views = list(kept.hard([grey, white, grey, white, *[grey] * 20]))
    assert [view.mean() > 240 for view, truth in views if not truth.any()] == [True, True]
    assert sum(truth.any() for _, truth in views) == 2
