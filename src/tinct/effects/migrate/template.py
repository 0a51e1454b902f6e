"""TEMPLATE: asked swatches become the photo's main colours; lightness stays the photo's own.

Palette recolouring in the manner of Chang et al. 2015 ("Palette-based photo recoloring"), with three changes. Which of
the photo's colours goes to which swatch is an optimal-transport problem, so every swatch gets a fair share of the
picture and no colour travels further than it must. The map between palettes is the smoothest spline field that
carries the colours over, so it cannot posterise. Lightness is left alone altogether, so its order is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.colormap import ColorMap, grid
from tinct.effects.migrate.gamut import fit_gamut
from tinct.effects.migrate.palette import clusters, from_hex
from tinct.effects.migrate.sample import Sample
from tinct.effects.migrate.spline import SplineGrid
from tinct.effects.threads import single_threaded
from tinct.photo.color import clip_chroma, delta_e_2000, lab_to_srgb, srgb_to_lab

__all__ = ["fit_template"]

Array = NDArray[np.float32]

_POINTS = 3000
_CLUSTERS = 32
_SHAPE = (8, 10, 10)
_CLOSE = 5.0  # CIEDE2000 at equal lightness within which a pixel shows the swatch
_AREA = 0.06  # share of the photo that should show each swatch
_GREY = 7.0  # CIELAB chroma below which a palette colour is grey
_ROUNDS = 6
_EVEN = (1.0, 1.0, 1.0)


@single_threaded
def fit_template(source: Sample, colors: Sequence[str]) -> ColorMap:
    """Fit the map that makes `colors` the main colours of `source`.

    Greys stay grey as long as the photo has enough colour for every swatch; in a photo with little colour, middle
    greys take swatches too.

    Parameters
    ----------
    source : Sample
        The photo's proxy; its weights say which pixels take part.
    colors : sequence of str
        1 to 7 swatches, ``#RRGGBB``.
    """
    swatches = srgb_to_lab(from_hex(colors))  # (m, 3)
    start = srgb_to_lab(source.colors(_POINTS, np.random.default_rng(0)))  # (n, 3)
    palette = clusters(source, _CLUSTERS)
    centres = np.array([c.lab for c in palette], np.float32)  # (k, 3)
    shares = np.array([c.share for c in palette], np.float64)
    field = _box(start)
    design = field.design(start)
    gram = design.T @ design / np.float32(len(design)) + 1e-5 * np.eye(field.size, dtype=np.float32)
    stiff = 2 * field.roughness(1, _EVEN) + 60 * field.roughness(2, _EVEN)
    reach = _reachable(start[:, 0], swatches)[..., 1:]  # (n, m, 2)
    demand = np.full(len(swatches), 0.08)
    keep, smooth, width, best = 0.45, 1.0, 4.0, None
    for _ in range(_ROUNDS):
        choice = _assign(centres, shares, swatches, demand)  # (k,) number of the swatch, or -1 to stay
        moved = _targets(start, centres, _membership(start, centres, width), reach, choice, keep)
        coefficients = np.linalg.solve(
            gram + np.float32(smooth) * stiff, design.T @ moved / np.float32(len(start))
        )
        area = _areas(start, design @ coefficients, swatches)
        shown = float(np.minimum(area, _AREA).sum())
        if best is None or shown > best[0]:
            best = shown, coefficients
        if area.min() >= _AREA:
            break
        demand = np.where(area < _AREA, demand * 1.4, demand)
        demand /= max(1.0, float(demand.sum()))
        keep, smooth, width = keep * 0.6, smooth * 0.4, width * 0.75
    assert best is not None
    nodes = grid()
    lab = srgb_to_lab(nodes.reshape(-1, 3))
    lab[:, 1:] += field.evaluate(best[1], lab)
    mapped = fit_gamut(lab_to_srgb(lab, clip=False))
    return ColorMap(mapped.reshape(nodes.shape), "Swatches " + " ".join(colors))


def _box(lab: Array) -> SplineGrid:
    """A grid over the photo's own colours."""
    low, high = lab.min(axis=0) - 4.0, lab.max(axis=0) + 4.0
    low[0], high[0] = 0, 100
    return SplineGrid(low.astype(np.float64), high.astype(np.float64), _SHAPE)


