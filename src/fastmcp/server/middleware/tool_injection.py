"""Adding tools by middleware: any, or those that hand out a server's prompts and resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastmcp._lazy import lazy_names
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.authorization import permitted
from fastmcp.server.context import Context
from fastmcp.tools.base import Tool

from .injected import InjectsTools, injected_tool
from .middleware import CallNext, MiddlewareContext

if TYPE_CHECKING:
    from .component_tools import get_prompt as get_prompt
    from .component_tools import get_prompt_tool as get_prompt_tool
    from .component_tools import list_prompts as list_prompts
    from .component_tools import list_prompts_tool as list_prompts_tool
    from .component_tools import list_resources as list_resources
    from .component_tools import list_resources_tool as list_resources_tool
    from .component_tools import read_resource as read_resource
    from .component_tools import read_resource_tool as read_resource_tool

_HOME = "fastmcp.server.middleware.component_tools"
_FUNCTIONS = ("list_prompts", "get_prompt", "list_resources", "read_resource")

lazy_names(
    __name__,
    dict.fromkeys((*_FUNCTIONS, *(f"{name}_tool" for name in _FUNCTIONS)), _HOME),
)


class ToolInjectionMiddleware(InjectsTools):
    """Adds tools to those of the server: they are listed first, and replace others of their name.

    A call of one goes through all further middleware, and the tool's `auth` decides as for any
    other; rules of visibility do not concern it, nor does a version that is asked for. Of several
    of these with a tool of the same name, the first decides.

    Raises:
        ConfigurationError: something that is no tool.
    """

    def __init__(self, tools: Sequence[Tool]) -> None:
        for tool in tools:
            if not isinstance(tool, Tool):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ConfigurationError(
                    f"tools= has {tool!r}, which is no tool: make one by Tool.from_function(...)"
                )
        super().__init__(tools)

    async def on_list_tools(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[Tool]]
    ) -> Sequence[Tool]:
        """The list with the tools that are added, as far as the caller may use them."""
        listed = await call_next(context)
        own = [tool for tool in self._tools.values() if self._decides(context, tool.name)]
        return [
            *await permitted(own),
            *(tool for tool in listed if tool.name not in self._tools or tool in own),
        ]

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The call; of a tool that is added, with that tool on offer."""
        name = context.message.name
        served = context.fastmcp_context
        if name not in self._tools or served is None or not self._decides(context, name):
            return await call_next(context)
        offering = _Offering(served, self._tools[name])
        return await call_next(context.copy(fastmcp_context=offering))

    def _decides(self, context: MiddlewareContext[Any], name: str) -> bool:
        served = context.fastmcp_context
        found = None if served is None else injected_tool(served.fastmcp, name)
        return found is None or found is self._tools[name]


class PromptToolMiddleware(ToolInjectionMiddleware):
    """Adds `list_prompts` and `get_prompt`, for clients that know tools alone."""

    def __init__(self) -> None:
        from . import component_tools

        super().__init__([component_tools.list_prompts_tool, component_tools.get_prompt_tool])


class ResourceToolMiddleware(ToolInjectionMiddleware):
    """Adds `list_resources` and `read_resource`, for clients that know tools alone."""

    def __init__(self) -> None:
        from . import component_tools

        super().__init__([component_tools.list_resources_tool, component_tools.read_resource_tool])


class _Offering(Context):
    """The same request, to which one more tool is offered."""

    __slots__ = ("_catalogue",)

    def __init__(self, served: Context, tool: Tool) -> None:
        super().__init__(served.fastmcp, served.exchange, served.host)
        self._catalogue: Any = _With(served.catalogue, tools=_Tools(served.catalogue.tools, tool))

    @property
    def catalogue(self) -> Any:
        return self._catalogue


class _With:
    """An object with some attributes replaced."""

    def __init__(self, whole: Any, **replaced: Any) -> None:
        self.__dict__.update(replaced)
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class _Tools(_With):
    def __init__(self, view: Any, tool: Tool) -> None:
        super().__init__(view)
        self._tool = tool

    def find(self, address: str, version: Any = None) -> Tool | None:
        """The tool that is added, by its name; else as the server has it."""
        return self._tool if address == self._tool.name else self._whole.find(address, version)

    async def get(self, address: str, version: Any = None) -> Tool | None:
        """As `find`, from all sources."""
        return self._tool if address == self._tool.name else await self._whole.get(address, version)
