"""Which labels a person kept, and how they are mended.

`verdicts.csv` has a row for each label that was kept: the photo's key, which of its labels in the order of
`training.hair.label`, and the verdict. What is not named there does not teach.

``good``: as it is. ``hat``: all that was called hair is a hat, a cap, a hood or a scarf. ``short``: the hair ends at
the chin, and what was called hair below is clothes. ``none``: no hair is seen, and what was called hair is none.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.hair.upright import place
from training.hair.label import FACE, FINER, HAIR, HAT, REST, UNKNOWN

__all__ = ["Taught", "Verdict", "kept", "mended", "taught"]

Verdict = Literal["good", "hat", "short", "none"]
_PATH = Path(__file__).with_name("verdicts.csv")
_SHOWN = 12  # heads in a row of a sheet


@dataclass(frozen=True, eq=False)
class Taught:
    """A head that teaches."""

    view: NDArray[np.uint8]
    """(h, w, 3)"""
    classes: NDArray[np.uint8]
    """(h, w)"""


def kept(path: Path = _PATH) -> dict[tuple[str, int], Verdict]:
    """Verdicts by photo and number.

    Raises
    ------
    ValueError
        A verdict that is none.
    """
    found: dict[tuple[str, int], Verdict] = {}
    with path.open(newline="") as file:
        for key, number, verdict in csv.reader(file):
            if verdict not in get_args(Verdict):
                raise ValueError(
                    f"{key}: {verdict!r} is no verdict; these are: {', '.join(get_args(Verdict))}"
                )
            found[key, int(number)] = cast(Verdict, verdict)
    return found


def mended(classes: NDArray[np.uint8], verdict: Verdict, chin: float) -> NDArray[np.uint8]:
    """A label (h, w) as the verdict says it is; `chin` is v of the chin in the head's frame."""
    out = classes.copy()
    called = classes == HAIR
    edge = cv2.dilate(called.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if verdict == "short":
        row = int(place(0.0, chin, FINER)[1])
        out[row:][called[row:] | (edge & (classes == UNKNOWN))[row:]] = REST
    elif verdict == "hat":
        out[called] = HAT
    elif verdict == "none":
        out[called | (edge & (classes == UNKNOWN))] = REST
        out[
            called
            & (cv2.morphologyEx((classes == FACE).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9))) > 0)
        ] = FACE
    return out


def labels(work: Path) -> Iterator[tuple[str, int, NDArray[np.uint8], NDArray[np.uint8], float]]:
    """Key, number, view, classes and chin of all labels of `training.hair.label`, in their order."""
    counted: Counter[str] = Counter()
    for path in sorted(work.glob("part-*.npz")):
        part = np.load(path)
        for key, view, classes, chin in zip(
            part["keys"], part["views"], part["classes"], part["chins"], strict=True
        ):
            yield str(key), counted[str(key)], view, classes, float(chin)
            counted[str(key)] += 1


def taught(work: Path) -> list[Taught]:
    """The heads that teach."""
    verdicts = kept()
    return [
        Taught(view, mended(classes, verdicts[key, number], chin))
        for key, number, view, classes, chin in labels(work)
        if (key, number) in verdicts
    ]


def _cell(name: str, view: NDArray[np.uint8], classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    marked = view.copy()
    marked[classes == HAIR] = (marked[classes == HAIR] * 0.35 + np.array([166, 0, 166])).astype(np.uint8)
    marked[classes == UNKNOWN] //= 2
    both = cv2.resize(np.hstack([view, marked]), None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.putText(both, name, (1, 10), 0, 0.38, (0, 255, 0), 1), np.uint8)


def main() -> None:
    """Draw a sheet of every part, to be looked at; each label is shown beside its photo, with its place in the part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    options = parser.parse_args()
    for path in sorted(options.work.glob("part-*.npz")):
        part = np.load(path)
        cells = [
            _cell(str(n), *pair) for n, pair in enumerate(zip(part["views"], part["classes"], strict=True))
        ]
        cells += [np.zeros_like(cells[0])] * (-len(cells) % _SHOWN)
        rows = [np.hstack(cells[at : at + _SHOWN]) for at in range(0, len(cells), _SHOWN)]
        cv2.imwrite(str(path.with_suffix(".png")), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
