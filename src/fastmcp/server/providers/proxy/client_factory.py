"""What makes the clients by which a proxy reaches a server."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from fastmcp.client.client import Client
from fastmcp.client.negotiation import Mode
from fastmcp.exceptions import ConfigurationError

from .proxy_client import ProxyClient

logger: Final = logging.getLogger("fastmcp.server.proxy")

ClientFactoryT: TypeAlias = Callable[[], Client] | Callable[[], Awaitable[Client]]
"""A function, plain or async, that gives a client for the request being served."""


class Target:
    """Makes clients like one, and lets a proxy share their connections."""

    def __init__(self, client: ProxyClient) -> None:
        self.client = client

    def __call__(self) -> ProxyClient:
        return self.client.new()

    def __repr__(self) -> str:
        return repr(self.client.transport)


def require_factory(given: Any) -> None:
    """See that it can be asked for clients.

    Raises:
        ConfigurationError: it is no function.
    """
    if callable(given):
        return
    cure = "`lambda: client`" if isinstance(given, Client) else "`lambda: ProxyClient(url)`"
    raise ConfigurationError(
        f"client_factory= is {_kind(given)}, not a function: give one that gives a Client, such as "
        f"{cure}"
    )


def require_client(given: Any) -> Client:
    """What a factory gave.

    Raises:
        ConfigurationError: it is no client.
    """
    if isinstance(given, Client):
        return given
    raise ConfigurationError(f"client_factory gave {_kind(given)}, not a Client")


def _kind(given: Any) -> str:
    return "None" if given is None else f"a {type(given).__name__}"


def client_factory(target: Any, mode: Mode | None) -> ClientFactoryT:
    """What reaches a target of `create_proxy`.

    Raises:
        ValueError: nothing can tell how to reach it.
    """
    if not isinstance(target, Client):
        return Target(ProxyClient(target, mode=mode or "auto"))
    client: Client = target
    if isinstance(client, ProxyClient):
        return Target(client)
    if client.is_connected():  # by somebody who wants this very session to be used
        logger.info(
            "%r is connected already: its session is used for all requests, and what the server "
            "asks meanwhile is answered by the client's own handlers. With a client that is not "
            "connected each session in front of the proxy has one of its own",
            client,
        )
        return lambda: client
    return Target(ProxyClient.like(client))
