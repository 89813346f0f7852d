"""A client's connection: opened for all who use it, and opened anew when it was lost."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Coroutine, Mapping
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw

from fastmcp._tracing.presence import tracing_mode
from fastmcp.exceptions import ClientError, Disconnected, McpError, SessionExpired
from fastmcp.wire import jsonrpc
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import Notification, RequestId
from fastmcp.wire.lifecycle import LoggingLevel
from fastmcp.wire.methods import METHODS
from fastmcp.wire.notifications import SubscriptionFilter
from fastmcp.wire.shapes import META_LOG_LEVEL, META_SESSION
from fastmcp.wire.tasks import TASKS_EXTENSION, TaskMetadata

from .answers import Answers
from .link import Link
from .negotiation import Agreement
from .notices import Notices
from .options import Options
from .progress import ProgressHandler
from .rounds import IN_ROUNDS, fulfil, input_demand
from .streams import Streams
from .transports.transport import ClientTransport

if TYPE_CHECKING:
    from .tracing import Tracing

logger: Final = logging.getLogger("fastmcp.client")


class Connection:
    """The requests that go to one server, over one link at a time.

    A link that was lost is replaced when something is asked next, or at once when there is a
    handler for all that the server says; what the server was told for good is then told again.
    """

    def __init__(
        self, transport: ClientTransport, options: Options, answers: Answers, notices: Notices
    ) -> None:
        self._transport = transport
        self._options = options
        self._answers = answers
        self._notices = notices
        self._users = 0
        self._home = Context()
        self._link: Link | None = None
        self._links: set[Link] = set()
        self._agreement: Agreement | None = None
        self._streams = Streams(self._listen, notices.take, options.timeout)
        self._reviving: asyncio.Task[None] | None = None
        self._level: LoggingLevel | None = None
        self._watched: set[str] = set()
        self._repeatable: set[str] = set()
        self._tracing: Tracing | None = None

    @property
    def is_open(self) -> bool:
        """Whether the server can be reached."""
        return self._link is not None and self._link.ready

    @property
    def agreement(self) -> Agreement:
        """What was agreed on when the connection was opened last.

        Raises:
            RuntimeError: it never was.
        """
        if self._agreement is None:
            raise not_connected()
        return self._agreement

    # Opening and closing

    async def enter(self) -> None:
        """Open it, for the first of its users."""
        if self._users == 0:
            self._home = copy_context()
        self._users += 1
        try:
            self._look_for_tracing()
            await self._linked()
            if self._hears_lists and self._agreement:
                await self.hear_lists()
        except BaseException:
            self._users = max(0, self._users - 1)
            if self._users == 0 and self._link is not None:
                self._link.abandon()
            raise

    async def leave(self) -> None:
        """Close it, after the last of its users."""
        self._users = max(0, self._users - 1)  # close() may have ended all of them
        if self._users == 0 and not self._transport.keep_alive:
            await self._shut()

    async def close(self) -> None:
        """Close it, whoever else is using it."""
        self._users = 0
        await self._shut()

    async def initialize(self, timeout: float | None) -> Agreement:
        """Agree on a revision with the server, unless opening did that."""
        link = await self._linked()
        patience = self._options.patience(self._transport.sign_in_time)
        return await link.negotiate(patience if timeout is None else timeout)

    def _look_for_tracing(self) -> None:
        mode = tracing_mode()
        if mode == "off":
            self._tracing = None
        else:
            from .tracing import Tracing

            self._tracing = Tracing(self._transport, mode)

    @property
    def _hears_lists(self) -> bool:
        return self._notices.hears_all or bool(self._options.cache)

    async def _linked(self) -> Link:
        """The link, once it is open; made by whoever comes first when there is none."""
        link = self._link
        if link is None or link.over:
            if self._users == 0:
                raise not_connected()
            link = self._link = Link(
                self._transport,
                self._options,
                self._answers,
                take=self._take,
                cancelled=lambda request: self._notices.cancelled(request.id),
                prepare=self._prepare,
                lost=self._lost,
                tracing=self._tracing,
                context=self._home.copy(),
            )
            self._links = {each for each in self._links if not each.ended} | {link}
        await link.opened()
        return link

    async def _prepare(self, link: Link) -> None:
        """Tell a server that was reached anew what the one before it had been told."""
        if self._agreement is not None:
            self._notices.renewed()
        agreement = self._agreement = link.agreement
        if agreement is None or agreement.revision.modern:
            return
        told = [("resources/subscribe", {"uri": uri}) for uri in self._watched]
        if self._level is not None:
            told.append(("logging/setLevel", {"level": self._level}))
        for method, params in told:
            try:
                await link.session.request(method, params, timeout=self._options.init_timeout)
            except (McpError, ClientError) as error:
                logger.warning("%r no longer takes %s: %s", self._transport, method, error)

    async def _shut(self) -> None:
        if self._reviving is not None:
            self._reviving.cancel()
        await self._streams.close()
        self._watched.clear()
        links, self._links, self._link = self._links, set(), None
        ended = await asyncio.gather(*[link.close() for link in links], return_exceptions=True)
        for trouble in ended:
            if trouble is not None:
                raise trouble

    def _lost(self, link: Link) -> None:
        if link is not self._link:
            return
        self._notices.lost(Disconnected(f"The connection to {self._transport!r} was lost"))
        if self._notices.hears_all and self._users:
            self._reviving = asyncio.get_running_loop().create_task(self._revive())

    async def _revive(self) -> None:
        """Open the connection again, for a handler that wants to hear what the server says."""
        attempt = 1
        while True:
            try:
                await self._linked()
                return
            except Exception as error:
                pause = self._options.retry.pause(error, attempt, safe=True)
                if pause is None:
                    logger.debug("%r could not be reached again: %s", self._transport, error)
                    return
            attempt += 1
            await asyncio.sleep(pause)

    # Asking

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
        in_rounds: bool = True,
        as_task: TaskMetadata | None = None,
    ) -> Coroutine[Any, Any, Raw]:
        """Any request, answered with the raw JSON of its result.

        What a modern server asks for meanwhile is answered in rounds, unless the caller wants its
        demands for input themselves; `timeout` is for each. `as_task` asks for a task in the way of
        the era, where the server has tasks; then the result may be one.
        """
        in_rounds = in_rounds and method in IN_ROUNDS
        ask = partial(self._ask if in_rounds else self._request, method, params or {})
        ask = partial(ask, timeout, progress_handler, as_task)
        if self._tracing is None:
            return ask(meta)
        return self._tracing.request(ask, method, params, meta, self._agreement)

    async def _ask(
        self,
        method: str,
        params: Mapping[str, Any],
        timeout: float | None,
        progress_handler: ProgressHandler | None,
        as_task: TaskMetadata | None,
        meta: Mapping[str, Any] | None,
    ) -> Raw:
        result = await self._request(method, params, timeout, progress_handler, as_task, meta)
        if not self.agreement.revision.modern:
            return result
        demand = input_demand(result)
        if demand is None:
            return result
        # Every round asks for the very same, whatever becomes of the caller's objects.
        same, same_meta = copy.deepcopy((params, meta))
        return await fulfil(
            demand,
            lambda more: self._request(
                method, {**same, **more}, timeout, progress_handler, as_task, same_meta
            ),
            lambda questions: self._answers.answer_all(questions, self.agreement.revision),
            self._options.max_rounds,
        )

    async def _request(
        self,
        method: str,
        params: Mapping[str, Any],
        timeout: float | None,
        progress_handler: ProgressHandler | None,
        as_task: TaskMetadata | None,
        meta: Mapping[str, Any] | None,
    ) -> Raw:
        """One request, sent again as the retry policy has it; all that within its limits."""
        if timeout is None:
            timeout = self._options.timeout
        longest = self._options.max_total_timeout
        now = asyncio.get_running_loop().time
        on_progress = self._notices.on_progress(progress_handler, always=timeout is not None)
        began, spent, attempt, expired = now(), 0.0, 1, False
        while True:
            link = self._link
            if link is None:
                raise not_connected()
            try:
                if not link.ready:
                    link = await self._linked()
                return await link.session.request(
                    method,
                    self._enveloped(link, method, params, meta, as_task),
                    timeout=timeout,
                    longest=longest,
                    spent=spent,
                    on_progress=on_progress,
                )
            except (ClientError, McpError) as error:
                pause = self._pause(error, method, params, attempt)
                if isinstance(error, SessionExpired):
                    link.retire()
                    pause, expired = None if expired else pause, True
                if pause is None or self._link is None:  # closed meanwhile
                    raise
                spent = now() - began + pause
                if any(limit is not None and spent >= limit for limit in (timeout, longest)):
                    raise
                logger.debug("%s is sent again in %.2f s: %s", method, pause, error)
            finally:
                if self._notices.busy:
                    await asyncio.sleep(0)  # what was told before the answer is heard before it
            attempt += 1
            await asyncio.sleep(pause)

    def _pause(
        self, error: Exception, method: str, params: Mapping[str, Any], attempt: int
    ) -> float | None:
        if self._transport.raise_exceptions:
            return None  # it may be an exception of the server's functions
        row = METHODS.get(method)
        safe = row is not None and (row.idempotent or params.get("name") in self._repeatable)
        return self._options.retry.pause(error, attempt, safe=safe)

    def _enveloped(
        self,
        link: Link,
        method: str,
        params: Mapping[str, Any],
        meta: Mapping[str, Any] | None,
        as_task: TaskMetadata | None = None,
    ) -> Mapping[str, Any]:
        of_tasks = as_task is not None or method.startswith("tasks/")
        envelope = link.envelope(TASKS_EXTENSION if of_tasks else None)
        if not envelope:
            if as_task is not None and link.agreement and link.agreement.takes_wishes:
                params = {**params, "task": as_task}
            return {**params, "_meta": dict(meta)} if meta else params
        if self._level is not None:
            envelope = {**envelope, META_LOG_LEVEL: self._level}
        elif self._options.hears_logs:
            meta = {META_LOG_LEVEL: "debug", **(meta or {})}
        if meta:
            envelope = {**meta, **envelope}
            if META_SESSION in meta:  # of whom the request is made for
                envelope[META_SESSION] = meta[META_SESSION]
        return {**params, "_meta": envelope}

    def cancel(self, id: RequestId, reason: str | None) -> None:
        """Give up a request that is in flight: the server is told, and whoever waits for it."""
        link = self._link
        if link is None:
            raise not_connected()
        message = link.session.connection.cancel(id, reason)
        if message is not None:
            link.channel.abandon(id, message)
            text = "The request was cancelled" + (f": {reason}" if reason else "")
            link.session.fail(id, ClientError(text))

    def learn(self, tools: list[Tool]) -> list[Tool]:
        """Take note of listed tools for later calls; those that can be called here."""
        for tool in tools:
            hints = tool.annotations
            if hints is not None and (hints.read_only_hint or hints.idempotent_hint):
                self._repeatable.add(tool.name)
            else:
                self._repeatable.discard(tool.name)
        return tools if self._link is None else self._link.channel.learn(tools)

    # What the two eras have in different ways

    async def ping(self) -> None:
        """See that the server answers. A modern one has no ping; it is asked to discover."""
        await self.request("server/discover" if self.agreement.revision.modern else "ping")

    async def set_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above: a modern server is told with each request."""
        if not self.agreement.revision.modern:
            await self.request("logging/setLevel", {"level": level})
        self._level = level

    async def tell(self, method: str, params: Any) -> None:
        """Send a notification to a server of the handshake era."""
        if not self.agreement.revision.modern:
            link = await self._linked()
            await link.session.send(jsonrpc.encode_notification(method, params))

    async def hear_lists(self) -> None:
        """Hear from now on that a list has changed: handshake servers tell unasked."""
        if self.agreement.revision.modern:
            await self._streams.hear_lists()

    async def watch(self, uri: str) -> None:
        """Hear from now on that a resource has changed.

        Raises:
            McpError: there is no such resource, or the server tells of no changes.
            ClientError: a modern server does not tell of this one.
        """
        if self.agreement.revision.modern:
            await self._streams.watch(uri)
        else:
            await self.request("resources/subscribe", {"uri": uri})
            self._watched.add(uri)

    async def unwatch(self, uri: str) -> None:
        """Hear of a resource no more."""
        if self.agreement.revision.modern:
            await self._streams.unwatch(uri)
        else:
            self._watched.discard(uri)
            await self.request("resources/unsubscribe", {"uri": uri})

    async def _listen(self, wanted: SubscriptionFilter) -> None:
        link = await self._linked()
        method, params = "subscriptions/listen", {"notifications": wanted}
        await link.session.request(method, self._enveloped(link, method, params, None))

    # What the server sends

    def _take(self, notification: Notification) -> None:
        if not self._streams.take(notification):
            self._notices.take(notification)


def not_connected() -> RuntimeError:
    """The error of a client that is used before it is opened, or after it was closed."""
    return RuntimeError("The client is not connected; use `async with client:`")
