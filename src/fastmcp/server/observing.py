"""What a server lets stand around its requests by itself: traces and metrics, for OpenTelemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._runtime.dispatch import Dispatcher
from fastmcp._tracing.presence import tracing_mode

from .context import Context
from .observers import stand_around

if TYPE_CHECKING:
    from .server import FastMCP


def observe(server: FastMCP, dispatcher: Dispatcher[Context]) -> None:
    """Have the requests of a server traced and measured, in a program that has OpenTelemetry."""
    mode = tracing_mode()
    if mode == "off":
        return
    from .tracing import observing

    stand_around(dispatcher, observing(server, mode), outermost=True)
    if mode == "native":
        from .metrics.instruments import export_when_provided

        export_when_provided(server)
