"""Writes a session's stream as the response to one HTTP request: a POST, a GET, or a resumption."""

from __future__ import annotations

from fastmcp._protocol.http import Handshake

from ..attendant import Attendant
from ..body import ASGIReceive
from ..reply import Reply
from .session import HttpSession
from .stream import Item, Readable, Reader, Stream


class StreamWriter:
    """Writes a stream as the response to one HTTP request; its client may come back for what it
    missed after `retry` milliseconds.
    """

    def __init__(self, reply: Reply, retry: int | None) -> None:
        self._reply = reply
        self._retry = retry

    async def answer(
        self,
        session: HttpSession,
        stream: Stream,
        verdict: Handshake,
        refusals: list[bytes],
        receive: ASGIReceive,
    ) -> bool:
        """The response to a POST: JSON when its answers are all there is, else a stream. False when
        there is none, since the session ended first.
        """
        reader = Reader(stream)
        await self._prime(session, stream, verdict)
        # That the client is gone cancels nothing in this era (PROTOCOL 4.2).
        attendant = Attendant(receive, self._reply, reader.leave, idle=not stream.quiet)
        try:
            first = await reader.take()
            if first is None and stream.closed and not self._reply.started:
                return False
            if verdict.initialize and session.connection.lifecycle.sender is not None:
                self._reply.headers.append((b"mcp-session-id", session.id.encode()))
            if stream.quiet and verdict.batch:
                await self._array(reader, first, refusals)
            elif first is not None and self._is_all(stream, verdict):
                if stream.challenge is None:
                    await self._reply.json(first[1])
                else:
                    await self._reply.challenge(first[1], stream.challenge)
            elif first is None and stream.quiet:  # its client has cancelled it
                await self._reply.json(b"", 202)
            else:
                for refusal in refusals:
                    await self._reply.event(refusal)
                await self._events(reader, first)
            return True
        finally:
            attendant.stop()
            reader.leave()

    def _is_all(self, stream: Stream, verdict: Handshake) -> bool:
        """Whether the message just taken is the whole answer, and JSON may carry it."""
        whole = stream.done and not stream.waiting and not self._reply.started
        as_json = verdict.json or stream.challenge is not None
        return whole and as_json and not verdict.batch

    async def _array(self, reader: Readable, item: Item | None, refusals: list[bytes]) -> None:
        answers = list(refusals)
        while item is not None:
            answers.append(item[1])
            item = await reader.take()
        await self._reply.json(b"[" + b",".join(answers) + b"]")

    async def _prime(self, session: HttpSession, stream: Stream, verdict: Handshake) -> None:
        """Give the client the id to resume from before anything can be lost (PROTOCOL 4.2)."""
        event_id = await session.prime(stream, verdict)
        if event_id is not None:
            await self._reply.event(b"", event_id, self._retry)

    async def follow(self, reader: Readable, receive: ASGIReceive) -> None:
        """The response to a GET: what the reader takes, for as long as there is any."""
        await self._reply.keep_alive()
        attendant = Attendant(receive, self._reply, reader.leave, idle=True)
        try:
            await self._events(reader, await reader.take())
        finally:
            attendant.stop()
            reader.leave()

    async def _events(self, reader: Readable, item: Item | None) -> None:
        while item is not None:
            event_id, message = item
            await self._reply.event(message, event_id)
            item = await reader.take()
        await self._reply.end_stream()
