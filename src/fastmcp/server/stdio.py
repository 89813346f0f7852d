"""Serves one client on standard input and output.

While it serves, file descriptor 1 belongs to the protocol: what components, their libraries and
their children print goes to standard error, and children read an empty standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from fastmcp._protocol.framing import LineSplitter
from fastmcp._runtime.session import Channel, Session
from fastmcp.exceptions import RemoteProtocolError
from fastmcp.settings import settings
from fastmcp.transports import DEFAULT_BUFFER, check_positive
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import RequestId

from .connection import ServerConnection
from .service import serving

if TYPE_CHECKING:
    from fastmcp._runtime.exchange import TransportName

    from .auth.provider import AuthProvider
    from .lifetime.shared_lifespan import SharedLifespan

MAX_LINE = 64 * 1024 * 1024
# What a pipe that polls as writable takes without blocking (POSIX, write).
ATOMIC = 4096
HIGH_WATER = 1024 * 1024
# How long calls have to finish when the service ends, and then those that are cancelled, and the
# client to read what is left, in seconds.
GRACE = 0.5


class StdioServable(Protocol):
    """What serving needs of its server."""

    @property
    def lifespan(self) -> SharedLifespan: ...

    @property
    def auth(self) -> AuthProvider | None: ...

    def connect(self, channel: Channel, transport: TransportName) -> ServerConnection: ...


class StdioOptions(Struct, frozen=True, kw_only=True):
    """How to serve; `buffer_size` in bytes, the others in seconds."""

    buffer_size: int = DEFAULT_BUFFER
    timeout: float | None = None
    timeout_graceful_shutdown: float = GRACE

    def __post_init__(self) -> None:
        check_positive(buffer_size=self.buffer_size, timeout=self.timeout)


class StdioChannel:
    """Writes lines to a file descriptor, never blocking the loop on a client that does not read."""

    def __init__(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        self._loop = loop
        self._fd = fd
        self._buffer = bytearray()
        self._scheduled = False
        self._waiting = False
        self._broken = False
        self._poll: Any = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(fd, select.POLLOUT)
        self._room = asyncio.Event()
        self._room.set()

    async def send(self, message: bytes, related: RequestId | None) -> None:
        self.refuse(message)
        if not self._room.is_set():
            await self._room.wait()

    async def reply(self, id: RequestId, message: bytes) -> None:
        self.refuse(message)
        if not self._room.is_set():
            await self._room.wait()

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        await self.send(message, None)

    def abandon(self, id: RequestId, message: bytes) -> None:
        self.refuse(message)

    def refuse(self, message: bytes) -> None:
        if self._broken:
            return
        self._buffer += message
        self._buffer += b"\n"
        if not self._scheduled and not self._waiting:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def forget(self, id: RequestId) -> None:
        pass

    def release(self, id: RequestId) -> None:
        pass

    @property
    def full(self) -> bool:
        """Whether the client is so far behind that no more should be read from it."""
        return not self._room.is_set()

    async def wait_room(self) -> None:
        """Wait until the client has caught up."""
        await self._room.wait()

    async def wait_flushed(self, deadline: float) -> None:
        """Wait up to `deadline` seconds until everything is written."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                while self._buffer and not self._broken:
                    await asyncio.sleep(0.005)

    def _flush(self) -> None:
        self._scheduled = False
        if self._waiting:
            self._loop.remove_writer(self._fd)
            self._waiting = False
        sent = 0
        view = memoryview(self._buffer)
        try:
            while sent < len(view) and self._writable():
                sent += os.write(self._fd, view[sent : sent + ATOMIC])
        except OSError:
            self._broken = True
        finally:
            view.release()
        if self._broken:
            self._buffer.clear()
        else:
            del self._buffer[:sent]
        if self._buffer:
            self._loop.add_writer(self._fd, self._flush)
            self._waiting = True
        if len(self._buffer) > HIGH_WATER:
            self._room.clear()
        elif not self._room.is_set():
            self._room.set()

    def _writable(self) -> bool:
        return self._poll is None or bool(self._poll.poll(0))


