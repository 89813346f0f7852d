"""FunctionResource: a resource that calls a Python function at each read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, Unpack

from fastmcp._components.component import described
from fastmcp._components.foreign import as_model
from fastmcp._components.functions.calling import invoker
from fastmcp._components.functions.signature import Signature, read_signature, where
from fastmcp._components.marks import Mark, mark, require_options
from fastmcp.exceptions import InvalidSignature
from fastmcp.resources.uri.captures import settle
from fastmcp.resources.uri.decoding import decode
from fastmcp.resources.uri.naming import uri_text
from fastmcp.resources.uri.query import Query
from fastmcp.resources.uri.shapes import shapes_of
from fastmcp.resources.uri.template import Variable
from fastmcp.wire.content import Annotations

from .base import Resource, ResourceOptions
from .security import (
    DEFAULT_RESOURCE_SECURITY,
    INHERIT_SECURITY,
    ResourceSecurity,
    screen,
)

F = TypeVar("F", bound=Callable[..., Any])

_LATER: Any = None


def resource(uri: str, **options: Unpack[ResourceOptions]) -> Callable[[F], F]:
    """Mark a function as a resource, or as a template when the URI has parameters, for a later
    `mcp.add_resource(function)`.
    """
    made = Mark("resource", require_options(options, ResourceOptions, "resource"), uri_text(uri))

    def leave_mark(fn: F) -> F:
        return mark(fn, made)

    return leave_mark


class FunctionResource(Resource, kw_only=True):
    """A resource computed when it is read. The optional parameters of its function can be given
    in a query: `config://app?verbose=true`.
    """

    fn: Callable[..., Any]
    signature: Signature = _LATER
    invoke: Callable[..., Awaitable[Any]] = _LATER
    query: Query = _LATER

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.signature is _LATER:
            self.signature = read_signature(self.fn)
        if self.query is _LATER:
            self._require_no_arguments()
            self.invoke = invoker(self.signature)
            self.query = _query(self.signature)

    @classmethod
    def from_function(
        cls, fn: Any, uri: Any, **options: Unpack[ResourceOptions]
    ) -> FunctionResource:
        """Read `fn` and make it a resource.

        Raises:
            InvalidSignature: it requires arguments, which a fixed URI cannot give.
        """
        signature = read_signature(fn)
        return cls(
            **described(signature, options),
            uri=uri_text(uri),
            **uri_options(options),
            fn=fn,
            signature=signature,
        )

    def _require_no_arguments(self) -> None:
        signature = self.signature
        if required := [p.name for p in signature.parameters if p.required]:
            raise InvalidSignature(
                f"{where(signature.call)}: {signature.name}() requires {', '.join(required)}, but "
                f"{self.written} has no parameters; write them into the URI as {{{required[0]}}}, "
                "or give defaults"
            )

    def query_of(
        self, uri: str, default: ResourceSecurity | None = DEFAULT_RESOURCE_SECURITY
    ) -> dict[str, Any] | None:
        readings = self.query.read(decode(uri).partition("?")[2]) if self.query.variables else None
        values = None if readings is None else settle(readings)
        if values is not None:
            screen(uri, values, self.security, default)
        return values

    async def read(self) -> Any:
        return await self.read_with({})

    async def read_with(self, arguments: dict[str, Any]) -> Any:
        value = await self.invoke(**self.signature.arguments(arguments))
        return await value.read() if isinstance(value, Resource) else value


def _query(signature: Signature) -> Query:
    names = (parameter.name for parameter in signature.parameters)
    return Query(tuple(Variable(name, name) for name in names), shapes_of(signature.schema))


def uri_options(options: ResourceOptions) -> dict[str, Any]:
    """The members that resources and templates have beside those of every component."""
    return {
        "mime_type": options.get("mime_type") or "",
        "annotations": as_model(options.get("annotations"), Annotations),
        "security": options.get("security", INHERIT_SECURITY),
    }
