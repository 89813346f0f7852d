"""Tools that middleware adds: listed, called and guarded as those of the server are."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from apps import call, http, request, served
from callers import client_of, knows_callers
from conversation import ask
from reaching import used

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, ToolError
from fastmcp.server.middleware import Middleware
from fastmcp.server.middleware.authorization import AuthMiddleware
from fastmcp.server.middleware.tool_injection import (
    PromptToolMiddleware,
    ResourceToolMiddleware,
    ToolInjectionMiddleware,
    list_prompts_tool,
)
from fastmcp.tools import Tool


def multiply(a: int, b: int, ctx: Context) -> int:
    """Multiply two numbers."""
    return a * b


class Seen(Middleware):
    def __init__(self) -> None:
        self.names: list[str] = []

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        self.names.append(context.message.name)
        return await call_next(context)


def server(*middleware: Middleware) -> FastMCP:
    mcp = FastMCP("x", middleware=middleware)

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.resource("data://text")
    def text() -> str:
        return "a text"

    @mcp.resource("data://bytes", mime_type="image/png")
    def data() -> bytes:
        return b"\xff\x00"

    @mcp.prompt
    def greet(name: str) -> str:
        return f"Hello {name}"

    return mcp


def test_a_tool_that_is_added_is_listed_first_and_called() -> None:
    """Over memory and HTTP, through the middleware on both sides of it."""
    outer, inner = Seen(), Seen()
    mcp = server(outer, ToolInjectionMiddleware([Tool.from_function(multiply)]), inner)

    listed = ask(mcp, request("tools/list"))["result"]["tools"]
    with http(mcp) as client:
        over_http = client.modern(call("multiply", a=6, b=7)).json()["result"]
    own = ask(mcp, call("add", a=1, b=2))["result"]["structuredContent"]

    assert [tool["name"] for tool in listed] == ["multiply", "add"]
    assert over_http["structuredContent"] == {"result": 42}
    assert own == {"result": 3}
    assert outer.names == inner.names == ["multiply", "add"]
    assert mcp.call_tool("multiply", {"a": 2, "b": 2}) == 4  # type: ignore[comparison-overlap]


def test_it_takes_the_place_of_one_of_the_same_name() -> None:
    """The first middleware that has a name decides, in the list and in the call."""
    first = ToolInjectionMiddleware([Tool.from_function(lambda: "first", name="add")])
    names = ("add", "b")
    second = ToolInjectionMiddleware(
        [Tool.from_function(lambda: "second", name=name) for name in names]
    )
    mcp = server(first, second)

    async def use(client: Client) -> Any:
        names = [tool.name for tool in await client.list_tools()]
        return names, (await client.call_tool("add")).content[0].text

    assert used(mcp, use) == (["add", "b"], "first")
    assert [tool.name for tool in second.injected_tools] == ["add", "b"]
    assert second.get_injected_tool("add") is not None
    assert second.get_injected_tool("c") is None


def test_authorization_concerns_what_is_added() -> None:
    """By its own check, and by middleware on either side."""

    def known(context: Any) -> bool:
        return context.token is not None

    def not_secret(context: Any) -> bool:
        return "secret" not in context.component.tags

    guarded = Tool.from_function(multiply, auth=known)
    secret = Tool.from_function(lambda: "secret", name="secret", tags={"secret"})
    added = ToolInjectionMiddleware([guarded, secret])

    async def look(base: str, user: str | None) -> Any:
        async with client_of(base, user) as client:
            names = {tool.name for tool in await client.list_tools()}
            refused = 0
            for name in ("multiply", "secret"):
                try:
                    await client.call_tool(name, {"a": 1, "b": 1} if name == "multiply" else {})
                except (ToolError, McpError):
                    refused += 1
            return names, refused

    for middleware in ([AuthMiddleware(not_secret), added], [added, AuthMiddleware(not_secret)]):
        mcp = server(*middleware)
        with served(mcp.http_app(middleware=knows_callers())) as base:
            ada, nobody = asyncio.run(look(base, "ada")), asyncio.run(look(base, None))
        inside = middleware[0] is added
        assert ada == ({"add", "multiply"} | ({"secret"} if inside else set()), 1)
        assert nobody == ({"add"} | ({"secret"} if inside else set()), 2)


def test_prompts_and_resources_can_be_tools() -> None:
    """For clients that know tools alone; bytes come as base64."""
    mcp = server(PromptToolMiddleware(), ResourceToolMiddleware())

    async def use(client: Client) -> Any:
        async def structured(tool: str, /, **arguments: Any) -> Any:
            return (await client.call_tool(tool, arguments)).structured_content

        return [
            [tool.name for tool in await client.list_tools()],
            [each["name"] for each in (await structured("list_prompts"))["result"]],
            await structured("get_prompt", name="greet", arguments={"name": "Ada"}),
            [each["uri"] for each in (await structured("list_resources"))["result"]],
            (await structured("read_resource", uri="data://text"))["contents"][0]["content"],
            (await structured("read_resource", uri="data://bytes"))["contents"][0],
        ]

    names, prompts, prompt, uris, text, data = used(mcp, use)

    assert set(names) == {"list_prompts", "get_prompt", "list_resources", "read_resource", "add"}
    assert prompts == ["greet"]
    assert prompt["messages"][0]["content"]["text"] == "Hello Ada"
    assert uris == ["data://text", "data://bytes"]
    assert text == "a text"
    assert base64.b64decode(data["content"]) == b"\xff\x00"
    assert data["mime_type"] == "image/png"
    assert list_prompts_tool.name == "list_prompts"


def test_what_is_no_tool_cannot_be_added() -> None:
    """A function has to be made one."""
    with pytest.raises(ConfigurationError, match=r"Tool\.from_function"):
        ToolInjectionMiddleware([multiply])  # type: ignore[list-item]
