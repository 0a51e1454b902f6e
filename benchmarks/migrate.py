"""Quality, speed and memory of colour migration.

``python -m benchmarks.migrate [--quick] [--only PART] [--markdown FILE]`` prints tables. It needs the extra ``bench``
and the evaluation photos (TINCT_DATA_DIR); run it on an otherwise idle machine. color-matcher is under the GPL and
therefore no part of Tinct: it is only compared with.
"""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

from benchmarks import migrate_quality, migrate_speed

__all__ = ["main"]

_PARTS = {
    "reference": migrate_quality.reference,
    "auto": migrate_quality.auto,
    "template": migrate_quality.template,
    "speed": migrate_speed.memory_and_time,
    "start": migrate_speed.start,
}

_HEAD = f"""# Colour migration, measured

Made by `python -m benchmarks.migrate --markdown docs/benchmarks.md` on {os.cpu_count()} CPU cores, Python
{platform.python_version()}. The photos are not part of the repository; color-matcher 0.6.0 runs on the same pixels.
"""


def main() -> None:
    """Print the tables, and write them as Markdown if asked."""
    parser = argparse.ArgumentParser(description="Quality, speed and memory of colour migration.")
    parser.add_argument("--quick", action="store_true", help="fewer photos, sizes and peers: a few minutes")
    parser.add_argument("--only", action="append", choices=_PARTS, help="this part; may be repeated")
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    given = parser.parse_args()
    tables = []
    for part in given.only or _PARTS:
        tables.append(_PARTS[part](given.quick))
        print(tables[-1], flush=True)
    if given.markdown is not None:
        given.markdown.write_text("\n".join([_HEAD, *tables]), encoding="utf-8")


if __name__ == "__main__":
    main()
