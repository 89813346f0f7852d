"""HTTP: the ways to serve it, who may ask, and streams that are resumed."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time

import httpx2
import pytest
from apps import Mcp, http, initialize, request, served
from deploying import ROOT
from processes import SECONDS, free_port

from fastmcp import Client, Context, FastMCP
from fastmcp.transports import HttpTransport

PAGE = (ROOT / "docs" / "guide" / "http.md").read_text("utf-8")
WAYS = re.findall(r"^\| `([^`]*mcp\.run[^`]*)` \|", PAGE, re.M)


def weather() -> FastMCP:
    """The server of the page."""
    mcp = FastMCP("Weather")
    mcp.tool(lambda: 21.5, name="temperature")
    return mcp


def wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.filterwarnings("ignore:.*HTTP\\+SSE")
@pytest.mark.parametrize("way", WAYS)
def test_each_way_serves_until_it_is_ended(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the port that a variable says; those with plain HTTP have it, and the others have not."""
    mcp, port = weather(), free_port()
    monkeypatch.setenv("FASTMCP_PORT", str(port))
    names = {"mcp": mcp, "HttpTransport": HttpTransport}

    def serve() -> None:
        waits = way.startswith("await ")
        found = eval(way.removeprefix("await "), names)
        if waits:
            asyncio.run(found)

    thread = threading.Thread(target=serve)
    thread.start()
    wait_until_listening(port)
    base = f"http://127.0.0.1:{port}"
    health = httpx2.get(f"{base}/health").status_code
    path = "/sse" if "sse" in way else "/mcp"

    async def temperature() -> str:
        async with Client(base + path) as client:
            return (await client.call_tool("temperature")).data

    assert asyncio.run(temperature()) == "21.5"
    assert health == (200 if way.startswith(("mcp.run_http(", "mcp.run_with")) else 404)
    mcp.stop()
    thread.join(SECONDS)
    assert not thread.is_alive()


async def test_a_server_is_stopped_while_it_runs() -> None:
    """From a task beside it."""
    # snippet: stop
    import asyncio

    from fastmcp import FastMCP

    mcp = FastMCP("Weather")

    async def serve_for(seconds: float, port: int = 8000) -> None:
        asyncio.get_running_loop().call_later(seconds, mcp.stop)
        await mcp.run_http_async(port=port, rest=True, health=True)

    # end
    await asyncio.wait_for(serve_for(0.2, free_port()), SECONDS)


def test_who_is_listed_may_ask() -> None:
    """The name of a server, and the pages of an origin; nobody else."""
    mcp = weather()
    # snippet: names
    app = mcp.http_app(allowed_hosts=["mcp.example.com"], cors_origins=["https://app.example"])
    # end

    def asked(**headers: str) -> int:
        return client.post(initialize(), headers).status_code

    with served(app) as base, Mcp(base) as client:
        assert asked(host="mcp.example.com") == 200
        assert asked(host="evil.example") == 421
        assert asked(origin="https://evil.example") == 403
        answer = client.post(initialize(), {"origin": "https://app.example"})
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    with http(mcp, allowed_origins=["https://app.example"]) as client:
        answer = client.post(initialize(), {"origin": "https://app.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_a_stream_that_broke_is_resumed() -> None:
    """Its client gets what it has missed."""
    mcp = FastMCP("Weather")
    gone = threading.Event()

    @mcp.tool
    def measure(ctx: Context) -> str:
        ctx.report_progress(1)
        gone.wait(SECONDS)
        return "21.5"

    # snippet: resumed
    from fastmcp.server.event_store import EventStore

    app = mcp.http_app(event_store=EventStore(), retry_interval=500)
    # end
    with served(app) as base, Mcp(base) as client:
        session = client.open()
        measuring = request(
            "tools/call", name="measure", arguments={}, _meta={"progressToken": "p"}
        )
        with client.stream(measuring, session) as stream:
            first = stream.next()
            assert first["retry"] == "500"
        gone.set()
        with client.stream(headers={**session, "last-event-id": first["id"]}) as resumed:
            progress, answer = resumed.rest()
    assert progress["method"] == "notifications/progress"
    assert answer["result"]["content"][0]["text"] == "21.5"
