"""Headers of clients' requests that a proxy sends on, where it is told to."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from hashlib import sha256

from msgspec import json

from fastmcp.client.transports.config import MCPConfigTransport
from fastmcp.client.transports.http_client import HttpTransport
from fastmcp.client.transports.transport import ClientTransport

# What differs from one request to the next: each would need a connection of its own. Traces go on
# in the `_meta` of requests. Which encodings are read is the proxy's to say.
_LEFT_OUT = {
    *("traceparent", "tracestate", "baggage", "x-request-id", "x-correlation-id"),
    "accept-encoding",
}


def headers_to_forward() -> dict[str, str]:
    """The headers of the HTTP request being served, credentials included."""
    from ...dependencies import get_http_headers

    found = get_http_headers(include={"authorization", "cookie"})
    return {name: value for name, value in found.items() if name not in _LEFT_OUT}


def fingerprint_of(headers: Mapping[str, str]) -> bytes:
    """What tells headers apart without telling what they are."""
    return sha256(json.encode(sorted(headers.items()))).digest()


def with_headers(transport: ClientTransport, headers: Mapping[str, str]) -> ClientTransport:
    """The transport, with these headers besides its own, which win; itself where it has none."""
    if not headers:
        return transport
    if isinstance(transport, HttpTransport):
        changed = copy.copy(transport)
        own = {name.lower() for name in transport.headers}
        if transport.auth is not None:
            own.add("authorization")
        added = {name: value for name, value in headers.items() if name not in own}
        changed.headers = {**added, **transport.headers}
        return changed
    if isinstance(transport, MCPConfigTransport):
        whole = copy.copy(transport)
        whole.transports = {
            name: with_headers(each, headers) for name, each in transport.transports.items()
        }
        return whole
    return transport
