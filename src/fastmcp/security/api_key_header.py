"""API keys in a header of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp.server.auth.middleware import AuthenticatedUser, BearerAuthBackend
from fastmcp.server.auth.provider import AuthProvider

if TYPE_CHECKING:
    from starlette.types import Scope


class APIKeyHeaderBackend(BearerAuthBackend):
    """Takes keys from `header`, and bearer tokens as ever. With two of them it cannot be told who
    calls, so that this is nobody.
    """

    def __init__(self, token_verifier: AuthProvider, header: str) -> None:
        super().__init__(token_verifier)
        self._name = header.lower().encode("latin-1")

    async def user_of(self, scope: Scope) -> AuthenticatedUser | None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        keys = [value for name, value in headers if name == self._name]
        if keys:
            bearer = [(b"authorization", b"Bearer " + key.strip()) for key in keys]
            bearer += [(name, value) for name, value in headers if name == b"authorization"]
            scope = {**scope, "headers": bearer}
        return await super().user_of(scope)
