"""Handlers of the connection itself: who we are, whether we live, what we log."""

from __future__ import annotations

from typing import Any

from fastmcp._protocol.eras import SERVED_MODERN
from fastmcp.server.context import Context
from fastmcp.wire.lifecycle import (
    DiscoverRequestParams,
    DiscoverResult,
    InitializeRequestParams,
    InitializeResult,
    PingRequestParams,
    SetLevelRequestParams,
)
from fastmcp.wire.shapes import META_SERVER_INFO, EmptyResult


async def initialize(context: Context, params: InitializeRequestParams) -> InitializeResult:
    server = context.fastmcp
    return InitializeResult(
        protocol_version=context.protocol_version,
        capabilities=server._parts.capabilities(
            connected=context.exchange.session is not None, revision=context.revision
        ),
        server_info=server._parts.identity.implementation(),
        instructions=server.instructions,
        meta={META_SERVER_INFO: server.server_info} if server._parts.identity.extras() else None,
    )


async def discover(context: Context, params: DiscoverRequestParams) -> DiscoverResult:
    server = context.fastmcp
    return DiscoverResult(
        supported_versions=list(SERVED_MODERN),
        capabilities=server._parts.capabilities(connected=True, revision=context.revision),
        instructions=server.instructions,
    )


async def ping(context: Context, params: PingRequestParams) -> EmptyResult:
    return EmptyResult()


async def set_level(context: Context, params: SetLevelRequestParams) -> EmptyResult:
    context.set_log_level(params.level)
    return EmptyResult()


def same(context: Context, params: Any, result: Any) -> Any:
    return result
