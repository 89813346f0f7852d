"""A relay of TCP connections that resets, silences and slows some of them down."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from contextlib import suppress
from typing import Literal

Fate = Literal["reset", "silence", "slow"]
PIECE = 65536
HALF_OPEN = 40.0
"""Seconds after which a silent connection is forgotten."""


class _Connection:
    """A client's connection and ours to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.fate: Fate | None = None
        self.left = 0

    def doom(self, fate: Fate, after: int) -> None:
        """Have it happen once so many more bytes have gone either way."""
        self.fate, self.left = fate, after

    async def pass_on(self, data: bytes, to: asyncio.StreamWriter) -> bool:
        """Whether what comes next may follow."""
        if self.fate is None:
            to.write(data)
        elif self.fate == "slow":
            await self._trickle(data, to)
        else:
            to.write(data[: self.left])
            self.left -= len(data)
            if self.left <= 0:
                return False
        await to.drain()
        return True

    async def _trickle(self, data: bytes, to: asyncio.StreamWriter) -> None:
        for begin in range(0, len(data), 61):
            to.write(data[begin : begin + 61])
            await asyncio.sleep(0.002)
            self.left -= 61
        if self.left <= 0:
            self.fate = None

    def reset(self) -> None:
        """End both sides at once, the client's by RST."""
        found = self.client.get_extra_info("socket")
        if found is not None:
            with suppress(OSError):
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.transport.abort()
        self.server.transport.abort()


class Relay:
    """Listens at `port` for what listens at another one."""

    def __init__(self, server: int) -> None:
        self.port = 0
        self._server = server
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    async def __aenter__(self) -> Relay:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def doom(self, rng: random.Random, fate: Fate, number: int) -> int:
        """Have something happen to so many connections; to how many it will."""
        whole = sorted((each for each in self._connections if each.fate is None), key=id)
        chosen = rng.sample(whole, min(number, len(whole)))
        for each in chosen:
            each.doom(fate, rng.choice((0, 1, 40, 300, 1000, 3000)))
        return len(chosen)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.CancelledError):
            await self._relay(reader, writer)
        writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server)
        connection = _Connection(writer, to_server)
        self._connections.add(connection)
        up = asyncio.create_task(_pump(connection, reader, to_server))
        down = asyncio.create_task(_pump(connection, from_server, writer))
        try:
            done, _ = await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            met = any(not task.exception() and task.result() for task in done)
            await _end(up, down)
            if met and connection.fate == "silence":
                await _hold(reader)
        finally:
            await _end(up, down)
            self._connections.discard(connection)
            connection.reset()


async def _pump(
    connection: _Connection, reader: asyncio.StreamReader, to: asyncio.StreamWriter
) -> bool:
    """Whether it met its fate, and did not simply end."""
    while data := await reader.read(PIECE):
        if not await connection.pass_on(data, to):
            return True
    return False


async def _end(*pumps: asyncio.Task[bool]) -> None:
    for pump in pumps:
        pump.cancel()
    await asyncio.gather(*pumps, return_exceptions=True)


async def _hold(reader: asyncio.StreamReader) -> None:
    """Swallow what the client sends until it gives up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HALF_OPEN):
            while await reader.read(PIECE):
                pass
