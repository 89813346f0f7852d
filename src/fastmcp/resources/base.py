"""Resource, and what reading one gives."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Unpack, cast

from fastmcp._components.component import Component, ComponentOptions
from fastmcp.exceptions import ResourceError
from fastmcp.wire.content import Annotations, BlobResourceContents, TextResourceContents
from fastmcp.wire.content import Resource as WireResource
from fastmcp.wire.features import ReadResourceResult

TEXT = "text/plain"
BINARY = "application/octet-stream"
JSON = "application/json"


class ResourceContent:
    """One piece of a resource: text, bytes, or data that is written as JSON."""

    __slots__ = ("content", "meta", "mime_type")

    def __init__(
        self, content: Any, mime_type: str | None = None, meta: dict[str, Any] | None = None
    ) -> None:
        if not isinstance(content, (str, bytes)):
            import pydantic_core

            content = pydantic_core.to_json(content).decode()
            mime_type = mime_type or JSON
        self.content: str | bytes = content
        self.mime_type = mime_type
        self.meta = meta

    def to_wire(self, uri: str) -> Any:
        """The contents member, under the URI that was asked for."""
        if isinstance(self.content, str):
            mime_type = self.mime_type or TEXT
            return TextResourceContents(
                uri=uri, mime_type=mime_type, text=self.content, meta=self.meta
            )
        blob = base64.b64encode(self.content).decode()
        mime_type = self.mime_type or BINARY
        return BlobResourceContents(uri=uri, mime_type=mime_type, blob=blob, meta=self.meta)


class ResourceResult:
    """What a read gives: one or more contents."""

    __slots__ = ("contents", "meta")

    def __init__(self, contents: Any, meta: dict[str, Any] | None = None) -> None:
        items = cast("list[Any]", contents) if isinstance(contents, list) else [contents]
        if not all(isinstance(item, (ResourceContent, str, bytes)) for item in items):
            items = cast("list[Any]", [contents])
        self.contents = [
            item if isinstance(item, ResourceContent) else ResourceContent(item) for item in items
        ]
        self.meta = meta

    @classmethod
    def of(cls, value: Any, mime_type: str) -> ResourceResult:
        """The result that a resource's value means; contents without a type get `mime_type`."""
        result = value if isinstance(value, ResourceResult) else cls._of(value)
        for content in result.contents:
            if content.mime_type is None and (
                isinstance(content.content, str) or mime_type != TEXT
            ):
                content.mime_type = mime_type
        return result

    @classmethod
    def _of(cls, value: Any) -> ResourceResult:
        if value is None:
            raise ResourceError("The resource returned nothing")
        items = cast("list[Any]", value) if isinstance(value, list) else [value]
        typed = any(isinstance(item, ResourceContent) for item in items)
        return cls(value if typed else ResourceContent(value))

    def to_wire(self, uri: str) -> ReadResourceResult:
        """The result as the protocol has it."""
        return ReadResourceResult(
            contents=[content.to_wire(uri) for content in self.contents], meta=self.meta
        )


class ResourceOptions(ComponentOptions, total=False):
    """What the `resource` decorator takes besides the URI."""

    mime_type: str | None
    annotations: Any


class Resource(Component, kw_only=True):
    """Data under a fixed URI. Subclasses override `read`."""

    KIND: ClassVar[str] = "resource"

    uri: str
    name: str = ""
    mime_type: str = TEXT
    annotations: Annotations | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        self.name = self.name or self.uri

    @property
    def address(self) -> str:
        return self.uri

    @classmethod
    def from_function(cls, fn: Any, uri: str, **options: Unpack[ResourceOptions]) -> Resource:
        """A resource that calls `fn`."""
        from .function_resource import FunctionResource

        return FunctionResource.from_function(fn, uri, **options)

    async def read(self) -> Any:
        """The content: text, bytes, JSON data, a ResourceResult or ResourceContents."""
        raise NotImplementedError(f"{type(self).__name__} must implement read()")

    def to_mcp_resource(self, **overrides: Any) -> WireResource:
        """The resource as clients see it."""
        members: dict[str, Any] = {
            "uri": self.uri,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mime_type": self.mime_type,
            "annotations": self.annotations,
            "size": self.size,
            "icons": self.icons,
            "meta": self._wire_meta(),
        }
        members.update(overrides)
        return WireResource(**members)
