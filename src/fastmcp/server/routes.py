"""The table of what a server serves: method, handler, rendering."""

from __future__ import annotations

from collections.abc import Sequence

from fastmcp._runtime.dispatch import Handler, Render, Route
from fastmcp.wire.methods import METHODS

from . import handlers as h
from .context import Context
from .middleware.middleware import Middleware, compile_chain

HANDLERS: dict[str, tuple[Handler[Context], Render[Context]]] = {
    "initialize": (h.initialize, h.same),
    "server/discover": (h.discover, h.same),
    "ping": (h.ping, h.same),
    "logging/setLevel": (h.set_level, h.same),
    "tools/list": (h.list_tools, h.render_tools),
    "tools/call": (h.run_tool, h.render_call),
    "resources/list": (h.list_resources, h.render_resources),
    "resources/templates/list": (h.list_templates, h.render_templates),
    "resources/read": (h.read_resource, h.render_read),
    "prompts/list": (h.list_prompts, h.render_prompts),
    "prompts/get": (h.get_prompt, h.render_prompt),
}


def build_routes(middleware: Sequence[Middleware]) -> dict[str, Route[Context]]:
    """The routes with the middleware compiled around every handler."""
    chains = {
        method: compile_chain(middleware, method, handler)
        for method, (handler, _) in HANDLERS.items()
    }
    chains["tools/call"] = h.tool_outcome(chains["tools/call"])
    return {
        method: Route(METHODS[method], chains[method], render)
        for method, (_, render) in HANDLERS.items()
    }
