"""Schemas of OpenAPI's dialects become JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fastmcp import Client
from openapi.echo import server


async def shown(schema: Any, version: str = "3.0.3", **components: Any) -> dict[str, Any]:
    """How an argument of this schema is shown."""
    parameter = {"name": "a", "in": "query", "schema": schema}
    members = {"components": {"schemas": components}} if components else {}
    mcp = server({"/x": {"get": {"parameters": [parameter]}}}, version, **members)
    async with Client(mcp) as client:
        (tool,) = await client.list_tools()
    Draft202012Validator.check_schema(tool.input_schema)
    return tool.input_schema["properties"]["a"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"oneOf": [{"type": "string"}], "nullable": True, "description": "d"},
            {"description": "d", "anyOf": [{"oneOf": [{"type": "string"}]}, {"type": "null"}]},
        ),
        ({"nullable": True}, {}),
        (
            {"type": "number", "minimum": 1, "exclusiveMinimum": True},
            {"type": "number", "exclusiveMinimum": 1},
        ),
        (
            {"type": "number", "maximum": 1, "exclusiveMaximum": False},
            {"type": "number", "maximum": 1},
        ),
        ({"type": "string", "example": "x"}, {"type": "string", "examples": ["x"]}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "file"}, {"type": "string"}),
        ({"type": "string", "xml": {}, "x-internal": 1, "externalDocs": {}}, {"type": "string"}),
    ],
)
async def test_the_dialect_of_3_0(old: Any, new: Any) -> None:
    """Says the same in other words."""
    assert await shown(old) == new


@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["string", "null"], "examples": ["a"], "const": "a"},
        {"type": "array", "prefixItems": [{"type": "string"}], "items": False},
        {"if": {"type": "string"}, "then": {"minLength": 1}, "else": True},
        {"type": "object", "patternProperties": {"^a": {}}, "unevaluatedProperties": False},
        {"type": "object", "dependentRequired": {"a": ["b"]}, "propertyNames": {"maxLength": 3}},
        {"type": "string", "contentMediaType": "image/png", "contentEncoding": "base64"},
        {"type": "array", "items": {}, "contains": {"const": 1}, "minContains": 2},
        {"not": {"type": "string"}},
    ],
)
async def test_json_schema_stays_as_it_is(schema: Any) -> None:
    """Which is what 3.1 has."""
    assert await shown(schema, "3.1.0") == schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "any"},
        {"type": 3, "required": True, "minLength": -1, "maximum": "9", "multipleOf": 0},
        {"enum": "a", "properties": [], "items": 3, "anyOf": [], "allOf": {}, "pattern": "("},
        {"pattern": r"\p{L}+", "description": 1, "title": None, "deprecated": "yes"},
        {"$id": "http://x", "$schema": "http://y", "$comment": 1, "$dynamicRef": "#a"},
    ],
)
async def test_what_is_no_schema_is_left_out(schema: Any) -> None:
    """So what is left admits all that the API may."""
    assert await shown(schema, "3.1.0") == {}


async def test_what_is_required_is_told_once() -> None:
    """And is a list of names."""
    schema = {"type": "object", "properties": {"a": {"required": True}}, "required": ["a", "a", 1]}

    assert await shown(schema) == {"type": "object", "properties": {"a": {}}, "required": ["a"]}


async def test_words_beside_a_reference_are_kept() -> None:
    """In place of those of what it refers to."""
    schema = {"$ref": "#/components/schemas/A", "description": "here"}

    found = await shown(schema, A={"type": "string", "title": "A", "description": "there"})

    assert found == {"type": "string", "title": "A", "description": "here"}


async def test_conditions_beside_a_reference_hold_too() -> None:
    """In versions that know such."""
    schema = {"$ref": "#/components/schemas/A", "minLength": 2}

    found = await shown(schema, "3.1.0", A={"type": "string"})

    assert found == {"minLength": 2, "allOf": [{"type": "string"}]}


@pytest.mark.parametrize("name", ["a.b-c", "A Name", "ä/ö", "x~y", "%41"])
async def test_a_schema_may_have_any_name(name: str) -> None:
    """Encoded as references are."""
    from urllib.parse import quote

    ref = "#/components/schemas/" + quote(name.replace("~", "~0").replace("/", "~1"))

    assert await shown({"$ref": ref}, **{name: {"type": "integer"}}) == {"type": "integer"}


async def test_a_reference_may_lead_anywhere_in_the_document() -> None:
    """Into another schema, say."""
    ref = {"$ref": "#/components/schemas/A/properties/b/items"}
    inner = {"type": "object", "properties": {"b": {"type": "array", "items": {"type": "integer"}}}}

    assert await shown(ref, A=inner) == {"type": "integer"}


async def test_a_large_schema_is_told_as_far_as_there_is_room() -> None:
    """What is near first; what is far by its type alone."""
    wide = {f"p{n}": {"type": "string"} for n in range(90)}
    schemas = {
        f"S{n}": {
            "type": "object",
            "properties": {**wide, "next": {"$ref": f"#/components/schemas/S{n + 1}"}},
        }
        for n in range(40)
    }
    schemas["S40"] = {"type": "object"}

    found = await shown({"$ref": "#/components/schemas/S0"}, **schemas)

    depth = 0
    while "properties" in found:
        found, depth = found["properties"]["next"], depth + 1
    assert 5 < depth < 20
    assert found == {"type": "object"}
