"""What a client hears that should come again a little later."""

from __future__ import annotations

from fastmcp._protocol.http import Reject, refuse
from fastmcp._runtime.interruption import STOPPED
from fastmcp.exceptions import McpError

RETRY_SOON = (b"retry-after", b"1")


def unavailable(error: McpError) -> Reject:
    """503 tells a client to try again."""
    return Reject(503, refuse(error).body, (RETRY_SOON,))


ENDING = unavailable(
    McpError(code=STOPPED, message="The server is stopping, and begins no streams to listen on")
)