class _Reader:
    """Reads a file descriptor in chunks on the loop, or in a thread where the loop cannot."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, fd: int, size: int, take: Callable[[bytes], None]
    ) -> None:
        self._loop = loop
        self._fd = fd
        self._size = size
        self._take = take
        self._threaded = False
        self._stopped = False
        self._go = threading.Event()

    def start(self) -> None:
        """Begin; `take` is called with each chunk, and with b"" at the end."""
        try:
            self._loop.add_reader(self._fd, self._ready)
        except (NotImplementedError, OSError):
            # Regular files, and event loops without readiness such as Windows'.
            self._threaded = True
            self._go.set()
            threading.Thread(target=self._run, name="fastmcp-stdin", daemon=True).start()

    def pause(self) -> None:
        """Read no more for now."""
        if self._threaded:
            self._go.clear()
        else:
            self._loop.remove_reader(self._fd)

    def resume(self) -> None:
        """Read again, unless it has been stopped."""
        if self._stopped:
            return
        if self._threaded:
            self._go.set()
        else:
            self._loop.add_reader(self._fd, self._ready)

    def stop(self) -> None:
        """Read no more: the descriptor will be somebody else's."""
        self._stopped = True
        self.pause()

    def _ready(self) -> None:
        try:
            chunk = os.read(self._fd, self._size)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        self._take(chunk)

    def _run(self) -> None:
        chunk = b"?"
        while chunk:
            self._go.wait()
            try:
                chunk = os.read(self._fd, self._size)
            except OSError:
                chunk = b""
            try:
                self._loop.call_soon_threadsafe(self._take, chunk)
            except RuntimeError:
                return


async def serve_stdio(server: StdioServable, options: StdioOptions) -> None:
    """Serve until the client closes its end, then finish what is being served, briefly.

    The lifespan is entered here because what it prints must not reach the client either.
    """
    task = asyncio.current_task()
    assert task is not None
    starting, ended = True, asyncio.Event()

    def end() -> None:
        ended.set()
        if starting:
            task.cancel()

    with serving(server, end) as service, _own_standard_streams() as (stdin, stdout):
        try:
            async with server.lifespan.use():
                starting = False
                if not ended.is_set():
                    await _serve(server, options, stdin, stdout, ended)
        except asyncio.CancelledError:
            if not (service.ending and starting) or task.uncancel() > 0:
                raise


async def _serve(
    server: StdioServable, options: StdioOptions, stdin: int, stdout: int, ended: asyncio.Event
) -> None:
    loop = asyncio.get_running_loop()
    channel = StdioChannel(loop, stdout)
    connection = server.connect(channel, "stdio")
    connection.limit_requests(options.timeout)
    if (token := settings.auth_token) is not None:
        from .auth.local_token import owner_of_token

        connection.identity = await owner_of_token(token, server.auth)
    session = connection.session
    reader = _reading(loop, stdin, options.buffer_size, channel, session, ended)
    reader.start()
    try:
        await ended.wait()
        await session.wait_tasks(options.timeout_graceful_shutdown)
        session.interrupt()
        await session.wait_tasks(GRACE)
    finally:
        reader.stop()
        session.close()
        await session.wait_tasks(GRACE)
        await channel.wait_flushed(GRACE)


def _reading(
    loop: asyncio.AbstractEventLoop,
    stdin: int,
    size: int,
    channel: StdioChannel,
    session: Session,
    ended: asyncio.Event,
) -> _Reader:
    """What feeds the session, pausing while the client is behind; at the end of input it sets
    `ended`.
    """
    splitter = LineSplitter(MAX_LINE)
    resuming: set[asyncio.Task[None]] = set()

    async def resume() -> None:
        await channel.wait_room()
        reader.resume()

    def take(chunk: bytes) -> None:
        if not chunk:
            reader.stop()
            if rest := splitter.rest():
                session.feed(rest)
            ended.set()
            return
        for line in splitter.feed(chunk):
            if isinstance(line, RemoteProtocolError):
                channel.refuse(jsonrpc.encode_failure(None, line))
            else:
                session.feed(line)
        if channel.full and not resuming:
            reader.pause()
            task = loop.create_task(resume())
            resuming.add(task)
            task.add_done_callback(resuming.discard)

    reader = _Reader(loop, stdin, size, take)
    return reader


@contextlib.contextmanager
def _own_standard_streams() -> Generator[tuple[int, int]]:
    """Take descriptors 0 and 1 for the protocol and give them back at the end."""
    sys.stdout.flush()
    stdin, stdout = os.dup(0), os.dup(1)
    python_stdout = sys.stdout
    empty = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(empty, 0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        yield stdin, stdout
    finally:
        with contextlib.suppress(OSError, ValueError):
            python_stdout.flush()
        sys.stdout = python_stdout
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        for fd in (stdin, stdout, empty):
            os.close(fd)
