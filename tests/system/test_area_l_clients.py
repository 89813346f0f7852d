"""Area L: the clients that give plain values, row by row."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from apps import served
from left_behind import nothing_left
from processes import free_port
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fastmcp import Context, FastMCP
from fastmcp.client import AsyncMCPClient, MCPClient, MultiServerClient
from fastmcp.exceptions import ConnectFailed, ToolError

SECONDS = 20


def calculator() -> FastMCP:
    mcp = FastMCP("calculator", version="1.2")

    @mcp.tool
    def add_numbers(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @mcp.tool
    def divide(a: float, b: float) -> dict[str, float]:
        if b == 0:
            raise ValueError("Cannot divide by zero")
        return {"quotient": a / b}

    @mcp.tool
    def session(ctx: Context) -> str:
        return ctx.session_id

    @mcp.resource("config/database")
    def database() -> dict[str, Any]:
        """Where the data is."""
        return {"host": "localhost", "port": 5432}

    @mcp.resource("logo/small", mime_type="image/png")
    def logo() -> bytes:
        return b"\x89PNG"

    @mcp.prompt
    def explain(topic: str) -> str:
        """Explain something."""
        return f"Explain {topic}"

    return mcp


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """A server's URL, without a path."""
    with served(calculator().http_app()) as url:
        yield url


@pytest.fixture
def nowhere() -> str:
    """A URL at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


def test_s200_constructing_connects_to_nothing(nowhere: str) -> None:
    """The first call does, and raises what is wrong."""
    client = MCPClient(nowhere)

    assert not client.is_connected()
    for _ in range(2):
        with pytest.raises(ConnectFailed):
            client.list_tools()
    client.close()


def test_s200_any_thread_may_call_it(base: str) -> None:
    """Also one whose event loop runs, and one that this loop has sent."""
    arguments = {"a": 10, "b": 20}

    async def main(client: MCPClient) -> list[int]:
        here = client.call_tool("add_numbers", arguments)
        return [here, await asyncio.to_thread(client.call_tool, "add_numbers", arguments)]

    with MCPClient(base) as client, ThreadPoolExecutor(4) as pool:
        sums = [*pool.map(lambda _: client.call_tool("add_numbers", arguments), range(20))]
        assert sums + asyncio.run(main(client)) == [30] * 22


def test_s200_it_takes_what_clients_take(base: str, script: Any) -> None:
    """An object, a configuration, an entry of one, a script."""
    program = script("""
        from fastmcp import FastMCP

        mcp = FastMCP("script")

        @mcp.tool
        def add_numbers(a: int, b: int) -> int:
            return a + b

        mcp.run()
    """)
    targets = [
        calculator(),
        {"mcpServers": {"calculator": {"url": f"{base}/mcp"}}},
        {"url": base},
        str(program),
    ]
    for target in targets:
        with MCPClient(target) as client:
            assert client.call_tool("add_numbers", {"a": 10, "b": 20}) == 30


def test_s201_the_server_describes_itself(base: str) -> None:
    """As a dict."""
    with MCPClient(base) as client:
        info = client.get_server_info()

    assert (info["name"], info["version"], info["description"]) == ("calculator", "1.2", "")
    assert {"protocolVersion", "capabilities", "instructions"} <= set(info)


def test_s202_tools_are_dicts(base: str) -> None:
    """With a name, a description and a schema."""
    with MCPClient(base) as client:
        tools = client.list_tools()

    assert [tool["name"] for tool in tools] == ["add_numbers", "divide", "session"]
    assert tools[0]["description"] == "Add two numbers."
    assert tools[0]["inputSchema"]["required"] == ["a", "b"]


def test_s203_resources_are_dicts(base: str) -> None:
    """With a name, and the URI under which any client finds them."""
    with MCPClient(base) as client:
        resources = client.list_resources()

    assert [res["name"] for res in resources] == ["database", "logo"]
    assert [res["uri"] for res in resources] == [
        "resource://config/database",
        "resource://logo/small",
    ]


def test_s204_a_call_gives_the_plain_value(base: str) -> None:
    """A number is a number, a dict a dict, and an error is raised with the server's text."""
    with MCPClient(base) as client:
        assert client.call_tool("add_numbers", {"a": 10, "b": 20}) == 30
        assert client.call_tool("divide", {"a": 1, "b": 4}) == {"quotient": 0.25}
        with pytest.raises(ToolError, match="Cannot divide by zero"):
            client.call_tool("divide", {"a": 1, "b": 0})


