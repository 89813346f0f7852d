"""Steps that run once, however many rounds of input their request has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Raw, json

from fastmcp._components.writing import to_json
from fastmcp._runtime.calling import call
from fastmcp._runtime.exchange import Exchange

from .rounds import Rounds


async def once(exchange: Exchange, key: str, function: Callable[[], Any]) -> Any:
    """What `function` gave the first time, as data.

    A coroutine function is awaited, a plain one runs in a worker thread. What it gives is
    recorded as JSON, and given back as that says it, the first time, too.

    Raises:
        ValueError: it gave something that has no JSON.
    """
    if exchange.rounds is None:
        exchange.rounds = Rounds()
    steps: dict[str, Raw] = exchange.rounds.record.steps
    if key not in steps:
        steps[key] = Raw(to_json(await call(function)))
    return json.decode(steps[key])
