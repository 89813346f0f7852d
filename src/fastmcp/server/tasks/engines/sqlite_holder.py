"""Who holds legs in an SQLite file, and whether he is alive: while he is, he locks a file."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: who holds legs is dead when their leases end
    fcntl = None


class Holder:
    """A worker, by a name that no other has. The lock of its file goes when its process does,
    however that ends; whoever forks it keeps it, and then leases have to end.
    """

    def __init__(self, path: Path) -> None:
        self.name: str = secrets.token_hex(8)
        self._file = _file_of(path, self.name)
        self._descriptor: int | None = None
        if fcntl is not None:
            with suppress(OSError):
                self._descriptor = _locked(self._file)

    def close(self) -> None:
        """He holds nothing any more."""
        if self._descriptor is not None:
            self._file.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


def _locked(file: Path) -> int:
    """Make a file that nobody sees before it is locked."""
    assert fcntl is not None
    early = file.with_name(f".{file.name}")
    descriptor = os.open(early, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    early.rename(file)
    return descriptor


def dead(path: Path) -> list[str]:
    """Those who ended without a word; whatever they held has to be given back."""
    prefix = _file_of(path, "").name
    try:
        found = [name for name in os.listdir(path.parent) if name.startswith(prefix)]
    except OSError:
        return []
    return [name.removeprefix(prefix) for name in found if _is_free(path.with_name(name))]


def bury(path: Path, name: str) -> None:
    """Remove what a dead one left, once nothing is held by him."""
    with suppress(OSError):
        _file_of(path, name).unlink()


def _is_free(file: Path) -> bool:
    if fcntl is None:
        return False
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _file_of(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}-worker-{name}")
