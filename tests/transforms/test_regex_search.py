"""Searching by patterns, those of strangers included."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.server.transforms.search import RegexSearchTransform


def office(count: int = 0) -> FastMCP:
    mcp = FastMCP("office", transforms=[RegexSearchTransform(max_results=3)])

    @mcp.tool
    def send_email(to: str) -> None:
        """Send an email."""

    @mcp.tool
    def delete_record(record_id: int) -> None:
        """Delete a record from the database."""

    for number in range(count):
        mcp.tool(lambda: 1, name=f"other_{number}", description="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa !")
    return mcp


async def found(client: Client, pattern: str) -> list[str]:
    result = await client.call_tool("search_tools", {"pattern": pattern})
    return [each["name"] for each in result.structured_content["result"]]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("send.*EMAIL", ["send_email"]),
        ("database|email", ["send_email", "delete_record"]),
        (r"\brecord_id$|^zzz", ["delete_record"]),
        (r"d{1}a", ["delete_record"]),
        ("other_1", ["other_1", "other_10", "other_11"]),
        ("", ["send_email", "delete_record", "other_0"]),
        ("zebra", []),
    ],
)
async def test_tools_are_found_in_their_order_up_to_a_number(
    pattern: str, names: list[str]
) -> None:
    """In names, descriptions and parameters, whatever the case."""
    async with Client(office(20)) as client:
        assert await found(client, pattern) == names


@pytest.mark.parametrize(
    "pattern", ["[", "(?=x)", r"(a)\1", "a" * 1001, "(?P<x", "a{99999999999999999999}", "a{2,1}"]
)
async def test_what_is_no_pattern_or_too_much_of_one_finds_nothing(pattern: str) -> None:
    """As FastMCP has it; the search goes on working."""
    async with Client(office()) as client:
        assert await found(client, pattern) == []
        assert await found(client, "email") == ["send_email"]


HOSTILE = [
    "(a+)+$",
    "(a|a)*b",
    "(a|aa)+$",
    "(.*)*x" * 100,
    "(.{1,200}){1,200}x",
    r"(\w{1,50}){1,20}x",
    r"\w" * 490,
    r"\pL{400}",
    "((((a{9}){9}){9}){9}){9}",
    "[^x]{1,120}[^y]z",
    "(?:.?)" * 160 + "x",
    r"(?:\w*\s*){60}!",
    "(" * 400 + "a" + ")" * 400,
    "a{1000000}",
    "|".join("(a{1,2}b)" for _ in range(90)),
]


@pytest.fixture(scope="module")
def large() -> FastMCP:
    return office(1_000)


@pytest.mark.parametrize("pattern", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_hostile_pattern_stops_nobody_else(large: FastMCP, pattern: str) -> None:
    """A search ends soon, and other requests are answered meanwhile."""
    async with Client(large) as searching, Client(office()) as other:
        await found(searching, "zebra")
        before = time.process_time()
        search = asyncio.create_task(found(searching, pattern))
        answered = 0
        while not search.done():
            await other.call_tool("send_email", {"to": "a"})
            answered += 1
        await search

        assert time.process_time() - before < 4
        assert answered > 0


async def test_a_search_that_takes_too_long_gives_what_it_has_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Within its time; the rest is not looked at."""
    monkeypatch.setattr(RegexSearchTransform, "_search_time_budget", -1.0)

    async with Client(office(10)) as client:
        assert await found(client, ".") == ["send_email"]


async def test_a_description_of_any_length_is_searched_so_far() -> None:
    """A single match cannot be interrupted, so it is given a bounded text."""
    mcp = office()
    mcp.tool(lambda: 1, name="long", description="x" * 1_000_000 + "zebra")

    async with Client(mcp) as client:
        assert await found(client, "^long") == ["long"]
        assert await found(client, "zebra") == []


async def test_tools_say_what_they_take() -> None:
    """A model has to know the syntax."""
    async with Client(office()) as client:
        search, call = await client.list_tools()

    properties: dict[str, Any] = search.input_schema["properties"]
    assert list(properties) == ["pattern"]
    assert "lookaround" in properties["pattern"]["description"]
    assert list(call.input_schema["properties"]) == ["name", "arguments"]
    assert call.input_schema["required"] == ["name"]