def test_s205_a_resource_is_its_text(base: str) -> None:
    """By its short name, too; a binary one is bytes."""
    with MCPClient(base) as client:
        assert json.loads(client.get_resource("config/database"))["port"] == 5432
        assert client.get_resource("resource://config/database") == client.get_resource(
            "config/database"
        )
        assert client.get_resource("logo/small") == b"\x89PNG"


def test_s206_closing_twice_is_closing(base: str) -> None:
    """Also before anything was opened; no thread, no connection is left."""

    async def asynchronously() -> None:
        client = AsyncMCPClient(base)
        await client.close()
        await client.list_tools()
        await client.close()
        await client.close()

    with nothing_left():
        client = MCPClient(base)
        client.close()
        client.list_tools()
        client.close()
        client.close()
        asyncio.run(asynchronously())


def test_s207_prompts_are_dicts(base: str) -> None:
    """Listed and rendered."""
    with MCPClient(base) as client:
        [prompt] = client.list_prompts()
        rendered = client.get_prompt("explain", {"topic": "tea"})

    assert (prompt["name"], prompt["description"]) == ("explain", "Explain something.")
    assert rendered["messages"] == [{"role": "user", "content": "Explain tea"}]


def test_s208_the_asynchronous_client_needs_no_block(base: str) -> None:
    """It connects when it is first used, once; calls of all kinds may be gathered."""

    async def main() -> Any:
        client = AsyncMCPClient(base, mode="legacy")
        try:
            sessions = await asyncio.gather(*(client.call_tool("session") for _ in range(5)))
            assert len(set(sessions)) == 1
            return await asyncio.gather(
                client.call_tool("add_numbers", {"a": 10, "b": 20}),
                client.get_resource("config/database"),
                client.list_tools(),
                client.get_server_info(),
            )
        finally:
            await client.close()

    total, text, tools, info = asyncio.run(asyncio.wait_for(main(), SECONDS))

    assert (total, json.loads(text)["host"], info["name"]) == (30, "localhost", "calculator")
    assert "add_numbers" in [tool["name"] for tool in tools]


def test_s208_it_has_the_same_methods() -> None:
    """As coroutines."""
    for name in ("list_tools", "call_tool", "get_resource", "get_prompt", "close"):
        assert inspect.iscoroutinefunction(getattr(AsyncMCPClient, name))
        assert not inspect.iscoroutinefunction(getattr(MCPClient, name))


@pytest.mark.parametrize("code", ["script", "async"])
def test_s209_several_servers_by_name(base: str, nowhere: str, code: str) -> None:
    """What they offer, one tool of one, one tool of all, and who has it."""
    greeter = FastMCP("greeter")

    @greeter.tool
    def greet(name: str) -> str:
        return f"Hello {name}"

    with served(greeter.http_app()) as other:
        servers = {
            "calculator": {"url": base},
            "greeter": {"url": other},
            "files": {"url": nowhere},
        }
        client = MultiServerClient(servers)
        if code == "script":
            offered = client.get_server_capabilities()
            total = client.call_tool("calculator", "add_numbers", {"a": 10, "b": 20})
            found = client.find_tool("greet")
            everywhere = client.broadcast_tool_call("greet", {"name": "Ada"})
            client.close_all()
        else:

            async def main() -> Any:
                results = (
                    await client.get_server_capabilities(),
                    await client.call_tool("calculator", "add_numbers", {"a": 10, "b": 20}),
                    await client.find_tool("greet"),
                    await client.broadcast_tool_call("greet", {"name": "Ada"}),
                )
                await client.close()
                return results

            offered, total, found, everywhere = asyncio.run(asyncio.wait_for(main(), SECONDS))

    assert offered["greeter"]["tools"] == ["greet"]
    assert offered["calculator"]["info"]["name"] == "calculator"
    assert offered["calculator"]["resources"] == ["database", "logo"]
    assert "connection" in offered["files"]["error"].lower()
    assert (total, found) == (30, ["greeter"])
    assert everywhere["greeter"] == "Hello Ada"
    assert "greet" in everywhere["calculator"]["error"]


