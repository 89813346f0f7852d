"""Who a client is, by what it sends to the token endpoint (RFC 6749 section 2.3, RFC 7523)."""

from __future__ import annotations

import base64
import hmac
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from msgspec import DecodeError, Struct, json
from starlette.requests import Request

from fastmcp.exceptions import TokenError

from .form import form_of

if TYPE_CHECKING:
    from .provider import OAuthProvider

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_UNKNOWN = "The client is not known here, or did not prove that it is the one it says"


class _Credentials(Struct, frozen=True):
    """What a request says of its client."""

    client_id: str
    secret: str | None = None
    assertion: str | None = None


class ClientAuthenticator:
    """Authenticates clients in the ways that they registered for."""

    def __init__(self, provider: OAuthProvider) -> None:
        self.provider = provider

    async def authenticate_request(self, request: Request) -> Any:
        """The client of a request.

        Raises:
            TokenError: `invalid_client`, or the request says it in two ways.
        """
        return await self.authenticate(request, await form_of(request))

    async def authenticate(self, request: Request, form: dict[str, str]) -> Any:
        """The client of a request with this form."""
        credentials = _credentials(request.headers.getlist("authorization"), form)
        client = await self.provider.get_client(credentials.client_id)
        if client is None or not await self._proven(client, credentials):
            raise TokenError("invalid_client", _UNKNOWN)
        return client

    async def _proven(self, client: Any, credentials: _Credentials) -> bool:
        method = getattr(client, "token_endpoint_auth_method", None)
        secret = getattr(client, "client_secret", None)
        if method == "private_key_jwt":
            assertion = credentials.assertion
            return assertion is not None and await self.provider.accepts_client_assertion(
                client, assertion
            )
        if secret is None:
            return method in (None, "none")
        # Whether the secret comes in the header or in the form, it is the same proof; clients
        # are known to register for the one and to use the other.
        if not hmac.compare_digest(secret.encode(), (credentials.secret or "").encode()):
            return False
        expires = getattr(client, "client_secret_expires_at", None)
        return not expires or expires > time.time()


def _credentials(headers: list[str], form: dict[str, str]) -> _Credentials:
    client_id, secret = form.get("client_id"), form.get("client_secret")
    assertion = form.get("client_assertion")
    if len(headers) + ("client_secret" in form) + ("client_assertion" in form) > 1:
        raise TokenError("invalid_request", "The client authenticates in more than one way")
    if headers:
        named, secret = _basic(headers[0])
        if client_id not in (None, named):
            raise TokenError("invalid_client", _UNKNOWN)
        client_id = named
    if assertion is not None:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise TokenError("invalid_request", f"client_assertion_type has to be {ASSERTION_TYPE}")
        client_id = client_id or _subject_of(assertion)
    if client_id is None:
        raise TokenError("invalid_client", "client_id is missing")
    return _Credentials(client_id, secret, assertion)


def _basic(header: str) -> tuple[str, str]:
    """Id and secret, each of them encoded as in a form before (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError(scheme)
        text = base64.b64decode(encoded.strip(), validate=True).decode()
        client_id, colon, secret = text.partition(":")
        if not colon or not client_id:
            raise ValueError(text)
        return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError:
        raise TokenError("invalid_client", "The Authorization header is malformed") from None


def _subject_of(assertion: str) -> str | None:
    """Whom a JWT speaks of, unverified: who verifies it has to know whose keys to take."""
    payload = assertion.split(".")[1] if assertion.count(".") == 2 else ""
    try:
        decoded = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return json.decode(decoded, type=_Subject).sub
    except (ValueError, DecodeError, RecursionError):
        return None


class _Subject(Struct):
    sub: str
