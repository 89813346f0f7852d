"""Compiling middleware around a handler: once for each method, whenever the middleware changes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Raw, json

from fastmcp.exceptions import ConfigurationError
from fastmcp.prompts.base import PromptResult
from fastmcp.resources.base import ResourceResult
from fastmcp.tools.tool_result import ToolResult
from fastmcp.tools.whole_results import whole_result
from fastmcp.wire.completion import CompleteResult
from fastmcp.wire.features import CallToolRequestParams, CallToolResult
from fastmcp.wire.inputs import InputRequiredResult
from fastmcp.wire.lifecycle import DiscoverResult, InitializeResult
from fastmcp.wire.methods import METHODS
from fastmcp.wire.tasks import CreateTaskResult

from .middleware import CallNext, Hook, Middleware, MiddlewareContext, hooks_for

if TYPE_CHECKING:
    from fastmcp.server.context import Context

Member: TypeAlias = Middleware | Hook
Act: TypeAlias = "Callable[[Context, Any], Awaitable[Any]]"
Link: TypeAlias = CallNext[Any, Any]

# What the chain of a method gives.
RESULTS: dict[str, tuple[type[Any], ...]] = {
    "initialize": (InitializeResult,),
    "server/discover": (DiscoverResult,),
    "tools/call": (ToolResult, CallToolResult, InputRequiredResult, CreateTaskResult),
    "tools/list": (list, tuple),
    "resources/read": (ResourceResult, InputRequiredResult, CreateTaskResult),
    "resources/list": (list, tuple),
    "resources/templates/list": (list, tuple),
    "prompts/get": (PromptResult, InputRequiredResult, CreateTaskResult),
    "prompts/list": (list, tuple),
    "completion/complete": (CompleteResult,),
}


def checked(member: Any) -> Member:
    """Something that may be middleware.

    Raises:
        ConfigurationError: it may not; the text says what to do.
    """
    if isinstance(member, type):
        raise ConfigurationError(
            f"Middleware is an object: add {member.__name__}(...), not the class"
        )
    if not callable(member):
        raise ConfigurationError(
            f"{member!r} is no middleware: add an instance of Middleware, or an async function "
            "(context, call_next)"
        )
    return member  # type: ignore[return-value]


def compile_chain(members: Sequence[Member], method: str, handler: Act) -> Act:
    """The handler inside its middleware, first added outermost; the handler itself without any.

    Middleware sees the arguments of a call as data, so they are decoded before the chain.
    """
    hooks = [each for member in members for each in _hooks_of(member, method)]
    if not hooks:
        return handler

    target = METHODS[method].target

    async def innermost(context: MiddlewareContext[Any]) -> Any:
        assert context.fastmcp_context is not None
        params = parameters_of(context.message)
        if target is not None and type(named := getattr(params, target)) is not str:
            setattr(params, target, str(named))  # middleware may have put a URL there
        return await handler(context.fastmcp_context, params)

    chain = _linked(hooks, method, innermost)

    async def run(context: Context, params: Any) -> Any:
        if type(params) is CallToolRequestParams and isinstance(params.arguments, Raw):
            params.arguments = json.decode(params.arguments)
        return await chain(
            MiddlewareContext(
                message=Introduction(params) if method == "initialize" else params,
                fastmcp_context=context,
                method=method,
            )
        )

    return run


def compile_notified(members: Sequence[Member]) -> Act | None:
    """What notifications pass: None where no member looks at them."""
    hooks = [each for member in members for each in _hooks_of(member, None)]
    if not hooks:
        return None

    async def innermost(context: MiddlewareContext[Any]) -> None:
        return None

    chain = _linked(hooks, "", innermost)

    async def run(context: Context, params: Any) -> None:
        await chain(
            MiddlewareContext(
                message=params,
                fastmcp_context=context,
                method=context.exchange.method,
                type="notification",
            )
        )

    return run


def compile_refused(
    members: Sequence[Member],
) -> Callable[[Context, Any, Exception], Awaitable[Any]] | None:
    """What requests pass that no handler can take: None where no member looks at every request."""
    hooks = [each for member in members for each in _hooks_of(member, "")]
    if not hooks:
        return None

    async def run(context: Context, params: Any, error: Exception) -> Any:
        async def innermost(context: MiddlewareContext[Any]) -> Any:
            raise error

        chain = _linked(hooks, "", innermost)
        return await chain(
            MiddlewareContext(
                message=params, fastmcp_context=context, method=context.exchange.method
            )
        )

    return run


class Introduction:
    """The message of a handshake as hooks see it: its parameters, and the request that has them
    as `params`, for those who look there.
    """

    method = "initialize"

    def __init__(self, params: Any) -> None:
        self.params = params

    def __getattr__(self, name: str) -> Any:
        return getattr(self.params, name)


def parameters_of(message: Any) -> Any:
    """The parameters of a message that hooks see."""
    return message.params if isinstance(message, Introduction) else message


def _hooks_of(member: Member, method: str | None) -> list[tuple[Member, Hook]]:
    """What a member has to do with requests of a method (`None`: with notifications)."""
    if not isinstance(member, Middleware) or type(member).__call__ is not Middleware.__call__:
        return [(member, member)]
    kind = "notification" if method is None else "request"
    return [
        (member, getattr(member, name))
        for name in hooks_for(method, kind)
        if _overrides(member, name)
    ]


def _overrides(member: Middleware, name: str) -> bool:
    if name == "on_read_resource" and _overrides(member, "check_resource_access"):
        return True
    return getattr(type(member), name) is not getattr(Middleware, name) or name in vars(member)


def _linked(hooks: Sequence[tuple[Member, Hook]], method: str, innermost: Link) -> Link:
    chain = innermost
    for member, hook in reversed(hooks):
        chain = _link(member, hook, method, chain)
    return chain


def _link(member: Member, hook: Hook, method: str, call_next: Link) -> Link:
    """One hook: what it raises says so, and what it gives is what its method promises."""
    if method == "initialize":
        hook = _keeping(hook)
    promised = RESULTS.get(method, (object,))
    plain = not inspect.iscoroutinefunction(hook)

    async def link(context: MiddlewareContext[Any]) -> Any:
        try:
            given = hook(context, call_next)
            if plain and not inspect.isawaitable(given):
                raise TypeError(f"{_name(member)} is not async: it has to await call_next(context)")
            result = await given
        except Exception as error:
            _attribute(error, member)
            raise
        return result if isinstance(result, promised) else _as_promised(result, method, member)

    return link


def _as_promised(result: Any, method: str, member: Member) -> Any:
    """What middleware gave, where another library's result of a call is meant.

    Raises:
        TypeError: it is no result.
    """
    whole = whole_result(result) if method == "tools/call" else None
    if whole is not None:
        return whole
    error = TypeError(
        f"{_name(member)} gave {type(result).__name__} for {method}; a hook returns what "
        f"call_next gave it, or {' or '.join(kind.__name__ for kind in RESULTS[method])}"
    )
    _attribute(error, member)
    raise error


def _keeping(hook: Hook) -> Hook:
    """A hook of the handshake, which may return nothing: the result stays as it is."""

    async def kept(context: MiddlewareContext[Any], call_next: Link) -> Any:
        inner: Any = None

        async def seen(context: MiddlewareContext[Any]) -> Any:
            nonlocal inner
            inner = await call_next(context)
            return inner

        result = await hook(context, seen)
        return inner if result is None else result

    return kept


def _attribute(error: Exception, member: Member) -> None:
    """Note on what was raised that it was middleware, unless it came from further inside."""
    if not _came_from_inside(error.__traceback__):
        error.add_note(f"Raised in the middleware {_name(member)}")


def _came_from_inside(traceback: TracebackType | None) -> bool:
    """Whether a traceback that begins in one link goes on in another, or in the handler."""
    inside = None if traceback is None else traceback.tb_next
    while inside is not None:
        frame = inside.tb_frame
        if frame.f_globals is globals() and frame.f_code.co_name in ("link", "innermost"):
            return True
        inside = inside.tb_next
    return False


def _name(member: Member) -> str:
    if isinstance(member, Middleware):
        return type(member).__name__
    return getattr(member, "__qualname__", None) or type(member).__name__
