"""A server in a child process, spoken to over its standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastmcp._protocol.framing import LineSplitter
from fastmcp._runtime.session import Session
from fastmcp.exceptions import ClientError, Disconnected
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.revisions import Revision

from .transport import ClientTransport

MAX_LINE = 64 * 1024 * 1024
CHUNK = 64 * 1024
# How long a child may take to leave after each of: end of its input, SIGTERM (PROTOCOL 5).
PATIENCE = 2.0

# What a child inherits unless told otherwise: nothing that could be a secret (PROTOCOL 5).
_POSIX = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
_WINDOWS = [
    "APPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "USERNAME",
    "USERPROFILE",
]


def default_environment() -> dict[str, str]:
    """The variables that a child process inherits by default."""
    names = _WINDOWS if sys.platform == "win32" else _POSIX
    found = {name: os.environ[name] for name in names if name in os.environ}
    # A value that begins so is a function that an old shell would run.
    return {name: value for name, value in found.items() if not value.startswith("()")}


class _StdioChannel:
    def __init__(self, transport: StdioTransport) -> None:
        self._transport = transport
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self, session: Session) -> None:
        transport = self._transport
        log = transport.log_file
        stderr: Any = log
        opened = isinstance(log, (str, Path))
        try:
            if opened:
                stderr = open(log, "ab")  # noqa: SIM115 - closed below, the child has its own
            self._process = await asyncio.create_subprocess_exec(
                transport.command,
                *transport.args,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env={**default_environment(), **(transport.env or {})},
                cwd=transport.cwd,
                start_new_session=sys.platform != "win32",
            )
        except OSError as error:
            raise ClientError(f"Cannot start {transport.command!r}: {error}") from error
        finally:
            if opened and stderr is not log:
                stderr.close()
        self._reader = asyncio.get_running_loop().create_task(self._read(session, self._process))

    async def _read(self, session: Session, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        splitter = LineSplitter(MAX_LINE)
        while chunk := await process.stdout.read(CHUNK):
            for line in splitter.feed(chunk):
                if isinstance(line, bytes):
                    session.feed(line)
        code = await process.wait()
        session.close(
            Disconnected(f"The server {self._transport.command!r} ended with exit code {code}")
        )

    async def send(self, message: bytes, related: RequestId | None) -> None:
        self.refuse(message)
        assert self._process is not None and self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.drain()

    async def reply(self, id: RequestId, message: bytes) -> None:
        await self.send(message, None)

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
        assert self._process is not None and self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(message + b"\n")

    def forget(self, id: RequestId) -> None:
        pass

    def release(self, id: RequestId) -> None:
        pass

    def speak(self, revision: Revision) -> None:
        pass

    def learn(self, tools: list[Tool]) -> list[Tool]:
        return tools

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            process.stdin.close()
        try:
            # The reader goes on meanwhile, so that a full pipe cannot hold the child back.
            for stop in (None, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
                if stop is not None:
                    _signal_group(process, stop)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE):
                        await process.wait()
                        break
        finally:
            if self._reader is not None:
                self._reader.cancel()
                await asyncio.gather(self._reader, return_exceptions=True)


def _signal_group(process: asyncio.subprocess.Process, number: int) -> None:
    """Signal the child and what it started: wrappers such as npx and uvx do not pass it on."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)


class StdioTransport(ClientTransport):
    """Runs `command` with `args` for each connection.

    The child gets `env` on top of a few harmless variables of ours. `log_file` takes its standard
    error: a path to append to, or an open file; by default it goes where ours goes.
    """

    probe_timeout = 10.0

    def __init__(
        self,
        command: str,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        log_file: Any = None,
    ) -> None:
        self.command = command
        self.args = list(args)
        self.env = None if env is None else dict(env)
        self.cwd = cwd
        self.log_file = log_file

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.command!r}, {self.args!r})"

    def open(self) -> _StdioChannel:
        return _StdioChannel(self)


class PythonStdioTransport(StdioTransport):
    """Runs a Python script, with this interpreter unless `python_cmd` says otherwise."""

    def __init__(
        self,
        script_path: str | Path,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        python_cmd: str = sys.executable,
        log_file: Any = None,
    ) -> None:
        script = _script(script_path, ".py")
        super().__init__(python_cmd, [str(script), *args], env, cwd, log_file)


class NodeStdioTransport(StdioTransport):
    """Runs a JavaScript file with `node`."""

    def __init__(
        self,
        script_path: str | Path,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        node_cmd: str = "node",
        log_file: Any = None,
    ) -> None:
        script = _script(script_path, ".js", ".mjs", ".cjs")
        super().__init__(node_cmd, [str(script), *args], env, cwd, log_file)


def _script(path: str | Path, *suffixes: str) -> Path:
    script = Path(path)
    if script.suffix not in suffixes:
        raise ClientError(f"{script} is not a {' or '.join(suffixes)} file")
    if not script.is_file():
        raise ClientError(f"There is no script {script}")
    return script
