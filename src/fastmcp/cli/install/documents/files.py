"""A file that is replaced in one step: who reads it finds the old one or the new one, and nothing
in between, also when this process or the machine stops at any moment.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

from fastmcp.exceptions import ConfigurationError

BACKUP = ".bak"
"""What the name of a file ends in that has what was there before the latest change."""
_NEW = ".fastmcp-new"


def read_file(path: Path) -> bytes | None:
    """What is in a file; None where there is none.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{path} is no regular file")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def replace_file(path: Path, old: bytes | None, new: bytes, *, backup: bool = True) -> Path | None:
    """Put `new` in the place of `old`, which is kept beside it; where it is, if there was any.

    The file keeps its mode, and a symbolic link leads to where it led. A file that is new can be
    read by its owner alone, since configurations hold secrets.

    Raises:
        ConfigurationError: the file cannot be written, or is no longer what `old` says.
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone_in(target.parent):
            if old is not None and not os.access(target, os.W_OK):
                raise ConfigurationError(f"{path} is read-only")
            kept = None
            if old is not None and backup:
                kept = target.with_name(target.name + BACKUP)
                _written(kept, old, like=target).replace(kept)
            written = _written(target, new, like=target)
            if read_file(target) != old:
                written.unlink()
                raise ConfigurationError(f"{path} was changed by another program; try again")
            written.replace(target)
            _remove_what_is_left(target)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    return kept


@contextlib.contextmanager
def _alone_in(folder: Path) -> Generator[None]:
    """Keep other processes that do the same out of a folder, where the system knows such locks;
    they end with the process. Then put the names in it on the disk.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems of networks have none
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def _written(path: Path, data: bytes, like: Path) -> Path:
    """A new file beside `path`, on the disk, with the mode and owner of `like`, if there is one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_NEW)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            kept = like.stat()
            if sys.platform != "win32":
                with contextlib.suppress(PermissionError):
                    os.chown(new, kept.st_uid, kept.st_gid)
            new.chmod(kept.st_mode & 0o7777)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return new


def _remove_what_is_left(target: Path) -> None:
    """Remove what a process wrote that was killed before it was done."""
    for name in (target.name, target.name + BACKUP):
        for left in target.parent.iterdir():
            if left.name.startswith(f".{name}.") and left.name.endswith(_NEW):
                left.unlink(missing_ok=True)
