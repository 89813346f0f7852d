"""ServerComposer: servers by name as one server, and workflows over them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, Unpack, cast, overload

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError, NotFoundError, UnknownComponent
from fastmcp.server.in_process import anywhere
from fastmcp.server.server import FastMCP
from fastmcp.tools.base import ToolOptions

F = TypeVar("F", bound=Callable[..., Any])


class ServerComposer(FastMCP):
    """A server that offers what the servers do that are added to it, each in a namespace of its
    name, and workflows: tools that use theirs. Its keywords are those of `FastMCP`.
    """

    def __init__(
        self, name: str | None = None, instructions: str | None = None, **settings: Any
    ) -> None:
        super().__init__(name, instructions, **settings)
        self._servers: dict[str, FastMCP] = {}

    def __repr__(self) -> str:
        return f"ServerComposer({self.name!r})"

    @property
    def servers(self) -> Mapping[str, FastMCP]:
        """The servers, by the names under which they were added."""
        return MappingProxyType(self._servers)

    def add_server(
        self, name: str, server: Any, *, tool_names: Mapping[str, str] | None = None
    ) -> FastMCP:
        """Offer what a server does, as it is at any time: a tool `x` of "auth" is called `auth_x`,
        unless `tool_names` gives it another name after `auth_`. Its middleware, its lifespan and
        its custom routes come with it. What is no server of this process is reached by a proxy: a
        URL, a command, a transport, a client. The server is returned.

        Raises:
            ConfigurationError: there is one of that name, the name is no part of a tool's name, or
                what was given is no server.
        """
        if hasattr(name, "as_provider"):
            name, server = server, cast("Any", name)  # in the order of `mount`
        if name in self._servers:
            raise ConfigurationError(f"There is a server {name!r} already; choose another name")
        if not hasattr(server, "as_provider"):
            from fastmcp.server.providers.proxy import create_proxy

            server = create_proxy(server)
        self.mount(server, namespace=name, tool_names=tool_names)
        self._servers[name] = server
        return server

    @overload
    def workflow(self, name_or_fn: F, /, **options: Unpack[ToolOptions]) -> F: ...
    @overload
    def workflow(
        self, name_or_fn: str | None = None, /, **options: Unpack[ToolOptions]
    ) -> Callable[[F], F]: ...
    def workflow(self, name_or_fn: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
        """Register a function as a tool: `@composer.workflow`, or with the options of `tool`. It is
        returned as it was.
        """
        return self.tool(name_or_fn, **options)

    def call_tool(  # type: ignore[override]
        self,
        server: str,
        tool: str | Mapping[str, Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        run_middleware: bool = True,
    ) -> Coroutine[Any, Any, Any]:
        """Call a tool of one of the servers, by the name that it has there, and get its value:
        data, else text, else content blocks. `call_tool(name, arguments)` is as on any server.

        Await it in async code; plain code gets the value at once. What the tool raises is raised.

        Raises:
            NotFoundError: there is no such server, or it has no such tool.
            ValidationError: the arguments do not fit.
        """
        if not isinstance(tool, str):
            given = tool if arguments is None else arguments
            return super().call_tool(server, given, version=version, run_middleware=run_middleware)
        options = {"version": version, "run_middleware": run_middleware}
        return anywhere(self._call(server, tool, arguments, options), "call_tool")

    async def _call(
        self,
        name: str,
        tool: str,
        arguments: Mapping[str, Any] | None,
        options: Mapping[str, Any],
    ) -> Any:
        server = self._server(name)
        try:
            return await server.call_tool(tool, arguments, **options)
        except UnknownComponent:
            if await server.get_tool(tool, options["version"]) is not None:
                raise  # the tool itself has looked for something
            raise await _no_tool(name, server, tool) from None

    def _server(self, name: str) -> FastMCP:
        server = self._servers.get(name)
        if server is None:
            raise NotFoundError(f"There is no server {name!r}{_hint(name, list(self._servers))}")
        return server


async def _no_tool(name: str, server: FastMCP, tool: str) -> NotFoundError:
    known = [each.name for each in await server.list_tools()]
    return NotFoundError(f"The server {name!r} has no tool {tool!r}{_hint(tool, known)}")


def _hint(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    if near:
        return f"; did you mean {near!r}?"
    return f"; there are {', '.join(sorted(known)[:20])}" if known else "; there is none"
