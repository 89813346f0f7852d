"""APIKeys: keys for callers that are programs, made and revoked here, and verified as tokens."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.access_token import AccessToken
from fastmcp.server.auth.provider import TokenVerifier, scopes_of
from fastmcp.server.in_process import anywhere

from .api_key import APIKey, KeptKey, NewAPIKey, digest_of, id_in, new_text
from .api_key_store import api_key_store

if TYPE_CHECKING:
    from starlette.middleware import Middleware

HEADER = "X-API-Key"
Known: TypeAlias = list[APIKey]


class APIKeys(TokenVerifier):
    """API keys for `FastMCP(auth=...)`: a caller sends one as a bearer token, or in `header`.

    `store` keeps digests of them: a URL (`sqlite:///keys.db`, `redis://…`), a backplane, or a
    store of py-key-value-aio; by default they are in memory, and end with the process. Every key
    begins with `prefix`. `create`, `list` and `revoke` are awaited in async code, and called in
    plain code. A caller is known by the name of its key, so that another one of the same name can
    take its place.

    Raises:
        ConfigurationError: an option that cannot be.
    """

    def __init__(
        self,
        store: Any = None,
        *,
        prefix: str = "fmk",
        header: str | None = HEADER,
        required_scopes: Iterable[str] | str | None = None,
        base_url: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(base_url, required_scopes)
        if not re.fullmatch(r"[A-Za-z0-9-]{1,20}", prefix):
            raise ConfigurationError(f"prefix={prefix!r}: up to 20 letters, digits and hyphens")
        self.prefix = prefix
        self.header = header
        self._keys = api_key_store(store)
        self._clock = clock

    def create(
        self,
        name: str,
        *,
        scopes: Iterable[str] | str = (),
        roles: Iterable[str] | str = (),
        expires_in: float | timedelta | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, NewAPIKey]:
        """Make a key; its text is in `key`, and is not told again.

        `name` is whom it is for, `expires_in` a number of seconds or a `timedelta`. `roles` and
        `claims` are in `ctx.user_info` of who calls by it.

        Raises:
            ConfigurationError: no name, no such scopes, or a time that is over.
        """
        if not isinstance(name, str) or not name.strip():  # type: ignore[redundant-expr]
            raise ConfigurationError("APIKeys.create() needs the name of whom the key is for")
        seconds = expires_in.total_seconds() if isinstance(expires_in, timedelta) else expires_in
        if seconds is not None and seconds <= 0:
            raise ConfigurationError(f"expires_in={expires_in!r} is over; give seconds from now")
        text, id = new_text(self.prefix)
        now = self._clock()
        new = NewAPIKey(
            key=text,
            id=id,
            name=name,
            prefix=f"{self.prefix}_{id}",
            scopes=scopes_of(scopes, "scopes"),
            roles=scopes_of([roles] if isinstance(roles, str) else roles, "roles"),
            created_at=now,
            expires_at=None if seconds is None else now + seconds,
            claims=dict(claims or {}),
        )
        return anywhere(self._add(new, seconds), "keys.create")

    async def _add(self, new: NewAPIKey, seconds: float | None) -> NewAPIKey:
        members = {name: getattr(new, name) for name in APIKey.__struct_fields__}
        async with self._keys.opened():
            await self._keys.add(KeptKey(digest_of(new.key), APIKey(**members)), seconds)
        return new

    def list(self) -> Coroutine[Any, Any, Known]:
        """The keys that are valid now, the oldest first."""
        return anywhere(self._all(), "keys.list")

    async def _all(self) -> Known:
        async with self._keys.opened():
            return [key.known for key in await self._keys.all() if not self._is_over(key)]

    def revoke(self, key: APIKey | str) -> Coroutine[Any, Any, bool]:
        """Have a key, given by its id, its prefix, its text or as it was listed, be valid no more;
        whether it was.
        """
        text = key if isinstance(key, str) else key.id
        id = id_in(text) or text.removeprefix(f"{self.prefix}_")
        return anywhere(self._drop(id), "keys.revoke")

    async def _drop(self, id: str) -> bool:
        async with self._keys.opened():
            return await self._keys.drop(id)

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Keep the store open, as a server does for its requests."""
        async with self._keys.opened():
            yield

    async def verify_token(self, token: str) -> AccessToken | None:
        id = id_in(token)
        kept = None if id is None else await self._keys.get(id)
        if kept is None or not kept.fits(token) or self._is_over(kept):
            return None
        return kept.access_token(token)

    def _is_over(self, key: KeptKey) -> bool:
        ends = key.known.expires_at
        return ends is not None and ends <= self._clock()

    def get_middleware(self) -> list[Middleware]:
        """What tells by a key who calls."""
        if self.header is None:
            return super().get_middleware()
        from starlette.middleware import Middleware

        from fastmcp.server.auth.middleware import AuthContextMiddleware, Authentication

        from .api_key_header import APIKeyHeaderBackend

        backend = APIKeyHeaderBackend(self, self.header)
        return [Middleware(Authentication, backend=backend), Middleware(AuthContextMiddleware)]
