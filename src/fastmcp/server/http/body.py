"""Reading the body of a request, which may be too large, come too slowly, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final, TypeAlias

from fastmcp._protocol.http import Reject, refuse
from fastmcp.exceptions import InvalidRequest

ASGIReceive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
ASGISend: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# How long the next piece may take; how long that may be of what is thrown away after a refusal,
# and all of it. In seconds.
BODY_PATIENCE: Final = 30.0
LINGER_PATIENCE: Final = 1.0
LINGER: Final = 10.0
CLOSE: Final = (b"connection", b"close")


async def read_body(
    receive: ASGIReceive, declared: str | None, limit: int
) -> bytes | Reject | None:
    """The request's body; the refusal of one that is over `limit` bytes or does not come; None
    when the client left.
    """
    if declared is not None and (not declared.isdecimal() or int(declared[:20]) > limit):
        return _too_large(limit, unread=True)
    message = await receive()
    if message["type"] != "http.request":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return _too_large(limit, unread=False) if len(body) > limit else body
    parts, size = [body], len(body)
    try:
        while message.get("more_body"):
            async with asyncio.timeout(BODY_PATIENCE):
                message = await receive()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                return _too_large(limit, unread=bool(message.get("more_body")))
    except TimeoutError:
        return _refuse_body(408, "does not come", unread=True)
    return b"".join(parts)


def lingering(send: ASGISend, receive: ASGIReceive) -> ASGISend:
    """Sends a response to a request whose body still comes, and lets that come for a while before
    the response ends. To close while it comes would reset the connection, and could destroy the
    response before its client has read it.
    """

    async def send_then_wait(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await send({**message, "more_body": True})
            await _throw_away(receive)
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return send_then_wait


async def _throw_away(receive: ASGIReceive) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            message: MutableMapping[str, Any] = {"more_body": True}
            while message.get("more_body"):
                async with asyncio.timeout(LINGER_PATIENCE):
                    message = await receive()


def _too_large(limit: int, *, unread: bool) -> Reject:
    return _refuse_body(413, f"is larger than {limit} bytes", unread=unread)


def _refuse_body(status: int, reason: str, *, unread: bool) -> Reject:
    refusal = refuse(InvalidRequest(f"Invalid request: the body {reason}"), status=status)
    return Reject(status, refusal.body, (CLOSE,) if unread else ())
