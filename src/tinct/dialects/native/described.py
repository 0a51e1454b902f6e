"""The API's description with every effect's parameters, those of effects of one's own included."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI

from tinct.jobs.catalogue import catalogue

__all__ = ["Described"]


class Described(FastAPI):
    """An application whose description says what `params` of an order may be, by effect."""

    def openapi(self) -> dict[str, Any]:
        """OpenAPI; made once, when the effects are known."""
        if self.openapi_schema is None:
            _with_effects(super().openapi())
        return super().openapi()


def _with_effects(api: dict[str, Any]) -> None:
    """Add a record of the parameters of each effect, and name them where an order is described."""
    schemas, known = api["components"]["schemas"], []
    for effect in catalogue():
        found = json.loads(json.dumps(dict(effect.params)).replace("#/$defs/", "#/components/schemas/"))
        schemas.update(found.pop("$defs", {}))
        name = f"{effect.name}.params"
        schemas[name] = found | {"title": name, "description": f"{effect.title}: {effect.summary}"}
        known.append({"$ref": f"#/components/schemas/{name}"})
    order = api["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    order["properties"]["params"] |= {"anyOf": known}
