"""A photo in whatever form a program has it: the one place where that becomes a `Photo`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, Union

from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.photo.photo import Photo

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FORMS", "PhotoLike", "as_photo", "as_photos"]

PhotoLike: TypeAlias = Union[Photo, str, os.PathLike[str], bytes, BinaryIO, "Image", NDArray[Any]]
"""What a photo may be given as."""

FORMS = "a Photo, a path, the bytes of a file, an open file, a PIL image or an array (H, W, 3)"
"""The same in words."""

_ARRAYS = ("__array__", "__array_interface__")


def as_photo(given: Any, field: str = "photo") -> Photo:
    """A photo, whatever it was given as.

    Parameters
    ----------
    given : Photo, path, bytes, binary file, PIL image or array
        A `PhotoLike`, unless a caller erred.
        Files are read by :func:`tinct.photo.decode.open`, PIL images by :meth:`Photo.from_pil`, arrays by
        :meth:`Photo.from_array`.
    field : str
        Name for the error.

    Returns
    -------
    Photo

    Raises
    ------
    ParameterError
        It is none of these, or an array or image that no photo can be made of.
    PhotoError
        The file cannot be used; see :func:`tinct.photo.decode.open`.
    """
    if isinstance(given, Photo):
        return given
    if isinstance(given, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(given, "read"):
        from tinct.photo import decode

        return decode.open(given)
    pil = sys.modules.get("PIL.Image")  # who has such an image has loaded it
    if pil is not None and isinstance(given, pil.Image):
        return Photo.from_pil(given)
    if any(hasattr(given, name) for name in _ARRAYS) and not isinstance(given, type):
        try:
            return Photo.from_array(given)
        except ParameterError as error:
            raise ParameterError(field, error.value, error.allowed) from None
    raise ParameterError(field, given, FORMS)


def as_photos(given: Any, field: str = "photos") -> tuple[Photo, ...]:
    """Several photos, or one; see :func:`as_photo`."""
    several = given if isinstance(given, list | tuple) else (given,)
    return tuple(as_photo(one, field) for one in several)
