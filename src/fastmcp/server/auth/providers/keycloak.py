"""Keycloak: the clients of a realm, which register by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from ..identity_providers.proxy_options import scopes_or
from ..identity_providers.resource_options import ResourceOptions
from ..provider import AuthProvider
from ..remote import RemoteAuthProvider
from .jwt import JWTVerifier


class KeycloakAuthProvider(RemoteAuthProvider):
    """Takes the tokens that the realm at `realm_url` issues for this server (Keycloak 26.6 or
    later).

    Tokens must be for one `audience`, by default the URL of the MCP endpoint: an audience mapper
    of the realm adds it. With `accept_any_audience` tokens that were issued for other services are
    let in, too. `required_scopes` are `["openid"]` by default, without which tokens do not say
    whose they are.
    """

    def __init__(
        self,
        *,
        realm_url: Any,
        base_url: Any,
        required_scopes: list[str] | str | None = None,
        audience: str | Sequence[str] | None = None,
        accept_any_audience: bool = False,
        token_verifier: AuthProvider | None = None,
        **options: Unpack[ResourceOptions],
    ) -> None:
        self.realm_url: str = str(realm_url).rstrip("/")
        super().__init__(
            token_verifier
            or JWTVerifier(
                jwks_uri=f"{self.realm_url}/protocol/openid-connect/certs",
                issuer=self.realm_url,
                audience=audience,
                accept_any_audience=accept_any_audience,
                algorithm="RS256",
                required_scopes=scopes_or(required_scopes, ["openid"]),
            ),
            authorization_servers=[self.realm_url],
            base_url=base_url,
            **options,
        )
