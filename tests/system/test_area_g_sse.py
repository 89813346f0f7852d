"""Area G: running over HTTP+SSE, row by row."""

from __future__ import annotations

import asyncio
import signal
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import mcp as official
import pytest
from apps import SECONDS, call
from legacy_sse import introduced, opened
from mcp.client.sse import sse_client
from processes import http_server
from settled import wait_until

from fastmcp import Client, FastMCP
from fastmcp.client.transports import SSETransport
from fastmcp.exceptions import FastMCPDeprecationWarning

SERVER = """
    import asyncio, os
    from fastmcp import Context, FastMCP

    mcp = FastMCP("older")

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return (await ctx.elicit("Which colour?", str)).data

    @mcp.tool
    async def wait(seconds: float) -> str:
        print("waiting", flush=True)
        await asyncio.sleep(seconds)
        return "waited"

    PORT = int(os.environ["PORT"])
"""

Script = Callable[[str], Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(run: str) -> Path:
        path = tmp_path / "server.py"
        path.write_text(textwrap.dedent(SERVER) + run)
        return path

    return write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def use(url: str) -> tuple[int, str]:
    """Call a tool, and be asked by one."""

    async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return {"value": "blue"}

    async def main() -> tuple[int, str]:
        client = Client(SSETransport(url), timeout=SECONDS, elicitation_handler=answer)
        async with client:
            total = (await client.call_tool("add", {"a": 2, "b": 3})).data
            return total, (await client.call_tool("ask")).data

    return asyncio.run(main())


def test_s107_c17_run_serves_sse_in_both_directions(script: Script, log: Path) -> None:
    """A stream at /sse and messages at /messages/: both clients call, and are asked; it warns."""

    async def official_total(url: str) -> Any:
        async with official.Client(sse_client(url)) as client:
            return (await client.call_tool("add", {"a": 4, "b": 5})).structured_content

    program = script('mcp.run(transport="sse", host="127.0.0.1", port=PORT, log_level="info")')
    with http_server(["-W", "default", program], log) as server:
        base = f"http://127.0.0.1:{server.port}"
        assert use(base + "/sse") == (5, "blue")
        assert asyncio.run(official_total(base + "/sse")) == {"result": 9}
        with opened(base) as legacy:
            assert legacy.place.startswith("/messages/?session_id=")
        assert httpx2.post(f"{base}/mcp", json={}).status_code == 404
        assert server.output.count("FastMCPDeprecationWarning: HTTP+SSE is deprecated") == 1


def test_s107_a_signal_ends_it_in_order(script: Script, log: Path) -> None:
    """Open streams do not hold it up, and a call that is done in time is answered."""
    with http_server([script('mcp.run("sse", port=PORT)')], log) as server:
        base = f"http://127.0.0.1:{server.port}"
        with introduced(base) as idle, introduced(base) as busy:
            busy.send(call("wait", 1, seconds=0.5))
            server.wait_for("waiting")
            server.process.send_signal(signal.SIGTERM)
            assert idle.events.rest() == []
            assert [answer["id"] for answer in busy.events.rest()] == [1]
        assert server.wait() == 0
        assert "Traceback" not in server.output


def test_s107_what_is_not_done_in_time_is_answered_with_an_error(script: Script, log: Path) -> None:
    """The server says that it stops, on the stream, and exits by its deadline."""
    run = 'mcp.run("sse", port=PORT, timeout_graceful_shutdown=1)'
    with http_server([script(run)], log) as server:
        with introduced(f"http://127.0.0.1:{server.port}") as busy:
            busy.send(call("wait", 1, seconds=50))
            server.wait_for("waiting")
            server.process.send_signal(signal.SIGTERM)
            [answer] = busy.events.rest()
        assert server.wait() == 0

    assert (answer["id"], answer["error"]["code"]) == (1, -32000)
    assert "Traceback" not in server.output


def test_s108_the_path_and_the_message_path_are_taken(script: Script, log: Path) -> None:
    """Both are where they are said to be, and nowhere else."""
    run = 'mcp.run(transport="sse", port=PORT, path="/s", message_path="/m/")'
    with http_server([script(run)], log) as server:
        base = f"http://127.0.0.1:{server.port}"
        assert use(base + "/s") == (5, "blue")
        with opened(base, "/s") as legacy:
            assert legacy.place.startswith("/m/?session_id=")
        missing = [
            httpx2.get(base + "/sse").status_code,
            httpx2.post(base + "/messages/?session_id=x", json={}).status_code,
        ]

    assert missing == [404, 404]


def test_c35_slashes_at_the_end_change_nothing(script: Script, log: Path) -> None:
    """/sse and /sse/, /messages and /messages/ answer where they are."""
    with http_server([script('mcp.run("sse", port=PORT)')], log) as server:
        base = f"http://127.0.0.1:{server.port}"
        assert use(base + "/sse/") == (5, "blue")
        for path in ("/sse", "/sse/"):
            with opened(base, path) as legacy:
                legacy.url = legacy.url.replace("/messages/?", "/messages?")
                assert legacy.introduce()["serverInfo"]["name"] == "older"


@pytest.mark.parametrize("name", ["stateless_http", "stateless"])
def test_s109_it_is_refused_with_stateless(name: str) -> None:
    """ValueError, before anything listens, that names what can be stateless."""
    options: dict[str, Any] = {name: True}

    with pytest.raises(ValueError, match=r"cannot be stateless.*streamable HTTP"):
        FastMCP("x").run(transport="sse", **options)


def test_s107_the_warning_can_be_caught() -> None:
    """Who turns warnings into errors hears of it before anything listens."""
    with pytest.raises(FastMCPDeprecationWarning, match=r"HTTP\+SSE is deprecated"):
        FastMCP("x").run("sse")


def test_s115_run_sse_serves_pages_of_other_origins(script: Script, log: Path) -> None:
    """run_sse blocks and serves; a preflight is answered for the origins that are given."""
    run = 'mcp.run_sse(host="127.0.0.1", port=PORT, cors_origins=["*"])'
    with http_server([script(run)], log) as server:
        base = f"http://127.0.0.1:{server.port}"
        origin = {"origin": "https://page.example"}
        asked = {
            **origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        }
        preflight = httpx2.options(base + "/messages/?session_id=x", headers=asked)
        with httpx2.stream("GET", base + "/sse", headers=origin) as stream:
            allowed = stream.headers.get("access-control-allow-origin")
        assert use(base + "/sse") == (5, "blue")
        wait_until(lambda: server.process.poll() is None)

    assert preflight.status_code in (200, 204)
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert (stream.status_code, allowed) == (200, "*")
