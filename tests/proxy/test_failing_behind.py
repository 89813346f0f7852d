"""Servers behind a proxy that are not there, hang, speak nonsense, and come back."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
import uvicorn
from apps import served
from conversation import conversation
from processes import free_port

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import McpError, ToolError
from fastmcp.server import RequestStateSecurity, create_proxy
from fastmcp.server.providers import guard
from fastmcp.server.providers.proxy import FastMCPProxy

from .counting import counted, until, within


@contextmanager
def served_at(port: int) -> Generator[None]:
    """A counted server at a fixed port."""
    app = counted()[0].http_app()
    config = uvicorn.Config(
        app, port=port, log_level="error", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(20)


@asynccontextmanager
async def answering(body: bytes | None) -> AsyncGenerator[str]:
    """A server that answers every request with these bytes; with None it never does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(65536):
                if body is not None:
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
                    writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    finally:
        server.close()


def test_three_bad_servers_among_five_disturb_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A dead, a hanging and a garbage-speaking one; each is told of, and named."""
    monkeypatch.setattr(guard, "GRACE", 1.5)

    async def main() -> None:
        dead = f"http://127.0.0.1:{free_port()}/mcp"
        async with within(), answering(None) as hanging, answering(b"<html>") as garbage:
            front = FastMCP("front")
            for name, target in {
                "one": counted()[0],
                "dead": dead,
                "hanging": hanging,
                "garbage": garbage,
                "two": counted()[0],
            }.items():
                front.mount(create_proxy(target), namespace=name)
            async with Client(front) as client:
                for _ in range(3):
                    names = {tool.name for tool in await client.list_tools()}
                    assert {"one_add", "two_add"} <= names
                    assert not [name for name in names if name.startswith(("dead", "garbage"))]
                began = asyncio.get_running_loop().time()
                for name in ("one", "two"):
                    assert (await client.call_tool(f"{name}_add", {"a": 1, "b": 2})).data == 3
                assert asyncio.get_running_loop().time() - began < 1.0
        for url in (dead, garbage):
            told = [r for r in caplog.records if url.split("/")[2] in r.getMessage()]
            assert [r for r in told if r.levelno == logging.WARNING]

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())


def test_a_server_that_comes_back_is_used_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its lists are those that it had last meanwhile; calls of it say what is wrong."""
    monkeypatch.setattr(guard, "FIRST_REST", 0.01)
    monkeypatch.setattr(guard, "LONGEST_REST", 0.05)

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        front = FastMCP("front")
        front.mount(create_proxy(f"http://127.0.0.1:{port}/mcp"), namespace="ns")
        async with within(40), Client(front) as client:
            assert await client.list_tools() == []
            for _ in range(2):
                with served_at(port):
                    async with asyncio.timeout(10):
                        while not await client.list_tools():
                            await asyncio.sleep(0.02)
                    assert (await client.call_tool("ns_add", {"a": 1, "b": 2})).data == 3
                for _ in range(2):
                    with pytest.raises(McpError, match=f"127.0.0.1:{port}"):
                        await client.call_tool("ns_add", {"a": 1, "b": 2})
                assert "ns_add" in [tool.name for tool in await client.list_tools()]

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    told = [r.getMessage() for r in caplog.records if r.name == "fastmcp.server.proxy"]
    assert len([text for text in told if "cannot be reached" in text]) <= 4
    assert [text for text in told if "can be reached again" in text]


def test_with_raise_the_failure_is_the_answer() -> None:
    """In place of a list without what could not be listed."""

    async def main() -> None:
        dead = f"http://127.0.0.1:{free_port()}/mcp"
        proxy = create_proxy(dead, provider_error_strategy="raise")
        async with within(), Client(proxy) as client:
            with pytest.raises(McpError, match=r"127\.0\.0\.1"):
                await client.list_tools()

    asyncio.run(main())


def test_secrets_of_a_url_are_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """Neither to clients nor in the log."""

    async def main() -> str:
        dead = f"http://user:hunter2@127.0.0.1:{free_port()}/mcp?token=hunter2"
        front = FastMCP("front")
        front.mount(create_proxy(dead), namespace="ns")
        async with within(), Client(front) as client:
            await client.list_tools()
            result = await client.call_tool("ns_add", raise_on_error=False)
            return result.content[0].text

    with caplog.at_level(logging.DEBUG):
        text = asyncio.run(main())
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("fastmcp")]
    assert "hunter2" not in text + "".join(ours)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("front", ["legacy", "auto"])
