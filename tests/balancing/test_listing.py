"""What backends offer together, whoever of them can be asked."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from apps import served
from processes import free_port

from fastmcp import Client, FastMCP
from fastmcp.proxy import Backend, HealthPolicy, ServerProxy

from .replicas import replica, replicas, tally


@contextmanager
def speaking(answer: bytes | None) -> Generator[str]:
    """Something that listens and answers everything with these bytes, or with nothing; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                taken.append(connection)
                if answer is not None:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for each in taken:
            each.close()
        thread.join()


@pytest.fixture
def motley() -> Iterator[dict[str, Any]]:
    """Two good backends, and a dead, a hanging and a garbage-speaking one."""
    page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\n<html"
    with ExitStack() as stack:
        yield {
            "dead": f"http://127.0.0.1:{free_port()}/mcp",
            "hanging": stack.enter_context(speaking(None)),
            "garbage": stack.enter_context(speaking(page)),
            "first": f"{stack.enter_context(served(replica(1).http_app()))}/mcp",
            "second": f"{stack.enter_context(served(replica(2).http_app()))}/mcp",
        }


def test_the_others_list_and_answer_as_ever(motley: dict[str, Any]) -> None:
    """With a dead, a hanging and a garbage-speaking one among five; the failures are visible."""
    health = HealthPolicy(interval=0.2, timeout=0.2, failures=2, backoff=0.1)
    proxy = ServerProxy("x", backends=motley, health=health)

    async def use() -> Any:
        async with Client(proxy, timeout=20) as client:
            began = time.monotonic()
            names = [tool.name for tool in await client.list_tools()]
            listed = time.monotonic() - began
            found = await tally(client, 20)
            deadline = time.monotonic() + 20
            while sum(each.state != "healthy" for each in proxy.backends) < 3:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)
            return names, listed, found, [each.status["last_error"] for each in proxy.backends]

    names, listed, found, errors = asyncio.run(use())
    assert names == ["who", "change"]
    assert listed < 5
    assert found == {1: 10, 2: 10}
    assert [error is None for error in errors] == [False, False, False, True, True]


def test_what_only_some_have_is_listed_and_sent_there() -> None:
    """Whatever the strategy would like."""
    backends = replicas(3)
    backends[1].tool(lambda: "only here", name="special")
    proxy = ServerProxy("x", backends=backends)

    async def use() -> Any:
        async with Client(proxy) as client:
            names = [tool.name for tool in await client.list_tools()]
            return names, {(await client.call_tool("special")).data for _ in range(6)}

    assert asyncio.run(use()) == (["who", "change", "special"], {"only here"})


def test_a_tool_that_a_backend_gets_later_is_found() -> None:
    """In this process at once, and behind a socket when it is called."""
    with served((far := replica(0)).http_app()) as base:
        near = replica(1)
        for target, mcp in ((near, near), (f"{base}/mcp", far)):
            proxy = ServerProxy("x", backends=[target])

            async def use(proxy: ServerProxy = proxy, mcp: FastMCP = mcp) -> Any:
                async with Client(proxy) as client:
                    before = len(await client.list_tools())
                    mcp.tool(lambda: "new", name="later")
                    return before, (await client.call_tool("later")).data

            assert asyncio.run(use()) == (2, "new")


def test_a_proxys_own_components_come_first() -> None:
    """A tool of the same name is its own."""
    proxy = ServerProxy("x", backends=replicas(2))
    proxy.tool(lambda: "mine", name="who")

    async def use() -> Any:
        async with Client(proxy) as client:
            return [tool.name for tool in await client.list_tools()], await tally(client, 4)

    assert asyncio.run(use()) == (["who", "change"], {"mine": 4})


def test_a_call_lists_nothing() -> None:
    """Not of servers in this process, and not over HTTP once it is known what is there."""
    asked: list[str] = []
    far = replica(1)

    async def noting(context: Any, call_next: Any) -> Any:
        asked.append(context.method)
        return await call_next(context)

    far.add_middleware(noting)
    with served(far.http_app()) as base:
        proxy = ServerProxy("x", backends=[f"{base}/mcp", f"{base}/mcp"])

        async def use() -> None:
            async with Client(proxy) as client:
                await client.list_tools()
                asked.clear()
                await tally(client, 20)

        asyncio.run(use())
    assert asked == ["tools/call"] * 20
    assert [each.name for each in proxy.backends] == [f"{base}/mcp", f"{base}/mcp-2"]


def test_a_namespace_can_be_put_around_all_of_it() -> None:
    """By mounting the proxy; URIs are those of the backends again behind it."""
    main = FastMCP("main")
    with served(replica(3).http_app()) as base:
        main.mount(ServerProxy("x", backends=[f"{base}/mcp", replica(3)]), "all")

        async def use() -> Any:
            async with Client(main) as client:
                return [
                    [
                        (await client.call_tool("all_who")).data,
                        (await client.read_resource("data://all/number"))[0].text,
                        (await client.read_resource("data://all/numbers/2"))[0].text,
                        (await client.get_prompt("all_ask", {"about": "x"}))
                        .messages[0]
                        .content.text,
                    ]
                    for _ in range(2)
                ]

        assert asyncio.run(use()) == [[3, "3", "33", "x 3"]] * 2


def test_backends_come_and_go_while_it_runs() -> None:
    """The clients hear that there may be other tools."""
    proxy = ServerProxy("x", backends={"one": replica(1)})
    heard: list[str] = []

    async def hear(message: Any) -> None:
        heard.append(message.root.method if hasattr(message, "root") else message.method)

    async def use() -> Any:
        async with Client(proxy, message_handler=hear) as client:
            first = await tally(client, 2)
            proxy.add_backend(Backend(replica(2), "two"))
            both = await tally(client, 4)
            proxy.remove_backend("one")
            return first, both, await tally(client, 2)

    assert asyncio.run(use()) == ({1: 2}, {1: 2, 2: 2}, {2: 2})
    assert "notifications/tools/list_changed" in heard
