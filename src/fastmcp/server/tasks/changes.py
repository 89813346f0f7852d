"""What may become of a task besides its runs: each changes its record, or says False."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Raw, json

from .record import TaskRecord


def cancelled(record: TaskRecord) -> bool:
    if record.ended:
        return False
    record.status, record.status_message = "cancelled", "Cancelled"
    record.questions, record.answers, record.rounds = {}, {}, None
    return True


def answered(record: TaskRecord, answers: Mapping[str, Any]) -> bool:
    given = {key: answers[key] for key in record.questions.keys() & answers.keys()}
    if record.status != "input_required" or not given:
        return False
    for key, answer in given.items():
        del record.questions[key]
        record.answers[key] = Raw(json.encode(answer))
    if not record.questions:
        record.status = "working"
    return True


def begun_anew(record: TaskRecord) -> bool:
    if record.status not in ("failed", "cancelled"):
        return False
    record.begin_anew()
    return True
