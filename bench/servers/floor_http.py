"""The HTTP floor: a bare ASGI app that answers what an MCP server would, with no framework."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from serve import add_options, serve

SERVER_INFO = {"io.modelcontextprotocol/serverInfo": {"name": "floor", "version": "1"}}

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    body = b""
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    await answer(body, send)


async def answer(body: bytes, send: Send) -> None:
    message: dict[str, Any] = msgspec.json.decode(body) if body else {"method": "DELETE"}
    if message["method"] != "tools/call":
        await reply(send, b"{}", session=b"floor")
        return
    params = message["params"]
    encoded = encode_result(message["id"], params)
    if params["name"] != "add_with_progress":
        await reply(send, encoded)
        return
    token = params["_meta"]["progressToken"]
    progress = {"progressToken": token, "progress": 1, "total": 2}
    notice = {"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}
    await stream(send, [msgspec.json.encode(notice), encoded])


def encode_result(request_id: int, params: dict[str, Any]) -> bytes:
    total = params["arguments"]["a"] + params["arguments"]["b"]
    result: dict[str, Any] = {
        "content": [{"type": "text", "text": str(total)}],
        "structuredContent": {"result": total},
        "isError": False,
    }
    if "io.modelcontextprotocol/protocolVersion" in params.get("_meta", {}):
        result |= {"resultType": "complete", "_meta": SERVER_INFO}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": request_id, "result": result})


async def reply(send: Send, body: bytes, session: bytes | None = None) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    if session is not None:
        headers.append((b"mcp-session-id", session))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def stream(send: Send, events: list[bytes]) -> None:
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for event in events:
        data = b"event: message\r\ndata: %b\r\n\r\n" % event
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    serve(app, parser.parse_args())
