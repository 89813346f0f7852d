"""Proxies: servers that offer what another one does."""

from __future__ import annotations

from .backend import Backend
from .client_factory import ClientFactoryT
from .fastmcp_proxy import FastMCPProxy, create_proxy
from .proxy_client import ProxyClient
from .proxy_metadata import ProxyMetadataMiddleware
from .proxy_prompt import ProxyPrompt
from .proxy_provider import ProxyProvider
from .proxy_resource import ProxyResource
from .proxy_template import ProxyTemplate
from .proxy_tool import ProxyTool
from .relays import (
    default_proxy_elicitation_handler,
    default_proxy_log_handler,
    default_proxy_progress_handler,
    default_proxy_roots_handler,
    default_proxy_sampling_handler,
)
from .stateful_proxy_client import StatefulProxyClient

__all__ = [
    "Backend",
    "ClientFactoryT",
    "FastMCPProxy",
    "ProxyClient",
    "ProxyMetadataMiddleware",
    "ProxyPrompt",
    "ProxyProvider",
    "ProxyResource",
    "ProxyTemplate",
    "ProxyTool",
    "StatefulProxyClient",
    "create_proxy",
    "default_proxy_elicitation_handler",
    "default_proxy_log_handler",
    "default_proxy_progress_handler",
    "default_proxy_roots_handler",
    "default_proxy_sampling_handler",
]
