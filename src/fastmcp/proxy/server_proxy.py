"""ServerProxy: a server that shares its work among backends."""

from __future__ import annotations

from typing import Any

from fastmcp.server.server import FastMCP

from .backend import Backend
from .balanced_provider import BalancedProvider
from .health import HealthPolicy
from .strategies import Strategy


class ServerProxy(FastMCP):
    """A server with components of its own and, behind it, any number of backends that have the
    same components as each other. What is not its own is sent to one of them.

    `backends` are servers in this process, URLs, commands, or anything else that a `Client` takes;
    or `Backend` objects, which can say more. A mapping gives each a name. `strategy` chooses:
    `"round_robin"`, `"least_connections"`, `"random"`, `"weighted"`, `"sticky"`, or an object with
    `choose(backends, asked)`. `health` says when a backend is no longer used, and when it is again.
    Other keywords are those of `FastMCP`.

    A request that a backend did not carry out, and one that may be carried out twice, is sent to
    another when a backend fails: lists, reads and prompts may, and tools that are annotated as
    read-only or idempotent.
    """

    def __init__(
        self,
        name: str | None = None,
        instructions: str | None = None,
        *,
        backends: Any = None,
        strategy: Strategy | str = "round_robin",
        health: HealthPolicy | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(name, instructions, **settings)
        self._balanced = BalancedProvider(
            backends, name=self.name, strategy=strategy, health=health
        )
        self.add_provider(self._balanced)

    def __repr__(self) -> str:
        return f"ServerProxy({self.name!r})"

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The backends: for each its `name`, its `state`, and its `status` as plain data."""
        return self._balanced.backends

    def add_backend(self, target: Any, name: str | None = None) -> Backend:
        """Add a backend, also while the server runs.

        Raises:
            ConfigurationError: it cannot be reached in any way, or there is one of that name.
        """
        return self._balanced.add_backend(target, name)

    def remove_backend(self, name: str) -> Backend:
        """Send nothing more to a backend, also while the server runs; what is under way there ends.

        Raises:
            ConfigurationError: there is none of that name.
        """
        return self._balanced.remove_backend(name)
