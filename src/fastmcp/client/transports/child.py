"""A child process that is spoken to over pipes, and that never outlives the task that keeps it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any, cast

from .command import Command
from .stderr import StderrSink

# How long a child may take to leave after each of: end of its input, SIGTERM (PROTOCOL 5).
PATIENCE = 2.0
# How long what a child has started may take after it has left, and what is left in its pipes.
_AFTER = 0.5
_STEP = 0.02

_SIGKILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Child(asyncio.SubprocessProtocol):
    """A running `command`. `on_output` takes what it writes, and `on_end` is called once, when no
    more can come from it.
    """

    def __init__(
        self,
        command: Command,
        sink: StderrSink,
        on_output: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        self.code: int | None = None
        self._command = command
        self._sink = sink
        self._on_output = on_output
        self._on_end = on_end
        self._transport: asyncio.SubprocessTransport | None = None
        self._ended = False
        self._deaf = True  # until it runs
        self._room = asyncio.Event()
        self._room.set()
        self._exited = asyncio.Event()
        self._gone = asyncio.Event()
        self._leave = asyncio.Event()
        self._failure: Exception | None = None
        loop = asyncio.get_running_loop()
        self._started: asyncio.Future[None] = loop.create_future()
        self._keeper = loop.create_task(self._keep())

    async def started(self) -> None:
        """Wait until it runs.

        Raises:
            OSError: it cannot be run.
            ValueError: the command or its environment has what none can have.
        """
        await asyncio.wait((self._started,))
        if self._failure is not None:
            raise self._failure

    @property
    def has_room(self) -> bool:
        """Whether it takes more: it is there, and not behind with reading."""
        return self._room.is_set() and not self._deaf

    def write(self, data: bytes) -> None:
        """Write what the child takes as one piece; nothing, once it takes no more."""
        if not self._deaf:
            self._stdin.write(data)

    async def wait_room(self) -> bool:
        """Wait until it has caught up with reading; False where it reads no more, and then, if it
        is about to end, has ended: `fate` says how.
        """
        while not self.has_room:
            if self._deaf:
                await _within(PATIENCE, self._leave)
                return False
            await self._room.wait()
        return True

    async def stop(self) -> None:
        """End it, and wait until nothing is left of it; also when this waiting is cancelled."""
        self._leave.set()
        await asyncio.wait((self._keeper,))

    def fate(self) -> str:
        """How it ended, in words."""
        if self.code is None:
            if self._ended:
                return "the process closed its output"
            return "it was closed" if self._leave.is_set() else "the process no longer reads"
        if self.code < 0:
            with contextlib.suppress(ValueError):
                return f"the process was killed by {signal.Signals(-self.code).name}"
        return f"the process ended with exit code {self.code}"

    # Its life

    async def _keep(self) -> None:
        """All of its life is in this task: where the loop ends, this is cancelled, and it ends."""
        try:
            await self._start()
        except Exception as error:
            self._failure = error
            self._leave.set()
            return
        finally:
            self._started.set_result(None)
        try:
            await self._leave.wait()
        finally:
            await self._end()

    async def _start(self) -> None:
        # Its own group, so that what it starts can be signalled together with it.
        own: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own = {"creationflags": subprocess.CREATE_NO_WINDOW}
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: self,
                *self._command.line(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._sink.target,
                env=dict(self._command.environment),
                cwd=self._command.folder,
                **own,
            )
            self._sink.started()
        except BaseException:
            self._sink.close()
            raise

    async def _end(self) -> None:
        self._hang_up()
        try:
            await self._leave_politely()
        finally:
            if self.code is None or self._signal(0):
                self._signal(_SIGKILL)
            if self._stdin.get_write_buffer_size():
                self._stdin.abort()  # somebody holds it and does not read
            self._pipes.close()
            await _within(PATIENCE, self._gone)
            self._sink.close()

    async def _leave_politely(self) -> None:
        self._stdin.close()
        for number in (None, signal.SIGTERM, _SIGKILL):
            if number is not None:
                self._signal(number)
            # What it writes is read meanwhile, so that no full pipe can hold it back.
            if await _within(PATIENCE, self._exited):
                break
        if self._signal(signal.SIGTERM):
            waited = 0.0
            while self._signal(0) and waited < _AFTER:
                await asyncio.sleep(_STEP)
                waited += _STEP

    def _signal(self, number: int) -> bool:
        """Signal the child and what it started (wrappers such as npx do not pass a signal on);
        whether there was anybody to take it.
        """
        if sys.platform == "win32":
            if self.code is None:
                self._pipes.terminate()
            return False
        try:
            os.killpg(self._pipes.get_pid(), number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    @property
    def _pipes(self) -> asyncio.SubprocessTransport:
        assert self._transport is not None
        return self._transport

    @property
    def _stdin(self) -> asyncio.WriteTransport:
        return cast("asyncio.WriteTransport", self._pipes.get_pipe_transport(0))

    def _hang_up(self) -> None:
        self._deaf = True
        self._room.set()  # nobody need wait for it any more

    def _finish(self) -> None:
        if not self._ended:
            self._ended = True
            self._hang_up()
            self._on_end()
            self._leave.set()

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._deaf = False

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._on_output(data)
        else:
            self._sink.feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 0:
            self._hang_up()
        elif fd == 1 and not self._ended:
            asyncio.get_running_loop().call_later(_AFTER, self._finish)

    def process_exited(self) -> None:
        self.code = self._pipes.get_returncode()
        self._exited.set()
        if not self._ended:  # what it has started may keep the pipes open
            asyncio.get_running_loop().call_later(_AFTER, self._finish)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._finish()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()


async def _within(seconds: float, event: asyncio.Event) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
