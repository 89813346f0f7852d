"""Catalogues in files: what differs, and what breaks the clients of the one before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from apps import served
from pydantic import BaseModel, Field

from fastmcp import FastMCP
from fastmcp.testing import (
    assert_catalogue,
    assert_compatible,
    breaking_changes,
    fetch_catalogue,
    get_catalogue,
)


def server_of(*tools: Callable[..., Any]) -> FastMCP:
    """A server of these functions, each a tool of the name it has."""
    return FastMCP("x", tools=tools)


def changes(old: Any, new: Any) -> list[str]:
    """What breaks when the function of a tool `f` becomes another one."""
    before, after = FastMCP("x"), FastMCP("x")
    before.tool(old, name="f")
    after.tool(new, name="f")
    return breaking_changes(before, after)


class Item(BaseModel):
    name: str
    price: float = 0


class PricedItem(BaseModel):
    name: str
    price: float


class Whole(BaseModel):
    name: str
    price: int
    stock: int = 0


def one() -> FastMCP:
    """One component of each kind."""
    mcp = FastMCP("one")

    @mcp.tool
    def add(a: int, b: int = 0) -> int:
        """Add."""
        return a + b

    @mcp.resource("config://app")
    def config() -> str:
        return "x"

    @mcp.resource("user://{id}")
    def user(id: str) -> str:
        return id

    @mcp.prompt
    def greet(name: str) -> str:
        return name

    return mcp


def test_a_catalogue_has_all_lists_as_clients_see_them() -> None:
    """In the order of the names, whatever that of the registrations."""
    catalogue = get_catalogue(one())

    assert {part: len(entries) for part, entries in catalogue.items()} == {
        "tools": 1,
        "resources": 1,
        "resourceTemplates": 1,
        "prompts": 1,
    }
    assert catalogue["tools"][0]["inputSchema"]["required"] == ["a"]
    assert asyncio.run(fetch_catalogue(one())) == catalogue


def test_a_server_elsewhere_has_a_catalogue_too(tmp_path: Path) -> None:
    """Reached by its URL; and a file has one, under either kind of name."""
    path = tmp_path / "catalogue.json"
    with served(one().http_app()) as base:
        assert_catalogue(f"{base}/mcp", path)

    assert get_catalogue(path) == get_catalogue(str(path)) == get_catalogue(one())


def test_the_first_run_writes_and_the_next_one_compares(tmp_path: Path) -> None:
    """Until somebody says that it is to be so."""
    path = tmp_path / "snapshots" / "catalogue.json"
    mcp = one()

    assert_catalogue(mcp, path)
    assert_catalogue(mcp, path)
    written = path.read_text("utf-8")
    assert json.loads(written)["tools"][0]["name"] == "add"

    mcp.remove_tool("add")
    with pytest.raises(AssertionError):
        assert_catalogue(mcp, path)
    assert path.read_text("utf-8") == written
    assert_catalogue(mcp, path, update=True)
    assert_catalogue(mcp, path)


def test_a_difference_is_told_place_by_place(tmp_path: Path) -> None:
    """What came, what went, what changed, and what of it breaks clients."""
    path = tmp_path / "catalogue.json"

    def add(a: int) -> int:
        """Add."""
        return a

    def old() -> str:
        return ""

    def add_as_text(a: str) -> int:
        """Add up."""
        return len(a)

    def new() -> str:
        return ""

    assert_catalogue(server_of(add, old), path)
    after = server_of(new)
    after.tool(add_as_text, name="add")
    with pytest.raises(AssertionError) as caught:
        assert_catalogue(after, path)
    lines = str(caught.value).splitlines()

    assert '~ tools.add.description: "Add." -> "Add up."' in lines
    assert '~ tools.add.inputSchema.properties.a.type: "integer" -> "string"' in lines
    assert any(line.startswith('+ tools.new: {"') for line in lines)
    assert any(line.startswith('- tools.old: {"') for line in lines)
    assert "  tool 'old' is gone" in lines
    assert "  tool 'add': the argument 'a' no longer takes integer" in lines
    assert "--mcp-snapshot-update" in lines[-1]


def test_additions_break_nothing() -> None:
    """New tools, optional arguments, wider types, more members of results, other texts."""

    def old(a: int) -> Item:
        """Old."""
        return Item(name="x")

    def new(a: int | str, b: str = "") -> Whole:
        """New."""
        return Whole(name="x", price=1)

    assert changes(old, new) == []
    assert breaking_changes(FastMCP("empty"), one()) == []
    assert_compatible(FastMCP("empty"), one())


def f_required(a: int, b: str) -> None: ...
def f_one(a: int) -> None: ...
def f_none() -> None: ...
def f_optional(a: int = 0) -> None: ...
def f_number(a: float) -> None: ...
def f_union(a: int | str | None = None) -> None: ...
def f_choice(a: Literal["x", "y"]) -> None: ...
def f_fewer(a: Literal["x"]) -> None: ...
def f_text(a: str) -> None: ...
def f_bounded(a: int = Field(ge=1, le=9)) -> None: ...
def f_tighter(a: int = Field(ge=2, le=8)) -> None: ...
def f_items(a: list[Item]) -> None: ...
def f_priced(a: list[PricedItem]) -> None: ...
def f_numbers(a: list[int]) -> None: ...
def f_texts(a: list[str]) -> None: ...
def f_any(a: Any) -> None: ...
def f_map(a: dict[str, int]) -> None: ...


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (f_one, f_required, ["the argument 'b' is required now"]),
        (f_optional, f_one, ["the argument 'a' is required now"]),
        (f_one, f_none, ["the argument 'a' is gone"]),
        (f_number, f_one, ["the argument 'a' no longer takes number"]),
        (f_one, f_number, []),
        (
            f_union,
            f_optional,
            [
                "the argument 'a' no longer takes string",
                "the argument 'a' no longer takes null",
            ],
        ),
        (f_choice, f_fewer, ["the argument 'a' no longer takes \"y\""]),
        (f_fewer, f_choice, []),
        (f_text, f_choice, ['the argument \'a\' no longer takes anything but "x", "y"']),
        (f_choice, f_text, []),
        (
            f_bounded,
            f_tighter,
            [
                "the argument 'a' no longer takes what breaks minimum=2",
                "the argument 'a' no longer takes what breaks maximum=8",
            ],
        ),
        (f_tighter, f_bounded, []),
        (f_bounded, f_one, []),
        (f_items, f_priced, ["the argument 'a[].price' is required now"]),
        (f_priced, f_items, []),
        (f_numbers, f_texts, ["the argument 'a[]' no longer takes integer"]),
        (f_any, f_text, ["the argument 'a' no longer takes anything but string"]),
        (f_text, f_any, []),
        (f_map, f_text, ["the argument 'a' no longer takes object"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_arguments_may_only_take_more(old: Any, new: Any, broken: list[str]) -> None:
    """What was sent before has to be taken still."""
    assert changes(old, new) == [f"tool 'f': {each}" for each in broken]


def r_item() -> Item: ...  # type: ignore[empty-body]
def r_priced() -> PricedItem: ...  # type: ignore[empty-body]
def r_whole() -> Whole: ...  # type: ignore[empty-body]
def r_number() -> float: ...  # type: ignore[empty-body]
def r_int() -> int: ...  # type: ignore[empty-body]
def r_maybe() -> int | None: ...
def r_text() -> str: ...  # type: ignore[empty-body]


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (r_item, r_whole, []),
        (
            r_whole,
            r_item,
            [
                "the output member 'price' is no longer always there",
                "the output member 'price' may now be number",
            ],
        ),
        (r_priced, r_item, ["the output member 'price' is no longer always there"]),
        (r_int, r_maybe, ["the output member 'result' may now be null"]),
        (r_maybe, r_int, []),
        (r_int, r_number, ["the output member 'result' may now be number"]),
        (r_int, r_text, ["it no longer has structured output"]),
        (r_text, r_int, []),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_results_may_only_promise_more(old: Any, new: Any, broken: list[str]) -> None:
    """What was relied on before has to be true still."""
    assert changes(old, new) == [f"tool 'f': {each}" for each in broken]


def test_what_is_gone_is_told_for_every_kind() -> None:
    """Tools, resources, templates and prompts, and arguments of prompts."""
    smaller = FastMCP("smaller")

    @smaller.prompt
    def greet(title: str) -> str:
        return title

    @smaller.resource("user://{id}", mime_type="application/json")
    def user(id: str) -> str:
        return id

    assert breaking_changes(one(), smaller) == [
        "tool 'add' is gone",
        "resource 'config://app' is gone",
        "template 'user://{id}': its MIME type was text/plain and is application/json",
        "prompt 'greet': the argument 'name' is gone",
        "prompt 'greet': the argument 'title' is required now",
    ]
    with pytest.raises(AssertionError, match="This breaks clients"):
        assert_compatible(one(), smaller)


def catalogue_with(schema: dict[str, Any]) -> dict[str, Any]:
    tool = {"name": "f", "inputSchema": {"type": "object", "properties": {"a": schema}}}
    return {"tools": [tool], "resources": [], "resourceTemplates": [], "prompts": []}


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ({"$ref": "#/$defs/T"}, {"$ref": "#/$defs/T"}, 0),
        ({"type": ["string", "null"]}, {"type": "string"}, 1),
        ({"type": "string"}, {"type": ["string", "null"]}, 0),
        ({"const": 1}, {"enum": [1, 2]}, 0),
        ({"enum": [1, 2]}, {"const": 1}, 1),
        ({"type": "string"}, {"type": "string", "pattern": "^a"}, 1),
        ({"type": "string"}, {"type": "string", "minLength": 0}, 0),
        ({"type": "integer"}, {"type": "integer", "minimum": 0}, 1),
        ({}, {}, 0),
        ({"type": "string"}, False, 1),
        (
            {"type": "object", "additionalProperties": True},
            {"type": "object", "additionalProperties": False},
            1,
        ),
    ],
)
def test_schemas_of_any_server_are_compared(old: Any, new: Any, broken: int) -> None:
    """Written by hand, with references, lists of types and constants."""
    before, after = catalogue_with(old), catalogue_with(new)

    assert len(breaking_changes(before, after)) == broken


def test_a_schema_that_contains_itself_is_compared_to_a_bounded_depth() -> None:
    """A tree of nodes is the same as itself, and differs where its nodes do."""

    def tree(kind: str) -> dict[str, Any]:
        node = {
            "type": "object",
            "properties": {
                "value": {"type": kind},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            },
        }
        schema = {
            "type": "object",
            "properties": {"root": {"$ref": "#/$defs/Node"}},
            "$defs": {"Node": node},
        }
        tool = {"name": "f", "inputSchema": schema}
        return {"tools": [tool], "resources": [], "resourceTemplates": [], "prompts": []}

    assert breaking_changes(tree("string"), tree("string")) == []
    found = breaking_changes(tree("string"), tree("integer"))
    assert found[0] == "tool 'f': the argument 'root.value' no longer takes string"
