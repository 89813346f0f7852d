"""What several workers recorded, in a directory that they share.

Each writes a file of its own, from time to time, and adds up all of them for whoever asks it. What
is told is what the files say, so that a sum never shrinks: the numbers of one that has ended stay.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Generator
from hashlib import blake2b
from pathlib import Path
from typing import Final

from .record import Now, Record, decode_record, encode_record

if sys.platform != "win32":
    import fcntl

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the directory, and is what prometheus_client looks at for a program's own metrics."""
SUFFIX: Final = ".record"


class SharedRecords:
    """The records of the workers of one server, of which `recorded` is this one's. A worker holds
    the lock of its file for as long as this lives; `ended` is told the process id of one that has
    ended.
    """

    def __init__(
        self,
        directory: Path,
        server: str,
        recorded: Callable[[], bytes],
        ended: Callable[[int], object],
    ) -> None:
        self._directory = directory
        self._family = f"fastmcp-{blake2b(server.encode(), digest_size=8).hexdigest()}"
        self._recorded = recorded
        self._ended = ended
        self._writing = threading.Lock()
        self._mine: Path | None = None

    def publish(self) -> None:
        """Let the others have what this worker recorded."""
        with self._writing:
            if self._mine is None:
                name = f"{self._family}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
                self._mine = self._directory / name
                weakref.finalize(self, os.close, _locked(self._mine))
            _replace(self._mine, self._recorded())

    def total(self) -> Record:
        """The sum of all."""
        turn = _locked(self._past)
        try:
            total = _read(self._past)
            for path in sorted(self._directory.glob(f"{self._family}-*{SUFFIX}")):
                record = _read(path)
                if path != self._mine and _has_ended(path):
                    self._fold(path, record)
                total.include(record)
            return total
        finally:
            os.close(turn)

    @property
    def _past(self) -> Path:
        return self._directory / f"{self._family}.ended"

    def _fold(self, path: Path, record: Record) -> None:
        """Keep the numbers of one that has ended, and not its file."""
        record.now = Now()
        past = _read(self._past)
        past.include(record)
        _replace(self._past, encode_record(past))
        path.unlink()
        _lock_of(path).unlink(missing_ok=True)
        self._ended(int(path.stem.split("-")[-2]))


@contextlib.contextmanager
def shared_by_workers() -> Generator[None]:
    """Inside of the block, processes that are started share a directory; the one that they are
    told already, if there is one.
    """
    if os.environ.get(VARIABLE):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="fastmcp-metrics-") as directory:
        os.environ[VARIABLE] = directory
        try:
            yield
        finally:
            os.environ.pop(VARIABLE, None)


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _opened(path: Path) -> int:
    return os.open(_lock_of(path), os.O_RDWR | os.O_CREAT, 0o600)


def _locked(path: Path) -> int:
    """The lock of a file, held until its descriptor is closed."""
    lock = _opened(path)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _has_ended(path: Path) -> bool:
    lock = _opened(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _read(path: Path) -> Record:
    try:
        return decode_record(path.read_bytes())
    except FileNotFoundError:
        return Record()


def _replace(path: Path, content: bytes) -> None:
    """Write a file, which others read before or after."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)
