"""A server on a socket that answers as a test says, byte by byte if need be."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from msgspec import Struct, field


class Asked(Struct):
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


Answer = Callable[[Asked], bytes | Awaitable[bytes]]


def response(body: Any = b"", status: int = 200, **headers: str) -> bytes:
    """A response; a body that is no bytes is sent as JSON, headers have `_` for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    """A port of loopback; whoever connects to it is served until the block ends."""
    served: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served[asyncio.current_task()] = writer
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # who connected has gone
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task, writer in served.items():
            assert task is not None
            task.cancel()
            writer.transport.abort()
        await asyncio.wait([asyncio.create_task(asyncio.sleep(0)), *filter(None, served)])


class Authority(Struct):
    """Where the server is, what it was asked, and what it answers from now on."""

    url: str
    answer: Answer
    asked: list[Asked] = field(default_factory=list[Asked])

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def says(self, body: Any = b"", status: int = 200, **headers: str) -> None:
        """Answer like this."""
        self.answer = lambda asked: response(body, status, **headers)


@asynccontextmanager
async def authority(
    body: Any = b"", status: int = 200, *, context: ssl.SSLContext | None = None, **headers: str
) -> AsyncGenerator[Authority]:
    """A server on loopback, in this event loop; with `context` by TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        pairs = [line.split(": ", 1) for line in head[1:] if line]
        names = {name.lower(): value for name, value in pairs}
        content = await reader.readexactly(int(names.get("content-length", 0)))
        asked = Asked(method, path, names, content)
        here.asked.append(asked)
        answer = here.answer(asked)
        writer.write(answer if isinstance(answer, bytes) else await answer)
        await writer.drain()

    scheme = "http" if context is None else "https"
    async with listening(serve, context) as port:
        here = Authority(
            f"{scheme}://127.0.0.1:{port}", lambda asked: response(body, status, **headers)
        )
        yield here
