"""Scalekit: the MCP servers of an environment."""

from __future__ import annotations

import logging
from typing import Any, Final, Unpack

from fastmcp.exceptions import ConfigurationError

from ..identity_providers.forwarded_metadata import ForwardingAuthProvider
from ..identity_providers.resource_options import ResourceOptions
from ..provider import AuthProvider
from .jwt import JWTVerifier

logger: Final = logging.getLogger("fastmcp.server.auth")


class ScalekitProvider(ForwardingAuthProvider):
    """Takes the tokens that an environment issues for the MCP server `resource_id`.

    `mcp_url` is an older name of `base_url`; `client_id` is not used.
    """

    def __init__(
        self,
        *,
        environment_url: Any,
        resource_id: str,
        base_url: Any = None,
        mcp_url: Any = None,
        client_id: str | None = None,
        required_scopes: list[str] | None = None,
        token_verifier: AuthProvider | None = None,
        **options: Unpack[ResourceOptions],
    ) -> None:
        if not base_url and not mcp_url:
            raise ConfigurationError("ScalekitProvider() needs base_url=, the URL of this server")
        if mcp_url is not None:
            logger.warning("ScalekitProvider(mcp_url=) is called base_url= now")
        if client_id is not None:
            logger.warning("ScalekitProvider(client_id=) is not used: leave it out")
        self.environment_url: str = str(environment_url).rstrip("/")
        self.resource_id = resource_id
        of_resource = f"{self.environment_url}/resources/{resource_id}"
        super().__init__(
            token_verifier
            or JWTVerifier(
                jwks_uri=f"{self.environment_url}/keys",
                # Which of the two an environment writes depends on its age.
                issuer=[self.environment_url, of_resource],
                audience=resource_id,
                algorithm="RS256",
                required_scopes=required_scopes,
            ),
            name="Scalekit",
            metadata_urls=[
                f"{self.environment_url}/.well-known/oauth-authorization-server"
                f"/resources/{resource_id}"
            ],
            authorization_servers=[of_resource],
            base_url=base_url or mcp_url,
            **options,
        )
