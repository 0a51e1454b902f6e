"""Weights of other formats as ONNX, the one format that is run. Verified bytes in, bytes out."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tinct.errors import ModelError
from tinct.models.convert.graph import with_outputs

__all__ = ["EDITION", "to_onnx", "with_outputs"]

EDITION = 2
"""Counted up when a converter gives other bytes, so that files of older ones are not used."""


def to_onnx(conversion: str, sources: Mapping[str, bytes], size: tuple[int, int] | None) -> bytes:
    """The network in `sources`, by file name, as ONNX; `size` is height and width, where it has to be fixed.

    Raises
    ------
    ModelError
        The network has parts that are not supported.
    """
    from tinct.models.convert import (  # loading a converted network needs none of them
        ncnn,
        tfjs,
        tfjs_weights,
    )

    if conversion == "ncnn":
        return ncnn.to_onnx(sources["net.param"].decode(), sources["net.bin"])
    if conversion == "tfjs":
        return tfjs.to_onnx(json.loads(sources["model.json"]), sources["weights.bin"], size)
    if conversion == "tfjs-bundle":
        parts = [data.decode() for name, data in sources.items() if name != "model.js"]
        weights = b"".join(map(tfjs_weights.unpack_weights, parts))
        return tfjs.to_onnx(tfjs_weights.unpack_document(sources["model.js"].decode()), weights, size)
    raise ModelError(f"there is no converter called {conversion!r}")
