"""A file that lines are appended to, by a thread of its own: whoever has a line does not wait."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from queue import Empty, SimpleQueue
from typing import TypeAlias

from fastmcp.exceptions import ConfigurationError

Item: TypeAlias = bytes | threading.Event | None

MOST_WAITING = 50_000
"""How many lines may wait for a disk that has stopped to answer."""
BREATH = 0.05
"""Seconds between two writes: the thread that has the event loop is not to be disturbed oftener."""
PATIENCE = 10.0
"""Seconds that the end of the process waits for a disk."""


class AppendedFile:
    """Appends lines to a file in the order in which they are given, from any thread.

    The file is opened for each batch, so it may be moved away at any time, and processes may share
    it. What it cannot take goes to `logger`. When the process ends, what waits is written first.
    """

    def __init__(self, path: str | os.PathLike[str], logger: logging.Logger) -> None:
        self.path = os.fspath(path)
        self._logger = logger
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._process: int | None = None  # in which a thread of its own writes
        self._starting = threading.Lock()
        try:
            _begin(self.path)
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be appended to: {error}") from error

    def put(self, line: bytes) -> None:
        """Have a line, given without its end, be written soon."""
        if self._process != os.getpid():
            self._start()
        if self._queue.qsize() >= MOST_WAITING:
            _to_log(self._logger, self.path, "its disk does not answer", [line])
        else:
            self._queue.put(line)

    def flush(self, timeout: float = PATIENCE) -> bool:
        """Wait until all lines so far are written; whether they are."""
        if self._process != os.getpid():
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout)

    def _start(self) -> None:
        with self._starting:
            if self._process == os.getpid():
                return
            # After a fork there is no thread, and what is in the queue is the parent's to write.
            self._queue = SimpleQueue()
            thread = threading.Thread(
                target=_write,
                args=(self._queue, self.path, self._logger),
                name=f"appends to {self.path}",
                daemon=True,
            )
            thread.start()
            self._process = os.getpid()
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


def _write(queue: SimpleQueue[Item], path: str, logger: logging.Logger) -> None:
    while True:
        items = [queue.get()]
        try:
            while True:
                items.append(queue.get_nowait())
        except Empty:
            pass
        lines = [item for item in items if isinstance(item, bytes)]
        if lines:
            try:
                _append(path, b"\n".join((*lines, b"")))
            except OSError as error:
                _to_log(logger, path, error, lines)
        for item in items:
            if isinstance(item, threading.Event):
                item.set()
        if None in items:
            return
        time.sleep(BREATH)


def _append(path: str, data: bytes) -> None:
    """One write where that is possible: the lines of other processes do not come in between."""
    with open(path, "ab", buffering=0, opener=_private) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]


def _to_log(logger: logging.Logger, path: str, why: OSError | str, lines: list[bytes]) -> None:
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip()
        logger.error("%s could not be written (%s): %s", path, why, text)


def _end(queue: SimpleQueue[Item], thread: threading.Thread) -> None:
    queue.put(None)
    if thread is not threading.current_thread():
        thread.join(PATIENCE)
