"""A session that other workers serve, too: what it is, sends and waits for is on the backplane."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from fastmcp._protocol.http import Handshake
from fastmcp.exceptions import InputUnavailable, McpError, StoreUnavailable
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Request, RequestId
from fastmcp.wire.revisions import R2025_11_25

from ..http.streamable.session import PATIENCE, HttpSession
from ..http.streamable.stream import Readable, Reader, Stream
from ..subscriptions import Change
from .calls import END, LAST, MESSAGE, Call, log_of
from .change_log import RETRY, logger
from .messages import Look, ReadElsewhere
from .remote_reader import RemoteReader, event_id, is_end
from .saved_session import SavedSession, encode_saved, merged, read_saved

if TYPE_CHECKING:
    from .cluster_sessions import ClusterSessions

LISTEN: Final = "listen"
# The position before everything in a stream.
START: Final = "start"
# How often to look whether a client has begun to listen somewhere, in seconds.
LOOK: Final = 0.25
EVERYTHING: Final = [Change("tools"), Change("resources"), Change("prompts")]


class ClusterSession(HttpSession):
    """One handshake client, as this worker serves it.

    `saved` is what all workers know of it, `raw` its bytes on the backplane; None before the
    handshake is done. What a request changes is saved before it is answered. `asked` is when its
    client last asked for something here, `touched` when it was last said that the session lives on.
    """

    __slots__ = (
        "_delivered",
        "_draining",
        "_heard",
        "_listener",
        "_remote",
        "_saving",
        "_unheard",
        "asked",
        "raw",
        "saved",
        "table",
        "touched",
    )

    def __init__(self, id: str, table: ClusterSessions) -> None:
        super().__init__(id, table.connect, None)
        self.connection.session.connection.prefix = table.prefix
        self.connection.record.share = self.share
        self.table: ClusterSessions = table
        self.raw: bytes | None = None
        self.saved: SavedSession | None = None
        self.asked: float = float("-inf")
        self.touched: float = float("-inf")
        self._listener: str | None = None
        self._heard: str | None = table.cluster.changes.position
        self._delivered: str | None = None
        self._unheard: tuple[str, ...] = ()
        # How many responses here take what another worker sends.
        self._remote = 0
        self._saving = asyncio.Lock()
        self._draining = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether this worker has something of it that no other one has."""
        return self.occupied or self._remote > 0

    @property
    def attended(self) -> bool:
        """Whether a client is there: a response takes what it sends."""
        return super().busy or self._remote > 0

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
                data, before = encode_saved(now), self.saved
                if self.raw is None:
                    await backplane.put(self.key, data, ttl)
                elif not await backplane.swap(self.key, self.raw, data, ttl):
                    fresh = await backplane.get(self.key)
                    if fresh is None or not self.restore(fresh):
                        return  # it has ended
                    continue
                self.raw, self.saved = data, now
                for worker in {before and before.listener, now.listener}:
                    await self._have_look(worker)

    async def _have_look(self, worker: str | None) -> None:
        """Let the worker that the client listens on, or did, know that there is something new."""
        cluster = self.table.cluster
        if worker is not None and worker != cluster.id:
            await self.surely(lambda: cluster.tell(worker, Look(self.id)))

    async def surely(self, act: Callable[[], Awaitable[object]]) -> None:
        """Do something; when that cannot be done now, as soon as it can be."""
        try:
            await act()
        except StoreUnavailable:
            self.table.spawn(self._later(act))

    async def _later(self, act: Callable[[], Awaitable[object]]) -> None:
        while not self.connection.session.closed:
            await asyncio.sleep(RETRY)
            with suppress(StoreUnavailable):
                await act()
                return

    def restore(self, raw: bytes) -> bool:
        """Be what another worker saved, with what has changed here and is not saved yet; False for
        what cannot be read, which is as if it were not there.
        """
        theirs, mine = read_saved(raw), self._now()
        if theirs is None:
            logger.error("A session in the session store cannot be read: it has ended here")
            return False
        now = theirs
        if mine is not None and self.saved is not None and mine != self.saved:
            now = merged(self.saved, mine, theirs)
        self.raw, self.saved = raw, theirs
        self.principal: str | None = now.principal
        self._listener, self._heard, self._delivered = now.listener, now.heard, now.delivered
        self._unheard = now.unheard
        self.connection.restore(now.sender(), introduced=now.introduced)
        self.connection.record.subscriptions = set(now.watched) or None
        self.table.visibility.replace(self.id, now.rules)
        if now.listener != self.table.cluster.id:
            self.stop_listening()
        return True

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
            unheard=self._unheard,
        )

    async def look(self, position: str | None) -> None:
        """Be what other workers saved, and send what they have for a client that listens here.

        Of changes after `position` it was not known yet whether the client wants to hear of them.
        """
        async with self._saving:
            fresh = await self.table.cluster.backplane.get(self.key)
            if fresh is None and self.raw is not None:
                self.table.drop(self)
            if self.connection.session.closed:
                return
            if fresh not in (None, self.raw) and not self.restore(fresh):
                self.table.drop(self)
                return
        if self.listening is not None:
            for change in await self.table.cluster.changes.after(position) or ():
                self.connection.hear(change)
            await self._tell_unheard()
            await self.drain()

    async def share(self, lists: Sequence[str]) -> None:
        """Let all workers know what the session sees, and then its client that lists have changed:
        now, or when it listens.
        """
        self._unheard = tuple(sorted({*self._unheard, *lists}))
        with suppress(StoreUnavailable):  # the answer to the request has to save it, too
            await self.save()
            await self._tell_unheard()

    async def _tell_unheard(self) -> None:
        if self.listening is not None and self._unheard:
            self._hear_unheard()
            await self.save()

    def _hear_unheard(self) -> None:
        lists, self._unheard = self._unheard, ()
        for each in lists:
            self.connection.hear(Change(cast("Any", each), session=self.id))

    # Streams that any worker can go on with

    @property
    def can_resume(self) -> bool:
        return True

    async def prime(self, stream: Stream, verdict: Handshake) -> str | None:
        """The client of any revision may resume a stream; older ones get no event for that."""
        sender = self.connection.lifecycle.sender
        if stream.quiet or sender is None:
            return None
        opened = await self.keep_opening(stream, verdict)
        return None if sender.revision < R2025_11_25 else opened

    async def keep_opening(self, stream: Stream, verdict: Handshake) -> str | None:
        requests = [message for message in verdict.messages if isinstance(message, Request)]
        call = Call.of(self.table.cluster.id, requests)
        await self.surely(lambda: self.table.calls.open(stream.id, call))
        return event_id(stream.id, START)

    async def keep_calls(self) -> None:
        """Say that what is served here is served."""
        for id in {stream.id for stream in self._by_request.values() if not stream.quiet}:
            await self.table.calls.keep(id)

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
                    if kind == LAST:  # for a client that does not get it
                        self.table.spawn(self._later(lambda: self._finish_log(stream, message)))
                    return None
                await asyncio.sleep(RETRY)
        return None

    async def _finish_log(self, stream: Stream, message: bytes) -> None:
        await self.table.calls.append(stream.id, LAST, message)
        await self._wake_readers(stream)

    async def _wake_readers(self, stream: Stream) -> None:
        with suppress(StoreUnavailable):  # they look by themselves
            await self.table.cluster.backplane.publish(log_of(stream.id), b"")

    async def resume(self, last: str, scope: MutableMapping[str, Any]) -> Readable | None:
        token, _, position = last.partition("_")
        if not token.isalnum():
            return None
        id, after = f"{self.id}/{token}", None if position == START else position
        try:
            if token == LISTEN:
                return await self._listen_after(await self._known_position(after))
            stream = self.find_stream(id)
            if stream is None:
                return await self._read_elsewhere(id, after, scope)
            return await self._read_on(stream, after)
        except ValueError:
            return None

    async def _read_on(self, stream: Stream, after: str | None) -> Reader:
        """Go on with a stream that is here; ValueError for no position, before anything is taken
        from who reads it.
        """
        entries = await self.table.calls.entries(stream.id, after)
        reader = Reader(stream)
        try:
            entries += await self.table.calls.entries(
                stream.id, entries[-1][0] if entries else after
            )
        except BaseException:
            reader.leave()
            raise
        kept = [(at, entry) for at, entry in entries if entry.startswith((MESSAGE, LAST))]
        reader.first([(event_id(stream.id, at), entry[1:]) for at, entry in kept])
        return reader

    async def _read_elsewhere(
        self, id: str, after: str | None, scope: MutableMapping[str, Any]
    ) -> RemoteReader | None:
        reader = RemoteReader(self, id, after, scope)
        await reader.open()
        try:
            found = await self._find_elsewhere(reader, id, after)
        except BaseException:
            await reader.close()
            raise
        if not found:
            await reader.close()
            return None
        self._remote += 1
        return reader

    async def _find_elsewhere(self, reader: RemoteReader, id: str, after: str | None) -> bool:
        """Whether there is such a stream: one that is over, or one of a call that is known."""
        entries = await self.table.calls.entries(id, after)
        reader.add(entries)
        if not entries and after is not None:
            kept = await self.table.calls.entries(id)
            reader.ended = bool(kept) and is_end(kept[-1][1])
        if reader.ended:
            return True
        call = await self.table.calls.find(id)
        if call is not None:
            await self.table.cluster.tell(call.worker, ReadElsewhere(self.id, id))
        return call is not None

    def adopt(self, id: str, request: Request, scope: MutableMapping[str, Any]) -> Stream:
        """Serve a call whose worker is gone; the stream that answers it."""
        stream = self._by_request[request.id] = Stream(id, {request.id})
        if self.connection.scopes is not None:
            self.connection.scopes[request.id] = scope
        self.connection.session.take(request)
        return stream

    async def finish(self, reader: Readable) -> None:
        if isinstance(reader, RemoteReader):
            self._remote -= 1
            await reader.close()
            return
        listened = self.listening is not None
        await super().finish(reader)
        cluster = self.table.cluster
        if listened and self.listening is None and self._listener == cluster.id:
            # What it was told may have gone to a dead connection: it is told again.
            self._listener = None
            with suppress(StoreUnavailable):  # whoever looks for the listener finds none here
                await self.save()

    # Listening, on one worker at a time

    async def begin_listening(self) -> Readable | None:
        return await self._listen_after(self._delivered)

    async def _known_position(self, position: str | None) -> str | None:
        """One that was in the log of what nobody asked for; ValueError for what is no position."""
        await self.table.calls.entries(self.listening_id, position)
        kept = await self.table.calls.entries(self.listening_id)
        return position if any(at == position for at, _ in kept) else self._delivered

    async def _listen_after(self, position: str | None) -> Reader:
        changes = self.table.cluster.changes
        before = self._listener, self._heard, self._delivered, self._unheard
        self.stop_listening()
        reader = Reader(stream := self.listen())
        self._listener, self._delivered = self.table.cluster.id, position
        try:
            missed = await changes.after(self._heard)
            self._heard = changes.settled
            self._hear_unheard()
            await self.drain()
            await self.save()
        except BaseException:
            if self.listening is stream:
                self.stop_listening()
                self._listener, self._heard, self._delivered, self._unheard = before
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
            self.listening: Stream | None = None

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
        await self._send_to(await self._find_listener(method), message)

    async def _send_to(self, listener: str, message: bytes) -> None:
        """Send what belongs to no request to the worker on which the client listens."""
        await self.table.calls.append(self.listening_id, MESSAGE, message)
        if listener == self.table.cluster.id:
            await self.drain()
        else:
            await self._have_look(listener)

    async def _find_listener(self, method: str) -> str:
        """The worker on which the client listens, or is about to."""
        cluster, clock = self.table.cluster, asyncio.get_running_loop().time
        deadline = clock() + PATIENCE
        while clock() < deadline:
            if self.listening is not None:
                return cluster.id
            fresh = await cluster.backplane.get(self.key)
            saved = None if fresh is None else read_saved(fresh)
            listener = None if saved is None else saved.listener
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
            await self._wait_room(self.listening)

    def abandon(self, id: RequestId, message: bytes) -> None:
        if self.listening is not None or self._listener is None:
            super().abandon(id, message)
        else:
            self.table.spawn(self._send_to(self._listener, message))

    def forget(self, id: RequestId) -> None:
        stream = self._by_request.get(id)
        super().forget(id)
        if stream is not None and not stream.quiet and stream.done:
            self.table.spawn(self._append_end(stream))

    async def _append_end(self, stream: Stream) -> None:
        """Let whoever reads the stream elsewhere know that it has no answer."""
        await self.table.calls.append(stream.id, END, b"")
        await self._wake_readers(stream)

    async def reply(self, id: RequestId, message: bytes) -> None:
        try:
            await self.save()
        except StoreUnavailable as error:
            text = (
                "The call was served, but what it changed about the session could not be saved; "
                f"it may have taken effect ({error})"
            )
            message = jsonrpc.encode_failure(id, McpError(code=-32603, message=text))
        await super().reply(id, message)


def key_of(session: str) -> str:
    """Where a session is kept."""
    return f"session:{session}"
