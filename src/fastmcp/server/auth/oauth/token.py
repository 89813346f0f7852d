"""The token endpoint (RFC 6749 section 3.2)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from fastmcp._oauth.documents import OAuthToken
from fastmcp._oauth.pkce import proves
from fastmcp.exceptions import TokenError

from .client_authentication import ClientAuthenticator
from .form import form_of
from .grants import CLIENT_CREDENTIALS, CODE, JWT_BEARER, REFRESH, IdentityAssertionParams
from .redirects import is_same
from .replies import json_reply
from .resources import same_resource
from .scopes import scopes_of_client, split_scope

if TYPE_CHECKING:
    from .grants import AuthorizationCode
    from .provider import OAuthProvider


class TokenHandler:
    """Gives authenticated clients tokens for what they have: a code, a refresh token, an assertion.

    A code or token that is not valid is `invalid_grant` with status 400, as RFC 6749 has it.
    """

    def __init__(self, provider: OAuthProvider, client_authenticator: ClientAuthenticator) -> None:
        self.provider = provider
        self.client_authenticator = client_authenticator
        self._exchanges = {
            CODE: self._by_code,
            REFRESH: self._by_refresh_token,
            JWT_BEARER: self._by_identity_assertion,
            CLIENT_CREDENTIALS: self._by_client_credentials,
        }

    async def handle(self, request: Request) -> Response:
        """The response to a token request.

        Raises:
            TokenError: it gets none.
        """
        form = await form_of(request)
        client = await self.client_authenticator.authenticate(request, form)
        grant = _needed(form, "grant_type")
        if grant not in self._exchanges or grant not in self.provider.grant_types_supported:
            raise TokenError("unsupported_grant_type", "This server does not have this grant")
        if grant not in (getattr(client, "grant_types", None) or (CODE, REFRESH)):
            raise TokenError("unauthorized_client", "The client is not registered for this grant")
        if not self.provider.is_for_us(form.get("resource")):
            raise TokenError("invalid_target", "resource is not what this server protects")
        tokens = OAuthToken.model_validate(await self._exchanges[grant](client, form))
        return json_reply(tokens.to_json())

    async def _by_code(self, client: Any, form: dict[str, str]) -> Any:
        verifier = _needed(form, "code_verifier")
        code = await self.provider.load_authorization_code(client, _needed(form, "code"))
        if code is None or code.client_id != client.client_id or code.expires_at < time.time():
            raise TokenError("invalid_grant", "The code is not valid, or no longer")
        if not _is_sent_back_to(form.get("redirect_uri"), code):
            raise TokenError("invalid_grant", "redirect_uri is not the one that the code was for")
        if not proves(verifier, code.code_challenge):
            raise TokenError("invalid_grant", "code_verifier is not that of the code_challenge")
        _same_target(form.get("resource"), code.resource)
        return await self.provider.exchange_authorization_code(client, code)

    async def _by_refresh_token(self, client: Any, form: dict[str, str]) -> Any:
        sent = _needed(form, "refresh_token")
        token = await self.provider.load_refresh_token(client, sent)
        if (
            token is None
            or token.client_id != client.client_id
            or (token.expires_at is not None and token.expires_at < time.time())
        ):
            raise TokenError("invalid_grant", "The refresh token is not valid, or no longer")
        _same_target(form.get("resource"), token.resource)
        scopes = _scopes(form)
        if scopes is not None and not set(scopes) <= set(token.scopes):
            raise TokenError("invalid_scope", "A refresh token gives no more than its own scopes")
        return await self.provider.exchange_refresh_token(
            client, token, list(token.scopes) if scopes is None else scopes
        )

    async def _by_identity_assertion(self, client: Any, form: dict[str, str]) -> Any:
        params = IdentityAssertionParams(
            assertion=_needed(form, "assertion"),
            scopes=_scopes(form),
            resource=form.get("resource"),
        )
        return await self.provider.exchange_identity_assertion(client, params)

    async def _by_client_credentials(self, client: Any, form: dict[str, str]) -> Any:
        if getattr(client, "token_endpoint_auth_method", None) in (None, "none"):
            raise TokenError("unauthorized_client", "This grant is for clients with credentials")
        scopes = _scopes(form)
        allowed = scopes_of_client(client)
        if scopes is not None and allowed is not None and not set(scopes) <= set(allowed):
            raise TokenError("invalid_scope", "The client may not have these scopes")
        return await self.provider.exchange_client_credentials(client, scopes, form.get("resource"))


def _is_sent_back_to(redirect_uri: str | None, code: AuthorizationCode) -> bool:
    """Whether it is where the code went; one that goes without saying need not be said again."""
    if redirect_uri is None:
        return not code.redirect_uri_provided_explicitly
    return is_same(redirect_uri, str(code.redirect_uri))


def _needed(form: dict[str, str], name: str) -> str:
    try:
        return form[name]
    except KeyError:
        raise TokenError("invalid_request", f"{name} is missing") from None


def _scopes(form: dict[str, str]) -> list[str] | None:
    if (scope := form.get("scope")) is None:
        return None
    scopes = split_scope(scope)
    if scopes is None:
        raise TokenError("invalid_scope", "scope is malformed")
    return scopes


def _same_target(asked: str | None, granted: str | None) -> None:
    if asked is not None and granted is not None and not same_resource(asked, granted):
        raise TokenError("invalid_target", "resource is not the one that was granted")
