"""Where a server is, when its URL does not say it: C06, and entries of configurations."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import HANDSHAKE, served
from processes import free_port

from fastmcp import FastMCP
from fastmcp.client import AsyncMCPClient
from fastmcp.exceptions import ConfigurationError, ConnectFailed, McpError, UnexpectedResponse
from fastmcp.server.dependencies import get_http_headers

SECONDS = 20


def server() -> FastMCP:
    mcp = FastMCP("somewhere")

    @mcp.tool
    def colour() -> str:
        return get_http_headers().get("x-colour", "none")

    return mcp


class Site:
    """An ASGI application that notes what is asked of it, as `POST /mcp`."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.asked.append(f"{scope['method']} {scope['path']}")
        await self.app(scope, receive, send)

    def taken(self) -> set[str]:
        """The paths that were posted to since the last time."""
        asked, self.asked = self.asked, []
        return {each.removeprefix("POST ") for each in asked if each.startswith("POST")}


@contextmanager
def site(app: Any) -> Generator[tuple[Site, str]]:
    noted = Site(app)
    with served(noted) as base:
        yield noted, base


def page(status: int, body: str = "<html>Hello</html>", kind: str = "text/html") -> Any:
    """An application that always answers so."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})

    return app


class Legacy:
    """A server that is reached over HTTP+SSE at `/sse`, and nowhere else."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = scope.get("method"), scope.get("path")
        if asked == ("GET", "/sse"):
            await self._stream(receive, send)
        elif asked == ("POST", "/messages"):
            self._take(json.loads((await receive())["body"]))
            await page(202, "")(scope, receive, send)
        else:
            await page(404)(scope, receive, send)

    async def _stream(self, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self.events.put_nowait("event: endpoint\ndata: /messages\n\n")
        gone = asyncio.create_task(self._gone(receive))
        while event := await self.events.get():
            body = {"type": "http.response.body", "body": event.encode(), "more_body": True}
            await send(body)
        await gone

    async def _gone(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.events.put_nowait("")

    def _take(self, message: Any) -> None:
        results = {
            "initialize": {
                "protocolVersion": HANDSHAKE,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "legacy", "version": "1"},
            },
            "tools/call": {"content": [{"type": "text", "text": "old"}]},
        }
        if "id" in message:
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": results[message["method"]]}
            self.events.put_nowait(f"data: {json.dumps(answer)}\n\n")


def told(target: Any, **options: Any) -> Any:
    """What the tool says, over a new client."""

    async def main() -> Any:
        async with asyncio.timeout(SECONDS), AsyncMCPClient(target, **options) as client:
            return await client.call_tool("colour")

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("at", "tried"), [("/mcp", {"/mcp"}), ("/", {"/mcp", "/"}), ("/elsewhere", set())]
)
def test_a_host_is_asked_at_the_usual_places(at: str, tried: set[str]) -> None:
    """`/mcp`, then `/`; what is neither is told with all that was tried."""
    with site(server().http_app(path=at)) as (noted, base):
        for url in (base, f"{base}/"):
            if not tried:
                with pytest.raises(UnexpectedResponse, match=r"Connection to .*/mcp \(404\).*/sse"):
                    told(url)
                assert noted.taken() == {"/mcp", "/"}
            else:
                assert told(url) == "none"
                assert noted.taken() == tried


def test_a_server_of_the_first_revision_is_found() -> None:
    """At `/sse`, after the others."""
    with site(Legacy()) as (noted, base):
        assert told(base) == "old"
        assert noted.taken() == {"/mcp", "/", "/messages"}


def test_what_was_found_is_remembered() -> None:
    """A client that connects again asks nowhere else, unless the server has moved."""
    with site(server().http_app(path="/")) as (noted, base):

        async def main() -> None:
            client = AsyncMCPClient(base)
            for tried in ({"/mcp", "/"}, {"/"}):
                await client.call_tool("colour")
                await client.close()
                assert noted.taken() == tried
            app, noted.app = noted.app, page(404)
            with pytest.raises(UnexpectedResponse, match="no MCP server"):
                await client.call_tool("colour")
            noted.app = app
            assert noted.taken() == {"/mcp", "/"}

        asyncio.run(asyncio.wait_for(main(), SECONDS))


@pytest.mark.parametrize("path", ["/api", "/mcp", "/a/b/"])
def test_a_url_with_a_path_is_taken_as_it_is_written(path: str) -> None:
    """Whatever is there."""
    with site(page(404)) as (noted, base):
        with pytest.raises(UnexpectedResponse, match="404"):
            told(base + path)
        assert noted.taken() == {path}


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_server_that_refuses_is_not_looked_for_elsewhere(status: int) -> None:
    """It is there; the error is its own."""
    with site(page(status, "no", "text/plain")) as (noted, base):
        with pytest.raises((UnexpectedResponse, McpError), match=str(status)):
            told(base)
        assert noted.taken() == {"/mcp"}


def test_a_web_site_is_no_server() -> None:
    """Though it answers 200 wherever it is asked."""
    with site(page(200)) as (_, base), pytest.raises(UnexpectedResponse, match="no MCP server"):
        told(base)


def test_a_host_that_is_down_is_asked_once() -> None:
    """There is nothing to be found."""
    base = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ConnectFailed, match=f"^Connection to {base}/mcp failed"):
        told(base)


def test_an_entry_of_a_configuration_is_a_target() -> None:
    """With its headers; it may leave the path open, too, and name the transport."""
    with site(server().http_app()) as (noted, base):
        for entry in ({}, {"transport": "http"}, {"type": "streamable-http"}):
            assert told({"url": base, "headers": {"X-Colour": "red"}, **entry}) == "red"
            assert noted.taken() == {"/mcp"}
        assert told({"mcpServers": {"a": {"url": base}}}) == "none"
        with pytest.raises(UnexpectedResponse, match=r"at /sse \(404\), / \(\d+\);") as caught:
            told({"url": f"{base}?key=secret", "transport": "sse", "headers": {"x": "secret"}})
        assert "secret" not in str(caught.value)


def test_what_an_entry_says_of_the_client_holds() -> None:
    """Its timeout, in milliseconds or in seconds below 1000, and its mode; keywords go before."""
    with site(server().http_app()) as (_, base):

        async def version(**options: Any) -> str:
            entry = {"url": base, "mode": "legacy", "timeout": 20_000}
            async with AsyncMCPClient(entry, **options) as client:
                return client.protocol_version

        assert asyncio.run(version()) == HANDSHAKE
        assert asyncio.run(version(mode="auto")) != HANDSHAKE


def test_an_entry_may_be_a_command(script: Any) -> None:
    """As editors write it."""
    program: Path = script("""
        from fastmcp import FastMCP

        mcp = FastMCP("child")
        mcp.tool(lambda: "blue", name="colour")
        mcp.run()
    """)

    assert told({"command": sys.executable, "args": [str(program)]}) == "blue"


def test_an_entry_with_a_slip_is_refused_when_the_client_is_made() -> None:
    """The nearest key is named."""
    with pytest.raises(ConfigurationError, match="headers"):
        AsyncMCPClient({"url": "http://127.0.0.1", "header": {"a": "b"}})
