"""Middleware that does wrong: it is contained, named in the log, and the connection lives."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from apps import call, request, served
from conversation import ask

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError
from fastmcp.server.middleware import Middleware, MiddlewareContext


def server(*middleware: Any) -> FastMCP:
    mcp = FastMCP("x", middleware=middleware)

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    def broken() -> int:
        raise RuntimeError("of the tool's own")

    @mcp.resource("data://a")
    def data() -> str:
        return "a"

    @mcp.prompt
    def greet() -> str:
        return "hello"

    return mcp


REQUESTS = [
    call("add", a=1, b=2),
    request("tools/list"),
    request("resources/list"),
    request("resources/templates/list"),
    request("resources/read", uri="data://a"),
    request("prompts/list"),
    request("prompts/get", name="greet"),
    request("server/discover"),
]


def failure(answer: dict[str, Any]) -> str:
    """The text of an error, or of a result that says it is one."""
    if "error" in answer:
        assert answer["error"]["code"] == -32603
        return answer["error"]["message"]
    assert answer["result"]["isError"] is True
    return answer["result"]["content"][0]["text"]


class Raises(Middleware):
    async def on_message(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        raise RuntimeError("no disk")


class Forgetful(Middleware):
    async def on_message(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        await call_next(context)


class Plain(Middleware):
    def on_request(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        return 5


@pytest.mark.parametrize("message", REQUESTS, ids=lambda message: message["method"])
@pytest.mark.parametrize("wrong", [Raises(), Forgetful(), Plain()], ids=lambda m: type(m).__name__)
def test_what_middleware_does_wrong_is_an_error_that_names_it(
    wrong: Middleware, message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The client gets an error for its request, and the log says which middleware it was."""
    text = failure(ask(server(wrong), message, "2026-07-28"))

    assert ("no disk" if isinstance(wrong, Raises) else type(wrong).__name__) in text
    assert f"Raised in the middleware {type(wrong).__name__}" in caplog.text


def test_what_a_tool_raises_is_not_the_middlewares(caplog: pytest.LogCaptureFixture) -> None:
    """It passes through, and nobody else is named."""

    class Passes(Middleware):
        async def on_message(self, context: Any, call_next: Any) -> Any:
            return await call_next(context)

        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            try:
                return await call_next(context)
            except RuntimeError as error:
                raise error

    assert "of the tool's own" in failure(ask(server(Passes(), Passes()), call("broken")))
    assert "of the tool's own" in caplog.text
    assert "Raised in the middleware" not in caplog.text


