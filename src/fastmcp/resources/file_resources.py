"""FileResource and DirectoryResource: what stands on a disk, read when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import ConfigurationError, ResourceError

from .base import BINARY, JSON, Resource, ResourceContent, ResourceResult
from .mime_types import is_text


class FileResource(Resource, kw_only=True):
    """A file. It is text when its type is one, unless `is_binary` says; without an `encoding`, in
    that of the system.
    """

    path: Path
    is_binary: bool | None = None
    encoding: str | None = "utf-8"

    def __post_init__(self) -> None:
        self.path = _absolute(self, self.path)
        if self.is_binary and not self.mime_type:
            self.mime_type = BINARY
        super().__post_init__()
        if self.is_binary is None:
            self.is_binary = not is_text(self.mime_type)

    async def read(self) -> ResourceResult:
        content = await run_in_thread(self._content)
        return ResourceResult([ResourceContent(content, self.mime_type, self.meta)])

    def _content(self) -> str | bytes:
        try:
            if self.is_binary:
                return self.path.read_bytes()
            with self.path.open(encoding=self.encoding, newline="") as file:
                return file.read()
        except OSError as error:
            raise _unreadable(self, error) from error
        except UnicodeError as error:
            raise ResourceError(
                f"{self.uri} is not text in {self.encoding or 'the encoding of the system'}"
            ) from error


class DirectoryResource(Resource, kw_only=True):
    """The files of a directory, or of all below it, as JSON: `{"files": ["a.txt", …]}`.

    Links that lead out of the directory are not followed.
    """

    MIME_TYPE: ClassVar[str] = JSON

    path: Path
    recursive: bool = False
    pattern: str | None = None

    def __post_init__(self) -> None:
        self.path = _absolute(self, self.path)
        super().__post_init__()
        if Path(self.pattern or "").is_absolute():
            raise ConfigurationError(
                f"pattern={self.pattern!r} of {self.uri} is an absolute path; give one that is "
                'relative to path=, such as "*.txt"'
            )

    async def list_files(self) -> list[Path]:
        """The paths of the files, sorted."""
        return await run_in_thread(self._files)

    async def read(self) -> ResourceResult:
        try:
            files = await self.list_files()
        except OSError as error:
            raise _unreadable(self, error) from error
        listing = {"files": [file.relative_to(self.path).as_posix() for file in files]}
        return ResourceResult([ResourceContent(listing, self.mime_type, self.meta)])

    def _files(self) -> list[Path]:
        if not self.path.exists():
            raise FileNotFoundError(2, "No such directory", str(self.path))
        if not self.path.is_dir():
            raise NotADirectoryError(20, "Not a directory", str(self.path))
        root = self.path.resolve()
        find = self.path.rglob if self.recursive else self.path.glob
        return sorted(
            file
            for file in find(self.pattern or "*")
            if file.is_file() and file.resolve().is_relative_to(root)
        )


def _absolute(resource: Resource, path: str | Path) -> Path:
    found = Path(path).expanduser()
    if not found.is_absolute():
        raise ConfigurationError(
            f"path={str(path)!r} of {resource.uri} is relative, and a server may run anywhere; "
            "give an absolute one, such as Path(__file__).parent / …, or Path(…).resolve()"
        )
    return found


def _unreadable(resource: Resource, error: OSError) -> ResourceError:
    """What failed, without the path, which is no business of clients."""
    return ResourceError(f"Cannot read {resource.uri}: {error.strerror or type(error).__name__}")
