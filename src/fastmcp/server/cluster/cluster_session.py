"""A session that other workers serve, too: what it is, sends and waits for is on the backplane."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw

from fastmcp._protocol.http import Handshake
from fastmcp.exceptions import InputUnavailable, McpError, StoreUnavailable
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Request, RequestId

from ..http.streamable.session import PATIENCE, HttpSession
from ..http.streamable.stream import Readable, Reader, Stream
from ..subscriptions import Change
from .calls import END, LAST, MESSAGE, Call, log_of
from .cluster import RETRY
from .messages import Called, ListensElsewhere, ReadElsewhere, Saved
from .remote_reader import RemoteReader, event_id
from .saved_session import SavedSession, decode_saved, encode_saved, merged

if TYPE_CHECKING:
    from .cluster_sessions import ClusterSessions

LISTEN: Final = "listen"
# How often to look whether a client has begun to listen somewhere, in seconds.
LOOK: Final = 0.25
EVERYTHING: Final = [Change("tools"), Change("resources"), Change("prompts")]


class ClusterSession(HttpSession):
    """One handshake client, as this worker serves it.

    `saved` is what all workers know of it, `raw` its bytes on the backplane; None before the
    handshake is done. What a request changes is saved before it is answered.
    """

    __slots__ = (
        "_delivered",
        "_draining",
        "_heard",
        "_listener",
        "_saving",
        "raw",
        "saved",
        "table",
        "touched",
    )

    def __init__(self, id: str, table: ClusterSessions) -> None:
        super().__init__(id, table.connect, None)
        self.connection.session.connection.prefix = table.prefix
        self.table = table
        self.raw: bytes | None = None
        self.saved: SavedSession | None = None
        self.touched = float("-inf")
        self._listener: str | None = None
        self._heard: str | None = table.cluster.position
        self._delivered: str | None = None
        self._saving = asyncio.Lock()
        self._draining = asyncio.Lock()

    # What all workers know of it

    @property
    def key(self) -> str:
        """Where it is kept."""
        return key_of(self.id)

    async def save(self) -> None:
        """Let the other workers know of what has changed here."""
        backplane, ttl = self.table.cluster.backplane, self.table.ttl
        async with self._saving:
            while (now := self._now()) is not None and now != self.saved:
                data = encode_saved(now)
                if self.raw is None:
                    await backplane.put(self.key, data, ttl)
                elif not await backplane.swap(self.key, self.raw, data, ttl):
                    fresh = await backplane.get(self.key)
                    if fresh is None:
                        return  # it has ended
                    self.restore(fresh)
                    continue
                self.raw, self.saved = data, now
                if now.listener not in (None, self.table.cluster.id):
                    await self.table.cluster.tell(now.listener, Saved(self.id, Raw(data)))

    def restore(self, raw: bytes) -> None:
        """Be what another worker saved, with what has changed here and is not saved yet."""
        theirs, mine = decode_saved(raw), self._now()
        now = theirs
        if mine is not None and self.saved is not None and mine != self.saved:
            now = merged(self.saved, mine, theirs)
        self.raw, self.saved = raw, theirs
        self.principal = now.principal
        self._listener, self._heard, self._delivered = now.listener, now.heard, now.delivered
        self.connection.restore(now.sender(), introduced=now.introduced)
        self.connection.record.subscriptions = set(now.watched) or None
        self.table.visibility.replace(self.id, now.rules)

    def _now(self) -> SavedSession | None:
        connection = self.connection
        sender = connection.lifecycle.sender
        if sender is None:
            return None
        return SavedSession(
            revision=sender.revision.text,
            capabilities=sender.capabilities,
            info=sender.info,
            principal=self.principal,
            introduced=connection.introduced,
            log_level=sender.log_level,
            watched=tuple(sorted(connection.record.subscriptions or ())),
            rules=self.table.visibility.rules_of(self.id),
            listener=self._listener,
            heard=self._heard,
            delivered=self._delivered,
        )

    # Streams that any worker can go on with

    @property
    def can_resume(self) -> bool:
        return True

    async def keep_opening(self, stream: Stream, verdict: Handshake) -> str | None:
        [request] = verdict.messages
        assert isinstance(request, Request)
        call = Call.of(self.table.cluster.id, request)
        try:
            return event_id(stream.id, await self.table.calls.open(stream.id, call))
        except StoreUnavailable:
            return None  # served all the same, as long as the connection holds

    async def keep_event(self, stream: Stream, message: bytes, last: bool) -> str | None:
        position = await self._append(stream, LAST if last else MESSAGE, message)
        if position is None:
            return None
        if not stream.attached:
            await self._wake_readers(stream)
        return event_id(stream.id, position)

    async def _append(self, stream: Stream, kind: bytes, message: bytes) -> str | None:
        """Keep a message. While that cannot be done, one with a reader goes out without; one that
        nobody reads waits, since it would be lost.
        """
        while not self.connection.session.closed:
            try:
                return await self.table.calls.append(stream.id, kind, message)
            except StoreUnavailable:
                if stream.attached:
                    if kind == LAST:
                        self.table.spawn(self._append_later(stream, message))
                    return None
                await asyncio.sleep(RETRY)
        return None

    async def _append_later(self, stream: Stream, message: bytes) -> None:
        """Keep the last message, for a client that did not get it."""
        while not self.connection.session.closed:
            await asyncio.sleep(RETRY)
            try:
                await self.table.calls.append(stream.id, LAST, message)
            except StoreUnavailable:
                continue
            return await self._wake_readers(stream)

    async def _wake_readers(self, stream: Stream) -> None:
        try:
            await self.table.cluster.backplane.publish(log_of(stream.id), b"")
        except StoreUnavailable:
            pass  # they look by themselves

    async def resume(self, last: str, scope: MutableMapping[str, Any]) -> Readable | None:
        token, _, position = last.partition("_")
        if not token.isalnum():
            return None
        if token == LISTEN:
            return await self._listen_after(position)
        id = f"{self.id}/{token}"
        stream = self.find_stream(id)
        try:
            if stream is None:
                return await self._read_elsewhere(id, position, scope)
            reader = Reader(stream)
            entries = await self.table.calls.entries(id, position)
        except ValueError:
            return None
        kept = [(at, entry) for at, entry in entries if entry.startswith((MESSAGE, LAST))]
        reader.first([(event_id(id, at), entry[1:]) for at, entry in kept])
        return reader

    async def _read_elsewhere(
        self, id: str, position: str, scope: MutableMapping[str, Any]
    ) -> RemoteReader | None:
        reader = RemoteReader(self, id, position, scope)
        await reader.open()
        try:
            reader.add(await self.table.calls.entries(id, position))
            call = await self.table.calls.find(id)
            if call is not None:
                await self.table.cluster.tell(call.worker, ReadElsewhere(self.id, id))
                return reader
        except BaseException:
            await reader.close()
            raise
        await reader.close()
        return None

    def adopt(self, id: str, request: Request, scope: MutableMapping[str, Any]) -> Stream:
        """Serve a call whose worker is gone; the stream that answers it."""
        stream = self._by_request[request.id] = Stream(id, {request.id})
        if self.connection.scopes is not None:
            self.connection.scopes[request.id] = scope
        self.connection.session.take(request)
        return stream

    async def finish(self, reader: Readable) -> None:
        if isinstance(reader, RemoteReader):
            await reader.close()
            return
        listened = self.listening is not None
        await super().finish(reader)
        if listened and self.listening is None:
            self._listener, self._heard = None, self.table.cluster.position
            try:
                await self.save()
            except StoreUnavailable:
                pass  # whoever looks for the listener finds none here

    # Listening, on one worker at a time

    async def begin_listening(self) -> Readable | None:
        return await self._listen_after(self._delivered)

    async def _listen_after(self, position: str | None) -> Reader | None:
        cluster, previous = self.table.cluster, self._listener
        self.stop_listening()
        reader = Reader(self.listen())
        try:
            missed = await cluster.changes_after(self._heard)
            self._listener, self._heard = cluster.id, cluster.position
            self._delivered = position
            await self.drain()
            await self.save()
            if previous not in (None, cluster.id):
                await cluster.tell(previous, ListensElsewhere(self.id))
        except ValueError:
            self.stop_listening()
            return None
        except BaseException:
            self.stop_listening()
            raise
        for change in self._everything() if missed is None else missed:
            self.connection.hear(change)
        return reader

    def _everything(self) -> list[Change]:
        watched = self.connection.record.subscriptions or ()
        return [*EVERYTHING, *(Change("contents", uri) for uri in watched)]

    def stop_listening(self) -> None:
        """End the stream on which the client listens here."""
        if self.listening is not None:
            self.listening.close()
            self.listening = None

    async def drain(self) -> None:
        """Send what the log has for the client that listens here."""
        async with self._draining:
            entries = await self.table.calls.entries(self.listening_id, self._delivered)
            for position, entry in entries:
                if self.listening is not None:
                    self._delivered = position
                    self.listening.push(entry[1:], event_id(self.listening_id, position))
        if entries:
            await self.save()

    async def _ask_listener(self, method: str, message: bytes) -> None:
        listener = await self._find_listener(method)
        await self.table.calls.append(self.listening_id, MESSAGE, message)
        if listener == self.table.cluster.id:
            await self.drain()
        else:
            await self.table.cluster.tell(listener, Called(self.id))

    async def _find_listener(self, method: str) -> str:
        """The worker on which the client listens, or is about to."""
        cluster, clock = self.table.cluster, asyncio.get_running_loop().time
        deadline = clock() + PATIENCE
        while clock() < deadline:
            if self.listening is not None:
                return cluster.id
            fresh = await cluster.backplane.get(self.key)
            listener = None if fresh is None else decode_saved(fresh).listener
            if listener not in (None, cluster.id) and await cluster.lives(listener):
                return listener
            await asyncio.sleep(LOOK)
        raise InputUnavailable(
            f"The client cannot be asked ({method}): its answers are JSON, and it does not listen "
            "on a GET stream"
        )

    # The channel

    async def send(self, message: bytes, related: RequestId | None) -> None:
        if related is not None:
            await super().send(message, related)
        elif self.listening is not None:
            # A change; whoever does not listen is told when he does.
            self.listening.push(message, None)
            await self.listening.wait_room()

    def forget(self, id: RequestId) -> None:
        stream = self._by_request.get(id)
        super().forget(id)
        if stream is not None and not stream.quiet:
            self.table.spawn(self._append_end(stream))

    async def _append_end(self, stream: Stream) -> None:
        """Let whoever reads the stream elsewhere know that it has no answer."""
        await self.table.calls.append(stream.id, END, b"")
        await self._wake_readers(stream)

    async def reply(self, id: RequestId, message: bytes) -> None:
        try:
            await self.save()
        except StoreUnavailable as error:
            text = f"The session store cannot be reached; try again ({error})"
            message = jsonrpc.encode_failure(id, McpError(code=-32603, message=text))
        await super().reply(id, message)


def key_of(session: str) -> str:
    """Where a session is kept."""
    return f"session:{session}"
