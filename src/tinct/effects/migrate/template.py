"""TEMPLATE: asked swatches become the photo's main colours; lightness stays the photo's own.

Palette recolouring in the manner of Chang et al. 2015 ("Palette-based photo recoloring"), with two changes. The map is
the smoothest spline field that shows every swatch, so it posterises no more than it must; lightness is left alone
altogether, so its order is kept. And which colour goes to which swatch is an optimal-transport problem, solved anew
from where the map of the last round left each colour (as in regularised transport, Ferradans et al. 2014): colours that
lie together go together, every swatch gets its share of the picture, and none travels further than it must.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.spline import SplineGrid
from tinct.imaging.colormap import ColorMap, grid
from tinct.imaging.gamut import fit_gamut
from tinct.imaging.palette import from_hex
from tinct.imaging.sample import Sample
from tinct.imaging.threads import single_threaded
from tinct.photo.color import clip_chroma, delta_e_2000, lab_to_srgb, srgb_to_lab

__all__ = ["fit_template"]

Array = NDArray[np.float32]

_POINTS = 3000
_SHAPE = (16, 8, 8)
_EVEN = (1.0, 1.0, 1.0)
_CLOSE = 5.0  # CIEDE2000 at equal lightness within which a pixel shows the swatch
_AREA = 0.06  # share of the photo that should show each swatch
_GRANTED = 0.75  # share of the photo that is dealt out evenly; the rest goes where it is nearest
_SOFT = 10.0  # entropy of the transport, in CIELAB units
_GREY = 7.0  # CIELAB chroma below which a colour is grey
_KEEP = 0.45  # of the differences among colours of one swatch, at first
_ROUNDS = 18


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
    moves = np.flatnonzero(_taking_part(start))
    reach = _reachable(start[:, 0], swatches)  # (n, m, 3)
    lost = np.linalg.norm((reach - swatches)[..., 1:], axis=-1)  # chroma that the gamut takes away
    against = 0.5 * np.abs(start[:, None, 0] - swatches[:, 0]) + 1.5 * lost  # (n, m)
    field = _box(start)
    design = field.design(start)
    gram = design.T @ design / np.float32(len(design)) + 1e-5 * np.eye(field.size, dtype=np.float32)
    stiff = 2 * field.roughness(1, _EVEN) + 60 * field.roughness(2, _EVEN)
    demand = np.full(len(swatches), _GRANTED / len(swatches))
    moved = np.zeros((len(start), 2), np.float32)
    keep, smooth, most, best = _KEEP, 1.0, -1.0, np.zeros((field.size, 2), np.float32)
    for _ in range(_ROUNDS):
        apart = np.linalg.norm((start[:, 1:] + moved)[:, None] - reach[..., 1:], axis=-1)  # (n, m)
        choice = _assign((apart + against)[moves], demand)
        target = _targets(start, moves, choice, reach[..., 1:], keep)
        coefficients = np.linalg.solve(
            gram + np.float32(smooth) * stiff, design.T @ target / np.float32(len(start))
        )
        moved = design @ coefficients
        area = _areas(start, moved, swatches)
        shown = float(np.minimum(area, _AREA).sum())
        if shown > most:
            most, best = shown, coefficients
        if area.min() >= _AREA:
            break
        demand = np.where(area < _AREA, demand * 1.2, demand)
        demand /= max(1.0, float(demand.sum()))
        keep, smooth = keep * 0.8, smooth * 0.72
    nodes = grid()
    lab = srgb_to_lab(nodes.reshape(-1, 3))
    lab[:, 1:] += field.evaluate(best, lab)
    mapped = fit_gamut(lab_to_srgb(lab, clip=False))
    return ColorMap(mapped.reshape(nodes.shape), "Swatches " + " ".join(colors))


def _box(lab: Array) -> SplineGrid:
    """A grid over the photo's own colours, finest along lightness: that is where photos differ most."""
    low, high = lab.min(axis=0) - 4.0, lab.max(axis=0) + 4.0
    low[0], high[0] = 0, 100
    return SplineGrid(low.astype(np.float64), high.astype(np.float64), _SHAPE)


def _reachable(lightness: Array, swatches: Array) -> Array:
    """The swatches (m, 3) at other lightnesses (n,), inside the gamut: (n, m, 3)."""
    lab = np.broadcast_to(swatches, (len(lightness), *swatches.shape)).copy()
    lab[..., 0] = lightness[:, None]
    return clip_chroma(lab)


def _taking_part(lab: Array) -> NDArray[np.bool_]:
    """Colours (n, 3) that may become a swatch."""
    lightness, colored = lab[:, 0], np.hypot(lab[:, 1], lab[:, 2]) >= _GREY
    if colored.mean() >= 0.5:
        return np.asarray(colored)
    middle = (lightness > 12) & (lightness < 93)
    return np.asarray(colored | middle) if (colored | middle).any() else np.ones(len(lab), bool)


def _assign(cost: Array, demand: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which swatch each colour becomes, from `cost` (n, m): (n,).

    Entropic optimal transport (Cuturi 2013, "Sinkhorn distances"). Each swatch is granted `demand` (m,) of the colours;
    what is left goes where it is nearest.
    """
    kernel = np.exp(-(cost - cost.min(axis=1, keepdims=True)) / _SOFT) + 1e-12
    free = (kernel / kernel.sum(axis=1, keepdims=True)).mean(axis=0)
    wanted = demand + max(1 - float(demand.sum()), 0.0) * free
    wanted /= wanted.sum()
    u = np.ones(len(cost))
    for _ in range(100):
        v = wanted * len(cost) / (kernel.T @ u)
        u = 1 / (kernel @ v)
    return np.asarray((kernel * v).argmax(axis=1))


def _targets(
    start: Array, moves: NDArray[np.intp], choice: NDArray[np.intp], reach: Array, keep: float
) -> Array:
    """Displacement of a*, b* that each colour (n, 3) should have: (n, 2).

    Colours number `moves` go to their swatch in `reach` (n, m, 2), keeping some of the differences among themselves.
    """
    out = np.zeros((len(start), 2), np.float32)
    for swatch in np.unique(choice):
        own = moves[choice == swatch]
        chroma = start[own, 1:]
        out[own] = reach[own, swatch] + keep * (chroma - chroma.mean(axis=0)) - chroma
    return out


def _areas(start: Array, moved: Array, swatches: Array) -> NDArray[np.float64]:
    """Share of the colours (n, 3) that show each swatch after moving, lightness aside: (m,)."""
    lab = start.copy()
    lab[:, 1:] += moved
    shown = srgb_to_lab(fit_gamut(lab_to_srgb(lab, clip=False)))
    asked = np.broadcast_to(swatches, (len(shown), *swatches.shape)).copy()
    asked[..., 0] = shown[:, None, 0]
    return np.asarray((delta_e_2000(shown[:, None], asked) <= _CLOSE).mean(axis=0))
