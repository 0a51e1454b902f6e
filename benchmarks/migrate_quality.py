"""The quality tables of ``python -m benchmarks.migrate``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks import data, metrics, palette_metrics
from benchmarks.tables import table
from tinct.effects.migrate.parameters import Style

__all__ = ["auto", "reference", "template"]

Pixels = NDArray[np.uint8]
Transfer = Callable[[Pixels, Pixels], Pixels]

_SMOOTHNESS = (0.15, 0.25, 0.4, 0.5, 0.75)
_PEERS = ("mkl", "hm", "hm-mkl-hm")
_SWATCHES = {
    "1": ["#2A6F97"],
    "2 vivid": ["#DB0D0D", "#0E0CBB"],
    "3 vivid": ["#DB0D0D", "#0E0CBB", "#FFB000"],
    "3 earthy": ["#606C38", "#DDA15E", "#BC6C25"],
    "3 pale": ["#FFAFCC", "#BDE0FE", "#A2D2FF"],
    "5": ["#264653", "#2A9D8F", "#E9C46A", "#F4A261", "#E76F51"],
    "7": ["#9B5DE5", "#F15BB5", "#FEE440", "#00BBF9", "#00F5D4", "#FFFFFF", "#222222"],
}


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
    """How likely AUTO's results look, how different they are, and what they leave alone."""
    rows = []
    for style, count in (("natural", 1), ("natural", 4), ("natural", 8), ("bold", 4), ("bold", 8)):
        figures = np.array([_auto(pixels, count, style) for pixels in data.reported(quick)])
        likely, apart, neutral, rainbow, clipped = (_mean(column) for column in figures.T)
        rows.append(
            (
                f"{style}, {count}",
                f"{likely:.2f}",
                "-" if count == 1 else f"{apart:.1f}",
                "-" if count == 1 else f"{np.nanmin(figures[:, 1]):.1f}",
                f"{neutral:.2f}",
                f"{rainbow:.2f}",
                f"{clipped:.2%}",
            )
        )
    note = (
        f"Means over {len(data.reported(quick))} photos that nothing was chosen on. Likely: mean log-likelihood, by "
        "the colorizer, of the results' colours beside that of the photo's own, in nats. Apart: mean CIEDE2000 between "
        "the two results that are nearest, over pixels that are not neutral (CIELAB chroma from 4). Neutrals: mean "
        "CIEDE2000 that they move. R: smooth places, percent, that become two hues. Clipped: growth of the share of "
        "pixels with a channel at 0 or 255."
    )
    head = ("style, results", "likely", "apart", "least apart", "neutrals", "R", "clipped")
    return table("AUTO: quality", note, head, rows) + "\n" + _room(quick)


def _room(quick: bool) -> str:
    """How far apart eight results could lie at all."""
    rows = []
    for vivid, name in ((1.0, "its own chroma"), (2.0, "twice that"), (np.inf, "all that sRGB holds")):
        found = np.array([palette_metrics.even_turns(pixels, 8, vivid) for pixels in data.reported(quick)])
        rows.append(
            (
                name,
                f"{_mean(found):.1f}",
                *(f"{np.quantile(found, q):.1f}" for q in (0, 0.5, 1)),
                f"{(found >= 15).sum()}",
            )
        )
    note = (
        "Eight even turns of all hues, lightness kept, nothing else asked: lawns may be blue, smooth areas may break. "
        "CIEDE2000 between the nearest two, measured as above; mean, least, median and most of the photos, and how "
        "many reach 15."
    )
    return table("AUTO: room", note, ("at", "mean", "least", "median", "most", "reach 15"), rows)


def _mean(column: NDArray[np.float64]) -> float:
    """Of what is there."""
    known = column[~np.isnan(column)]
    return float(known.mean()) if known.size else float("nan")


def _auto(source: Pixels, count: int, style: Style) -> tuple[float, ...]:
    photo = tinct.Photo(source)
    maps = tinct.fit_auto(photo, count, style=style)
    made = [np.asarray(m.apply(photo).pixels, np.uint8) for m in maps]
    lab = metrics.to_lab(source).reshape(-1, 3)
    labs = [metrics.to_lab(pixels).reshape(-1, 3) for pixels in made]
    colored = metrics.colored(lab)
    pairs = combinations(labs, 2)
    apart = (
        [metrics.difference(a[colored][::5], b[colored][::5]).mean() for a, b in pairs]
        if colored.any()
        else []
    )
    moved = (
        [metrics.difference(lab[~colored], one[~colored]).mean() for one in labs] if not colored.all() else []
    )
    return (
        float(np.mean([palette_metrics.likelier(source, pixels) for pixels in made])),
        min(apart, default=np.nan),
        float(np.mean(moved)) if moved else np.nan,
        float(np.mean([palette_metrics.rainbow(source, pixels) for pixels in made])),
        float(np.mean([metrics.at_ends(pixels) - metrics.at_ends(source) for pixels in made])),
    )


def template(quick: bool) -> str:
    """Whether TEMPLATE stays free of rainbows, and how near its swatches come."""
    rows = []
    for spread in (0.0, 1.0):
        for name, colors in _SWATCHES.items():
            figures = np.array([_template(pixels, colors, spread) for pixels in data.reported(quick)])
            means = figures.mean(axis=0)
            worst = figures[:, 0].max()
            shown = f"{means[0]:.1f}", f"{worst:.0f}", f"{means[1]:.1f}", *(f"{m:.2f}" for m in means[2:])
            rows.append((f"{name}, spread {spread:g}", *shown))
    note = (
        f"Means over {len(data.reported(quick))} photos that nothing was chosen on, people recoloured too. R: smooth "
        "places, percent, 1/24 of the longer side wide, whose hue spread grows by more than 8. Rings: percent of even "
        "5 x 5 windows in which a contour appears. G: 99th percentile of the local gain of colour steps. J: growth "
        "of JPEG's block steps. Fc: distance of the swatches that the photo can show. L*: its mean change."
    )
    head = ("swatches", "R", "worst R", "rings", "G", "J", "Fc", "L*")
    return table("TEMPLATE: quality", note, head, rows)


def _template(source: Pixels, colors: list[str], spread: float) -> tuple[float, ...]:
    photo = tinct.Photo(source)
    made = tinct.migrate(photo, "template", colors=colors, spread=spread, portrait=False)
    result = np.asarray(made.photo.pixels, np.uint8)
    assert made.capacity is not None
    nearest = sorted(palette_metrics.distances(result, colors))[: made.capacity]
    return (
        palette_metrics.rainbow(source, result),
        palette_metrics.rings(source, result),
        palette_metrics.gain(source, result),
        palette_metrics.blocks(source, result),
        float(np.mean(nearest)),
        palette_metrics.moved_lightness(source, result),
    )
