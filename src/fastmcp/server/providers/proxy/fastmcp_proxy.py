"""FastMCPProxy: a server that offers what another one does, and what makes it."""

from __future__ import annotations

from typing import Any

from fastmcp.client.negotiation import Mode

from ...server import FastMCP
from .client_factory import ClientFactoryT, client_factory
from .proxy_metadata import ProxyIdentity, ProxyMetadataMiddleware
from .proxy_provider import ProxyProvider


class FastMCPProxy(FastMCP):
    """A server in front of the one that clients of `client_factory` reach.

    `identity` says whose name and version clients see: the "proxy"'s or those of "upstream". What
    fails there is as `provider_error_strategy` has it. Other keywords are those of `FastMCP`.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        client_factory: ClientFactoryT,
        identity: ProxyIdentity = "proxy",
        **settings: Any,
    ) -> None:
        super().__init__(name, **settings)
        self.client_factory = client_factory
        provider = ProxyProvider(client_factory)
        self.add_provider(provider)
        self.add_middleware(ProxyMetadataMiddleware(provider, identity=identity))


def create_proxy(target: Any, *, mode: Mode | None = None, **settings: Any) -> FastMCPProxy:
    """A server that offers what another one does.

    `target` is whatever a `Client` takes: a `FastMCP` object, a URL, a script, a command, a
    configuration of servers, a transport; or a client. One that is connected has its session shared
    by all; for any other each session in front has one of its own where the server has sessions.
    `mode` pins the era of the server: what it asks is put to clients of either.

    `settings` are the keywords of `FastMCPProxy`.

    Raises:
        ValueError: nothing can tell how to reach the target.
    """
    return FastMCPProxy(client_factory=client_factory(target, mode), **settings)
