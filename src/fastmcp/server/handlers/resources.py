"""Handlers of resources: reading them, and watching them."""

from __future__ import annotations

from typing import Any

from fastmcp._components.demands import demand_of
from fastmcp._runtime.faults import resource_not_found
from fastmcp.exceptions import InvalidParams, MethodNotFound, NotFoundError, ValidationError
from fastmcp.resources.base import Resource, ResourceResult
from fastmcp.resources.template import ResourceTemplate
from fastmcp.server.auth.authorization import permit
from fastmcp.server.catalogue import unasked, version_asked_for
from fastmcp.server.context import Context
from fastmcp.server.subscriptions import MAX_SUBSCRIPTIONS, MAX_WATCHED_URI, listen
from fastmcp.wire.features import (
    ReadResourceRequestParams,
    ReadResourceResult,
    SubscribeRequestParams,
    UnsubscribeRequestParams,
)
from fastmcp.wire.inputs import InputRequiredResult
from fastmcp.wire.notifications import SubscriptionsListenRequestParams, SubscriptionsListenResult
from fastmcp.wire.resource_names import canonical_uri
from fastmcp.wire.shapes import EmptyResult
from fastmcp.wire.tasks import CreateTaskResult

from .tasks import background, followed, may_be_task


async def read_resource(
    context: Context, params: ReadResourceRequestParams
) -> ResourceResult | InputRequiredResult | CreateTaskResult:
    found = await _find_resource(context, params.uri, version_asked_for(params.meta))
    if found is None:
        hint = unasked(context.fastmcp.failures)
        raise resource_not_found(params.uri, hint and f"Resource not found: {params.uri}{hint}")
    component, arguments = found
    if may_be_task(context, component):
        made = await background(context, component, arguments)
        if made is not None:
            return made
    context.exchange.turns_out_for(component)
    try:
        value = await component.read_at(canonical_uri(params.uri), arguments)
    except ValidationError as error:
        text = f"Invalid parameters in {params.uri}: {error}"
        raise InvalidParams(text, {"uri": params.uri}) from None
    return demand_of(value) or component.convert_result(value)


async def _find_resource(
    context: Context, uri: str, version: str | None
) -> tuple[Resource | ResourceTemplate, dict[str, Any]] | None:
    try:
        found = await context.catalogue.get_resource(canonical_uri(uri), version)
    except NotFoundError:
        return None  # screened: its values lead elsewhere
    return None if found is None or await permit(found[0]) is None else found


def render_read(
    context: Context, params: ReadResourceRequestParams, result: ResourceResult
) -> ReadResourceResult:
    return result.to_wire(params.uri)


async def subscribe(context: Context, params: SubscribeRequestParams) -> EmptyResult:
    watched, uri = _watched(context), _watchable(params.uri)
    found = await _find_resource(context, params.uri, None)
    if found is None:
        raise resource_not_found(params.uri)
    if len(watched) >= MAX_SUBSCRIPTIONS:
        raise InvalidParams(f"Too many subscriptions: a session has at most {MAX_SUBSCRIPTIONS}")
    await found[0].watch(uri)
    watched.add(uri)
    return EmptyResult()


def _watchable(uri: str) -> str:
    """A URI as it is kept."""
    if len(uri) > MAX_WATCHED_URI:
        raise InvalidParams(f"A URI that is watched has at most {MAX_WATCHED_URI} characters")
    return canonical_uri(uri)


async def unsubscribe(context: Context, params: UnsubscribeRequestParams) -> EmptyResult:
    _watched(context).discard(canonical_uri(params.uri))
    return EmptyResult()


def _watched(context: Context) -> set[str]:
    session = context.exchange.session
    if session is None:
        raise MethodNotFound("Subscriptions need a session; this request came without one")
    if session.subscriptions is None:
        session.subscriptions = set()
    return session.subscriptions


async def listen_for_changes(
    context: Context, params: SubscriptionsListenRequestParams
) -> SubscriptionsListenResult:
    wanted = params.notifications
    uris = (wanted.resource_subscriptions or [])[:MAX_SUBSCRIPTIONS]
    watched: set[str] = set()
    for uri in map(_watchable, uris):
        if (found := await _find_resource(context, uri, None)) is not None:
            await found[0].watch(uri)
            watched.add(uri)
    audience, exchange = context.host._parts.audience, context.exchange
    tasks = await followed(context, wanted.task_ids)
    return await listen(audience, exchange, wanted, watched, context.session_id, tasks)
