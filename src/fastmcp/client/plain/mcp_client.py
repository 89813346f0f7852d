"""MCPClient: plain values from one server, for code that is not asynchronous."""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from fastmcp._runtime.portal import Hold, portal

from ..transports.transport import ClientTransport
from .async_mcp_client import AsyncMCPClient
from .same_options import same_options_as

P = ParamSpec("P")
T = TypeVar("T")


def blocking(
    method: Callable[Concatenate[AsyncMCPClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[MCPClient, P], T]:
    """A method that waits for one of the asynchronous client's."""

    @functools.wraps(method)
    def call(client: MCPClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return portal.run(method(client._held(), *args, **kwargs))

    return _renamed(call)


def direct(
    method: Callable[Concatenate[AsyncMCPClient, P], T],
) -> Callable[Concatenate[MCPClient, P], T]:
    """A method that is one of the asynchronous client's, which waits for nothing."""

    @functools.wraps(method)
    def call(client: MCPClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return method(client.asynchronous, *args, **kwargs)

    return _renamed(call)


F = TypeVar("F", bound=Callable[..., Any])


def _renamed(call: F) -> F:
    call.__qualname__ = f"MCPClient.{call.__name__}"
    call.__module__ = __name__
    return call


class MCPClient:
    """A client of one MCP server whose calls wait for their answers; any thread may make them.

    It takes what `Client` takes. A URL may also be that of the server's host, whose `/mcp`, `/` and
    `/sse` are tried, and an entry of a configuration (`{"url": …, "headers": …}`) is one server. A
    `FastMCP` object is served in a thread of this package, in which async handlers run, too.

    The connection is opened by the first call; a failed opening is tried again by the next one.
    `close()` ends it, and so does leaving `with`; a later call opens it again. In a coroutine a
    call holds up the event loop: use `AsyncMCPClient` there.

    Any call may raise a `ConnectionError` (`ConnectFailed`, `Disconnected`, `UnexpectedResponse`),
    a `TimeoutError`, or an `McpError` that the server answered with.
    """

    @same_options_as(AsyncMCPClient)
    def __init__(self, target: Any, options: dict[str, Any]) -> None:
        self._set_up(AsyncMCPClient(target, **options))

    def _set_up(self, asynchronous: AsyncMCPClient) -> None:
        self.asynchronous: AsyncMCPClient = asynchronous
        self._turn = threading.Lock()
        self._users = 0
        self._hold: Hold | None = None
        self._lost: weakref.finalize[[], MCPClient] | None = None

    def __repr__(self) -> str:
        return f"MCPClient({self.transport!r})"

    @property
    def transport(self) -> ClientTransport:
        """How the server is reached."""
        return self.asynchronous.transport

    def new(self) -> MCPClient:
        """A client of the same server with the same handlers, and a connection of its own."""
        twin = MCPClient.__new__(MCPClient)
        twin._set_up(self.asynchronous.new())
        return twin

    def __enter__(self) -> Self:
        self.open()
        with self._turn:
            self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._users = max(0, self._users - 1)
            if self._users:
                return
        self.close()

    def close(self) -> None:
        """Disconnect. Calls that are under way fail; the next one connects again."""
        portal.refuse_own_thread()
        with self._turn:
            hold, self._hold, self._users = self._hold, None, 0
            if self._lost is not None:
                self._lost.detach()
        if hold is None or not hold.valid:
            return
        try:
            portal.run(self.asynchronous.close())
        finally:
            hold.release()

    def _held(self) -> AsyncMCPClient:
        """The asynchronous client, whose event loop runs until this one is closed or lost."""
        hold = self._hold
        if hold is None or not hold.valid:
            self._take_hold()
        return self.asynchronous

    def _take_hold(self) -> None:
        with self._turn:
            if self._hold is not None:
                if self._hold.valid:
                    return
                self.asynchronous = self.asynchronous.new()  # what was open is the parent's
            self._hold = portal.hold(self.asynchronous.close)
            self._lost = weakref.finalize(self, self._hold.abandon)
            self._lost.atexit = False

    open: Final = blocking(AsyncMCPClient.open)
    connect = open
    is_connected: Final = direct(AsyncMCPClient.is_connected)
    get_server_info: Final = blocking(AsyncMCPClient.get_server_info)
    get_server_capabilities: Final = blocking(AsyncMCPClient.get_server_capabilities)
    ping: Final = blocking(AsyncMCPClient.ping)
    list_tools: Final = blocking(AsyncMCPClient.list_tools)
    call_tool: Final = blocking(AsyncMCPClient.call_tool)
    list_resources: Final = blocking(AsyncMCPClient.list_resources)
    list_resource_templates: Final = blocking(AsyncMCPClient.list_resource_templates)
    get_resource: Final = blocking(AsyncMCPClient.get_resource)
    read_resource = get_resource
    subscribe_resource: Final = blocking(AsyncMCPClient.subscribe_resource)
    unsubscribe_resource: Final = blocking(AsyncMCPClient.unsubscribe_resource)
    list_prompts: Final = blocking(AsyncMCPClient.list_prompts)
    get_prompt: Final = blocking(AsyncMCPClient.get_prompt)
    complete: Final = blocking(AsyncMCPClient.complete)
    request: Final = blocking(AsyncMCPClient.request)
    cancel: Final = blocking(AsyncMCPClient.cancel)
    progress: Final = blocking(AsyncMCPClient.progress)
    set_logging_level: Final = blocking(AsyncMCPClient.set_logging_level)
    send_roots_list_changed: Final = blocking(AsyncMCPClient.send_roots_list_changed)
    set_roots: Final = direct(AsyncMCPClient.set_roots)
    set_sampling_callback: Final = direct(AsyncMCPClient.set_sampling_callback)
    set_elicitation_callback: Final = direct(AsyncMCPClient.set_elicitation_callback)

    @property
    def protocol_version(self) -> str:
        """The revision spoken. It is a RuntimeError to ask before the first connection."""
        return self.asynchronous.protocol_version
