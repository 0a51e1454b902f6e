"""Which orders are acceptable, and when two of them are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from tinct.effects import effect as effects
from tinct.errors import ParameterError
from tinct.jobs.files import File
from tinct.jobs.job import Order
from tinct.photo.encode import FORMATS
from tinct.storage.database import storable

__all__ = ["check", "digest"]

_LONGEST_KEY: Final = 255  # characters of an idempotency key


def check(order: Order) -> effects.Effect:
    """Hold everything that an order says against what is allowed.

    Returns
    -------
    Effect
        The effect that it asks for.

    Raises
    ------
    ParameterError
        Names the first field that is wrong.
    """
    for field in ("params", "aliases", "meta"):
        if not _is_json(getattr(order, field)):
            raise ParameterError(
                field, "what JSON cannot hold", "JSON without NaN, infinity or null characters"
            )
    effect = effects.get(order.effect)
    effects.parse(effect, order.params)
    known = {item.name: item for item in effect.inputs}
    for name in order.inputs:
        if name not in known:
            raise ParameterError("inputs", name, "one of " + (", ".join(known) or "none"))
    for item in effect.inputs:
        if item.required and item.name not in order.inputs:
            raise ParameterError(item.name, None, "a photo; this input is required")
    if order.format is not None and order.format not in FORMATS:
        raise ParameterError("format", order.format, "one of " + ", ".join(FORMATS))
    if not 1 <= order.quality <= 100:
        raise ParameterError("quality", order.quality, "1 to 100")
    if not -100 <= order.priority <= 100:
        raise ParameterError("priority", order.priority, "-100 to 100")
    for field in ("deadline_s", "keep_results_s"):
        value = getattr(order, field)
        if value is not None and not 0 < value < 1e9:
            raise ParameterError(field, value, "more than 0 seconds")
    key = order.idempotency_key
    if key is not None and (not 1 <= len(key) <= _LONGEST_KEY or not storable(key)):
        raise ParameterError("idempotency_key", key, f"1 to {_LONGEST_KEY} characters")
    return effect


def _is_json(value: Mapping[str, Any]) -> bool:
    """True for what a JSON column keeps as it is."""
    try:
        text = json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return False
    return storable(text) and "\\u0000" not in text


def digest(order: Order, files: Mapping[str, File]) -> bytes:
    """What makes two orders the same: everything asked for, and the content of the inputs whatever their ids."""
    asked: dict[str, Any] = {
        "effect": order.effect,
        "params": dict(order.params),
        "inputs": {name: files[file_id].etag for name, file_id in order.inputs.items()},
        "format": order.format,
        "quality": order.quality,
        "dialect": order.dialect,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
