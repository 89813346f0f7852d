"""How long clients were connected, by OpenTelemetry's API."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from fastmcp._protocol.eras import Lifecycle
from fastmcp._runtime.exchange import TransportName
from fastmcp._tracing.durations import durations, meter_provider

from ..traced_kinds import NETWORKS, Named
from .instruments import SERVER

SESSION: Final = "mcp.server.session.duration"


def timed(server: Named, lifecycle: Lifecycle, transport: TransportName) -> Callable[[str], None]:
    """What is to be called when a connection has ended that begins now."""
    began = perf_counter()

    def ended(id: str) -> None:
        provider = meter_provider()
        if provider is None or lifecycle.era == "fresh":
            return
        told: dict[str, Any] = {SERVER: server.name, **NETWORKS[transport]}
        if lifecycle.sender is not None:
            told["mcp.protocol.version"] = lifecycle.sender.revision.text
        histogram = durations(provider, SESSION, "How long clients were connected")
        histogram.record(perf_counter() - began, told)

    return ended
