"""What the spans of requests have in common that are alike, written once.

It loads OpenTelemetry, as all that makes spans.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeAlias

from msgspec import Struct
from opentelemetry.trace import Span

from fastmcp._runtime.exchange import Exchange
from fastmcp._tracing.spans import described

# Which kinds there are is for clients to say.
MOST_KINDS: Final = 1000

NETWORKS: Final[dict[str, dict[str, str]]] = {
    "stdio": {"network.transport": "pipe"},
    "memory": {},
    "sse": {"network.transport": "tcp", "network.protocol.name": "http"},
    "streamable-http": {"network.transport": "tcp", "network.protocol.name": "http"},
}
_TYPES: Final = {"template": "resource_template"}

_Alike: TypeAlias = tuple[str, str | None, str, str]


class Named(Protocol):
    """A server as its spans tell of it."""

    @property
    def name(self) -> str: ...


class Kind(Struct):
    """The name of spans, and what they begin with; the key and the component are what they are for,
    the last one seen.
    """

    name: str
    attributes: dict[str, Any]
    key: str | None = None
    component: Any = None


class Kinds:
    """The kinds of one server's requests, as far as there were any that were answered."""

    def __init__(self, server: Named) -> None:
        self._server = server
        self._known: dict[_Alike, Kind] = {}

    def of(self, exchange: Exchange, target: Any) -> Kind:
        """The kind of a request, which is for `target`: what was said there is the next one's, too,
        once that `settled`.
        """
        alike = _alike(exchange, target)
        known = self._known.get(alike)
        if known is not None:
            return known
        attributes: dict[str, Any] = {
            "mcp.protocol.version": exchange.sender.revision.text,
            "fastmcp.server.name": self._server.name,
            **NETWORKS[exchange.transport],
        }
        return Kind(described(exchange.method, alike[1], attributes), attributes)

    def settle(self, kind: Kind, exchange: Exchange, target: Any, span: Span) -> None:
        """Say of the span of a request what it turned out to be for, unless it began with that."""
        component = exchange.component
        if component is None or component is kind.component:
            return
        if (key := component.key) == kind.key:
            kind.component = component
            return
        found = {
            "fastmcp.component.type": _TYPES.get(component.KIND, component.KIND),
            "fastmcp.component.key": key,
        }
        span.set_attributes(found)
        if len(self._known) >= MOST_KINDS:
            self._known.clear()
        attributes = {**kind.attributes, **found}
        self._known[_alike(exchange, target)] = Kind(kind.name, attributes, key, component)


def _alike(exchange: Exchange, target: Any) -> _Alike:
    named = target if isinstance(target, str) else None
    return exchange.method, named, exchange.transport, exchange.sender.revision.text
