"""ResourceTemplate: resources whose URI has parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Unpack

from msgspec import field

from fastmcp._components.blocks import as_model
from fastmcp._components.calling import invoker
from fastmcp._components.component import Component, described
from fastmcp._components.signature import Signature, read_signature, where
from fastmcp.exceptions import InvalidSignature, NotFoundError
from fastmcp.wire.content import Annotations
from fastmcp.wire.features import ResourceTemplate as WireTemplate

from .base import TEXT, ResourceOptions
from .uri import UriTemplate, is_unsafe, parse_template


class ResourceTemplate(Component, kw_only=True):
    """Resources of one form. Subclasses override `read`."""

    KIND: ClassVar[str] = "template"

    uri_template: str
    name: str = ""
    mime_type: str = TEXT
    annotations: Annotations | None = None
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        self.name = self.name or self.uri_template
        self._compiled = parse_template(self.uri_template)

    @property
    def address(self) -> str:
        return self.uri_template

    @classmethod
    def from_function(
        cls, fn: Any, uri_template: str, **options: Unpack[ResourceOptions]
    ) -> ResourceTemplate:
        """A template that calls `fn`."""
        return FunctionResourceTemplate.from_function(fn, uri_template, **options)

    def matches(self, uri: str) -> dict[str, str] | None:
        """The values in a URI, or None when it is not one of these.

        Raises:
            NotFoundError: it is, and a value is a path that leads elsewhere.
        """
        compiled: UriTemplate = self._compiled
        values = compiled.match(uri)
        if values is not None and any(is_unsafe(value) for value in values.values()):
            raise NotFoundError(f"Resource not found: {uri}")
        return values

    async def read(self, arguments: dict[str, Any]) -> Any:
        """The content for these values."""
        raise NotImplementedError(f"{type(self).__name__} must implement read()")

    def to_mcp_template(self, **overrides: Any) -> WireTemplate:
        """The template as clients see it."""
        members: dict[str, Any] = {
            "uri_template": self.uri_template,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mime_type": self.mime_type,
            "annotations": self.annotations,
            "icons": self.icons,
            "meta": self._wire_meta(),
        }
        members.update(overrides)
        return WireTemplate(**members)


class FunctionResourceTemplate(ResourceTemplate, kw_only=True):
    """A template whose values become a function's arguments."""

    fn: Callable[..., Any]
    signature: Signature
    invoke: Callable[..., Awaitable[Any]]

    @classmethod
    def from_function(
        cls, fn: Any, uri_template: str, **options: Unpack[ResourceOptions]
    ) -> FunctionResourceTemplate:
        """Read `fn` and make it a template.

        Raises:
            InvalidSignature: its parameters and the template's do not agree.
        """
        signature = read_signature(fn)
        _require_agreement(signature, parse_template(uri_template))
        return cls(
            **described(signature, options),
            uri_template=uri_template,
            mime_type=options.get("mime_type") or TEXT,
            annotations=as_model(options.get("annotations"), Annotations),
            parameters=signature.schema,
            fn=fn,
            signature=signature,
            invoke=invoker(signature),
        )

    async def read(self, arguments: dict[str, Any]) -> Any:
        return await self.invoke(**self.signature.arguments(arguments))


def _require_agreement(signature: Signature, template: UriTemplate) -> None:
    at = f"{where(signature.call)}: {signature.name}()"
    known = {parameter.name for parameter in signature.parameters}
    required = {parameter.name for parameter in signature.parameters if parameter.required}
    named = set(template.path_names) | set(template.query_names)
    if unknown := sorted(named - known):
        raise InvalidSignature(
            f"{at} has no parameter {', '.join(unknown)}, which {template.text} names"
        )
    if unfilled := sorted(required - set(template.path_names)):
        raise InvalidSignature(
            f"{at} requires {', '.join(unfilled)}, which the path of {template.text} does not "
            "fill; give a default, or add it to the path"
        )
