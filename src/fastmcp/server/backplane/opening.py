"""From what users write to a backplane."""

from __future__ import annotations

from typing import Any, cast

from fastmcp.exceptions import ConfigurationError

from .backplane import Backplane

_CHOICES = (
    "redis://host:6379/0, rediss://host:6379/0, unix:///path/to/redis.sock, sqlite:///file.db "
    "(sqlite:////path/to/file.db), memory://, or a backplane object"
)
_METHODS = tuple(name for name in vars(Backplane) if not name.startswith("_"))


def backplane_of(value: Backplane | str | None, keyword: str = "backplane") -> Backplane | None:
    """The backplane that a URL names; an object is taken as it is, None stays None.

    Raises:
        ConfigurationError: `keyword` was given what is none.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        if all(callable(getattr(value, name, None)) for name in _METHODS):
            return value
        raise ConfigurationError(f"{keyword}= takes no {_kind(value)}, but {_CHOICES}")
    scheme, separator, _ = value.partition("://")
    if scheme in ("redis", "rediss", "unix") and separator:
        from .redis import RedisBackplane

        return RedisBackplane(value)
    if scheme == "sqlite" and separator:
        from .sqlite import SQLiteBackplane

        return SQLiteBackplane(sqlite_path(value))
    if value == "memory://":
        from .memory import MemoryBackplane

        return MemoryBackplane()
    # The rest may hold a password.
    wrong = f"{scheme}://" if separator else "text without a scheme"
    raise ConfigurationError(f"{keyword}= takes no {wrong}, but {_CHOICES}")


def sqlite_path(url: str) -> str:
    """The file that a URL names.

    Raises:
        ConfigurationError: it names none.
    """
    from urllib.parse import unquote

    rest = url.removeprefix("sqlite://")
    path = unquote(rest.removeprefix("/"))
    if not rest.startswith("/") or path in ("", ":memory:"):
        raise ConfigurationError(
            "The URL of an SQLite file is sqlite:///file.db, or sqlite:////path/to/file.db"
        )
    return path


def _kind(value: Any) -> str:
    return cast("type[Any]", type(value)).__name__
