"""From a request to the record of the task that it becomes."""

from __future__ import annotations

import secrets
import time
from typing import Final

from msgspec import Raw, json

from fastmcp._components.component import Component

from ..context import Context
from ..inputs.rounds import Rounds
from .caller import caller_of
from .config import TaskConfig
from .record import TaskRecord
from .store import LONGEST

DEFAULT_TTL: Final = 86_400.0
"""How long a task is kept for whose client has no wish, in seconds."""
_OF_THE_REQUEST: Final = ("task", "inputResponses", "requestState")


def task_of(
    context: Context, component: Component, config: TaskConfig, ttl: float | None
) -> TaskRecord:
    """A new task, which its client wants to be kept for `ttl` seconds."""
    exchange, now = context.exchange, time.time()
    record = TaskRecord(
        id=secrets.token_hex(16),
        method=exchange.method,
        target=component._address,
        version=component.version,
        params=Raw(_of_task(exchange.params)),
        caller=caller_of(context),
        owner=context.principal,
        created_at=now,
        updated_at=now,
        ttl=min(DEFAULT_TTL if ttl is None else ttl, LONGEST),
        poll_interval=config.poll_interval.total_seconds(),
    )
    if exchange.rounds is not None:
        _take_rounds(record, exchange.rounds)
    return record


def _of_task(params: Raw) -> bytes:
    """The parameters of a request, without those that were for its own rounds."""
    members: dict[str, Raw] = json.decode(params, type=dict[str, Raw])
    kept = {name: raw for name, raw in members.items() if name not in _OF_THE_REQUEST}
    return bytes(params) if len(kept) == len(members) else json.encode(kept)


def _take_rounds(record: TaskRecord, rounds: Rounds) -> None:
    """Go on with what the client answered before there was a task."""
    record.rounds = rounds.record
    given = rounds.responses or {}
    record.answers = {key: Raw(json.encode(answer)) for key, answer in given.items()}
    record.asked_as = {key: key for key in given}
