"""A client's connection: opened for all who use it, and opened anew when the server forgot it."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from typing import Any

from msgspec import Raw, Struct, json

from fastmcp._runtime.session import Session
from fastmcp.exceptions import ClientError, Disconnected, SessionExpired
from fastmcp.wire import jsonrpc
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import Notification, Request, RequestId
from fastmcp.wire.lifecycle import Implementation, LoggingLevel
from fastmcp.wire.notifications import SubscriptionFilter
from fastmcp.wire.revisions import LATEST_HANDSHAKE
from fastmcp.wire.shapes import META_LOG_LEVEL

from .answers import Answers
from .negotiation import Agreement, Introduction, Mode, negotiate
from .notices import Notices
from .progress import ProgressHandler
from .rounds import IN_ROUNDS, demand_in, fulfil
from .streams import Streams
from .transports.transport import ClientChannel, ClientTransport


class Options(Struct, frozen=True):
    """How a client connects and asks: `timeout` for a request and `init_timeout` for the opening,
    in seconds, and how many rounds of input one request may take.
    """

    info: Implementation
    mode: Mode
    timeout: float | None
    init_timeout: float | None
    max_rounds: int


class Connection:
    """What is open between a client and its server, and the requests that go over it."""

    def __init__(
        self, transport: ClientTransport, options: Options, answers: Answers, notices: Notices
    ) -> None:
        self.log_level: LoggingLevel | None = None
        self.streams = Streams(self._listen)
        self._transport = transport
        self._options = options
        self._answers = answers
        self._notices = notices
        self._users = 0
        self._turn = asyncio.Lock()
        self._introduction: Introduction | None = None
        self._session: Session | None = None
        self._channel: ClientChannel | None = None
        self._agreement: Agreement | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether the server can be reached."""
        return self._session is not None and not self._session.closed

    @property
    def agreement(self) -> Agreement:
        """What was agreed on when the connection was opened last.

        Raises:
            RuntimeError: it never was.
        """
        if self._agreement is None:
            raise _not_connected()
        return self._agreement

    # Opening and closing

    async def enter(self) -> None:
        """Open it, for the first of its users."""
        async with self._turn:
            if self._users == 0:
                await self._open()
            self._users += 1

    async def leave(self) -> None:
        """Close it, after the last of its users."""
        async with self._turn:
            self._users = max(0, self._users - 1)  # close() may have ended all of them
            if self._users == 0:
                await self._shut()

    async def close(self) -> None:
        """Close it, whoever else is using it."""
        async with self._turn:
            self._users = 0
            await self._shut()

    async def _open(self) -> None:
        import secrets

        options = self._options
        info = Raw(json.encode(options.info))
        introduction = Introduction(info, self._answers, secrets.token_urlsafe(16))
        channel = self._transport.open()
        session = Session(
            channel,
            self._answer,
            on_notification=self._take,
            on_closed=lambda: self._lost(session),
            answers_malformed=False,
        )
        try:
            await channel.start(session)
            agreement = await negotiate(
                session,
                introduction,
                options.mode,
                timeout=options.init_timeout,
                probe_timeout=self._transport.probe_timeout,
            )
            self._introduction, self._agreement = introduction, agreement
            channel.speak(agreement.revision)
            if agreement.initialize is not None:
                await session.send(jsonrpc.encode_notification("notifications/initialized"))
        except BaseException:
            session.close()
            await channel.close()
            raise
        self._session, self._channel = session, channel
        if self._notices.hears_all and agreement.revision.modern:
            try:
                await self.streams.hear_lists()
            except BaseException:
                await self._shut()
                raise

    async def _shut(self) -> None:
        await self.streams.close()
        session, channel = self._session, self._channel
        self._session = self._channel = None
        if session is not None:
            session.close()
        if channel is not None:
            await channel.close()
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _reopen(self, lost: Session) -> None:
        """A new session in place of one that the server forgot; once for all who lost it."""
        async with self._turn:
            if self._session is lost:
                channel = self._channel
                await self._open()
                task = asyncio.create_task(_leave(lost, channel))
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)

    def _lost(self, session: Session) -> None:
        if self._session is session:
            self._notices.lost(Disconnected(f"The connection to {self._transport!r} was lost"))

    # Asking

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Raw:
        """Any request, answered with the raw JSON of its result.

        What a modern server asks for meanwhile is answered in rounds; `timeout` is for each.
        """
        given = params or {}
        result = await self._request(method, given, timeout, progress_handler, meta)
        if method not in IN_ROUNDS or not self.agreement.revision.modern:
            return result
        demand = demand_in(result)
        if demand is None:
            return result
        # Every round asks for the very same, whatever becomes of the caller's objects.
        same, same_meta = copy.deepcopy((given, meta))
        return await fulfil(
            demand,
            lambda more: self._request(
                method, {**same, **more}, timeout, progress_handler, same_meta
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
        meta: Mapping[str, Any] | None,
    ) -> Raw:
        """One request. A session that the server has forgotten is opened anew, once, and the
        request sent again: the server did not carry it out.
        """
        for attempt in (1, 2):
            session = self._session
            if session is None:
                raise _not_connected()
            try:
                return await session.request(
                    method,
                    self._enveloped(params, meta),
                    timeout=self._options.timeout if timeout is None else timeout,
                    on_progress=self._notices.on_progress(progress_handler),
                )
            except SessionExpired:
                if attempt == 2:
                    raise
                await self._reopen(session)
        raise AssertionError("unreachable")

    def _enveloped(
        self, params: Mapping[str, Any], meta: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        whole = dict(params)
        revision = self.agreement.revision
        if revision.modern:
            assert self._introduction is not None
            envelope = self._introduction.envelope(revision)
            if self.log_level is not None:
                envelope[META_LOG_LEVEL] = self.log_level
            whole["_meta"] = {**(meta or {}), **envelope}
        elif meta:
            whole["_meta"] = dict(meta)
        return whole

    async def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        if self._session is None:
            raise _not_connected()
        await self._session.send(jsonrpc.encode_notification(method, params))

    def cancel(self, id: RequestId, reason: str | None) -> None:
        """Give up a request that is in flight: the server is told, and whoever waits for it."""
        if self._session is None or self._channel is None:
            raise _not_connected()
        message = self._session.connection.cancel(id, reason)
        if message is not None:
            self._channel.abandon(id, message)
            text = "The request was cancelled" + (f": {reason}" if reason else "")
            self._session.fail(id, ClientError(text))

    def learn(self, tools: list[Tool]) -> list[Tool]:
        """Take note of listed tools for later calls; those that can be called here."""
        return tools if self._channel is None else self._channel.learn(tools)

    async def _listen(self, wanted: SubscriptionFilter) -> None:
        if self._session is None:
            raise Disconnected("The client is not connected")
        params = self._enveloped({"notifications": wanted}, None)
        await self._session.request("subscriptions/listen", params)

    # What the server sends

    def _take(self, notification: Notification) -> None:
        if not self.streams.take(notification):
            self._notices.take(notification)

    async def _answer(self, request: Request) -> bytes:
        agreement = self._agreement
        revision = LATEST_HANDSHAKE if agreement is None else agreement.revision
        try:
            return await self._answers.answer(request, revision)
        except asyncio.CancelledError:
            if self.is_open:
                self._notices.cancelled(request.id)
            raise


async def _leave(session: Session, channel: ClientChannel | None) -> None:
    """Close a session that the server forgot, once its other requests were told so."""
    try:
        await session.wait_answered()
    finally:
        session.close()
        if channel is not None:
            await channel.close()


def _not_connected() -> RuntimeError:
    return RuntimeError("The client is not connected; use `async with client:`")