def test_what_middleware_makes_of_a_failure_is_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """The middleware that raised something else is the one that is named."""

    class Outer(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            return await call_next(context)

    class Inner(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            try:
                return await call_next(context)
            except RuntimeError:
                raise ValueError("translated badly") from None

    assert "translated badly" in failure(ask(server(Outer(), Inner()), call("broken")))
    assert caplog.text.count("Raised in the middleware") == 1
    assert "Raised in the middleware Inner" in caplog.text


def test_a_connection_outlives_middleware_that_fails() -> None:
    """The next request is served as if nothing had been."""

    class Fragile(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            if context.message.arguments["a"] == 0:
                raise RuntimeError("zero")
            return await call_next(context)

    async def main() -> list[Any]:
        async with Client(server(Fragile())) as client:
            failed = await client.call_tool("add", {"a": 0, "b": 1}, raise_on_error=False)
            return [failed.is_error, (await client.call_tool("add", {"a": 1, "b": 1})).data]

    assert asyncio.run(main()) == [True, 2]


@pytest.mark.parametrize("wrong", ["x", [1], 5, Exception("x"), "not JSON \ud800"], ids=repr)
def test_arguments_that_middleware_spoils_are_refused(wrong: Any) -> None:
    """As if the client had sent them."""

    class Spoils(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            context.message.arguments = wrong
            return await call_next(context)

    text = failure(ask(server(Spoils()), call("add", a=1, b=2)))

    assert "arguments" in text


@pytest.mark.parametrize("wrong", [5, None, ["add"]], ids=repr)
def test_a_name_that_middleware_spoils_is_unknown(wrong: Any) -> None:
    """There is no such tool."""

    class Spoils(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            context.message.name = wrong
            return await call_next(context)

    assert ask(server(Spoils()), call("add", a=1, b=2))["error"]["code"] == -32602


def test_middleware_that_hangs_is_cancelled_with_its_request() -> None:
    """The client gives up, and can go on."""
    ended: list[str] = []

    class Hangs(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")

    async def main() -> Any:
        async with Client(server(Hangs())) as client:
            with pytest.raises(McpError):
                await client.call_tool("add", {"a": 1, "b": 2}, timeout=0.1)
            return [tool.name for tool in await client.list_tools()]

    assert asyncio.run(main()) == ["add", "broken"]
    assert ended == ["cancelled"]


def test_middleware_that_swallows_a_cancellation_answers_nobody() -> None:
    """The client has given up; its connection lives."""
    swallowed: list[str] = []

    class Swallows(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append("cancelled")
            context.message.arguments = {"a": 20, "b": 22}
            return await call_next(context)

    async def main(url: str) -> Any:
        async with Client(url) as client:
            with pytest.raises(McpError):
                await client.call_tool("add", {"a": 1, "b": 2}, timeout=0.1)
            return [tool.name for tool in await client.list_tools()]

    with served(server(Swallows()).http_app()) as base:
        assert asyncio.run(main(f"{base}/mcp")) == ["add", "broken"]
    assert swallowed == ["cancelled"]


def test_the_handshake_goes_on_when_its_hook_returns_nothing() -> None:
    """Its result stays as it is."""
    seen: list[Any] = []

    class Looks(Middleware):
        async def on_initialize(self, context: Any, call_next: Any) -> None:
            seen.append((context.message.client_info.name, context.message.params.clientInfo.name))
            await call_next(context)

    async def main() -> str:
        async with Client(server(Looks()), mode="legacy") as client:
            return client.server_info.name

    assert asyncio.run(main()) == "x"
    [(name, same)] = seen
    assert name == same


def test_a_handshake_can_be_refused() -> None:
    """By the error of the hook's choice."""

    class Gate(Middleware):
        async def on_initialize(self, context: Any, call_next: Any) -> Any:
            raise McpError(code=-32099, message="not you")

    async def main() -> None:
        async with Client(server(Gate()), mode="legacy"):
            pass

    with pytest.raises(McpError, match="not you"):
        asyncio.run(main())


@pytest.mark.parametrize("add", [lambda mcp, m: mcp.add_middleware(m), lambda _, m: server(m)])
def test_what_is_no_middleware_is_refused_when_it_is_added(add: Any) -> None:
    """A class, and what cannot be called; the error says what to add instead."""
    with pytest.raises(ConfigurationError, match=r"add Raises\(\.\.\.\), not the class"):
        add(server(), Raises)
    with pytest.raises(ConfigurationError, match="is no middleware: add an instance"):
        add(server(), "logging")


def test_a_message_may_be_changed_for_what_another_library_calls_a_result() -> None:
    """The result of a call as the SDK has it is a result."""
    from mcp.types import CallToolResult, TextContent

    class Foreign(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            return CallToolResult(content=[TextContent(type="text", text="from elsewhere")])

    result = ask(server(Foreign()), call("add", a=1, b=2))["result"]

    assert result["content"] == [{"type": "text", "text": "from elsewhere"}]


def test_functions_are_middleware_too() -> None:
    """Around every message, in the order in which they were added."""
    seen: list[str] = []

    async def first(context: MiddlewareContext[Any], call_next: Any) -> Any:
        seen.append(f"first {context.method}")
        return await call_next(context)

    async def second(context: MiddlewareContext[Any], call_next: Any) -> Any:
        seen.append(f"second {context.method}")
        return await call_next(context)

    mcp = server(first)
    mcp.add_middleware(second)
    assert ask(mcp, call("add", a=1, b=2))["result"]["structuredContent"] == {"result": 3}
    assert seen[-2:] == ["first tools/call", "second tools/call"]


def test_lists_pass_middleware_for_programs_too(caplog: pytest.LogCaptureFixture) -> None:
    """Unless they say that they want it not."""

    class Hides(Middleware):
        async def on_list_tools(self, context: Any, call_next: Any) -> Any:
            return [tool for tool in await call_next(context) if tool.name != "broken"]

    async def main() -> list[list[str]]:
        mcp = server(Hides(), logging_nothing)
        lists = [await mcp.list_tools(), await mcp.list_tools(run_middleware=False)]
        return [[tool.name for tool in found] for found in lists]

    async def logging_nothing(context: Any, call_next: Any) -> Any:
        logging.getLogger("fastmcp").debug("%s", context.method)
        return await call_next(context)

    assert asyncio.run(main()) == [["add"], ["add", "broken"]]
