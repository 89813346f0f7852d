"""Writes a session's stream as the response to one HTTP request: a POST, a GET, or a resumption."""

from __future__ import annotations

from fastmcp._protocol.http import Handshake
from fastmcp.wire.revisions import R2025_11_25

from ..event_store import EventLog
from .reply import ASGIReceive, Attendant, Reply
from .sessions import HttpSession
from .settings import HttpSettings
from .stream import Stream


class StreamWriter:
    """Writes a session's stream as the response to one HTTP request."""

    def __init__(
        self,
        settings: HttpSettings,
        session: HttpSession,
        stream: Stream | None,
        reply: Reply,
        verdict: Handshake | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        self._stream = stream
        self._reply = reply
        self._verdict = verdict
        if stream is not None:
            stream.attach(self)

    async def answer(self, receive: ASGIReceive, refusals: list[bytes]) -> None:
        """The response to a POST: JSON when its answers are all there is, else a stream."""
        stream, reply, verdict = self._stream, self._reply, self._verdict
        assert stream is not None and verdict is not None
        await self._prime(stream)
        attendant = Attendant(receive, reply, self._left, idle=not stream.quiet)
        try:
            first = await stream.take(self)
            if verdict.initialize and self._session.connection.lifecycle.sender is not None:
                reply.headers.append((b"mcp-session-id", self._session.id.encode()))
            if stream.quiet and verdict.batch:
                await self._array(stream, first, refusals)
            elif first is not None and self._is_all(stream):
                await reply.json(first[1])
            elif first is None and stream.quiet:
                await reply.json(b"", 202)
            else:
                for refusal in refusals:
                    await reply.event(refusal)
                await self._events(stream, first)
        finally:
            attendant.stop()

    def _is_all(self, stream: Stream) -> bool:
        """Whether the message just taken is the whole answer, and JSON may carry it."""
        whole = stream.done and not stream.waiting and not self._reply.started
        return (
            whole and self._verdict is not None and self._verdict.json and not self._verdict.batch
        )

    async def _array(
        self, stream: Stream, first: tuple[str | None, bytes] | None, refusals: list[bytes]
    ) -> None:
        answers = list(refusals)
        while first is not None:
            answers.append(first[1])
            first = await stream.take(self)
        await self._reply.json(b"[" + b",".join(answers) + b"]")

    async def listen(self, receive: ASGIReceive) -> None:
        """The response to a GET: a stream that stays open."""
        stream = self._stream
        assert stream is not None
        await self._reply.start_stream()
        await self._reply.keep_alive()
        await self._follow(stream, receive)

    async def resume(self, receive: ASGIReceive, store: EventLog, last: str) -> None:
        """The response to a GET that goes on with a stream."""
        stream, reply = self._stream, self._reply
        await reply.start_stream()
        replayed: set[str] = set()

        async def send(event_id: str, message: bytes) -> None:
            replayed.add(event_id)
            await reply.event(message, event_id)

        await store.replay_events_after(last, send)
        if stream is None:
            await reply.end_stream()
        else:
            await self._follow(stream, receive, replayed)

    async def _follow(
        self, stream: Stream, receive: ASGIReceive, replayed: set[str] | None = None
    ) -> None:
        attendant = Attendant(receive, self._reply, self._left, idle=True)
        try:
            first = await stream.take(self)
            while first is not None and replayed and first[0] in replayed:
                first = await stream.take(self)
            await self._events(stream, first)
        finally:
            attendant.stop()
            if self._session.listening is stream and not stream.taken_from(self):
                self._session.listening = None

    async def _events(self, stream: Stream, item: tuple[str | None, bytes] | None) -> None:
        while item is not None:
            event_id, message = item
            await self._reply.event(message, event_id)
            item = await stream.take(self)
        await self._reply.end_stream()

    async def _prime(self, stream: Stream) -> None:
        """Give the client the id to resume from before anything can be lost (PROTOCOL 4.2)."""
        sender = self._session.connection.lifecycle.sender
        store = self._settings.event_store
        if store is None or stream.quiet or sender is None or sender.revision < R2025_11_25:
            return
        event_id = await store.store_event(stream.id, None)
        await self._reply.event(b"", event_id, self._settings.retry_interval)

    def _left(self) -> None:
        """The client is gone; that cancels nothing in this era (PROTOCOL 4.2)."""
        if self._stream is not None:
            self._stream.detach(self)
