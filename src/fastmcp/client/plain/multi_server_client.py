"""MultiServerClient: several servers by name, asked together or one of them."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeAlias, TypeVar

from fastmcp._runtime.portal import Closing
from fastmcp._spelling import nearest
from fastmcp.exceptions import (
    ClientError,
    ConfigurationError,
    Disconnected,
    McpError,
    NotFoundError,
)

from ..arguments import Duration
from .async_mcp_client import AsyncMCPClient
from .home import Home
from .server_failure import ServerFailure
from .targets import target_of, targets_of

P = ParamSpec("P")
T = TypeVar("T")
Asking: TypeAlias = Callable[[AsyncMCPClient], Awaitable[T]]

logger: Final = logging.getLogger("fastmcp.client")

TIMEOUT = 30.0
LISTS = {
    "tools": AsyncMCPClient.list_tools,
    "resources": AsyncMCPClient.list_resources,
    "prompts": AsyncMCPClient.list_prompts,
}


def anywhere(
    method: Callable[Concatenate[MultiServerClient, P], Coroutine[Any, Any, Any]],
) -> Callable[Concatenate[MultiServerClient, P], Any]:
    """A method that async code awaits, and that waits for itself in all other code."""

    @functools.wraps(method)
    def call(servers: MultiServerClient, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return servers._carry_out(method(servers, *args, **kwargs), method.__name__)

    return call


class MultiServerClient:
    """A client of several MCP servers, each of which has a name.

    `servers` says where each of them is: `{"name": target}`, where a target is what `MCPClient`
    takes (a URL, a `FastMCP` object, `{"url": …, "headers": …}`, `{"command": …, "args": […]}`), or
    a configuration with `mcpServers`, or the path of its file. `timeout` is how long a server may
    be silent, in seconds, unless its entry says otherwise; `options` are those of `Client`.

    In async code the methods are awaited, in all other code they wait for themselves: in a thread
    without a running event loop. A server is connected to when it is first asked; what is open
    belongs to the event loop of the first call, and `close()`, `with` or `async with` ends it.

    What all servers are asked, they are asked at the same time. The answers are a dict by server,
    in which a `ServerFailure` (a dict with `error`) stands for an answer that did not come.
    """

    def __init__(
        self, servers: Any = None, *, timeout: Duration | None = TIMEOUT, **options: Any
    ) -> None:
        self._options: dict[str, Any] = {"timeout": timeout, **options}
        self._clients: dict[str, AsyncMCPClient] = {}
        self._tools: dict[str, set[str]] = {}
        self._home = Home()
        for name, target in targets_of({} if servers is None else servers).items():
            self.add_server(name, target)

    def __repr__(self) -> str:
        return f"MultiServerClient({', '.join(self._clients)})"

    # The servers

    def list_servers(self) -> list[str]:
        """The names of the servers, in the order in which they are tried."""
        return list(self._clients)

    def add_server(self, name: str, target: Any) -> None:
        """Add a server. It is connected to when it is first asked.

        Raises:
            ConfigurationError: there is one of that name, or the target has a mistake.
        """
        if name in self._clients:
            raise ConfigurationError(f"There is a server {name!r} already; remove_server() ends it")
        target, options = target_of(name, target), self._options
        if getattr(target, "patience", None) is not None:  # its own timeout, of its entry
            options = {key: value for key, value in options.items() if key != "timeout"}
        self._clients[name] = AsyncMCPClient(target, **options)

    @anywhere
    async def remove_server(self, name: str) -> None:
        """Disconnect from a server and forget it.

        Raises:
            NotFoundError: there is none of that name.
        """
        client = self._client(name)
        del self._clients[name]
        self._tools.pop(name, None)
        await client.close()

    def _client(self, name: str) -> AsyncMCPClient:
        client = self._clients.get(name)
        if client is None:
            near = nearest(name, self._clients)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(self._clients)}"
            raise NotFoundError(f"There is no server {name!r}; {hint}")
        return client

    # Asking all of them

    @anywhere
    async def get_server_capabilities(self) -> dict[str, Any]:
        """What each server offers: the names of its `tools`, `resources` and `prompts`, and what it
        says of itself as `info`.
        """
        return await self._ask_all(_capabilities)

    discover = get_server_capabilities

    @anywhere
    async def list_tools(self) -> dict[str, Any]:
        """The tools of each server, as dicts."""
        return await self._list_tools()

    @anywhere
    async def list_resources(self) -> dict[str, Any]:
        """The resources of each server, as dicts."""
        return await self._ask_all(AsyncMCPClient.list_resources)

    @anywhere
    async def list_resource_templates(self) -> dict[str, Any]:
        """The resource templates of each server, as dicts."""
        return await self._ask_all(AsyncMCPClient.list_resource_templates)

    @anywhere
    async def list_prompts(self) -> dict[str, Any]:
        """The prompts of each server, as dicts."""
        return await self._ask_all(AsyncMCPClient.list_prompts)

    @anywhere
    async def health(self) -> dict[str, Any]:
        """Whether each server answers: `{"healthy": bool, "seconds": until it answered, "error":
        None or a text}`. One that is not connected is connected to.
        """
        return await self._ask_all(_health)

    @anywhere
    async def find_tool(self, tool: str) -> list[str]:
        """The names of the servers that have a tool; what could not be asked is logged."""
        for name, tools in (await self._list_tools()).items():
            if isinstance(tools, ServerFailure):
                logger.warning("Server %r cannot be asked for its tools: %s", name, tools["error"])
        return self._having(tool)

    @anywhere
    async def broadcast(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        servers: Iterable[str] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Call a tool on all `servers`, or on every one; what it returned on each."""
        return await self._ask_all(
            lambda client: client.call_tool(tool, arguments, **options), servers
        )

    broadcast_tool_call = broadcast

    async def _list_tools(self) -> dict[str, Any]:
        answers = await self._ask_all(AsyncMCPClient.list_tools)
        for name, tools in answers.items():
            if not isinstance(tools, ServerFailure):
                self._tools[name] = {tool["name"] for tool in tools}
        return answers

    async def _ask_all(self, ask: Asking[T], names: Iterable[str] | None = None) -> dict[str, Any]:
        chosen = list(self._clients if names is None else names)
        clients = [self._client(name) for name in chosen]
        answers = await asyncio.gather(*(_answer(ask, client) for client in clients))
        return dict(zip(chosen, answers, strict=True))

    # Asking one of them

    @anywhere
    async def call_tool(
        self, server: str, tool: str, arguments: Mapping[str, Any] | None = None, **options: Any
    ) -> Any:
        """Call a tool of one server, with the options of `MCPClient.call_tool`; what it returned.

        Raises:
            ToolError: the tool failed.
            NotFoundError: there is no such server.
            ConnectionError: the server cannot be reached.
        """
        return await self._client(server).call_tool(tool, arguments, **options)

    call_tool_on_server = call_tool

    @anywhere
    async def call_tool_anywhere(
        self, tool: str, arguments: Mapping[str, Any] | None = None, **options: Any
    ) -> Any:
        """Call a tool of the first server that has it; when that one cannot be reached, or is lost
        while it answers, of the next one.

        Raises:
            ToolError: the tool failed; it is not tried elsewhere.
            NotFoundError: no server has it.
            ConnectionError: all that have it failed.
        """
        failures: list[str] = []
        for name in self._having(tool) or await self._look_for(tool):
            client = self._client(name)
            try:
                await client.open()
            except (ClientError, McpError) as error:
                failures.append(f"{name}: {error}")
                continue
            try:
                return await client.call_tool(tool, arguments, **options)
            except ConnectionError as error:
                failures.append(f"{name}: {error}")
            logger.warning("Server %r failed, the next one is tried: %s", name, failures[-1])
        raise Disconnected(
            f"The connection to every server that has the tool {tool!r} failed: "
            + "; ".join(failures)
        )

    def _having(self, tool: str) -> list[str]:
        return [name for name in self._clients if tool in self._tools.get(name, ())]

    async def _look_for(self, tool: str) -> list[str]:
        answers = await self._list_tools()
        if found := self._having(tool):
            return found
        near = nearest(tool, {each for tools in self._tools.values() for each in tools})
        unasked = [name for name, each in answers.items() if isinstance(each, ServerFailure)]
        raise NotFoundError(
            f"No server has a tool {tool!r}"
            + (f"; did you mean {near!r}?" if near else "")
            + (f" (not reached: {', '.join(unasked)})" if unasked else "")
        )

    @anywhere
    async def get_resource(self, server: str, uri: Any, **options: Any) -> Any:
        """The text or bytes of a resource of one server, as `MCPClient.get_resource` gives it."""
        return await self._client(server).get_resource(uri, **options)

    read_resource = get_resource

    @anywhere
    async def get_prompt(
        self, server: str, name: str, arguments: Mapping[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """A rendered prompt of one server, as `MCPClient.get_prompt` gives it."""
        return await self._client(server).get_prompt(name, arguments, **options)

    # Opening and closing

    @anywhere
    async def close(self) -> None:
        """Disconnect from all servers. The next call connects again."""
        try:
            await self._closing()()
        finally:
            self._home.leave()

    close_all = close

    def _closing(self) -> Closing:
        """What disconnects from all servers, without holding this object."""
        clients = self._clients

        async def close() -> None:
            closings = [client.close() for client in clients.values()]
            await asyncio.gather(*closings, return_exceptions=True)

        return close

    def _renew(self) -> None:
        """Forget what is open: it belongs to the parent of this process."""
        self._clients = {name: each.new() for name, each in self._clients.items()}

    def _carry_out(self, work: Coroutine[Any, Any, Any], name: str) -> Any:
        """The result of `work`, or what is awaited for it."""
        return self._home.carry_out(self, work, f"MultiServerClient.{name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _answer(ask: Asking[T], client: AsyncMCPClient) -> T | ServerFailure:
    try:
        return await ask(client)
    except Exception as error:
        return ServerFailure(error)


async def _capabilities(client: AsyncMCPClient) -> dict[str, Any]:
    info = await client.get_server_info()
    found: dict[str, Any] = {"info": info}
    for kind, list_all in LISTS.items():
        entries = await list_all(client) if kind in info["capabilities"] else []
        found[kind] = [entry["name"] for entry in entries]
    return found


async def _health(client: AsyncMCPClient) -> dict[str, Any]:
    began = time.monotonic()
    error = None
    try:
        await client.ping()
    except Exception as failure:
        error = ServerFailure(failure)["error"]
    return {"healthy": error is None, "seconds": time.monotonic() - began, "error": error}
