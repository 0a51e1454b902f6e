"""How often harmless photos are called unsafe: ``python -m benchmarks.moderate``.

There are no unsafe photos among the data, so that the share of those found is not measured. The last rows tell what
other ways to join the two networks would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.portrait import data_folder
from benchmarks.tables import table
from tinct.effects.moderate import classify
from tinct.effects.moderate.moderate import Moderation, moderate
from tinct.errors import PhotoError
from tinct.photo import decode

__all__ = ["main"]

_FOLDERS = (
    "color_photos",
    "portraits",
    "matting_people",
    "faces_200px",
    "small_photos",
    "historical",
    "kodak",
)
_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)


def findings(folder: str) -> list[Moderation]:
    """What is found in each photo of an evaluation folder."""
    found = []
    for path in sorted((data_folder() / folder).iterdir()):
        if path.is_file() and not path.stem.endswith("_mask"):
            try:
                found.append(moderate(decode.open(path)))
            except PhotoError:  # a list or a note among the photos
                continue
    return found


def _row(name: str, found: Iterable[Moderation], score: Callable[[Moderation], float]) -> list[str]:
    scores = [score(one) for one in found]
    return [name, str(len(scores)), *(str(sum(s >= threshold for s in scores)) for threshold in _THRESHOLDS)]


def _worst_network(found: Moderation) -> float:
    return max(classify.unsafe(engine, classes) for engine, classes in found.scores.items())


def main() -> None:
    """Print the table."""
    by_folder = {folder: findings(folder) for folder in _FOLDERS}
    everything = [one for found in by_folder.values() for one in found]
    rows = [_row(name, found, lambda one: one.score) for name, found in by_folder.items()]
    rows.append(_row("all", everything, lambda one: one.score))
    rows.append(_row("all, if one network sufficed", everything, _worst_network))
    for engine in everything[0].engines:
        alone = _row(
            f"all, {engine} alone", everything, lambda one, e=engine: classify.unsafe(e, one.scores[e])
        )
        rows.append(alone)
    head = ["photos", "number", *(f"at {threshold}" for threshold in _THRESHOLDS)]
    print(table("Content check", "Harmless photos called unsafe, by threshold.", head, rows))


if __name__ == "__main__":
    main()
