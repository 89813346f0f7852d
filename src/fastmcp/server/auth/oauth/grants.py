"""What a client asks of the authorization server, and what it is given for it."""

from __future__ import annotations

from fastmcp.wire.model import Model

CODE = "authorization_code"
REFRESH = "refresh_token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_CREDENTIALS = "client_credentials"


class AuthorizationParams(Model, rename=None):
    """A request of the authorization endpoint that was found valid; `scopes` is None where the
    client names none, `resource` what tokens shall be for (RFC 8707).
    """

    state: str | None
    scopes: list[str] | None
    code_challenge: str
    redirect_uri: str
    redirect_uri_provided_explicitly: bool
    resource: str | None = None

    def __post_init__(self) -> None:
        self.redirect_uri = str(self.redirect_uri)


class AuthorizationCode(Model, rename=None):
    """A code to be exchanged for tokens, and what it is bound to."""

    code: str
    scopes: list[str]
    expires_at: float
    client_id: str
    code_challenge: str
    redirect_uri: str
    redirect_uri_provided_explicitly: bool
    resource: str | None = None
    subject: str | None = None

    def __post_init__(self) -> None:
        self.redirect_uri = str(self.redirect_uri)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('…', client_id={self.client_id!r}, scopes={self.scopes!r})"


class RefreshToken(Model, rename=None):
    """A token to be exchanged for others; `expires_at` is None for one that does not end."""

    token: str
    client_id: str
    scopes: list[str]
    expires_at: int | None = None
    resource: str | None = None
    subject: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}('…', client_id={self.client_id!r}, scopes={self.scopes!r})"


class IdentityAssertionParams(Model, rename=None):
    """A request to exchange an ID-JAG, the word of an identity provider (RFC 7523 section 2.1)."""

    assertion: str
    scopes: list[str] | None = None
    resource: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}('…', scopes={self.scopes!r})"
