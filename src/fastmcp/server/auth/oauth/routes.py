"""The routes of an authorization server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from fastmcp._oauth.documents import ProtectedResourceMetadata
from fastmcp._oauth.locations import AUTHORIZATION_SERVER, OPENID_CONFIGURATION, path_of

from ..well_known import document_route, protected_resource_route, readable
from .authorization import AuthorizationHandler
from .client_authentication import ClientAuthenticator
from .endpoint import MAX_BODY, Handle, endpoint
from .metadata import AUTHORIZE, REGISTER, REVOKE, TOKEN
from .rates import EndpointRate
from .registration import MAX_METADATA, RegistrationHandler
from .revocation import RevocationHandler
from .token import TokenHandler

if TYPE_CHECKING:
    from .provider import OAuthProvider


def routes_of(provider: OAuthProvider) -> list[Route]:
    """All of them, below the `base_url` and at the root of its host."""
    authenticator = ClientAuthenticator(provider)
    rates = provider.rates
    authorize = AuthorizationHandler(provider, provider.base_url)
    routes = [
        *_documents(provider),
        # Browsers go there by themselves: no page of another origin has to read what it answers.
        Route(
            AUTHORIZE,
            endpoint(authorize.handle, rates.authorize),
            methods=["GET", "POST"],
            include_in_schema=False,
        ),
        _for_clients(TOKEN, TokenHandler(provider, authenticator).handle, rates.token),
    ]
    if provider.registration.enabled:
        register = RegistrationHandler(provider, provider.registration)
        routes.append(_for_clients(REGISTER, register.handle, rates.register, MAX_METADATA))
    if provider.revocation.enabled:
        revoke = RevocationHandler(provider, authenticator)
        routes.append(_for_clients(REVOKE, revoke.handle, rates.token))
    return routes


def _for_clients(
    path: str, handle: Handle, rate: EndpointRate | None, max_body: int = MAX_BODY
) -> Route:
    """An endpoint that clients in browsers use as well."""
    app = readable(endpoint(handle, rate, max_body), ["POST"])
    return Route(path, app, methods=["POST", "OPTIONS"], include_in_schema=False)


def _documents(provider: OAuthProvider) -> list[Route]:
    """The metadata at the root, and by the issuer's path (RFC 8414 section 3.1): a proxy in front
    may take the path away.
    """
    metadata = provider.get_metadata()
    places = dict.fromkeys(
        place + path
        for path in (path_of(provider.issuer_url), "")
        for place in (AUTHORIZATION_SERVER, OPENID_CONFIGURATION)
    )
    routes = [document_route(place, metadata) for place in places]
    resource = provider._get_resource_url(provider._mcp_path)
    if resource is not None:
        told = ProtectedResourceMetadata(
            resource=resource,
            authorization_servers=[provider.issuer_url],
            scopes_supported=provider.scopes_supported or None,
        )
        routes.append(protected_resource_route(told))
    return routes
