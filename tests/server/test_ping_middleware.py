"""Pings: clients that are asked whether they are there, for as long as they are."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from apps import http, initialize, notification, request
from conversation import Conversation

from fastmcp import FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.middleware.ping import PingMiddleware

SECONDS = 20


def server(interval_ms: int) -> FastMCP:
    mcp = FastMCP("x", middleware=[PingMiddleware(interval_ms=interval_ms)])

    @mcp.tool
    def here() -> str:
        return "here"

    return mcp


async def next_ping(talk: Conversation) -> dict[str, Any]:
    while True:
        message = await talk.receive()
        if message.get("method") == "ping":
            return message


def test_a_client_is_pinged_while_it_is_there() -> None:
    """Again and again, whether it answers or not; never after its session, and by no task then."""

    async def main() -> Any:
        talk = Conversation(server(20), "2025-11-25")
        before = asyncio.all_tasks()
        talk.send(initialize())
        first = await next_ping(talk)
        talk.send({"jsonrpc": "2.0", "id": first["id"], "result": {}})
        second = await next_ping(talk)
        third = await next_ping(talk)  # though the second was not answered
        talk.session.close()
        deadline = time.monotonic() + SECONDS
        while asyncio.all_tasks() - before and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        return len({first["id"], second["id"], third["id"]}), asyncio.all_tasks() - before

    assert asyncio.run(main()) == (3, set())


def test_each_client_is_pinged_by_itself() -> None:
    """However many requests it sends; the others go on when one leaves."""

    async def main() -> Any:
        mcp = server(40)
        one, other = Conversation(mcp, "2025-11-25"), Conversation(mcp, "2025-11-25")
        for talk in (one, other):
            talk.send(initialize())
            for number in range(1, 20):
                talk.send(request("tools/list", number))
        await next_ping(one)
        one.session.close()
        await next_ping(other)
        ping = await next_ping(other)
        other.session.close()
        return ping["method"]

    assert asyncio.run(main()) == "ping"


def test_a_modern_client_is_not_pinged() -> None:
    """Its protocol has no pings."""

    async def main() -> list[str]:
        talk = Conversation(server(1), "2026-07-28")
        for number in range(20):
            talk.send(request("tools/list", number))
        got = [await talk.receive() for _ in range(20)]
        talk.session.close()
        return [message for message in got if "method" in message]

    assert asyncio.run(main()) == []


def test_over_http_the_ping_comes_on_the_stream() -> None:
    """The stream that the client opens for what the server has to say."""
    with http(server(30)) as client:
        opened = client.post(initialize())
        session = {
            "mcp-session-id": opened.headers["mcp-session-id"],
            "mcp-protocol-version": "2025-11-25",
        }
        client.post(notification("notifications/initialized"), session)
        with client.stream(None, session) as events:
            message = events.message()
            while message.get("method") != "ping":
                message = events.message()
            client.post({"jsonrpc": "2.0", "id": message["id"], "result": {}}, session)
            again = events.message()
            while again.get("method") != "ping":  # a slow answer to the first is given up
                again = events.message()
            assert again["id"] != message["id"]


@pytest.mark.parametrize("interval", [0, -1])
def test_an_interval_is_positive(interval: int) -> None:
    """As FastMCP's, a ValueError."""
    with pytest.raises(ConfigurationError, match="interval_ms must be positive"):
        PingMiddleware(interval_ms=interval)
