"""Which server the tests are for; `mcp_client` and the other fixtures come with the package."""

import pytest
from bakery import mcp

from fastmcp import FastMCP
from fastmcp.testing import create_mcp_client_fixture


@pytest.fixture(scope="session")
def mcp_server() -> FastMCP:
    """The server under test."""
    return mcp


# A client of somebody whose token would say that.
baker = create_mcp_client_fixture(user_info={"sub": "ada", "role": "baker"})
