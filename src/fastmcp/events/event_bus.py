"""EventBus: who wants to know is told of what has happened."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, overload
from weakref import WeakKeyDictionary

from fastmcp._components.current import current_scope
from fastmcp._runtime.bridge import bridge
from fastmcp.exceptions import ConfigurationError, OperationError
from fastmcp.server.backplane.opening import backplane_of

from .event import Event
from .sharing import Sharing
from .subscription import Subscription, logger

if TYPE_CHECKING:
    from fastmcp.server.backplane.backplane import Backplane
    from fastmcp.server.lifespan import Lifespan

H = TypeVar("H", bound=Callable[[Event], Any])

# So many events may be on their way to handlers that have not ended.
MAX_PENDING: Final = 10_000
# How long handlers may take when the bus is closed, in seconds.
GRACE: Final = 5.0


class EventBus:
    """Has handlers hear of events; `history` is how many events are kept.

    With a `backplane`, a URL as `session_store` takes it, all workers that have the same one, and
    buses of the same `name`, hear of each other's events, whose data must then have JSON. Such a
    bus is open while its server runs, `FastMCP(lifespan=bus.lifespan)`, or in `async with bus:`.
    """

    def __init__(
        self,
        *,
        history: int = 1000,
        backplane: Backplane | str | None = None,
        name: str = "events",
    ) -> None:
        if history < 0:
            raise ConfigurationError(
                f"history={history}: it is how many events are kept, 0 or more"
            )
        self._history: deque[Event] = deque(maxlen=history)
        self._exact: dict[str, list[Subscription]] = {}
        self._wild: list[Subscription] = []
        self._changing = threading.Lock()
        self._telling: set[asyncio.Task[None]] = set()
        self._home: asyncio.AbstractEventLoop | None = None
        self._users = 0
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )
        self._shared: Sharing | None = None
        if (opened := backplane_of(backplane)) is not None:
            self._shared = Sharing(opened, name, max(history, 1), self._hear)

    # Subscribing

    @overload
    def subscribe(self, pattern: str, handler: Callable[[Event], Any]) -> Subscription: ...
    @overload
    def subscribe(self, pattern: str) -> Callable[[H], H]: ...
    def subscribe(self, pattern: str, handler: Any = None) -> Any:
        """Have a function, async or plain, called with each event whose type fits:
        `"user.created"`, `"user.*"`, `"*"`. Without a function this is a decorator.
        """
        _require_pattern(pattern)
        if handler is None:

            def subscribed(handler: H) -> H:
                self.subscribe(pattern, handler)
                return handler

            return subscribed
        made = Subscription(pattern, handler, self._end)
        with self._changing:
            if any(sign in pattern for sign in "*?["):
                self._wild = [*self._wild, made]
            else:
                self._exact[pattern] = [*self._exact.get(pattern, ()), made]
        return made

    def unsubscribe(self, handler: Callable[[Event], Any], pattern: str | None = None) -> bool:
        """Have a function called no more: for one pattern, or at all; whether it was."""
        ended = [
            each.cancel()
            for each in self.subscriptions
            if each.handler == handler and pattern in (None, each.pattern)
        ]
        return any(ended)

    @property
    def subscriptions(self) -> list[Subscription]:
        """Everything that is subscribed."""
        return [*(each for several in list(self._exact.values()) for each in several), *self._wild]

    def _end(self, subscription: Subscription) -> bool:
        with self._changing:
            if subscription in self._wild:
                self._wild = [each for each in self._wild if each is not subscription]
                return True
            present = self._exact.get(subscription.pattern, [])
            left = [each for each in present if each is not subscription]
            if left:
                self._exact[subscription.pattern] = left
            else:
                self._exact.pop(subscription.pattern, None)
            return len(left) < len(present)

    def _subscribed(self, type: str) -> list[Subscription]:
        return [*self._exact.get(type, ()), *(each for each in self._wild if each.fits(type))]

    # What has happened

    def history(self, pattern: str | None = None, limit: int | None = None) -> list[Event]:
        """The latest events that fit a pattern, the oldest of them first."""
        found = list(self._history)
        if pattern is not None:
            fits = Subscription(pattern, print, self._end).fits
            found = [event for event in found if fits(event.type)]
        return found if limit is None else found[max(len(found) - limit, 0) :]

    @property
    def types(self) -> list[str]:
        """The types of events that have happened or are subscribed to."""
        return sorted({*(event.type for event in list(self._history)), *self._exact})

    # Publishing

    def publish(self, type: str, data: Any = None) -> Event:
        """Tell of something that has happened. What a handler raises is logged, and is not raised.

        In async code the handlers run from now on, and `await` waits for them; plain functions do
        in worker threads. In plain code they have run when this returns, plain ones in this thread.

        Raises:
            ConfigurationError: the bus has a backplane and is not open.
            StoreUnavailable: the backplane cannot be reached; nobody has been told.
        """
        if not type:
            raise ConfigurationError(f"publish() takes the type of the event, not {type!r}")
        if self._shared is not None and self._home is None:
            raise ConfigurationError(
                "The event bus is not open: FastMCP(lifespan=bus.lifespan), or `async with bus:`"
            )
        event = Event(type, data)
        if self._shared is None:
            self._history.append(event)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._publish_here(event)
        else:
            vars(event)["_told"] = self._begin(loop, self._publish(event, loop))
        return event

    def _begin(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        if len(self._telling) >= MAX_PENDING:
            work.close()
            raise OperationError(
                f"{MAX_PENDING} events wait for their handlers; await what publish() gives"
            )
        task = loop.create_task(work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return task

    async def _publish(self, event: Event, loop: asyncio.AbstractEventLoop) -> None:
        if self._shared is not None and self._home is not None:
            sending = self._shared.send(event)
            await (sending if loop is self._home else _across(sending, self._home))
            self._history.append(event)
        await self._tell(event)

    def _publish_here(self, event: Event) -> None:
        if self._shared is not None:
            self._wait(self._shared.send(event))
            self._history.append(event)
        subscribed = self._subscribed(event.type)
        for each in subscribed:
            if not each.is_async:
                each.tell_here(event)
        if later := [each for each in subscribed if each.is_async]:
            self._wait(_all(later, event))

    async def _tell(self, event: Event) -> None:
        await _all(self._subscribed(event.type), event)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait in a thread: for the loop of the bus, or of the request that is served here."""
        exchange = getattr(current_scope.get(None), "exchange", None)
        home = self._home or (None if exchange is None else exchange.loop)
        if home is None:
            asyncio.run(work)
        else:
            bridge(work, home, "EventBus.publish")

    def _hear(self, event: Event) -> None:
        """Another worker has told of an event."""
        self._history.append(event)
        try:
            self._begin(asyncio.get_running_loop(), self._tell(event))
        except OperationError as error:
            logger.error("The event %r of another worker is dropped: %s", event.type, error)

    # Life

    @property
    def lifespan(self) -> Lifespan:
        """Has the bus be open while a server runs: `FastMCP(lifespan=bus.lifespan)`."""
        from fastmcp.server.lifespan import Lifespan

        return Lifespan(self._live)

    @asynccontextmanager
    async def _live(self, server: Any) -> AsyncGenerator[None]:
        async with self:
            yield

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        if self._home not in (None, loop) and self._shared is not None:
            raise ConfigurationError(
                "The event bus is open in another event loop; give each a bus of its own"
            )
        async with self._turn(loop):
            if self._users == 0 and self._shared is not None:
                self._history.extend(await self._shared.open())
            self._users += 1
            self._home = loop
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._turn(asyncio.get_running_loop()):
            self._users -= 1
            if self._users:
                return
            await self._settle()
            self._home = None
            if self._shared is not None:
                await self._shared.close()

    def _turn(self, loop: asyncio.AbstractEventLoop) -> asyncio.Lock:
        return self._turns.setdefault(loop, asyncio.Lock())

    async def _settle(self) -> None:
        """Wait for the handlers that run in this loop, for a while."""
        loop = asyncio.get_running_loop()
        running = {task for task in self._telling if task.get_loop() is loop}
        if running:
            _, late = await asyncio.wait(running, timeout=GRACE)
            for task in late:
                task.cancel()


def _require_pattern(pattern: Any) -> None:
    if not isinstance(pattern, str) or not pattern:
        raise ConfigurationError(
            "subscribe() takes the type of events, or a pattern such as 'user.*', and then a "
            f"function; not {pattern!r}"
        )


async def _all(subscriptions: list[Subscription], event: Event) -> None:
    if len(subscriptions) == 1:
        await subscriptions[0].tell(event)
    elif subscriptions:
        await asyncio.gather(*(each.tell(event) for each in subscriptions))


async def _across(work: Coroutine[Any, Any, None], home: asyncio.AbstractEventLoop) -> None:
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, home))
