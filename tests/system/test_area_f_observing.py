"""Area F: hooks and their context, and the middleware that logs and handles errors, row by row."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from apps import http
from reaching import Reach, used, value_of

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.dependencies import get_context
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.server.middleware.error_handling import ErrorHandlingMiddleware
from fastmcp.server.middleware.logging import StructuredLoggingMiddleware
from fastmcp.tools import ToolResult


class Service:
    """What a middleware hands to tools."""

    def __init__(self) -> None:
        self.calls = 0

    async def execute(self, text: str) -> str:
        self.calls += 1
        return text.upper()


class Handing(Middleware):
    """Gives every call a service, changes an argument, and signs the result."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.service = service

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        assert context.fastmcp_context is not None
        context.fastmcp_context.set_state("service", self.service, serializable=False)
        context.message.arguments["text"] = context.message.arguments["text"].strip()
        result = await call_next(context)
        return ToolResult(content=[*result.content, "signed"])


def test_s092_a_hook_runs_round_every_tool_call(reach: Reach, mode: Any) -> None:
    """It may hand things to the tool, change what goes in, and change what comes out."""
    service = Service()
    mcp = FastMCP("hooked", middleware=[Handing(service)])

    @mcp.tool
    async def shout(text: str, ctx: Context) -> str:
        return await (await ctx.get_state("service")).execute(text)

    async def use(client: Client) -> list[list[str]]:
        results = [await client.call_tool("shout", {"text": text}) for text in (" a ", "b")]
        return [[block.text for block in result.content] for result in results]

    assert used(reach(mcp), use, mode=mode) == [["A", "signed"], ["B", "signed"]]
    assert service.calls == 2


def test_s093_the_hook_has_the_context_of_the_request(reach: Reach, mode: Any) -> None:
    """It is the object that the tool gets, and that `get_context()` gives there."""
    seen: list[Any] = []

    class Looking(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            seen.append(context.fastmcp_context)
            return await call_next(context)

    mcp = FastMCP("looked at", middleware=[Looking()])

    @mcp.tool
    async def look(ctx: Context) -> str:
        seen.extend((ctx, get_context()))
        return ctx.request_id

    request_id = value_of(reach(mcp), "look", mode=mode)

    assert len(seen) == 3
    assert seen[0] is seen[1] is seen[2]
    assert seen[0].request_id == request_id


def test_s094_middleware_is_added_in_order_also_after_the_app_was_made() -> None:
    """The first one added is outermost, whenever it was added."""
    log: list[str] = []

    class Noting(Middleware):
        def __init__(self, name: str) -> None:
            self.name = name

        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            log.append(f"{self.name} in")
            result = await call_next(context)
            log.append(f"{self.name} out")
            return result

    mcp = FastMCP("ordered")
    mcp.add_middleware(Noting("first"))

    @mcp.tool
    def work() -> str:
        log.append("work")
        return "done"

    app = mcp.http_app()
    mcp.add_middleware(Noting("second"))
    with http(app) as served:
        assert value_of(served.url, "work") == "done"
        assert log == ["first in", "second in", "work", "second out", "first out"]

        mcp.add_middleware(Noting("third"))
        log.clear()
        assert value_of(served.url, "work") == "done"

    assert log[:4] == ["first in", "second in", "third in", "work"]


def test_s096_each_request_is_a_line_of_json(
    reach: Reach, mode: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It has the method and the tool, and the second line how long that took."""
    caplog.set_level(logging.INFO, "fastmcp")
    mcp = FastMCP("logged")
    mcp.add_middleware(StructuredLoggingMiddleware())

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    assert value_of(reach(mcp), "add", {"a": 1, "b": 2}, mode=mode) == 3

    name = "fastmcp.middleware.structured_logging"
    lines = [json.loads(each.getMessage()) for each in caplog.records if each.name == name]
    began, ended = [line for line in lines if line["method"] == "tools/call"]
    assert began == {
        "event": "request_start",
        "method": "tools/call",
        "source": "client",
        "tool": "add",
    }
    assert ended["event"] == "request_success"
    assert ended["tool"] == "add"
    assert ended["duration_ms"] >= 0


def test_s099_the_callback_sees_the_exception(
    reach: Reach, mode: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Errors are counted, and answered alike whatever raised them."""
    seen: list[tuple[Exception, str | None]] = []

    def heard(error: Exception, context: MiddlewareContext[Any]) -> None:
        seen.append((error, context.method))

    handling = ErrorHandlingMiddleware(error_callback=heard)
    mcp = FastMCP("handled", middleware=[handling])
    broken = ValueError("no such day")

    @mcp.tool
    def plan(day: str) -> str:
        raise broken

    @mcp.tool
    def fetch() -> str:
        raise PermissionError("not yours")

    async def use(client: Client) -> list[tuple[int | None, str]]:
        failures: list[tuple[int | None, str]] = []
        for name, arguments in (("plan", {"day": "x"}), ("fetch", {})):
            with pytest.raises(ToolError) as caught:
                await client.call_tool(name, arguments)
            failures.append((getattr(caught.value, "code", None), str(caught.value)))
        return failures

    assert used(reach(mcp), use, mode=mode) == [
        (-32602, "Invalid params: Error calling tool 'plan': no such day"),
        (-32000, "Permission denied: Error calling tool 'fetch': not yours"),
    ]
    assert seen[0] == (broken, "tools/call")
    assert [type(error) for error, _ in seen] == [ValueError, PermissionError]
    assert handling.get_error_stats() == {
        "ValueError:tools/call": 1,
        "PermissionError:tools/call": 1,
    }
    assert "Error in tools/call: ValueError: no such day" in caplog.text