def _membership(colors: Array, centres: Array, width: float) -> Array:
    """How much each colour (n, 3) belongs to each centre (k, 3): (n, k), rows sum to 1.

    `width` is the distance in Lab over which neighbouring centres share colours.
    """
    square = ((colors[:, None] - centres[None]) ** 2).sum(axis=-1)
    score = np.exp(-(square - square.min(axis=1, keepdims=True)) / (2 * width**2))
    return np.asarray(score / score.sum(axis=1, keepdims=True), np.float32)


def _reachable(lightness: Array, swatches: Array) -> Array:
    """The swatches (m, 3) at other lightnesses (n,), inside the gamut: (n, m, 3)."""
    lab = np.broadcast_to(swatches, (len(lightness), *swatches.shape)).copy()
    lab[..., 0] = lightness[:, None]
    return clip_chroma(lab)


def _assign(
    centres: Array, shares: NDArray[np.float64], swatches: Array, demand: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Which swatch each palette colour becomes, -1 where it stays as it is: (k,).

    Entropic optimal transport (Cuturi 2013, "Sinkhorn distances") of the palette's shares to the swatches. Each swatch
    is granted `demand` of the photo; what is left goes where it is nearest.
    """
    chroma = np.hypot(centres[:, 1], centres[:, 2])
    moves = _taking_part(centres[:, 0], chroma, shares)
    reach = _reachable(centres[:, 0], swatches)  # (k, m, 3)
    lost = np.linalg.norm((reach - swatches)[..., 1:], axis=-1)  # chroma that the gamut takes away
    apart = np.linalg.norm((reach - centres[:, None])[..., 1:], axis=-1)
    tone = np.abs(centres[:, None, 0] - swatches[None, :, 0])
    cost = (apart + 1.0 * tone + 1.5 * lost)[moves]  # (k', m)
    weight = shares[moves] / shares[moves].sum()
    kernel = np.exp(-(cost - cost.min(axis=1, keepdims=True)) / 5.0) + 1e-9
    free = weight @ (kernel / kernel.sum(axis=1, keepdims=True))
    wanted = demand + max(1 - float(demand.sum()), 0.0) * free
    wanted /= wanted.sum()
    u = np.ones(len(weight))
    for _ in range(300):
        v = wanted / (kernel.T @ u)
        u = weight / (kernel @ v)
    choice = np.full(len(shares), -1)
    choice[moves] = (u[:, None] * kernel * v / weight[:, None]).argmax(axis=1)
    return choice


def _taking_part(lightness: Array, chroma: Array, shares: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Palette colours (k,) that may become a swatch."""
    colored = chroma >= _GREY
    if shares[colored].sum() >= 0.5:
        return colored
    middle = (lightness > 12) & (lightness < 93)
    return colored | middle if (colored | middle).any() else np.ones(len(shares), bool)


def _targets(
    start: Array, centres: Array, membership: Array, reach: Array, choice: NDArray[np.intp], keep: float
) -> Array:
    """Displacement of a*, b* that each colour (n, 3) should have: (n, 2)."""
    out = np.zeros((len(start), 2), np.float32)
    for k, swatch in enumerate(choice):
        if swatch < 0:
            continue
        inner = start[:, 1:] - centres[k, 1:]
        out += membership[:, k, None] * (reach[:, swatch] + keep * inner - start[:, 1:])
    return out


def _areas(start: Array, moved: Array, swatches: Array) -> NDArray[np.float64]:
    """Share of the colours (n, 3) that show each swatch after moving, lightness aside: (m,)."""
    lab = start.copy()
    lab[:, 1:] += moved
    shown = srgb_to_lab(fit_gamut(lab_to_srgb(lab, clip=False)))
    asked = np.broadcast_to(swatches, (len(shown), *swatches.shape)).copy()
    asked[..., 0] = shown[:, None, 0]
    return np.asarray((delta_e_2000(shown[:, None], asked) <= _CLOSE).mean(axis=0))
