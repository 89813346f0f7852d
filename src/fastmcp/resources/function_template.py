"""FunctionResourceTemplate: a template whose values become a function's arguments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Unpack

from fastmcp._components.component import described
from fastmcp._components.functions.calling import invoker
from fastmcp._components.functions.open_arguments import OpenArguments
from fastmcp._components.functions.signature import Signature, read_signature, where
from fastmcp.exceptions import InvalidSignature
from fastmcp.resources.uri.matcher import UriMatcher, matcher_of
from fastmcp.resources.uri.naming import uri_text
from fastmcp.resources.uri.shapes import shapes_of
from fastmcp.wire.resource_names import canonical_uri

from .base import Resource, ResourceOptions
from .function_resource import uri_options
from .template import ResourceTemplate


class FunctionResourceTemplate(ResourceTemplate, kw_only=True):
    """Resources computed when they are read, from the values in their URI."""

    fn: Callable[..., Any]
    signature: Signature
    invoke: Callable[..., Awaitable[Any]]
    required: frozenset[str]

    @classmethod
    def from_function(
        cls, fn: Any, uri_template: Any, **options: Unpack[ResourceOptions]
    ) -> FunctionResourceTemplate:
        """Read `fn` and make it a template.

        Raises:
            InvalidSignature: its parameters and the template's do not agree.
        """
        text = uri_text(uri_template)
        signature = read_signature(fn, variadic=True)
        at = f"{where(signature.call)}: "
        try:
            matcher = matcher_of(
                canonical_uri(text), frozenset(shapes_of(signature.schema).items())
            )
        except InvalidSignature as error:
            raise InvalidSignature(f"{at}{error}") from None
        _require_agreement(at, signature, text, matcher)
        return cls(
            **described(signature, options),
            uri_template=text,
            **uri_options(options),
            parameters=signature.schema,
            fn=fn,
            signature=signature,
            invoke=invoker(signature),
            required=frozenset(p.name for p in signature.parameters if p.required),
        )

    def matches(self, uri: str) -> dict[str, Any] | None:
        values = super().matches(uri)
        return None if values is None or not self.required <= values.keys() else values

    async def read(self, arguments: dict[str, Any]) -> Any:
        value = await self.invoke(**self.signature.arguments(arguments))
        return await value.read() if isinstance(value, Resource) else value


def _require_agreement(at: str, signature: Signature, text: str, matcher: UriMatcher) -> None:
    known = {parameter.name: parameter.required for parameter in signature.parameters}
    name = f"{at}{signature.name}()"
    unknown = sorted((matcher.filled | matcher.queried) - known.keys())
    if unknown and not isinstance(signature.reader, OpenArguments):
        raise InvalidSignature(
            f"{name} has no parameter {', '.join(unknown)}, which {text} names; add it to the "
            "function, or take it out of the URI"
        )
    required = {each for each, is_required in known.items() if is_required}
    if in_query := sorted(required & (matcher.queried - matcher.filled)):
        raise InvalidSignature(
            f"{name} requires {', '.join(in_query)}, which the query of {text} may leave out; "
            "give a default"
        )
    if unfilled := sorted(required - matcher.filled):
        raise InvalidSignature(
            f"{name} requires {', '.join(unfilled)}, which {text} does not fill; give a default, "
            f"or add {{{unfilled[0]}}} to the URI"
        )
