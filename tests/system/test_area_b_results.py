"""Area B, what tools return and how they fail, row by row: in memory and over HTTP."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from apps import Mcp, call, http, served

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError

RECORD = {"id": 1, "tags": ["a", "b"], "owner": {"name": "Ada", "age": None}}
RETRIED = ("timeout", "timed out", "connection", "network", "502", "503", "504")


def server() -> FastMCP:
    """A server with one tool for each kind of result."""
    mcp = FastMCP("results")
    logs: list[dict[str, Any]] = []

    @mcp.tool
    def get_record() -> dict:  # type: ignore[type-arg]
        return RECORD

    @mcp.tool
    def add_numbers(a: int, b: int) -> int:
        logs.append(
            {
                "args": (a, b),
                "kwargs": {"a": a, "b": b},
                "time": datetime(2026, 7, 28, 12, tzinfo=UTC),
                "nonce": 2**70,
            }
        )
        return a + b

    @mcp.tool
    def average(a: float, b: float) -> float:
        return (a + b) / 2

    @mcp.tool
    def greet(name: str) -> str:
        return f"Hello, {name}!"

    @mcp.tool
    def search(query: str) -> list[dict]:  # type: ignore[type-arg]
        return [RECORD] if query else []

    @mcp.tool
    def history() -> list:  # type: ignore[type-arg]
        return []

    @mcp.tool
    def send_media() -> dict[str, Any]:
        return {"type": "text", "text": "see", "media_url": "https://e.com/a.png"}

    @mcp.tool
    def get_request_logs():
        return {"logs": logs, "count": len(logs)}

    @mcp.tool
    def divide(a: float, b: float) -> float:
        if b == 0:
            raise ValueError("Cannot divide by zero")
        return a / b

    @mcp.tool
    def system_info() -> dict[str, Any]:
        import sysconfig  # needed by nothing but this call

        return {"platform": sysconfig.get_platform()}

    return mcp


@pytest.fixture(params=["memory", "http"])
def target(request: pytest.FixtureRequest) -> Iterator[Any]:
    """What a client connects to: the server itself, or its URL."""
    mcp = server()
    if request.param == "memory":
        yield mcp
    else:
        with served(mcp.http_app()) as base:
            yield f"{base}/mcp"


def with_client(target: Any, act: Callable[[Client], Any], mode: str = "auto") -> Any:
    """The outcome of a coroutine function that is given a connected client."""

    async def main() -> Any:
        async with Client(target, mode=mode, timeout=20) as client:
            return await act(client)

    return asyncio.run(main())


def called(target: Any, tool: str, /, **arguments: Any) -> Any:
    return with_client(target, lambda client: client.call_tool(tool, arguments))


def test_s030_a_dict_is_structured_content_and_json_text(target: Any) -> None:
    """The object itself for programs, and its JSON for the model."""
    result = called(target, "get_record")

    assert result.data == RECORD
    assert result.structured_content == RECORD
    assert json.loads(result.content[0].text) == RECORD
    assert len(result.content) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("add_numbers", {"a": 10, "b": 20}, 30),
        ("average", {"a": 1, "b": 2}, 1.5),
        ("greet", {"name": "Ada"}, "Hello, Ada!"),
    ],
)
def test_s031_a_scalar_is_text_and_clients_unwrap_it(
    target: Any, name: str, arguments: dict[str, Any], value: Any
) -> None:
    """Numbers are also structured as {"result": value}; text is not sent a second time."""
    result = called(target, name, **arguments)

    assert result.data == value
    assert type(result.data) is type(value)
    assert [block.text for block in result.content] == [str(value)]
    assert result.structured_content == (None if name == "greet" else {"result": value})


def test_s031_text_is_structured_too_where_that_is_asked_for() -> None:
    """The exact form of 3.x is an option."""
    mcp = FastMCP("x")

    @mcp.tool(structured_text=True)
    def greet(name: str) -> str:
        return f"Hello, {name}!"

    result = called(mcp, "greet", name="Ada")

    assert result.structured_content == {"result": "Hello, Ada!"}
    assert result.data == result.content[0].text == "Hello, Ada!"


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("search", {"query": ""}, []),
        ("search", {"query": "a"}, [RECORD]),
        ("history", {}, []),
    ],
)
def test_s032_a_list_is_structured_and_one_text_block(
    target: Any, name: str, arguments: dict[str, Any], value: Any
) -> None:
    """An empty list comes back as an empty list."""
    result = called(target, name, **arguments)

    assert result.data == value
    assert result.structured_content == {"result": value}
    assert [json.loads(block.text) for block in result.content] == [value]


def test_s033_data_that_looks_like_a_block_stays_data(target: Any) -> None:
    """A dict with type "text" keeps its other members."""
    result = called(target, "send_media")

    assert result.structured_content["media_url"] == "https://e.com/a.png"
    assert result.data == {"type": "text", "text": "see", "media_url": "https://e.com/a.png"}


def hands_on(backend: Mcp) -> FastMCP:
    """A server whose tools return the answers of another, as they came over HTTP."""
    front = FastMCP("front")

    def answer(name: str, arguments: dict[str, Any]) -> Any:
        return backend.modern(call(name, **arguments)).json()["result"]

    @front.tool
    def as_records(name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        return answer(name, arguments)

    @front.tool
    def as_text(name: str, arguments: dict[str, Any]) -> str:
        return answer(name, arguments)

    @front.tool
    def as_it_is(name: str, arguments: dict[str, Any]):
        return answer(name, arguments)

    return front


@pytest.mark.parametrize("tool", ["as_records", "as_text", "as_it_is"])
def test_s034_the_result_of_another_server_passes_through(tool: str) -> None:
    """Whatever the annotation says: its data, its content, and that it is an error."""
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_record", {}),
        ("add_numbers", {"a": 1, "b": 2}),
        ("greet", {"name": "Ada"}),
        ("divide", {"a": 1, "b": 0}),
    ]

    with http(server()) as backend:

        async def both(client: Client) -> Any:
            front = hands_on(backend)
            async with Client(front) as proxy:
                for name, arguments in calls:
                    given = {"name": name, "arguments": arguments}
                    direct = await client.call_tool(name, arguments, raise_on_error=False)
                    passed = await proxy.call_tool(tool, given, raise_on_error=False)
                    assert (passed.data, passed.is_error) == (direct.data, direct.is_error)
                    assert passed.content == direct.content

        with_client(backend.url, both)


def test_s035_values_that_are_not_quite_json_are_written(target: Any) -> None:
    """Tuples are arrays, times are ISO 8601, and large integers stay exact."""

    async def act(client: Client) -> Any:
        await client.call_tool("add_numbers", {"a": 1, "b": 2})
        return await client.call_tool("get_request_logs")

    result = with_client(target, act)

    logged = {
        "args": [1, 2],
        "kwargs": {"a": 1, "b": 2},
        "time": "2026-07-28T12:00:00Z",
        "nonce": 2**70,
    }
    assert result.data == {"logs": [logged], "count": 1}
    assert json.loads(result.content[0].text) == result.data


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s036_an_exception_becomes_an_error_result(target: Any, mode: str) -> None:
    """The message reaches the client, which raises it, and the next call works."""

    async def act(client: Client) -> Any:
        failed = await client.call_tool("divide", {"a": 1, "b": 0}, raise_on_error=False)
        with pytest.raises(ToolError, match="Cannot divide by zero"):
            await client.call_tool("divide", {"a": 1, "b": 0})
        return failed, await client.call_tool("divide", {"a": 6, "b": 3})

    failed, worked = with_client(target, act, mode)

    assert failed.is_error
    assert "Cannot divide by zero" in failed.content[0].text
    assert worked.data == 2


def test_s036_an_error_is_a_result_on_the_wire() -> None:
    """isError, and no JSON-RPC error: the model is to read it."""
    with http(server(), json_response=True) as client:
        session = client.open()
        failed = client.post(call("divide", a=1, b=0), session)
        worked = client.post(call("divide", a=6, b=3), session)

    assert failed.status_code == 200
    assert failed.json()["result"]["isError"] is True
    assert "Cannot divide by zero" in failed.json()["result"]["content"][0]["text"]
    assert worked.json()["result"]["structuredContent"] == {"result": 2.0}


class RobustClient:
    """A client that tries again when an error sounds like trouble on the way."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.attempts = 0

    async def call_tool(self, name: str) -> dict[str, Any]:
        for _ in range(3):
            self.attempts += 1
            try:
                return {"data": (await self.client.call_tool(name)).data}
            except Exception as error:
                text = str(error)
                if not any(word in text.lower() for word in RETRIED):
                    return {"error": text}
        raise AssertionError(f"tried {self.attempts} times")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s037_an_unknown_tool_is_an_error_that_names_it(target: Any, mode: str) -> None:
    """It is told at once, in words that nobody takes for trouble on the way."""

    async def act(client: Client) -> Any:
        robust = RobustClient(client)
        return await robust.call_tool("nonexistent_tool"), robust.attempts

    answer, attempts = with_client(target, act, mode)

    assert "nonexistent_tool" in answer["error"]
    assert attempts == 1


def test_s048_a_tool_imports_what_it_needs_when_it_is_called(target: Any) -> None:
    """Nothing of it is needed before, and a module that is missing is an error of the call."""
    mcp = FastMCP("x")

    @mcp.tool
    def missing() -> str:
        import no_such_module_anywhere  # type: ignore[import-not-found]

        return no_such_module_anywhere.name

    assert called(target, "system_info").data["platform"]
    assert "sysconfig" in sys.modules
    with pytest.raises(ToolError, match="no_such_module_anywhere"):
        called(mcp, "missing")
