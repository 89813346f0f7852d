"""What a server lets stand around its requests by itself: traces and metrics, for OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from fastmcp._protocol.eras import Lifecycle
from fastmcp._runtime.exchange import TransportName
from fastmcp._tracing.presence import Mode, tracing_mode

from .observers import stand_around

if TYPE_CHECKING:
    from .metrics.recorder import Measured


Ended: TypeAlias = Callable[[str], None]


class Observing:
    """Has the requests of a server traced and measured, in a program that uses OpenTelemetry.

    Programs may begin to after they have made their server, as in its lifespan: so it has to `look`
    again, whenever it is opened.
    """

    def __init__(self, server: Measured) -> None:
        self._server = server
        self._mode: Mode = "off"

    def look(self) -> None:
        """Look whether the program traces, unless that was seen before."""
        if self._mode != "off":
            return
        mode = self._mode = tracing_mode()
        if mode == "off":
            return
        from .tracing import observing

        dispatcher = self._server.dispatcher
        stand_around(dispatcher, observing(self._server, mode), outermost=True)
        if mode == "native":
            from .metrics.instruments import export_when_provided

            export_when_provided(self._server)

    def measure(self) -> None:
        """Have it measured from now on, by whatever the program has set up, where no request comes
        with which that would begin.
        """
        self.look()
        if self._mode != "native":
            return
        from fastmcp._tracing.durations import meter_provider

        if (provider := meter_provider()) is not None:
            from .metrics.instruments import export

            export(self._server, provider)

    def connected(self, lifecycle: Lifecycle, transport: TransportName) -> Sequence[Ended]:
        """A client connects: what wants to know of the end of that."""
        self.look()
        if self._mode != "native":
            return ()
        from .metrics.session_durations import timed

        return (timed(self._server, lifecycle, transport),)
