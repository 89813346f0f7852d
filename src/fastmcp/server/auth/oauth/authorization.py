"""The authorization endpoint (RFC 6749 section 4.1.1, with PKCE, RFC 8707 and RFC 9207)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fastmcp._oauth.pkce import is_challenge
from fastmcp.exceptions import (
    AuthorityUnavailable,
    AuthorizeError,
    OAuthError,
    StoreUnavailable,
)

from .error_page import authorization_error, unregistered_client
from .form import form_of, query_of
from .grants import AuthorizationParams
from .redirects import construct_redirect_uri
from .replies import NO_STORE, oauth_error

if TYPE_CHECKING:
    from .provider import OAuthProvider

logger: Final = logging.getLogger("fastmcp.server.auth")


class AuthorizationHandler:
    """Sends a user on to where the provider says, after all that a client sent was checked.

    The client hears of errors by a redirect, but only where it is known, and the redirect URI is
    its own; else the user sees a page.
    """

    def __init__(
        self,
        provider: OAuthProvider,
        base_url: Any,
        server_name: str | None = None,
        server_icon_url: str | None = None,
    ) -> None:
        self.provider = provider
        self._base_url = str(base_url).rstrip("/")
        self._server_name = server_name
        self._server_icon_url = server_icon_url

    async def handle(self, request: Request) -> Response:
        """The response to an authorization request."""
        try:
            asked = query_of(request) if request.method == "GET" else await form_of(request)
            client_id = asked.get("client_id")
            if client_id is None:
                raise AuthorizeError("invalid_request", "client_id is missing")
            client = await self.provider.get_client(client_id)
            if client is None:
                return unregistered_client(
                    request,
                    client_id,
                    asked.get("state"),
                    base_url=self._base_url,
                    registers=self.provider.registration.enabled,
                    server_name=self._server_name,
                    server_icon=self._server_icon_url,
                )
            redirect_uri = self.provider.redirect_uri_of(client, asked.get("redirect_uri"))
        except OAuthError as error:
            return authorization_error(request, error)
        return redirect(await self._next(client, redirect_uri, asked))

    async def _next(self, client: Any, redirect_uri: str, asked: dict[str, str]) -> str:
        """Where the user goes from here; errors go to the client."""
        try:
            params = self._params(client, redirect_uri, asked)
            location = str(await self.provider.authorize(client, params))
        except (AuthorityUnavailable, StoreUnavailable) as unavailable:
            logger.error("Nobody can be authorized now: %s", unavailable)
            error = OAuthError("temporarily_unavailable", "Try again later")
        except Exception as raised:
            known = oauth_error(raised)
            if known is None:
                logger.exception("Authorizing a client failed")
            error = known or OAuthError("server_error", "The server failed")
        else:
            return self._with_issuer(location, redirect_uri)
        return error_redirect(redirect_uri, error, asked.get("state"), self.provider.issuer_url)

    def _params(self, client: Any, redirect_uri: str, asked: dict[str, str]) -> AuthorizationParams:
        if asked.get("response_type") != "code":
            known = "response_type" in asked
            code = "unsupported_response_type" if known else "invalid_request"
            raise AuthorizeError(code, "response_type has to be code")
        if "request" in asked or "request_uri" in asked:
            code = "request_not_supported" if "request" in asked else "request_uri_not_supported"
            raise AuthorizeError(code, "Parameters are taken as they are, not in an object")
        if asked.get("response_mode", "query") != "query":
            raise AuthorizeError("invalid_request", "response_mode has to be query")
        challenge = asked.get("code_challenge", "")
        # One without a method is taken for S256 as well: plain is taken for nothing.
        if asked.get("code_challenge_method", "S256") != "S256" or not is_challenge(challenge):
            raise AuthorizeError("invalid_request", "A code_challenge by S256 is needed (PKCE)")
        resource = asked.get("resource")
        if not self.provider.is_for_us(resource):
            raise AuthorizeError("invalid_target", "resource is not what this server protects")
        return AuthorizationParams(
            state=asked.get("state"),
            scopes=self.provider.scopes_granted_to(client, asked.get("scope")),
            code_challenge=challenge,
            redirect_uri=redirect_uri,
            redirect_uri_provided_explicitly="redirect_uri" in asked,
            resource=resource,
        )

    def _with_issuer(self, location: str, redirect_uri: str) -> str:
        """What goes straight back to the client says who sends it (RFC 9207)."""
        if not location.startswith(redirect_uri):
            return location
        added = location[len(redirect_uri) :]
        names = {pair.partition("=")[0] for pair in added.lstrip("?&").split("&")}
        if "iss" in names or not names & {"code", "error"}:
            return location
        return construct_redirect_uri(location, iss=self.provider.issuer_url)


def redirect(location: str) -> Response:
    """A redirect that no cache keeps, and whose target is not told where it comes from."""
    headers = {**NO_STORE, "location": location, "referrer-policy": "no-referrer"}
    return Response(status_code=302, headers=headers)


def error_redirect(redirect_uri: str, error: OAuthError, state: str | None, issuer: str) -> str:
    """Where a client hears of an error."""
    return construct_redirect_uri(
        redirect_uri,
        error=error.error,
        error_description=error.error_description,
        state=state,
        iss=issuer,
    )
