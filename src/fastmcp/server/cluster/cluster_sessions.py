"""The sessions of one endpoint, shared with every worker on the backplane."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any, Final

from msgspec import DecodeError, Raw, Struct, json

from fastmcp._protocol.connection import CANCELLED, PROGRESS
from fastmcp._runtime.session import as_error
from fastmcp.exceptions import StoreUnavailable
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Failure, Message, Notification, Request, RequestId, Response

from ..http.streamable.session import HttpSession
from ..http.streamable.sessions import Connect, SessionTable
from ..session_visibility import SessionVisibility
from .calls import KEPT, Calls
from .cluster import Cluster
from .cluster_session import ClusterSession, key_of
from .messages import Ended, Forwarded, Look, ReadElsewhere
from .messages import Message as Word

# How long what another worker can take up is kept here unused, in seconds.
LOCAL_IDLE: Final = 60.0
GROUP: Final = "sessions"
# How long the sessions count that never end by themselves, in seconds.
FOREVER: Final = 365 * 86400.0

_tables = itertools.count()


class ClusterSessions(SessionTable):
    """Sessions that live on the backplane; here are those that were used here of late.

    `limit` is how many there may be on all workers together, `each` how many of one caller.
    """

    def __init__(
        self,
        cluster: Cluster,
        connect: Connect,
        visibility: SessionVisibility,
        repeats: Callable[[Request], bool],
        *,
        idle_timeout: float | None,
        limit: int,
        each: int,
    ) -> None:
        # Often enough that what is busy here is not idle for the others.
        local = LOCAL_IDLE if idle_timeout is None else min(idle_timeout / 3, LOCAL_IDLE)
        super().__init__(local)
        self.connect = connect
        self.cluster = cluster
        self.calls: Final = Calls(cluster.backplane)
        self.visibility = visibility
        self.repeats = repeats
        self.ttl = idle_timeout
        self._limit = limit
        self._each = each
        self._number = next(_tables)
        self._tasks: set[asyncio.Task[None]] = set()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def prefix(self) -> str:
        """How the ids of requests begin that are made here."""
        return f"{self.cluster.id}.{self._number}."

    async def open(self, principal: str | None) -> HttpSession | None:
        id = self.cluster.ids.new()
        if not await self._count(id, principal):
            await self._leave(id, principal)
            return None
        session = ClusterSession(id, self)
        session.principal = principal
        session.asked = session.touched = asyncio.get_running_loop().time()
        self.add(session)
        return session

    def add(self, session: HttpSession) -> None:
        super().add(session)
        if self._keeping is None:
            self.cluster.listen(self)
            self._keeping = asyncio.get_running_loop().create_task(self._keep_calls())

    async def find(self, id: str, principal: str | None) -> HttpSession | None:
        if not self.cluster.ids.knows(id):
            return None
        raw = await self.cluster.backplane.get(key_of(id))
        session = self.get(id)
        if raw is None:
            if session is not None:
                self.drop(session)
            return None
        if session is None:
            session = ClusterSession(id, self)
            self.add(session)
        assert isinstance(session, ClusterSession)
        if raw != session.raw and not session.restore(raw):
            self.drop(session)
            return None
        if session.principal != principal:
            return None
        self.touch(session)
        session.asked = session.used
        if not await self._keep(session) or session.connection.session.closed:
            self.drop(session)
            return None
        return session

    async def _count(self, id: str, principal: str | None) -> bool:
        """Have a session counted, as one of its caller's, too; False when there are too many."""
        backplane, ttl = self.cluster.backplane, self.ttl or FOREVER
        if not await backplane.join(GROUP, id, limit=self._limit, ttl=ttl):
            return False
        return principal is None or await backplane.join(
            _group_of(principal), id, limit=self._each, ttl=ttl
        )

    async def _keep(self, session: ClusterSession) -> bool:
        """Let a session live on, without saying so with each request; whether it lives."""
        now = asyncio.get_running_loop().time()
        if session.raw is None or self.ttl is None or now - session.touched < self.ttl / 4:
            return True
        session.touched = now
        if not await self.cluster.backplane.touch(session.key, self.ttl):
            return False
        await self._count(session.id, session.principal)
        return True

    def still_busy(self, session: HttpSession) -> None:
        super().still_busy(session)
        assert isinstance(session, ClusterSession)
        self.spawn(self._look_after(session))

    async def _look_after(self, session: ClusterSession) -> None:
        """Let a session live on that is busy, unless its client is gone for as long as may be; it
        is over here, too, when it is over.
        """
        away = asyncio.get_running_loop().time() - session.asked
        if session.attended or self.ttl is None or away < self.ttl:
            lives = await self._keep(session)
        else:
            lives = await self.cluster.backplane.get(session.key) is not None
        if not lives:
            self.drop(session)

    async def _keep_calls(self) -> None:
        """Say now and then which calls are being served."""
        while True:
            await asyncio.sleep(KEPT / 3)
            for session in list(self._table.values()):
                assert isinstance(session, ClusterSession)
                await _undisturbed(session.keep_calls())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the requests; that the backplane is gone is no error there."""
        task = asyncio.get_running_loop().create_task(_undisturbed(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def recognize(self, name: str) -> None:
        if self.cluster.rules is not None:
            await self.cluster.rules.recognize(name)

    async def settle(self, session: HttpSession) -> None:
        assert isinstance(session, ClusterSession)
        await session.save()

    async def close(self, session: HttpSession) -> None:
        assert isinstance(session, ClusterSession)
        await self.cluster.backplane.delete(session.key)
        self.drop(session)
        await _undisturbed(self._leave(session.id, session.principal))
        if session.saved is not None:
            await _undisturbed(self.cluster.tell_all(Ended(session.id)))

    async def _leave(self, id: str, principal: str | None) -> None:
        """Have a session not counted any more."""
        await self.cluster.backplane.leave(GROUP, id)
        if principal is not None:
            await self.cluster.backplane.leave(_group_of(principal), id)

    async def end(self, grace: float) -> None:
        await super().end(grace)
        self.cluster.leave(self)
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
        for task in self._tasks:
            task.cancel()

    # Messages for other workers, and from them

    async def forward(self, session: HttpSession, message: Message) -> bool:
        if isinstance(message, Notification) and message.method == CANCELLED:
            id = _id_in(message, "requestId")
            if id is None or id in session.connection.session.connection.incoming:
                return False
            await self.cluster.tell_all(Forwarded(session.id, _encoded(message)))
            return True
        id = _concerned(message)
        if not isinstance(id, str) or id.startswith(self.prefix) or "." not in id:
            return False
        worker = id.partition(".")[0]
        forwarded = Forwarded(session.id, _encoded(message))
        if not await self.cluster.tell(worker, forwarded) and await self.cluster.lives(worker):
            raise StoreUnavailable("the worker that this is for hears nothing just now")
        return True

    async def look_again(self) -> None:
        for session in list(self._table.values()):
            assert isinstance(session, ClusterSession)
            if session.occupied:
                await session.look(self.cluster.changes.position)

    def hear(self, message: Word) -> None:
        session = self.get(getattr(message, "session", ""))
        if not isinstance(session, ClusterSession):
            return
        if isinstance(message, Forwarded):
            session.connection.session.feed(bytes(message.message))
        elif isinstance(message, Look):
            position = self.cluster.changes.position
            self.spawn(session.surely(lambda: session.look(position)))
        elif isinstance(message, ReadElsewhere):
            stream = session.find_stream(message.stream)
            if stream is not None:
                stream.detach()
        elif isinstance(message, Ended):
            self.drop(session)


def _group_of(principal: str) -> str:
    """Where a caller's sessions are counted; who that is does not show."""
    return f"sessions:{sha256(principal.encode()).hexdigest()}"


class _Concerned(Struct):
    requestId: RequestId | None = None  # noqa: N815
    progressToken: RequestId | None = None  # noqa: N815


_read_concerned = json.Decoder(_Concerned).decode


def _id_in(message: Notification, member: str) -> RequestId | None:
    try:
        return getattr(_read_concerned(message.params), member)
    except (DecodeError, UnicodeError, RecursionError):
        return None


def _concerned(message: Message) -> RequestId | None:
    """The request of ours that a client's message is about."""
    if isinstance(message, (Response, Failure)):
        return message.id
    if isinstance(message, Notification) and message.method == PROGRESS:
        return _id_in(message, "progressToken")
    return None


def _encoded(message: Message) -> Raw:
    if isinstance(message, Response):
        return Raw(jsonrpc.encode_result(message.id, message.result))
    if isinstance(message, Failure):
        return Raw(jsonrpc.encode_failure(message.id, as_error(message.error)))
    assert isinstance(message, Notification)
    return Raw(jsonrpc.encode_notification(message.method, message.params))


async def _undisturbed(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except StoreUnavailable:
        pass
