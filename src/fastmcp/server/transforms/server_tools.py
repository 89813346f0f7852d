"""ServerTools: tools that use what else a server has."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import (
    NotFoundError,
    PromptError,
    RemoteProtocolError,
    ResourceError,
    ToolError,
    ValidationError,
)

from ..providers.kinds import TOOLS, Kind, overrides
from .added_tools import AddedTools
from .transform import GetToolNext, Transform

if TYPE_CHECKING:
    from fastmcp.tools.base import Tool

    from ..server import FastMCP


class ServerTools(Transform):
    """Adds what `_make_tools` makes; `provider` is the server whose components the tools use.

    Raises:
        TypeError: it is given no server.
    """

    def __init__(self, provider: Any) -> None:
        from ..server import FastMCP

        if not isinstance(provider, FastMCP):
            name = type(self).__name__
            raise TypeError(
                f"{name}({provider!r}): its tools go through the middleware and the checks of a "
                f"server, so give it the FastMCP server: {name}(mcp)"
            )
        self._provider: FastMCP = provider
        self._added = AddedTools(self, self._make_tools, "call the other one something else")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._provider!r})"

    def _make_tools(self) -> Sequence[Tool]:
        raise NotImplementedError

    def fixed(self, kind: Kind, items: Sequence[Any]) -> Sequence[Any] | None:
        if overrides(type(self), ServerTools, kind.listing, kind.getter):
            return None
        return self._added.fixed(items) if kind is TOOLS else items

    async def list_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        return self._added.beside(tools)

    async def get_tool(
        self, name: str, call_next: GetToolNext, *, version: VersionSpec | None = None
    ) -> Tool | None:
        return await self._added.get(name, call_next, version)

    async def _listed(self, method: str) -> Sequence[Any]:
        """What a list shows to whoever calls."""
        from ..in_process import act

        return await act(self._provider, method, {}, middleware=True)


@contextmanager
def told_to_the_model() -> Generator[None]:
    """Have errors that would answer another request be what a tool says to its model."""
    try:
        yield
    except (
        NotFoundError,
        PromptError,
        RemoteProtocolError,
        ResourceError,
        ValidationError,
    ) as error:
        raise ToolError(str(error)) from error
