"""`call_tool_task`, as FastMCP 4 has it beside its client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..arguments import Duration
from .task import ToolTask

if TYPE_CHECKING:
    from ..client import Client


async def call_tool_task(
    client: Client,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    timeout: Duration | None = None,
    raise_on_error: bool = True,
    version: str | None = None,
    meta: Mapping[str, Any] | None = None,
) -> ToolTask:
    """`client.call_tool(…, task=True)`. Where the server answers at once instead of making it a
    task, that has `returned_immediately`.
    """
    return await client.call_tool(
        name,
        arguments,
        timeout=timeout,
        raise_on_error=raise_on_error,
        version=version,
        meta=meta,
        task=True,
    )
