"""What a GGUF file says of itself, read without any library and without loading a weight.

References
----------
The GGUF file format, as ggml's documentation gives it: magic, version, two counts, keys with values, then name, sides,
type and offset of each tensor; the data begin at the next multiple of ``general.alignment``.
"""

from __future__ import annotations

import itertools
import math
import struct
from pathlib import Path
from typing import Any, BinaryIO, Final

from tinct.errors import ForeignModelError, TruncatedModelError
from tinct.models.generators.weights import cut, opened

__all__ = ["shapes"]

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_MOST: Final = 2**16  # tensors, and keys; the largest models have some thousands
_LONGEST: Final = 2**16  # bytes of a key's name, and of the alignment
_LONGEST_NAME: Final = 256  # bytes of a tensor's
_MOST_TEXTS: Final = 2**20  # in all lists; a vocabulary and its merges have some hundred thousand
_SIDES: Final = 4  # of a tensor, at most
_ALIGNMENT: Final = "general.alignment"
_ALIGNED: Final = 32  # where nothing is said
_INTEGER: Final = 4  # of 32 bits, without a sign
_STRING, _ARRAY = 8, 9
_PLAIN: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_PACKED: Final = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
}  # fmt: skip
"""Numbers in a block and its bytes, by ggml's type."""


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a file's tensors, rows first, its length checked.

    Raises
    ------
    MissingModelError
        There is no such file.
    PickledModelError
        It is a pickle, or an archive that may hold one.
    TruncatedModelError
        It is shorter than its header says.
    ForeignModelError
        It is no GGUF file, or one that readers may take for different things: a name twice, tensors that lie in each
        other or not where the alignment wants them.
    """
    with opened(path) as (file, size):
        head = file.read(len(_MAGIC))
        if head != _MAGIC[: len(head)]:
            raise ForeignModelError(f"{path.name} is no GGUF file: it begins otherwise")
        return _Header(file, path.name, size).tensors()


class _Header:
    """One pass over a header."""

    def __init__(self, file: BinaryIO, name: str, size: int) -> None:
        self._file, self._name, self._size = file, name, size
        self._texts = 0  # in lists

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """All that it names; see `shapes`."""
        version, count, keys = self._numbers("<IQQ")
        if version and version & 0xFFFF == 0:
            raise self._foreign("its numbers begin with their high bytes")
        if version not in _VERSIONS:
            raise self._foreign(f"its version is {version}; known: 2 and 3")
        if max(count, keys) > _MOST:
            raise self._foreign("it claims more tensors than any model has")
        alignment = self._alignment(keys)
        known: dict[str, tuple[int, ...]] = {}
        places: list[tuple[int, int]] = []
        for _ in range(count):
            name, (sides,) = self._text(_LONGEST_NAME), self._numbers("<I")
            if name in known or not (name.isascii() and name.isprintable()):
                raise self._foreign("two of its tensors have one name, or one has none that can be read")
            if sides > _SIDES:
                raise self._foreign("one of its tensors has more sides than any has")
            shape = self._numbers(f"<{sides}Q")
            kind, offset = self._numbers("<IQ")
            if kind not in _PACKED:
                raise self._foreign(f"its numbers are of a type ({kind}) that is not known")
            held, taken = _PACKED[kind]
            if shape and shape[0] % held:
                raise self._foreign("one of its tensors has rows that are no whole blocks")
            if offset % alignment:
                raise self._foreign("one of its tensors does not begin where its alignment wants it")
            places.append((offset, offset + -(-math.prod(shape) // held) * taken))
            known[name] = tuple(reversed(shape))
        wanted = -(-self._file.tell() // alignment) * alignment + max((end for _, end in places), default=0)
        if self._size < wanted:
            raise self._cut(str(wanted))
        places.sort()
        if any(end > begin for (_, end), (begin, _) in itertools.pairwise(places)):
            raise self._foreign("its tensors lie in each other")
        return known

    def _alignment(self, keys: int) -> int:
        """What the offsets of tensors are multiples of; reads all keys."""
        found: int | None = None
        for _ in range(keys):
            key, (kind,) = self._text(_LONGEST), self._numbers("<I")
            value = self._value(kind)
            if key != _ALIGNMENT:
                continue
            if found is not None or kind != _INTEGER or value.bit_count() != 1 or value > _LONGEST:
                raise self._foreign("its alignment is no power of 2, or said twice")
            found = value
        return found or _ALIGNED

    def _numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))

    def _bytes(self, count: int) -> bytes:
        if count > self._size - self._file.tell():
            raise self._cut("more")
        return self._file.read(count)

    def _text(self, longest: int) -> str:
        (length,) = self._numbers("<Q")
        if length > longest:
            raise self._foreign("one of its names is longer than any is")
        return self._bytes(length).decode("utf-8", errors="replace")

    def _value(self, kind: int) -> Any:
        """A key's value; of texts and lists only where they end matters."""
        if kind in _PLAIN:
            return self._numbers(f"<{_PLAIN[kind]}")[0]
        if kind == _STRING:
            self._skip(*self._numbers("<Q"))
            return None
        if kind != _ARRAY:
            raise self._foreign("one of its keys is of no known kind")
        inner, count = self._numbers("<IQ")
        if inner in _PLAIN:
            self._skip(count * struct.calcsize(f"<{_PLAIN[inner]}"))
        elif inner == _STRING:
            self._texts += count
            if self._texts > _MOST_TEXTS:
                raise self._foreign("its lists hold more words than any model knows")
            for _ in range(count):
                self._skip(*self._numbers("<Q"))
        else:
            raise self._foreign("one of its lists is of no known kind")
        return None

    def _skip(self, count: int) -> None:
        if count > self._size - self._file.tell():
            raise self._cut("more")
        self._file.seek(count, 1)

    def _foreign(self, why: str) -> ForeignModelError:
        return ForeignModelError(f"{self._name} is no GGUF file that is known: {why}")

    def _cut(self, wanted: str) -> TruncatedModelError:
        return cut(self._name, self._size, wanted)
