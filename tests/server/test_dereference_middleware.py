"""Schemas for clients that follow no references."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from apps import http, request
from conversation import ask
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from fastmcp import FastMCP
from fastmcp.server.middleware.dereference import DereferenceRefsMiddleware
from fastmcp.tools import Tool


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    others: list[str] = []


class Person(BaseModel):
    name: str
    home: Address
    work: Address | None = None


class Folder(BaseModel):
    name: str
    owner: Address
    folders: list[Folder] = []


class Raw(Tool):
    async def run(self, arguments: dict[str, Any]) -> Any:
        return None


def schema_of(tool: Any, *, over_http: bool = False, **options: Any) -> Any:
    mcp = FastMCP(
        "x", dereference_schemas=False, middleware=[DereferenceRefsMiddleware()], **options
    )
    mcp.add_tool(tool)
    if over_http:
        with http(mcp) as client:
            answer = client.modern(request("tools/list")).json()
    else:
        answer = ask(mcp, request("tools/list"))
    [shown] = answer["result"]["tools"]
    return shown["inputSchema"], shown.get("outputSchema")


def save(person: Person) -> Person:
    return person


@pytest.mark.parametrize("over_http", [False, True])
def test_references_give_way_to_what_they_refer_to(over_http: bool) -> None:
    """In what a tool takes and in what it gives, with the words that stood beside them."""
    for schema in schema_of(save, over_http=over_http):
        assert "$ref" not in str(schema) and "$defs" not in str(schema)

    taken, _ = schema_of(save)
    check = Draft202012Validator(taken)
    home = {"street": "a"}
    assert check.is_valid({"person": {"name": "a", "home": home, "work": None}})
    assert not check.is_valid({"person": {"name": "a", "home": {"street": 1}}})
    assert taken["properties"]["person"]["properties"]["home"]["description"]


def test_recursion_keeps_its_references() -> None:
    """They lead to definitions that are there, and the schema allows what it allowed."""

    def scan(folder: Folder) -> Folder:
        return folder

    for schema in schema_of(scan):
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert list(schema["$defs"]) == ["Folder"]
        assert "Address" not in str(schema)

    taken, _ = schema_of(scan)
    check = Draft202012Validator(taken)
    deep: dict[str, Any] = {"name": "a", "owner": {"street": "b"}}
    for _ in range(5):
        deep = {"name": "a", "owner": {"street": "b"}, "folders": [deep]}
    assert check.is_valid({"folder": deep})
    deep["folders"][0]["folders"][0]["owner"] = {"street": 1}
    assert not check.is_valid({"folder": deep})


def test_other_documents_are_left_alone() -> None:
    """Nothing is fetched; what cannot be found stays as it is."""
    given = {
        "type": "object",
        "properties": {
            "far": {"$ref": "https://example.invalid/schema.json"},
            "gone": {"$ref": "#/$defs/Gone"},
            "near": {"$ref": "#/$defs/Near", "description": "beside", "minLength": 2},
            "$ref": {"type": "string"},
        },
        "default": {"$ref": "#/$defs/Near"},
        "$defs": {"Near": {"type": "string", "maxLength": 3}},
    }

    shown, _ = schema_of(Raw(name="raw", parameters=given))

    assert shown["properties"]["far"] == given["properties"]["far"]
    assert shown["properties"]["gone"] == given["properties"]["gone"]
    assert shown["properties"]["$ref"] == {"type": "string"}
    assert shown["default"] == {"$ref": "#/$defs/Near"}
    check = Draft202012Validator(shown["properties"]["near"])
    assert [check.is_valid(text) for text in ("a", "ab", "abc", "abcd")] == [
        *(False, True, True, False)
    ]


def test_definitions_that_double_keep_their_references() -> None:
    """A few lines of schema can stand for more than anybody could send."""
    names = [f"D{number}" for number in range(40)]
    definitions: dict[str, Any] = {
        name: {"properties": {"a": {"$ref": f"#/$defs/{after}"}, "b": {"$ref": f"#/$defs/{after}"}}}
        for name, after in pairwise(names)
    }
    definitions[names[-1]] = {"type": "string"}
    given = {
        "type": "object",
        "properties": {"x": {"$ref": "#/$defs/D0"}},
        "$defs": definitions,
    }

    assert schema_of(Raw(name="raw", parameters=given))[0] == given


def test_templates_are_listed_likewise() -> None:
    """What a client never sees of a template does not keep it from being listed."""
    mcp = FastMCP("x", middleware=[DereferenceRefsMiddleware()])

    @mcp.resource("data://{name}")
    def data(name: str) -> str:
        return name

    answer = ask(mcp, request("resources/templates/list"))

    assert [each["uriTemplate"] for each in answer["result"]["resourceTemplates"]] == [
        "data://{name}"
    ]
