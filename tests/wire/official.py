"""The official description of each revision, as JSON Schema, and instances made from it.

Two sources. The `mcp_types` models cover 2025-11-25 and 2026-07-28 and are always there. The
specification's own schema files cover every revision and are read when the environment variable
PEREGRINE_SCHEMAS names the folder that holds them.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jsonschema
import mcp_types._v2025_11_25 as v2025
import mcp_types._v2026_07_28 as v2026
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from fastmcp.wire.revisions import REVISIONS, Revision

FOLDER = Path(os.environ["PEREGRINE_SCHEMAS"]) if "PEREGRINE_SCHEMAS" in os.environ else None

Schema = dict[str, Any]

_OPEN = ("_meta", "inputSchema", "outputSchema", "requestedSchema")
"""Members that hold whatever they like, whatever keys a revision's schema lists for them."""


class Official:
    """One source's view of one revision."""

    def __init__(
        self, revision: Revision, definitions: dict[str, Schema], models: dict[str, type[BaseModel]]
    ) -> None:
        self.revision = revision
        self.definitions = definitions
        self.models = models

    def __str__(self) -> str:
        return f"{self.revision}-{'models' if self.models else 'schema'}"

    def resolve(self, schema: Schema) -> Schema:
        """Follow a reference and merge `allOf` into one object schema."""
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rsplit("/", 1)[1]]
        if "allOf" in schema:
            merged: Schema = {"type": "object", "properties": {}, "required": []}
            for part in map(self.resolve, schema["allOf"]):
                merged["properties"] |= part.get("properties", {})
                merged["required"] += part.get("required", [])
            return merged
        return schema

    @cached_property
    def params(self) -> dict[str, Schema | None]:
        """Method name -> schema of its params, for requests and notifications."""
        found: dict[str, Schema | None] = {}
        for definition in self.definitions.values():
            method = definition.get("properties", {}).get("method", {}).get("const")
            if method is not None:
                params = definition["properties"].get("params")
                found[method] = _without_null(params) if params else None
        return found

    def validate(self, schema: Schema, instance: object) -> None:
        """Check strictly: a member that the schema does not list is an error."""
        jsonschema.Draft202012Validator(
            {**self._closed(schema), "$defs": self._closed_definitions},
        ).validate(instance)

    def named(self, name: str) -> Schema:
        """Return the schema of a definition."""
        return {"$ref": f"#/$defs/{name}"}

    @cached_property
    def _closed_definitions(self) -> dict[str, Schema]:
        return {name: self._closed(schema) for name, schema in self.definitions.items()}

    def _closed(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._closed(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return self.named(schema["$ref"].rsplit("/", 1)[1])
        if "allOf" in schema:
            schema = self.resolve(schema)
        closed: Schema = {}
        for keyword, value in schema.items():
            if keyword == "properties":
                closed[keyword] = {
                    name: {"type": "object"} if name in _OPEN else self._closed(member)
                    for name, member in value.items()
                }
            elif keyword not in ("$defs", "definitions", "default", "examples"):
                closed[keyword] = self._closed(value)
        if schema.get("properties") and "additionalProperties" not in schema:
            closed["additionalProperties"] = False
        return closed


@cache
def sources() -> list[Official]:
    """Return every source of every revision that is present here, the oldest first."""
    found = [_from_models(v2025), _from_models(v2026)]
    for text, revision in REVISIONS.items():
        path = FOLDER / f"{text}.json" if FOLDER else None
        if path is not None and path.exists():
            document = json.loads(path.read_text())
            found.append(Official(revision, document.get("$defs") or document["definitions"], {}))
    return sorted(found, key=lambda official: official.revision)


def _from_models(module: Any) -> Official:
    models = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BaseModel) and name != "WireModel"
    }
    _, document = models_json_schema([(model, "validation") for model in models.values()])
    text = "2025-11-25" if module is v2025 else "2026-07-28"
    return Official(REVISIONS[text], document["$defs"], models)


def _without_null(schema: Schema) -> Schema:
    branches = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
    return branches[0] if len(branches) == 1 else schema


def samples(official: Official, schema: Schema) -> list[Any]:
    """Return instances: one with all members, one with the required ones, one per alternative."""
    return list(_samples(official, schema, ()))


def _samples(official: Official, schema: Schema, path: tuple[str, ...]) -> Iterator[Any]:
    if "$ref" in schema:
        name = schema["$ref"]
        if name in path:  # a type inside itself ends here
            return
        path = (*path, name)
    schema = official.resolve(schema)
    if "const" in schema:
        yield schema["const"]
    elif "enum" in schema:
        yield from schema["enum"]
    elif "anyOf" in schema or "oneOf" in schema:
        for branch in schema.get("anyOf") or schema["oneOf"]:
            yield from _samples(official, branch, path)
    elif isinstance(schema.get("type"), list):
        for kind in schema["type"]:
            yield from _samples(official, {**schema, "type": kind}, path)
    elif schema.get("type") == "object" or "properties" in schema:
        yield from _objects(official, schema, path)
    elif schema.get("type") == "array":
        items = list(_samples(official, schema.get("items", {}), path))
        yield items[:1]
        yield from ([item] for item in items[1:])
        yield []
    elif schema.get("type") == "null":
        return
    else:
        yield from _SCALARS.get(schema.get("type", "any"), ())


_SCALARS: dict[str, tuple[Any, ...]] = {
    "string": ("dGV4dA==",),
    "integer": (7,),
    "number": (0.5,),
    "boolean": (True,),
    "any": ({"deep": [1, None, "x"]}, "text", 3, [], False),
}


def _objects(official: Official, schema: Schema, path: tuple[str, ...]) -> Iterator[Any]:
    members = {
        name: list(_samples(official, member, path))
        for name, member in schema.get("properties", {}).items()
    }
    required = schema.get("required", ())
    if any(not members.get(name, ["open"]) for name in required):
        return
    rest = schema.get("additionalProperties")
    if not members:
        values = list(_samples(official, rest, path)) if isinstance(rest, dict) else [True]
        yield {"some.key/name": values[0]} if values else {}
        yield from ({"some.key/name": value} for value in values[1:])
        return
    full = {name: values[0] for name, values in members.items() if values}
    yield copy.deepcopy(full)
    yield {name: full[name] for name in required if name in full}
    for name, values in members.items():
        for value in values[1:]:
            yield copy.deepcopy({**full, name: value})
