"""Keys that OAuth's documents are encrypted with: given ones, and those that this host keeps."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any

from fastmcp.exceptions import ConfigurationError


def new_key() -> str:
    """A key of Fernet's."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def derived_key(secret: bytes, purpose: str) -> str:
    """A key of Fernet's for one purpose, from a secret that nobody can guess (HKDF)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)
    return base64.urlsafe_b64encode(made).decode()


def key_given(key: Any) -> str | bytes | None:
    """A key as it was given: a text, bytes, or an object that hides one as pydantic's do."""
    reveal = getattr(key, "get_secret_value", None)
    if reveal is not None:
        key = reveal()
    if key is not None and (not isinstance(key, (str, bytes)) or not key):
        raise ConfigurationError(
            "encryption_key= takes a text or bytes; make one by: python -c "
            '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
    return key


def key_beside(path: Path) -> str:
    """The key in a file, which only this user can read; it is made when there is none.

    Raises:
        OSError: it can be neither read nor made.
    """
    while True:
        try:
            return path.read_text("ascii").strip()
        except FileNotFoundError:
            _write_new(path, new_key())


def _write_new(path: Path, text: str) -> None:
    """Write a file whole, unless another process has by now."""
    made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        try:
            os.link(made, path)
        except FileExistsError:
            pass
    finally:
        made.unlink()
