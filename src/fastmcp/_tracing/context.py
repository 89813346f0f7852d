"""The context of a trace on its way: in the `_meta` of requests, and in HTTP headers.

What travels is what the propagators of the program read and write: `traceparent`, `tracestate` and
`baggage` unless it has others. `_meta` has these names as they are (PROTOCOL 1.1, SEP-414).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from msgspec import Raw, json
from opentelemetry import context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Link

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

SUPPRESSED = context.create_key("fastmcp-telemetry-suppressed")
"""Set in contexts in which no spans of ours are wanted."""


class _Members(Getter[Mapping[str, Any]]):
    """Reads the members of a `_meta` that are text, encoded or not."""

    def get(self, carrier: Mapping[str, Any], key: str) -> list[str] | None:
        value = carrier.get(key)
        if isinstance(value, Raw):
            value = json.decode(value)
        return [value] if isinstance(value, str) else None

    def keys(self, carrier: Mapping[str, Any]) -> list[str]:
        return list(carrier)


class _Fields(Getter[Headers]):
    """Reads the header fields of an ASGI scope."""

    def get(self, carrier: Headers, key: str) -> list[str] | None:
        wanted = key.lower().encode("latin-1")
        found = [value.decode("latin-1") for name, value in carrier if name == wanted]
        return found or None

    def keys(self, carrier: Headers) -> list[str]:
        return [name.decode("latin-1") for name, _ in carrier]


_members = _Members()
_fields = _Fields()


def parent_of(
    meta: Mapping[str, Any] | None, headers: Headers | None = None
) -> tuple[Context, Sequence[Link]]:
    """The context that a request is to be served in: the one in its `_meta`, else what is current
    here, else the one in the headers that it came with. What is current and not the parent is
    linked to. What cannot be read is as good as none.
    """
    here = context.get_current()
    ambient = trace.get_current_span(here).get_span_context()
    if meta:
        found = propagate.extract(meta, here, _members)
        sent = trace.get_current_span(found).get_span_context()
        if sent is not ambient:
            elsewhere = ambient.is_valid and ambient.span_id != sent.span_id
            return found, ((Link(ambient),) if elsewhere else ())
        here = found  # it may have brought baggage
    if headers is not None and not ambient.is_valid:
        here = propagate.extract(headers, here, _fields)
    return here, ()


def with_context(meta: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A `_meta` with the current context; the same one where nothing is being traced."""
    if not trace.get_current_span().get_span_context().is_valid:
        return meta
    carrier: dict[str, Any] = {} if meta is None else dict(meta)
    propagate.inject(carrier)
    return carrier


def params_with_context(params: Any) -> Any:
    """The same for the parameters of a request: a mapping, or a model with `meta`."""
    if isinstance(params, Mapping):
        members = cast("Mapping[str, Any]", params)
        meta = with_context(members.get("_meta"))
        return members if meta is members.get("_meta") else {**members, "_meta": meta}
    meta = with_context(params.meta)
    return params if meta is params.meta else params.model_copy(update={"meta": meta})
