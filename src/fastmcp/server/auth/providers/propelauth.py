"""PropelAuth: the MCP authentication of a project."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from ..identity_providers.forwarded_metadata import ForwardingAuthProvider
from ..identity_providers.resource_options import ResourceOptions
from .introspection import IntrospectionTokenVerifier


class PropelAuthTokenIntrospectionOverrides(TypedDict, total=False):
    """Options of the verifier, `IntrospectionTokenVerifier`."""

    timeout_seconds: int
    cache_ttl_seconds: int | None
    max_cache_size: int | None
    http_client: Any


class PropelAuthProvider(ForwardingAuthProvider):
    """Takes the tokens that PropelAuth knows, which it is asked about with the introspection
    credentials of its dashboard.

    With a `resource` they must be for it, as several servers of one project need; its URL is that
    of the MCP endpoint, as clients write it.
    """

    def __init__(
        self,
        *,
        auth_url: Any,
        introspection_client_id: str,
        introspection_client_secret: Any,
        base_url: Any,
        required_scopes: list[str] | None = None,
        resource: Any = None,
        token_introspection_overrides: PropelAuthTokenIntrospectionOverrides | None = None,
        **options: Unpack[ResourceOptions],
    ) -> None:
        self.auth_url: str = str(auth_url).rstrip("/")
        super().__init__(
            IntrospectionTokenVerifier(
                introspection_url=f"{self.auth_url}/oauth/2.1/introspect",
                client_id=introspection_client_id,
                client_secret=introspection_client_secret,
                audience=None if resource is None else str(resource),
                required_scopes=required_scopes,
                **(token_introspection_overrides or {}),
            ),
            name="PropelAuth",
            metadata_urls=[f"{self.auth_url}/.well-known/oauth-authorization-server/oauth/2.1"],
            authorization_servers=[f"{self.auth_url}/oauth/2.1"],
            base_url=base_url,
            **options,
        )
