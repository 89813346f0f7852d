"""OAuthProvider: an authorization server, whose subclass says who may have tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fastmcp._oauth.documents import OAuthMetadata
from fastmcp._oauth.locations import AUTHORIZATION_SERVER, checked_url, path_of
from fastmcp.exceptions import AuthorizeError, ConfigurationError

from ..provider import AuthProvider
from .grants import CODE, REFRESH
from .options import ClientRegistrationOptions, RevocationOptions
from .rates import OAuthRates
from .redirects import NOT_REGISTERED, decided_by, is_registered
from .resources import same_resource
from .scopes import scopes_of_client, split_scope

if TYPE_CHECKING:
    from starlette.routing import Route

    from ..access_token import AccessToken
    from .grants import (
        AuthorizationCode,
        AuthorizationParams,
        IdentityAssertionParams,
        RefreshToken,
    )


class OAuthProvider(AuthProvider):
    """An authorization server beside the MCP endpoint, whose tokens are for it alone.

    Its routes check what clients send; a subclass keeps clients, codes and tokens, and says who
    is the user. `issuer_url` is what it calls itself, `base_url` by default; it is compared
    character by character. `rates` bounds how often it may be called.

    Raises:
        ConfigurationError: a URL that is none, or scopes that are no texts.
    """

    def __init__(
        self,
        *,
        base_url: Any,
        resource_base_url: Any = None,
        issuer_url: Any = None,
        service_documentation_url: Any = None,
        client_registration_options: Any = None,
        revocation_options: Any = None,
        required_scopes: Iterable[str] | str | None = None,
        challenge_scopes: Iterable[str] | str | None = None,
        rates: OAuthRates | None = None,
    ) -> None:
        super().__init__(
            base_url, required_scopes, resource_base_url, challenge_scopes=challenge_scopes
        )
        if self.base_url is None:
            raise ConfigurationError(
                "base_url= is where clients reach this server, as https://mcp.example.com"
            )
        self.issuer_url: str = self.base_url if issuer_url is None else str(issuer_url)
        checked_url(self.issuer_url, "issuer_url")
        self.service_documentation_url: str | None = (
            None if service_documentation_url is None else str(service_documentation_url)
        )
        self.client_registration_options = client_registration_options
        self.revocation_options = revocation_options
        self.rates: OAuthRates = rates or OAuthRates()

    # What a subclass keeps.

    async def get_client(self, client_id: str) -> Any | None:
        """The client of an id: an `OAuthClientInformationFull`; None if there is none."""
        raise NotImplementedError(f"{type(self).__name__} must implement get_client()")

    async def register_client(self, client_info: Any) -> None:
        """Keep a client, whose id and secret are made already.

        Raises:
            RegistrationError: it may not be registered.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement register_client()")

    async def authorize(self, client: Any, params: AuthorizationParams) -> str:
        """Where to send the user: back to the client with a code, or to a page first.

        Raises:
            AuthorizeError: the client is not given a code.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement authorize()")

    async def load_authorization_code(
        self, client: Any, authorization_code: str
    ) -> AuthorizationCode | None:
        """The code of a client, which stays valid; None if there is none such."""
        raise NotImplementedError(f"{type(self).__name__} must implement load_authorization_code()")

    async def exchange_authorization_code(
        self, client: Any, authorization_code: AuthorizationCode
    ) -> Any:
        """Tokens for a code (an `OAuthToken`), which ends with it.

        Raises:
            TokenError: there are none for it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement exchange_authorization_code()"
        )

    async def load_refresh_token(self, client: Any, refresh_token: str) -> RefreshToken | None:
        """The refresh token of a client; None if there is none such."""
        raise NotImplementedError(f"{type(self).__name__} must implement load_refresh_token()")

    async def exchange_refresh_token(
        self, client: Any, refresh_token: RefreshToken, scopes: list[str]
    ) -> Any:
        """Tokens for a refresh token (an `OAuthToken`), with some of its scopes.

        Raises:
            TokenError: there are none for it.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement exchange_refresh_token()")

    async def exchange_identity_assertion(
        self, client: Any, params: IdentityAssertionParams
    ) -> Any:
        """Tokens by the word of an identity provider; `grant_types_supported` must have the grant.

        Raises:
            TokenError: there are none for it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement exchange_identity_assertion()"
        )

    async def exchange_client_credentials(
        self, client: Any, scopes: list[str] | None, resource: str | None
    ) -> Any:
        """Tokens for a client in its own right; `grant_types_supported` must have the grant.

        Raises:
            TokenError: there are none for it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement exchange_client_credentials()"
        )

    async def load_access_token(self, token: str) -> AccessToken | None:
        """What an access token says; None for one that is not valid."""
        raise NotImplementedError(f"{type(self).__name__} must implement load_access_token()")

    async def token_to_revoke(self, client: Any, token: str) -> Any:
        """The token of a client, access or refresh; None if it has none such."""
        found = await self.load_refresh_token(client, token)
        if found is None:
            found = await self.load_access_token(token)
        return found if found is not None and found.client_id == client.client_id else None

    async def revoke_token(self, token: Any) -> None:
        """End a token, access or refresh, and those that were issued with it."""
        raise NotImplementedError(f"{type(self).__name__} must implement revoke_token()")

    # What a subclass may change.

    async def verify_token(self, token: str) -> AccessToken | None:
        """What an access token says, if it is for this server."""
        found = await self.load_access_token(token)
        return found if found is not None and self.is_for_us(found.resource) else None

    @property
    def grant_types_supported(self) -> list[str]:
        """The grants of the token endpoint."""
        return [CODE, REFRESH]

    @property
    def registrable_grant_types(self) -> list[str]:
        """The grants that clients may register themselves for."""
        return [CODE, REFRESH]

    def registrable_scopes(self, asked: list[str]) -> list[str]:
        """Which scopes a client may have of those that it registers for, where no valid ones are
        listed: those that every request needs.
        """
        return [each for each in asked if each in self.required_scopes]

    @property
    def token_endpoint_auth_methods_supported(self) -> list[str]:
        """How clients may authenticate."""
        return ["none", "client_secret_post", "client_secret_basic"]

    @property
    def takes_client_urls(self) -> bool:
        """Whether the id of a client may be the URL of its metadata (CIMD)."""
        return False

    def get_metadata(self) -> OAuthMetadata:
        """What it says of itself (RFC 8414)."""
        from .metadata import metadata_of

        return metadata_of(self)

    def redirect_uri_of(self, client: Any, requested: str | None) -> str:
        """Where a client's user is sent back to.

        Raises:
            AuthorizeError: the client did not register that, or has to say which.
        """
        registered: list[Any] = list(getattr(client, "redirect_uris", None) or ())
        decide = getattr(client, "validate_redirect_uri", None)
        # Those of the official package compare what they parsed, not what was sent.
        if decide is not None and all(isinstance(each, str) for each in registered):
            return decided_by(decide, requested)
        if requested is None:
            if len(registered) != 1:
                raise AuthorizeError("invalid_request", "redirect_uri is missing")
            requested = str(registered[0])
        if not is_registered(requested, registered):
            raise AuthorizeError("invalid_request", NOT_REGISTERED)
        return requested

    def scopes_granted_to(self, client: Any, scope: str | None) -> list[str] | None:
        """The scopes that a client asks for, if it may; None if it names none.

        Raises:
            AuthorizeError: it may not have them.
        """
        if scope is None:
            return None
        asked = split_scope(scope)
        if asked is None:
            raise AuthorizeError("invalid_scope", "scope is malformed")
        allowed = scopes_of_client(client)
        if allowed is None:
            allowed = self.scopes_supported
        if unknown := [each for each in asked if each not in allowed]:
            raise AuthorizeError("invalid_scope", f"The client may not have {', '.join(unknown)}")
        return asked

    async def accepts_client_assertion(self, client: Any, assertion: str) -> bool:
        """Whether a JWT proves who the client is (`private_key_jwt`, RFC 7523 section 2.2)."""
        return False

    def is_for_us(self, resource: str | None) -> bool:
        """Whether a resource is what this provider protects; one that is not named is."""
        ours = self._resource_url
        return resource is None or ours is None or same_resource(resource, ours)

    # What is the same for all.

    @property
    def registration(self) -> ClientRegistrationOptions:
        """How clients register themselves."""
        options = self.client_registration_options
        return ClientRegistrationOptions() if options is None else options

    @property
    def revocation(self) -> RevocationOptions:
        """Whether clients can revoke tokens."""
        options = self.revocation_options
        return RevocationOptions() if options is None else options

    @property
    def scopes_supported(self) -> list[str]:
        return self.registration.valid_scopes or super().scopes_supported

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """The endpoints of the authorization server, and the documents that tell of them."""
        from .routes import routes_of

        self.set_mcp_path(mcp_path)
        return routes_of(self)

    def get_well_known_routes(self, mcp_path: str | None = None) -> list[Route]:
        """Those at the root of the host; where the issuer has a path, its metadata are there by it,
        and not where those of the root's own issuer are.
        """
        routes = super().get_well_known_routes(mcp_path)
        if not path_of(self.issuer_url):
            return routes
        return [route for route in routes if route.path != AUTHORIZATION_SERVER]
