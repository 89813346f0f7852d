"""Completion of arguments by the server behind a proxy."""

from __future__ import annotations

from typing import Any

from fastmcp.client.results import read_result
from fastmcp.wire.completion import (
    CompleteRequestParams,
    CompleteResult,
    PromptReference,
    ResourceTemplateReference,
)

from .backend import Backend


async def complete_behind(
    backend: Backend,
    params: CompleteRequestParams,
    ref: PromptReference | ResourceTemplateReference,
) -> CompleteResult:
    """What another server completes, which has a name of its own for what takes the argument."""
    asked: dict[str, Any] = {"ref": ref, "argument": params.argument}
    if params.context is not None:
        asked["context"] = params.context
    raw = await backend.ask("completion/complete", asked)
    completed = read_result(CompleteResult, raw, "completion/complete")
    return CompleteResult(completion=completed.completion)
