"""The Middleware class, and how a chain of them is compiled around a handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from msgspec import Raw, Struct, field, json, structs

from fastmcp.wire.features import CallToolRequestParams

if TYPE_CHECKING:
    from fastmcp.server.context import Context

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class CallNext(Protocol[T, T_co]):
    """The rest of the chain."""

    def __call__(self, context: MiddlewareContext[T]) -> Awaitable[T_co]: ...


class MiddlewareContext(Struct, Generic[T], kw_only=True):
    """A message on its way to its handler; `message` is the parameters of the method."""

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

    A message passes `on_message`, then `on_request`, then the hook of its method.
    """

    async def __call__(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        hook = HOOKS.get(context.method or "")
        inner = call_next
        if hook is not None:
            inner = _bind(getattr(self, hook), inner)
        inner = _bind(self.on_request, inner)
        return await self.on_message(context, inner)

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

    on_initialize = on_discover = on_request
    on_call_tool = on_list_tools = on_request
    on_read_resource = on_list_resources = on_list_resource_templates = on_request
    on_get_prompt = on_list_prompts = on_request


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
}


def _bind(
    hook: Callable[[MiddlewareContext[Any], CallNext[Any, Any]], Awaitable[Any]],
    call_next: CallNext[Any, Any],
) -> CallNext[Any, Any]:
    def bound(context: MiddlewareContext[Any]) -> Awaitable[Any]:
        return hook(context, call_next)

    return bound


def compile_chain(
    middleware: Sequence[Middleware],
    method: str,
    handler: Callable[[Context, Any], Awaitable[Any]],
) -> Callable[[Context, Any], Awaitable[Any]]:
    """The handler inside its middleware, first added outermost; the handler itself without any.

    Middleware sees the arguments of a call as data, so they are decoded before the chain.
    """
    if not middleware:
        return handler

    async def innermost(context: MiddlewareContext[Any]) -> Any:
        assert context.fastmcp_context is not None
        return await handler(context.fastmcp_context, context.message)

    chain: CallNext[Any, Any] = innermost
    for member in reversed(middleware):
        chain = _bind(member, chain)

    async def run(context: Context, params: Any) -> Any:
        if isinstance(params, CallToolRequestParams) and isinstance(params.arguments, Raw):
            params.arguments = json.decode(params.arguments)
        return await chain(
            MiddlewareContext(message=params, fastmcp_context=context, method=method)
        )

    return run
