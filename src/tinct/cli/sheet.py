"""Contact sheets: a row for each photo, before and after side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tinct.photo.photo import Photo

__all__ = ["Sheet"]

_CELL = 256  # pixels, longer side of each picture
_GAP = 8


class Sheet:
    """Collects rows of small pictures; holds no full-size photo."""

    def __init__(self) -> None:
        self._rows: dict[int, list[NDArray[np.uint8]]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, number: int, *photos: Photo) -> None:
        """A row; rows stand in the order of their numbers, whenever they come."""
        import numpy as np

        cells = (np.clip(photo.proxy(_CELL), 0, 1) * 255 + 0.5 for photo in photos)
        self._rows[number] = [cell.astype(np.uint8) for cell in cells]

    def save(self, path: Path) -> Path:
        """Write the sheet; two rows share a line when there are more than four."""
        import numpy as np

        from tinct.photo.photo import Photo

        rows = [self._rows[number] for number in sorted(self._rows)]
        across = max(len(row) for row in rows)
        columns = 2 if len(rows) > 4 else 1
        lines = -(-len(rows) // columns)
        step = _CELL + _GAP
        page = np.full((lines * step + _GAP, columns * (across * step + _GAP), 3), 255, np.uint8)
        for number, row in enumerate(rows):
            line, column = number % lines, number // lines
            for place, cell in enumerate(row):
                top = _GAP + line * step
                left = column * (across * step + _GAP) + _GAP + place * step
                page[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
        return Photo(page).save(path)
