"""A server in a child process, spoken to over its standard input and output."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fastmcp._protocol.framing import LineSplitter
from fastmcp._runtime.session import Session
from fastmcp.exceptions import METHOD_NOT_FOUND, ConnectFailed, Disconnected, McpError
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.revisions import Revision

from .child import Child
from .command import Command, default_environment
from .stderr import StderrHandler, StderrSink, last_words, open_sink
from .transport import ClientChannel, ClientTransport

logger: Final = logging.getLogger("fastmcp.client")

MAX_LINE = 64 * 1024 * 1024
_LONGEST_NOISE = 200


class _StdioChannel(ClientChannel):
    def __init__(self, transport: StdioTransport) -> None:
        self._transport = transport
        self._command = transport.as_command()
        self._children: list[Child] = []
        self._sink: StderrSink | None = None
        self._session: Session | None = None
        self._lines = LineSplitter(MAX_LINE)
        self._agreed = False
        self._probe: RequestId | None = None
        self._starting_again: asyncio.Task[None] | None = None
        self._noise = b""
        self._asked = b""
        self._unsent: set[RequestId] = set()

    @property
    def noise(self) -> str | None:
        """The last thing that the process wrote and that is no message."""
        return self._noise.decode("utf-8", "replace") if self._noise else None

    async def start(self, session: Session) -> None:
        self._session = session
        await self._launch()

    async def _launch(self) -> None:
        try:
            self._sink = open_sink(self._transport.log_file, self._transport.stderr_handler)
        except OSError as error:
            raise self._failed(f"its log_file cannot be opened: {error}") from error
        self._lines = LineSplitter(MAX_LINE)
        child = Child(self._command, self._sink, self._take, self._child_ended)
        self._children.append(child)
        try:
            await child.started()
        except (OSError, ValueError) as error:
            raise self._failed(self._command.obstacle(error)) from error

    @property
    def _child(self) -> Child:
        return self._children[-1]

    def _take(self, data: bytes) -> None:
        assert self._session is not None
        for line in self._lines.feed(data):
            if not isinstance(line, bytes):
                # The answer to whom is in it cannot be told: nobody should wait for it.
                text = f"Connection to {str(self._command)!r} lost: it wrote a line that is longer "
                self._session.close(Disconnected(f"{text}than {MAX_LINE} bytes"))
            elif line[:1] in b"{[":
                self._take_message(line)
            else:
                self._noise = line[:_LONGEST_NOISE]
                logger.debug("%r wrote what is no message: %r", str(self._command), self._noise)

    def _take_message(self, line: bytes) -> None:
        assert self._session is not None
        if line == self._asked and not self._agreed:
            cause = "it is no MCP server: it writes back what it is sent"
            self._session.close(self._failed(cause))
        else:
            self._session.feed(line)

    def _child_ended(self) -> None:
        assert self._session is not None
        if self._transport.probes_again and self._probe in self._session.connection.outgoing:
            loop = asyncio.get_running_loop()
            self._starting_again = loop.create_task(self._start_again(self._probe))
            return
        self._session.close(self._end())

    def _end(self) -> Disconnected:
        """What there is to say of a process that is no longer spoken with."""
        assert self._sink is not None
        fate = self._child.fate()
        words = "" if self._child.code == 0 and self._agreed else last_words(self._sink)
        said = f"; its last words: {words}" if words else ""
        if self._agreed:
            return Disconnected(f"Connection to {str(self._command)!r} lost: {fate}{said}")
        if not said and self._noise:
            said = f"; it is no MCP server: it wrote {self.noise!r}"
        return self._failed(f"{fate} before it answered{said}")

    async def _start_again(self, probe: RequestId) -> None:
        """Some servers of the handshake era leave when they are asked anything before it."""
        assert self._session is not None
        try:
            await self._launch()
        except ConnectFailed as error:
            self._session.close(error)
        else:
            text = "The process ended when it was asked for server/discover"
            self._session.fail(probe, McpError(code=METHOD_NOT_FOUND, message=text))

    def _failed(self, cause: str) -> ConnectFailed:
        return ConnectFailed(f"Connection to {str(self._command)!r} failed: {cause}")

    async def send(self, message: bytes, related: RequestId | None) -> None:
        if not self._child.has_room:
            await self._child.wait_room()
        self._child.write(message + b"\n")

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        if self._starting_again is not None and not self._starting_again.done():
            await asyncio.wait((self._starting_again,))
        if not self._child.has_room:
            self._unsent.add(id)
            if not await self._child.wait_room():
                raise self._end()
            self._unsent.discard(id)
        self._asked = message
        if not self._agreed:
            self._probe = id if method == "server/discover" else None
        self._child.write(message + b"\n")

    def abandon(self, id: RequestId, message: bytes) -> None:
        if id in self._unsent:
            self._unsent.discard(id)
        else:
            self.refuse(message)

    def refuse(self, message: bytes) -> None:
        self._child.write(message + b"\n")

    def speak(self, revision: Revision) -> None:
        self._agreed = True
        if self._starting_again is not None:
            self._transport.handshake_only = True

    async def close(self) -> None:
        self._probe = None
        if self._starting_again is not None:
            await asyncio.wait((self._starting_again,))
        for child in self._children:
            await child.stop()


class StdioTransport(ClientTransport):
    """Runs `command` with `args`, a new process for each connection, ended with it.

    With `keep_alive` the process stays between one use of a client and the next, until the client
    is closed. The child gets `env` on top of a few harmless variables of ours, and runs in `cwd`.

    Its standard error goes where ours goes, or to `log_file` (a path to append to, or an open file
    of text or bytes), and `stderr_handler` is called with each line of it. A child never waits for
    either, and the last words of one that fails are in the error.
    """

    probe_timeout: float | None = 10.0
    network: str | None = "pipe"
    probes_again = True
    """Whether a program that ends when it is asked for `server/discover` is started once more, as
    some servers of the handshake era need it."""

    def __init__(
        self,
        command: str,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        keep_alive: bool | None = None,
        log_file: Any = None,
        stderr_handler: StderrHandler | None = None,
    ) -> None:
        self.command: str = str(command)
        self.args: list[str] = [str(argument) for argument in args]
        self.env: dict[str, str] | None = (
            None if env is None else {name: str(value) for name, value in env.items()}
        )
        self.cwd = cwd
        self.keep_alive: bool = bool(keep_alive)
        self.log_file = log_file
        self.stderr_handler = stderr_handler

    def as_command(self) -> Command:
        """What is run."""
        environment = {**default_environment(), **(self.env or {})}
        folder = None if self.cwd is None else str(self.cwd)
        return Command(self.command, self.args, environment, folder)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.as_command())!r})"

    def open(self) -> _StdioChannel:
        return _StdioChannel(self)
