"""The documents of OAuth, with their members' names (RFC 6749, 7591, 8414, 9728)."""

from __future__ import annotations

from typing import Any

from msgspec import field

from fastmcp.wire.model import Model


class Document(Model, rename=None, omit_defaults=False):
    """A JSON document; members that are None are left out of it. Members that nobody knows are not
    an error.
    """

    def to_json(self) -> bytes:
        """The document as it is sent."""
        return self.model_dump_json(exclude_none=True).encode()


class OAuthToken(Document):
    """A successful answer of the token endpoint (RFC 6749 section 5.1); `expires_in` in seconds,
    `scope` separated by spaces.
    """

    access_token: str
    token_type: str = "Bearer"
    expires_in: int | None = None
    scope: str | None = None
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"OAuthToken('…', expires_in={self.expires_in}, scope={self.scope!r})"


class OAuthClientMetadata(Document):
    """What a client says of itself to be registered (RFC 7591 section 2)."""

    redirect_uris: list[str] | None = None
    token_endpoint_auth_method: str | None = None
    grant_types: list[str] = field(default_factory=lambda: ["authorization_code", "refresh_token"])
    response_types: list[str] = field(default_factory=lambda: ["code"])
    scope: str | None = None
    client_name: str | None = None
    client_uri: str | None = None
    logo_uri: str | None = None
    contacts: list[str] | None = None
    tos_uri: str | None = None
    policy_uri: str | None = None
    jwks_uri: str | None = None
    jwks: dict[str, Any] | None = None
    software_id: str | None = None
    software_version: str | None = None
    application_type: str | None = None

    def __post_init__(self) -> None:
        if self.redirect_uris is not None:
            self.redirect_uris = [str(uri) for uri in self.redirect_uris]
        for name in ("client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"):
            if (uri := getattr(self, name)) is not None:
                setattr(self, name, str(uri))


class OAuthClientInformationFull(OAuthClientMetadata):
    """A registered client (RFC 7591 section 3.2.1); times are in seconds since 1970.

    `issuer` is which authorization server registered it, as its client remembers.
    """

    client_id: str
    client_secret: str | None = None
    client_id_issued_at: int | None = None
    client_secret_expires_at: int | None = None
    issuer: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.client_id!r}, client_name={self.client_name!r})"


class OAuthMetadata(Document):
    """What an authorization server says of itself (RFC 8414, RFC 9207, OpenID Connect)."""

    issuer: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    registration_endpoint: str | None = None
    jwks_uri: str | None = None
    scopes_supported: list[str] | None = None
    response_types_supported: list[str] = field(default_factory=lambda: ["code"])
    response_modes_supported: list[str] | None = None
    grant_types_supported: list[str] | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None
    token_endpoint_auth_signing_alg_values_supported: list[str] | None = None
    service_documentation: str | None = None
    ui_locales_supported: list[str] | None = None
    op_policy_uri: str | None = None
    op_tos_uri: str | None = None
    revocation_endpoint: str | None = None
    revocation_endpoint_auth_methods_supported: list[str] | None = None
    revocation_endpoint_auth_signing_alg_values_supported: list[str] | None = None
    introspection_endpoint: str | None = None
    introspection_endpoint_auth_methods_supported: list[str] | None = None
    introspection_endpoint_auth_signing_alg_values_supported: list[str] | None = None
    userinfo_endpoint: str | None = None
    code_challenge_methods_supported: list[str] | None = None
    client_id_metadata_document_supported: bool | None = None
    authorization_response_iss_parameter_supported: bool | None = None
    authorization_grant_profiles_supported: list[str] | None = None


class ProtectedResourceMetadata(Document):
    """What a resource server says of itself (RFC 9728 section 2)."""

    resource: str
    authorization_servers: list[str] | None = None
    jwks_uri: str | None = None
    scopes_supported: list[str] | None = None
    bearer_methods_supported: list[str] | None = field(default_factory=lambda: ["header"])
    resource_signing_alg_values_supported: list[str] | None = None
    resource_name: str | None = None
    resource_documentation: str | None = None
    resource_policy_uri: str | None = None
    resource_tos_uri: str | None = None
