"""Clients that mean no good: malformed and oversized requests, readers that stop, half requests."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
from collections import Counter
from contextlib import suppress

import messages

PATIENCE = 30.0
"""Seconds in which there is an answer, also of a worker that is paused for up to 15."""
ACCEPT = "application/json, text/event-stream"
# 502 and 503 are nginx's while a worker is away, and the server's while Redis is.
REFUSALS = frozenset((400, 404, 405, 406, 408, 411, 413, 414, 415, 421, 431, 501, 502, 503, 504))


def _post(port: int, body: bytes, **extra: str) -> bytes:
    headers = {"Content-Type": "application/json", "Accept": ACCEPT} | {
        name.replace("_", "-"): value for name, value in extra.items()
    }
    return messages.http_request("POST", port, headers, body)


def malformed(rng: random.Random, port: int) -> tuple[str, bytes]:
    """The name of a bad request, and its bytes."""
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    kinds = {
        "garbage": rng.randbytes(400) + b"\r\n\r\n",
        "no JSON": _post(port, b'{"jsonrpc": "2.0", "id": 1, "meth'),
        "no UTF-8": _post(port, b'{"jsonrpc": "2.0", "id": 1, "method": "\xff\xfe"}'),
        "deep": _post(port, b"[" * 100_000),
        "no message": _post(port, b"7"),
        "unknown session": _post(port, json.dumps(ping).encode(), Mcp_Session_Id="x" * 32),
        "oversized": _post(port, b" " * 6_000_000),
        "oversized header": messages.http_request("GET", port, {"X-Long": "x" * 200_000}),
        "negative length": b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        "bad chunks": b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Accept: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    }
    name = rng.choice(list(kinds))
    return name, kinds[name]


async def send_malformed(rng: random.Random, port: int, tally: Counter[str]) -> str | None:
    """What was wrong with the answer: it is a refusal, or the connection is closed."""
    name, request = malformed(rng, port)
    try:
        async with asyncio.timeout(PATIENCE):
            status = await _status_of(port, request)
    except TimeoutError:
        return f"{name}: neither answered nor closed within {PATIENCE:g} s"
    except OSError:
        status = None
    tally["malformed or oversized"] += 1
    if status is None or status in REFUSALS:
        return None
    return f"{name}: answered with {status}"


async def _status_of(port: int, request: bytes) -> int | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(OSError):  # it may be refused before it is read
            writer.write(request)
            await writer.drain()
        line = await reader.readline()
        return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else None
    finally:
        writer.transport.abort()


async def stop_reading(rng: random.Random, port: int, tally: Counter[str]) -> None:
    """Ask for much, read the beginning, hold on for a while and vanish."""
    call = messages.call("modern", 1, "blob", {"size": 8_000_000})
    await _hold(rng, port, messages.post(port, "modern", call), tally, "readers that stopped")


async def send_half(rng: random.Random, port: int, tally: Counter[str]) -> None:
    """Send a part of a request, or nothing, hold on for a while and vanish."""
    call = messages.post(port, "modern", messages.call("modern", 1, "echo", {"number": 0}))
    part = call[: rng.randrange(len(call))]
    await _hold(rng, port, part, tally, "half requests")


async def _hold(
    rng: random.Random, port: int, request: bytes, tally: Counter[str], what: str
) -> None:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(sock, ("127.0.0.1", port))
        await loop.sock_sendall(sock, request)
        tally[what] += 1
        await asyncio.sleep(rng.uniform(0.5, 8))
    except OSError:
        pass  # the worker is away
    finally:
        sock.close()
