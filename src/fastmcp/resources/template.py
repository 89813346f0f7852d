"""ResourceTemplate: resources whose URI has parameters."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from msgspec import field

from fastmcp._components.component import Component
from fastmcp._lazy import lazy_names
from fastmcp.exceptions import InvalidSignature
from fastmcp.resources.uri.captures import Shape
from fastmcp.resources.uri.expansion import expand_uri_template as expand_uri_template
from fastmcp.resources.uri.matcher import UriMatcher, matcher_of
from fastmcp.resources.uri.naming import uri_text
from fastmcp.resources.uri.shapes import shapes_of
from fastmcp.resources.uri.template import QUERY_SIGNS, parse_template
from fastmcp.wire.content import Annotations
from fastmcp.wire.features import ResourceTemplate as WireTemplate
from fastmcp.wire.resource_names import canonical_uri

from .base import TEXT, Resource, ResourceOptions, ResourceResult, default_mime_type
from .security import (
    DEFAULT_RESOURCE_SECURITY,
    INHERIT_SECURITY,
    InheritSecurity,
    ResourceSecurity,
    screen,
)

if TYPE_CHECKING:
    from .function_template import FunctionResourceTemplate as FunctionResourceTemplate


class ResourceTemplate(Component, kw_only=True):
    """Resources of one form. Subclasses override `read`.

    A `uri_template` without a scheme is a plain name: it becomes `resource://name`, and `written`
    keeps it.
    """

    KIND: ClassVar[str] = "template"

    uri_template: str
    name: str = ""
    mime_type: str = ""
    annotations: Annotations | None = None
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    security: ResourceSecurity | InheritSecurity | None = INHERIT_SECURITY
    written: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        text = uri_text(self.uri_template)
        self.written = self.written or text
        self.uri_template = canonical_uri(text)
        self.name = self.name or self.written
        self.mime_type = self.mime_type or default_mime_type(self.uri_template, TEXT)
        self._hold_matcher()

    @property
    def _address(self) -> str:
        return self.uri_template

    @property
    def spellings(self) -> set[str]:
        return {self.name, self.uri_template, self.written}

    @property
    def arguments_schema(self) -> dict[str, Any]:
        return self.parameters

    @classmethod
    def from_function(
        cls, fn: Any, uri_template: Any, **options: Unpack[ResourceOptions]
    ) -> ResourceTemplate:
        """A template that calls `fn`."""
        from .function_template import FunctionResourceTemplate

        return FunctionResourceTemplate.from_function(fn, uri_template, **options)

    @classmethod
    def from_mcp_template(cls, mcp_template: Any) -> ResourceTemplate:
        """A template as another server shows it. One that cannot be matched is shown, too."""
        text = mcp_template.uri_template
        options: dict[str, Any] = {
            "name": mcp_template.name,
            "title": mcp_template.title,
            "description": mcp_template.description,
            "mime_type": mcp_template.mime_type or TEXT,
            "annotations": mcp_template.annotations,
            "icons": mcp_template.icons,
            "meta": mcp_template.meta,
        }
        try:
            return cls(uri_template=text, **options)
        except InvalidSignature:
            made = cls(uri_template="invalid:", written=text, **options)
            made.uri_template = text
            return made

    @property
    def matcher(self) -> UriMatcher | None:
        """What finds the values in a URI; None when the template is none that can be matched."""
        held: tuple[str, UriMatcher | None] = self.__dict__["_matcher"]
        if held[0] is not self.uri_template:
            try:
                return self._hold_matcher()
            except InvalidSignature:
                vars(self)["_matcher"] = (self.uri_template, None)
                return None
        return held[1]

    def _hold_matcher(self) -> UriMatcher:
        matcher = matcher_of(self.uri_template, frozenset(shapes_of(self.parameters).items()))
        vars(self)["_matcher"] = (self.uri_template, matcher)
        return matcher

    def matches(self, uri: str) -> dict[str, Any] | None:
        """The values in a URI, unscreened; None when it is not one of these."""
        matcher = self.matcher
        return None if matcher is None else matcher.match(uri)

    def values_of(
        self, uri: str, default: ResourceSecurity | None = DEFAULT_RESOURCE_SECURITY
    ) -> dict[str, Any] | None:
        """The values in a URI, screened by `security`, or else by the server's `default`.

        Raises:
            ResourceSecurityError: one of them leads elsewhere.
        """
        values = self.matches(uri)
        if values is not None:
            screen(uri, values, self.security, default)
        return values

    def resolve_security(self, server_default: ResourceSecurity | None) -> ResourceSecurity | None:
        """The policy that applies on a server with this default."""
        return server_default if isinstance(self.security, InheritSecurity) else self.security

    async def read(self, arguments: dict[str, Any]) -> Any:
        """The content for these values."""
        if type(self).create_resource is ResourceTemplate.create_resource:
            raise NotImplementedError(f"{type(self).__name__} must implement read()")
        uri = expand_uri_template(self.uri_template, arguments)
        return await (await self.create_resource(uri, arguments)).read()

    async def read_at(self, uri: str, values: dict[str, Any]) -> Any:
        """The content at the URI that was asked for, in which these values were found."""
        return await self.read(values)

    async def watch(self, uri: str) -> None:
        """Have whoever can tell of changes there tell of them: a client wants to know. Override it
        where that is another server.
        """

    async def create_resource(self, uri: str, params: dict[str, Any]) -> Resource:
        """The resource of a URI with these values."""
        return TemplatedResource(
            uri=uri,
            name=self.name,
            version=self.version,
            title=self.title,
            description=self.description,
            icons=self.icons,
            tags=self.tags,
            meta=self.meta,
            auth=self.auth,
            mime_type=self.mime_type,
            annotations=self.annotations,
            template=self,
            arguments=params,
        )

    def convert_result(self, raw_value: Any) -> ResourceResult:
        """The result that what `read` gave means."""
        return ResourceResult.of(raw_value, self.mime_type, self.meta)

    def _entry(self, *, portable: bool) -> WireTemplate:
        return self.to_mcp_template()

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
            "meta": self.get_meta(),
        }
        members.update(overrides)
        return WireTemplate(**members)


class TemplatedResource(Resource, kw_only=True):
    """One of the resources of a template."""

    template: ResourceTemplate
    arguments: dict[str, Any]

    async def read(self) -> Any:
        return await self.template.read(self.arguments)


def match_uri_template(
    uri: str,
    uri_template: str,
    *,
    list_params: Collection[str] = (),
    map_params: Collection[str] = (),
) -> dict[str, Any] | None:
    """The values of a template's variables in a URI, decoded once; None when it does not match,
    or is not a template. `list_params` and `map_params` are read as lists and mappings.
    """
    shapes: dict[str, Shape] = dict.fromkeys(list_params, "list")
    shapes.update(dict.fromkeys(map_params, "map"))
    try:
        return matcher_of(uri_template, frozenset(shapes.items())).match(uri)
    except InvalidSignature:
        return None


def extract_query_params(uri_template: str) -> set[str]:
    """The names of the parameters that a template takes from the query."""
    return {
        variable.name
        for expression in parse_template(uri_template).expressions
        if expression.sign in QUERY_SIGNS
        for variable in expression.variables
    }


lazy_names(__name__, {"FunctionResourceTemplate": "fastmcp.resources.function_template"})
