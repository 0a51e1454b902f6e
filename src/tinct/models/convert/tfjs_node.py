"""A node of a TensorFlow.js graph model, and its attributes as Python values."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinct.errors import ModelError

__all__ = ["Node"]

_TYPES: dict[str, type[np.generic]] = {
    "DT_FLOAT": np.float32,
    "DT_INT32": np.int32,
    "DT_INT64": np.int64,
    "DT_BOOL": np.bool_,
}


@dataclass(frozen=True)
class Node:
    """An operation with its inputs by name."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> Node:
        """A node of the JSON document; inputs that only order the execution are left out."""
        inputs = tuple(name.partition(":")[0] for name in record.get("input", ()) if not name.startswith("^"))
        return cls(record["name"], record["op"], inputs, record.get("attr", {}))

    def integer(self, name: str) -> int:
        """A number; 0 where it is not given."""
        return int(self.attributes.get(name, {}).get("i", 0))

    def flag(self, name: str) -> bool:
        """True or false; false where it is not given."""
        return bool(self.attributes.get(name, {}).get("b", False))

    def text(self, name: str) -> str:
        """A word."""
        return base64.b64decode(self.attributes[name]["s"]).decode()

    def integers(self, name: str) -> list[int]:
        """A list of numbers; empty where it is not given."""
        return [int(value) for value in self.attributes.get(name, {}).get("list", {}).get("i", ())]

    def words(self, name: str) -> list[str]:
        """A list of words; empty where it is not given."""
        found = self.attributes.get(name, {}).get("list", {}).get("s", ())
        return [base64.b64decode(value).decode() for value in found]

    def type(self, name: str) -> type[np.generic]:
        """A type of numbers."""
        found = self.attributes[name]["type"]
        if found not in _TYPES:
            raise ModelError(f"numbers of the type {found!r} are not supported")
        return _TYPES[found]
