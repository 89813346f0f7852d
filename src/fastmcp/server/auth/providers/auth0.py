"""Auth0: an application of a tenant, and its Auth for MCP, with which clients register."""

from __future__ import annotations

from typing import Any, Unpack

from fastmcp.exceptions import ConfigurationError

from ..identity_providers.forwarded_metadata import ForwardingAuthProvider
from ..identity_providers.opaque_tokens import granted_scopes
from ..identity_providers.proxy_options import OIDCProxyOptions, scopes_or
from ..identity_providers.resource_options import ResourceOptions
from ..oidc_proxy import DEFAULT_OIDC_DISCOVERY_TIMEOUT_SECONDS, OIDCConfiguration, OIDCProxy
from ..provider import AuthProvider
from .jwt import JWTVerifier


class Auth0Provider(OIDCProxy):
    """Signs users in by an application of Auth0; tokens are for its API `audience`.

    `config_url` is where the tenant's OpenID configuration is. `required_scopes` are `["openid"]`
    by default.
    """

    def __init__(
        self,
        *,
        config_url: Any,
        client_id: str,
        client_secret: str,
        audience: str,
        base_url: Any,
        required_scopes: list[str] | None = None,
        **options: Unpack[OIDCProxyOptions],
    ) -> None:
        super().__init__(
            config_url=config_url,
            client_id=client_id,
            client_secret=client_secret,
            audience=audience,
            base_url=base_url,
            required_scopes=scopes_or(required_scopes, ["openid"]),
            **options,
        )


class Auth0JWTVerifier(JWTVerifier):
    """Takes the permissions of an API, which Auth0 may write in the claim `permissions`, for
    scopes.
    """

    def _extract_scopes(self, claims: dict[str, Any]) -> list[str]:
        return [*super()._extract_scopes(claims), *granted_scopes(claims.get("permissions"))]


class Auth0MCPProvider(ForwardingAuthProvider):
    """Takes the tokens that Auth0 issues for this server.

    The identifier of the API in Auth0 has to be the URL of the MCP endpoint, and the tenant has to
    have the Resource Parameter Compatibility Profile. `config_url` is where its OpenID
    configuration is, which is read at once.
    """

    def __init__(
        self,
        *,
        config_url: Any,
        base_url: Any,
        required_scopes: list[str] | None = None,
        token_verifier: AuthProvider | None = None,
        timeout_seconds: float | None = DEFAULT_OIDC_DISCOVERY_TIMEOUT_SECONDS,
        **options: Unpack[ResourceOptions],
    ) -> None:
        found = OIDCConfiguration.get_oidc_configuration(
            config_url, strict=None, timeout_seconds=timeout_seconds
        )
        if not found.issuer or not found.jwks_uri:
            raise ConfigurationError(f"config_url={str(config_url)!r}: no issuer or jwks_uri there")
        issuer = str(found.issuer)
        self.issuer: str = issuer.rstrip("/")
        super().__init__(
            token_verifier
            or Auth0JWTVerifier(
                jwks_uri=str(found.jwks_uri),
                issuer=issuer,
                algorithm="RS256",
                required_scopes=required_scopes,
            ),
            name="Auth0",
            metadata_urls=[f"{self.issuer}/.well-known/oauth-authorization-server"],
            authorization_servers=[issuer],
            base_url=base_url,
            **options,
        )
