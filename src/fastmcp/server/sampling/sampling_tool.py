"""SamplingTool: a tool that a sampled model may call."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Self

from msgspec import Struct

from fastmcp._runtime.calling import call
from fastmcp.exceptions import AuthorizationError
from fastmcp.server.auth.authorization import permit
from fastmcp.tools.base import Tool
from fastmcp.tools.function_tool import FunctionTool
from fastmcp.wire.features import Tool as WireTool


class SamplingTool(Struct, kw_only=True, eq=False):
    """A tool that a sampled model may call; `ctx.sample(tools=[...])` makes them of functions.

    `call` runs it with its arguments, which it checks; without one, `fn` takes them as keywords,
    unchecked. With a `sequential` tool among them, the calls of one answer run one by one.
    """

    RECORDED: ClassVar[bool] = True
    """Whether a call runs only once, however many rounds of input its request has."""

    name: str
    parameters: dict[str, Any]
    fn: Callable[..., Any]
    description: str | None = None
    sequential: bool = False
    call: Callable[[dict[str, Any]], Awaitable[Any]] | None = None

    @classmethod
    def from_function(
        cls,
        fn: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        sequential: bool = False,
    ) -> Self:
        """Read a function as `@mcp.tool` does.

        Raises:
            InvalidSignature: it cannot become a tool; a ValueError.
        """
        tool = FunctionTool.from_function(
            fn, name=name, description=description, output_schema=None
        )

        async def call(arguments: dict[str, Any]) -> Any:
            return await tool.invoke(**tool.signature.arguments(arguments))

        return cls(
            name=tool.name,
            description=tool.description,
            parameters=tool.parameters,
            fn=fn,
            sequential=sequential,
            call=call,
        )

    @classmethod
    def from_callable_tool(
        cls,
        tool: Tool,
        *,
        name: str | None = None,
        description: str | None = None,
        sequential: bool = False,
    ) -> Self:
        """Take a tool of a server; what its `auth` asks of callers, it asks here, too."""
        if not isinstance(tool, Tool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"Expected a tool of a server, such as a FunctionTool, not {tool!r}")

        async def call(arguments: dict[str, Any]) -> Any:
            if tool.auth is not None and await permit(tool) is None:
                raise AuthorizationError(f"The caller may not use the tool {tool.name!r}")
            return await tool.call(arguments)

        return cls(
            name=name or tool.name,
            description=tool.description if description is None else description,
            parameters=tool.parameters,
            fn=tool.run,
            sequential=sequential,
            call=call,
        )

    @classmethod
    def of(cls, given: Any) -> SamplingTool:
        """The tool that something is or becomes: a function, a tool of a server, one already.

        Raises:
            TypeError: it is none of these.
            InvalidSignature: a function that cannot become a tool.
        """
        if isinstance(given, SamplingTool):
            return given
        if isinstance(given, Tool):
            return cls.from_callable_tool(given)
        if not callable(given):
            raise TypeError(
                "tools= takes functions, tools of a server and SamplingTools, not "
                f"{type(given).__name__}"
            )
        return cls.from_function(given)

    async def run(self, arguments: dict[str, Any] | None = None) -> Any:
        """What it gives for these arguments."""
        given = arguments or {}
        if self.call is not None:
            return await self.call(given)
        return await call(functools.partial(self.fn, **given))

    def to_mcp_tool(self) -> WireTool:
        """The tool as the model's client is told of it."""
        return WireTool(name=self.name, description=self.description, input_schema=self.parameters)
