"""Supabase: the users of a project's Auth."""

from __future__ import annotations

import logging
from typing import Any, Final, Unpack

from ..identity_providers.forwarded_metadata import ForwardingAuthProvider
from ..identity_providers.resource_options import ResourceOptions
from ..provider import AuthProvider
from .jwt import JWTVerifier

logger: Final = logging.getLogger("fastmcp.server.auth")


class SupabaseProvider(ForwardingAuthProvider):
    """Takes the tokens of a project's users.

    They are signed by `algorithm`, RS256 or ES256, as the project is set up. Supabase does not say
    which server a token is for: one that another server of the same project was given is valid
    here, too.
    """

    def __init__(
        self,
        *,
        project_url: Any,
        base_url: Any,
        auth_route: str = "/auth/v1",
        algorithm: str = "ES256",
        required_scopes: list[str] | None = None,
        token_verifier: AuthProvider | None = None,
        **options: Unpack[ResourceOptions],
    ) -> None:
        self.project_url: str = str(project_url).rstrip("/")
        self.auth_route: str = auth_route.strip("/")
        issuer = f"{self.project_url}/{self.auth_route}"
        if token_verifier is None:
            logger.warning(
                "Tokens of Supabase do not say which server they are for: whoever a user gave one "
                "to can use it at every server of %s",
                self.project_url,
            )
            token_verifier = JWTVerifier(
                jwks_uri=f"{issuer}/.well-known/jwks.json",
                issuer=issuer,
                audience="authenticated",
                algorithm=algorithm,
                required_scopes=required_scopes,
            )
        super().__init__(
            token_verifier,
            name="Supabase",
            metadata_urls=[f"{issuer}/.well-known/oauth-authorization-server"],
            authorization_servers=[issuer],
            base_url=base_url,
            **options,
        )