def test_a_call_that_is_given_up_is_given_up_behind(mode: str, front: str) -> None:
    """By its client, or by a limit of time."""

    async def main() -> None:
        behind = FastMCP("behind")
        became: list[str] = []

        @behind.tool
        async def wait() -> str:
            became.append("waiting")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                became.append("cancelled")
                raise
            return "never"

        with served(behind.http_app()) as base:
            proxy = create_proxy(base + "/mcp", mode=mode)
            async with within(), Client(proxy, mode=front) as client:
                call = asyncio.create_task(client.call_tool("wait"))
                await until(lambda: became == ["waiting"])
                call.cancel()
                await until(lambda: became == ["waiting", "cancelled"])
                with pytest.raises((ToolError, McpError)):
                    await client.call_tool("wait", timeout=0.2)
                await until(lambda: became[-1] == "cancelled" and len(became) == 4)

    asyncio.run(main())


def test_a_question_that_is_never_answered_gives_the_call_up_in_time() -> None:
    """A modern client that does not come back leaves nothing behind for ever."""

    async def main() -> None:
        behind = FastMCP("behind")
        became: list[str] = []

        @behind.tool
        async def ask(ctx: Context) -> str:
            try:
                return (await ctx.elicit("Who?", str)).data
            except asyncio.CancelledError:
                became.append("cancelled")
                raise

        security = RequestStateSecurity(keys=["k" * 32], ttl=0.2)
        proxy = create_proxy(behind, mode="legacy", request_state_security=security)

        async def never(*_: object) -> object:
            await asyncio.Event().wait()
            return None

        async with within(), Client(proxy, elicitation_handler=never) as client:
            call = asyncio.create_task(client.call_tool("ask"))
            await until(lambda: became)
            call.cancel()

    asyncio.run(main())


def _gives_nothing() -> Any:
    return None


async def _gives_a_server() -> Any:
    return FastMCP("behind")


def _fails() -> Any:
    raise KeyError("tenant")


@pytest.mark.parametrize(
    ("factory", "reason"),
    [
        (_gives_nothing, "client_factory gave None, not a Client"),
        (_gives_a_server, "client_factory gave a FastMCP, not a Client"),
        (_fails, "tenant"),
    ],
)
@pytest.mark.parametrize("front", ["legacy", "auto"])
def test_a_client_factory_that_fails_does_not_close_the_door(
    factory: Any, reason: str, front: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Clients use the rest of the server; the log has the reason, once however many come."""

    async def main() -> None:
        proxy = FastMCPProxy(client_factory=factory, name="front")

        @proxy.tool
        def own() -> str:
            return "here"

        for _ in range(3):
            async with within(), Client(proxy, mode=front) as client:
                assert [tool.name for tool in await client.list_tools()] == ["own"]
                assert (await client.call_tool("own")).data == "here"

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    [told] = [r.getMessage() for r in caplog.records if r.name == "fastmcp.server.proxy"]
    assert reason in told


def test_a_call_that_was_lost_between_rounds_is_not_made_again() -> None:
    """Unless it may be; the client is told what is not known."""
    calls: list[str] = []

    async def main(safe: bool) -> str:
        behind = FastMCP("behind")

        @behind.tool(annotations={"readOnlyHint": safe})
        async def order(ctx: Context) -> str:
            calls.append("began")
            return (await ctx.elicit("Who?", str)).data

        security = RequestStateSecurity(keys=["k" * 32])
        first, second = (
            create_proxy(behind, mode="legacy", name="p", request_state_security=security)
            for _ in range(2)
        )
        asked = {"elicitation": {}}
        async with (
            within(),
            first.lifespan.use(),
            second.lifespan.use(),
            conversation(first, "2026-07-28", asked) as one,
            conversation(second, "2026-07-28", asked) as other,
        ):
            message = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "order", "arguments": {}},
            }
            demand = (await one.ask(message))["result"]
            [key] = demand["inputRequests"]
            answers = {key: {"action": "accept", "content": {"value": "me"}}}
            again = {"inputResponses": answers, "requestState": demand["requestState"]}
            message = {**message, "id": 2, "params": {**message["params"], **again}}
            answer = await other.ask(message)
            if "error" in answer:
                return answer["error"]["message"]
            return answer["result"]["content"][0]["text"]

    assert "given up" in asyncio.run(main(False))
    assert calls == ["began"]
    assert asyncio.run(main(True)) == "me"
    assert calls == ["began"] * 3
