"""Lay a face flat: from its place in a photo to the canonical face's flattened picture, and back.

Both ways go triangle by triangle of the canonical face, each an affine map, so that lips lie on lips whatever the pose.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces import canonical

__all__ = ["SIDE", "flat_mask", "flat_points", "flattened", "spread", "visible", "warped"]

Array = NDArray[np.float32]
Points = NDArray[np.float64]

SIDE = 512
"""Pixels of a side of the flattened picture."""
_FINE = 16  # fractions of a pixel in which triangles are drawn
_STRAY = 1.5  # pixels by which what lies beside each other may be apart in a face of the same size


def flat_points() -> Points:
    """Where the mesh's points lie on the flattened picture, (468, 2)."""
    return canonical.places() * (SIDE - 1)


def flat_mask(rings: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
    """The flattened picture (SIDE, SIDE), 255 inside rings of the mesh's points and 0 elsewhere."""
    out = np.zeros((SIDE, SIDE), np.uint8)
    for ring in rings:
        cv2.fillPoly(out, [np.round(flat_points()[list(ring)]).astype(np.int32)], (255,))
    return out


def flattened(picture: Array, points: Points) -> Array:
    """The face of a picture, laid flat.

    Parameters
    ----------
    picture : ndarray, (h, w) or (h, w, channels), float32
    points : ndarray, (n, 2 or 3), float64
        The mesh in pixels of `picture`; the first 468 are used.

    Returns
    -------
    ndarray, (SIDE, SIDE) or (SIDE, SIDE, channels), float32
        Beyond the face, the value of the picture's border.
    """
    places, _ = _places(points[:468, :2], flat_points(), (SIDE, SIDE), None)
    scale = _width(flat_points()) / max(_width(points), 1.0)
    if scale < 0.8:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4 / scale), np.float32)
    return _read(picture, places)


def spread(field: Array, points: Points, shape: tuple[int, int]) -> tuple[Array, NDArray[np.bool_]]:
    """A field on the flattened face, put where the face is.

    Parameters
    ----------
    field : ndarray, (SIDE, SIDE) or (SIDE, SIDE, channels), float32
    points : ndarray, (n, 3), float64
        The mesh in pixels of the result.
    shape : tuple of int
        Height and width of the result.

    Returns
    -------
    tuple of ndarray
        The field, 0 beyond the face; and where the face is.
    """
    places, inside = _places(flat_points(), points[:468, :2], shape, points[:468, 2])
    out = _read(field, places)
    out[~inside] = 0
    return out, inside


def warped(
    picture: Array, source: Points, target: Points, shape: tuple[int, int]
) -> tuple[Array, NDArray[np.bool_]]:
    """One face of a picture, brought to the shape of another mesh.

    Parameters
    ----------
    picture : ndarray, (h, w, channels), float32
    source, target : ndarray, (n, 3), float64
        The mesh in pixels of `picture`, and where it shall be, in pixels of the result.
    shape : tuple of int
        Height and width of the result.

    Returns
    -------
    tuple of ndarray
        The face, and where it is.
    """
    scale = _width(target) / max(_width(source), 1.0)
    if scale < 0.8:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4 / scale), np.float32)
    places, inside = _places(source[:468, :2], target[:468, :2], shape, target[:468, 2])
    places = _without_specks(places, inside, _STRAY / min(scale, 1.0))
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    read = cv2.remap(picture, places[..., 0], places[..., 1], method, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, np.float32), inside


def visible(points: Points) -> Array:
    """How well the camera sees each place of the flattened face, (SIDE, SIDE): 0 turned away, 1 facing it."""
    mesh = points[:468] * [1, -1, -1]
    one, two, three = (mesh[canonical.triangles()[:, corner]] for corner in range(3))
    normals = np.cross(two - one, three - one)
    facing = normals[:, 2] / np.maximum(np.linalg.norm(normals, axis=1), 1e-9)
    flat = np.zeros((SIDE, SIDE), np.float32)
    corners = np.round(flat_points()[canonical.triangles()] * _FINE).astype(np.int32)
    for corner, turn in zip(corners, np.clip((facing + 0.05) / 0.2, 0, 1), strict=True):
        cv2.fillConvexPoly(flat, corner, (float(turn),), cv2.LINE_8, 4)
    return np.asarray(cv2.GaussianBlur(flat, (0, 0), 3), np.float32)


def _width(points: Points) -> float:
    return float(np.linalg.norm(points[454, :2] - points[234, :2]))


def _places(
    source: Points, target: Points, shape: tuple[int, int], depth: Points | None
) -> tuple[Array, NDArray[np.bool_]]:
    """For each pixel of `shape`, on which `target` lies, its place on `source`, (h, w, 2); and where there is one."""
    triangles = canonical.triangles()
    order = np.arange(len(triangles)) if depth is None else np.argsort(-depth[triangles].mean(axis=1))
    numbers = np.full(shape, -1, np.int32)
    corners = np.round(target[triangles] * _FINE).astype(np.int32)
    for number in order:  # the nearest last
        cv2.fillConvexPoly(numbers, corners[number], (int(number),), cv2.LINE_8, 4)
    inside = numbers >= 0
    maps = _affine(target[triangles], source[triangles])[numbers[inside]]  # (m, 2, 3)
    rows, columns = np.nonzero(inside)
    places = np.full((*shape, 2), -1e4, np.float32)
    places[inside] = maps[:, :, 0] * columns[:, None] + maps[:, :, 1] * rows[:, None] + maps[:, :, 2]
    return places, inside


def _without_specks(places: Array, inside: NDArray[np.bool_], most: float) -> Array:
    """Places (h, w, 2) without single ones that lie more than `most` pixels from the median of those around them.

    Triangles that fold to a line, as between lips that close, still cover pixels, and take them from anywhere.
    """
    usual = np.dstack([cv2.medianBlur(np.ascontiguousarray(places[..., axis]), 5) for axis in (0, 1)])
    whole = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    stray = whole & (np.abs(places - usual).max(axis=-1) > most)
    return np.asarray(np.where(stray[..., None], usual, places), np.float32)


def _affine(source: Points, target: Points) -> Array:
    """The maps (t, 2, 3) that take triangles `source` (t, 3, 2) to `target`; flat ones go to a corner of it."""
    edges = np.stack([source[:, 1] - source[:, 0], source[:, 2] - source[:, 0]], axis=2)  # columns
    wanted = np.stack([target[:, 1] - target[:, 0], target[:, 2] - target[:, 0]], axis=2)
    area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    some = np.abs(area) > 1e-6
    linear = np.zeros_like(edges)
    linear[some] = wanted[some] @ np.linalg.inv(edges[some])
    shift = target[:, 0] - np.einsum("tij,tj->ti", linear, source[:, 0])
    return np.concatenate([linear, shift[:, :, None]], axis=2).astype(np.float32)


def _read(picture: Array, places: Array) -> Array:
    read = cv2.remap(
        picture, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(read, np.float32)
