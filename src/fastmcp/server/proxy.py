"""Proxies, under the path that code written for FastMCP 2.x imports."""

from __future__ import annotations

from .providers.proxy import (
    ClientFactoryT,
    FastMCPProxy,
    ProxyClient,
    ProxyPrompt,
    ProxyProvider,
    ProxyResource,
    ProxyTemplate,
    ProxyTool,
    StatefulProxyClient,
    create_proxy,
)

__all__ = [
    "ClientFactoryT",
    "FastMCPProxy",
    "ProxyClient",
    "ProxyPrompt",
    "ProxyProvider",
    "ProxyResource",
    "ProxyTemplate",
    "ProxyTool",
    "StatefulProxyClient",
    "create_proxy",
]
