"""Resource, and what reading one gives."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Unpack, cast

from fastmcp._components.app_config import resolve_ui_mime_type
from fastmcp._components.component import Component, ComponentOptions
from fastmcp._components.writing import to_json
from fastmcp.exceptions import ResourceError
from fastmcp.resources.uri.naming import uri_text
from fastmcp.wire.content import Annotations, BlobResourceContents, TextResourceContents
from fastmcp.wire.content import Resource as WireResource
from fastmcp.wire.features import ReadResourceResult
from fastmcp.wire.resource_names import canonical_uri

from .security import (
    DEFAULT_RESOURCE_SECURITY,
    INHERIT_SECURITY,
    InheritSecurity,
    ResourceSecurity,
)

TEXT = "text/plain"
BINARY = "application/octet-stream"
JSON = "application/json"


class ResourceContent:
    """One piece of a resource: text, bytes, or data that is written as JSON.

    Its type is told by what it is, unless it `is_typed`.
    """

    __slots__ = ("content", "is_typed", "meta", "mime_type")

    def __init__(
        self, content: Any, mime_type: str | None = None, meta: dict[str, Any] | None = None
    ) -> None:
        self.is_typed: bool = mime_type is not None
        if isinstance(content, (bytearray, memoryview)):
            content = bytes(cast("bytes", content))
        elif not isinstance(content, (str, bytes)):
            content = to_json(content).decode()
            mime_type = mime_type or JSON
        self.content: str | bytes = content
        self.mime_type: str = mime_type or (TEXT if isinstance(content, str) else BINARY)
        self.meta: dict[str, Any] | None = meta

    def __repr__(self) -> str:
        return f"ResourceContent({self.content!r}, {self.mime_type!r})"

    def to_wire(self, uri: str) -> TextResourceContents | BlobResourceContents:
        """The contents member, under the URI that was asked for."""
        if isinstance(self.content, str):
            return TextResourceContents(
                uri=uri, mime_type=self.mime_type, text=self.content, meta=self.meta
            )
        blob = base64.b64encode(self.content).decode()
        return BlobResourceContents(uri=uri, mime_type=self.mime_type, blob=blob, meta=self.meta)

    to_mcp_resource_contents = to_wire


class ResourceResult:
    """What a read gives: one or more contents."""

    __slots__ = ("contents", "meta")

    def __init__(self, contents: Any, meta: dict[str, Any] | None = None) -> None:
        items = cast("list[Any]", contents) if isinstance(contents, list) else [contents]
        if not all(isinstance(item, (ResourceContent, str, bytes)) for item in items):
            items = cast("list[Any]", [contents])
        self.contents: list[ResourceContent] = [
            item if isinstance(item, ResourceContent) else ResourceContent(item) for item in items
        ]
        self.meta: dict[str, Any] | None = meta

    def __repr__(self) -> str:
        return f"ResourceResult({self.contents!r})"

    @classmethod
    def of(cls, value: Any, mime_type: str, meta: dict[str, Any] | None = None) -> ResourceResult:
        """The result that a resource's value means. Contents without a type of their own get
        `mime_type`, when that says more than "text"; a bare value gets `meta`, too.

        Raises:
            ResourceError: it is nothing, or has no JSON.
        """
        if isinstance(value, ResourceResult):
            return cls([_typed(content, mime_type) for content in value.contents], value.meta)
        if value is None:
            raise ResourceError("The resource returned nothing")
        items = cast("list[Any]", value) if isinstance(value, list) else [value]
        if not any(isinstance(item, ResourceContent) for item in items):
            return cls(_typed(_content_of(value, meta), mime_type))
        return cls([_typed(content, mime_type) for content in cls(value).contents])

    def to_wire(self, uri: str) -> ReadResourceResult:
        """The result as the protocol has it."""
        return ReadResourceResult(
            contents=[content.to_wire(uri) for content in self.contents], meta=self.meta
        )

    to_mcp_result = to_wire


def _content_of(value: Any, meta: dict[str, Any] | None) -> ResourceContent:
    try:
        return ResourceContent(value, meta=meta)
    except ValueError as error:
        raise ResourceError(f"The resource returned what cannot be sent: {error}") from error


def _typed(content: ResourceContent, mime_type: str) -> ResourceContent:
    if content.is_typed or mime_type == TEXT:
        return content
    return ResourceContent(content.content, mime_type, content.meta)


class ResourceOptions(ComponentOptions, total=False):
    """What the `resource` decorator takes besides the URI. `app` links it to an MCP App;
    `security` screens the values in its URI, or None does not.
    """

    mime_type: str | None
    annotations: Any
    app: Any
    security: ResourceSecurity | InheritSecurity | None


class Resource(Component, kw_only=True):
    """Data under a fixed URI. Subclasses override `read`.

    A `uri` without a scheme is a plain name: it becomes `resource://name`, and `written` keeps it.
    """

    KIND: ClassVar[str] = "resource"
    MIME_TYPE: ClassVar[str] = TEXT

    uri: str
    name: str = ""
    mime_type: str = ""
    annotations: Annotations | None = None
    size: int | None = None
    security: ResourceSecurity | InheritSecurity | None = INHERIT_SECURITY
    written: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        uri = uri_text(self.uri)
        self.written = self.written or uri
        self.uri = canonical_uri(uri)
        self.name = self.name or self.written
        self.mime_type = self.mime_type or default_mime_type(self.uri, self.MIME_TYPE)

    @property
    def _address(self) -> str:
        return self.uri

    @property
    def spellings(self) -> set[str]:
        return {self.name, self.uri, self.written}

    @classmethod
    def from_function(cls, fn: Any, uri: Any, **options: Unpack[ResourceOptions]) -> Resource:
        """A resource that calls `fn`."""
        from .function_resource import FunctionResource

        return FunctionResource.from_function(fn, uri, **options)

    async def read(self) -> Any:
        """The content: text, bytes, JSON data, a ResourceResult or ResourceContents."""
        raise NotImplementedError(f"{type(self).__name__} must implement read()")

    def query_of(
        self, uri: str, default: ResourceSecurity | None = DEFAULT_RESOURCE_SECURITY
    ) -> dict[str, Any] | None:
        """The values in the query of a URI that is this resource's otherwise; None when this
        resource takes none. They are screened by `security`, or else by the server's `default`.
        """
        return None

    async def read_with(self, arguments: dict[str, Any]) -> Any:
        """The content for the values of a query."""
        return await self.read()

    async def read_at(self, uri: str, values: dict[str, Any]) -> Any:
        """The content at the URI that was asked for, in which these values were found."""
        return await self.read_with(values) if values else await self.read()

    async def watch(self, uri: str) -> None:
        """Have whoever can tell of changes there tell of them: a client wants to know. Override it
        where that is another server.
        """

    def convert_result(self, raw_value: Any) -> ResourceResult:
        """The result that what `read` gave means."""
        return ResourceResult.of(raw_value, self.mime_type, self.meta)

    def _entry(self, *, portable: bool) -> WireResource:
        return self.to_mcp_resource()

    def to_mcp_resource(self, **overrides: Any) -> WireResource:
        """The resource as clients see it."""
        members: dict[str, Any] = {
            "uri": self.uri,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mime_type": self.mime_type,
            "annotations": self.annotations,
            "size": self._known_size() if self.size is None else self.size,
            "icons": self.icons,
            "meta": self.get_meta(),
        }
        members.update(overrides)
        return WireResource(**members)

    def _known_size(self) -> int | None:
        """How many bytes it has, where that costs nothing to tell."""
        return None


def default_mime_type(uri: str, usual: str) -> str:
    """The type of a resource that does not tell it: that of MCP Apps under `ui://`."""
    return resolve_ui_mime_type(uri, None if usual == TEXT else usual) or usual
