"""The server's own model, `FastMCP(sampling_handler=...)`: when it answers, what it may give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastmcp._components.blocks import is_block
from fastmcp.exceptions import MissingCapability
from fastmcp.server.inputs.asking import refusal
from fastmcp.wire.inputs import CreateMessageResult
from fastmcp.wire.revisions import R2025_11_25

from .messages import as_content

if TYPE_CHECKING:
    from fastmcp.server.context import Context


def handler_for(context: Context, *, with_tools: bool) -> Callable[..., Any] | None:
    """The handler that answers in the client's place; None when the client answers.

    Raises:
        MissingCapability: neither can.
    """
    fallback = context.fastmcp._parts.sampling_fallback
    if fallback.always:
        return fallback.handler
    missing = _missing(context, with_tools=with_tools)
    if missing is None:
        return None
    if fallback.handler is not None:
        return fallback.handler
    if context.revision.modern or context.exchange.session is not None:
        raise missing
    return None  # nobody knows what this client can; asking it tells why it cannot be asked


def _missing(context: Context, *, with_tools: bool) -> MissingCapability | None:
    """What keeps the client from answering."""
    supports = context.client_capabilities.supports
    if not supports("sampling"):
        return refusal("sampling")
    if not with_tools:
        return None
    if context.revision < R2025_11_25:
        return MissingCapability(
            f"Sampling with tools needs revision {R2025_11_25} of the protocol; the client speaks "
            f"{context.revision}",
            refusal("sampling.tools").data,
        )
    return None if supports("sampling.tools") else refusal("sampling.tools")


def as_answer(given: Any) -> CreateMessageResult:
    """What a handler gave, as an answer: text, content, or the result of any library.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(given, str) or is_block(given):
        return CreateMessageResult(
            role="assistant", content=as_content(given), model="unknown", stop_reason="endTurn"
        )
    try:
        answer = CreateMessageResult.model_validate(given)
    except ValueError as error:
        raise TypeError(
            "sampling_handler has to give a text or a CreateMessageResult, not "
            f"{type(given).__name__} ({error})"
        ) from None
    return answer.model_copy(update={"content": as_content(answer.content)})
