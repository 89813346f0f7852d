"""One handshake session over HTTP: the channel that routes its messages to its streams."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any, Final

from fastmcp._protocol.http import Handshake
from fastmcp._runtime.session import Channel
from fastmcp.exceptions import InputUnavailable, StoreUnavailable
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.revisions import R2025_11_25

from ...auth.challenger import step_up
from ...connection import ServerConnection
from ...event_store import EventLog
from .stream import Item, Readable, Reader, Stream

logger: Final = logging.getLogger("fastmcp.http")

# How many messages are kept for a client that has no stream open for them.
UNCLAIMED = 64
# How long a client that takes JSON answers may take to listen for what it is asked, in seconds.
PATIENCE = 5.0


class HttpSession:
    """One handshake client: its connection, and the channel that routes to its streams.

    `principal` is whose session it is, None for a caller who was not authenticated.
    """

    __slots__ = (
        "_by_request",
        "_expected",
        "_store",
        "_unclaimed",
        "connection",
        "id",
        "listening",
        "principal",
        "used",
    )

    def __init__(
        self, id: str, connect: Callable[[Channel, str], ServerConnection], store: EventLog | None
    ) -> None:
        self.id: str = id
        self.principal: str | None = None
        self.used: float = 0.0
        self.listening: Stream | None = None
        self._store = store
        self._by_request: dict[RequestId, Stream] = {}
        self._unclaimed: deque[bytes] | None = None
        self._expected: asyncio.Future[None] | None = None
        self.connection: ServerConnection = connect(self, id)
        self.connection.scopes = {}
        self.connection.on_fault = self._hear_fault

    @property
    def busy(self) -> bool:
        """Whether somebody is waiting on it: a response takes what it sends."""
        return self.listening is not None or any(s.attached for s in self._by_request.values())

    @property
    def occupied(self) -> bool:
        """Whether somebody listens to it, or it serves requests that somebody may come back for."""
        return self.listening is not None or bool(self._by_request)

    # Streams

    def open_stream(self, requests: set[RequestId], *, quiet: bool) -> Stream:
        """The stream that answers these requests; a quiet one carries their answers only."""
        stream = Stream(f"{self.id}/", set(requests), quiet=quiet)
        for id in requests:
            self._by_request[id] = stream
        return stream

    def find_stream(self, id: str) -> Stream | None:
        """The stream of that id, while it is not done."""
        if self.listening is not None and self.listening.id == id:
            return self.listening
        return next((s for s in self._by_request.values() if s.id == id), None)

    @property
    def can_resume(self) -> bool:
        """Whether streams are kept so that a client can come back for what it missed."""
        return self._store is not None

    async def prime(self, stream: Stream, verdict: Handshake) -> str | None:
        """The id from which the client can resume a stream that answers what `verdict` brought;
        None when it cannot.
        """
        sender = self.connection.lifecycle.sender
        if stream.quiet or sender is None or sender.revision < R2025_11_25:
            return None
        return await self.keep_opening(stream, verdict)

    async def keep_opening(self, stream: Stream, verdict: Handshake) -> str | None:
        """Keep that a stream began; the id of that event."""
        return None if self._store is None else await self._kept(self._store, stream.id, None)

    async def resume(self, last: str, scope: MutableMapping[str, Any]) -> Readable | None:
        """What a stream of this session brings after an event; None when the event is unknown.

        `scope` is the request that asks for it.
        """
        assert self._store is not None
        try:
            stream_id = await self._store.stream_of(last)
            if stream_id is None or not stream_id.startswith(f"{self.id}/"):
                return None
            if stream_id == self.listening_id and self.listening is None:
                self.listen()
            reader = Reader(self.find_stream(stream_id))
            try:
                reader.first(await self._missed(self._store, last))
            except BaseException:
                reader.leave()
                await self.finish(reader)
                raise
        except Exception as error:
            logger.warning("A stream cannot be resumed now", exc_info=error)
            raise StoreUnavailable("the event store failed") from error
        return reader

    async def _missed(self, store: EventLog, last: str) -> list[Item]:
        """What came on a stream after an event."""
        missed: list[Item] = []

        async def keep(event_id: str, message: bytes) -> None:
            missed.append((event_id, message))

        await store.replay_events_after(last, keep)
        return missed

    # Listening for what belongs to no request

    @property
    def listening_id(self) -> str:
        """The id of the stream for what belongs to no request."""
        return f"{self.id}/listen"

    async def begin_listening(self) -> Readable | None:
        """What a client hears that listens from now on; None when it does so already."""
        return None if self.listening is not None else Reader(self.listen())

    def listen(self) -> Stream:
        """The stream for what belongs to no request; there is one at a time."""
        stream = self.listening = Stream(self.listening_id, {"listen"})
        if self._expected is not None:
            self._expected.set_result(None)
            self._expected = None
        for message in self._unclaimed or ():
            stream.push(message, None)
        self._unclaimed = None
        return stream

    async def finish(self, reader: Readable) -> None:
        """A response has ended that took from this reader; if it listened, nobody does now."""
        stream = self.listening
        if stream is not None and stream is reader.stream and not stream.taken_from(reader):
            self.listening = None

    async def _listened(self) -> Stream | None:
        """The stream on which the client listens, or is about to."""
        if self.listening is None:
            self._expected = self._expected or asyncio.get_running_loop().create_future()
            await asyncio.wait([self._expected], timeout=PATIENCE)
        return self.listening

    # The channel of the session

    async def send(self, message: bytes, related: RequestId | None) -> None:
        stream = self.listening if related is None else self._by_request.get(related)
        if stream is not None:
            if not stream.quiet:
                await self._push(stream, message)
                await self._wait_room(stream)
        elif related is None:
            await self._keep(message)

    async def _keep(self, message: bytes) -> None:
        """Keep what belongs to no request for the next time that the client listens."""
        if self._store is not None and await self._kept(self._store, self.listening_id, message):
            return
        if self._unclaimed is None:
            self._unclaimed = deque(maxlen=UNCLAIMED)
        self._unclaimed.append(message)

    async def _kept(self, store: EventLog, stream_id: str, message: bytes | None) -> str | None:
        """Keep an event, and give its id. One that cannot be kept goes out all the same, as what a
        client cannot resume from: a fault of the store must not cost a call its answer.
        """
        try:
            return await store.store_event(stream_id, message)
        except Exception as error:
            logger.warning("An event cannot be kept, and is sent without an id", exc_info=error)
            return None

    async def _wait_room(self, stream: Stream) -> None:
        """Wait until the client has caught up. If it takes nothing any more, it does not listen."""
        if stream.full:
            await stream.wait_room()
            if stream is self.listening and not stream.attached:
                self.listening = None

    async def _push(self, stream: Stream, message: bytes, *, last: bool = False) -> None:
        # Stored before it is sent: a client that leaves in between asks for it again.
        event_id = None if stream.quiet else await self.keep_event(stream, message, last)
        stream.push(message, event_id)

    async def keep_event(self, stream: Stream, message: bytes, last: bool) -> str | None:
        """Keep a message of a stream, the `last` one or not; the id of its event."""
        return None if self._store is None else await self._kept(self._store, stream.id, message)

    def _hear_fault(self, id: RequestId, fault: Exception) -> None:
        stream = self._by_request.get(id)
        if stream is not None and self.connection.scopes is not None:
            stream.challenge = step_up(fault, self.connection.scopes.get(id))

    async def reply(self, id: RequestId, message: bytes) -> None:
        stream = self._by_request.get(id)
        if stream is not None:
            await self._push(stream, message, last=stream.awaiting == {id})
        self._settle(id)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        stream = None if related is None else self._by_request.get(related)
        if stream is None or stream.quiet:
            await self._ask_listener(method, message)
        else:
            await self._push(stream, message)
            await self._wait_room(stream)

    async def _ask_listener(self, method: str, message: bytes) -> None:
        stream = await self._listened()
        if stream is None:
            raise InputUnavailable(
                f"The client cannot be asked ({method}): its answers are JSON, and it does not "
                "listen on a GET stream"
            )
        await self._push(stream, message)
        await self._wait_room(stream)

    def abandon(self, id: RequestId, message: bytes) -> None:
        self.refuse(message)

    def refuse(self, message: bytes) -> None:
        if self.listening is not None:
            self.listening.push(message, None)

    def forget(self, id: RequestId) -> None:
        self._settle(id)

    def _settle(self, id: RequestId) -> None:
        stream = self._by_request.pop(id, None)
        if stream is not None:
            stream.settle(id)
        if self.connection.scopes is not None:
            self.connection.scopes.pop(id, None)

    def release(self, id: RequestId) -> None:
        stream = self._by_request.get(id)
        if stream is not None and self.can_resume and not stream.quiet:
            stream.detach()

    def close(self) -> None:
        """End the session and all its streams."""
        self.connection.session.close()
        for stream in (*self._by_request.values(), self.listening):
            if stream is not None:
                stream.close()
        self._by_request.clear()
