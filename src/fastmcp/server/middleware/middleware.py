"""Middleware: code around every message that a server handles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct, field, structs

if TYPE_CHECKING:
    from fastmcp.prompts.base import Prompt, PromptResult
    from fastmcp.resources.base import Resource, ResourceResult
    from fastmcp.resources.template import ResourceTemplate
    from fastmcp.server.context import Context
    from fastmcp.tools.base import Tool, ToolResult
    from fastmcp.wire.completion import CompleteRequestParams, CompleteResult
    from fastmcp.wire.features import (
        CallToolRequestParams,
        GetPromptRequestParams,
        ReadResourceRequestParams,
    )
    from fastmcp.wire.lifecycle import (
        DiscoverRequestParams,
        DiscoverResult,
        InitializeRequestParams,
        InitializeResult,
    )
    from fastmcp.wire.shapes import PaginatedRequestParams

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class CallNext(Protocol[T, T_co]):
    """The rest of the chain."""

    def __call__(self, context: MiddlewareContext[T]) -> Awaitable[T_co]: ...


class MiddlewareContext(Struct, Generic[T], kw_only=True):
    """A message on its way to its handler; `message` is the parameters of the method.

    Of a message that no handler can take, such as one for an unknown method, `message` is what
    could be read of its parameters, and `call_next` raises what is wrong with it.
    """

    message: T
    fastmcp_context: Context | None = None
    source: Literal["client", "server"] = "client"
    type: Literal["request", "notification"] = "request"
    method: str | None = None
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))

    def copy(self, **changes: Any) -> MiddlewareContext[T]:
        """The same with some members replaced."""
        return structs.replace(self, **changes)


class Middleware:
    """Override the hooks of interest; each one calls `call_next(context)` to go on.

    A message passes `on_message`, then `on_request` or `on_notification`, then the hook of its
    method. A hook that is not overridden takes no time.
    """

    async def __call__(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Whoever overrides this one handles every message by it; the hooks are called by it."""
        inner = call_next
        for hook in reversed(hooks_for(context.method, context.type)):
            inner = bound(getattr(self, hook), inner)
        return await inner(context)

    async def on_message(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Every message."""
        return await call_next(context)

    async def on_request(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Every request."""
        return await call_next(context)

    async def on_notification(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> None:
        """Every notification of the client's. What it means to the protocol has happened."""
        await call_next(context)

    async def on_initialize(
        self,
        context: MiddlewareContext[InitializeRequestParams],
        call_next: CallNext[InitializeRequestParams, InitializeResult],
    ) -> InitializeResult | None:
        """The handshake; None leaves its result as it is."""
        return await call_next(context)

    async def on_discover(
        self,
        context: MiddlewareContext[DiscoverRequestParams],
        call_next: CallNext[DiscoverRequestParams, DiscoverResult],
    ) -> DiscoverResult:
        """What a modern client may ask first."""
        return await call_next(context)

    async def on_call_tool(
        self,
        context: MiddlewareContext[CallToolRequestParams],
        call_next: CallNext[CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """The call of a tool."""
        return await call_next(context)

    async def on_list_tools(
        self,
        context: MiddlewareContext[PaginatedRequestParams],
        call_next: CallNext[PaginatedRequestParams, Sequence[Tool]],
    ) -> Sequence[Tool]:
        """The list of tools, before it is cut into pages."""
        return await call_next(context)

    async def check_resource_access(
        self, context: MiddlewareContext[ReadResourceRequestParams]
    ) -> None:
        """Raise AuthorizationError for a resource that the caller may not read."""

    async def on_read_resource(
        self,
        context: MiddlewareContext[ReadResourceRequestParams],
        call_next: CallNext[ReadResourceRequestParams, ResourceResult],
    ) -> ResourceResult:
        """The reading of a resource."""
        await self.check_resource_access(context)
        return await call_next(context)

    async def on_list_resources(
        self,
        context: MiddlewareContext[PaginatedRequestParams],
        call_next: CallNext[PaginatedRequestParams, Sequence[Resource]],
    ) -> Sequence[Resource]:
        """The list of resources, before it is cut into pages."""
        return await call_next(context)

    async def on_list_resource_templates(
        self,
        context: MiddlewareContext[PaginatedRequestParams],
        call_next: CallNext[PaginatedRequestParams, Sequence[ResourceTemplate]],
    ) -> Sequence[ResourceTemplate]:
        """The list of resource templates, before it is cut into pages."""
        return await call_next(context)

    async def on_get_prompt(
        self,
        context: MiddlewareContext[GetPromptRequestParams],
        call_next: CallNext[GetPromptRequestParams, PromptResult],
    ) -> PromptResult:
        """The rendering of a prompt."""
        return await call_next(context)

    async def on_list_prompts(
        self,
        context: MiddlewareContext[PaginatedRequestParams],
        call_next: CallNext[PaginatedRequestParams, Sequence[Prompt]],
    ) -> Sequence[Prompt]:
        """The list of prompts, before it is cut into pages."""
        return await call_next(context)

    async def on_complete(
        self,
        context: MiddlewareContext[CompleteRequestParams],
        call_next: CallNext[CompleteRequestParams, CompleteResult],
    ) -> CompleteResult:
        """The completion of an argument."""
        return await call_next(context)


Hook: TypeAlias = Callable[[MiddlewareContext[Any], CallNext[Any, Any]], Awaitable[Any]]
"""What middleware may also be: an async function with these parameters."""

HOOKS = {
    "initialize": "on_initialize",
    "server/discover": "on_discover",
    "tools/call": "on_call_tool",
    "tools/list": "on_list_tools",
    "resources/read": "on_read_resource",
    "resources/list": "on_list_resources",
    "resources/templates/list": "on_list_resource_templates",
    "prompts/get": "on_get_prompt",
    "prompts/list": "on_list_prompts",
    "completion/complete": "on_complete",
}


def hooks_for(method: str | None, kind: Literal["request", "notification"]) -> list[str]:
    """The hooks that a message passes, outermost first."""
    hooks = ["on_message", f"on_{kind}"]
    if kind == "request" and method in HOOKS:
        hooks.append(HOOKS[method])
    return hooks


def bound(hook: Hook, call_next: CallNext[Any, Any]) -> CallNext[Any, Any]:
    """A hook with the rest of the chain behind it."""

    def call(context: MiddlewareContext[Any]) -> Awaitable[Any]:
        return hook(context, call_next)

    return call
