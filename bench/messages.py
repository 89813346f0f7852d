"""The JSON-RPC messages and HTTP requests the bench sends, in both protocol eras."""

from __future__ import annotations

import json
from typing import Any, Literal

Era = Literal["handshake", "modern"]

VERSIONS: dict[Era, str] = {"handshake": "2025-11-25", "modern": "2026-07-28"}
CLIENT = {"name": "bench", "version": "1"}
PATH = "/mcp"

ARGUMENTS = {"a": 1, "b": 2}
"""Every `add*` tool of the bench servers is called with these and answers ANSWER."""
ANSWER = "3"


def encode(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def initialize(request_id: int = 1) -> dict[str, Any]:
    params = {
        "protocolVersion": VERSIONS["handshake"],
        "capabilities": {},
        "clientInfo": CLIENT,
    }
    return {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": "initialize",
        "params": params,
    }


def initialized() -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "notifications/initialized"}


def cancelled(request_id: int) -> dict[str, Any]:
    params = {"requestId": request_id, "reason": "bench"}
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}


def call(
    era: Era,
    request_id: int,
    tool: str,
    arguments: dict[str, Any],
    *,
    progress: bool = False,
) -> dict[str, Any]:
    """A `tools/call`; with `progress` it asks for progress notifications."""
    meta: dict[str, Any] = {}
    if era == "modern":
        meta["io.modelcontextprotocol/protocolVersion"] = VERSIONS["modern"]
        meta["io.modelcontextprotocol/clientInfo"] = CLIENT
        meta["io.modelcontextprotocol/clientCapabilities"] = {}
    if progress:
        meta["progressToken"] = request_id
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    if meta:
        params["_meta"] = meta
    return {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": "tools/call",
        "params": params,
    }


def headers(era: Era, message: dict[str, Any], session: str | None = None) -> dict[str, str]:
    """The MCP headers of one POST."""
    fields = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    if message["method"] != "initialize":
        fields["MCP-Protocol-Version"] = VERSIONS[era]
    if era == "modern":
        fields["Mcp-Method"] = message["method"]
        fields["Mcp-Name"] = message["params"]["name"]
    if session is not None:
        fields["Mcp-Session-Id"] = session
    return fields


def http_request(
    method: str, port: int, fields: dict[str, str], body: bytes = b"", path: str = PATH
) -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def post(
    port: int, era: Era, message: dict[str, Any], session: str | None = None, token: str = ""
) -> bytes:
    """The POST that carries one message, with a bearer token if there is one."""
    fields = headers(era, message, session)
    if token:
        fields["Authorization"] = f"Bearer {token}"
    return http_request("POST", port, fields, encode(message))


def parse_answer(body: bytes) -> list[dict[str, Any]]:
    """The messages of a JSON or SSE body, in order."""
    if body.lstrip()[:1] == b"{":
        return [json.loads(body)]
    data = (line[5:].strip() for line in body.splitlines() if line.startswith(b"data:"))
    return [json.loads(event) for event in data if event]


def check_answer(messages: list[dict[str, Any]], *, progress: bool = False) -> None:
    """Raise ValueError unless the messages are the right answer to an `add*` call."""
    if not messages:
        raise ValueError("empty answer")
    result = messages[-1].get("result")
    if not result:
        raise ValueError(f"no result: {messages[-1]}")
    content: list[dict[str, Any]] = result.get("content") or [{}]
    if result.get("isError") or content[0].get("text") != ANSWER:
        raise ValueError(f"wrong result: {result}")
    methods = [message.get("method") for message in messages[:-1]]
    if progress and "notifications/progress" not in methods:
        raise ValueError(f"no progress notification before the result: {methods}")


def is_good(answer: bytes) -> bool:
    """A cheap check for every answer after the first: it has a result that is no tool error."""
    return b'"result"' in answer and b'"isError":true' not in answer
