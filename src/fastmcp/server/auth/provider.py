"""AuthProvider: who may come in over HTTP, and the routes that tell clients how."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from fastmcp._oauth.locations import checked_url
from fastmcp.exceptions import ConfigurationError

if TYPE_CHECKING:
    from starlette.middleware import Middleware
    from starlette.routing import Route

    from .access_token import AccessToken


class AuthProvider:
    """What `FastMCP(auth=...)` takes: it verifies bearer tokens, and may serve routes.

    `base_url` is where clients reach this server, without the path of the MCP endpoint;
    `resource_base_url` the same where it differs for the endpoint. Every request of MCP needs
    `required_scopes`; `challenge_scopes` are those that clients are told to ask for, if they are
    called otherwise there.

    Raises:
        ConfigurationError: a URL that is none, or scopes that are no texts.
    """

    def __init__(
        self,
        base_url: Any = None,
        required_scopes: Iterable[str] | str | None = None,
        resource_base_url: Any = None,
        *,
        challenge_scopes: Iterable[str] | str | None = None,
    ) -> None:
        self.base_url: str | None = None if base_url is None else checked_url(base_url, "base_url")
        self.resource_base_url: str | None = (
            None
            if resource_base_url is None
            else checked_url(resource_base_url, "resource_base_url")
        )
        self.required_scopes: list[str] = scopes_of(required_scopes, "required_scopes")
        self.challenge_scopes: list[str] | None = (
            None if challenge_scopes is None else scopes_of(challenge_scopes, "challenge_scopes")
        )
        self._mcp_path: str | None = None
        self._resource_url: str | None = None

    async def verify_token(self, token: str) -> AccessToken | None:
        """What a token says; None for one that is not valid here.

        Raises:
            AuthorityUnavailable: that cannot be told now.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement verify_token()")

    @property
    def scopes_supported(self) -> list[str]:
        """The scopes that clients are told of."""
        return self.get_challenge_scopes(self.required_scopes)

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        """What a client has to ask the authorization server for, to have these scopes here."""
        if self.challenge_scopes is not None:
            return self.challenge_scopes
        return self.required_scopes if required_scopes is None else required_scopes

    def set_mcp_path(self, mcp_path: str | None) -> None:
        """The path of the MCP endpoint that this provider protects."""
        self._mcp_path = mcp_path
        self._resource_url = self._get_resource_url(mcp_path)

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """The routes that clients need to get a token, but for the endpoint itself."""
        return []

    def get_well_known_routes(self, mcp_path: str | None = None) -> list[Route]:
        """Those of the routes that have to be at the root of the host (RFC 8414, RFC 9728)."""
        return [
            route
            for route in self.get_routes(mcp_path)
            if getattr(route, "path", "").startswith("/.well-known/")
        ]

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Around the time in which an application serves: what is opened here is closed again."""
        return nullcontext()

    def get_middleware(self) -> list[Middleware]:
        """ASGI middleware of the application: it tells who calls, and refuses nobody."""
        from .middleware import authentication

        return authentication(self)

    def _get_resource_url(self, path: str | None = None) -> str | None:
        """The protected resource, which tokens are for (RFC 8707); None where `base_url` is not
        known.
        """
        base = self.resource_base_url or self.base_url
        if base is None or not path or path == "/":
            return base
        return f"{base}/{path.strip('/')}"


class TokenVerifier(AuthProvider):
    """A provider that only verifies tokens: subclasses write `verify_token`."""


def scopes_of(given: Any, keyword: str) -> list[str]:
    """Scopes in a list, or in a text separated by spaces or commas.

    Raises:
        ConfigurationError: `keyword` was given something else.
    """
    if given is None:
        return []
    if isinstance(given, str):
        return given.replace(",", " ").split()
    scopes = list(given) if isinstance(given, Iterable) else [given]  # type: ignore[reportUnknownVariableType]
    for scope in scopes:  # type: ignore[reportUnknownVariableType]
        if not isinstance(scope, str) or not scope or " " in scope:
            raise ConfigurationError(f"{keyword}={given!r}: a scope is a text without spaces")
    return scopes  # type: ignore[reportUnknownVariableType]
