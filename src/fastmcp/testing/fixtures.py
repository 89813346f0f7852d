"""Fixtures that a test suite makes for itself, of another scope or for a second server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pytest

if TYPE_CHECKING:
    from fastmcp.client.plain.async_mcp_client import AsyncMCPClient
    from fastmcp.client.plain.mcp_client import MCPClient

Scope: TypeAlias = Literal["session", "package", "module", "class", "function"]


def create_mcp_client_fixture(
    server: Any = "mcp_server",
    *,
    scope: Scope | Callable[[str, pytest.Config], Scope] = "function",
    name: str | None = None,
    **options: Any,
) -> Any:
    """A fixture that gives a test client: `admin = create_mcp_client_fixture(user_info={...})`.

    `server` is a FastMCP object, or the name of a fixture that gives one, of that scope or a wider
    one. Options are those of `create_test_client`. The client has an event loop of its own, so that
    it serves any scope, and tests of every kind.
    """

    @pytest.fixture(scope=scope, name=name)
    def mcp_client(request: pytest.FixtureRequest) -> Iterator[MCPClient]:
        found: Any = request.getfixturevalue(server) if isinstance(server, str) else server
        with open_client(found, options) as client:
            yield client

    return mcp_client


def open_client(mcp: Any, options: dict[str, Any]) -> MCPClient:
    """A test client."""
    from fastmcp.testing.clients import create_test_client

    return create_test_client(mcp, **options)


def async_client(mcp: Any, options: dict[str, Any]) -> Iterator[AsyncMCPClient]:
    """A test client for async tests, which is closed in the loop that it was used in, whoever
    runs that.
    """
    from fastmcp.testing.clients import create_async_test_client

    client = create_async_test_client(mcp, **options)
    yield client
    loop = client.home
    if loop is not None and not loop.is_closed() and not loop.is_running():
        loop.run_until_complete(client.close())
