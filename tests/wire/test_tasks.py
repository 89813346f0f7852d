"""Both shapes of tasks, in one set of types."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_11_25, R2026_07_28, Revision, sieve
from fastmcp.wire.tasks import (
    CancelTaskResult,
    CreateTaskResult,
    GetTaskResult,
    Task,
    TaskNotificationParams,
    TaskStatusNotificationParams,
)

STATE = {"taskId": "t", "status": "working", "createdAt": "c", "lastUpdatedAt": "u"}
CORE = {**STATE, "ttl": None, "pollInterval": 5}
EXTENSION = {**STATE, "ttlMs": None, "pollIntervalMs": 5}


@pytest.mark.parametrize(
    ("cls", "message", "revision"),
    [
        (CreateTaskResult, {"task": CORE}, R2025_11_25),
        (CreateTaskResult, {"resultType": "task", **EXTENSION}, R2026_07_28),
        (GetTaskResult, CORE, R2025_11_25),
        (GetTaskResult, {"resultType": "complete", **EXTENSION}, R2026_07_28),
        (
            GetTaskResult,
            {**EXTENSION, "status": "completed", "result": {"content": []}},
            R2026_07_28,
        ),
        (
            GetTaskResult,
            {**EXTENSION, "status": "failed", "error": {"code": 1, "message": "m"}},
            R2026_07_28,
        ),
        (
            GetTaskResult,
            {**EXTENSION, "status": "input_required", "inputRequests": {"k": {"method": "m"}}},
            R2026_07_28,
        ),
        (CancelTaskResult, CORE, R2025_11_25),
        (CancelTaskResult, {"resultType": "complete"}, R2026_07_28),
        (TaskStatusNotificationParams, CORE, R2025_11_25),
        (TaskNotificationParams, {**EXTENSION, "result": {"content": []}}, R2026_07_28),
    ],
)
def test_each_shape_passes_through_unchanged(
    cls: type[Model], message: dict[str, Any], revision: Revision
) -> None:
    """A shape decodes, passes its own revision's sieve and encodes to the same members."""
    decoded = msgspec.json.decode(json.dumps(message), type=cls)
    assert sieve(decoded, revision) is decoded
    assert json.loads(msgspec.json.encode(decoded)) == message


def test_an_unlimited_time_to_live_is_written_as_null() -> None:
    """Null says no limit, so it must not be left out."""
    task = Task(task_id="t", status="working", created_at="c", last_updated_at="u", ttl=None)
    assert json.loads(msgspec.json.encode(task))["ttl"] is None


def test_a_state_given_both_ways_shows_each_revision_its_own() -> None:
    """One object can answer both eras."""
    state = msgspec.json.decode(json.dumps({**CORE, **EXTENSION}), type=GetTaskResult)
    assert json.loads(msgspec.json.encode(sieve(state, R2025_11_25))) == CORE
    assert json.loads(msgspec.json.encode(sieve(state, R2026_07_28))) == EXTENSION
