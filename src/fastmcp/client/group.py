"""ClientGroup: the tools of several servers, each behind a client of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from fastmcp.wire.features import CallToolResult as WireCallToolResult
from fastmcp.wire.features import Tool

from .arguments import Duration
from .caching.entries import CacheMode
from .client import Client
from .negotiation import Mode
from .progress import ProgressHandler
from .results import CallToolResult

if TYPE_CHECKING:
    from .config.mcp_config import MCPConfig


class ToolRoute(Struct, frozen=True):
    """Where a tool of a group is: the server's name, its client, and the tool's name there."""

    server_name: str
    client: Client
    upstream_name: str


class ClientGroup:
    """Lists and calls the tools of several servers, named `server_tool`.

    Each client keeps its own connection, and may be used by itself. `async with` opens and closes
    all of them; it may be entered several times.
    """

    def __init__(self, clients: Mapping[str, Client]) -> None:
        if not clients:
            raise ValueError("ClientGroup needs at least one client")
        self._clients = dict(clients)
        self._routes: dict[str, ToolRoute] = {}
        self._listed = False
        self._users = 0
        self._turn = asyncio.Lock()
        self._listing = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    @classmethod
    def from_config(
        cls, config: MCPConfig | Mapping[str, Any], *, default_mode: Mode = "auto"
    ) -> ClientGroup:
        """A client for each server of a configuration, with its `timeout`, and its `mode` if it
        has one.

        Raises:
            ConfigurationError: this is no such configuration.
        """
        from .config.mcp_config import MCPConfig

        parsed = config if isinstance(config, MCPConfig) else MCPConfig.from_dict(config)
        clients = {
            name: Client(
                server.to_transport(parsed.label(name)),
                mode=server.mode or default_mode,
                timeout=server.patience,
            )
            for name, server in parsed.mcpServers.items()
            if not server.is_disabled
        }
        return cls(clients)

    @property
    def clients(self) -> Mapping[str, Client]:
        """The clients by the names of their servers; not to be changed."""
        return MappingProxyType(self._clients)

    @property
    def protocol_versions(self) -> dict[str, str | None]:
        """The revision that each server speaks, None where nothing was agreed on yet."""
        return {name: _version_of(client) for name, client in self._clients.items()}

    async def __aenter__(self) -> Self:
        async with self._turn:
            if self._users == 0:
                await self._open()
            self._users += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        # In a task of its own: whoever leaves may be cancelled, and the clients still close.
        task = asyncio.get_running_loop().create_task(self._leave())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        await asyncio.shield(task)

    async def list_tools(self, *, cache_mode: CacheMode = "refresh") -> list[Tool]:
        """The tools of all servers by their names in the group, asked for anew unless
        `cache_mode="use"`.

        Raises:
            RuntimeError: a client is not connected.
            ValueError: two tools have the same name in the group.
        """
        self._require_connected(self._clients)
        listed = await asyncio.gather(
            *(client.list_tools(cache_mode=cache_mode) for client in self._clients.values())
        )
        tools: list[Tool] = []
        routes: dict[str, ToolRoute] = {}
        for (server, client), found in zip(self._clients.items(), listed, strict=True):
            for tool in found:
                name = f"{server}_{tool.name}"
                if name in routes:
                    raise ValueError(
                        f"Two tools of the group are called {name!r}: {tool.name!r} of {server!r} "
                        f"and {routes[name].upstream_name!r} of {routes[name].server_name!r}; "
                        "give one of the servers another name"
                    )
                routes[name] = ToolRoute(server, client, tool.name)
                tools.append(tool.model_copy(update={"name": name}))
        self._routes = routes
        self._listed = True
        return tools

    async def resolve_tool(self, name: str) -> ToolRoute:
        """Where a tool is. The first time, all servers are asked for their tools; afterwards only
        the tool's own has to be connected.

        Raises:
            KeyError: there is no such tool.
            RuntimeError: its client is not connected.
        """
        if name not in self._routes and not self._listed:
            async with self._listing:
                if not self._listed:
                    await self.list_tools(cache_mode="use")
        route = self._routes.get(name)
        if route is None:
            raise KeyError(
                f"Unknown tool: {name!r}; if the servers have others now, call list_tools()"
            )
        self._require_connected({route.server_name: route.client})
        return route

    async def call_tool_mcp(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        timeout: Duration | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> WireCallToolResult:
        """As `Client.call_tool_mcp`, by the tool's name in the group."""
        route = await self.resolve_tool(name)
        return await route.client.call_tool_mcp(
            route.upstream_name,
            arguments,
            timeout=timeout,
            progress_handler=progress_handler,
            meta=meta,
        )

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        timeout: Duration | None = None,
        progress_handler: ProgressHandler | None = None,
        raise_on_error: bool = True,
        meta: Mapping[str, Any] | None = None,
    ) -> CallToolResult:
        """As `Client.call_tool`, by the tool's name in the group."""
        route = await self.resolve_tool(name)
        return await route.client.call_tool(
            route.upstream_name,
            arguments,
            version=version,
            timeout=timeout,
            progress_handler=progress_handler,
            raise_on_error=raise_on_error,
            meta=meta,
        )

    # Opening and closing

    async def _open(self) -> None:
        """Open all clients at once; if one cannot be, none stays open for the group."""
        self._listing = asyncio.Lock()  # of the loop that runs now
        clients = list(self._clients.values())
        openings = [asyncio.ensure_future(client.__aenter__()) for client in clients]
        try:
            outcomes = await asyncio.gather(*openings, return_exceptions=True)
            failures = [each for each in outcomes if isinstance(each, BaseException)]
            if failures:
                raise failures[0]
        except BaseException:
            await asyncio.wait(openings)
            opened = [each for each, o in zip(clients, openings, strict=True) if _succeeded(o)]
            await _close(opened)
            raise

    async def _leave(self) -> None:
        async with self._turn:
            self._users = max(0, self._users - 1)
            if self._users > 0:
                return
            self._routes = {}
            self._listed = False
            failures = await _close(self._clients.values())
        if failures:
            raise failures[0]

    def _require_connected(self, clients: Mapping[str, Client]) -> None:
        lost = [repr(name) for name, client in clients.items() if not client.is_connected()]
        if lost:
            raise RuntimeError(
                f"Clients of the group are not connected: {', '.join(lost)}; "
                "use `async with group:`"
            )


async def _close(clients: Any) -> list[BaseException]:
    """Leave clients, whatever the others raise; what they raised."""
    leaving = (client.__aexit__(None, None, None) for client in clients)
    outcomes = await asyncio.gather(*leaving, return_exceptions=True)
    return [each for each in outcomes if isinstance(each, BaseException)]


def _succeeded(opening: asyncio.Future[Any]) -> bool:
    return not opening.cancelled() and opening.exception() is None


def _version_of(client: Client) -> str | None:
    try:
        return client.protocol_version
    except RuntimeError:
        return None
