"""How a request ended that has no result, as middleware sees it that watches."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, TypeAlias

from fastmcp._logging.words import words_of as words_of

from ..inputs.rounds import Rounds, Suspended
from .middleware import MiddlewareContext

Ending: TypeAlias = Literal["error", "input_required", "cancelled"]

ENDINGS = (Exception, asyncio.CancelledError, Suspended)
"""What ends a request without a result, and may be told of."""


def ending_of(context: MiddlewareContext[Any], fault: BaseException) -> Ending:
    """What a fault means. A question that waits for its answer is no error, whatever became of it
    on its way.
    """
    if isinstance(fault, asyncio.CancelledError):
        return "cancelled"
    if isinstance(fault, Suspended) or has_questions(context):
        return "input_required"
    return "error"


def has_questions(context: MiddlewareContext[Any]) -> bool:
    """Whether the function has asked its client something that has no answer yet."""
    served = context.fastmcp_context
    rounds = None if served is None else served.exchange.rounds
    return isinstance(rounds, Rounds) and bool(rounds.questions)
