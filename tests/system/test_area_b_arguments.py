"""Area B: what the arguments of tools may be, row by row."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any, Dict, List, Optional, Tuple  # noqa: UP035

import pytest
from apps import request
from conversation import REVISIONS, ask

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError


@pytest.fixture
def mcp() -> FastMCP:
    """A server with the tools that the rows speak of."""
    mcp = FastMCP("area B")

    @mcp.tool
    def add_numbers(a: int, b: int) -> int:
        entered.append("add_numbers")
        return a + b

    @mcp.tool
    def scalars(whole: int, part: float, text: str, switch: bool = False) -> str:
        return f"{whole!r} {part!r} {text!r} {switch!r}"

    @mcp.tool
    def analyze_patterns(data: List[float]) -> float:  # noqa: UP006
        return sum(data)

    @mcp.tool
    def process_data(data: dict, notes: list = []) -> dict:  # noqa: B006
        return {"data": data, "notes": notes}

    @mcp.tool
    def configure(options: Dict[str, Any], names: Optional[List[str]] = None) -> str:  # noqa: UP006
        return f"{options!r} {names!r}"

    @mcp.tool
    def record(at: datetime, place: Tuple[float, float], size: int, price: Decimal) -> dict:  # noqa: UP006
        return {"at": at, "place": place, "size": size, "price": price}

    entered.clear()
    return mcp


entered: list[str] = []


def with_client(mcp: FastMCP, act: Any) -> Any:
    async def main() -> Any:
        async with Client(mcp) as client:
            return await act(client)

    return asyncio.run(main())


def schema(mcp: FastMCP, name: str) -> dict[str, Any]:
    async def listed(client: Client) -> dict[str, Any]:
        return {tool.name: tool.inputSchema for tool in await client.list_tools()}

    return with_client(mcp, listed)[name]


def call(mcp: FastMCP, name: str, arguments: dict[str, Any]) -> Any:
    async def called(client: Client) -> Any:
        return (await client.call_tool(name, arguments)).data

    return with_client(mcp, called)


def test_s023_scalar_hints_give_the_json_schema(mcp: FastMCP) -> None:
    """integer, number, string and boolean, and what has no default is required."""
    found = schema(mcp, "scalars")

    kinds = {name: member["type"] for name, member in found["properties"].items()}
    assert kinds == {"whole": "integer", "part": "number", "text": "string", "switch": "boolean"}
    assert found["required"] == ["whole", "part", "text"]
    assert schema(mcp, "add_numbers")["properties"]["a"]["type"] == "integer"
    assert schema(mcp, "add_numbers")["required"] == ["a", "b"]
    sent = {"whole": 1, "part": 2, "text": "3"}
    assert call(mcp, "scalars", sent) == "1 2.0 '3' False"


def test_s024_container_hints(mcp: FastMCP) -> None:
    """An array of numbers, any array, any object; and the calls go through."""
    numbers = schema(mcp, "analyze_patterns")["properties"]["data"]
    anything = schema(mcp, "process_data")["properties"]
    options = schema(mcp, "configure")["properties"]["options"]

    assert numbers == {"type": "array", "items": {"type": "number"}}
    assert anything["data"] == {"type": "object", "additionalProperties": True}
    assert anything["notes"] == {"type": "array", "items": {}, "default": []}
    assert options == {"type": "object", "additionalProperties": True}
    assert call(mcp, "analyze_patterns", {"data": [1, 2]}) == 3
    nested = {"a": {"b": 1}}
    assert call(mcp, "process_data", {"data": nested}) == {"data": nested, "notes": []}
    assert call(mcp, "configure", {"options": nested, "names": ["x"]}) == f"{nested!r} ['x']"


def test_s024_a_container_may_come_as_json_in_a_string(mcp: FastMCP) -> None:
    """What models often send is understood."""
    assert call(mcp, "analyze_patterns", {"data": "[1, 2]"}) == 3
    assert call(mcp, "process_data", {"data": '{"a": 1}'})["data"] == {"a": 1}


def test_s035_values_that_json_does_not_have_arrive_as_annotated(mcp: FastMCP) -> None:
    """An ISO string is a datetime, an array a tuple, and a large integer exact."""
    sent = {
        "at": "2026-07-28T12:00:00Z",
        "place": [47, 7.5],
        "size": 2**80,
        "price": "19.90",
    }

    assert call(mcp, "record", sent) == {**sent, "place": [47.0, 7.5]}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({"a": 1}, "b"), ({"a": 1, "b": "two"}, "b"), ({"a": 1, "b": 2, "c": 3}, "c"), ({}, "a")],
    ids=["missing", "wrong", "unknown", "none"],
)
def test_s038_invalid_arguments_name_the_parameter(
    mcp: FastMCP, arguments: dict[str, Any], named: str
) -> None:
    """The error says which argument is wrong, and the function is not entered."""
    with pytest.raises(ToolError) as caught:
        call(mcp, "add_numbers", arguments)

    assert f"{named}: " in str(caught.value)
    assert "'add_numbers'" in str(caught.value)
    assert entered == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_s038_the_server_goes_on_after_invalid_arguments(mcp: FastMCP, revision: str) -> None:
    """In every revision the answer names the parameter, and the next call works."""
    wrong = request("tools/call", 1, name="add_numbers", arguments={"a": 1})
    right = request("tools/call", 2, name="add_numbers", arguments={"a": 1, "b": 2})

    refused, answered = ask(mcp, wrong, revision), ask(mcp, right, revision)

    assert "b: is required" in str(refused)
    assert answered["result"]["content"][0]["text"] == "3"
