"""ServerProxy: a server with tools of its own, and others behind it among which it shares work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .asked import Asked as Asked
    from .backend import Backend as Backend
    from .balanced_provider import BalancedProvider as BalancedProvider
    from .health import HealthPolicy as HealthPolicy
    from .server_proxy import ServerProxy as ServerProxy
    from .strategies import LeastConnections as LeastConnections
    from .strategies import Random as Random
    from .strategies import RoundRobin as RoundRobin
    from .strategies import Sticky as Sticky
    from .strategies import Strategy as Strategy
    from .strategies import Weighted as Weighted
    from .unavailable import BackendsBusy as BackendsBusy
    from .unavailable import BackendsUnavailable as BackendsUnavailable

__all__ = [
    "Asked",
    "Backend",
    "BackendsBusy",
    "BackendsUnavailable",
    "BalancedProvider",
    "HealthPolicy",
    "LeastConnections",
    "Random",
    "RoundRobin",
    "ServerProxy",
    "Sticky",
    "Strategy",
    "Weighted",
]

lazy_names(
    __name__,
    {
        "Asked": ".asked",
        "Backend": ".backend",
        "BackendsBusy": ".unavailable",
        "BackendsUnavailable": ".unavailable",
        "BalancedProvider": ".balanced_provider",
        "HealthPolicy": ".health",
        "LeastConnections": ".strategies",
        "Random": ".strategies",
        "RoundRobin": ".strategies",
        "ServerProxy": ".server_proxy",
        "Sticky": ".strategies",
        "Strategy": ".strategies",
        "Weighted": ".strategies",
    },
)
