"""Sessions: a proxy's connections to the server behind it, and who shares which of them."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct, structs

from fastmcp._components.current import Scope, current_scope
from fastmcp._runtime.session import Session as RuntimeSession
from fastmcp.client.client import Client
from fastmcp.client.negotiation import Agreement
from fastmcp.client.transports.config import MCPConfigTransport
from fastmcp.client.transports.transport import ClientTransport

from ...context import Context
from ...inputs.fingerprint import fingerprint
from ...state.session_names import session_id_of
from .abilities import NONE, Abilities
from .errand import Errand, abilities_of, party_of
from .headers import fingerprint_of, headers_to_forward, with_headers
from .proxy_client import ProxyClient

# How many there may be; those unused for longest are closed for further ones.
MOST: Final = 512
# How long one may be unused, in seconds; the last one stays.
IDLE: Final = 600.0

logger: Final = logging.getLogger("fastmcp.server.proxy")


class Sharing(Struct, frozen=True):
    """Who shares a session: callers of one identity, whose clients have the same abilities. `party`
    is the session in front that it is for, if only for one.
    """

    abilities: Abilities
    principal: str | None
    headers: bytes
    party: str | None


class Session:
    """A connection, and how many use it now."""

    __slots__ = ("client", "last_used", "opening", "sharing", "users")

    def __init__(self, client: ProxyClient, sharing: Sharing) -> None:
        self.client: ProxyClient = client
        self.sharing: Sharing = sharing
        self.users: int = 0
        self.last_used: float = time.monotonic()
        self.opening: asyncio.Task[None] | None = None


class Sessions:
    """Connections like those of `client`, each opened when it is needed first.

    A modern server is spoken to over one connection by all whose requests may go out the same way.
    With a handshake server each session in front has one of its own, so that nobody sees what was
    kept for another, and what the server asks has one addressee. A server that is a process of ours
    is one for all.

    `opened` is called with each new one. Where nobody keeps them open, as a server in its lifespan
    does, one is closed after its use.
    """

    def __init__(self, client: ProxyClient, opened: Callable[[ProxyClient, bytes], None]) -> None:
        self._client = client
        self._opened = opened
        self._keepers = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._by_sharing: dict[Sharing, Session] = {}
        self._agreement: Agreement | None = None
        self._probe: asyncio.Task[None] | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._is_process = is_process(client.transport)
        self._secret = os.urandom(16).hex()

    # Keeping them open

    def keep(self) -> None:
        """Leave them open from now on."""
        self._here()
        self._keepers += 1

    async def release(self) -> None:
        """No longer; after the last keeper they are closed."""
        self._keepers -= 1
        if self._keepers == 0:
            await self.close()

    async def close(self) -> None:
        """Close all of them."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        sessions, self._by_sharing = list(self._by_sharing.values()), {}
        await asyncio.gather(*map(_close, sessions))
        if self._closing:
            await asyncio.wait(self._closing)

    def _here(self) -> None:
        """What was open in a loop that has ended is gone."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._probe = loop, None
            self._by_sharing, self._closing, self._sweep = {}, set(), None

    # Using one

    @property
    def agreement(self) -> Agreement | None:
        """What the server agreed to last."""
        return self._agreement

    def session_name(self, front: Context) -> str:
        """The name under which a modern server keeps what is kept for a session in front. A request
        that stands alone has one of its own: nobody sees what is kept for it.
        """
        return fingerprint(self._secret, session_id_of(front.exchange)).hex()

    async def take(self, front: Context | None) -> Session:
        """A connection over which requests of this client may go; it is to be given back.

        Raises:
            ClientError: the server cannot be reached.
        """
        self._here()
        session = await self._session(front)
        session.users += 1
        try:
            await self._ready(session)
        except BaseException:
            await self.give_back(session)
            raise
        return session

    async def give_back(self, session: Session) -> None:
        """It is no longer used, here."""
        session.users -= 1
        session.last_used = time.monotonic()
        if self._keepers == 0 and session.users == 0:
            self._by_sharing.pop(session.sharing, None)
            await _close(session)

    async def _session(self, front: Context | None) -> Session:
        while (agreement := self._agreement) is None:
            if self._probe is None or self._probe.done():
                self._probe = asyncio.get_running_loop().create_task(self._first_session(front))
            await asyncio.shield(self._probe)
        headers = headers_to_forward() if self._client.forward_incoming_headers else {}
        sharing = self._sharing(front, headers, modern=agreement.revision.modern)
        found = self._by_sharing.get(sharing)
        if found is None and front is None and not headers:
            found = next((each for each in self._by_sharing.values() if _is_anybodys(each)), None)
        return found or self._add(sharing, headers, front)

    async def _first_session(self, front: Context | None) -> None:
        """What the server speaks is found out once; until then nobody knows who may share."""
        headers = headers_to_forward() if self._client.forward_incoming_headers else {}
        sharing = self._sharing(front, headers, modern=False)
        session = self._by_sharing.get(sharing) or self._add(sharing, headers, front)
        session.users += 1
        try:
            await self._ready(session)
        finally:
            session.users -= 1
        self._agreement = session.client.agreement

    def _sharing(self, front: Context | None, headers: dict[str, str], *, modern: bool) -> Sharing:
        if front is None:
            return Sharing(NONE, None, fingerprint_of(headers) if headers else b"", None)
        alone = modern or self._is_process
        return Sharing(
            _abilities_of(front) if self._client.relays else NONE,
            front.principal,
            fingerprint_of(headers) if headers else b"",
            None if alone else party_of(front.exchange),
        )

    def _add(self, sharing: Sharing, headers: dict[str, str], front: Context | None) -> Session:
        transport = with_headers(self._client.transport, headers)
        client = self._client.new_for(sharing.abilities, transport, self._agreement)
        session = self._by_sharing[sharing] = Session(client, sharing)
        self._make_room()
        peer = None if front is None else front.exchange.peer
        if sharing.party is not None and isinstance(peer, RuntimeSession):
            peer.when_closed(lambda: self._end(session))
        return session

    def _end(self, session: Session) -> None:
        """The session in front has ended that it was for."""
        if session.sharing.party is not None and self._by_sharing.get(session.sharing) is session:
            self._let_go(session)

    async def _ready(self, session: Session) -> None:
        """Have it be open; it is opened once for all who wait for that."""
        if session.opening is None:
            # What belongs to no request of a client must not be taken for part of the first one.
            context = contextvars.copy_context()
            context.run(current_scope.set, Scope())
            loop = asyncio.get_running_loop()
            session.opening = loop.create_task(self._open(session), context=context)
        elif session.opening.done() and session.client.is_connected():
            return
        await asyncio.shield(session.opening)

    async def _open(self, session: Session) -> None:
        try:
            await session.client.__aenter__()
        except BaseException:
            session.opening = None
            if self._by_sharing.get(session.sharing) is session:
                del self._by_sharing[session.sharing]
            if not any(each.client.is_connected() for each in self._by_sharing.values()):
                self._agreement = None  # it may be another one when it can be reached again
            raise
        self._agreement = session.client.agreement
        if self._agreement.revision.modern:
            self._share(session)
        self._opened(session.client, session.sharing.headers)
        self._plan_sweep()

    def _share(self, session: Session) -> None:
        """A modern server takes over it what others like the one ask that it was opened for."""
        sharing = structs.replace(session.sharing, party=None)
        if self._by_sharing.get(session.sharing) is session and sharing not in self._by_sharing:
            del self._by_sharing[session.sharing]
            session.sharing = sharing
            self._by_sharing[sharing] = session

    # Closing those that nobody uses

    def _make_room(self) -> None:
        unused = [each for each in self._by_sharing.values() if each.users == 0]
        for each in sorted(unused, key=_last_used)[: max(0, len(self._by_sharing) - MOST)]:
            self._let_go(each)

    def _plan_sweep(self) -> None:
        if self._sweep is None and self._keepers:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(IDLE / 2, self._sweep_now)

    def _sweep_now(self) -> None:
        self._sweep = None
        overdue = time.monotonic() - IDLE
        newest = max(self._by_sharing.values(), key=_last_used, default=None)
        for each in list(self._by_sharing.values()):
            if each.users == 0 and each.last_used < overdue and each is not newest:
                self._let_go(each)
        if self._by_sharing:
            self._plan_sweep()

    def _let_go(self, session: Session) -> None:
        self._by_sharing.pop(session.sharing, None)
        task = asyncio.get_running_loop().create_task(_close(session))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def is_process(transport: ClientTransport) -> bool:
    """Whether a connection by this transport starts a program."""
    if isinstance(transport, MCPConfigTransport):
        return any(map(is_process, transport.transports.values()))
    inner = getattr(transport, "transport", transport)
    return inner.network == "pipe"


def _abilities_of(front: Context) -> Abilities:
    return front.abilities if isinstance(front, Errand) else abilities_of(front.exchange)


def _is_anybodys(session: Session) -> bool:
    sharing = session.sharing
    return sharing.party is None and sharing.principal is None and not sharing.headers


def _last_used(session: Session) -> float:
    return session.last_used


async def _close(session: Session) -> None:
    opening = session.opening
    if opening is None:
        return
    opening.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await asyncio.shield(asyncio.wait((opening,)))
    await _closed(session.client)


async def _closed(client: Client) -> None:
    try:
        await client.close()
    except Exception as error:
        logger.warning("%r was left with an error", client, exc_info=error)
