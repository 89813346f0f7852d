"""What is listened to ends with the token that it was opened by."""

from __future__ import annotations

import time
from typing import Any

from apps import (
    HANDSHAKE,
    Mcp,
    enveloped,
    http,
    initialize,
    modern_headers,
    notification,
    request,
)

from fastmcp import FastMCP

TOKEN = {"authorization": "Bearer token-of-ann"}


def short(seconds: int) -> dict[str, Any]:
    """What is known of a token that soon ends."""
    return {"token-of-ann": {"user": "ann", "expires_at": int(time.time()) + seconds}}


def session_of(client: Mcp) -> dict[str, str]:
    """The headers of a session that ann opens."""
    opened = client.post(initialize(), TOKEN)
    session = {
        **TOKEN,
        "mcp-session-id": opened.headers["mcp-session-id"],
        "mcp-protocol-version": HANDSHAKE,
    }
    client.post(notification("notifications/initialized"), session)
    return session


def test_the_stream_of_a_session_ends_with_the_token() -> None:
    """In order; whoever opens another one needs a token that is valid."""
    with http(FastMCP(auth=short(3))) as client:
        headers = session_of(client)
        with client.stream(None, headers) as events:
            assert events.status == 200
            events.rest()
        with client.stream(None, headers) as events:
            assert events.status == 401


def test_a_stream_of_subscriptions_ends_with_the_token() -> None:
    """It is a POST, and listens all the same."""
    listen = enveloped(
        request("subscriptions/listen", "l", notifications={"toolsListChanged": True})
    )
    with http(FastMCP(auth=short(3))) as client:
        headers = {**modern_headers(listen), **TOKEN}
        with client.stream(listen, headers) as events:
            assert events.status == 200
            assert events.message()["method"] == "notifications/subscriptions/acknowledged"
            events.rest()
        assert client.post(listen, headers).status_code == 401


def test_a_stream_of_a_lasting_token_goes_on() -> None:
    """Until somebody ends it."""
    mcp = FastMCP(auth={"token-of-ann": {"user": "ann"}})
    with http(mcp) as client, client.stream(None, session_of(client)) as events:
        mcp.tool(lambda: 1, name="new")

        assert events.message()["method"] == "notifications/tools/list_changed"
