"""Public documents of many kinds become servers, every operation of them."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from fastmcp import Client, FastMCP
from fastmcp.server.providers.kinds import TOOLS
from openapi.documents import DOCUMENTS, operations, public

SHOWN = 15
"""Tools of a document whose large schemas are read by another implementation: it takes its time."""


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.timeout(600)
async def test_every_operation_becomes_a_tool(name: str) -> None:
    """With schemas that are valid JSON Schema, in a list that a client can read."""
    spec = public(name)
    count = operations(spec)
    assert count >= DOCUMENTS[name]
    mcp = FastMCP.from_openapi(spec, httpx2.AsyncClient(base_url="http://api.test"))

    async with Client(mcp) as client:
        tools = await client.list_tools()

    assert len(tools) == len({tool.name for tool in tools}) == count
    promised = [tool.output_schema for tool in tools if tool.output_schema]
    some = random.Random(name).sample(promised, min(SHOWN, len(promised)))
    arguments: dict[str, Any] = {}
    for tool in tools:
        schema = tool.input_schema
        assert set(schema.get("required", ())) <= schema["properties"].keys()
    for schema in [*(tool.input_schema for tool in tools), *some]:
        assert schema["type"] == "object"
        assert "$defs" not in schema
        for each in schema.get("properties", {}).values():
            arguments[json.dumps(each)] = each  # operations share most of them
    Draft202012Validator.check_schema({"anyOf": [{}, *arguments.values()]})


@pytest.mark.parametrize("name", ["stripe", "kubernetes", "figma"])
@pytest.mark.timeout(600)
async def test_references_are_kept_for_those_who_follow_them(name: str) -> None:
    """Every one of them leads somewhere, and what contains itself ends."""
    client = httpx2.AsyncClient(base_url="http://api.test")
    mcp = FastMCP.from_openapi(public(name), client, dereference_schemas=False)

    async with Client(mcp) as session:
        tools = await session.list_tools()

    schemas = [schema for tool in tools for schema in (tool.input_schema, tool.output_schema)]
    referring = [schema for schema in schemas if schema and "$defs" in schema]
    assert referring
    for schema in random.Random(name).sample(referring, min(SHOWN, len(referring))):
        Draft202012Validator.check_schema(schema)
        assert _refs(schema) <= schema["$defs"].keys()


def _refs(node: object) -> set[str]:
    if isinstance(node, list):
        return {ref for each in node for ref in _refs(each)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].removeprefix("#/$defs/")} if isinstance(node.get("$ref"), str) else set()
    return own | {ref for each in node.values() for ref in _refs(each)}


def test_a_document_is_left_as_it_is() -> None:
    """So that it can be used again."""
    spec = public("train-travel")
    before = deepcopy(spec)
    for tool in (
        FastMCP.from_openapi(spec, httpx2.AsyncClient(base_url="http://api.test"))
        .providers[0]
        ._all_fixed(TOOLS)
    ):
        assert tool._entry(portable=True).input_schema["type"] == "object"
        _ = tool.output_schema

    assert spec == before
