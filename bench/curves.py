"""How the cost of a call grows with what there is: tools, sessions, mounts, bytes, calls at once.

    python bench/curves.py [CURVE ...]

Server and client are in one process and speak in raw messages; the client's share is the same at
each point. A figure is CPU time of the least of several samples, in microseconds, and behind it how
many times it is that of the curve's first point; where it is of many pieces, how many times that of
the last point for each piece.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from time import thread_time
from typing import Any, TypeAlias

import messages
from http1 import Connection
from serving import serving

from fastmcp import FastMCP

ERA: messages.Era = "modern"
SAMPLES = 15
ENOUGH = 0.02
"""Seconds of a sample, at the least."""

Ask: TypeAlias = Callable[[bytes], Awaitable[bytes]]


class Inbox:
    """Takes the server's answers, by the ids of the requests."""

    def __init__(self) -> None:
        self.waiting: dict[Any, asyncio.Future[bytes]] = {}

    async def reply(self, id: Any, message: bytes) -> None:
        self.waiting.pop(id).set_result(message)

    def forget(self, id: Any) -> None:
        del self.waiting[id]


@asynccontextmanager
async def connected(mcp: FastMCP) -> AsyncGenerator[Callable[[int, bytes], Awaitable[bytes]]]:
    """What sends a request in memory, by its id, and gives the answer."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    async with mcp.lifespan.use():
        session = mcp.connect(inbox, "memory").session  # type: ignore[arg-type]

        def ask(id: int, message: bytes) -> Awaitable[bytes]:
            answer = inbox.waiting[id] = loop.create_future()
            session.feed(message)
            return answer

        yield ask


async def least(once: Callable[[], Awaitable[Any]], count: int = 1) -> float:
    """Microseconds of `once`, which does `count` of what is measured."""
    begin = thread_time()
    await once()
    turns = max(1, round(ENOUGH / max(thread_time() - begin, 1e-6)))
    found = float("inf")
    for _ in range(SAMPLES):
        begin = thread_time()
        for _ in range(turns):
            await once()
        found = min(found, thread_time() - begin)
    return found / turns / count * 1e6


def call(tool: str, arguments: dict[str, Any] | None = None, id: int = 1) -> bytes:
    given = messages.ARGUMENTS if arguments is None else arguments
    return messages.encode(messages.call(ERA, id, tool, given))


def adding(mcp: FastMCP, count: int = 1) -> FastMCP:
    """A server with so many tools, all of which add."""

    async def add(a: int, b: int) -> int:
        return a + b

    for number in range(count):
        mcp.tool(add, name=f"add{number}", description=f"Add two numbers, in way {number}")
    return mcp


async def cost(mcp: FastMCP, message: bytes) -> float:
    async with connected(mcp) as ask:
        answer = await ask(1, message)
        if not messages.is_good(answer):
            raise ValueError(f"no good answer: {answer[:300]!r}")
        return await least(lambda: ask(1, message))


async def tools() -> list[tuple[int, float]]:
    """Tools of the server, of which the last one is called."""
    sizes = (1, 10, 100, 1000, 10_000)
    return [(n, await cost(adding(FastMCP("x"), n), call(f"add{n - 1}"))) for n in sizes]


async def lists() -> list[tuple[int, float]]:
    """Tools that are listed, all in one answer."""
    message = messages.call(ERA, 1, "", {})
    meta = message["params"]["_meta"]
    asked = messages.encode({**message, "method": "tools/list", "params": {"_meta": meta}})
    sizes = (1, 10, 100, 1000, 10_000)
    return [(n, await cost(adding(FastMCP("x"), n), asked)) for n in sizes]


async def mounts() -> list[tuple[int, float]]:
    """Servers that are mounted one within the other, with a prefix each."""
    found: list[tuple[int, float]] = []
    for depth in (0, 1, 2, 4, 8, 16):
        server = adding(FastMCP("x"))
        for _ in range(depth):
            outer = FastMCP("x")
            outer.mount(server, namespace="m")
            server = outer
        found.append((depth, await cost(server, call("m_" * depth + "add0"))))
    return found


async def beside() -> list[tuple[int, float]]:
    """Servers that are mounted side by side, of which the last one's tool is called."""
    found: list[tuple[int, float]] = []
    for count in (1, 10, 100, 1000):
        outer = FastMCP("x")
        for number in range(count):
            outer.mount(adding(FastMCP(f"s{number}")), namespace=f"m{number}")
        found.append((count, await cost(outer, call(f"m{count - 1}_add0"))))
    return found


