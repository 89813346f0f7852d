"""UpstreamSessions: the users who are signed in at the identity provider, and their tokens."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from fastmcp.exceptions import AuthorityUnavailable

from ..single_flight import SingleFlight
from ..storage import OAuthStorage, Shelf
from .identity_provider import IdentityProvider
from .models import UpstreamTokenSet
from .proxied import Proxied
from .upstream import TIMEOUT, scopes_of_response

Change: TypeAlias = Callable[[UpstreamTokenSet], UpstreamTokenSet]

# A worker that died while it refreshed keeps others from it for so long.
_LEASE = 2 * TIMEOUT
_LOOK = 0.05


class UpstreamSessions:
    """Keeps token sets. Each is refreshed by one worker at a time: a refresh token is often good
    for one use only, and a second use ends the session.
    """

    def __init__(self, proxy: Proxied, upstream: IdentityProvider, storage: OAuthStorage) -> None:
        self._proxy = proxy
        self._upstream = upstream
        self._sets: Shelf[UpstreamTokenSet] = storage.shelf("upstream-tokens", UpstreamTokenSet)
        self._leases: Shelf[bool] = storage.shelf("upstream-refreshes", bool)
        self._flights: SingleFlight[UpstreamTokenSet | None] = SingleFlight()

    async def begin(
        self, client_id: str, tokens: dict[str, Any], scopes: list[str], refresh_jti: str
    ) -> UpstreamTokenSet:
        """Keep what the identity provider sent for a client."""
        now = time.time()
        empty = UpstreamTokenSet(
            upstream_token_id=secrets.token_urlsafe(32),
            access_token="",
            refresh_token=None,
            refresh_token_expires_at=None,
            expires_at=now,
            token_type="Bearer",
            scope=" ".join(scopes),
            client_id=client_id,
            created_at=now,
        )
        made = self._updated(empty, tokens)
        if made.refresh_token is not None:
            made.refresh_jti = refresh_jti
        await self._sets.put(made.upstream_token_id, made, _left(made))
        return made

    async def get(self, id: str) -> UpstreamTokenSet | None:
        """A token set; None if its session has ended."""
        return await self._sets.get(id)

    async def change(self, id: str, change: Change) -> UpstreamTokenSet | None:
        """Make of a token set another one, whoever else does; None if its session has ended."""
        while (old := await self._sets.get(id)) is not None:
            new = change(old.model_copy())
            if new == old or await self._sets.swap(id, old, new, _left(new)):
                return new
        return None

    async def refresh(
        self, seen: UpstreamTokenSet, also: Change | None = None
    ) -> UpstreamTokenSet | None:
        """A token set that is newer than the one that was seen; None if its session has ended.
        `also` is done to it in the same step, unless it was newer already.

        Raises:
            UpstreamRefusal: the user has to sign in again.
            AuthorityUnavailable: that cannot be told now.
        """
        return await self._flights.join(seen.upstream_token_id, lambda: self._refresh(seen, also))

    async def end(self, session: UpstreamTokenSet) -> None:
        """Forget a token set, and have the identity provider forget it."""
        if await self._sets.delete(session.upstream_token_id):
            await self._revoke(session)

    async def _revoke(self, session: UpstreamTokenSet) -> None:
        if session.refresh_token is not None:
            await self._upstream.revoke(session.refresh_token, "refresh_token")
        await self._upstream.revoke(session.access_token, "access_token")

    async def _refresh(
        self, seen: UpstreamTokenSet, also: Change | None
    ) -> UpstreamTokenSet | None:
        id = seen.upstream_token_id
        async with self._alone(id):
            now = await self._sets.get(id)
            if now is None or now.refreshed_at != seen.refreshed_at or now.refresh_token is None:
                return now
            tokens = await self._upstream.refreshed(now.refresh_token, now.scopes)
            then = also or _as_it_is
            renewed = await self.change(id, lambda old: then(self._updated(old, tokens)))
            if renewed is None:  # revoked meanwhile
                await self._revoke(self._updated(now, tokens))
            return renewed

    @asynccontextmanager
    async def _alone(self, id: str) -> AsyncGenerator[None]:
        """Be the one worker that refreshes this."""
        until = time.monotonic() + _LEASE
        while not await self._leases.add(id, True, _LEASE):
            if time.monotonic() > until:
                raise AuthorityUnavailable("Another worker refreshes the token, and does not end")
            await asyncio.sleep(_LOOK)
        try:
            yield
        finally:
            await self._leases.delete(id)

    def _updated(self, old: UpstreamTokenSet, tokens: dict[str, Any]) -> UpstreamTokenSet:
        lifetimes, now = self._proxy.lifetimes, time.time()
        refresh = tokens.get("refresh_token") or old.refresh_token
        granted = scopes_of_response(tokens)
        access = lifetimes.of_access(tokens, refreshable=refresh is not None)
        if access <= 0:
            raise AuthorityUnavailable("The identity provider sent a token that has ended already")
        ends = now + access
        refresh_ends = None
        if refresh is not None:
            refresh_ends = now + lifetimes.of_refresh(tokens, old.refresh_token_expires_at)
        own = lifetimes.of_own_access(access, refreshable=refresh is not None)
        return old.model_copy(
            update={
                "access_token": tokens["access_token"],
                "refresh_token": refresh,
                "refresh_token_expires_at": refresh_ends,
                "expires_at": ends,
                "token_type": str(tokens.get("token_type", old.token_type)),
                "scope": (
                    old.scope
                    if granted is None
                    else " ".join(self._proxy._translate_scopes_from_idp(granted))
                ),
                "raw_token_data": {**old.raw_token_data, **tokens},
                "refreshed_at": now,
                "ends_at": max(ends, refresh_ends or 0, now + own),
            }
        )


def _left(session: UpstreamTokenSet) -> float:
    return max(1.0, session.ends_at - time.time())


def _as_it_is(session: UpstreamTokenSet) -> UpstreamTokenSet:
    return session
