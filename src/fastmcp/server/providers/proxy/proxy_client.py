"""ProxyClient: a client by which a proxy speaks with a server, for clients of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Self, cast

from msgspec import Raw, structs

from fastmcp._components.current import current_scope
from fastmcp.client.client import Client
from fastmcp.client.negotiation import Agreement
from fastmcp.client.notices import Notices
from fastmcp.client.options import Options
from fastmcp.client.transports.transport import ClientTransport
from fastmcp.exceptions import HEADER_MISMATCH, ClientError, InputUnavailable, McpError
from fastmcp.wire.lifecycle import LOGGING_LEVELS, LoggingLevel
from fastmcp.wire.notifications import LoggingMessageNotificationParams
from fastmcp.wire.shapes import META_RELATED_TASK

from ...context import Context
from .abilities import Abilities
from .errand import Errand
from .relays import (
    OnBehalf,
    Relay,
    default_proxy_elicitation_handler,
    default_proxy_log_handler,
    default_proxy_progress_handler,
    default_proxy_roots_handler,
    default_proxy_sampling_handler,
)

_QUESTIONS: Final = {
    "roots": ("roots/list", default_proxy_roots_handler),
    "sampling_handler": ("sampling/createMessage", default_proxy_sampling_handler),
    "elicitation_handler": ("elicitation/create", default_proxy_elicitation_handler),
}
# How long a question waits until it is clear by whose request it was caused, in seconds.
PATIENCE: Final = 5.0


class ProxyClient(Client):
    """What the server asks (roots, sampling, elicitation), logs and reports because of a client's
    request goes to that client. A handler given as a keyword stands in for it, and None for nobody.

    With `forward_incoming_headers` the headers of a client's HTTP request, its credentials among
    them, go out with what is asked for it; those of the transport win.
    """

    def __init__(
        self, transport: Any, *, forward_incoming_headers: bool = False, **options: Any
    ) -> None:
        relayed = [name for name in _QUESTIONS if name not in options]
        options.setdefault("log_handler", default_proxy_log_handler)
        options.setdefault("progress_handler", default_proxy_progress_handler)
        super().__init__(transport, **options)
        self.forward_incoming_headers = forward_incoming_headers
        given = [name for name in _QUESTIONS if options.get(name) is not None]
        for name in relayed:
            self._answers.set(_QUESTIONS[name][0], Relay(_QUESTIONS[name][0]))
        for name in given:
            self._answers.wrap(_QUESTIONS[name][0], OnBehalf)
        self._relayed = [_QUESTIONS[name][0] for name in relayed]
        self._answers_itself = bool(given)

    def _set_up(
        self, transport: ClientTransport, name: str, notices: Notices, options: Options
    ) -> None:
        self.errands: dict[Errand, None] = {}
        self.followed: dict[str, Errand] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._begins_tasks = False
        self._log_level: str | None = None
        errand_notices = _ErrandNotices(notices, self)
        self._hears_progress_itself = errand_notices.hears_progress_itself
        super()._set_up(transport, name, errand_notices, options)

    def new(self) -> Self:
        """A client of the same server with the same handlers, and a connection of its own."""
        twin = super().new()
        twin.forward_incoming_headers = self.forward_incoming_headers
        twin._relayed = self._relayed
        twin._answers_itself = self._answers_itself
        return twin

    def new_for(
        self, abilities: Abilities, transport: ClientTransport, known: Agreement | None
    ) -> Self:
        """A client for clients with these abilities, of a server of which it is `known` already
        what it agrees to.
        """
        twin = object.__new__(type(self))
        options = self._options
        if known is not None and options.mode == "auto":
            mode = known.revision.text if known.revision.modern else "legacy"
            options = structs.replace(options, mode=mode, prior_discover=known.discover)
        twin._set_up(transport, self.name, self._notices.twin(), options)
        twin._answers.take_over(self._answers)
        twin.forward_incoming_headers = self.forward_incoming_headers
        twin._relayed = self._relayed
        twin._answers_itself = self._answers_itself
        for method in self._relayed:
            twin._answers.set(method, Relay(method, abilities))
        return twin

    @classmethod
    def like(cls, client: Client) -> Self:
        """One that has the handlers of a client, and puts no questions to others."""
        twin = object.__new__(cls)
        twin._set_up(client.transport, client.name, client._notices.twin(), client._options)
        twin._answers.take_over(client._answers)
        twin.forward_incoming_headers = False
        twin._relayed = []
        twin._answers_itself = True
        return twin

    @property
    def relays(self) -> bool:
        """Whether any question is put to clients."""
        return bool(self._relayed)

    @property
    def agreement(self) -> Agreement:
        """What was agreed on with the server."""
        return self._connection.agreement

    def follow(self, follower: Any) -> None:
        """Have a function hear of each notification; of None when the server is reached anew."""
        self._notices.follow(follower)

    async def hear_lists(self) -> None:
        """Hear from now on that a list has changed."""
        await self._connection.hear_lists()

    # Requests for others

    def has_to_hold(self, errand: Errand) -> bool:
        """Whether the server may ask something in the middle of a request that the client can be
        asked only in rounds.
        """
        return errand.may_wait and self.relays and self._asks_while_it_serves

    @property
    def _asks_while_it_serves(self) -> bool:
        return self._answers_itself or not self.agreement.revision.modern

    def passes_demands_to(self, errand: Errand) -> bool:
        """Whether what the server demands in rounds is for the client itself to answer."""
        return errand.has_rounds and not self._asks_while_it_serves

    async def run(
        self,
        errand: Errand,
        method: str,
        params: Mapping[str, Any],
        session: str | None,
        version: str | None,
    ) -> Raw:
        """Make a request for a client; the result may be a demand for input, for a modern one.

        Raises:
            McpError: the server answered with an error.
            ClientError: it did not answer.
        """
        self.errands[errand] = None
        self._begins_tasks = self._begins_tasks or errand.wish is not None
        token = current_scope.set(errand)
        try:
            modern = self.agreement.revision.modern
            if not modern:
                await self._hear_level(errand)
            ask = self._connection.request
            relayed = errand.wants_progress and not self._hears_progress_itself
            options: dict[str, Any] = {
                "progress_handler": errand.heard_progress if relayed else None,
                "meta": errand.meta(modern=modern, session=session, version=version),
                "in_rounds": not self.passes_demands_to(errand),
                "as_task": errand.wish,
            }
            try:
                return await ask(method, params, **options)
            except McpError as error:
                if error.code != HEADER_MISMATCH:
                    raise
                await self.list_tools()  # which arguments travel in headers has to be learnt first
                return await ask(method, params, **options)
        finally:
            current_scope.reset(token)
            self.forget(errand)

    async def _hear_level(self, errand: Errand) -> None:
        """Hear what the client wants to hear; handshake servers are told once for all."""
        wanted = errand.exchange.sender.log_level
        known = self._log_level
        if wanted is None or (known is not None and _rank(known) <= _rank(wanted)):
            return
        if self.server_capabilities.logging is None:
            return
        self._log_level = wanted
        try:
            await self.set_logging_level(cast("LoggingLevel", wanted))
        except (McpError, ClientError):
            self._log_level = known

    def forget(self, errand: Errand) -> None:
        """An errand has come to its end."""
        self.errands.pop(errand, None)
        self._tell_waiting()

    @contextmanager
    def following(self, task: str, errand: Errand) -> Generator[None]:
        """What a task of the server's asks belongs to this errand meanwhile."""
        self.followed[task] = errand
        self._tell_waiting()
        try:
            yield
        finally:
            self.followed.pop(task, None)
            self._tell_waiting()

    def _tell_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)

    async def errand_of(self, method: str, meta: Mapping[str, Any] | None = None) -> Errand:
        """The errand that caused what the server asks now: `meta` may name a task, which is perhaps
        not followed yet.

        Where neither that nor the transport tells, it is one of those that are under way: it waits
        until only those of one client are left.

        Raises:
            InputUnavailable: that does not become clear.
        """
        task, deadline = _task_in(meta), asyncio.get_running_loop().time() + PATIENCE
        if task is None and (found := self._attributed()) is not None:
            return found
        candidates = self._candidates(task)
        while len({each.party for each in candidates}) != 1:
            if not candidates and not self._begins_tasks:
                raise InputUnavailable(f"{method} belongs to no request of a client")
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(changed)
            patience = deadline - asyncio.get_running_loop().time()
            if patience <= 0 or not (await asyncio.wait((changed,), timeout=patience))[0]:
                raise _unclear(method, candidates)
            under_way = self._candidates(task)
            candidates = [each for each in candidates if each in under_way] or under_way
        return candidates[-1]

    def _candidates(self, task: str | None) -> list[Errand]:
        if task is None:
            return [*self.errands, *self.followed.values()]
        return [self.followed[task]] if task in self.followed else []

    def heard_log(self, message: LoggingMessageNotificationParams) -> None:
        """Send a log message on to the client whose request caused it, where that is clear."""
        errand = self._attributed()
        if errand is None:
            candidates = list(self.errands)
            if len({each.party for each in candidates}) != 1:
                return
            errand = candidates[-1]
        errand.heard_log(message)

    def _attributed(self) -> Errand | None:
        scope = Context.current_or_none()
        if not isinstance(scope, Errand):
            return None
        return scope if scope in self.errands or scope in self.followed.values() else None


def _task_in(meta: Mapping[str, Any] | None) -> str | None:
    """The task that a question is about."""
    related = (meta or {}).get(META_RELATED_TASK)
    task = cast("dict[str, Any]", related).get("taskId") if isinstance(related, dict) else None
    return task if isinstance(task, str) else None


def _unclear(method: str, candidates: list[Errand]) -> InputUnavailable:
    if not candidates:
        return InputUnavailable(f"{method} belongs to no request of a client")
    return InputUnavailable(
        f"{method} cannot be put to a client: several have requests under way, and it is not said "
        "to which of them this belongs. With StatefulProxyClient each has a session of its own"
    )


def _rank(level: str) -> int:
    return LOGGING_LEVELS.index(cast("LoggingLevel", level))


class _ErrandNotices(Notices):
    """Sends on what has no handler of the proxy's own; such a handler finds the client's request in
    its context.
    """

    def __init__(self, notices: Notices, client: ProxyClient) -> None:
        on_log, on_message, on_progress = notices._given
        super().__init__(on_log, on_message, on_progress)
        self.hears_progress_itself = on_progress is not default_proxy_progress_handler
        if on_log is default_proxy_log_handler:
            self._on_log = client.heard_log
        if not self.hears_progress_itself:
            self._on_progress = None
