"""A FastMCP server of this interpreter's that is its own authorization server, with the tool `who`:
`python framework.py PORT`.
"""

import sys

from fastmcp import FastMCP
from fastmcp.server.auth.auth import ClientRegistrationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.server.dependencies import get_access_token

port = int(sys.argv[1])
registration = ClientRegistrationOptions(
    enabled=True, valid_scopes=["read"], default_scopes=["read"]
)
auth = InMemoryOAuthProvider(
    base_url=f"http://127.0.0.1:{port}",
    client_registration_options=registration,
    required_scopes=["read"],
)
mcp = FastMCP("theirs", auth=auth)


@mcp.tool
def who() -> str:
    """Who calls."""
    token = get_access_token()
    return f"a client by {' '.join(token.scopes)}" if token and token.client_id else "nobody"


mcp.run("http", host="127.0.0.1", port=port, show_banner=False)
