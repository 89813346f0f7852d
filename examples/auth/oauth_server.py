"""A server with an authorization server in it: clients register there, and their users sign in.

This one keeps all in memory and says yes to everybody, to try clients out. StoredOAuthProvider has
the same part in earnest: it asks the user, keeps what it issued, and is told who the user is.
"""

from fastmcp import FastMCP
from fastmcp.server.auth import require_scopes
from fastmcp.server.auth.auth import ClientRegistrationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

PORT = 8001

auth = InMemoryOAuthProvider(
    base_url=f"http://127.0.0.1:{PORT}",
    client_registration_options=ClientRegistrationOptions(
        enabled=True, valid_scopes=["notes:read", "notes:write"]
    ),
    required_scopes=["notes:read"],
)
mcp = FastMCP("Notes", auth=auth)
notes = ["The kettle is new"]


@mcp.tool
def read() -> list[str]:
    """All notes."""
    return notes


@mcp.tool(auth=require_scopes("notes:write"))
def write(text: str) -> int:
    """Write a note; how many there are."""
    notes.append(text)
    return len(notes)


if __name__ == "__main__":
    mcp.run("http", port=PORT)
