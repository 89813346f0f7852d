"""OnBehalfOf: tokens for other services, in the name of the user whose token this server has."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from ..single_flight import SingleFlight

Exchange = Callable[[str, str], Awaitable[dict[str, Any]]]

# How many are remembered, and how long before its end one is exchanged again, in seconds.
MOST_TOKENS = 1_000
EARLY = 300.0


class DownstreamToken(Struct, frozen=True):
    """A token for another service, until `expires_on`, in seconds since 1970."""

    token: str
    expires_on: int

    def __repr__(self) -> str:
        return f"DownstreamToken('…', expires_on={self.expires_on})"


class DownstreamTokens:
    """Exchanges users' tokens for those of other services, and remembers these until shortly
    before they end.
    """

    def __init__(self, exchange: Exchange, clock: Callable[[], float] = time.time) -> None:
        self._exchange = exchange
        self._clock = clock
        self._known: OrderedDict[bytes, DownstreamToken] = OrderedDict()
        self._asked = SingleFlight[DownstreamToken]()

    def __len__(self) -> int:
        return len(self._known)

    async def get(self, assertion: str, scopes: tuple[str, ...]) -> DownstreamToken:
        """The token with these scopes for the user whose token is `assertion`."""
        wanted = " ".join(scopes)
        key = hashlib.sha256(f"{assertion} {wanted}".encode()).digest()
        known = self._known.get(key)
        if known is not None and self._clock() < known.expires_on - EARLY:
            self._known.move_to_end(key)
            return known
        return await self._asked.join(key, lambda: self._ask(key, assertion, wanted))

    async def _ask(self, key: bytes, assertion: str, wanted: str) -> DownstreamToken:
        answer = await self._exchange(assertion, wanted)
        ends = answer.get("expires_at") or self._clock()
        found = self._known[key] = DownstreamToken(answer["access_token"], int(ends))
        self._known.move_to_end(key)
        if len(self._known) > MOST_TOKENS:
            self._known.popitem(last=False)
        return found

    def clear(self) -> None:
        """Forget all of them."""
        self._known.clear()


class OnBehalfOfCredential:
    """One user's: it has the methods that a credential of `azure-identity` has."""

    def __init__(self, assertion: str, tokens: DownstreamTokens) -> None:
        self._assertion = assertion
        self._tokens = tokens

    async def get_token(self, *scopes: str, **options: Any) -> DownstreamToken:
        """A token for the service whose scopes these are.

        Raises:
            AuthorizationError: the user has not agreed to that, or has to sign in again.
            AuthorityUnavailable: nobody can tell now.
        """
        return await self._tokens.get(self._assertion, scopes)

    async def close(self) -> None:
        """There is nothing to close."""

    async def __aenter__(self) -> OnBehalfOfCredential:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        return None
