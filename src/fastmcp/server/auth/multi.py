"""MultiAuth: tokens of several kinds at one endpoint."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError

from .identity import SOURCE
from .provider import AuthProvider, scopes_of
from .remote import protect

if TYPE_CHECKING:
    from starlette.routing import Route

    from .access_token import AccessToken

logger: Final = logging.getLogger("fastmcp.server.auth")

SERVER = "server"


class MultiAuth(AuthProvider):
    """Takes a token that `server` or one of the `verifiers` finds valid, asked in this order; the
    routes are those of `server`.

    A token needs the scopes that its own verifier requires, and `required_scopes`. Which of them
    took it is the claim `auth_source`: `server_source_id`, the name in `verifiers`, or else its
    class and place; for who is the same to one of them is not the same to another.

    Raises:
        ConfigurationError: there is neither a server nor a verifier.
    """

    def __init__(
        self,
        *,
        server: AuthProvider | None = None,
        verifiers: Mapping[str, AuthProvider] | Sequence[AuthProvider] | AuthProvider | None = None,
        server_source_id: str | None = None,
        base_url: Any = None,
        resource_base_url: Any = None,
        required_scopes: Iterable[str] | str | None = None,
    ) -> None:
        named = _named(verifiers)
        if server is None and not named:
            raise ConfigurationError("MultiAuth() needs server=, verifiers=, or both")
        scopes = [] if server is None else server.required_scopes
        super().__init__(
            base_url or (server and server.base_url),
            scopes if required_scopes is None else scopes_of(required_scopes, "required_scopes"),
            resource_base_url or (server and server.resource_base_url),
        )
        self.server = server
        self.verifiers: list[AuthProvider] = [verifier for _, verifier in named]
        self._sources = named
        if server is not None:
            self._sources = [(server_source_id or SERVER, server), *named]

    async def verify_token(self, token: str) -> AccessToken | None:
        silent: AuthorityUnavailable | None = None
        for name, source in self._sources:
            try:
                found = await source.verify_token(token)
            except AuthorityUnavailable as error:
                silent = error
                continue
            except Exception:
                logger.exception("%s failed to verify a token", type(source).__name__)
                continue
            if found is not None and set(source.required_scopes) <= set(found.scopes):
                return found.model_copy(update={"claims": {**found.claims, SOURCE: name}})
        if silent is not None:
            raise silent
        return None

    @property
    def scopes_supported(self) -> list[str]:
        return self.required_scopes if self.server is None else self.server.scopes_supported

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        source = self.server or (self.verifiers[0] if len(self.verifiers) == 1 else None)
        if source is None:
            return super().get_challenge_scopes(required_scopes)
        return source.get_challenge_scopes(
            self.required_scopes if required_scopes is None else required_scopes
        )

    def set_mcp_path(self, mcp_path: str | None) -> None:
        """All of them protect the same URL."""
        super().set_mcp_path(mcp_path)
        for _, source in self._sources:
            protect(source, mcp_path, self)

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Those of all of them."""
        async with AsyncExitStack() as stack:
            for _, source in self._sources:
                await stack.enter_async_context(source.lifespan())
            yield

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """Those of the server."""
        return [] if self.server is None else self.server.get_routes(mcp_path)

    def get_well_known_routes(self, mcp_path: str | None = None) -> list[Route]:
        """Those of the server."""
        return [] if self.server is None else self.server.get_well_known_routes(mcp_path)


def _named(verifiers: Any) -> list[tuple[str, AuthProvider]]:
    if verifiers is None:
        return []
    if isinstance(verifiers, Mapping):
        return [*verifiers.items()]
    members: list[Any] = [verifiers] if isinstance(verifiers, AuthProvider) else [*verifiers]
    for each in members:
        if not isinstance(each, AuthProvider):
            raise ConfigurationError(
                f"verifiers= takes verifiers, as JWTVerifier(...), not {each!r}"
            )
    return [(f"{type(each).__name__}-{place}", each) for place, each in enumerate(members, 1)]
