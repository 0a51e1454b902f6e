"""Styles and templates: what a call may choose from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinct.dialects.youcam.ask import Chosen
from tinct.dialects.youcam.tool import Tool

__all__ = ["resolve"]


def resolve(tool: Tool, chosen: Chosen | None) -> Mapping[str, Any]:
    """Parameters of the effect for what was chosen."""
    return {"colors": ["#8fb4d9", "#f3ead9"]} if tool.slug == "bg-replace" else {}
