"""CRC-64 as object stores give it: the polynomial of ECMA-182, bits reflected, start and end inverted ("XZ")."""

from __future__ import annotations

import functools
from typing import Final

from fastcrc import crc64 as _crc64

__all__ = ["crc64", "joined"]

_POLYNOMIAL: Final = 0xC96C5795D7870F42  # of ECMA-182, bits reflected


def crc64(data: bytes, before: int = 0) -> int:
    """CRC-64 of what `before` stands for, followed by `data`."""
    return _crc64.xz(data, before)


def joined(first: int, second: int, size: int) -> int:
    """CRC-64 of two runs of bytes one after the other, from theirs.

    Appending a zero byte changes the register linearly over GF(2), so that `size` of them are a product of 64 x 64
    bit matrices, one for each bit of `size` (the way of zlib's ``crc32_combine``).

    Parameters
    ----------
    first, second : int
        CRC-64 of each run.
    size : int
        Bytes of the second.
    """
    exponent = 0
    while size:
        if size & 1:
            first = _times(_zeros(exponent), first)
        size >>= 1
        exponent += 1
    return first ^ second


@functools.cache
def _zeros(exponent: int) -> tuple[int, ...]:
    """Columns of the matrix that appends ``2**exponent`` zero bytes."""
    if exponent:
        return _squared(_zeros(exponent - 1))
    one_bit = (_POLYNOMIAL, *(1 << place for place in range(63)))
    return _squared(_squared(_squared(one_bit)))


def _squared(columns: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_times(columns, column) for column in columns)


def _times(columns: tuple[int, ...], vector: int) -> int:
    total = 0
    while vector:
        lowest = vector & -vector
        total ^= columns[lowest.bit_length() - 1]
        vector ^= lowest
    return total
