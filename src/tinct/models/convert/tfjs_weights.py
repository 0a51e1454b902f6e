"""Weights of TensorFlow.js models: joined files, described in the model's document, some stored in 8 or 16 bits.

Format: https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts (WeightsManifestConfig).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ModelError

__all__ = ["read", "unpack_document", "unpack_weights"]

_STORED = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "bool": "?"}
_FINAL = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$]*|![01]|' + _NUMBER.pattern + r"|[^\s]")
_WORDS = {"!0": "true", "!1": "false", "true": "true", "false": "false", "null": "null"}


def read(manifest: Sequence[Mapping[str, Any]], data: bytes) -> dict[str, NDArray[Any]]:
    """Weights by name, from all weight files joined in the order of the manifest.

    Raises
    ------
    ModelError
        A type is not supported, or there are more or fewer bytes than described.
    """
    found: dict[str, NDArray[Any]] = {}
    at = 0
    for weight in (weight for group in manifest for weight in group["weights"]):
        packing = weight.get("quantization")
        stored = packing["dtype"] if packing else weight["dtype"]
        if stored not in _STORED or weight["dtype"] not in _FINAL:
            raise ModelError(f"weights of the type {stored!r} are not supported")
        count = int(np.prod(weight["shape"], dtype=np.int64))
        kind = np.dtype(_STORED[stored])
        if at + count * kind.itemsize > len(data):
            raise ModelError(f"the weights end at byte {len(data)}, before all are read")
        values = np.frombuffer(data, kind, count, at).reshape(weight["shape"])
        at += count * kind.itemsize
        if packing and "scale" in packing:
            values = values.astype(np.float32) * np.float32(packing["scale"]) + np.float32(packing["min"])
        found[weight["name"]] = np.asarray(values, _FINAL[weight["dtype"]])
    if at != len(data):
        raise ModelError(f"{len(data) - at} bytes of weights are not described")
    return found


def unpack_document(script: str) -> dict[str, Any]:
    """The document of a model that is packed as a script: its exported object literal, as JSON.

    Raises
    ------
    ModelError
        The script exports no object, or one that is not plain data.
    """
    text = _exported(script, "{")
    tokens, depth = [], 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token[0].isalpha() or token[0] in "_$!":
            is_key = text[match.end() : match.end() + 1] == ":"
            token = json.dumps(token) if is_key else _WORDS.get(token, token)
        elif _NUMBER.fullmatch(token):
            token = repr(float(token)) if "." in token or "e" in token.lower() else token
            if text[match.end() : match.end() + 1] == ":":
                token = json.dumps(token)
        tokens.append(token)
        depth += (token in "{[") - (token in "}]")
        if depth == 0:
            break
    try:
        found: dict[str, Any] = json.loads("".join(tokens))
    except json.JSONDecodeError:
        raise ModelError("the script of the network is not plain data") from None
    return found


def unpack_weights(script: str) -> bytes:
    """The bytes of a weight file that is packed as a script: its exported word, which is base64."""
    text = _exported(script, '"')
    return base64.b64decode(text[1 : text.index('"', 1)], validate=True)


def _exported(script: str, start: str) -> str:
    at = script.find(f".exports={start}")
    if at < 0:
        raise ModelError("the script exports no data")
    return script[at + len(".exports=") :]
