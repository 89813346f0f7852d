"""Rounds of input: a modern server says what it needs and is asked again (PROTOCOL 3.13)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from msgspec import Raw, Struct, json

from fastmcp.exceptions import ClientError
from fastmcp.wire.methods import METHODS
from fastmcp.wire.model import Model

from .answers import Question

MAX_ROUNDS = 10
# What a server that only asks to be asked again is given, in seconds: more each time in a row.
PAUSE, LONGEST_PAUSE = 0.05, 0.25

# The requests that may be answered so.
IN_ROUNDS = frozenset(name for name, method in METHODS.items() if method.interactive)

Retry: TypeAlias = Callable[[dict[str, Any]], Awaitable[Raw]]
AnswerAll: TypeAlias = Callable[[Mapping[str, Question]], Awaitable[dict[str, Model]]]


class Demand(Struct, rename="camel"):
    """What a server needs before it can answer."""

    input_requests: dict[str, Question] | None = None
    request_state: str | None = None


class _Kind(Struct, rename="camel"):
    result_type: str | None = None


_read_kind = json.Decoder(_Kind).decode
_read_demand = json.Decoder(Demand).decode


def input_demand(result: Raw) -> Demand | None:
    """The demand for input that a result is; None for any other.

    Raises:
        ClientError: it is one, and cannot be read.
    """
    if b'"input_required"' not in bytes(result):
        return None
    try:
        if _read_kind(result).result_type != "input_required":
            return None
    except (ValueError, RecursionError):
        return None  # whoever reads the result says so
    try:
        return _read_demand(result)
    except (ValueError, RecursionError) as error:
        raise ClientError(f"The server asks for input, unreadably: {error}") from None


async def fulfil(demand: Demand, retry: Retry, answer_all: AnswerAll, most: int) -> Raw:
    """Answer what is demanded, and `retry` with the answers, until there is a result.

    Raises:
        ClientError: there is none after `most` rounds, or something cannot be answered.
    """
    pause = PAUSE
    for _ in range(most):
        more: dict[str, Any] = {}
        if demand.input_requests:
            more["inputResponses"] = await answer_all(demand.input_requests)
            pause = PAUSE
        elif demand.request_state is not None:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            raise ClientError("The server asks for input without saying which")
        if demand.request_state is not None:
            more["requestState"] = demand.request_state
        result = await retry(more)
        following = input_demand(result)
        if following is None:
            return result
        demand = following
    raise ClientError(
        f"The server still asks for input after {most} rounds; a client takes more with "
        "input_required_max_rounds"
    )
