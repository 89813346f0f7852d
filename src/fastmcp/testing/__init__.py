"""Testing servers and clients: without a network, without a client, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .asgi import ASGIServer as ASGIServer
    from .asgi import asgi_client as asgi_client
    from .asgi import asgi_server as asgi_server
    from .catalogue import assert_catalogue as assert_catalogue
    from .catalogue import assert_compatible as assert_compatible
    from .catalogue import breaking_changes as breaking_changes
    from .catalogue import fetch_catalogue as fetch_catalogue
    from .catalogue import get_catalogue as get_catalogue
    from .clients import create_async_test_client as create_async_test_client
    from .clients import create_test_client as create_test_client
    from .episodes import NotRecorded as NotRecorded
    from .fixtures import create_mcp_client_fixture as create_mcp_client_fixture
    from .mock_context import MockContext as MockContext
    from .recording import RecordingTransport as RecordingTransport
    from .replaying import ReplayTransport as ReplayTransport
    from .replaying import use_transcript as use_transcript
    from .serving import run_server_async as run_server_async
    from .serving import run_server_in_process as run_server_in_process
    from .snapshot import CatalogueSnapshot as CatalogueSnapshot
    from .transcript import Transcript as Transcript

__all__ = [
    "ASGIServer",
    "CatalogueSnapshot",
    "MockContext",
    "NotRecorded",
    "RecordingTransport",
    "ReplayTransport",
    "Transcript",
    "asgi_client",
    "asgi_server",
    "assert_catalogue",
    "assert_compatible",
    "breaking_changes",
    "create_async_test_client",
    "create_mcp_client_fixture",
    "create_test_client",
    "fetch_catalogue",
    "get_catalogue",
    "run_server_async",
    "run_server_in_process",
    "use_transcript",
]

lazy_names(
    __name__,
    {
        "ASGIServer": ".asgi",
        "CatalogueSnapshot": ".snapshot",
        "MockContext": ".mock_context",
        "NotRecorded": ".episodes",
        "RecordingTransport": ".recording",
        "ReplayTransport": ".replaying",
        "Transcript": ".transcript",
        "asgi_client": ".asgi",
        "asgi_server": ".asgi",
        "assert_catalogue": ".catalogue",
        "assert_compatible": ".catalogue",
        "breaking_changes": ".catalogue",
        "create_async_test_client": ".clients",
        "create_mcp_client_fixture": ".fixtures",
        "create_test_client": ".clients",
        "fetch_catalogue": ".catalogue",
        "get_catalogue": ".catalogue",
        "run_server_async": ".serving",
        "run_server_in_process": ".serving",
        "use_transcript": ".replaying",
    },
)
