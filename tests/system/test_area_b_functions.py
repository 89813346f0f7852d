"""Area B, the rows on reading functions: parameters, descriptions, and what wraps a function."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable
from typing import Annotated, Any, Optional

import pytest
from pydantic import Field

from fastmcp import Client, FastMCP
from fastmcp.client.transports import PythonStdioTransport
from fastmcp.exceptions import ToolError


def tool_of(mcp: FastMCP) -> Any:
    """The server's only tool as a client sees it."""

    async def main() -> Any:
        async with Client(mcp) as client:
            [tool] = await client.list_tools()
            return tool

    return asyncio.run(main())


def called(mcp: FastMCP, name: str, /, **arguments: Any) -> Any:
    """What a client gets."""

    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.call_tool(name, arguments)).data

    return asyncio.run(main())


def test_s021_async_functions_run_concurrently() -> None:
    """Two calls that wait two seconds each take less than 3.6 s together."""
    mcp = FastMCP("x")

    @mcp.tool
    async def slow(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    async def main() -> float:
        async with Client(mcp) as client:
            start = time.perf_counter()
            calls = (client.call_tool("slow", {"seconds": 2}) for _ in range(2))
            assert [result.data for result in await asyncio.gather(*calls)] == [2, 2]
            return time.perf_counter() - start

    assert asyncio.run(main()) < 3.6


SERVER = '''
    from fastmcp import FastMCP

    mcp = FastMCP("x")

    @mcp.tool
    def add(a: int, b: int) -> int:
        """Add two numbers together."""
        return a + b

    if __name__ == "__main__":
        mcp.run()
'''


def test_s022_the_docstring_is_the_description(script: Callable[..., Any]) -> None:
    """In the list of a server that runs in a process of its own."""

    async def main() -> Any:
        async with Client(PythonStdioTransport(script(SERVER))) as client:
            [tool] = await client.list_tools()
            return tool.description

    assert asyncio.run(main()) == "Add two numbers together."


def test_s025_an_optional_parameter_may_be_absent_or_null() -> None:
    """It is not required, and both mean None."""
    mcp = FastMCP("x")

    @mcp.tool
    def greet(preferences: Optional[str] = None) -> str:
        return f"{preferences}"

    schema = tool_of(mcp).input_schema
    assert "required" not in schema
    assert schema["properties"]["preferences"]["default"] is None
    assert called(mcp, "greet") == called(mcp, "greet", preferences=None) == "None"
    assert called(mcp, "greet", preferences="tea") == "tea"


@pytest.mark.parametrize("annotation", [str, dict, int, Annotated[str, "text"]])
def test_s026_a_default_of_none_makes_a_parameter_nullable(annotation: Any) -> None:
    """`x: T = None` is T or null in the schema, and null is accepted."""
    mcp = FastMCP("x")

    def get_event_history(event_type=None) -> str:  # type: ignore[no-untyped-def]
        return f"{event_type}"

    get_event_history.__annotations__["event_type"] = annotation
    mcp.tool(get_event_history)

    shown = tool_of(mcp).input_schema["properties"]["event_type"]
    assert {"type": "null"} in shown["anyOf"]
    assert shown["default"] is None
    assert called(mcp, "get_event_history", event_type=None) == "None"
    assert called(mcp, "get_event_history") == "None"


def test_s027_a_default_is_in_the_schema_and_is_used() -> None:
    """Only what has none is required."""
    mcp = FastMCP("x")

    @mcp.tool
    def greet_user(name: str, greeting: str = "Hello") -> str:
        return f"{greeting}, {name}!"

    schema = tool_of(mcp).input_schema
    assert schema["required"] == ["name"]
    assert schema["properties"]["greeting"]["default"] == "Hello"
    assert called(mcp, "greet_user", name="A") == "Hello, A!"


def test_s028_functions_made_in_a_loop_keep_their_defaults() -> None:
    """Three servers answer with the number that each was made with."""
    servers: list[FastMCP] = []
    for i in range(3):
        mcp = FastMCP(f"server {i}")

        @mcp.tool
        def process_request(data: str, server_id: int = i) -> dict[str, Any]:
            return {"data": data, "server_id": server_id}

        servers.append(mcp)

    results = [called(mcp, "process_request", data="x") for mcp in servers]

    assert results == [{"data": "x", "server_id": number} for number in range(3)]


def test_s029_parameters_may_have_any_name() -> None:
    """Also those of builtins, of our own machinery, and `self` in a function."""
    mcp = FastMCP("x")

    @mcp.tool
    def use_helper(input: str) -> str:
        return input.upper()

    @mcp.tool
    def many(
        to: str,
        query: str,
        params: str,
        arguments: str,
        call: str,
        context: str,
        self: str,
        name: str,
    ) -> str:
        return to + query + params + arguments + call + context + self + name

    @mcp.tool
    async def plan(function: str, signature: str, steps: str, threaded: str, values: str) -> str:
        return function + signature + steps + threaded + values

    names = ("to", "query", "params", "arguments", "call", "context", "self", "name")
    others = ("function", "signature", "steps", "threaded", "values")
    assert called(mcp, "use_helper", input="a") == "A"

    async def main() -> list[Any]:
        async with Client(mcp) as client:
            many = await client.call_tool("many", dict(zip(names, "abcdefgh", strict=True)))
            plan = await client.call_tool("plan", dict(zip(others, "12345", strict=True)))
            return [many.data, plan.data]

    assert asyncio.run(main()) == ["abcdefgh", "12345"]


def test_s040_parameters_have_descriptions() -> None:
    """From Annotated, from Field, and from the docstring."""
    mcp = FastMCP("x")

    @mcp.tool
    def search(
        query: Annotated[str, Field(description="What to look for")],
        site: Annotated[str, "Where to look"],
        limit: int = Field(10, description="How many", ge=1),
        language: str = "en",
    ) -> str:
        """Search the web.

        Args:
            query: Not this one.
            language: Of the results.
        """
        return query

    tool = tool_of(mcp)

    properties = tool.input_schema["properties"]
    assert {name: shown["description"] for name, shown in properties.items()} == {
        "query": "What to look for",
        "site": "Where to look",
        "limit": "How many",
        "language": "Of the results.",
    }
    assert tool.description == "Search the web."


class DatabasePlugin:
    def __init__(self) -> None:
        self.rows = ["a", "b"]

    def register_tools(self, mcp: FastMCP) -> None:
        class Row:
            pass

        @mcp.tool
        def db_query(table: str) -> list[str]:
            """Query a table."""
            return [f"{table}.{row}" for row in self.rows]

        @mcp.tool
        async def db_health() -> bool:
            return bool(self.rows) and Row is not None


class EmailPlugin:
    def register_tools(self, mcp: FastMCP) -> None:
        templates = {"welcome": "Hi"}

        @mcp.tool
        def send_email(to: str, template: str = "welcome") -> str:
            return f"{templates[template]}, {to}"

        @mcp.tool
        def get_email_templates() -> list[str]:
            return list(templates)


def test_s041_tools_are_defined_inside_functions() -> None:
    """They use what encloses them."""
    mcp = FastMCP("x")
    for plugin in (DatabasePlugin(), EmailPlugin()):
        plugin.register_tools(mcp)

    async def main() -> tuple[list[str], Any, Any]:
        async with Client(mcp) as client:
            names = [tool.name for tool in await client.list_tools()]
            rows = await client.call_tool("db_query", {"table": "t"})
            mail = await client.call_tool("send_email", {"to": "Ann"})
            return names, rows.data, mail.data

    assert asyncio.run(main()) == (
        ["db_query", "db_health", "send_email", "get_email_templates"],
        ["t.a", "t.b"],
        "Hi, Ann",
    )


def test_s042_a_tool_is_registered_while_the_server_runs() -> None:
    """From the worker thread of a tool: visible at once, and announced."""
    mcp = FastMCP("x")

    @mcp.tool
    def load_plugin(name: str) -> str:
        def plugged(text: str) -> str:
            return f"{name}: {text}"

        mcp.tool(plugged, name=name)
        return threading.current_thread().name

    async def main() -> tuple[list[str], Any]:
        announced = asyncio.Event()

        async def on_message(message: Any) -> None:
            if "tools/list_changed" in str(getattr(message, "method", message)):
                announced.set()

        async with Client(mcp, mode="legacy", message_handler=on_message) as client:
            thread = (await client.call_tool("load_plugin", {"name": "extra"})).data
            assert thread != threading.main_thread().name
            names = [tool.name for tool in await client.list_tools()]
            async with asyncio.timeout(20):
                await announced.wait()
            return names, (await client.call_tool("extra", {"text": "hi"})).data

    assert asyncio.run(main()) == (["load_plugin", "extra"], "extra: hi")


REQUEST_LOGS: list[dict[str, Any]] = []


def request_interceptor(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        REQUEST_LOGS.append({"name": function.__name__, "args": args, "kwargs": kwargs})
        return function(*args, **kwargs)

    return wrapper


def cache_result(ttl_seconds: int) -> Callable[..., Any]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        cached: dict[Any, tuple[float, Any]] = {}

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            key = (args, tuple(sorted(kwargs.items())))
            found = cached.get(key)
            if found is None or time.monotonic() - found[0] > ttl_seconds:
                found = cached[key] = (time.monotonic(), function(*args, **kwargs))
            return found[1]

        return wrapper

    return decorate


def rate_limit(max_calls: int) -> Callable[..., Any]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        calls: list[float] = []

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            calls.append(time.monotonic())
            if len(calls) > max_calls:
                raise ToolError("rate limit exceeded")
            return function(*args, **kwargs)

        return wrapper

    return decorate


def test_s043_a_wrapper_shows_what_it_wraps() -> None:
    """Name, description and schema are the function's; a call goes through the wrapper."""
    mcp = FastMCP("x")
    REQUEST_LOGS.clear()

    @mcp.tool
    @request_interceptor
    def manage_users(action: str, user_id: int = 0) -> str:
        """Manage users."""
        return f"{action} {user_id}"

    @mcp.tool
    @request_interceptor
    async def manage_later(action: str) -> str:
        return action

    async def main() -> Any:
        async with Client(mcp) as client:
            later = (await client.call_tool("manage_later", {"action": "wait"})).data
            return (await client.list_tools())[0], later

    tool, later = asyncio.run(main())

    assert (tool.name, tool.description) == ("manage_users", "Manage users.")
    assert tool.input_schema["properties"].keys() == {"action", "user_id"}
    assert called(mcp, "manage_users", action="add", user_id="7") == "add 7"
    assert later == "wait"
    assert [entry["name"] for entry in REQUEST_LOGS] == ["manage_later", "manage_users"]


def test_s044_a_stack_of_wrappers_runs_from_the_outside_in() -> None:
    """The interceptor sees every call, the cache answers the second, the limit counts the rest."""
    mcp = FastMCP("x")
    REQUEST_LOGS.clear()
    ran: list[str] = []

    @mcp.tool
    @request_interceptor
    @cache_result(ttl_seconds=120)
    @rate_limit(max_calls=2)
    def process(input_data: str) -> str:
        ran.append(input_data)
        return input_data.upper()

    assert [called(mcp, "process", input_data=text) for text in "aab"] == ["A", "A", "B"]
    with pytest.raises(ToolError, match="rate limit"):
        called(mcp, "process", input_data="c")

    assert ran == ["a", "b"]
    assert len(REQUEST_LOGS) == 4


METRICS = {"calls": 0}


def monitor(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        METRICS["calls"] += 1
        return function(*args, **kwargs)

    return wrapper


def test_s045_a_wrapper_that_does_not_tell_is_seen_through(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The function that it holds gives name, description and schema; a warning says so."""
    mcp = FastMCP("x")
    METRICS["calls"] = 0

    @mcp.tool
    @monitor
    def monitored_operation(data: str) -> str:
        """Do something that is counted."""
        return f"did {data}"

    [record] = caplog.records
    assert "monitored_operation() without functools.wraps" in record.getMessage()
    tool = tool_of(mcp)
    assert (tool.name, tool.description) == (
        "monitored_operation",
        "Do something that is counted.",
    )
    assert tool.input_schema["properties"].keys() == {"data"}
    assert called(mcp, "monitored_operation", data="x") == "did x"
    assert METRICS["calls"] == 1


def test_s045_a_wrapper_of_several_functions_takes_anything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody knows its parameters: its schema is open, and what is sent is passed on."""
    mcp = FastMCP("x")

    def both(first: Callable[..., str], second: Callable[..., str]) -> Callable[..., str]:
        def either(*args: Any, **kwargs: Any) -> str:
            return (first if "a" in kwargs else second)(*args, **kwargs)

        return either

    mcp.tool(both(lambda a: f"a={a}", lambda **others: f"{others}"))

    assert "either() does not tell its parameters" in caplog.text
    assert tool_of(mcp).name == "either"
    assert tool_of(mcp).input_schema == {
        "additionalProperties": True,
        "properties": {},
        "type": "object",
    }
    assert called(mcp, "either", a=1) == "a=1"
    assert called(mcp, "either", x=[1], y=None) == "{'x': [1], 'y': None}"


def test_s046_arguments_are_passed_by_keyword() -> None:
    """So that wrappers that look at names find them."""
    mcp = FastMCP("x")
    REQUEST_LOGS.clear()

    @mcp.tool
    @request_interceptor
    def process(input_data: str, retries: int = 1) -> str:
        return input_data

    called(mcp, "process", input_data="x")

    [entry] = REQUEST_LOGS
    assert entry["args"] == ()
    assert entry["kwargs"] == {"input_data": "x", "retries": 1}
