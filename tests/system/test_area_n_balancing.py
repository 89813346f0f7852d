"""Area N: work that is shared among servers, row by row."""

from __future__ import annotations

import asyncio
import random
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from apps import served
from processes import free_port, listening
from reaching import Reach, used, value_of

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.proxy import ServerProxy

BALANCED = """
    import random

    from fastmcp import FastMCP
    from fastmcp.proxy import ServerProxy

    def make_backend(server_id: int) -> FastMCP:
        server = FastMCP(f"Backend {server_id}")

        @server.tool
        def process_request(data: str) -> dict:
            return {"processed": data.upper(), "backend": server_id}

        return server

    backends = [make_backend(number) for number in range(3)]
    proxy = ServerProxy("Load Balanced Proxy")
    current = 0

    @proxy.tool
    def balanced_request(data: str) -> dict:
        '''Round robin.'''
        global current
        selected_server = backends[current]
        server_id = current
        current = (current + 1) % len(backends)
        result = selected_server.call_tool("process_request", {"data": data})
        result["server_id"] = server_id
        return result

    @proxy.tool
    def random_request(data: str) -> dict:
        '''Any of them.'''
        server_id = random.randrange(len(backends))
        result = backends[server_id].call_tool("process_request", {"data": data})
        result["server_id"] = server_id
        return result

    if __name__ == "__main__":
        proxy.run()
"""


def backend() -> FastMCP:
    mcp = FastMCP("backend")

    @mcp.tool
    def search(query: str) -> dict[str, Any]:
        return {"query": query, "found": [query, query]}

    @mcp.resource("data://about")
    def about() -> str:
        return "about the backend"

    @mcp.prompt
    def ask(topic: str) -> str:
        return f"Tell me of {topic}"

    return mcp


@pytest.fixture
def urls() -> Iterator[list[str]]:
    """Two servers behind sockets; they end after whatever is in front of them."""
    with ExitStack() as stack:
        yield [f"{stack.enter_context(served(backend().http_app()))}/mcp" for _ in range(2)]


def balanced() -> dict[str, Any]:
    """The names of the balanced server's module."""
    names: dict[str, Any] = {"__name__": "balanced"}
    exec(textwrap.dedent(BALANCED), names)
    return names


async def about_server(client: Client) -> Any:
    return client.server_info.name, [tool.name for tool in await client.list_tools()]


def test_s228_a_server_proxy_is_a_server(urls: list[str], reach: Reach, mode: str) -> None:
    """Alone it is one with nothing in it; with backends it offers what they do."""
    alone = ServerProxy("Load Balanced Proxy")
    proxy = ServerProxy("With backends", backends=[*urls, backend()])

    assert used(reach(alone), about_server, mode=mode) == ("Load Balanced Proxy", [])
    assert used(reach(proxy), about_server, mode=mode) == ("With backends", ["search"])


def test_s228_what_is_asked_goes_through_to_backends(
    urls: list[str], reach: Reach, mode: str
) -> None:
    """Tools, resources and prompts."""
    proxy = ServerProxy("x", backends=urls)
    target = reach(proxy)

    async def use(client: Client) -> Any:
        return (
            (await client.call_tool("search", {"query": "x"})).data,
            (await client.read_resource("data://about"))[0].text,
            (await client.get_prompt("ask", {"topic": "y"})).messages[0].content.text,
        )

    for _ in range(2):
        assert used(target, use, mode=mode) == (
            {"query": "x", "found": ["x", "x"]},
            "about the backend",
            "Tell me of y",
        )
    assert [each.requests for each in proxy.backends] == [3, 3]


def test_s228_backends_answer_at_the_same_time(mode: str) -> None:
    """No call waits for another."""
    together = asyncio.Event()
    waiting: set[int] = set()

    def meeting(number: int) -> FastMCP:
        mcp = FastMCP(f"meeting-{number}")

        @mcp.tool
        async def meet() -> int:
            waiting.add(number)
            if len(waiting) == 3:
                together.set()
            await together.wait()
            return number

        return mcp

    proxy = ServerProxy("x", backends=[meeting(number) for number in range(3)])

    async def use(client: Client) -> Any:
        calls = await asyncio.gather(*(client.call_tool("meet") for _ in range(3)))
        return sorted(call.data for call in calls)

    assert used(proxy, use, mode=mode) == [0, 1, 2]


def test_s229_a_proxy_has_tools_of_its_own(reach: Reach, mode: str) -> None:
    """By the decorator of any server."""
    proxy = ServerProxy("x", backends=[backend()])

    @proxy.tool
    def double(number: int) -> int:
        return number * 2

    @proxy.tool("named", tags={"own"})
    async def other() -> str:
        return "own"

    async def use(client: Client) -> Any:
        return (
            sorted(tool.name for tool in await client.list_tools()),
            (await client.call_tool("double", {"number": 4})).data,
            (await client.call_tool("named")).data,
        )

    assert double(2) == 4
    assert used(reach(proxy), use, mode=mode) == (["double", "named", "search"], 8, "own")


def test_s230_a_proxy_runs_on_stdio_and_on_http(script: Callable[..., Path], log: Path) -> None:
    """With `proxy.run()`, as it is written."""
    source = textwrap.dedent(BALANCED)
    command = StdioTransport(sys.executable, [str(script(source))])
    assert value_of(command, "balanced_request", {"data": "abc"}) == {
        "processed": "ABC",
        "backend": 0,
        "server_id": 0,
    }

    port = free_port()
    over_http = source.replace("proxy.run()", f'proxy.run("http", port={port})')
    with listening([sys.executable, script(over_http, "over_http.py")], log, port) as server:
        value = value_of(server.url, "random_request", {"data": "abc"})
    assert value["processed"] == "ABC"
    assert value["backend"] == value["server_id"]


def test_s232_requests_are_balanced_by_users_code(reach: Reach, mode: str) -> None:
    """Round robin: 0, 1, 2, 0; random: all of them."""
    names = balanced()
    random.seed(3)

    async def use(client: Client) -> Any:
        async def called(tool: str) -> int:
            return (await client.call_tool(tool, {"data": "abc"})).data["server_id"]

        turns = [await called("balanced_request") for _ in range(4)]
        return turns, Counter([await called("random_request") for _ in range(40)])

    turns, chance = used(reach(names["proxy"]), use, mode=mode)
    assert turns == [0, 1, 2, 0]
    assert set(chance) == {0, 1, 2}


def test_s232_requests_are_balanced_by_a_strategy(reach: Reach, mode: str) -> None:
    """What the code of users does, in one line."""
    proxy = ServerProxy("x", backends=balanced()["backends"], strategy="round_robin")

    async def use(client: Client) -> Any:
        calls = [await client.call_tool("process_request", {"data": "x"}) for _ in range(4)]
        return [each.data["backend"] for each in calls]

    assert used(reach(proxy), use, mode=mode) == [0, 1, 2, 0]
