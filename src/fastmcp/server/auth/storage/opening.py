"""From what users name to a storage."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any, Final, cast

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import settings

from ...backplane.backplane import Backplane
from ...backplane.encrypted import EncryptedBackplane
from ...backplane.memory import MemoryBackplane
from ...backplane.opening import backplane_of
from ...backplane.sqlite import SQLiteBackplane
from .key_value import KeyValueValues
from .oauth_storage import OAuthStorage

logger: Final = logging.getLogger("fastmcp.server.auth.storage")

_ATOMS = ("get", "put", "delete")


def storage_of(store: Any, key: str | bytes, keyword: str = "client_storage") -> OAuthStorage:
    """A storage in a store of py-key-value-aio, or a backplane or its URL; all that it keeps there
    is encrypted. A storage is taken as it is.

    Raises:
        ConfigurationError: `keyword` was given what is no store.
    """
    if isinstance(store, OAuthStorage):
        return store
    if isinstance(store, str) or callable(getattr(store, "swap", None)):
        backplane = cast("Backplane", backplane_of(store, keyword))
    elif all(callable(getattr(store, name, None)) for name in _ATOMS):
        # Of a backplane nothing but its values is asked for.
        backplane = cast("Backplane", KeyValueValues(store))
    else:
        raise ConfigurationError(
            f"{keyword}= is a store of py-key-value-aio, a backplane or its URL, not "
            f"{type(store).__name__}"
        )
    return OAuthStorage(EncryptedBackplane(backplane, key))


def storage_at_home(key: str | bytes) -> OAuthStorage:
    """The storage that a provider has by default: an encrypted file below `settings.home`, one for
    each key. Where none can be written, it is in memory, and says so.
    """
    given = key.encode() if isinstance(key, str) else key
    name = hashlib.sha256(b"fastmcp oauth file\0" + given).hexdigest()[:12]
    try:
        path = private_directory(settings.home / "oauth") / f"{name}.db"
    except OSError as error:
        logger.warning(
            "What OAuth keeps is in memory, and lost when this process ends: %s cannot be used "
            "(%s). Set FASTMCP_HOME to a directory that can be written, or give a storage",
            settings.home,
            error.strerror,
        )
        return OAuthStorage(MemoryBackplane())
    return OAuthStorage(EncryptedBackplane(SQLiteBackplane(path), key))


def private_directory(path: Path) -> Path:
    """A directory that only this user can look into; it is made when there is none.

    Raises:
        OSError: there is none, and none can be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
