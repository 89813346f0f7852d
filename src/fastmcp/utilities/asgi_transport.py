"""An ASGI application behind an HTTP client, under the path that users of FastMCP import it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp.testing.asgi_transport import StreamingASGITransport as StreamingASGITransport
    from fastmcp.testing.asgi_transport import run_asgi_lifespan as run_asgi_lifespan

__all__ = ["StreamingASGITransport", "run_asgi_lifespan"]

lazy_names(__name__, dict.fromkeys(__all__, "fastmcp.testing.asgi_transport"))
