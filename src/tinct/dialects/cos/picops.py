"""The header ``Pic-Operations``: what to do with an image, and where to put what comes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from tinct.dialects.cos.errors import CosError

__all__ = ["COLORING", "Operations", "Rule", "parse"]

COLORING: Final = "AIImageColoring"
_MOST_RULES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where a coloured image goes."""

    key: str
    """Without a leading slash."""
    bucket: str | None
    """None: the bucket of the request."""


@dataclass(frozen=True, kw_only=True)
class Operations:
    """A parsed header."""

    info: bool
    """Whether the reply tells about the source."""
    rules: tuple[Rule, ...]


def parse(text: str, key: str) -> Operations:
    """Read the header of a request for the object `key`.

    Raises
    ------
    CosError
        InvalidArgument: no JSON object, or another processing than colouring. InvalidPicOperations: more than five
        rules, or one without ``fileid`` or ``rule``, or a ``fileid`` that ends with a slash.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise CosError("InvalidArgument", "Pic-Operations is not JSON.") from None
    if not isinstance(found, dict):
        raise CosError("InvalidArgument", "Pic-Operations is not a JSON object.")
    info = found.get("is_pic_info", 0)
    if info not in (0, 1, "0", "1"):
        raise CosError("InvalidPicOperations", "is_pic_info is neither 0 nor 1.")
    rules = found.get("rules") or []
    if not isinstance(rules, list) or len(rules) > _MOST_RULES:
        raise CosError("InvalidPicOperations", f"rules is a list of at most {_MOST_RULES}.")
    return Operations(info=int(info) == 1, rules=tuple(_rule(rule, key) for rule in rules))


def _rule(rule: Any, key: str) -> Rule:
    if not isinstance(rule, dict):
        raise CosError("InvalidPicOperations", "A rule is not a JSON object.")
    for name in ("fileid", "rule"):
        if not isinstance(rule.get(name), str) or not rule[name].strip():
            raise CosError("InvalidPicOperations", f"A rule has no {name}.")
    bucket = rule.get("bucket")
    if bucket is not None and not isinstance(bucket, str):
        raise CosError("InvalidPicOperations", "The bucket of a rule is not text.")
    process, _, value = rule["rule"].partition("=")
    if (process.strip(), value.strip()) != ("ci-process", COLORING):
        raise CosError("InvalidArgument", f"A rule is something else than ci-process={COLORING}.")
    return Rule(key=_resolved(rule["fileid"], key), bucket=bucket or None)


def _resolved(file_id: str, key: str) -> str:
    """A key from a ``fileid``: absolute with a leading slash, else beside the object `key`."""
    if file_id.endswith("/"):
        raise CosError("InvalidPicOperations", "A fileid ends with a slash.")
    if file_id.startswith("/"):
        return file_id[1:]
    folder, slash, _ = key.rpartition("/")
    return folder + slash + file_id
