"""What a proxy keeps: its clients, the authorizations under way, codes, and upstream tokens."""

from __future__ import annotations

from typing import Any

from msgspec import field

from fastmcp._oauth.documents import OAuthClientInformationFull
from fastmcp.exceptions import AuthorizeError
from fastmcp.wire.model import Model

from ..oauth.redirects import is_in_clear, is_registered, problem_of
from ..redirect_validation import matches_allowed_pattern

DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS = 60 * 60
DEFAULT_ACCESS_TOKEN_EXPIRY_NO_REFRESH_SECONDS = 365 * 24 * 60 * 60
DEFAULT_REFRESH_TOKEN_EXPIRY_SECONDS = 365 * 24 * 60 * 60
DEFAULT_AUTH_CODE_EXPIRY_SECONDS = 5 * 60
TRANSACTION_SECONDS = 15 * 60


class Record(Model, rename=None):
    """Something that is kept, and may be secret."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class OAuthTransaction(Record):
    """An authorization under way. `txn_id` is the `state` that the identity provider is given,
    `consent_token` the hash of what the browser has that consented.
    """

    txn_id: str
    client_id: str
    client_redirect_uri: str
    client_state: str | None
    code_challenge: str
    scopes: list[str]
    created_at: float
    code_challenge_method: str = "S256"
    resource: str | None = None
    proxy_code_verifier: str | None = None
    consent_token: str | None = None


class ClientCode(Record):
    """What a code is for, by the code's hash; `idp_tokens` is what the identity provider sent."""

    client_id: str
    redirect_uri: str
    code_challenge: str
    scopes: list[str]
    idp_tokens: dict[str, Any]
    expires_at: float
    resource: str | None = None


class UpstreamTokenSet(Record):
    """The tokens of one user at the identity provider, which one client's tokens here stand for.

    `refresh_jti` names the one refresh token here that is good, `previous_jti` the one before,
    which was replaced at `rotated_at`. `refreshed_at` is when the identity provider was last asked.
    """

    upstream_token_id: str
    access_token: str
    refresh_token: str | None
    refresh_token_expires_at: float | None
    expires_at: float
    token_type: str
    scope: str
    client_id: str
    created_at: float
    raw_token_data: dict[str, Any] = field(default_factory=dict[str, Any])
    refresh_jti: str | None = None
    previous_jti: str | None = None
    rotated_at: float = 0
    refreshed_at: float = 0
    ends_at: float = 0

    @property
    def scopes(self) -> list[str]:
        """The scopes that the identity provider granted, as clients call them."""
        return self.scope.split()


class ProxyDCRClient(OAuthClientInformationFull):
    """A client of a proxy: it has no secret, and may be sent back to what it registered, if
    `allowed_redirect_uri_patterns`, None for all, have it too.

    With `allow_unregistered_redirect_uris` the patterns alone decide, or else the user, who sees
    where it is.
    """

    allowed_redirect_uri_patterns: list[str] | None = None
    allow_unregistered_redirect_uris: bool = False

    def validate_redirect_uri(self, redirect_uri: Any = None) -> str:
        """Where the user is sent back to.

        Raises:
            AuthorizeError: there is no such place, or more than one.
        """
        registered = self.redirect_uris or []
        if redirect_uri is None:
            if len(registered) != 1:
                raise AuthorizeError("invalid_request", "redirect_uri is missing")
            redirect_uri = registered[0]
        uri, patterns = str(redirect_uri), self.allowed_redirect_uri_patterns
        if problem := problem_of(uri):
            raise AuthorizeError("invalid_request", f"redirect_uri cannot be: {problem}")
        known = self.allow_unregistered_redirect_uris or is_registered(uri, registered)
        if patterns is None:
            allowed = not is_in_clear(uri)
        else:
            allowed = any(matches_allowed_pattern(uri, each) for each in patterns)
        if not known or not allowed:
            raise AuthorizeError("invalid_request", "redirect_uri is not one of this client's")
        return uri
