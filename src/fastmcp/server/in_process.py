"""Using a server's components without a client: from a script, or from within its functions."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fastmcp._components.current import current_scope
from fastmcp._hydration.wrapping import says_wrapped, unwrapped
from fastmcp._runtime.bridge import bridge
from fastmcp._runtime.dispatch import Handler
from fastmcp.exceptions import ToolError
from fastmcp.prompts.base import PromptResult
from fastmcp.resources.base import ResourceResult
from fastmcp.tools.whole_results import WholeResult
from fastmcp.wire.content import TextContent
from fastmcp.wire.inputs import InputRequiredResult
from fastmcp.wire.methods import METHODS

from .auth.authorization import permitted
from .catalogue import View
from .context import Context
from .middleware.chain import compile_chain
from .request.detached import detached
from .routes import HANDLERS

if TYPE_CHECKING:
    from .server import FastMCP

T = TypeVar("T")


async def act(server: FastMCP, method: str, members: dict[str, Any], *, middleware: bool) -> Any:
    """What a method of the server gives, as it comes from the chain: errors are raised.

    In the middle of a request it is done for the same client: its context is a new one, over the
    same session, caller and values.
    """
    handler = server._parts.chain(method) if middleware else HANDLERS[method][0]
    return await _served(server, method, METHODS[method].params(**members), handler)


async def list_through(server: FastMCP, method: str, view: View[Any]) -> Any:
    """Every visible version of what a view shows, as the middleware of its list leaves it."""
    found = await permitted(await view.all())

    async def listed(context: Context, params: Any) -> Sequence[Any]:
        return found

    handler = compile_chain(server.middleware, method, listed)
    return await _served(server, method, METHODS[method].params(), handler)


async def _served(server: FastMCP, method: str, params: Any, handler: Handler[Context]) -> Any:
    outer = Context.current_or_none()
    exchange = detached(method) if outer is None else outer.exchange
    if exchange.task is not None:
        exchange.task.policies.heard = False
    context = Context(server, exchange, None if outer is None else _host(server, outer))
    async with server.lifespan.use():
        token = current_scope.set(context)
        try:
            return await handler(context, params)
        finally:
            current_scope.reset(token)


def _host(server: FastMCP, outer: Context) -> FastMCP:
    """Whose client it is that the server serves: its own, unless it is mounted there."""
    part = server is outer.fastmcp or server in outer.host._parts.sources._inner_servers
    return outer.host if part else server


def anywhere(work: Coroutine[Any, Any, T], name: str) -> Coroutine[Any, Any, T]:
    """`work` for every kind of caller: awaited in async code, waited for in plain code."""
    context = Context.current_or_none()
    try:
        home = asyncio.get_running_loop() if context is None else context.exchange.loop
    except RuntimeError:
        return asyncio.run(work)  # type: ignore[return-value]
    return bridge(work, home, name)


def run_tool(
    server: FastMCP,
    name: str,
    arguments: Mapping[str, Any] | None,
    version: str | None,
    middleware: bool,
) -> Coroutine[Any, Any, WholeResult]:
    """The whole result of a tool."""
    members = _target("name", name, version, arguments=dict(arguments or {}))
    return anywhere(act(server, "tools/call", members, middleware=middleware), "run_tool")


def call_tool(
    server: FastMCP,
    name: str,
    arguments: Mapping[str, Any] | None,
    version: str | None,
    middleware: bool,
) -> Coroutine[Any, Any, Any]:
    """The plain value of a tool."""
    members = _target("name", name, version, arguments=dict(arguments or {}))

    async def work() -> Any:
        return plain_value(await act(server, "tools/call", members, middleware=middleware))

    return anywhere(work(), "call_tool")


def read_resource(
    server: FastMCP, uri: str, version: str | None, middleware: bool
) -> Coroutine[Any, Any, ResourceResult]:
    """What a resource contains."""
    members = _target("uri", str(uri), version)
    return anywhere(act(server, "resources/read", members, middleware=middleware), "read_resource")


def render_prompt(
    server: FastMCP,
    name: str,
    arguments: Mapping[str, Any] | None,
    version: str | None,
    middleware: bool,
) -> Coroutine[Any, Any, PromptResult]:
    """What a prompt renders to."""
    members = _target("name", name, version, arguments=dict(arguments or {}))
    return anywhere(act(server, "prompts/get", members, middleware=middleware), "render_prompt")


def _target(key: str, value: str, version: str | None, **rest: Any) -> dict[str, Any]:
    """The members of a request for a component, in one version or its highest."""
    meta = None if version is None else {"fastmcp": {"version": version}}
    return {key: value, "meta": meta, **rest}


def plain_value(result: WholeResult) -> Any:
    """The value of a tool as a program wants it: data, else text, else content blocks.

    Raises:
        ToolError: the result says that the tool failed.
    """
    if isinstance(result, InputRequiredResult):
        return result
    texts = [block.text for block in result.content if isinstance(block, TextContent)]
    if result.is_error:
        raise ToolError("\n".join(texts))
    structured = result.structured_content
    if structured is not None:
        return unwrapped(structured, wrapped=says_wrapped(result.meta))
    if len(texts) == len(result.content) == 1:
        return texts[0]
    return result.content or None
