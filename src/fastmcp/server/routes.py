"""The table of what a server serves: method, handler, rendering."""

from __future__ import annotations

from collections.abc import Mapping

from fastmcp._runtime.dispatch import Handler, Render, Route
from fastmcp.wire.features import (
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
)
from fastmcp.wire.methods import METHODS

from .context import Context
from .handlers import lifecycle, prompts, resources, tools
from .handlers.lifecycle import same
from .handlers.lists import listing
from .handlers.skills import of_skills
from .handlers.tasks import of_tasks
from .inputs.serving import interactive, rendering

HANDLERS: dict[str, tuple[Handler[Context], Render[Context]]] = {
    "initialize": (lifecycle.initialize, same),
    "server/discover": (lifecycle.discover, same),
    "ping": (lifecycle.ping, same),
    "logging/setLevel": (lifecycle.set_level, same),
    "tools/list": listing(lambda offered: offered.tools, ListToolsResult, "tools"),
    "tools/call": (tools.run_tool, tools.render_call),
    "resources/list": listing(lambda offered: offered.resources, ListResourcesResult, "resources"),
    "resources/templates/list": listing(
        lambda offered: offered.templates, ListResourceTemplatesResult, "resource_templates"
    ),
    "resources/read": (resources.read_resource, resources.render_read),
    "resources/subscribe": (resources.subscribe, same),
    "resources/unsubscribe": (resources.unsubscribe, same),
    "subscriptions/listen": (resources.listen_for_changes, same),
    "prompts/list": listing(lambda offered: offered.prompts, ListPromptsResult, "prompts"),
    "prompts/get": (prompts.get_prompt, prompts.render_prompt),
    "completion/complete": (prompts.complete, same),
    "tasks/get": (of_tasks("get_task"), same),
    "tasks/result": (of_tasks("task_result"), same),
    "tasks/list": (of_tasks("list_tasks"), same),
    "tasks/update": (of_tasks("update_task"), same),
    "tasks/cancel": (of_tasks("cancel_task"), same),
    "skills/list": (of_skills("list_skills"), same),
    "skills/get": (of_skills("get_skill"), same),
    "resources/directory/read": (of_skills("read_directory"), same),
}


INTERACTIVE = [name for name in HANDLERS if METHODS[name].interactive]


def build_routes(chains: Mapping[str, Handler[Context]]) -> dict[str, Route[Context]]:
    """The chains as requests reach them."""
    chains = dict(chains)
    for method in INTERACTIVE:
        failed = tools.tool_failure if method == "tools/call" else None
        chains[method] = interactive(chains[method], failed)
    return {
        method: Route(
            METHODS[method],
            chains[method],
            rendering(render) if method in INTERACTIVE and method != "tools/call" else render,
        )
        for method, (_, render) in HANDLERS.items()
    }
