"""ProxyTemplate: a resource template of the server behind a proxy."""

from __future__ import annotations

from typing import Any, Self

from fastmcp.exceptions import InvalidSignature
from fastmcp.resources.base import ResourceResult
from fastmcp.resources.template import ResourceTemplate
from fastmcp.resources.uri.expansion import expand_uri_template
from fastmcp.wire.completion import (
    CompleteRequestParams,
    CompleteResult,
    ResourceTemplateReference,
)
from fastmcp.wire.features import ResourceTemplate as WireTemplate

from .backend import Backend
from .client_factory import ClientFactoryT
from .completing import complete_behind
from .component_meta import known_versions, own_version, tags_of
from .proxy_resource import ProxyResource, read_behind
from .relayed_results import RelayedContents


class ProxyTemplate(ResourceTemplate, kw_only=True):
    """Reads what other servers have under URIs of one form: of `backend_uri_template` there."""

    client_factory: ClientFactoryT
    backend_uri_template: str = ""
    backend: Backend | None = None

    def __post_init__(self) -> None:
        self.backend_uri_template = self.backend_uri_template or self.uri_template
        self.written: str = self.written or self.uri_template
        self.name: str = self.name or self.uri_template
        self.mime_type: str = self.mime_type or "text/plain"
        try:
            self._hold_matcher()
        except InvalidSignature:  # it is listed all the same, for who expands it elsewhere
            vars(self)["_matcher"] = (self.uri_template, None)

    @classmethod
    def from_mcp_template(  # type: ignore[override]
        cls,
        client_factory: ClientFactoryT,
        mcp_template: WireTemplate,
        backend: Backend | None = None,
    ) -> Self:
        """A template as its server lists it."""
        meta = mcp_template.meta
        made = cls(
            client_factory=client_factory,
            backend=backend,
            uri_template=mcp_template.uri_template,
            name=mcp_template.name,
            title=mcp_template.title,
            description=mcp_template.description,
            version=own_version(meta),
            mime_type=mcp_template.mime_type or "text/plain",
            icons=mcp_template.icons,
            annotations=mcp_template.annotations,
            tags=tags_of(meta),
            meta=meta,
            security=None,
        )
        made.versions = known_versions(meta)
        return made

    async def read(self, arguments: dict[str, Any]) -> Any:
        return await self.read_at(expand_uri_template(self.uri_template, arguments), arguments)

    async def read_at(self, uri: str, values: dict[str, Any]) -> Any:
        backend = self.backend or Backend(self.client_factory)
        return await read_behind(backend, self._theirs(uri, values), self.version)

    async def watch(self, uri: str) -> None:
        """Hear from now on that what is at the URI that was asked for has changed."""
        values = self.matches(uri)
        if self.backend is not None and values is not None:
            await self.backend.watch(self._theirs(uri, values))

    async def create_resource(self, uri: str, params: dict[str, Any]) -> ProxyResource:
        """The resource of a URI with these values."""
        return ProxyResource(
            client_factory=self.client_factory,
            backend=self.backend,
            uri=uri,
            backend_uri=self._theirs(uri, params),
            name=self.name,
            title=self.title,
            description=self.description,
            mime_type=self.mime_type,
            icons=self.icons,
            tags=self.tags,
            meta=self.meta,
        )

    def _theirs(self, uri: str, values: dict[str, Any]) -> str:
        """A URI of ours as the other server has it: as it was written, where only a beginning has
        been added.
        """
        if self.backend_uri_template == self.uri_template:
            return uri
        scheme, _, rest = self.backend_uri_template.partition("://")
        prefix = self.uri_template.removesuffix(rest)
        if self.uri_template.endswith(rest) and uri.startswith(prefix) and "{" not in prefix:
            return f"{scheme}://{uri[len(prefix) :]}"
        return expand_uri_template(self.backend_uri_template, values)

    def convert_result(self, raw_value: Any) -> ResourceResult:
        if isinstance(raw_value, RelayedContents):
            return raw_value
        return super().convert_result(raw_value)

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        ref = ResourceTemplateReference(uri=self.backend_uri_template)
        return await complete_behind(self.backend or Backend(self.client_factory), params, ref)
