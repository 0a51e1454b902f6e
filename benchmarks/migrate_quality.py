"""The quality tables of ``python -m benchmarks.migrate``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks import data, metrics
from benchmarks.tables import table

__all__ = ["auto", "reference", "template"]

Pixels = NDArray[np.uint8]
Transfer = Callable[[Pixels, Pixels], Pixels]

_SMOOTHNESS = (0.15, 0.25, 0.4, 0.5, 0.75)
_PEERS = ("mkl", "hm", "hm-mkl-hm")
_SWATCHES = {
    1: (["#E07A5F"], ["#2A6F97"]),
    2: (["#DB0D0D", "#0E0CBB"], ["#1B4965", "#F4A259"]),
    3: (["#FFAFCC", "#BDE0FE", "#A2D2FF"], ["#606C38", "#DDA15E", "#BC6C25"]),
    5: (["#264653", "#2A9D8F", "#E9C46A", "#F4A261", "#E76F51"],),
    7: (["#9B5DE5", "#F15BB5", "#FEE440", "#00BBF9", "#00F5D4", "#FFFFFF", "#222222"],),
}
_AREA = 0.03  # share of the result that should show a swatch


def _tinct(smoothness: float) -> Transfer:
    def transfer(source: Pixels, reference: Pixels) -> Pixels:
        photo, colors_from = tinct.Photo(source), tinct.Photo(reference)
        return np.asarray(
            tinct.fit_reference(photo, colors_from, smoothness=smoothness).apply(photo).pixels, np.uint8
        )

    return transfer


def peer(method: str) -> Transfer:
    """color-matcher's transfer."""
    from color_matcher import ColorMatcher

    def transfer(source: Pixels, reference: Pixels) -> Pixels:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = ColorMatcher().transfer(
                src=source.astype(float), ref=reference.astype(float), method=method
            )
        return np.clip(made, 0, 255).astype(np.uint8)

    return transfer


def reference(quick: bool) -> str:
    """REFERENCE against color-matcher on the 33 pairs."""
    methods = {f"Tinct, smoothness {s:g}": _tinct(s) for s in _SMOOTHNESS}
    methods |= {f"color-matcher {m}": peer(m) for m in _PEERS}
    chosen = data.pairs()[:: 4 if quick else 1]
    before = [metrics.distance(source, goal) for source, goal in chosen]
    rows = []
    for name, transfer in methods.items():
        figures = []
        for (source, goal), distance in zip(chosen, before, strict=True):
            made = transfer(source, goal)
            left = metrics.distance(made, goal) / max(distance, 1e-6)
            figures.append((left, metrics.structure(source, made), metrics.banding(source, made)))
        d, s, b = np.nanmean(figures, axis=0)
        rows.append((name, f"{d:.3f}", f"{s:.3f}", f"{b:.3f}"))
    note = (
        f"Means over {len(chosen)} pairs of photos (longer side 384). D: distance to the reference's colours that is "
        "left, lower is closer. S: SSIM of L*, higher keeps more of the drawing. B: share of smooth pixels that "
        "became uneven, lower is better. Default smoothness: 0.5."
    )
    return table("REFERENCE: quality", note, ("", "D", "S", "B"), rows)


def auto(quick: bool) -> str:
    """How different AUTO's results are, and what they leave alone."""
    photos = data.judged(quick)
    rows = []
    for count in (1, 4, 8):
        figures = np.array([_auto(pixels, count) for pixels in photos])
        pairwise, mean, high, clipped = figures.T
        apart = "-" if count == 1 else f"{pairwise.min():.1f}"
        share = "-" if count == 1 else f"{(pairwise >= 15).mean():.0%}"
        rows.append(
            (str(count), apart, share, f"{mean.max():.2f}", f"{high.max():.2f}", f"{clipped.max():.2%}")
        )
    note = (
        f"Worst of {len(photos)} photos. Difference: least mean CIEDE2000 between two results over pixels that are not "
        "neutral; neutral is CIELAB chroma below 4; clipping: growth of the share of pixels with a channel at 0 or 255."
    )
    head = (
        "results",
        "least difference",
        "photos with 15 or more",
        "neutrals, mean",
        "neutrals, 95th percentile",
        "clipping",
    )
    return table("AUTO: quality", note, head, rows)


def _auto(source: Pixels, count: int) -> tuple[float, float, float, float]:
    photo = tinct.Photo(source)
    made = [np.asarray(m.apply(photo).pixels, np.uint8) for m in tinct.fit_auto(photo, count)]
    lab = metrics.to_lab(source).reshape(-1, 3)
    labs = [metrics.to_lab(pixels).reshape(-1, 3) for pixels in made]
    colored = metrics.colored(lab)
    apart = [metrics.difference(a[colored][::5], b[colored][::5]).mean() for a, b in combinations(labs, 2)]
    moved = [metrics.difference(lab[~colored], one[~colored]) for one in labs] if not colored.all() else []
    return (
        min(apart, default=np.nan),
        max((m.mean() for m in moved), default=0.0),
        max((np.percentile(m, 95) for m in moved), default=0.0),
        max(metrics.at_ends(pixels) - metrics.at_ends(source) for pixels in made),
    )


def template(quick: bool) -> str:
    """Whether TEMPLATE's swatches show, and whether lightness keeps its order."""
    photos = data.judged(quick)
    rows = []
    for count, sets in _SWATCHES.items():
        every, swatches, order = [], [], []
        for source in photos:
            for colors in sets:
                photo = tinct.Photo(source)
                made = np.asarray(tinct.fit_template(photo, colors).apply(photo).pixels, np.uint8)
                held = metrics.can_hold(source, colors, 2 * _AREA)
                shown = [
                    s >= _AREA for s, fits in zip(metrics.shown(made, colors), held, strict=True) if fits
                ]
                every.append(all(shown))
                swatches += shown
                order.append(metrics.spearman(source, made))
        rows.append((str(count), f"{np.mean(every):.0%}", f"{np.mean(swatches):.0%}", f"{min(order):.4f}"))
    note = (
        f"{len(photos)} photos, one or two sets of swatches each. A swatch shows where at least 3 % of the result lies "
        "within CIEDE2000 6 of it, lightness aside; counted are swatches that sRGB has at the lightness of at least "
        "6 % of the photo."
    )
    head = ("swatches", "photos on which all show", "swatches that show", "least Spearman rho of L*")
    return table("TEMPLATE: quality", note, head, rows)
