"""Middleware: it sees every request, in order, and can change what goes in and what comes out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import call, http, initialize, notification, request
from conversation import ask, conversation
from settled import wait_until

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import McpError, ToolError
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.tools import ToolResult


def server(*middleware: Middleware) -> FastMCP:
    mcp = FastMCP("x", middleware=middleware)

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    def secret() -> str:
        return "secret"

    @mcp.resource("data://a")
    def data() -> str:
        return "a"

    @mcp.resource("data://{name}/b")
    def template(name: str) -> str:
        return name

    @mcp.prompt
    def greet(name: str) -> str:
        return name

    return mcp


class Recorder(Middleware):
    """Notes every hook that it passes, on the way in and on the way out."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self.log = log

    async def noted(self, hook: str, context: Any, call_next: Any) -> Any:
        self.log.append(f"{self.name} {hook}")
        result = await call_next(context)
        self.log.append(f"{self.name} after {hook}")
        return result

    async def on_message(self, context: Any, call_next: Any) -> Any:
        return await self.noted("on_message", context, call_next)

    async def on_request(self, context: Any, call_next: Any) -> Any:
        return await self.noted("on_request", context, call_next)

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        return await self.noted("on_call_tool", context, call_next)


def test_hooks_nest_in_the_order_they_were_added() -> None:
    """First added is outermost; general hooks surround the one of the method."""
    log: list[str] = []

    ask(server(Recorder("a", log), Recorder("b", log)), call("add", a=1, b=2))

    hooks = ["on_message", "on_request", "on_call_tool"]
    going_in = [f"{name} {hook}" for name in "ab" for hook in hooks]
    assert log[-12:] == [*going_in, *(entry.replace(" ", " after ") for entry in going_in[::-1])]


METHODS = {
    "on_initialize": initialize(),
    "on_list_tools": request("tools/list"),
    "on_call_tool": call("add", a=1, b=2),
    "on_list_resources": request("resources/list"),
    "on_list_resource_templates": request("resources/templates/list"),
    "on_read_resource": request("resources/read", uri="data://a"),
    "on_list_prompts": request("prompts/list"),
    "on_get_prompt": request("prompts/get", name="greet", arguments={"name": "x"}),
}


@pytest.mark.parametrize(("hook", "message"), METHODS.items())
def test_each_method_has_its_hook_on_http_too(hook: str, message: Any) -> None:
    """The hook gets the parameters, the method's name and the context of the request."""
    seen: list[MiddlewareContext[Any]] = []

    async def note(self: Any, context: MiddlewareContext[Any], call_next: Any) -> Any:
        seen.append(context)
        return await call_next(context)

    one = type("One", (Middleware,), {hook: note})()
    with http(server(one)) as client:
        answer = client.post(message).json()

    assert "result" in answer
    assert len(seen) == 1
    assert (seen[0].method, seen[0].type, seen[0].source) == (
        message["method"],
        "request",
        "client",
    )
    assert isinstance(seen[0].fastmcp_context, Context)
    assert seen[0].fastmcp_context.fastmcp.name == "x"


def test_discover_has_a_hook() -> None:
    """The modern era's first question passes middleware as initialize does."""
    seen: list[str] = []

    class One(Middleware):
        async def on_discover(self, context: Any, call_next: Any) -> Any:
            seen.append(context.method)
            return await call_next(context)

    assert "result" in ask(server(One()), request("server/discover"), "2026-07-28")
    assert seen == ["server/discover"]


class Doubler(Middleware):
    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        arguments = {name: 2 * value for name, value in context.message.arguments.items()}
        changed = type(context.message)(name=context.message.name, arguments=arguments)
        return await call_next(context.copy(message=changed))


class InPlace(Middleware):
    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        context.message.arguments["a"] += 100
        return await call_next(context)


def test_arguments_can_be_changed_on_the_way_in() -> None:
    """In a copy of the context or in place; the tool checks and gets what the chain made."""
    result = ask(server(Doubler(), InPlace()), call("add", a=1, b=2))["result"]

    assert result["structuredContent"] == {"result": 106}


