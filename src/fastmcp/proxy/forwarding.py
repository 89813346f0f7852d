"""How a backend is reached, by what it is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, cast

from msgspec import Struct

from fastmcp.client.retrying import RetryPolicy
from fastmcp.exceptions import ConfigurationError, SessionExpired
from fastmcp.server.providers.aggregate import as_provider
from fastmcp.server.providers.base import Provider

ONCE: Final = RetryPolicy(attempts=2, errors={SessionExpired: "always"}, statuses={})
"""What fails is for other backends to do. Only a session that was forgotten is begun anew."""


STARTING: Final = 30.0
"""Seconds that a process has to start and answer."""

Ping: TypeAlias = Callable[[float], Awaitable[object]]


class Route(Struct, frozen=True):
    """A backend as a source of components; and how to see, in so many seconds, that it is there,
    where that can be asked.
    """

    provider: Provider
    ping: Ping | None = None


def route_to(target: Any) -> Route:
    """What leads to a server in this process, or a provider; or to what a client takes.

    Raises:
        ConfigurationError: it is none of them.
    """
    if isinstance(target, type):
        raise ConfigurationError(f"A backend is no class; make one of {target.__name__} first")
    if isinstance(target, Provider) or hasattr(target, "as_provider"):
        return Route(as_provider(target))
    return _over_client(target)


def name_of(target: Any) -> str:
    """What a backend is called that has not been given a name."""
    if isinstance(target, (str, os.PathLike)):
        text = os.fspath(cast("str", target))
        return text.partition("?")[0].rpartition("@")[2] or "backend"
    name = getattr(target, "name", None)
    if isinstance(name, str):
        return name
    url = getattr(getattr(target, "transport", target), "url", None)
    return name_of(str(url)) if url else type(target).__name__


def _over_client(target: Any) -> Route:
    from fastmcp.client.client import Client
    from fastmcp.server.providers.proxy.client_factory import client_factory
    from fastmcp.server.providers.proxy.proxy_client import ProxyClient
    from fastmcp.server.providers.proxy.proxy_provider import ProxyProvider
    from fastmcp.server.providers.proxy.sessions import is_process

    options: dict[str, Any] = {"retry": ONCE}
    if hasattr(target, "to_transport"):  # an entry of a configuration
        options.update(timeout=target.patience, mode=target.mode or "auto")
        target = target.to_transport()
    client: Client = target if isinstance(target, Client) else ProxyClient(target, **options)
    provider = ProxyProvider(client_factory(client, None))
    starting = STARTING if is_process(client.transport) else 0.0

    async def ping(timeout: float) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(max(timeout, starting)) as limit:
            async with provider.backend.session(None) as opened:
                if opened.is_connected():
                    limit.reschedule(loop.time() + timeout)
                await opened.ping()

    return Route(provider, ping)
