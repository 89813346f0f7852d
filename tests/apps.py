"""An application served by uvicorn in a thread, and requests as bare as a test wants them."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn

from fastmcp import FastMCP

SECONDS = 20
HANDSHAKE = "2025-11-25"
MODERN = "2026-07-28"
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
BOTH = "application/json, text/event-stream"


@contextmanager
def served(
    app: Any, *, host: str = "127.0.0.1", lifespan: str = "on", **options: Any
) -> Generator[str]:
    """Serve an ASGI application on a free port, with options of uvicorn's; its base URL."""
    with socket.create_server((host, 0)) as listener:
        options = {"log_level": "error", "lifespan": lifespan, "ws": "none", **options}
        config = uvicorn.Config(app, timeout_graceful_shutdown=1, **options)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        _wait_for_a_connection(server, thread, listener.getsockname()[:2])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive()


def _wait_for_a_connection(
    server: uvicorn.Server, thread: threading.Thread, address: tuple[str, int]
) -> None:
    """Have the server take one, for which a loop opens what it keeps."""
    with socket.create_connection(address, timeout=SECONDS):
        deadline = time.monotonic() + SECONDS
        while not server.server_state.connections and thread.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.001)


@contextmanager
def http(mcp: FastMCP | Any, **options: Any) -> Generator[Mcp]:
    """Serve a server (with the options of `http_app`) or an application; a bare client of it."""
    app = mcp.http_app(**options) if isinstance(mcp, FastMCP) else mcp
    with served(app) as base, Mcp(base) as client:
        yield client


def request(method: str, id: Any = 1, /, **params: Any) -> dict[str, Any]:
    """A JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def notification(method: str, **params: Any) -> dict[str, Any]:
    """A JSON-RPC notification."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def initialize(
    version: str = HANDSHAKE, id: Any = 0, capabilities: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The first message of a handshake."""
    return request(
        "initialize",
        id,
        protocolVersion=version,
        capabilities=capabilities or {},
        clientInfo={"name": "test", "version": "1"},
    )


def call(tool: str, id: Any = 1, /, **arguments: Any) -> dict[str, Any]:
    """A call of a tool."""
    return request("tools/call", id, name=tool, arguments=arguments)


def enveloped(message: dict[str, Any], version: str = MODERN, **meta: Any) -> dict[str, Any]:
    """The same request as a modern client sends it."""
    own = {VERSION_KEY: version, CAPABILITIES_KEY: {}, **meta}
    return {**message, "params": {**message["params"], "_meta": own}}


def modern_headers(message: Mapping[str, Any], version: str = MODERN) -> dict[str, str]:
    """The headers that go with a modern request."""
    headers = {"mcp-protocol-version": version, "mcp-method": message["method"]}
    target = message["params"].get("name") or message["params"].get("uri")
    return headers if target is None else {**headers, "mcp-name": target}


class Mcp:
    """Posts to `/mcp` of a server, and opens streams there."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.url = base + "/mcp"
        self.client = httpx2.Client(timeout=SECONDS)

    def __enter__(self) -> Mcp:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def post(
        self, body: Any, headers: Mapping[str, str | None] | None = None, **options: Any
    ) -> httpx2.Response:
        """POST a message (or bytes) with a well-behaved client's headers; None removes one."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = self.base + options.pop("path", "/mcp")
        return self.client.post(url, content=content, headers=_headers(headers), **options)

    def modern(
        self, message: dict[str, Any], headers: Mapping[str, str | None] | None = None
    ) -> httpx2.Response:
        """POST a request in the modern way."""
        return self.post(enveloped(message), {**modern_headers(message), **(headers or {})})

    def open(self, version: str = HANDSHAKE) -> dict[str, str]:
        """Open a session; the headers that its further requests carry."""
        opened = self.post(initialize(version))
        assert opened.status_code == 200, opened.text
        session = {
            "mcp-session-id": opened.headers["mcp-session-id"],
            "mcp-protocol-version": version,
        }
        assert self.post(notification("notifications/initialized"), session).status_code == 202
        return session

    @contextmanager
    def stream(
        self,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        *,
        accept: str | None = None,
    ) -> Generator[Events]:
        """The response to a POST, or without a body to a GET, as it comes."""
        chosen = _headers(headers)
        chosen["accept"] = accept or (BOTH if body is not None else "text/event-stream")
        content = None if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        with self.client.stream(method, self.url, content=content, headers=chosen) as response:
            yield Events(response)


class Events:
    """The server-sent events of a response, one at a time."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.status = response.status_code
        self._lines: Iterator[str] = response.iter_lines()

    def next(self) -> dict[str, str]:
        """The fields of the next event, by name; comments stand under the empty name."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line and fields:
                return fields
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        raise AssertionError("the stream ended")

    def message(self) -> Any:
        """The next event that carries a message."""
        while True:
            if data := self.next().get("data"):
                return json.loads(data)

    def rest(self) -> list[Any]:
        """All further messages, until the stream ends."""
        data = [line[5:] for line in self._lines if line.startswith("data:")]
        return [json.loads(item) for item in data if item.strip()]


def messages(response: httpx2.Response) -> list[Any]:
    """All messages of a finished response, whichever form it has."""
    if response.headers["content-type"].startswith("text/event-stream"):
        data = [line[5:].strip() for line in response.text.splitlines() if line[:5] == "data:"]
        return [json.loads(item) for item in data if item]
    return [response.json()]


def _headers(changes: Mapping[str, str | None] | None) -> dict[str, str]:
    headers = {"content-type": "application/json", "accept": BOTH, **(changes or {})}
    return {name: value for name, value in headers.items() if value is not None}
