"""A point tells the thing that it is on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tinct.effects.colorize.colorize import colorize
from tinct.effects.colorize.outlined import outlined
from tinct.imaging.fill import whole
from tinct.imaging.fill.whole import completed
from tinct.imaging.things import Outlines, Things, things_of
from tinct.models.convert import with_outputs
from tinct.models.convert.graph import Graph
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo

SIZE = (240, 320)


def scene() -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """L* of a light ball and a dark box before a rough wall, and which pixels are theirs."""
    rows, columns = np.indices(SIZE)
    noise = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 8, SIZE).astype(np.float32), (0, 0), 1.5)
    light = 45 + noise
    ball = (rows - 120) ** 2 + (columns - 90) ** 2 < 60**2
    box = (abs(rows - 130) < 50) & (abs(columns - 230) < 45)
    light[ball] = 78 - 0.2 * np.hypot(rows - 95, columns - 70)[ball]
    light[box] = 18 + 0.03 * columns[box]
    return light.astype(np.float32), ball, box


def overlap(found: NDArray[np.float32], thing: NDArray[np.bool_]) -> float:
    inside = cv2.resize(found, SIZE[::-1]) > 0
    return float((inside & thing).sum() / (inside | thing).sum())


@pytest.mark.usefixtures("thing_models")
def test_a_point_outlines_the_thing_that_it_is_on() -> None:
    light, ball, box = scene()
    things = things_of(light)
    assert things is not None
    for thing, at in ((ball, (120, 90)), (box, (130, 230))):
        assert overlap(things.at(SIZE, [at]).thing, thing) > 0.85


@pytest.mark.usefixtures("thing_models")
def test_a_point_that_is_on_another_thing_is_left_out() -> None:
    light, ball, box = scene()
    things = things_of(light)
    assert things is not None
    both = things.at(SIZE, [(120, 90), (130, 230)]).thing
    one = things.at(SIZE, [(120, 90)], [(130, 230)]).thing
    assert (
        (cv2.resize(one, SIZE[::-1]) > 0)[box].mean() < 0.1 < (cv2.resize(both, SIZE[::-1]) > 0)[box].mean()
    )
    assert overlap(one, ball) > 0.8


@pytest.mark.usefixtures("thing_models")
def test_outlines_have_the_shape_of_the_photo() -> None:
    tall = Things.of(np.full((300, 100, 3), 128, np.float32))
    assert tall.size == (256, 86)
    found = tall.at((3, 1), [(1, 0)])
    assert found.thing.shape == found.most.shape == (256, 86)
    assert np.isfinite(found.thing).all()


@pytest.mark.usefixtures("thing_models")
def test_a_known_colour_fills_its_thing_to_the_edge() -> None:
    light, _, box = scene()
    grey = np.clip(light * 2.55, 0, 255).astype(np.uint8)
    photo = Photo(np.repeat(grey[..., None], 3, axis=2), gray=True)
    found = colorize(photo, hints=[(230, 130, "#203fa0")]).photo.pixels
    chroma = srgb_to_lab(found.astype(np.float32) / 255)[..., 1:]
    wanted = srgb_to_lab(np.array([0x20, 0x3F, 0xA0], np.float32) / 255)[1:]
    near = np.linalg.norm(chroma - wanted, axis=-1) < np.linalg.norm(wanted) / 2
    band = cv2.dilate(box.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert near[box].mean() > 0.8
    assert near[~band].mean() < 0.02


def test_of_many_points_on_other_things_the_nearest_are_told() -> None:
    told: list[list[tuple[int, int]]] = []

    class Asked:
        def at(self, grid: object, on: object, beside: list[tuple[int, int]]) -> Outlines:
            told.append(beside)
            return Outlines(np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32))

    others = [(row, 60) for row in range(64)]
    outlined(np.full((64, 64), 0.5, np.float32), Asked(), (0, 60), others)  # type: ignore[arg-type]
    assert [set(beside) for beside in told] == [set(others[:16])] * 2


def test_without_the_networks_nothing_is_outlined(no_generators_yet: None) -> None:
    assert things_of(scene()[0]) is None


def test_inner_values_of_a_network_become_outputs() -> None:
    import onnxruntime

    graph = Graph()
    twice = graph.add("Add", ["x", "x"])
    graph.add("Mul", [twice, twice], "y")
    model = with_outputs(graph.to_bytes(("x", (2,)), ("y", (2,))), [twice])
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    values = session.run(None, {"x": np.array([1, 3], np.float32)})
    assert [value.tolist() for value in values] == [[4, 36], [2, 6]]


@pytest.mark.usefixtures("thing_models")
def test_half_a_thing_that_is_marked_is_completed_and_what_is_around_is_none() -> None:
    light, ball, _ = scene()
    grey = np.clip(light * 2.55, 0, 255).astype(np.uint8)
    photo = Photo(np.repeat(grey[..., None], 3, axis=2))
    half = np.where(ball, np.uint8(255), np.uint8(0))
    half[:, 90:] = 0
    found = completed(photo, half) > 0
    assert (found & ball).sum() / (found | ball).sum() > 0.85
    noise = np.random.default_rng(0).integers(0, 255, (64, 1024, 1), dtype=np.uint8).repeat(3, axis=2)
    mark = np.zeros((64, 1024), np.uint8)
    mark[:32, :512] = 255
    assert (completed(Photo(noise), mark) > 0).mean() < 0.8


def test_of_hundreds_of_specks_only_the_largest_are_completed(
    monkeypatch: pytest.MonkeyPatch, no_generators_yet: None
) -> None:
    asked = []

    def alone(rgb: object, marked: NDArray[np.bool_], people: object) -> NDArray[np.bool_]:
        asked.append(int(marked.sum()))
        return marked

    monkeypatch.setattr(whole, "_whole", alone)
    mark = np.zeros((192, 192), np.uint8)
    for row in range(4, 180, 12):
        for column in range(4, 180, 12):
            mark[row : row + 4, column : column + 4] = 255
    mark[100:120, 100:120] = 255
    assert (completed(Photo(np.full((192, 192, 3), 90, np.uint8)), mark) == mark).all()
    assert len(asked) == 24
    assert asked[0] > 400 > asked[1]
