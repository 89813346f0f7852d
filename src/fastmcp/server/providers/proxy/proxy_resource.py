"""ProxyResource: a resource of the server behind a proxy."""

from __future__ import annotations

from typing import Any, Self

from fastmcp.resources.base import Resource, ResourceResult
from fastmcp.wire.content import Resource as WireResource
from fastmcp.wire.revisions import R2025_11_25

from ...context import Context
from .backend import Backend
from .client_factory import ClientFactoryT
from .component_meta import known_versions, own_version, tags_of
from .relayed_results import RelayedContents, demand_of


class ProxyResource(Resource, kw_only=True):
    """Reads a resource of another server: at `backend_uri` there, wherever it is here."""

    client_factory: ClientFactoryT
    backend_uri: str = ""
    backend: Backend | None = None

    def __post_init__(self) -> None:
        self.backend_uri = self.backend_uri or self.uri
        self.written: str = self.written or self.uri
        self.name: str = self.name or self.uri

    @classmethod
    def from_mcp_resource(
        cls,
        client_factory: ClientFactoryT,
        mcp_resource: WireResource,
        backend: Backend | None = None,
    ) -> Self:
        """A resource as its server lists it."""
        meta = mcp_resource.meta
        made = cls(
            client_factory=client_factory,
            backend=backend,
            uri=mcp_resource.uri,
            name=mcp_resource.name,
            title=mcp_resource.title,
            description=mcp_resource.description,
            version=own_version(meta),
            mime_type=mcp_resource.mime_type or "text/plain",
            icons=mcp_resource.icons,
            annotations=mcp_resource.annotations,
            size=mcp_resource.size,
            tags=tags_of(meta),
            meta=meta,
        )
        made.versions = known_versions(meta)
        return made

    async def read(self) -> Any:
        return await self.read_at(self.uri, {})

    async def read_at(self, uri: str, values: dict[str, Any]) -> Any:
        theirs = self.backend_uri + uri.removeprefix(self.uri)
        backend = self.backend or Backend(self.client_factory)
        return await read_behind(backend, theirs, self.version)

    def query_of(self, uri: str, default: Any = None) -> dict[str, Any] | None:
        return None

    def convert_result(self, raw_value: Any) -> ResourceResult:
        if isinstance(raw_value, RelayedContents):
            return raw_value
        return super().convert_result(raw_value)

    async def watch(self, uri: str) -> None:
        """Hear from now on that what is at the URI that was asked for has changed."""
        if self.backend is not None:
            await self.backend.watch(self.backend_uri + uri.removeprefix(self.uri))


async def read_behind(backend: Backend, uri: str, version: str | None) -> Any:
    """What another server has at a URI of its own; or what it demands first."""
    raw = await backend.ask("resources/read", {"uri": uri}, version=version)
    demand = demand_of(raw)
    if demand is not None:
        return demand
    result = RelayedContents.read_at(raw, uri)
    front = Context.current_or_none()
    if front is not None and front.revision < R2025_11_25:
        result.contents = result.contents  # read, so that what that revision lacks is left out
    return result
