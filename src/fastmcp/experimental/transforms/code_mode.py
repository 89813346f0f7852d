"""CodeMode: a model writes code that calls tools, in the place of calling them one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastmcp._components.versions import VersionSpec
from fastmcp._components.writing import to_json
from fastmcp._logging.tracebacks import exc_info_of
from fastmcp.exceptions import (
    ConfigurationError,
    FastMCPError,
    ToolError,
    ValidationError,
)
from fastmcp.server.context import Context, set_context
from fastmcp.server.transforms.added_tools import AddedTools
from fastmcp.server.transforms.catalog import CatalogTransform
from fastmcp.server.transforms.transform import GetToolNext
from fastmcp.tools.base import Tool
from fastmcp.tools.whole_results import WholeResult
from fastmcp.wire.content import TextContent
from fastmcp.wire.inputs import InputRequiredResult

from .discovery import (
    DiscoveryToolFactory,
    GetSchemas,
    GetTags,
    GetToolCatalog,
    ListTools,
    Search,
    SearchFn,
    ToolDetailLevel,
)
from .monty import MontySandboxProvider
from .sandbox import SandboxProvider

__all__ = [
    "CodeMode",
    "DiscoveryToolFactory",
    "GetSchemas",
    "GetTags",
    "GetToolCatalog",
    "ListTools",
    "MontySandboxProvider",
    "SandboxProvider",
    "Search",
    "SearchFn",
    "ToolDetailLevel",
]

_DESCRIPTION = """\
Run Python that calls tools: `await call_tool(name, params)`, with the parameters as a dict. Do \
several calls in one block, and `return` the answer. Nothing else is in scope."""


class CodeMode(CatalogTransform):
    """Lists a tool that runs Python, in which tools are called, and `discovery_tools`: functions
    that make a tool of a function which reads the catalog. These are `Search()` and `GetSchemas()`
    unless others are given. All other tools are not listed, and can be called as before.

    `sandbox_provider` runs the code; `max_tool_calls` is how often one run may call, None for
    without end.

    Raises:
        ConfigurationError: `max_tool_calls` is negative; or, with the first request, two of the
            tools have the same name.
    """

    def __init__(
        self,
        *,
        sandbox_provider: SandboxProvider | None = None,
        discovery_tools: list[DiscoveryToolFactory] | None = None,
        execute_tool_name: str = "execute",
        execute_description: str | None = None,
        max_tool_calls: int | None = 50,
    ) -> None:
        super().__init__()
        if max_tool_calls is not None and max_tool_calls < 0:
            raise ConfigurationError(f"max_tool_calls={max_tool_calls}: it cannot be negative")
        self.execute_tool_name = execute_tool_name
        self.execute_description = execute_description
        self.max_tool_calls = max_tool_calls
        self.sandbox_provider: SandboxProvider = sandbox_provider or MontySandboxProvider()
        self._factories = [Search(), GetSchemas()] if discovery_tools is None else discovery_tools
        self._added = AddedTools(
            self, self._make_tools, "give execute_tool_name=, or a name= to its discovery tool"
        )

    async def transform_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """The discovery tools, and the one that runs code."""
        self._added.beside(tools)
        return list(self._added.by_name.values())

    async def get_tool(
        self, name: str, call_next: GetToolNext, *, version: VersionSpec | None = None
    ) -> Tool | None:
        return await self._added.get(name, call_next, version)

    def _make_tools(self) -> list[Tool]:
        discovery = [factory(self.get_tool_catalog) for factory in self._factories]
        return [*discovery, self._make_execute_tool()]

    def _make_execute_tool(self) -> Tool:
        async def execute(
            code: Annotated[str, "Async Python, in which `await call_tool(name, params)` works"],
            ctx: Context = None,  # type: ignore[assignment]
        ) -> Any:
            call_tool = _Calls(self, ctx, self.max_tool_calls).call
            return await self.sandbox_provider.run(
                code, external_functions={"call_tool": call_tool}
            )

        description = self.execute_description
        return Tool.from_function(
            execute,
            name=self.execute_tool_name,
            description=_DESCRIPTION if description is None else description,
        )


class _Calls:
    """The calls of one run of code."""

    def __init__(self, transform: CodeMode, context: Context, most: int | None) -> None:
        self._transform = transform
        self._context = context
        self._most = most
        self._made = 0

    async def call(self, tool_name: str, params: dict[str, Any] | None = None) -> Any:
        """What a tool gives: its structured content, or else its text.

        Raises:
            ToolError: it failed, or the caller may not use it. The code may go on.
        """
        self._made += 1
        if self._most is not None and self._made > self._most:
            raise ToolError(f"One run may call tools {self._most} times, and no more")
        with set_context(self._context):  # a sandbox may call from anywhere
            tool = await self._transform.find_tool(self._context, tool_name)
            if tool is None:
                raise ToolError(f"Unknown tool: {tool_name!r}")
            return _value(tool_name, await self._result(tool, tool_name, params or {}))

    async def _result(self, tool: Tool, name: str, params: Mapping[str, Any]) -> WholeResult:
        server = self._context.fastmcp
        try:
            return await server.run_tool(name, params)
        except ValidationError as error:
            raise _failed(name, f"{error}\n{_parameters(tool)}") from error
        except FastMCPError as error:
            raise _failed(name, str(error)) from error
        except Exception as error:
            what = "Error calling tool %r from code"
            server.logger.error(what, name, exc_info=exc_info_of(error))
            told = "the tool has an error" if server._parts.masks_errors else str(error)
            raise _failed(name, told) from error
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as question:
            # The code ends here, and runs again when the client has answered.
            raise _failed(name, "the client has to be asked first") from question


def _failed(name: str, said: str) -> ToolError:
    return ToolError(f"call_tool({name!r}) failed: {said}")


def _parameters(tool: Tool) -> str:
    required: list[str] = tool.parameters.get("required") or []
    names: dict[str, Any] = tool.parameters.get("properties") or {}
    shown = ", ".join(f"{name}*" if name in required else name for name in names)
    return f"Parameters of {tool.name} (* = required): {shown or 'none'}"


def _value(name: str, result: WholeResult) -> Any:
    if isinstance(result, InputRequiredResult):
        raise _failed(name, "it returns questions for the client, which code cannot hand on")
    content: list[Any] = result.content
    texts = [block.text for block in content if isinstance(block, TextContent)]
    structured = result.structured_content
    if result.is_error:
        raise _failed(name, "\n".join(texts) or str(structured or "it says no more"))
    if structured is not None:
        return structured
    return "\n".join(
        block.text if isinstance(block, TextContent) else to_json(block).decode()
        for block in content
    )
