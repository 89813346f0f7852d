"""From what users write to where tasks are kept and who delivers them."""

from __future__ import annotations

import os
import re
import socket
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import Settings, settings

from ..backplane.backplane import Backplane
from ..backplane.opening import sqlite_path
from .engine import TaskEngine

_SCHEMES = ("memory", "redis", "rediss", "unix", "sqlite")
_CHOICES = (
    "memory://, redis://host:6379/0, rediss://host:6379/0, unix:///path/to/redis.sock, or "
    "sqlite:///file.db (sqlite:////path/to/file.db)"
)


class Backend(Struct, frozen=True, kw_only=True):
    """Where tasks are kept and how they are delivered: `name` is that of the queue, which all share
    who give the same, `url` what is shown of the place, without a password. What is `lasting`
    outlives the process. With a `concurrency` of 0 this process runs no tasks itself.
    """

    backplane: Backplane
    engine: TaskEngine
    name: str
    url: str
    lasting: bool
    concurrency: int
    worker_name: str
    key: str | None = None


def backend_of(server_name: str | None, url: str | None) -> Backend:
    """Where the tasks of a server are kept, by the URL that it was given, or the settings. Servers
    with a name have a queue of their own.

    Raises:
        ConfigurationError: the URL means nothing, or an extra is missing.
    """
    place = Settings.docket_url.chosen(url)
    scheme = _scheme(place, "FASTMCP_DOCKET_URL=" if url is None else "docket=")
    name = settings.docket_name if server_name is None else f"{settings.docket_name}:{server_name}"
    worker_name = settings.docket_worker_name or f"{socket.gethostname()}#{os.getpid()}"
    backplane, engine = _OPENED.get(scheme, _redis)(place, name, worker_name)
    return Backend(
        backplane=backplane,
        engine=engine,
        name=name,
        url=without_password(place),
        lasting=scheme != "memory",
        concurrency=settings.docket_concurrency,
        worker_name=worker_name,
        key=settings.tasks_encryption_key,
    )


def _scheme(place: str, keyword: str) -> str:
    scheme, separator, _ = place.partition("://")
    if not separator:
        raise ConfigurationError(f"{keyword} takes no text without a scheme, but {_CHOICES}")
    if scheme not in _SCHEMES:
        raise ConfigurationError(f"{keyword} takes no {scheme}://, but {_CHOICES}")
    try:
        _ = urlsplit(place).port
    except ValueError:  # what it says shows the URL, which may have a password
        raise ConfigurationError(f"{keyword} has a {scheme}:// URL without a valid port") from None
    return scheme


def _memory(place: str, name: str, worker_name: str) -> tuple[Backplane, TaskEngine]:
    from ..backplane.memory import MemoryBackplane
    from .engines.memory_engine import MemoryEngine

    engine = MemoryEngine(name, concurrency=settings.docket_concurrency, worker_name=worker_name)
    return MemoryBackplane(), engine


def _sqlite(place: str, name: str, worker_name: str) -> tuple[Backplane, TaskEngine]:
    from ..backplane.sqlite import SQLiteBackplane
    from .engines.sqlite_engine import TIMEOUT, SQLiteEngine

    backplane = SQLiteBackplane(sqlite_path(place), timeout=TIMEOUT, durable=True)
    engine = SQLiteEngine(
        backplane.path,
        name,
        redelivery_timeout=settings.docket_redelivery_timeout,
        reconnection_delay=settings.docket_reconnection_delay,
    )
    return backplane, engine


def _redis(place: str, name: str, worker_name: str) -> tuple[Backplane, TaskEngine]:
    from ..backplane.redis import RedisBackplane
    from .engines.docket_engine import DocketEngine

    engine = DocketEngine(
        place,
        name,
        redelivery_timeout=settings.docket_redelivery_timeout,
        reconnection_delay=settings.docket_reconnection_delay,
        minimum_check_interval=settings.docket_minimum_check_interval,
    )
    return RedisBackplane(place), engine


_OPENED: Final = {"memory": _memory, "sqlite": _sqlite}


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    url = re.sub(r"(?<=password=)[^&]*", "***", url)
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    user = re.sub(r"^:.*|(?<=:).*", "***", user)
    return f"{scheme}{separator}{user}{at}{host}{slash}{path}"
