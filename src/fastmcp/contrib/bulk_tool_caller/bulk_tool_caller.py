"""BulkToolCaller: tools that call other tools of their server, many times for one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, field_serializer

from fastmcp._logging.tracebacks import exc_info_of
from fastmcp.exceptions import ConfigurationError, FastMCPError
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolResult
from fastmcp.wire.inputs import InputRequiredResult

from ..mcp_mixin import MCPMixin, mcp_tool

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP

Scalar = str | int | float | bool | None
OWN = ("call_tool_bulk", "call_tools_bulk")


class CallToolRequest(BaseModel):
    """A call of a tool."""

    tool: str = Field(description="The name of the tool to call.")
    arguments: dict[str, Any] = Field(description="The arguments of the call.")


class CallToolRequestResult(BaseModel):
    """What came of a call; the content as the tool gave it."""

    tool: str = Field(description="The name of the tool that was called.")
    arguments: dict[str, Any] = Field(description="The arguments of the call.")
    isError: bool = Field(description="Whether the call failed.")  # noqa: N815
    content: list[Any] = Field(description="What the tool answered, as blocks of content.")

    @property
    def is_error(self) -> bool:
        """The same as `isError`."""
        return self.isError

    @field_serializer("content")
    def _written(self, content: list[Any]) -> list[dict[str, Any]]:
        return [block.model_dump(exclude_none=True) for block in content]


class BulkToolCaller(MCPMixin):
    """Adds `call_tools_bulk` and `call_tool_bulk` to a server.

    The calls are made one after the other on behalf of whoever asked for them: through the
    server's middleware, and as far as the checks of each tool let this caller.
    """

    def __init__(self) -> None:
        self._server: FastMCP | None = None
        self._own = set(OWN)

    def register_tools(
        self, mcp_server: FastMCP, prefix: str | None = None, separator: str = "_"
    ) -> None:
        self._server = mcp_server
        if prefix:
            self._own |= {f"{prefix}{separator}{name}" for name in OWN}
        super().register_tools(mcp_server, prefix, separator)

    @mcp_tool()
    async def call_tools_bulk(
        self, tool_calls: list[CallToolRequest], continue_on_error: bool = True
    ) -> list[CallToolRequestResult]:
        """Call several tools of this server with one request, each with arguments of its own.
        This is faster than calling them one by one.

        Args:
            tool_calls: The calls, in the order in which they are made.
            continue_on_error: Whether to make the calls that follow one that failed.
        """
        calls = ((each.tool, each.arguments) for each in tool_calls)
        return await self._call_all(calls, continue_on_error)

    @mcp_tool()
    async def call_tool_bulk(
        self, tool: str, tool_arguments: list[dict[str, Scalar]], continue_on_error: bool = True
    ) -> list[CallToolRequestResult]:
        """Call one tool of this server several times with one request, each time with other
        arguments. This is faster than calling it again and again.

        Args:
            tool: The name of the tool to call.
            tool_arguments: The arguments of each call.
            continue_on_error: Whether to make the calls that follow one that failed.
        """
        return await self._call_all(((tool, each) for each in tool_arguments), continue_on_error)

    async def _call_all(
        self, calls: Iterable[tuple[str, Mapping[str, Any]]], continue_on_error: bool
    ) -> list[CallToolRequestResult]:
        results: list[CallToolRequestResult] = []
        for tool, arguments in calls:
            result = await self._call(tool, arguments)
            results.append(
                CallToolRequestResult(
                    tool=tool,
                    arguments=dict(arguments),
                    isError=result.is_error,
                    content=result.content,
                )
            )
            if result.is_error and not continue_on_error:
                break
        return results

    async def _call(self, tool: str, arguments: Mapping[str, Any]) -> CallToolResult:
        server = self._server
        if server is None:
            raise ConfigurationError("BulkToolCaller: register_tools(server) has to come first")
        if tool in self._own:
            return _failed(f"{tool} cannot be one of the calls that it makes")
        try:
            result = await server.run_tool(tool, arguments)
        except FastMCPError as error:
            return _failed(str(error))
        except Exception as error:
            server.logger.error("Error calling tool %r", tool, exc_info=exc_info_of(error))
            detail = "" if server._parts.masks_errors else f": {error}"
            return _failed(f"Error calling tool {tool!r}{detail}")
        if isinstance(result, InputRequiredResult):
            return _failed(f"{tool} asks the user for something, and has to be called by itself")
        return result if isinstance(result, CallToolResult) else result.to_wire()


def _failed(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)
