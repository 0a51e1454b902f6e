"""Which orders are acceptable, and when two of them are the same."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from tinct.accounts.prices import Prices, Usage
from tinct.effects import registry
from tinct.effects.effect import Effect
from tinct.errors import (
    EffectRefusedError,
    InputGoneError,
    InputNotSentError,
    JobTooLongError,
    ParameterError,
)
from tinct.jobs.file import File, FileState
from tinct.jobs.job import Failure, Order, file_ids
from tinct.photo import formats
from tinct.settings import Settings
from tinct.storage.database import storable

__all__ = ["check", "deadline", "digest", "failure_at_birth", "price", "prompt_of"]

_LONGEST_KEY: Final = 255  # characters of an idempotency key
_BATCH: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LEAST_S: Final = 0.01
_SECONDS: Final = {"deadline_s": 1e6, "lease_s": 1e6, "keep_results_s": 1e9}  # the most of each
_CLIP: Final = 3  # numbers that are known of a clip: width, height and frames
_ROOM: Final = 3  # how many times its estimate a job may take


def check(order: Order, settings: Settings, *, complete: bool = True) -> Effect:
    """Hold everything that an order says against what is allowed.

    Parameters
    ----------
    settings : Settings
    complete : bool
        False: inputs may be missing, since the job has failed already.

    Returns
    -------
    Effect
        The effect that it asks for.

    Raises
    ------
    ParameterError
        Names the first field that is wrong.
    EffectRefusedError
        The operator does not allow this effect.
    UnsupportedPhotoError
        The format needs an extra that is not installed.
    """
    most_bytes = settings.max_params_bytes
    for field in ("params", "aliases", "meta"):
        size = _json_bytes(getattr(order, field))
        if size is None:
            raise ParameterError(
                field, "what JSON cannot hold", "JSON without NaN, infinity or null characters"
            )
        if size > most_bytes:
            raise ParameterError(field, f"{size} bytes of JSON", f"up to {most_bytes}")
    effect = registry.get(order.effect)
    if effect.permission and not getattr(settings, effect.permission):
        raise EffectRefusedError(effect.name, effect.permission)
    effect.accept(order.inputs, order.params, complete=complete)
    if order.format is not None:
        if any(item.clip for item in effect.inputs):
            raise ParameterError("format", order.format, "nothing: clips become MP4 with H.264")
        if order.format not in formats.WRITABLE:
            raise ParameterError("format", order.format, "one of " + ", ".join(formats.WRITABLE))
        formats.get(order.format).check_installed()
    if not 1 <= order.quality <= 100:
        raise ParameterError("quality", order.quality, "1 to 100")
    if not -100 <= order.priority <= 100:
        raise ParameterError("priority", order.priority, "-100 to 100")
    for field, most in _SECONDS.items():
        value = getattr(order, field)
        if value is not None and not _LEAST_S <= value <= most:
            raise ParameterError(field, value, f"{_LEAST_S} to {most:g} seconds")
    if order.batch is not None and not _BATCH.fullmatch(order.batch):
        raise ParameterError("batch", order.batch, "1 to 64 letters, digits, . _ and -")
    key = order.idempotency_key
    if key is not None and (not 1 <= len(key) <= _LONGEST_KEY or not storable(key)):
        raise ParameterError("idempotency_key", key, f"1 to {_LONGEST_KEY} characters")
    return effect


def deadline(order: Order, effect: Effect, files: Mapping[str, File], settings: Settings) -> float:
    """Seconds that one attempt may run: the setting, or more where the effect foresees more.

    Raises
    ------
    JobTooLongError
        The operator does not allow as much.
    """
    most = settings.job_deadline_s
    if effect.estimate is not None:
        sizes: dict[str, list[tuple[int, ...]]] = {}
        for name in order.inputs:
            named = [files[file_id] for file_id in file_ids({name: order.inputs[name]})]
            sizes[name] = [size for size in map(_size, named) if size]
        of_clips = (sizes.get(item.name, []) for item in effect.inputs if item.clip)
        if any(not found or len(found[0]) != _CLIP for found in of_clips):  # the attempt itself will tell
            return min(order.deadline_s or settings.longest_job_s, max(most, settings.longest_job_s))
        needed = _ROOM * effect.estimate(sizes, effect.parse(order.params))
        if needed > max(most, settings.longest_job_s):
            raise JobTooLongError(needed, max(most, settings.longest_job_s))
        most = max(most, needed)
    return min(order.deadline_s or most, most)


def prompt_of(order: Order, effect: Effect) -> str | None:
    """The words of which an order wants a picture made; None where there are none."""
    if "prompt" not in effect.params.model_fields:
        return None
    prompt: str | None = effect.parse(order.params).prompt
    return prompt


def price(order: Order, effect: Effect, files: Mapping[str, File], prices: Prices) -> int:
    """What an order costs, in credits: what the operator says, or what the order says, or the effect's own."""
    default = effect.credits if order.credits is None else order.credits
    if order.tool is None and order.credits is not None:
        return default
    named = [files[file_id] for file_id in file_ids(order.inputs)]
    usage = Usage(
        files=len(named),
        megapixels=sum(file.photo.width * file.photo.height for file in named if file.photo) / 1e6,
        seconds=sum(file.seconds or 0.0 for file in named),
    )
    params = effect.parse(order.params).model_dump(mode="json", warnings=False)
    return prices.of(order.tool or order.effect, default, params, usage)


def _size(file: File) -> tuple[int, ...] | None:
    """What an estimate hears of a file; None where nothing is known of it."""
    if file.photo is not None:
        return (file.photo.width, file.photo.height)
    return None if file.clip is None else (file.clip.width, file.clip.height, file.clip.frames)


def _json_bytes(value: Mapping[str, Any]) -> int | None:
    """How long the text is under which a JSON column keeps a value; None if it cannot keep it as it is."""
    try:
        text = json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return None
    return len(text.encode()) if storable(text) and "\\u0000" not in text else None


def digest(order: Order, contents: Mapping[str, str]) -> bytes:
    """What makes two orders the same: everything asked for, and the content of the inputs whatever their ids.

    Parameters
    ----------
    contents : mapping of str to str
        What each of the order's file ids holds, as its MD5.
    """
    asked: dict[str, Any] = {
        "effect": order.effect,
        "params": dict(order.params),
        "inputs": {
            name: contents[named] if isinstance(named, str) else [contents[each] for each in named]
            for name, named in order.inputs.items()
        },
        "format": order.format,
        "quality": order.quality,
        "dialect": order.dialect,
    }
    if order.callbacks:
        asked["callbacks"] = [[callback.recipe, callback.url] for callback in order.callbacks]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


def failure_at_birth(files: Mapping[str, File]) -> Failure | None:
    """Why a job on these files cannot even begin."""
    states = {file.state for file in files.values()}
    if FileState.DECLARED in states:
        return Failure.of(InputNotSentError())
    return Failure.of(InputGoneError()) if FileState.GONE in states else None
