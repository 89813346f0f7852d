"""How a Redis server is reached: by a URL, or as somebody's client reaches it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from fastmcp.exceptions import ConfigurationError, StoreUnavailable

SCHEMES = ("redis", "rediss", "unix")
_TAKES = "RedisBackplane() takes a URL (redis://, rediss:// or unix://) or a client of redis-py"
_SETTINGS = {
    "host",
    "port",
    "path",
    "db",
    "username",
    "password",
    "credential_provider",
    "client_name",
    "socket_keepalive",
    "socket_keepalive_options",
}


class RedisServer:
    """A server that connections can be opened to: redis-py resolves, encrypts and authenticates."""

    def __init__(self, url_or_client: Any, timeout: float) -> None:
        self._given = url_or_client
        self._timeout = timeout
        self._made: tuple[Callable[..., Any], dict[str, Any]] | None = None
        if isinstance(url_or_client, str):
            if url_or_client.partition("://")[0] not in SCHEMES:
                raise ConfigurationError(_TAKES)
        elif not hasattr(url_or_client, "connection_pool"):
            raise ConfigurationError(f"{_TAKES}, not {type(url_or_client).__name__}")
        _need_redis()

    @property
    def database(self) -> int:
        """The number of the database."""
        return int(self._settings()[1].get("db") or 0)

    async def connect(self) -> asyncio.StreamWriter:
        """A connection that is ready for commands.

        Raises:
            StoreUnavailable: there is none to be had.
        """
        make, settings = self._settings()
        from redis.exceptions import RedisError

        connection = make(**settings)
        try:
            async with asyncio.timeout(self._timeout):
                await connection.connect()
            return _taken_from(connection)
        except TimeoutError:
            raise StoreUnavailable(
                f"Redis: no connection within {self._timeout:g} seconds"
            ) from None
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis: {error}") from error
        finally:
            await connection.disconnect(nowait=True)

    def _settings(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        """What makes a connection, and from what; redis-py is loaded for it."""
        if self._made is None:
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff

            make, settings = _settings_of(self._given)
            ours = {
                "protocol": 2,
                "decode_responses": False,
                "socket_timeout": self._timeout,
                "socket_connect_timeout": self._timeout,
                "retry": Retry(NoBackoff(), 0),
            }
            self._made = make, settings | ours
        return self._made


def _need_redis() -> None:
    from importlib.util import find_spec

    for package in ("redis", "hiredis"):
        if find_spec(package) is None:
            raise ConfigurationError(
                f"RedisBackplane needs the package {package}: pip install 'peregrine-mcp[redis]'"
            )


def _settings_of(given: Any) -> tuple[Callable[..., Any], dict[str, Any]]:
    from redis import asyncio as ours
    from redis import connection as blocking

    if isinstance(given, str):
        try:
            pool = cast("Any", ours.ConnectionPool).from_url(given)
        except ValueError as error:
            raise ConfigurationError(f"The URL of Redis: {error}") from None
    else:
        pool = given.connection_pool
    twins: dict[Any, Any] = {
        blocking.SSLConnection: ours.SSLConnection,
        blocking.Connection: ours.Connection,
        blocking.UnixDomainSocketConnection: ours.UnixDomainSocketConnection,
    }
    kind: Any = pool.connection_class
    if kind in twins or kind in twins.values():
        kind = twins.get(kind, kind)
        return kind, _plain(pool.connection_kwargs, kind)
    if any(base.__module__.startswith("redis.asyncio.") for base in kind.__mro__):
        # Such as those that ask a Sentinel; they know what they need.
        return kind, {k: v for k, v in pool.connection_kwargs.items() if "retry" not in k}
    raise ConfigurationError(f"{_TAKES}; for connections of this kind, a client of redis.asyncio")


def _plain(settings: dict[str, Any], kind: Any) -> dict[str, Any]:
    """Without what concerns how the client uses its connections."""
    from inspect import signature

    encryption = {name for name in signature(kind).parameters if name.startswith("ssl_")}
    for name, value in settings.items():
        if name.startswith("ssl_") and name not in encryption and value:
            raise ConfigurationError(f"{name}= of the client is not known to redis.asyncio")
    return {k: v for k, v in settings.items() if k in _SETTINGS or k in encryption}


def _taken_from(connection: Any) -> asyncio.StreamWriter:
    """Take the transport over from a connection, which is none any more."""
    writer: asyncio.StreamWriter = connection._writer
    connection._writer = connection._reader = None
    return writer
