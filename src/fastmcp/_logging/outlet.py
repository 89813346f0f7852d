"""The way to standard error, on which nobody waits for who reads it.

What a pipe takes is written at once. When its reader is behind, a thread writes what waits, and
what is too much is dropped and counted; the thread ends when nothing waits any more. Terminals,
and systems where it cannot be asked whether a descriptor takes something, have a thread throughout.
"""

from __future__ import annotations

import atexit
import io
import math
import os
import select
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TextIO

MOST_WAITING = 4 * 1024 * 1024
"""Bytes that may wait for the reader; those of less than a warning have half of it."""
ATOMIC = 4096
"""What a pipe that polls as writable takes without blocking (POSIX, write)."""
PATIENCE = 1.0
"""Seconds that the reader has for what waits at the end."""
LOOK = 100
"""Milliseconds after which a thread that waits for the reader sees that it is to end."""


class Outlet:
    """Writes texts to a stream such as `sys.stderr`, whole and in order, from any thread.

    `tell_dropped` makes the text that says how many are missing.
    """

    def __init__(self, stream: TextIO, tell_dropped: Callable[[int], str]) -> None:
        self._stream = stream
        self._tell_dropped = tell_dropped
        self._fd = _descriptor(stream)
        self._is_file = self._fd is not None and stat.S_ISREG(os.fstat(self._fd).st_mode)
        self._takes_at_once = hasattr(select, "poll") and not stream.isatty()
        self._begin()

    def _begin(self) -> None:
        """With nothing that waits: also in a forked child, where that is the parent's to write."""
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._thread: threading.Thread | None = None
        self._until = math.inf
        self._poll: Any = None
        if self._fd is not None and hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(self._fd, select.POLLOUT)

    def isatty(self) -> bool:
        """Whether somebody looks at it."""
        return self._stream.isatty()

    def admits(self, *, urgent: bool) -> bool:
        """Whether there is room for one more; where there is none, it counts as dropped."""
        if self._pid != os.getpid():
            self._begin()
        if self._size < (MOST_WAITING if urgent else MOST_WAITING // 2):
            return True
        with self._changed:
            self._dropped += 1
        return False

    def put(self, text: str) -> None:
        """Have a text written, after those that were put before."""
        if self._fd is None:
            self._write_to_stream(text)
            return
        data = text.encode(self._stream.encoding or "utf-8", "backslashreplace")
        with self._changed:
            if self._thread is None and self._takes_at_once:
                data = self._written(data, 0)
            if not data:
                return
            self._waiting.append(data)
            self._size += len(data)
            if self._thread is None:
                self._start()
            else:
                self._changed.notify()

    def close(self) -> None:
        """Have the thread end soon, if there is one; the reader has a moment for what waits."""
        with self._changed:
            self._until = time.monotonic() + PATIENCE
            self._changed.notify()

    def _start(self) -> None:
        self._until = math.inf
        self._thread = threading.Thread(target=self._drain, name="fastmcp-log", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter ends, or the system has no thread for us
            self._thread = None
            self._waiting.clear()
            self._size = 0
        else:
            atexit.register(self._finish)

    def _finish(self) -> None:
        """At the end of the process, write what waits as far as it is read."""
        thread = self._thread
        if thread is not None and self._pid == os.getpid():
            self.close()
            thread.join(2 * PATIENCE)

    def _drain(self) -> None:
        while (data := self._next()) is not None:
            rest = data
            while rest and time.monotonic() < self._until:
                rest = self._written(rest, LOOK)
            with self._changed:
                self._size -= len(data)
                if rest:
                    self._waiting.clear()
                    self._size = self._dropped = 0

    def _next(self) -> bytes | None:
        """What is to be written next; None when this thread is to end."""
        with self._changed:
            while True:
                if self._waiting:
                    return self._waiting.popleft()
                if self._dropped:
                    text, self._dropped = self._tell_dropped(self._dropped), 0
                    data = text.encode()
                    self._size += len(data)
                    return data
                if self._takes_at_once or self._until < math.inf:
                    self._thread = None
                    atexit.unregister(self._finish)
                    return None
                self._changed.wait()

    def _written(self, data: bytes, patience: int) -> bytes:
        """Write what can be written within these milliseconds; what is left."""
        assert self._fd is not None
        try:
            if self._poll is None:
                self._write_to_stream(data.decode())
                return b""
            while data and self._poll.poll(patience):
                data = data[os.write(self._fd, data if self._is_file else data[:ATOMIC]) :]
        except BlockingIOError:
            pass  # somebody has made it non-blocking, and has been faster
        except OSError:
            return b""  # the reader is gone
        return data

    def _write_to_stream(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            pass  # it is closed


def _descriptor(stream: TextIO) -> int | None:
    """The descriptor of a stream that writes to one, and to nothing else as well."""
    if not isinstance(stream, io.TextIOWrapper):
        return None
    try:
        stream.flush()
        return stream.fileno()
    except (OSError, ValueError):
        return None
