"""Clients of a server in this process, whose calls raise what its functions raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from fastmcp.client.arguments import Duration
from fastmcp.client.elicitation import ElicitationHandler
from fastmcp.client.logging import LogHandler
from fastmcp.client.messages import MessageHandlerT
from fastmcp.client.negotiation import Mode
from fastmcp.client.plain.async_mcp_client import AsyncMCPClient
from fastmcp.client.plain.mcp_client import MCPClient
from fastmcp.client.progress import ProgressHandler
from fastmcp.client.retrying import RetryPolicy
from fastmcp.client.roots import RootsHandler, RootsList
from fastmcp.client.sampling.answering import SamplingHandler
from fastmcp.client.transports.memory import FastMCPTransport
from fastmcp.server.auth.identity import LocalIdentity
from fastmcp.server.server import FastMCP
from fastmcp.wire.lifecycle import Implementation

# What a function raises may look like a connection that was lost, and is not to be tried again.
_ONCE = RetryPolicy(attempts=1)


class ClientOptions(TypedDict, total=False):
    """What a test client takes of the options of `Client`."""

    name: str
    mode: Mode
    client_info: Implementation
    timeout: Duration
    roots: RootsList | RootsHandler | None
    sampling_handler: SamplingHandler | None
    sampling_capabilities: Any
    elicitation_handler: ElicitationHandler | None
    log_handler: LogHandler | None
    message_handler: MessageHandlerT | None
    progress_handler: ProgressHandler | None


def create_test_client(
    mcp: FastMCP,
    *,
    user_info: Mapping[str, Any] | None = None,
    raise_exceptions: bool = True,
    **options: Unpack[ClientOptions],
) -> MCPClient:
    """A client for plain test functions: `client.call_tool("add", {"a": 1, "b": 2}) == 3`.

    It connects by itself, and need not be closed. Any thread may use it. The caller is whom the
    claims `user_info` describe; without them nobody is logged in.

    What a function of the server's raises is raised by the call, as the same object with its
    traceback. With `raise_exceptions=False` a tool that fails is a `ToolError`, as for any client.
    """
    transport = _transport(mcp, user_info, raise_exceptions)
    return MCPClient(transport, retry=_ONCE, **options)


def create_async_test_client(
    mcp: FastMCP,
    *,
    user_info: Mapping[str, Any] | None = None,
    raise_exceptions: bool = True,
    **options: Unpack[ClientOptions],
) -> AsyncMCPClient:
    """As `create_test_client`, with calls that are awaited: `await client.call_tool("add", ...)`.

    The server runs in the test's event loop. `async with` closes the client, as the end of that
    loop does.
    """
    transport = _transport(mcp, user_info, raise_exceptions)
    return AsyncMCPClient(transport, retry=_ONCE, **options)


def _transport(
    mcp: FastMCP, user_info: Mapping[str, Any] | None, raise_exceptions: bool
) -> FastMCPTransport:
    if not (hasattr(mcp, "lifespan") and hasattr(mcp, "connect")):
        raise TypeError(
            f"A test client is for a FastMCP object, not for {mcp!r}; MCPClient reaches any server"
        )
    identity = None if user_info is None else LocalIdentity.of(user_info)
    return FastMCPTransport(mcp, raise_exceptions, identity=identity)
