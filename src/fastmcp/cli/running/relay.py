"""Servers that take turns at the client that has this process's standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from .conversation import Conversation
from .ending import end, ended

LONGEST: Final = 64 * 1024 * 1024
"""The longest line that a server may write, in bytes."""
CHUNK: Final = 1024 * 1024
"""How much of what a client writes is read at once, in bytes."""


class StdioServers:
    """The client keeps its session: the next server is told of it, and the client that what it
    listed may have changed. A call that a server left unanswered fails; other requests are made
    again. What comes between two servers waits for the next one.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._conversation = Conversation()
        self._state: Literal["opening", "serving", "stopping", "down"] = "opening"
        self._waiting: list[bytes] = []
        self._reader: threading.Thread | None = None
        self._gone = asyncio.Event()

    async def start(self) -> Process:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, limit=LONGEST
        )
        self._state = "opening"
        if (opening := self._conversation.begin()) is None:
            self._take_over()
        else:
            self._write([opening])
        self._pump = asyncio.create_task(self._read_server(process))
        if self._reader is None:
            loop = asyncio.get_running_loop()
            self._reader = threading.Thread(target=self._read_client, args=(loop,), daemon=True)
            self._reader.start()
        return process

    async def stop(self, process: Process) -> None:
        self._state = "stopping"
        assert process.stdin is not None
        process.stdin.close()
        await ended(process)
        await end(process)
        await self._pump
        _tell_client(self._conversation.lose("the server was started again meanwhile"))

    async def finished(self) -> None:
        await self._gone.wait()

    def _take_over(self) -> None:
        """The server has the session now, and takes what comes."""
        self._state = "serving"
        outgoing = self._conversation.go_on()
        self._write(outgoing.to_server)
        _tell_client(outgoing.to_client)
        for line in self._taken():
            self._write(self._conversation.from_client(line))

    def _break_down(self, why: str) -> None:
        """No server is there until a file changes."""
        self._state = "down"
        for line in self._taken():
            self._conversation.from_client(line)
        _tell_client(self._conversation.give_up(why))

    def _taken(self) -> list[bytes]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def _read_client(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: a loop cannot read every kind of standard input."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            for line in _lines_of(sys.stdin.fileno()):
                loop.call_soon_threadsafe(self._hear_client, line)
            loop.call_soon_threadsafe(self._gone.set)

    def _hear_client(self, line: bytes) -> None:
        if self._state == "serving":
            self._write(self._conversation.from_client(line))
            return
        self._waiting.append(line)
        if self._state == "down":
            self._break_down("the server is down; it is started again when a file of it changes")

    def _write(self, lines: Iterable[bytes]) -> None:
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.writelines(lines)

    async def _read_server(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            if self._state == "opening" and self._conversation.is_opened_again(line):
                self._take_over()
            else:
                _tell_client(self._conversation.from_server(line))
        if self._state != "stopping":
            self._break_down("the server ended before it answered")


def _lines_of(descriptor: int) -> Iterator[bytes]:
    """The lines that come, read without `sys.stdin`, which could not be closed meanwhile."""
    rest = b""
    while chunk := os.read(descriptor, CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def _tell_client(lines: Iterable[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
