"""Running servers for tests, under the path that users of FastMCP import it by."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from fastmcp.client.auth.headless import HeadlessOAuth as HeadlessOAuth
    from fastmcp.testing.asgi import ASGIServer as ASGIServer
    from fastmcp.testing.asgi import asgi_client as asgi_client
    from fastmcp.testing.asgi import asgi_server as asgi_server
    from fastmcp.testing.serving import run_server_async as run_server_async
    from fastmcp.testing.serving import run_server_in_process as run_server_in_process

    from .http import find_available_port as find_available_port

__all__ = [
    "ASGIServer",
    "HeadlessOAuth",
    "asgi_client",
    "asgi_server",
    "find_available_port",
    "run_server_async",
    "run_server_in_process",
    "temporary_settings",
]

lazy_names(
    __name__,
    {
        "ASGIServer": "fastmcp.testing.asgi",
        "HeadlessOAuth": "fastmcp.client.auth.headless",
        "asgi_client": "fastmcp.testing.asgi",
        "asgi_server": "fastmcp.testing.asgi",
        "find_available_port": "fastmcp.utilities.http",
        "run_server_async": "fastmcp.testing.serving",
        "run_server_in_process": "fastmcp.testing.serving",
    },
)


def temporary_settings(**values: Any) -> AbstractContextManager[None]:
    """`settings` with these values inside of the block."""
    from fastmcp.settings import settings

    return settings.temporarily(**values)
