"""What people read about an effect's parameters: for docstrings, help texts and the tables of the documentation."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from tinct.effects.effect import Effect

__all__ = ["Parameter", "parameters", "schema_of", "table"]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter in words."""

    name: str
    allowed: str
    """Its values, such as ``0 to 1`` or ``auto, classical or maxim``."""
    default: str
    """Empty for none, ``required`` where there must be a value."""
    summary: str


@functools.cache
def schema_of(model: type[BaseModel]) -> Mapping[str, Any]:
    """The JSON Schema of a model; not to be written to."""
    return model.model_json_schema()


def parameters(model: type[BaseModel]) -> tuple[Parameter, ...]:
    """All parameters of a model, in its order."""
    schema = schema_of(model)
    required = schema.get("required", ())
    return tuple(
        Parameter(
            name=name,
            allowed=_allowed(found, schema.get("$defs", {})),
            default="required" if name in required else _default(found.get("default")),
            summary=found.get("description", ""),
        )
        for name, found in schema.get("properties", {}).items()
    )


def table(effect: Effect) -> str:
    """Inputs and parameters of an effect as a Markdown table."""
    rows = ["| parameter | allowed | default | |", "|---|---|---|---|"]
    for item in effect.inputs:
        many = f"{item.least} to {item.most} photos" if item.is_list else "a photo"
        name = f"`{item.argument}`" + (f" (API: `{item.name}`)" if item.argument != item.name else "")
        rows.append(f"| {name} | {many} | {'required' if item.required else ''} | {item.summary} |")
    for found in parameters(effect.params):
        allowed, summary = (text.replace("|", "\\|") for text in (found.allowed, found.summary))
        rows.append(f"| `{found.name}` | {allowed} | {found.default} | {summary} |")
    return "\n".join(rows) + "\n"


def _default(value: object) -> str:
    if value is None or value in ([], ""):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _allowed(found: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """The values of a JSON Schema in words."""
    if "$ref" in found:
        target = known[found["$ref"].rpartition("/")[2]]
        return "{" + ", ".join(target["properties"]) + "}"
    if "anyOf" in found:
        return _listed([_allowed(one, known) for one in found["anyOf"] if one.get("type") != "null"], "or")
    if "const" in found:
        return str(found["const"])
    if "enum" in found:
        return _listed([str(value) for value in found["enum"]], "or")
    kind = found.get("type")
    if kind == "array":
        least, most = found.get("minItems", 0), found.get("maxItems")
        count = "any number" if most is None else f"{least} to {most}" if least else f"up to {most}"
        return f"{count} × {_allowed(found['items'], known)}"
    if kind in ("number", "integer"):
        return _range(found, whole=kind == "integer")
    return {"boolean": "true or false", "string": "text"}.get(str(kind), str(kind))


def _range(found: Mapping[str, Any], *, whole: bool) -> str:
    least, most = found.get("minimum"), found.get("maximum")
    if whole and "exclusiveMaximum" in found:
        most = found["exclusiveMaximum"] - 1
    if least is not None and most is not None:
        return f"{least:g} to {most:g}" if not whole else f"{least} to {most}"
    parts = [f"{least:g} or more"] if least is not None else []
    parts += [f"above {found['exclusiveMinimum']:g}"] if "exclusiveMinimum" in found else []
    parts += [f"up to {most:g}"] if most is not None else []
    parts += [f"below {found['exclusiveMaximum']:g}"] if "exclusiveMaximum" in found and not whole else []
    return ", ".join(parts) or ("a whole number" if whole else "a number")


def _listed(words: list[str], last: str) -> str:
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
