"""A server over HTTP that wants to know who its users are."""

from __future__ import annotations

import os

from fastmcp import FastMCP
from fastmcp.server.auth.auth import ClientRegistrationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

PORT = int(os.environ["PORT"])
auth = InMemoryOAuthProvider(
    base_url=f"http://127.0.0.1:{PORT}",
    client_registration_options=ClientRegistrationOptions(enabled=True),
)
mcp = FastMCP("Private", auth=auth)


@mcp.tool
def secret() -> str:
    """Tell what only users may know."""
    return "the secret"


mcp.run("http", port=PORT, show_banner=False)
