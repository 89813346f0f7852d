"""Tasks as people and programs read them, with what logs hide hidden here, too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, json, structs

from fastmcp.server.middleware.redaction import Redactor

from ..terminal import shown_in_line

if TYPE_CHECKING:
    from fastmcp.server.tasks.record import TaskRecord

_redactor = Redactor.of(True)


class Summary(Struct):
    """A task in short: without what it was given and what it gives."""

    id: str
    status: str
    method: str
    target: str
    version: str | None
    created_at: float
    started_at: float | None
    updated_at: float
    worker: str | None
    leg: int
    attempts: int
    progress: dict[str, Any] | None
    error: dict[str, Any] | None

    @classmethod
    def of(cls, record: TaskRecord) -> Summary:
        """That of a task."""
        members = {name: getattr(record, name) for name in cls.__struct_fields__}
        return cls(**{**members, "progress": _data(record.progress), "error": _data(record.error)})

    @property
    def ended(self) -> bool:
        """Whether it has come to its end."""
        return self.status not in ("working", "input_required")

    @property
    def waits(self) -> bool:
        """Whether no worker is known to have begun it."""
        return self.status == "working" and self.worker is None

    def as_object(self) -> dict[str, Any]:
        """What programs are told."""
        times = {name: _time(getattr(self, name)) for name in _TIMES}
        return {**structs.asdict(self), **times}

    def outcome(self) -> str:
        """How far it is, or what became of it, in a few words."""
        if self.error is not None:
            return one_line(self.error["message"])
        if self.progress is None or self.ended:
            return ""
        far, total = f"{self.progress['progress']:g}", self.progress.get("total")
        if total is not None:
            far = f"{far}/{total:g}"
        return one_line(f"{far} {self.progress.get('message') or ''}".rstrip())


_TIMES = ("created_at", "started_at", "updated_at")


def facts(record: TaskRecord) -> dict[str, Any]:
    """All that is known of a task."""
    params: dict[str, Any] = json.decode(record.params)
    asked = {key: json.decode(each) for key, each in record.questions.items()}
    return {
        **Summary.of(record).as_object(),
        "uri": _data(params.get("uri")),
        "arguments": _data(params.get("arguments")),
        "owner": _data(record.owner),
        "ttl": record.ttl,
        "asks": _data(asked or None),
        "result": None if record.result is UNSET else _data(json.decode(record.result)),
    }


def one_line(text: str) -> str:
    """A text without what is to be hidden, on one line of a terminal."""
    return shown_in_line(_redactor.text(text))


def _data(value: Any) -> Any:
    return _redactor.data(value)


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
