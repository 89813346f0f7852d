"""`FastMCP.configure_oauth_storage`: one storage for what a server keeps beyond its process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import Settings, settings

from ...backplane.backplane import Backplane
from ...backplane.encrypted import EncryptedBackplane
from ...backplane.memory import MemoryBackplane
from ...backplane.opening import backplane_of
from ...backplane.sqlite import SQLiteBackplane
from ...state.memory import MemoryStateStore
from .keys import key_beside, key_given
from .oauth_storage import OAuthStorage
from .opening import private_directory, storage_of

if TYPE_CHECKING:
    from ...cluster.cluster import Cluster
    from ...options import HttpDefaults
    from ...state.keeper import Keeper

_FILE = "storage.db"
_BACKENDS = (
    'it is "redis", "sqlite", "file" or "memory", the URL of a backplane '
    "(redis://host:6379/0, sqlite:///file.db), a backplane, or a store of py-key-value-aio"
)


class Configurable(Protocol):
    """What a server is made of, as far as it has to do with storage."""

    oauth_storage: Any
    http_defaults: HttpDefaults
    cluster: Cluster | None
    state_keeper: Keeper
    newest_manager: Any


def configure_oauth_storage(
    parts: Configurable,
    provider: Any,
    backend: Any = "redis",
    *,
    redis_client: Any = None,
    encryption_key: Any = None,
    path: str | Path | None = None,
) -> None:
    """Have a server keep what OAuth has to remember in a backend, encrypted; and its sessions, if
    it has any, unless there is a store for them. Nothing is connected to before it is used.

    `redis_client` is a client of redis-py, or a URL; `path` is of the file of `"sqlite"`, or for
    `"file"` of a directory for it. The `encryption_key` is one of Fernet's, or any other text,
    which is stretched; all workers need the same. Without one there is
    FASTMCP_OAUTH_ENCRYPTION_KEY, or for a file a key beside it.

    Raises:
        ConfigurationError: there is no such backend, something is missing that it needs, or the
            server has an HTTP application by now.
    """
    if parts.newest_manager is not None:
        raise ConfigurationError("configure_oauth_storage() comes before http_app() and run()")
    key = key_given(encryption_key) or settings.oauth_encryption_key
    backplane = _backplane(backend, redis_client, path)
    if backplane is None:
        parts.oauth_storage = storage_of(backend, _needed(key, "A store"), "backend")
    elif isinstance(backplane, MemoryBackplane):
        parts.oauth_storage = OAuthStorage(backplane)
    else:
        backplane = EncryptedBackplane(backplane, key or _key_of_file(backend, path))
        parts.oauth_storage = OAuthStorage(backplane)
        _share_sessions(parts, backplane)
    hand_over(parts.oauth_storage, provider)


def hand_over(storage: Any, provider: Any) -> None:
    """Have a provider, and those inside of it, keep in a storage what they have no place for."""
    while provider is not None:
        if (use := getattr(provider, "use_storage", None)) is not None:
            use(storage)
        provider = getattr(provider, "server", None)


def _backplane(backend: Any, redis_client: Any, path: Any) -> Backplane | None:
    """The backplane of a backend; None for a store that is none."""
    if backend == "memory":
        return MemoryBackplane()
    if backend in ("sqlite", "file"):
        return SQLiteBackplane(_file(backend, path))
    if backend == "redis":
        from ...backplane.redis import RedisBackplane

        if redis_client is None:
            raise ConfigurationError(
                'backend="redis" needs redis_client=, a client of redis-py or a URL'
            )
        return RedisBackplane(redis_client)
    if isinstance(backend, str) and "://" not in backend:
        raise ConfigurationError(f"backend={backend!r}: {_BACKENDS}")
    if isinstance(backend, str) or hasattr(backend, "publish"):
        return backplane_of(backend, "backend")
    if backend is None or not hasattr(backend, "put"):
        raise ConfigurationError(f"backend={backend!r}: {_BACKENDS}")
    return None


def _file(backend: str, path: Any) -> Path:
    """Where the file is; its directory is made when there is none."""
    if path is None:
        file = settings.home / "oauth" / _FILE
    else:
        file = Path(path) / _FILE if backend == "file" else Path(path)
    try:
        private_directory(file.absolute().parent)
    except OSError as error:
        raise ConfigurationError(f"path={str(file)!r}: {error.strerror}") from None
    return file


def _key_of_file(backend: Any, path: Any) -> str | bytes:
    if backend not in ("sqlite", "file"):
        return _needed(None, f"{backend!r}" if backend == "redis" else "A backplane")
    file = _file(backend, path)
    try:
        return key_beside(file.with_name(f"{file.name}.key"))
    except OSError as error:
        raise ConfigurationError(f"{file}: there can be no key beside it: {error}") from None


def _needed(key: str | bytes | None, what: str) -> str | bytes:
    if key is None:
        raise ConfigurationError(
            f"{what} needs encryption_key=, or FASTMCP_OAUTH_ENCRYPTION_KEY: what is kept is secret"
        )
    return key


def _share_sessions(parts: Configurable, backplane: Backplane) -> None:
    """Have every worker serve the sessions of all, unless there are none, or that is seen to."""
    if parts.cluster is not None:
        return
    if Settings.stateless_http.chosen(parts.http_defaults.stateless_http):
        return
    from ...cluster.joining import join

    parts.cluster = join(parts, backplane)  # type: ignore[arg-type]
    parts.http_defaults = msgspec.structs.replace(parts.http_defaults, session_store=backplane)
    if isinstance(parts.state_keeper, MemoryStateStore):
        parts.state_keeper = parts.cluster.keeper
