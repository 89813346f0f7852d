"""State that outlives connections: a user's own, or under an id that a tool gave out."""
# ruff: noqa: N802 - the defaults are functions with the names of what they stand for

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Annotated, Any, Final, ParamSpec, TypeVar, cast
from weakref import WeakValueDictionary

from fastmcp._components.injection.dependencies import Injectable, Reading
from fastmcp._runtime.bridge import Bridged, bridge
from fastmcp.exceptions import AuthorizationError

from .context import Context
from .providers.local import LocalProvider
from .state.encoding import decode_state, encode_state
from .state.store import Address

P = ParamSpec("P")
R = TypeVar("R")

SESSION_ID_DESCRIPTION: Final = (
    "The id of a session. Create one with the tool for that, and pass its id in every call that "
    "is to see what the others left there."
)
SessionId = Annotated[str, SESSION_ID_DESCRIPTION]
"""A parameter for the id of a session, which the client passes as any other argument."""

_USERS = "fastmcp_user_sessions"
_CREATED = "fastmcp_sessions"
_STATE = "state"


class SessionAuthError(AuthorizationError, RuntimeError):
    """A `UserSession` for a caller who is not authenticated, and so has none."""

    def __init__(
        self,
        message: str = "This needs an authenticated caller: a UserSession belongs to a user. "
        "Without authentication, take a `session_id: SessionId`, or `UserSession | None`",
    ) -> None:
        super().__init__(message)


class InvalidSession(AuthorizationError):
    """An id of no session, or of one that is not the caller's: which of both is not told."""

    def __init__(self, message: str = "Invalid or unknown session; create a new one") -> None:
        super().__init__(message)


def current_principal() -> str | None:
    """Who the caller is, as `Context.principal`; None outside of a request, too."""
    context = Context.current_or_none()
    return None if context is None else context.principal


bridged: Final = Bridged("session")

# Changes of one session that come at the same time are made one after the other, in this process.
_turns: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, Address], asyncio.Lock] = (
    WeakValueDictionary()
)


class Session:
    """Data by name, kept in the server's session store until it is deleted there.

    Values are data: what comes back is as JSON has it. `id` is None for a `UserSession`.
    """

    __slots__ = ("_address", "_keeper", "home", "id")

    def __init__(self, context: Context, address: Address, id: str | None) -> None:
        self._keeper = context.host._parts.state_keeper
        self.home: asyncio.AbstractEventLoop = context.exchange.loop
        self._address = address
        self.id: str | None = id

    @bridged
    async def get(self, key: str, default: Any = None) -> Any:
        """The value of that name."""
        return (await self._read() or {}).get(key, default)

    @bridged
    async def set(self, key: str, value: Any) -> None:
        """Keep a value.

        Raises:
            TypeError: it is no data.
        """
        data = decode_state(encode_state(key, value))
        async with self._turn():
            await self._write({**(await self._read() or {}), key: data})

    @bridged
    async def delete(self, key: str) -> None:
        """Drop the value of that name, if there is one."""
        async with self._turn():
            values = await self._read() or {}
            if values.pop(key, self) is not self:
                await self._write(values)

    @bridged
    async def clear(self) -> None:
        """Drop all values; the session itself stays."""
        async with self._turn():
            if await self._read() is not None:
                await self._write({})

    @bridged
    async def end(self) -> None:
        """Drop the session: its id is no longer valid."""
        async with self._turn():
            await self._keeper.delete(self._address)

    async def create(self) -> None:
        """Make the id valid."""
        await self._write({})

    async def exists(self) -> bool:
        """Whether the id is valid."""
        return await self._read() is not None

    async def _read(self) -> dict[str, Any] | None:
        data = await self._keeper.get(self._address)
        return None if data is None else decode_state(data)

    async def _write(self, values: dict[str, Any]) -> None:
        await self._keeper.put(self._address, encode_state(_STATE, values), None)

    def _turn(self) -> asyncio.Lock:
        return _turns.setdefault((self.home, self._address), asyncio.Lock())


class UserSession(Session, Injectable):
    """The session of the authenticated caller: a parameter with this annotation receives it.

    It is the same wherever the user connects from. `UserSession | None` is None for callers who
    are not authenticated; without the None, their calls fail with `SessionAuthError`.
    """

    __slots__ = ()

    @classmethod
    def current(cls) -> UserSession:
        """The caller's.

        Raises:
            SessionAuthError: nobody is authenticated.
        """
        context = Context.current()
        principal = context.principal
        if principal is None:
            raise SessionAuthError
        return cls(context, Address(_USERS, principal, principal, _STATE), None)


def CurrentSession() -> UserSession:
    """A default that stands for the caller's session; the call fails for callers without one."""
    return cast("UserSession", Reading(UserSession.current))


def OptionalCurrentSession() -> UserSession | None:
    """A default that stands for the caller's session; None for callers without one."""

    def read() -> UserSession | None:
        return None if current_principal() is None else UserSession.current()

    return cast("UserSession | None", Reading(read))


def _session(context: Context, id: str) -> Session:
    return Session(context, Address(_CREATED, id, context.principal, _STATE), id)


def find_session(session_id: str) -> Coroutine[Any, Any, Session]:
    """As `fastmcp.server.dependencies.get_session`."""
    context = Context.current()

    async def find() -> Session:
        session = _session(context, session_id)
        if not await session.exists():
            raise InvalidSession
        return session

    return bridge(find(), context.exchange.loop, "get_session")


async def create_session() -> str:
    """Create a session and return its id, to be passed in the calls that belong to it."""
    session = _session(Context.current(), os.urandom(16).hex())
    await session.create()
    assert session.id is not None
    return session.id


async def end_session(session_id: SessionId) -> str:
    """End a session and delete all that is kept there."""
    await (await find_session(session_id)).end()
    return "The session has ended"


class SessionProvider(LocalProvider):
    """The tools `create_session` and `end_session`, for servers whose tools take a `SessionId`."""

    def __init__(self) -> None:
        super().__init__()
        self.add_tool(create_session)
        self.add_tool(end_session)