def used(work: Callable[[AsyncMCPClient], Awaitable[Any]], target: Any) -> Any:
    async def main() -> Any:
        client = AsyncMCPClient(target)
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(asyncio.wait_for(main(), SECONDS))


def test_s210_a_dead_port_is_recognized_by_its_text(nowhere: str) -> None:
    """As code does that decides by words whether to try again."""
    for work in (
        lambda: MCPClient(nowhere).list_tools(),
        lambda: used(lambda client: client.call_tool("add_numbers"), nowhere),
    ):
        with pytest.raises(ConnectionError) as caught:
            work()
        assert "connection" in str(caught.value).lower()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_s210_so_is_a_server_that_cannot_serve(status: int) -> None:
    """The status is in the text, and that of tools has no such words."""

    async def refuse(request: Any) -> PlainTextResponse:
        return PlainTextResponse("not now", status)

    app = Starlette(routes=[Route("/{path:path}", refuse, methods=["GET", "POST", "DELETE"])])
    with served(app) as url, pytest.raises(ConnectionError, match=str(status)) as caught:
        MCPClient(url).list_tools()

    assert "connection" in str(caught.value).lower()


def test_s211_a_new_client_takes_the_place_of_a_lost_one(base: str) -> None:
    """Over and over, without being closed: what the lost ones had open is closed by itself."""
    with nothing_left():
        for _ in range(12):
            client = MCPClient(base)
            assert client.call_tool("add_numbers", {"a": 1, "b": 2}) == 3
        del client


def test_s212_a_server_that_is_down_hides_no_other(base: str, nowhere: str) -> None:
    """Each has its answer, or its error."""
    servers = {"one": base, "down": nowhere, "two": calculator()}
    with MultiServerClient(servers) as client:
        answers = client.broadcast("add_numbers", {"a": 10, "b": 20})
        tools = client.list_tools()

    assert (answers["one"], answers["two"]) == (30, 30)
    assert "Connection to" in answers["down"]["error"]
    assert len(tools["one"]) == len(tools["two"]) == 3 and "error" in tools["down"]


def test_s213_a_tool_of_one_server_uses_another_one(base: str) -> None:
    """In the same process, over HTTP, from as many calls at once as there are."""
    front = FastMCP("front")
    kept = MCPClient(base)

    @front.tool
    def total(numbers: list[int]) -> int:
        result = 0
        for number in numbers:
            result = kept.call_tool("add_numbers", {"a": result, "b": number})
        return result

    @front.tool
    def once(a: int) -> int:
        with MCPClient(base) as client:
            return client.call_tool("add_numbers", {"a": a, "b": 1})

    @front.tool
    async def hasty(a: int) -> int:
        return kept.call_tool("add_numbers", {"a": a, "b": 1})

    with served(front.http_app()) as url, MCPClient(url) as client, ThreadPoolExecutor(16) as pool:
        assert client.call_tool("total", {"numbers": [1, 2, 3]}) == 6
        assert client.call_tool("hasty", {"a": 1}) == 2
        calls = [pool.submit(client.call_tool, "once", {"a": number}) for number in range(32)]
        calls += [pool.submit(client.call_tool, "total", {"numbers": [1, 2]}) for _ in range(32)]
        answers = [call.result(SECONDS) for call in calls]
    kept.close()

    assert answers == [*range(1, 33), *[3] * 32]
