"""LazyClient: a `Client` that is opened when it is first needed, at the first place that fits."""

from __future__ import annotations

import asyncio
import weakref
from contextlib import suppress
from typing import Any

from fastmcp.exceptions import ClientError, Disconnected, McpError

from ..client import Client
from .endpoints import Endpoint, endpoints_of, is_elsewhere, nowhere


class LazyClient:
    """Opens a client once, however many need it, and closes it when it is told to, or lost itself.

    `target` is as `endpoints_of` takes it, and `options` are those of `Client`.
    """

    def __init__(self, target: Any, options: dict[str, Any]) -> None:
        self.target = target
        self.options = options
        self._of_entry: dict[str, Any] = {}
        self._endpoints = endpoints_of(target, self._of_entry)
        self.home: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Task[None] | None = None
        self._waiting = 0
        self._lost: weakref.finalize[..., Any] | None = None
        self.client: Client = self._make(self._endpoints[0])
        """The client, open or not."""

    def _make(self, endpoint: Endpoint) -> Client:
        return Client(endpoint.target, **{**self._of_entry, **self.options})

    def _start_over(self) -> None:
        """Have a client that was never opened: what becomes of the old one is its own affair."""
        if self._lost is not None:
            self._lost.detach()
        self.client = self._make(self._endpoints[0])

    async def opened(self) -> Client:
        """The client, open.

        Raises:
            ConnectFailed: the server cannot be reached.
            UnexpectedResponse: what is there is no MCP server, or cannot serve now.
            McpError: the server refused.
        """
        while True:
            opening = self._opening
            if opening is None or self.home is not asyncio.get_running_loop():
                opening = self._begin()
            if opening.done():
                return self.client
            await self._wait(opening)  # and look again, as it may have been closed since

    async def close(self) -> None:
        """Close the client; what waits for it fails."""
        self._refuse_other_loops()
        home, self.home = self.home, None
        opening, self._opening = self._opening, None
        if home is None:
            return
        client = self.client
        self._start_over()
        if home is not asyncio.get_running_loop():
            return  # it has ended, and with it what was open
        if opening is not None and not opening.done():
            opening.cancel()
            await asyncio.wait([opening])
        await client.close()

    def _begin(self) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        if self.home is not loop:
            self._refuse_other_loops()
            if self.home is not None:
                self._start_over()
            self.home = loop
        self._opening = loop.create_task(self._open())
        return self._opening

    def _refuse_other_loops(self) -> None:
        home = self.home
        if home is None or home is asyncio.get_running_loop() or home.is_closed():
            return
        if self._opening is not None:
            raise RuntimeError(
                "This client is connected in another event loop; close it there first, or use "
                "client.new() here, or an MCPClient, which belongs to none"
            )

    async def _wait(self, opening: asyncio.Task[None]) -> None:
        """Wait for an opening, which goes on as long as anybody waits for it."""
        self._waiting += 1
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            if opening.cancelled() and not _is_cancelled():
                raise Disconnected("The client was closed while it was being opened") from None
            raise
        finally:
            self._waiting -= 1
            if self._waiting == 0 and self._opening is opening and not opening.done():
                self._opening = None
                self._start_over()
                opening.cancel()

    async def _open(self) -> None:
        try:
            await self._open_first()
        except BaseException:
            if self._opening is asyncio.current_task():
                self._opening = None
            raise

    async def _open_first(self) -> None:
        """Open the first endpoint that is one; it will be the first to be tried again."""
        failures: list[Exception] = []
        endpoints = list(self._endpoints)
        for endpoint in endpoints:
            client = self._make(endpoint) if failures else self.client
            try:
                await client.__aenter__()
            except BaseException as error:
                await client.close()
                if not isinstance(error, (ClientError, McpError)) or len(endpoints) == 1:
                    raise
                if not failures and not is_elsewhere(error):
                    raise
                failures.append(error)
            else:
                self._endpoints.remove(endpoint)
                self._endpoints.insert(0, endpoint)
                self.client = client
                loop = asyncio.get_running_loop()
                self._lost = weakref.finalize(self, _close_soon, client, loop)
                self._lost.atexit = False
                return
        raise nowhere(endpoints, failures) from failures[0]


_closings: set[asyncio.Task[None]] = set()


def _close_soon(client: Client, loop: asyncio.AbstractEventLoop) -> None:
    """Close what a lost object had open, unless its loop has ended, and all with it."""

    def close() -> None:
        task = loop.create_task(client.close())
        _closings.add(task)
        task.add_done_callback(_closings.discard)

    with suppress(RuntimeError):
        loop.call_soon_threadsafe(close)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
