"""The pytest plugin: clients of the server that a test suite names, and snapshots of it.

It imports nothing of the server or the client before a test wants a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from fastmcp.client.plain.async_mcp_client import AsyncMCPClient
    from fastmcp.client.plain.mcp_client import MCPClient
    from fastmcp.testing.fixtures import Scope
    from fastmcp.testing.snapshot import CatalogueSnapshot

SCOPES = ("function", "class", "module", "package", "session")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    group = parser.getgroup("fastmcp", "MCP servers")
    group.addoption(
        "--mcp-snapshot-update",
        action="store_true",
        default=False,
        help="write the catalogues that mcp_snapshot compares with anew",
    )
    parser.addini(
        "mcp_client_scope",
        f"the scope of the fixture mcp_client: {', '.join(SCOPES)}",
        default="function",
    )


def _client_scope(fixture_name: str, config: pytest.Config) -> Scope:
    scope = cast("str", config.getini("mcp_client_scope")).strip()
    if scope not in SCOPES:
        raise pytest.UsageError(f"mcp_client_scope = {scope}: use one of {', '.join(SCOPES)}")
    return scope


@pytest.fixture(scope="session")
def mcp_server() -> Any:
    """The FastMCP server under test: every suite has its own."""
    raise pytest.UsageError(
        "Define a fixture mcp_server that returns your FastMCP server, in conftest.py or in the "
        "test module"
    )


@pytest.fixture(scope="session")
def mcp_client_options() -> Mapping[str, Any]:
    """Options for `mcp_client` and `async_mcp_client`, as `create_test_client` takes them."""
    return {}


@pytest.fixture(scope=_client_scope)
def mcp_client(mcp_server: Any, mcp_client_options: Mapping[str, Any]) -> Iterator[MCPClient]:
    """A client of `mcp_server` whose calls wait, and raise what the server's functions raise. Its
    scope is that of the ini option mcp_client_scope.
    """
    from fastmcp.testing.fixtures import open_client

    with open_client(mcp_server, dict(mcp_client_options)) as client:
        yield client


@pytest.fixture
def async_mcp_client(
    mcp_server: Any, mcp_client_options: Mapping[str, Any]
) -> Iterator[AsyncMCPClient]:
    """A client of `mcp_server` whose calls are awaited, in the event loop of the test."""
    from fastmcp.testing.fixtures import async_client

    yield from async_client(mcp_server, dict(mcp_client_options))


@pytest.fixture
def mcp_snapshot(request: pytest.FixtureRequest) -> CatalogueSnapshot:
    """Compares the catalogue of a server with a file: `mcp_snapshot(mcp_server)`. The file is
    written where there is none, and with --mcp-snapshot-update.
    """
    from fastmcp.testing.snapshot import CatalogueSnapshot

    update = request.config.getoption("--mcp-snapshot-update")
    return CatalogueSnapshot(request.path, request.node.name, update=bool(update))