async def payload() -> list[tuple[int, float]]:
    """Bytes of the text that a tool is given, and gives back."""
    mcp = FastMCP("x")

    @mcp.tool
    async def echo(text: str) -> str:
        return text

    sizes = (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000)
    return [(size, await cost(mcp, call("echo", {"text": "x" * size}))) for size in sizes]


async def waiting() -> list[tuple[int, float]]:
    """Calls at once, in memory, in one session."""
    mcp = FastMCP("x")

    @mcp.tool
    async def nap() -> int:
        await asyncio.sleep(0)
        return 1

    found: list[tuple[int, float]] = []
    async with connected(mcp) as ask:
        for count in (1, 8, 64, 512):
            calls = [(id, call("nap", {}, id)) for id in range(count)]

            async def once(calls: Sequence[tuple[int, bytes]] = calls) -> None:
                await asyncio.gather(*(ask(id, message) for id, message in calls))

            found.append((count, await least(once, count)))
    return found


async def connections() -> list[tuple[int, float]]:
    """Connections over HTTP, each with a call under way."""
    found: list[tuple[int, float]] = []
    async with serving(adding(FastMCP("x")), stateless_http=True) as port:
        message = messages.call(ERA, 1, "add0", messages.ARGUMENTS)
        request = messages.post(port, ERA, message)
        for count in (1, 8, 64, 512):
            lines = [await Connection.open(port) for _ in range(count)]

            async def once(lines: Sequence[Connection] = lines) -> None:
                await asyncio.gather(*(line.request(request) for line in lines))

            found.append((count, await least(once, count)))
            for line in lines:
                await line.close()
    return found


async def sessions() -> list[tuple[int, float]]:
    """Sessions over HTTP that are open, of which another one calls each time."""
    found: list[tuple[int, float]] = []
    async with serving(adding(FastMCP("x"))) as port:
        line = await Connection.open(port)
        requests: list[bytes] = []
        for count in (1, 10, 100, 1000, 10_000):
            while len(requests) < count:
                answer = await line.request(messages.post(port, "handshake", messages.initialize()))
                session = answer.header("mcp-session-id")
                message = messages.call("handshake", 2, "add0", messages.ARGUMENTS)
                await line.request(
                    messages.post(port, "handshake", messages.initialized(), session)
                )
                requests.append(messages.post(port, "handshake", message, session))
            asked = iter(requests * (200_000 // count))

            async def once(asked: Iterator[bytes] = asked) -> None:
                answer = await line.request(next(asked))
                assert answer.status == 200, answer

            found.append((count, await least(once)))
        await line.close()
    return found


CURVES = {
    each.__name__: each
    for each in (tools, lists, mounts, beside, sessions, waiting, connections, payload)
}
PER_PIECE = ("payload", "lists")


def main(names: Sequence[str]) -> None:
    for name in names or CURVES:
        curve = CURVES[name]
        points = asyncio.run(curve())
        print(f"\n{name}: {curve.__doc__}")
        first, last = points[0][1], points[-1][1] / max(points[-1][0], 1)
        for size, spent in points:
            times = spent / size / last if name in PER_PIECE else spent / first
            print(f"{size:>12,} {spent:>12,.1f} µs {times:>7.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
