"""A server made of servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.composition import ServerComposer
from fastmcp.exceptions import ConfigurationError, NotFoundError, ToolError, ValidationError
from fastmcp.server.middleware import Middleware


def auth_server() -> FastMCP:
    mcp = FastMCP("Authentication")

    @mcp.tool
    def authenticate_user(username: str, password: str) -> dict[str, Any]:
        if password != "secret":
            raise PermissionError("wrong password")
        return {"user_id": username, "valid": True}

    @mcp.resource("config/database")
    def database() -> str:
        return "users"

    @mcp.prompt
    def greet(name: str) -> str:
        return f"Hello, {name}"

    return mcp


def composed(**servers: FastMCP) -> ServerComposer:
    composer = ServerComposer("Unified")
    for name, server in (servers or {"auth": auth_server()}).items():
        composer.add_server(name, server)
    return composer


GOOD = {"username": "ada", "password": "secret"}


def test_what_is_added_is_in_a_namespace_and_live() -> None:
    """Tools, resources and prompts; also those that come later."""
    auth = auth_server()
    composer = composed(auth=auth)

    async def use() -> Any:
        async with Client(composer) as client:
            auth.tool(lambda: "new", name="later")
            return (
                [tool.name for tool in await client.list_tools()],
                [resource.uri for resource in await client.list_resources()],
                [prompt.name for prompt in await client.list_prompts()],
                (await client.read_resource("resource://auth/config/database"))[0].text,
                (await client.call_tool("auth_later")).data,
            )

    assert asyncio.run(use()) == (
        ["auth_authenticate_user", "auth_later"],
        ["resource://auth/config/database"],
        ["auth_greet"],
        "users",
        "new",
    )


def test_a_server_may_come_before_its_name() -> None:
    """As in `mount`."""
    composer, server = ServerComposer("Unified"), auth_server()
    assert composer.add_server(server, "auth") is server  # pyright: ignore
    assert composer.call_tool("auth", "authenticate_user", GOOD)["valid"]


def test_a_workflow_is_a_tool_and_stays_a_function() -> None:
    """Bare, or with the options of a tool."""
    composer = composed()

    @composer.workflow
    def log_in(username: str) -> dict[str, Any]:
        """Log a user in."""
        answer = composer.call_tool("auth", "authenticate_user", {**GOOD, "username": username})
        answer["session"] = 1
        return answer

    @composer.workflow("greeting", tags={"polite"})
    async def greet(username: str) -> str:
        return (await composer.call_tool("auth", "authenticate_user", GOOD))["user_id"]

    async def use() -> Any:
        async with Client(composer) as client:
            tools = {tool.name: tool for tool in await client.list_tools()}
            assert tools["log_in"].description == "Log a user in."
            return [
                (await client.call_tool(name, {"username": "bob"})).data
                for name in ("log_in", "greeting")
            ]

    expected = {"user_id": "bob", "valid": True, "session": 1}
    assert log_in("bob") == expected
    assert asyncio.run(use()) == [expected, "ada"]


def test_call_tool_is_awaited_in_async_code() -> None:
    """And waits for itself elsewhere."""
    composer = composed()

    async def use() -> Any:
        return await composer.call_tool("auth", "authenticate_user", GOOD)

    assert asyncio.run(use()) == composer.call_tool("auth", "authenticate_user", GOOD)


def test_call_tool_takes_a_composed_name_too() -> None:
    """As on any server."""
    composer = composed()

    assert composer.call_tool("auth_authenticate_user", GOOD) == {"user_id": "ada", "valid": True}


def test_what_a_tool_raises_is_raised() -> None:
    """Not what became of it for clients."""
    composer = composed()

    with pytest.raises(PermissionError, match="wrong password"):
        composer.call_tool("auth", "authenticate_user", {**GOOD, "password": "x"})  # type: ignore[unused-coroutine]
    with pytest.raises(ValidationError, match="username"):
        composer.call_tool("auth", "authenticate_user", {"password": "x"})  # type: ignore[unused-coroutine]


def test_unknown_names_are_told_with_those_that_were_meant() -> None:
    """Of servers, and of their tools."""
    composer = composed()
    cases = [
        ("aut", "authenticate_user", "There is no server 'aut'; did you mean 'auth'?"),
        ("x", "y", "There is no server 'x'; there are auth"),
        ("auth", "authenticate", "The server 'auth' has no tool 'authenticate'; did you mean"),
    ]

    for server, tool, message in cases:
        with pytest.raises(NotFoundError, match=message.replace("?", r"\?")):
            composer.call_tool(server, tool, {})  # type: ignore[unused-coroutine]


def test_a_tool_that_finds_nothing_is_not_missing_itself() -> None:
    """Its own error comes through."""
    inner = FastMCP("inner")

    @inner.tool
    async def look(ctx: Context) -> Any:
        return await ctx.fastmcp.call_tool("nothing")

    with pytest.raises(NotFoundError, match="Unknown tool: 'nothing'"):
        composed(inner=inner).call_tool("inner", "look")  # type: ignore[unused-coroutine]


def test_a_workflow_that_fails_says_why() -> None:
    """To the client that called it."""
    composer = composed()

    @composer.workflow
    def log_in() -> Any:
        return composer.call_tool("auth", "authenticate_usr", {})

    async def use() -> None:
        async with Client(composer) as client:
            with pytest.raises(ToolError, match="did you mean 'authenticate_user'"):
                await client.call_tool("log_in")

    asyncio.run(use())


def test_the_middleware_of_a_server_stands_around_its_tools() -> None:
    """Whichever way they are called."""
    seen: list[str] = []

    class Noting(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            seen.append(context.message.name)
            return await call_next(context)

    auth = auth_server()
    auth.add_middleware(Noting())
    composer = composed(auth=auth)

    composer.call_tool("auth", "authenticate_user", GOOD)  # type: ignore[unused-coroutine]
    composer.call_tool("auth_authenticate_user", GOOD)  # type: ignore[unused-coroutine]

    assert seen == ["authenticate_user"] * 2


def test_lifespans_of_servers_are_open_while_the_composer_runs() -> None:
    """Each once, whatever is called."""
    events: list[str] = []

    async def lifespan(server: FastMCP) -> AsyncIterator[dict[str, str]]:
        events.append("open")
        yield {"database": "here"}
        events.append("closed")

    inner = FastMCP("inner", lifespan=lifespan)

    @inner.tool
    def database(ctx: Context) -> str:
        return ctx.lifespan_context["database"]

    composer = composed(inner=inner)

    @composer.workflow
    def both() -> list[str]:
        return [composer.call_tool("inner", "database") for _ in range(2)]

    async def use() -> Any:
        async with Client(composer) as client:
            first = (await client.call_tool("inner_database")).data
            return [first, *(await client.call_tool("both")).data]

    assert asyncio.run(use()) == ["here"] * 3
    assert events == ["open", "closed"]


def test_composers_are_composed() -> None:
    """Each with workflows of its own."""
    inner = composed()

    @inner.workflow
    def log_in() -> Any:
        return inner.call_tool("auth", "authenticate_user", GOOD)["user_id"]

    outer = composed(accounts=inner)

    assert outer.call_tool("accounts", "log_in") == "ada"
    assert outer.call_tool("accounts", "auth_authenticate_user", GOOD) == {
        "user_id": "ada",
        "valid": True,
    }


def test_servers_are_known_by_their_names() -> None:
    """In the order in which they were added."""
    auth, other = auth_server(), FastMCP("other")
    composer = composed(auth=auth, other=other)

    assert list(composer.servers.items()) == [("auth", auth), ("other", other)]


def test_tools_can_have_other_names_in_the_composed_server() -> None:
    """The composer calls them by their own."""
    composer = ServerComposer("x")
    composer.add_server("auth", auth_server(), tool_names={"authenticate_user": "check"})

    assert [tool.name for tool in asyncio.run(_tools(composer))] == ["auth_check"]
    assert composer.call_tool("auth", "authenticate_user", GOOD)["valid"] is True  # type: ignore[index]


async def _tools(server: FastMCP) -> list[Any]:
    return list(await server.list_tools())


def test_what_cannot_be_added_is_refused_and_leaves_nothing() -> None:
    """A name twice, a name that is none, the composer itself, and what is no server."""
    composer = composed()
    with pytest.raises(ConfigurationError, match="There is a server 'auth' already"):
        composer.add_server("auth", FastMCP("x"))
    with pytest.raises(ConfigurationError, match="The namespace 'a b' cannot be part of names"):
        composer.add_server("a b", FastMCP("x"))
    with pytest.raises(ConfigurationError, match="which is a part of it"):
        composer.add_server("me", composer)

    assert list(composer.servers) == ["auth"]
    assert [tool.name for tool in asyncio.run(_tools(composer))] == ["auth_authenticate_user"]


def test_what_is_not_in_this_process_is_reached_by_a_proxy() -> None:
    """By its URL; workflows use it like any other."""
    with served(auth_server().http_app()) as base:
        composer = ServerComposer("x")
        composer.add_server("auth", f"{base}/mcp")

        @composer.workflow
        def log_in() -> str:
            return composer.call_tool("auth", "authenticate_user", GOOD)["user_id"]

        async def use() -> Any:
            async with Client(composer, timeout=20) as client:
                names = [tool.name for tool in await client.list_tools()]
                return names, (await client.call_tool("log_in")).data

        assert asyncio.run(use()) == (["log_in", "auth_authenticate_user"], "ada")
        assert log_in() == "ada"
        with pytest.raises(NotFoundError, match="did you mean 'authenticate_user'"):
            composer.call_tool("auth", "authenticate_usr", {})  # type: ignore[unused-coroutine]
    with pytest.raises(ConfigurationError, match="Cannot tell how to reach 42"):
        composer.add_server("number", 42)
    assert list(composer.servers) == ["auth"]
