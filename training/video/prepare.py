"""Store the clips to learn from: ``python -m training.video.prepare WORK``."""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

import numpy as np

from training.video.pairs import clips

__all__ = ["main"]


def main() -> None:
    """Batches of 80 clips, a file each; what is stored already is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--batches", type=int, default=240)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for name, held_out, seed, most in (("held", True, 3, 6), ("part", False, 5, options.batches)):
        for number, batch in enumerate(islice(clips(held_out, seed), most)):
            file = options.work / f"{name}-{number:03}.npz"
            part = file.with_suffix(".part")
            with part.open("wb") as out:
                np.savez(out, **dict(zip(("shown", "numbers", "truth"), batch, strict=True)))
            part.rename(file)


if __name__ == "__main__":
    main()
