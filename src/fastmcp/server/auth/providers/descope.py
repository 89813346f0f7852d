"""Descope: the inbound apps and MCP servers of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from fastmcp._oauth.documents import ProtectedResourceMetadata
from fastmcp._oauth.locations import (
    AUTHORIZATION_SERVER,
    OPENID_CONFIGURATION,
    PROTECTED_RESOURCE,
    path_of,
)
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError

from ..identity_providers.forwarded_metadata import ForwardingAuthProvider, RemoteDocument
from ..identity_providers.opaque_tokens import granted_scopes
from ..identity_providers.resource_options import ResourceOptions
from ..provider import AuthProvider
from ..well_known import readable
from .jwt import JWTVerifier

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class DescopeProvider(ForwardingAuthProvider):
    """Takes the tokens of a project: of the project itself, one of its MCP servers or tenants.

    `config_url` is where its OpenID configuration is; `project_id` with `descope_base_url` is
    another way to say so. Without `scopes_supported` and `required_scopes` clients are told the
    scopes of that configuration.
    """

    def __init__(
        self,
        *,
        base_url: Any,
        config_url: Any = None,
        project_id: str | None = None,
        descope_base_url: Any = None,
        required_scopes: list[str] | None = None,
        token_verifier: AuthProvider | None = None,
        **options: Unpack[ResourceOptions],
    ) -> None:
        issuer = _issuer(config_url, project_id, descope_base_url)
        self.project_id: str = _project(issuer)
        parts = urlsplit(issuer)
        self.descope_base_url: str = f"{parts.scheme}://{parts.netloc}"
        self.openid_configuration_url: str = issuer + OPENID_CONFIGURATION
        self.oauth_authorization_server_metadata_url: str = issuer + AUTHORIZATION_SERVER
        verifier = token_verifier or _DescopeVerifier(
            self.descope_base_url, self.project_id, required_scopes
        )
        of_project = f"{self.descope_base_url}/v1/apps/{self.project_id}"
        urls = [self.oauth_authorization_server_metadata_url, of_project + AUTHORIZATION_SERVER]
        super().__init__(
            verifier,
            name="Descope",
            metadata_urls=list(dict.fromkeys(urls)),
            authorization_servers=[issuer],
            base_url=base_url,
            **options,
        )
        self._configuration = RemoteDocument("Descope", [self.openid_configuration_url])
        known = options.get("scopes_supported") is not None or required_scopes is not None
        self._asks_for_scopes = not known and not verifier.scopes_supported

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """The metadata of the protected resource, and of the authorization server."""
        routes = super().get_routes(mcp_path)
        if not self._asks_for_scopes:
            return routes
        resource = self._get_resource_url(mcp_path)
        assert resource is not None
        where = PROTECTED_RESOURCE + path_of(resource)

        async def tell(scope: Scope, receive: Receive, send: Send) -> None:
            await (await self._resource_metadata(resource))(scope, receive, send)

        told = Route(
            where, readable(tell, ["GET"]), methods=["GET", "OPTIONS"], include_in_schema=False
        )
        return [told, *(route for route in routes if route.path != where)]

    async def _resource_metadata(self, resource: str) -> Response:
        try:
            document = await self._configuration.read()
            scopes, cache = granted_scopes(document.get("scopes_supported")), "max-age=3600"
        except AuthorityUnavailable:  # clients can do without
            scopes, cache = [], "no-store"
        metadata = ProtectedResourceMetadata(
            resource=resource,
            authorization_servers=self.authorization_servers,
            scopes_supported=scopes or None,
            resource_name=self.resource_name,
            resource_documentation=self.resource_documentation,
        )
        return Response(metadata.to_json(), 200, {"cache-control": cache}, "application/json")


class _DescopeVerifier(JWTVerifier):
    """Takes the tokens of each issuer of a project: itself, its MCP servers, which have one more
    part after `agentic`, and its tenants, which have one more. All of them sign with its keys.
    """

    def __init__(self, base_url: str, project_id: str, required_scopes: list[str] | None) -> None:
        self.project_issuer = f"{base_url}/v1/apps/{project_id}"
        self.agentic_issuer = f"{base_url}/v1/apps/agentic/{project_id}"
        super().__init__(
            jwks_uri=f"{base_url}/{project_id}/.well-known/jwks.json",
            issuer=self.project_issuer,
            algorithm="RS256",
            audience=project_id,
            required_scopes=required_scopes,
        )

    def _validate_issuer(self, issuer: Any) -> bool:
        if super()._validate_issuer(issuer):
            return True
        of, _, part = str(issuer).rpartition("/")
        return part != "" and of in (self.project_issuer, self.agentic_issuer)


def _issuer(config_url: Any, project_id: str | None, base_url: Any) -> str:
    """The issuer that a configuration is of."""
    if config_url is not None:
        return str(config_url).rstrip("/").removesuffix(OPENID_CONFIGURATION).rstrip("/")
    if project_id is None or base_url is None:
        raise ConfigurationError(
            "DescopeProvider() needs config_url=, or both project_id= and descope_base_url="
        )
    base = str(base_url).rstrip("/")
    if not base.startswith(("http://", "https://")):
        base = f"https://{base}"
    return f"{base}/v1/apps/{project_id}"


def _project(issuer: str) -> str:
    """The project whose issuer it is: the part after `apps`, or after `apps/agentic`."""
    parts = urlsplit(issuer).path.strip("/").split("/")
    for marker in ("agentic", "apps"):
        found = parts[parts.index(marker) + 1 :][:1] if marker in parts else []
        if found and found[0] != "agentic":
            return found[0]
    raise ConfigurationError(
        f"config_url={issuer!r}: it names no project, as https://api.descope.com/v1/apps/P... does"
    )
