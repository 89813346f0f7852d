"""Several workers of one server, to be reached one by one or in turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import httpx2
from apps import SECONDS, Mcp, served

from fastmcp import FastMCP


class Worker(Mcp):
    """Posts to one worker."""

    def __init__(self, base: str, client: httpx2.Client) -> None:
        self.base = base
        self.url = base + "/mcp"
        self.client = client


class Workers:
    """The workers: `[0]`, `[1]` and so on are each one, `url` leads to all of them in turn."""

    def __init__(self, base: str, servers: Sequence[FastMCP]) -> None:
        self.url = base + "/mcp"
        self.servers = servers
        self._client = httpx2.Client(timeout=SECONDS)
        self._workers = [Worker(f"{base}/{i}", self._client) for i in range(len(servers))]

    def __getitem__(self, index: int) -> Worker:
        return self._workers[index]

    def close(self) -> None:
        self._client.close()


@contextmanager
def workers(make: Callable[[], FastMCP], count: int = 2, **options: Any) -> Generator[Workers]:
    """Serve `count` servers that `make` makes: in one event loop, with nothing in common but what
    they were given.
    """
    servers = [make() for _ in range(count)]
    apps = [server.http_app(**options) for server in servers]
    turns = itertools.cycle(range(count))

    @asynccontextmanager
    async def lifespan() -> Any:
        async with AsyncExitStack() as stack:
            for app in apps:
                await stack.enter_async_context(app.lifespan(app))
            yield

    async def balanced(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            async with lifespan():
                await receive()
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        first, _, rest = scope["path"].removeprefix("/").partition("/")
        if first.isdecimal():
            await apps[int(first)]({**scope, "path": f"/{rest}"}, receive, send)
        else:
            await apps[next(turns)](scope, receive, send)

    with served(balanced) as base:
        group = Workers(base, servers)
        try:
            yield group
        finally:
            group.close()
