"""One client of a server on a connection that lives: stdio, memory, or an HTTP session."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET

from fastmcp._protocol.eras import Lifecycle, Sender, progress_token
from fastmcp._protocol.http import batches_allowed
from fastmcp._runtime.dispatch import Dispatcher
from fastmcp._runtime.exchange import NO_ID, Exchange, OnFault, SessionRecord, TransportName
from fastmcp._runtime.session import Channel, Session
from fastmcp.exceptions import McpError
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Notification, Request, RequestId

from .subscriptions import Audience, Change, Listener


class ServerConnection:
    """Admits each request to its era and hands it to dispatch; tells the client of changes.

    `scopes` holds the ASGI scope of each request in flight, on HTTP. Where the client is in this
    process, `identity` may be a token that says who it is, and `on_fault` hears of what its
    requests raise. At the end, each of `forget` is called with the id of the session. It hears of
    changes when it is `introduced`: the client has completed its handshake.
    """

    __slots__ = (
        "_audience",
        "_dispatch",
        "_dispatcher",
        "_listener",
        "_telling",
        "_transport",
        "identity",
        "introduced",
        "lifecycle",
        "on_fault",
        "record",
        "scopes",
        "session",
    )

    def __init__(
        self,
        dispatcher: Dispatcher[Any],
        channel: Channel,
        transport: TransportName,
        id: str | None,
        audience: Audience,
        forget: Sequence[Callable[[str], None]] = (),
    ) -> None:
        self._dispatcher = dispatcher
        self._dispatch = dispatcher.answer
        self._transport: TransportName = transport
        self.introduced: bool = False
        self.lifecycle: Final = Lifecycle()
        self.record: Final = SessionRecord(id or os.urandom(16).hex())
        self.scopes: dict[RequestId, Mapping[str, Any]] | None = None
        self.identity: Any = None
        self.on_fault: OnFault | None = None
        self._audience = audience
        self._listener = Listener(self._wants, self._tell)

        self._telling: set[asyncio.Task[None]] | None = None

        def closed() -> None:
            for task in self._telling or ():
                task.cancel()
            audience.leave(self._listener)
            for each in forget:
                each(self.record.id)

        self.session: Session = Session(
            channel,
            self._answer,
            on_notification=self._notified,
            on_cancelled=self._told,
            on_closed=closed,
        )
        audience.join(self._listener)

    def restore(self, sender: Sender, *, introduced: bool) -> None:
        """Go on with a client whose handshake was elsewhere, or who said more of itself there."""
        known = self.lifecycle.sender
        if known is None:
            self.lifecycle.restore(sender)
            self.session.batches = batches_allowed(sender.revision)
        else:
            known.log_level = sender.log_level  # requests that are being served follow it
        self.introduced = introduced

    def limit_requests(self, seconds: float | None) -> None:
        """Give each request so long to be served; None for as long as it takes."""
        self._dispatch = self._dispatcher.within(seconds)

    def hear(self, change: Change) -> None:
        """Tell the client of a change, if it wants to hear of it."""
        self._listener.hear(change)

    def _notified(self, notification: Notification) -> None:
        if notification.method == "notifications/initialized":
            self.introduced = self.lifecycle.sender is not None
        self._told(notification)

    def _told(self, notification: Notification) -> None:
        """Let middleware know of a notification, whose meaning for the session is dealt with."""
        sender = self.lifecycle.sender
        if not self._dispatcher.hears_notifications or sender is None:
            return
        exchange = Exchange(
            NO_ID,
            notification.method,
            notification.params,
            sender=sender,
            peer=self.session,
            transport=self._transport,
            session=self.record,
            connection_id=self.record.id,
            identity=self.identity,
        )
        if self._telling is None:
            self._telling = set()
        task = exchange.loop.create_task(self._dispatcher.notify(exchange))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _wants(self, change: Change) -> bool:
        """A handshake client hears of every list, and of the resources that it subscribed to."""
        if not self.introduced or change.session not in (None, self.record.id):
            return False
        if change.of == "task":
            return self.record.tasks is not None and change.uri in self.record.tasks
        return change.of != "contents" or change.concerns(self.record.subscriptions)

    async def _tell(self, change: Change) -> None:
        for method, params in await self._audience.told(change, modern=False):
            await self.session.send(jsonrpc.encode_notification(method, params or UNSET))

    async def _answer(self, request: Request) -> bytes:
        lifecycle = self.lifecycle
        try:
            sender, envelope = lifecycle.admit(request.method, request.params)
            token = progress_token(envelope)
        except McpError as error:
            return jsonrpc.encode_failure(request.id, error)
        answer = await self._dispatch(
            Exchange(
                request.id,
                request.method,
                request.params,
                sender=sender,
                peer=self.session,
                transport=self._transport,
                progress_token=token,
                session=None if sender.revision.modern else self.record,
                connection_id=self.record.id,
                scope=None if self.scopes is None else self.scopes.get(request.id),
                identity=self.identity,
                on_fault=self.on_fault,
            )
        )
        if request.method == "initialize":
            if answer.error is None:
                self.session.batches = batches_allowed(sender.revision)
            elif lifecycle.sender is sender:
                lifecycle.reset()
        return answer.body
