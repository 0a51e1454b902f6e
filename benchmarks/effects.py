"""Every table of the effects: ``python -m benchmarks.effects``; each part alone by its own module.

Enhancing, lighting and colour correction, backgrounds, object removal. Colour migration and colorization have their own
commands, ``benchmarks.migrate`` and ``benchmarks.colorize``. It takes about an hour on two cores.
"""

from __future__ import annotations

import runpy
import sys

__all__ = ["main"]

_PARTS = ("enhance", "lighting", "background", "erase")


def main() -> None:
    """Run the parts named on the command line, or all."""
    chosen = sys.argv[1:] or list(_PARTS)
    unknown = [part for part in chosen if part not in _PARTS]
    if unknown:
        raise SystemExit(f"no such part: {', '.join(unknown)}; there are {', '.join(_PARTS)}")
    for part in chosen:
        print(f"## {part.capitalize()}\n", flush=True)
        sys.argv = [f"benchmarks.{part}"]
        runpy.run_module(f"benchmarks.{part}", run_name="__main__")


if __name__ == "__main__":
    main()
