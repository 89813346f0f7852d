"""PingMiddleware: connections that are kept alive by asking whether somebody is there."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final
from weakref import WeakSet, ref

from fastmcp._runtime.exchange import Peer
from fastmcp.exceptions import ConfigurationError, Disconnected, FastMCPError

from .middleware import CallNext, Middleware, MiddlewareContext

logger: Final = logging.getLogger("fastmcp.server.middleware")


class PingMiddleware(Middleware):
    """Pings the client of each session every `interval_ms` milliseconds, from its first message on
    and for as long as it is there.

    What no handshake began is not pinged: the protocol has no pings for it. Nothing waits between
    two pings but a timer, which ends with the session or the loop.

    Raises:
        ConfigurationError: an interval that is not positive.
    """

    def __init__(self, interval_ms: int = 30000) -> None:
        if interval_ms <= 0:
            raise ConfigurationError(f"interval_ms must be positive, got {interval_ms}")
        self.interval_ms = interval_ms
        self._pinged: WeakSet[Any] = WeakSet()

    async def on_message(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Any message: the first one of a session begins its pings."""
        served = context.fastmcp_context
        if served is not None:
            exchange = served.exchange
            if exchange.session is not None:
                self._begin_with(exchange.loop, exchange.peer)
        return await call_next(context)

    def _begin_with(self, loop: asyncio.AbstractEventLoop, peer: Peer) -> None:
        if peer not in self._pinged:
            self._pinged.add(peer)
            self._wait(loop, ref(peer))

    def _wait(self, loop: asyncio.AbstractEventLoop, peer: ref[Peer]) -> None:
        loop.call_later(self.interval_ms / 1000, self._begin, loop, peer)

    def _begin(self, loop: asyncio.AbstractEventLoop, peer: ref[Peer]) -> None:
        there: Any = peer()
        if there is not None and not getattr(there, "closed", False):
            task = loop.create_task(self._ping(loop, there))
            task.add_done_callback(_done)

    async def _ping(self, loop: asyncio.AbstractEventLoop, there: Peer) -> None:
        """Ask once; what does not answer in time, or cannot be asked just now, is asked again."""
        try:
            async with asyncio.timeout(self.interval_ms / 1000):
                await there.request("ping", {}, None)
        except Disconnected:
            return
        except (FastMCPError, TimeoutError) as error:
            logger.debug("A ping was not answered: %r", error)
        self._wait(loop, ref(there))


def _done(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("A ping failed, and there are no more of them", exc_info=error)
