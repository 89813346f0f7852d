"""Handlers of prompts, and of the completion of arguments."""

from __future__ import annotations

from typing import Any

from fastmcp._components.demands import demand_of
from fastmcp.exceptions import InvalidParams, MethodNotFound, UnknownComponent, ValidationError
from fastmcp.prompts.base import PromptResult
from fastmcp.server.auth.authorization import permit
from fastmcp.server.catalogue import unasked, version_asked_for
from fastmcp.server.context import Context
from fastmcp.wire.completion import CompleteRequestParams, CompleteResult, PromptReference
from fastmcp.wire.features import GetPromptRequestParams, GetPromptResult
from fastmcp.wire.inputs import InputRequiredResult
from fastmcp.wire.resource_names import canonical_uri
from fastmcp.wire.tasks import CreateTaskResult

from .tasks import background, may_be_task


async def get_prompt(
    context: Context, params: GetPromptRequestParams
) -> PromptResult | InputRequiredResult | CreateTaskResult:
    prompt = await context.catalogue.prompts.get(params.name, version_asked_for(params.meta))
    if prompt is None or await permit(prompt) is None:
        hint = unasked(context.fastmcp.failures)
        raise UnknownComponent(f"Unknown prompt: {params.name!r}{hint}")
    if may_be_task(context, prompt):
        made = await background(context, prompt, params.arguments)
        if made is not None:
            return made
    context.exchange.turns_out_for(prompt)
    try:
        value = await prompt.render(params.arguments)
    except ValidationError as error:
        raise InvalidParams(f"Invalid arguments for prompt {prompt.name!r}: {error}") from None
    if (demand := demand_of(value)) is not None:
        return demand
    result = value if isinstance(value, PromptResult) else PromptResult(value)
    if result.description is None:
        result.description = prompt.description
    return result


def render_prompt(context: Context, params: Any, result: PromptResult) -> GetPromptResult:
    return result.to_wire()


async def complete(context: Context, params: CompleteRequestParams) -> CompleteResult:
    server, ref = context.fastmcp, params.ref
    if not server._parts.completes:
        raise MethodNotFound("Nothing on this server completes arguments")
    if isinstance(ref, PromptReference):
        component = await context.catalogue.prompts.get(ref.name)
    else:
        uri, catalogue = canonical_uri(ref.uri), context.catalogue
        component = await catalogue.templates.get(uri) or await catalogue.resources.get(uri)
    if component is None or await permit(component) is None:
        known = (
            f"prompt: {ref.name!r}" if isinstance(ref, PromptReference) else f"template: {ref.uri}"
        )
        raise InvalidParams(f"Unknown {known}")
    completed = await component.complete(params)
    if completed is not None:
        return completed
    completion = await server._parts.completers.complete(params, component.arguments_schema)
    return CompleteResult(completion=completion)
