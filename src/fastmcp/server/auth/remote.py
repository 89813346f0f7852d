"""RemoteAuthProvider: tokens of an authorization server that clients can use by themselves."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from fastmcp._oauth.documents import ProtectedResourceMetadata
from fastmcp._oauth.locations import checked_url
from fastmcp.exceptions import ConfigurationError

from .provider import AuthProvider, scopes_of

if TYPE_CHECKING:
    from starlette.routing import Route

    from .access_token import AccessToken


logger: Final = logging.getLogger("fastmcp.server.auth")


class RemoteAuthProvider(AuthProvider):
    """Verifies tokens by `token_verifier`, and tells clients which servers issue them (RFC 9728).

    `scopes_supported` are told instead of those that the verifier requires; `resource_name` and
    `resource_documentation` are for people.

    Raises:
        ConfigurationError: no authorization server, or a URL that is none.
    """

    def __init__(
        self,
        token_verifier: AuthProvider,
        authorization_servers: Sequence[Any],
        base_url: Any,
        scopes_supported: Iterable[str] | None = None,
        resource_base_url: Any = None,
        resource_name: str | None = None,
        resource_documentation: Any = None,
        challenge_scopes: Iterable[str] | str | None = None,
    ) -> None:
        if not isinstance(token_verifier, AuthProvider):  # type: ignore[redundant-expr]
            raise ConfigurationError(
                f"token_verifier= takes a verifier, as JWTVerifier(...), not {token_verifier!r}"
            )
        super().__init__(
            base_url,
            token_verifier.required_scopes,
            resource_base_url,
            challenge_scopes=challenge_scopes,
        )
        if isinstance(authorization_servers, str) or not authorization_servers:
            raise ConfigurationError(
                "authorization_servers= takes a list of at least one URL: ['https://...']"
            )
        self.token_verifier = token_verifier
        # An issuer is compared character by character, its last slash included.
        self.authorization_servers: list[str] = [str(each) for each in authorization_servers]
        for each in self.authorization_servers:
            checked_url(each, "authorization_servers")
        self._scopes_supported = (
            None if scopes_supported is None else scopes_of(scopes_supported, "scopes_supported")
        )
        self.resource_name = resource_name
        self.resource_documentation: str | None = (
            None if resource_documentation is None else str(resource_documentation)
        )

    async def verify_token(self, token: str) -> AccessToken | None:
        return await self.token_verifier.verify_token(token)

    @property
    def scopes_supported(self) -> list[str]:
        if self._scopes_supported is not None:
            return self._scopes_supported
        return self.token_verifier.scopes_supported

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        if self.challenge_scopes is not None:
            return self.challenge_scopes
        return self.token_verifier.get_challenge_scopes(required_scopes)

    def set_mcp_path(self, mcp_path: str | None) -> None:
        """What the verifier protects is at the same URL."""
        super().set_mcp_path(mcp_path)
        protect(self.token_verifier, mcp_path, self)

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """The metadata of the protected resource."""
        from .well_known import protected_resource_route

        resource = self._get_resource_url(mcp_path)
        if resource is None:
            logger.warning(
                "RemoteAuthProvider has no base_url=, so that nobody is told where tokens come "
                "from; is the variable set that holds it?"
            )
            return []
        metadata = ProtectedResourceMetadata(
            resource=resource,
            authorization_servers=self.authorization_servers,
            scopes_supported=self.scopes_supported or None,
            resource_name=self.resource_name,
            resource_documentation=self.resource_documentation,
        )
        return [protected_resource_route(metadata)]


def protect(verifier: AuthProvider, mcp_path: str | None, owner: AuthProvider) -> None:
    """Have a verifier protect what its owner does, where it does not say where that is."""
    if verifier.base_url is None and verifier.resource_base_url is None:
        verifier.base_url = owner.base_url
        verifier.resource_base_url = owner.resource_base_url
    verifier.set_mcp_path(mcp_path)
