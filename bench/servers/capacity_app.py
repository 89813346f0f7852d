"""One worker with its sessions in Redis, called in process: what sessions, streams and calls cost.

Reads steps from stdin as JSON lines (`{"do": "open", "count": 1000}`) and answers each with what
it took: CPU seconds, and bytes of memory that are in use now.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.cluster.cluster_sessions import LOCAL_IDLE

# How many requests are under way at the same time.
AT_ONCE = 32

HEADERS = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/json")]
JSON = b"application/json"
STREAM = b"text/event-stream"
REVISION = (b"mcp-protocol-version", b"2025-11-25")

mcp = FastMCP("capacity")


@mcp.tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Worker:
    """Sends requests to the application as an HTTP server would."""

    def __init__(self) -> None:
        self.app = mcp.http_app(max_sessions=10**7, session_idle_timeout=None)
        self.sessions: list[bytes] = []
        self.streams: list[asyncio.Task[None]] = []
        self._next = 0

    async def request(
        self, method: str, accept: bytes, body: Any, session: bytes | None, opened: Any = None
    ) -> list[dict[str, Any]]:
        """One request; what the application sent. `opened` is set at its first answer."""
        data = b"" if body is None else json.dumps(body).encode()
        headers = [*HEADERS, (b"accept", accept), (b"content-length", b"%d" % len(data))]
        if session is not None:
            headers += [(b"mcp-session-id", session), REVISION]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
        }
        pending = [{"type": "http.request", "body": data}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if pending:
                return pending.pop()
            return await asyncio.get_running_loop().create_future()

        async def send(message: dict[str, Any]) -> None:
            if opened is None:
                sent.append(message)
            elif not opened.done():
                opened.set_result(message)

        await self.app(scope, receive, send)
        return sent

    async def open(self, _: int) -> None:
        """A session, from the handshake to its end."""
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": {"sampling": {}, "elicitation": {}, "roots": {"listChanged": True}},
            "clientInfo": {"name": "capacity", "version": "1.0"},
        }
        body = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}
        [start, _body] = await self.request("POST", JSON, body, None)
        session = dict(start["headers"])[b"mcp-session-id"]
        done = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        [start, _body] = await self.request("POST", JSON, done, session)
        assert start["status"] == 202
        self.sessions.append(session)

    async def call(self, number: int) -> None:
        """A call that is answered by JSON."""
        await self._call(JSON, number)

    async def stream(self, number: int) -> None:
        """A call that is answered by a stream that can be resumed."""
        await self._call(STREAM, number)

    async def _call(self, accept: bytes, number: int) -> None:
        self._next += 1
        params = {"name": "add", "arguments": {"a": 1, "b": 2}}
        body = {"jsonrpc": "2.0", "id": self._next, "method": "tools/call", "params": params}
        session = self.sessions[number % len(self.sessions)]
        sent = await self.request("POST", accept, body, session)
        assert sent[0]["status"] == 200 and b'"3"' in b"".join(m.get("body", b"") for m in sent)

    async def listen(self, number: int) -> None:
        """A stream that stays open, on a session of its own."""
        opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        request = self.request("GET", STREAM, None, self.sessions[number], opened)
        self.streams.append(asyncio.create_task(request))
        assert (await opened)["status"] == 200

    async def rest(self, _: int) -> None:
        """Long enough for the worker to let go of the sessions that nobody uses."""
        await asyncio.sleep(1.05 * LOCAL_IDLE)


async def repeat(act: Any, count: int) -> None:
    """Act so many times, AT_ONCE at the same time."""
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            await act(number)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def main() -> None:
    worker = Worker()
    async with worker.app.lifespan(None):
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            step = json.loads(line)
            if step["do"] == "trace":
                tracemalloc.start(1)
                print(json.dumps({}), flush=True)
                continue
            began, clock = time.process_time(), time.perf_counter()
            await repeat(getattr(worker, step["do"]), step["count"])
            took, seconds = time.process_time() - began, time.perf_counter() - clock
            gc.collect()
            memory = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
            print(json.dumps({"cpu": took, "seconds": seconds, "memory": memory}), flush=True)
        for task in worker.streams:
            task.cancel()
        await asyncio.gather(*worker.streams, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
