"""A limit to how long serving one request may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from fastmcp.exceptions import REQUEST_TIMEOUT, McpError
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Request

Answer: TypeAlias = Callable[[Request], Coroutine[Any, Any, bytes | None]]

# What is to last, and no limit is for.
LISTEN = "subscriptions/listen"


def took_too_long(seconds: float) -> McpError:
    """The error for a request over the limit."""
    return McpError(
        code=REQUEST_TIMEOUT,
        message=f"The request took longer than the {seconds:g} seconds that this server allows",
    )


def within(seconds: float, answer: Answer) -> Answer:
    """`answer`, which is cancelled after so many seconds and then gives an error."""

    async def limited(request: Request) -> bytes | None:
        if request.method == LISTEN:
            return await answer(request)
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                return await answer(request)
        except TimeoutError:
            if not deadline.expired():
                raise
            return jsonrpc.encode_failure(request.id, took_too_long(seconds))

    return limited
