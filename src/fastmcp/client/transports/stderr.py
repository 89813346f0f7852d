"""The standard error of a child process: where it goes, and the last words in it."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import logging
import os
import re
import select
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

logger: Final = logging.getLogger("fastmcp.client")

StderrHandler: TypeAlias = Callable[[str], None]
"""Is called with each line that the child writes, without its end; a very long one in pieces."""

LONGEST_LINE = 16 * 1024
_LONGEST_WORDS = 300
_TAIL = 8 * 1024
# As Python and Node end a traceback, and as other programs begin a complaint.
_RAISED = re.compile(r"[\w.]*(Error|Exception)\b")
_COMPLAINT = re.compile(r"(\w+:? )?(fatal|error|err!)\b", re.IGNORECASE)
# What a pipe that polls as writable takes without blocking (POSIX, write).
_ATOMIC = 4096
_MOST_HELD = 1024 * 1024
_PAUSE = 0.02


class StderrSink(Protocol):
    """Takes the standard error of one child."""

    target: Any
    """What the child gets: a file of its own, or a pipe that is read for `feed`."""

    def started(self) -> None:
        """The child runs."""
        ...

    def feed(self, data: bytes) -> None: ...

    def close(self) -> None: ...

    def tail(self) -> bytes:
        """The last that was written."""
        ...


def open_sink(log_file: Any, handler: StderrHandler | None) -> StderrSink:
    """A file goes to the child itself; lines for a handler, and for ours, pass through here.

    Raises:
        OSError: `log_file` cannot be opened.
    """
    if handler is None and log_file is None:
        return _Pipe([_OwnStderr()])
    if handler is None and (isinstance(log_file, (str, Path)) or _descriptor(log_file) is not None):
        return _File(log_file)
    writers: list[_Writer] = []
    if handler is not None:
        writers.append(_Lines(handler))
    if log_file is not None:
        writers.append(_Stream(log_file))
    return _Pipe(writers)


def last_words(sink: StderrSink) -> str:
    """The line that tells most of what went wrong; empty if there is none."""
    lines = sink.tail().decode("utf-8", "replace").splitlines()
    lines = [line.strip() for line in lines if line.strip()]
    raised = [line for line in lines if _RAISED.match(line)]
    complaints = [line for line in lines if _COMPLAINT.match(line)]
    words = (raised[-1:] or complaints[:1] or lines[-1:] or [""])[0]
    return words if len(words) <= _LONGEST_WORDS else f"{words[:_LONGEST_WORDS]}…"


def _descriptor(file: Any) -> int | None:
    if isinstance(file, int):
        return file
    try:
        return file.fileno()
    except (AttributeError, OSError):
        return None  # an object in memory


class _File:
    """A file that the child writes to by itself, whatever becomes of us."""

    def __init__(self, log_file: Any) -> None:
        self._path: Any = log_file
        self._opened = None
        self.target = log_file
        if isinstance(log_file, (str, Path)):
            self.target = self._opened = open(log_file, "ab")  # noqa: SIM115 - closed when started
        else:
            self._path = getattr(log_file, "name", None)
        self._begin = self._size()

    def _size(self) -> int:
        try:
            return os.path.getsize(self._path)
        except (OSError, TypeError):
            return 0

    def started(self) -> None:
        self.close()

    def feed(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def tail(self) -> bytes:
        if isinstance(self._path, int) or self._path is None:
            return b""
        with contextlib.suppress(OSError), open(self._path, "rb") as file:
            file.seek(max(self._begin, self._size() - _TAIL))
            return file.read(_TAIL)
        return b""


class _Writer(Protocol):
    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class _Pipe:
    """What passes through this process."""

    target = subprocess.PIPE

    def __init__(self, writers: list[_Writer]) -> None:
        self._writers = writers
        self._tail = b""

    def started(self) -> None:
        pass

    def feed(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-_TAIL:] if len(data) < _TAIL else data[-_TAIL:]
        for writer in self._writers:
            writer.write(data)

    def close(self) -> None:
        for writer in self._writers:
            writer.close()

    def tail(self) -> bytes:
        return self._tail


class _Lines:
    """Hands lines to a user's function."""

    def __init__(self, handler: StderrHandler) -> None:
        self._handler = handler
        self._rest = b""

    def write(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            for begin in range(0, len(line) or 1, LONGEST_LINE):
                self._hand(line[begin : begin + LONGEST_LINE])
        while len(rest) > LONGEST_LINE:
            self._hand(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
        self._rest = rest

    def close(self) -> None:
        if self._rest:
            self._hand(self._rest)

    def _hand(self, line: bytes) -> None:
        try:
            self._handler(line.rstrip(b"\r").decode("utf-8", "replace"))
        except Exception:
            logger.exception("The stderr_handler failed")


class _Stream:
    """Writes to a file of this process, or to an object that is like one."""

    def __init__(self, log_file: Any) -> None:
        self._mine = isinstance(log_file, (str, Path))
        self._file: Any = open(log_file, "ab", buffering=0) if self._mine else log_file  # noqa: SIM115
        # Only files of text tell an encoding, StringIO among them.
        self._is_text = hasattr(self._file, "encoding")
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def write(self, data: bytes) -> None:
        try:
            self._file.write(self._decode(data) if self._is_text else data)
        except Exception as error:
            logger.debug("The log_file no longer takes anything: %s", error)

    def close(self) -> None:
        if self._mine:
            self._file.close()


class _OwnStderr:
    """Writes where ours goes. Nobody waits for who reads there: of what they leave standing, only
    the newest is kept.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._later: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        self._held += data
        if self._later is None:
            self._flush()

    def close(self) -> None:
        self._flush()
        if self._later is not None:
            self._later.cancel()

    def _flush(self) -> None:
        self._later = None
        sent = 0
        try:
            while sent < len(self._held) and _takes_more():
                sent += os.write(2, self._held[sent : sent + _ATOMIC])
        except OSError:
            sent = len(self._held)  # there is no standard error
        del self._held[:sent]
        if len(self._held) > _MOST_HELD:
            self._held[:] = b"[...]\n" + self._held[-_MOST_HELD // 2 :]
        if self._held:
            self._later = asyncio.get_running_loop().call_later(_PAUSE, self._flush)


def _takes_more() -> bool:
    try:
        return bool(select.select((), (2,), (), 0)[1])
    except (OSError, ValueError):
        return True  # nothing that could be asked
