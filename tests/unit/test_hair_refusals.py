"""Hair: heads that are turned, veiled or drawn are refused with the reason; a child's head is a head."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.transform import PiecewiseAffineTransform

import tinct
from tinct.effects.hair import gate
from tinct.effects.hair.mannequin import mannequin
from tinct.errors import BaldError, FaceAngleError, FaceError, HairError, NoFaceError
from tinct.faces.face import Face
from tinct.faces.find import find_faces, largest_face
from tinct.photo.photo import Photo
from youcam_pictures import combed

pytestmark = pytest.mark.usefixtures("face_models")


@cache
def portrait() -> tuple[Photo, Face]:
    """A woman from the front, and her face."""
    pixels = combed()[:400, 40:420]
    photo = Photo(np.asarray(cv2.resize(pixels, None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC)))
    return photo, largest_face(photo)


def warped(goal: NDArray[np.float64]) -> Photo:
    """The portrait with each point of its mesh, and its border, moved to `goal` (n, 2)."""
    photo, face = portrait()
    height, width = photo.height - 1, photo.width - 1
    border = np.array(
        [[x * width / 4, y * height / 4] for x in range(5) for y in range(5) if {x, y} & {0, 4}]
    )
    way = PiecewiseAffineTransform.from_estimate(
        np.concatenate([goal, border]), np.concatenate([face.points[:468:3, :2], border])
    )
    across, down = (np.arange(0, side + 8, 8.0).clip(0, side) for side in (width, height))
    places = way(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)).reshape(
        len(down), len(across), 2
    )
    rows, columns = np.indices(photo.pixels.shape[:2], np.float32) / 8
    at = cv2.remap(places.astype(np.float32), columns, rows, cv2.INTER_LINEAR)
    return Photo(
        np.asarray(cv2.remap(photo.pixels, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    )


def turned(*, yaw: float = 0, pitch: float = 0) -> Photo:
    """The portrait with its mesh turned in space, in degrees."""
    _, face = portrait()
    points = face.points[:468:3]
    middle = points.mean(axis=0)
    y, p = np.radians([yaw, pitch])
    around_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    around_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return warped(((points - middle) @ (around_x @ around_y).T + middle)[:, :2])


@pytest.mark.parametrize(("pitch", "named"), [(25, "raised or lowered"), (-25, "raised or lowered")])
def test_a_lowered_and_a_raised_head_are_refused(pitch: float, named: str) -> None:
    with pytest.raises(FaceAngleError, match=named):
        tinct.hair_volume(turned(pitch=pitch))


def test_a_head_turned_aside_gets_no_bangs_but_volume() -> None:
    photo = turned(yaw=38)
    assert 20 < largest_face(photo).pose.yaw < 45
    with pytest.raises(FaceAngleError, match="turned sideways"):
        tinct.hair_bangs(photo)
    assert (tinct.hair_volume(photo, amount=1.0).photo.pixels != photo.pixels).any()


def test_a_head_in_profile_is_refused_by_all_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, face = portrait()
    aside = replace(face, pose=replace(face.pose, yaw=50.0))
    monkeypatch.setattr(gate, "find_faces", lambda _: (aside,))
    for tool in (tinct.hair_volume, tinct.hair_bangs, tinct.hair_extend):
        with pytest.raises(FaceAngleError, match="sideways by 50 degrees"):
            tool(photo)
    with pytest.raises(FaceAngleError, match="sideways by 50 degrees"):
        tinct.hair_transfer(photo, photo)


def around_face(inner: float) -> tuple[Photo, NDArray[np.float32], NDArray[np.float32]]:
    """The portrait, how far each pixel is from the middle of the face in radii of its outline, and its height."""
    photo, face = portrait()
    rows, columns = np.indices(photo.pixels.shape[:2], np.float32)
    middle = face.points[[234, 454, 10, 152], :2].mean(axis=0)
    half = np.array([face.width / 2, np.linalg.norm(face.points[10, :2] - face.points[152, :2]) / 2]) * inner
    away = np.hypot((columns - middle[0]) / half[0], (rows - middle[1]) / half[1])
    return photo, away.astype(np.float32), ((rows - middle[1]) / half[1]).astype(np.float32)


def laid(photo: Photo, where: NDArray[np.bool_], color: tuple[float, float, float]) -> Photo:
    """Cloth with folds painted over a part of a photo."""
    folds = 0.04 * np.sin(np.indices(where.shape).sum(axis=0) / 9.0)[..., None]
    soft = cv2.GaussianBlur(where.astype(np.float32), (0, 0), 1.2)[..., None]
    made = photo.pixels / 255 * (1 - soft) + np.clip(np.array(color) + folds, 0, 1) * soft
    return Photo(np.rint(made * 255).astype(np.uint8))


@pytest.mark.parametrize("color", [(0.85, 0.82, 0.78), (0.1, 0.1, 0.12), (0.45, 0.15, 0.2)])
def test_a_veil_around_the_face_is_no_hair(color: tuple[float, float, float]) -> None:
    photo, away, _ = around_face(0.98)
    veil = laid(photo, (away > 1) & (away < 1.9), color)
    assert len(find_faces(veil)) == 1
    with pytest.raises((BaldError, HairError)):
        tinct.hair_volume(veil)


def test_a_veil_before_the_face_is_refused() -> None:
    photo, away, height = around_face(1.0)
    with pytest.raises(FaceError):
        tinct.hair_volume(laid(photo, ((away > 1) | (height > 0.05)) & (away < 1.9), (0.1, 0.1, 0.12)))


def test_a_childs_head_is_not_refused_for_being_one() -> None:
    _, face = portrait()
    points = face.points[:468:3, :2].copy()
    top, chin = face.points[10, 1], face.points[152, 1]
    share = np.clip((points[:, 1] - top) / (chin - top), 0, 1)
    points[:, 1] = top + (chin - top) * (1.28 * share - 0.28 * share**2) * 0.9 + 0.1 * (chin - top) * share
    points[:, 1] += 0.10 * (chin - top) * np.sin(np.pi * share)  # high forehead, eyes low, short jaw
    child = warped(points)
    for made in (tinct.hair_volume(child, amount=1.0), tinct.hair_bangs(child)):
        assert (made.photo.pixels != child.pixels).any()


def drawing() -> Photo:
    """A face in a few strokes."""
    paper = np.full((600, 560, 3), 245, np.uint8)
    ink: Any = (30, 30, 30)
    cv2.ellipse(paper, (280, 300), (150, 190), 0, 0, 360, ink, 4)
    for x in (220, 340):
        cv2.circle(paper, (x, 260), 14, ink, -1)
    cv2.ellipse(paper, (280, 380), (60, 25), 0, 0, 180, ink, 4)
    for x in range(150, 420, 9):
        cv2.line(paper, (x, 180), (x - 15, 90), ink, 2)
    return Photo(paper)


def test_a_drawing_is_no_person() -> None:
    with pytest.raises((NoFaceError, BaldError)):
        tinct.hair_volume(drawing())


def test_a_drawn_head_without_hair_is_refused_as_bald() -> None:
    head, _ = mannequin(bald=True)
    large = Photo(head.pixels.repeat(2, axis=0).repeat(2, axis=1))
    assert find_faces(large)
    with pytest.raises(FaceError):
        tinct.hair_volume(large)
