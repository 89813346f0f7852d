"""Errand: a client's request on its way through a proxy to the server behind it.

What that server asks, reports and logs because of the request goes to this client and to no other.
A handshake client is asked at once. A modern one has to be given its questions as the answer to its
request: the request behind waits meanwhile, and goes on in the round that brings what was answered
(PROTOCOL 3.13). It is not made again. A
background task is served in runs as a modern request is in rounds, whoever its client is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Self, cast

from msgspec import Raw, json

from fastmcp._runtime.exchange import Exchange
from fastmcp.exceptions import Disconnected, InputUnavailable
from fastmcp.wire.lifecycle import LoggingLevel
from fastmcp.wire.methods import METHODS
from fastmcp.wire.model import Model
from fastmcp.wire.notifications import (
    LoggingMessageNotificationParams,
    ProgressNotificationParams,
)
from fastmcp.wire.shapes import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_PROGRESS_TOKEN,
    META_PROTOCOL_VERSION,
    META_SESSION,
    RequestParams,
)
from fastmcp.wire.tasks import TaskMetadata

from ...context import Context
from ...inputs.asking import ask
from ...inputs.rounds import Suspended
from ...request.log_message import hears
from ...state.session_names import session_id_of, stands_alone
from .abilities import NONE, Abilities

# What `_meta` says of the connection that it came over, and not of the request.
_OF_THE_CONNECTION = (
    META_PROTOCOL_VERSION,
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_SESSION,
    META_PROGRESS_TOKEN,
)
_read = json.Decoder(RequestParams).decode


class _Question:
    """What the server behind asks, and the answer that it waits for."""

    __slots__ = ("answer", "method", "params", "result")

    def __init__(self, method: str, params: Model, result: type[Model]) -> None:
        self.method = method
        self.params = params
        self.result = result
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def put_to(self, exchange: Exchange) -> None:
        """Ask the client, unless that has refused already.

        Raises:
            Suspended: the next round has its answer.
        """
        if self.answer.done() and self.answer.exception() is not None:
            return
        try:
            given = await ask(exchange, self.method, self.params, self.result)
        except Exception as error:
            self._settle(None, error)
        else:
            self._settle(given, None)

    def _settle(self, given: Any, error: Exception | None) -> None:
        if self.answer.done():
            return
        if error is not None:
            self.answer.set_exception(error)
            self.answer.exception()  # whoever asked may have given up
        else:
            self.answer.set_result(given)


class Errand(Context):
    """The context of the client's request, as handlers see it that speak with the server behind.
    `abilities` are what the client can be asked meanwhile; `wish` is that the request be a task of
    the server behind.
    """

    __slots__ = ("_put", "_questions", "_woken", "_work", "abilities", "wish")

    def __init__(self, context: Context, wish: TaskMetadata | None = None) -> None:
        super().__init__(context.fastmcp, context.exchange, context.host)
        self.wish: TaskMetadata | None = wish
        self.abilities: Abilities = abilities_of(context.exchange)
        self._questions: list[_Question] = []
        self._put = 0
        self._work: asyncio.Task[Raw] | None = None
        self._woken: asyncio.Future[None] | None = None

    @classmethod
    def current(cls) -> Self:
        """The errand that is being run.

        Raises:
            RuntimeError: none is.
        """
        found = Context.current()
        if not isinstance(found, cls):
            raise RuntimeError("No request is on its way to another server")
        return found

    # Whose it is

    @property
    def party(self) -> str:
        """The session of the client, or the request where it stands alone."""
        return session_id_of(self._exchange)

    @property
    def has_rounds(self) -> bool:
        """Whether its client is asked in rounds."""
        return self._exchange.sender.revision.modern or self._exchange.task is not None

    @property
    def may_wait(self) -> bool:
        """Whether rounds of input can come up, for which it would have to wait."""
        return (
            self.has_rounds
            and METHODS[self._exchange.method].interactive
            and self.abilities != NONE
        )

    # What is sent on with the request

    def meta(
        self, *, modern: bool = False, session: str | None = None, version: str | None = None
    ) -> dict[str, Any]:
        """The `_meta` for the server behind: the client's own, which `version` of a component is
        meant, and for a modern server in which session, and how much the client wants to hear.
        """
        raw = bytes(self._exchange.params)
        found = _read(raw).meta if b'"_meta"' in raw else None
        meta = {name: value for name, value in (found or {}).items() if _travels(name)}
        if modern:
            sender = self._exchange.sender
            level = sender.log_level if sender.revision.modern else sender.log_level or "debug"
            if level is not None:
                meta[META_LOG_LEVEL] = level
            if session is not None:
                meta[META_SESSION] = session
        return versioned(meta, version)

    # What comes back from there

    @property
    def wants_progress(self) -> bool:
        """Whether the client wants to hear of progress."""
        return self._exchange.progress_token is not None or self._exchange.task is not None

    def heard_progress(
        self, progress: float, total: float | None, message: str | None
    ) -> Awaitable[None] | None:
        """Tell the client how far the server behind is."""
        exchange = self._exchange
        token, task = exchange.progress_token, exchange.task
        if exchange.progress is not None and progress <= exchange.progress:
            return None
        if task is not None:
            exchange.progress = progress
            return task.report(progress, total, message)
        if token is None:
            return None
        exchange.progress = progress
        params = ProgressNotificationParams(
            progress_token=token, progress=progress, total=total, message=message
        )
        self._post("notifications/progress", params)
        return None

    async def heard_status(self, message: str) -> None:
        """Tell the client what a task of the server behind does."""
        exchange, before = self._exchange, self._exchange.progress
        if before is None and exchange.task is not None and exchange.task.record.progress:
            before = exchange.task.record.progress.progress
        told = self.heard_progress((before or 0) + 1, None, message)
        if told is not None:
            await told

    def heard_log(self, message: LoggingMessageNotificationParams) -> None:
        """Tell the client what the server behind logged, if it wants to hear of that level."""
        level: LoggingLevel = message.level
        if hears(self._exchange.sender, level, self.host.client_log_level):
            self._post("notifications/message", message)

    def _post(self, method: str, params: Model) -> None:
        if self._exchange.peer.awaits(self._exchange.id):
            self._exchange.post(method, params)

    async def ask(self, method: str, params: Model, result: type[Model]) -> Any:
        """The client's answer to what the server behind asks.

        Raises:
            InputUnavailable: it cannot be asked.
        """
        if not self.has_rounds:
            return await ask(self._exchange, method, params, result)
        if self._work is None:
            raise InputUnavailable(f"The client cannot be asked {method} with this request")
        question = _Question(method, params, result)
        self._questions.append(question)
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)
        return await question.answer

    # Going on from round to round

    def begin(self, work: Coroutine[Any, Any, Raw]) -> asyncio.Task[Raw]:
        """Run what may have to wait for the client's next round."""
        self._work = asyncio.get_running_loop().create_task(work)
        return self._work

    def go_on_with(self, exchange: Exchange) -> None:
        """The next round has come; its record knows the questions in the order of the others."""
        self._exchange = exchange
        self._put = 0

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        if self._work is not None:
            self._work.cancel()

    async def outcome(self) -> Raw:
        """What came of it.

        Raises:
            Suspended: its client has to be asked first; it goes on meanwhile.
        """
        work = self._work
        assert work is not None
        try:
            while not work.done():
                self._woken = asyncio.get_running_loop().create_future()
                await self._put_questions()
                await asyncio.wait((work, self._woken), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if work.cancelled():
            raise Disconnected("The proxy has given up this request")
        return work.result()

    async def _put_questions(self) -> None:
        """Have the questions answered, each once in a round, and those of earlier rounds first.

        Raises:
            Suspended: there is one without an answer.
        """
        waits: Suspended | None = None
        while self._put < len(self._questions):
            question = self._questions[self._put]
            self._put += 1
            try:
                await question.put_to(self._exchange)
            except Suspended as suspended:
                waits = suspended
        if waits is not None:
            raise waits


def abilities_of(exchange: Exchange) -> Abilities:
    """What a client can be asked; nothing where there is no way to it."""
    sender = exchange.sender
    if not len(sender.capabilities):
        return NONE
    if not sender.revision.modern and exchange.session is None:
        return NONE
    return Abilities.of(sender.capabilities, sender.revision)


def party_of(exchange: Exchange) -> str | None:
    """The session that a request belongs to; None for one that stands alone."""
    return None if stands_alone(exchange) else session_id_of(exchange)


def versioned(meta: dict[str, Any], version: str | None) -> dict[str, Any]:
    """The `_meta` of a request for one version of a component."""
    if version is not None:
        own: Any = meta.get("fastmcp")
        named = cast("dict[str, Any]", own) if isinstance(own, dict) else {}
        meta["fastmcp"] = {**named, "version": version}
    return meta


def _travels(name: str) -> bool:
    return name not in _OF_THE_CONNECTION
