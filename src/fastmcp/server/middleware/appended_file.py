"""A file that entries are appended to, by a thread of its own: whoever has one does not wait."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

from fastmcp.exceptions import ConfigurationError

T = TypeVar("T")
Queue: TypeAlias = "SimpleQueue[Any]"
"""Of entries, of None for the end, and of events that tell how far the writing is."""

MOST_WAITING = 50_000
"""How many entries may wait for a disk that has stopped to answer."""
BREATH = 0.05
"""Seconds between two writes: the thread that has the event loop is not to be disturbed oftener."""
PATIENCE = 10.0
"""Seconds that the end of the process waits for a disk."""


class _Process:
    """This process: another one after a fork. To ask the system each time is slow."""

    def __init__(self) -> None:
        self.id = os.getpid()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._look)

    def _look(self) -> None:
        self.id = os.getpid()


_this = _Process()


class AppendedFile(Generic[T]):
    """Appends entries to a file in the order in which they are given, from any thread.

    `line_of` makes a line without its end of each, in the thread that writes. The file is opened
    for each batch, so it may be moved away at any time, and processes may share it. What it cannot
    take goes to `logger`. When the process ends, what waits is written first.
    """

    def __init__(
        self, path: str | os.PathLike[str], logger: logging.Logger, line_of: Callable[[T], bytes]
    ) -> None:
        self.path: str = os.fspath(path)
        self._writer = _Writer(self.path, logger, line_of)
        self._queue: Queue = SimpleQueue()
        self._process: int | None = None  # in which a thread of its own writes
        self._starting = threading.Lock()
        try:
            _begin(self.path)
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be appended to: {error}") from error

    def put(self, entry: T) -> None:
        """Have an entry be written soon; it is not to be changed any more."""
        if self._process != _this.id:
            self._start()
        if self._queue.qsize() >= MOST_WAITING:
            self._writer.to_log("its disk does not answer", self._writer.lines([entry]))
        else:
            self._queue.put(entry)

    def flush(self, timeout: float = PATIENCE) -> bool:
        """Wait until all entries so far are written; whether they are."""
        if self._process != _this.id:
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout)

    def _start(self) -> None:
        with self._starting:
            if self._process == _this.id:
                return
            # After a fork there is no thread, and what is in the queue is the parent's to write.
            self._queue = SimpleQueue()
            thread = threading.Thread(
                target=self._writer.write,
                args=(self._queue,),
                name=f"appends to {self.path}",
                daemon=True,
            )
            thread.start()
            self._process = _this.id
            weakref.finalize(self, _end, self._queue, thread)


def _begin(path: str) -> None:
    """See that a file can be appended to, after a whole line."""
    with open(path, "ab+", opener=_private) as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")  # after what a process that was killed had begun


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class _Writer:
    """What the thread does; it knows nothing of those who put, so they can be collected."""

    def __init__(self, path: str, logger: logging.Logger, line_of: Callable[[Any], bytes]) -> None:
        self._path = path
        self._logger = logger
        self._line_of = line_of

    def write(self, queue: Queue) -> None:
        """Write what comes until the None that ends it; an Event says that so much is written."""
        while True:
            items = [queue.get()]
            try:
                while True:
                    items.append(queue.get_nowait())
            except Empty:
                pass
            self._append([each for each in items if not _is_sign(each)])
            for item in items:
                if isinstance(item, threading.Event):
                    item.set()
            if None in items:
                return
            time.sleep(BREATH)

    def _append(self, entries: list[Any]) -> None:
        lines = self.lines(entries)
        if not lines:
            return
        try:
            _append(self._path, b"\n".join((*lines, b"")))
        except OSError as error:
            self.to_log(error, lines)

    def lines(self, entries: list[Any]) -> list[bytes]:
        """Those that a line can be made of; the others go to the log."""
        lines: list[bytes] = []
        for entry in entries:
            try:
                lines.append(self._line_of(entry))
            except Exception as error:
                self.to_log(error, [repr(entry).encode(errors="backslashreplace")])
        return lines

    def to_log(self, why: Exception | str, lines: list[bytes]) -> None:
        """Tell the log of lines that the file cannot take."""
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            self._logger.error("%s could not be written (%s): %s", self._path, why, text)


def _is_sign(item: Any) -> bool:
    return item is None or isinstance(item, threading.Event)


def _append(path: str, data: bytes) -> None:
    """One write where that is possible: the lines of other processes do not come in between."""
    with open(path, "ab", buffering=0, opener=_private) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]


def _end(queue: Queue, thread: threading.Thread) -> None:
    queue.put(None)
    if thread is not threading.current_thread():
        thread.join(PATIENCE)
