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

from .usual import are_propagators_usual, parent_from, traceparent_of

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

_USUAL_MEMBERS = frozenset(("traceparent", "tracestate", "baggage"))
_USUAL_FIELDS = frozenset(name.encode() for name in _USUAL_MEMBERS)

SUPPRESSED = context.create_key("fastmcp-telemetry-suppressed")
"""Set in contexts in which no spans of ours are wanted."""


class _Members(Getter[Mapping[str, Any]]):
    """Reads the members of a `_meta` that are text, encoded or not."""

    def get(self, carrier: Mapping[str, Any], key: str) -> list[str] | None:
        value = _text(carrier.get(key))
        return None if value is None else [value]

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


def _text(value: Any) -> str | None:
    if isinstance(value, Raw):
        value = json.decode(value)
    return value if isinstance(value, str) else None


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
    if _brings_none(meta, headers) and are_propagators_usual():
        return here, ()
    ambient = trace.get_current_span(here).get_span_context()
    if meta:
        found = _extracted(meta, here)
        sent = trace.get_current_span(found).get_span_context()
        if sent is not ambient:
            elsewhere = ambient.is_valid and ambient.span_id != sent.span_id
            return found, ((Link(ambient),) if elsewhere else ())
        here = found  # it may have brought baggage
    if headers is not None and not ambient.is_valid:
        here = propagate.extract(headers, here, _fields)
    return here, ()


def _brings_none(meta: Mapping[str, Any] | None, headers: Headers | None) -> bool:
    """Whether there is nothing that the usual propagators would read."""
    if meta is not None and not _USUAL_MEMBERS.isdisjoint(meta):
        return False
    return not [name for name, _ in headers or () if name in _USUAL_FIELDS]


def _extracted(meta: Mapping[str, Any], here: Context) -> Context:
    if "tracestate" not in meta and "baggage" not in meta and are_propagators_usual():
        traceparent = _text(meta.get("traceparent"))
        found = here if traceparent is None else parent_from(traceparent, here)
        if found is not None:
            return found
    return propagate.extract(meta, here, _members)


def with_context(meta: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A `_meta` with the current context; the same one where nothing is being traced."""
    here = context.get_current()
    span = trace.get_current_span(here).get_span_context()
    if not span.is_valid:
        return meta
    carrier: dict[str, Any] = {} if meta is None else dict(meta)
    traceparent = traceparent_of(span, here) if are_propagators_usual() else None
    if traceparent is None:
        propagate.inject(carrier, here)
    else:
        carrier["traceparent"] = traceparent
    return carrier


def params_with_context(params: Any) -> Any:
    """The same for the parameters of a request: a mapping, or a model with `meta`."""
    if isinstance(params, Mapping):
        members = cast("Mapping[str, Any]", params)
        meta = with_context(members.get("_meta"))
        return members if meta is members.get("_meta") else {**members, "_meta": meta}
    meta = with_context(params.meta)
    return params if meta is params.meta else params.model_copy(update={"meta": meta})