def test_changed_arguments_are_validated() -> None:
    """Middleware cannot smuggle in what the signature refuses."""

    class Spoiler(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            context.message.arguments["a"] = "many"
            return await call_next(context)

    result = ask(server(Spoiler()), call("add", a=1, b=2))["result"]

    assert result["isError"] is True


def test_results_can_be_changed_on_the_way_out() -> None:
    """Structured content, lists, resources and prompts are objects that may be replaced."""

    class Changer(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            result = await call_next(context)
            return ToolResult(
                content="changed",
                structured_content={"result": result.structured_content["result"] + 1},
                meta={"com.e/was": result.content[0].text},
            )

        async def on_list_tools(self, context: Any, call_next: Any) -> Any:
            return [tool for tool in await call_next(context) if tool.name != "secret"]

    mcp = server(Changer())

    result = ask(mcp, call("add", a=1, b=2))["result"]
    listed = ask(mcp, request("tools/list"))["result"]["tools"]

    assert result["content"] == [{"type": "text", "text": "changed"}]
    assert result["structuredContent"] == {"result": 4}
    assert result["_meta"]["com.e/was"] == "3"
    assert [tool["name"] for tool in listed] == ["add"]


def test_middleware_can_answer_by_itself() -> None:
    """Without call_next the tool does not run: refusals, caches, and errors of any kind."""

    class Gate(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            match context.message.name:
                case "secret":
                    raise ToolError("not for you")
                case "add":
                    return ToolResult(structured_content={"result": 0})
            raise McpError(code=-32050, message="closed")

    mcp = server(Gate())

    async def main(mode: str) -> Any:
        async with Client(mcp, mode=mode) as client:
            cached = (await client.call_tool("add", {"a": 1, "b": 2})).structured_content
            with pytest.raises(McpError, match="closed") as caught:
                await client.call_tool("absent")
            refused = await client.call_tool("secret", raise_on_error=False)
            return cached, caught.value.code, refused.is_error, refused.text()

    for mode in ("legacy", "auto"):
        assert asyncio.run(main(mode)) == ({"result": 0}, -32050, True, "not for you")


def test_middleware_sees_what_a_tool_raises() -> None:
    """The exception itself passes the chain, so that it can be counted, retried or replaced."""
    mcp = server()
    seen: list[Exception] = []

    @mcp.tool
    def flaky() -> int:
        if not seen:
            raise ConnectionError("lost")
        return 5

    class Retry(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            try:
                return await call_next(context)
            except ConnectionError as error:
                seen.append(error)
                return await call_next(context)

    mcp.add_middleware(Retry())

    assert ask(mcp, call("flaky"))["result"]["structuredContent"] == {"result": 5}
    assert [str(error) for error in seen] == ["lost"]


def test_middleware_can_be_added_while_clients_are_connected() -> None:
    """It applies from the next request on, inside of what is there."""
    mcp = server()

    async def main() -> list[Any]:
        async with Client(mcp) as client:
            before = (await client.call_tool("add", {"a": 1, "b": 2})).data
            mcp.add_middleware(Doubler())
            return [before, (await client.call_tool("add", {"a": 1, "b": 2})).data]

    assert asyncio.run(main()) == [3, 6]
    assert len(mcp.middleware) == 1


def test_big_numbers_survive_middleware() -> None:
    """Arguments that middleware sees decoded lose nothing."""
    number = 2**80 + 1

    result = ask(server(Recorder("a", [])), call("add", a=number, b=0))["result"]

    assert result["content"][0]["text"] == str(number)


class Heard(Middleware):
    """Notes what it hears of that is no request for a handler."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, Any]] = []

    async def on_notification(self, context: MiddlewareContext[Any], call_next: Any) -> None:
        assert isinstance(context.fastmcp_context, Context)
        assert await call_next(context) is None
        self.messages.append((context.type, context.method or "", context.message))

    async def on_request(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        try:
            return await call_next(context)
        except McpError as error:
            self.messages.append((context.type, context.method or "", error.code))
            raise


def test_middleware_hears_of_notifications() -> None:
    """Of those that mean something to the protocol, too; what it raises harms nobody."""
    heard = Heard()

    class Fails(Middleware):
        async def on_notification(self, context: Any, call_next: Any) -> None:
            await call_next(context)
            raise RuntimeError("no ears")

    async def main() -> None:
        async with conversation(server(Fails(), heard)) as talk:
            talk.send(notification("notifications/roots/list_changed"))
            talk.send(notification("notifications/cancelled", requestId=7, reason="late"))
            assert "result" in await talk.ask(request("ping"))

    asyncio.run(main())
    assert heard.messages == [
        ("notification", "notifications/initialized", {}),
        ("notification", "notifications/roots/list_changed", {}),
        (
            "notification",
            "notifications/cancelled",
            {"requestId": 7, "reason": "late"},
        ),
    ]


@pytest.mark.parametrize("headers", [{}, {"mcp-protocol-version": "2026-07-28"}])
def test_middleware_hears_of_notifications_without_a_session(headers: dict[str, str]) -> None:
    """Of both eras, over HTTP, where nothing waits for it."""
    heard = Heard()

    with http(server(heard)) as client:
        taken = client.post(notification("notifications/x", a=1), headers)
        assert taken.status_code == 202
        wait_until(lambda: bool(heard.messages))

    assert heard.messages == [("notification", "notifications/x", {"a": 1})]


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
@pytest.mark.parametrize(
    ("message", "code"),
    [
        (request("tools/explode", a=1), -32601),
        (request("tools/call", name=5), -32602),
        (request("prompts/get"), -32602),
    ],
    ids=["method", "type", "missing"],
)
def test_middleware_sees_requests_that_nobody_can_take(
    message: Any, code: int, revision: str
) -> None:
    """`call_next` raises what is wrong with them; what the client is told does not change."""
    heard = Heard()

    async def careless(context: MiddlewareContext[Any], call_next: Any) -> Any:
        if context.type == "request" and context.method != "initialize":
            assert context.message.name != "forbidden"
        return await call_next(context)

    for mcp in (server(heard), server(careless, heard)):
        assert ask(mcp, message, revision)["error"]["code"] == code
    requests = [each for each in heard.messages if each[0] == "request"]
    assert requests == [("request", message["method"], code)]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_session_may_have_middleware_of_its_own(mode: str) -> None:
    """Inside of the server's, from the next request on, and for nobody else."""
    log: list[str] = []
    mcp = server(Recorder("server", log))

    @mcp.tool
    def watch(ctx: Context) -> None:
        ctx.add_middleware(Doubler())
        ctx.add_middleware(Recorder("session", log))

    async def main() -> list[Any]:
        async with Client(mcp, mode=mode) as one, Client(mcp, mode=mode) as other:
            before = (await one.call_tool("add", {"a": 1, "b": 2})).data
            await one.call_tool("watch")
            log.clear()
            after = (await one.call_tool("add", {"a": 1, "b": 2})).data
            return [before, after, (await other.call_tool("add", {"a": 1, "b": 2})).data]

    assert asyncio.run(main()) == [3, 6, 3]
    assert [entry for entry in log if "on_call_tool" in entry and "after" not in entry] == [
        "server on_call_tool",
        "session on_call_tool",
        "server on_call_tool",
    ]
