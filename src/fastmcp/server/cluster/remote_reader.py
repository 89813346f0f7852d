"""Reads a stream that another worker writes, and goes on with its call if that worker is gone."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Final

from fastmcp.exceptions import StoreUnavailable
from fastmcp.wire import jsonrpc

from ..http.streamable.stream import Item, Reader
from .calls import END, INTERRUPTED, LAST, MESSAGE, Call, log_of

if TYPE_CHECKING:
    from .cluster_session import ClusterSession

# How long to wait for something to happen before it is looked for, in seconds.
POLL: Final = 2.0
# How often in a row a worker is missed before its calls are taken over.
MISSED: Final = 2


class RemoteReader:
    """Takes the messages of a stream from its log, as they come."""

    stream = None

    def __init__(
        self,
        session: ClusterSession,
        stream: str,
        after: str | None,
        scope: MutableMapping[str, Any],
    ) -> None:
        self._session = session
        self._cluster = session.table.cluster
        self._calls = session.table.calls
        self._stream = stream
        self._after = after
        self._scope = scope
        self._items: deque[Item] = deque()
        self._awake = asyncio.Event()
        self.ended = self._left = False
        self._missed = 0
        self._local: Reader | None = None

    async def open(self) -> None:
        """Begin to hear of new messages."""
        await self._cluster.backplane.subscribe(log_of(self._stream), self._wake)

    async def close(self) -> None:
        """Hear of nothing more."""
        try:
            await self._cluster.backplane.unsubscribe(log_of(self._stream), self._wake)
        except StoreUnavailable:
            pass  # a lost connection has no subscriptions

    def _wake(self, _: bytes | None) -> None:
        self._awake.set()

    def add(self, entries: list[tuple[str, bytes]]) -> None:
        """Take these entries of the log next."""
        for position, entry in entries:
            if self.ended:
                return  # two workers have answered, and a client takes one answer
            self._after = position
            if entry.startswith((MESSAGE, LAST)):
                self._items.append((event_id(self._stream, position), entry[1:]))
            self.ended: bool = is_end(entry)

    async def take(self) -> Item | None:
        """The next message; None at the end, and when the log cannot be read now: the client can
        come back for the rest.
        """
        try:
            while not self._left:
                if self._items:
                    return self._items.popleft()
                if self._local is not None:
                    return await self._local.take()
                if self.ended or self._session.connection.session.closed:
                    return None
                await self._more()
        except StoreUnavailable:
            pass
        return None

    def leave(self) -> None:
        """The response ends before the stream does."""
        self._left = True
        self._awake.set()
        if self._local is not None:
            self._local.leave()

    async def _more(self) -> None:
        self._awake.clear()
        entries = await self._calls.entries(self._stream, self._after)
        if entries:
            self.add(entries)
            return
        try:
            async with asyncio.timeout(POLL):
                await self._awake.wait()
        except TimeoutError:
            await self._look_for_worker()

    async def _look_for_worker(self) -> None:
        call = await self._calls.find(self._stream)
        if call is not None and await self._is_served(call):
            self._missed = 0
            return
        self._missed += 1
        if self._missed < MISSED:
            return
        self._missed = 0
        if call is None:
            self.ended = True
        elif await self._calls.take_over(self._stream, call, self._cluster.id):
            await self._go_on(call)

    async def _is_served(self, call: Call) -> bool:
        if call.worker == self._cluster.id:
            return self._session.find_stream(self._stream) is not None
        return await self._cluster.lives(call.worker)

    async def _go_on(self, call: Call) -> None:
        request = call.read()
        if request is None:
            await self._calls.append(self._stream, END, b"")
        elif self._session.table.repeats(request):
            self._local = Reader(self._session.adopt(self._stream, request, self._scope))
        else:
            failure = jsonrpc.encode_failure(request.id, INTERRUPTED)
            await self._calls.append(self._stream, LAST, failure)


def is_end(entry: bytes) -> bool:
    """Whether nothing comes after this entry of a log."""
    return entry.startswith((LAST, END))


def event_id(stream: str, position: str) -> str:
    """The id of an event, which names its stream within the session."""
    return f"{stream.rpartition('/')[2]}_{position}"
