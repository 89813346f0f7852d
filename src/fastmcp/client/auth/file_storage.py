"""FileTokenStorage: tokens that outlive the process, in files that only their user can read."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsFloat

import msgspec

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_LARGEST = 1024 * 1024


class _Entry(msgspec.Struct):
    value: dict[str, Any]
    end: float | None = None


class FileTokenStorage:
    """Keeps each entry in a file of its own, encrypted, in a folder: by default `oauth-tokens`
    among the data of this user's programs (`settings.home`).

    `encryption_key` is any text or a key of Fernet. Without one, a key is made and kept beside the
    entries; it protects copies of single files, and not what can read as this user.

    Raises:
        ConfigurationError: the key is empty.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        encryption_key: str | bytes | None = None,
    ) -> None:
        if encryption_key is not None and not encryption_key.strip():
            raise ConfigurationError("encryption_key is empty; is the variable set that holds it?")
        self._given = Path(directory) if directory is not None else None
        self._key = encryption_key
        self._cipher: Fernet | None = None

    def __repr__(self) -> str:
        return f"FileTokenStorage({str(self._directory)!r})"

    @property
    def _directory(self) -> Path:
        return self._given if self._given is not None else settings.home / "oauth-tokens"

    async def get(self, key: str, *, collection: str | None = None) -> Mapping[str, Any] | None:
        return await asyncio.to_thread(self._get, self._file(key, collection))

    async def put(
        self,
        key: str,
        value: Mapping[str, Any],
        *,
        collection: str | None = None,
        ttl: SupportsFloat | None = None,
    ) -> None:
        entry = _Entry(dict(value), None if ttl is None else time.time() + float(ttl))
        await asyncio.to_thread(self._put, self._file(key, collection), entry)

    async def delete(self, key: str, *, collection: str | None = None) -> bool:
        return await asyncio.to_thread(_remove, self._file(key, collection))

    def _file(self, key: str, collection: str | None) -> Path:
        name = hashlib.sha256(msgspec.json.encode([collection, key])).hexdigest()
        return self._directory / f"{name}.token"

    def _get(self, file: Path) -> Mapping[str, Any] | None:
        from cryptography.fernet import InvalidToken

        try:
            with file.open("rb") as opened:
                sealed = opened.read(_LARGEST)
        except FileNotFoundError:
            return None
        try:
            entry = msgspec.json.decode(self._fernet().decrypt(sealed), type=_Entry)
        except (InvalidToken, msgspec.DecodeError):
            return None  # of another key, or damaged: whoever asks signs in again
        return None if entry.end is not None and entry.end <= time.time() else entry.value

    def _put(self, file: Path, entry: _Entry) -> None:
        _write(file, self._fernet().encrypt(msgspec.json.encode(entry)))

    def _fernet(self) -> Fernet:
        if self._cipher is None:
            from cryptography.fernet import Fernet

            key = self._key if self._key is not None else _own_key(self._directory / "key")
            self._cipher = Fernet(_as_fernet_key(key.encode() if isinstance(key, str) else key))
        return self._cipher


def _own_key(file: Path) -> bytes:
    """The key that is kept, made when there is none; of two processes that make one, both use the
    first.
    """
    try:
        return file.read_bytes()
    except FileNotFoundError:
        from cryptography.fernet import Fernet

        _write(file, Fernet.generate_key(), replace=False)
        return file.read_bytes()


def _as_fernet_key(key: bytes) -> bytes:
    import base64

    try:
        if len(base64.urlsafe_b64decode(key)) == 32:
            return key
    except ValueError:
        pass
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), 32, salt=None, info=b"fastmcp client token storage").derive(key)
    return base64.urlsafe_b64encode(derived)


def _write(file: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file whole or not at all, that nobody else may read."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = file.with_name(f".{secrets.token_hex(8)}.part")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        if replace:
            os.replace(written, file)
        else:
            _link(written, file)
    finally:
        written.unlink(missing_ok=True)


def _link(written: Path, file: Path) -> None:
    try:
        os.link(written, file)
    except FileExistsError:
        pass
    except OSError:  # no links on this file system
        os.replace(written, file)


def _remove(file: Path) -> bool:
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True
