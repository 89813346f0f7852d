"""TaskRecord: all that is known of a task, as it is kept in the store."""

from __future__ import annotations

import time
from typing import Any, Final, TypeAlias

from msgspec import UNSET, Raw, Struct, UnsetType, field, json

from fastmcp.server.inputs.rounds import Record
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import Implementation
from fastmcp.wire.tasks import TaskStatus

Seconds: TypeAlias = float

ENDED: Final = frozenset(("completed", "failed", "cancelled"))
"""The statuses that a task stays in."""


class HttpRequest(Struct, omit_defaults=True):
    """The HTTP request that a task came by: `headers` are names and values in Latin-1."""

    method: str
    path: str
    query: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    scheme: str = "http"
    client: tuple[str, int] | None = None
    server: tuple[str, int | None] | None = None


class Token(Struct, omit_defaults=True):
    """The token that the caller was authenticated by; `local` where this process said who it is."""

    token: str
    client_id: str | None = None
    scopes: list[str] = field(default_factory=list[str])
    expires_at: int | None = None
    resource: str | None = None
    subject: str | None = None
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    original_client_id: str | None = None
    local: bool = False


class Caller(Struct, omit_defaults=True):
    """Who called, and how: what a worker restores before the function runs.

    `session` is the id of the handshake session, `session_name` the name that a modern client gave
    its own; `trace` is what the propagators of a tracing program wrote.
    """

    revision: str
    capabilities: dict[str, Any]
    transport: str
    request_id: RequestId
    info: Implementation | None = None
    log_level: str | None = None
    session: str | None = None
    session_name: str | None = None
    connection_id: str | None = None
    progress_token: RequestId | None = None
    token: Token | None = None
    http: HttpRequest | None = None
    trace: dict[str, str] = field(default_factory=dict[str, str])


class Failure(Struct, omit_defaults=True):
    """A JSON-RPC error."""

    code: int
    message: str
    data: Any = None


class Progress(Struct, omit_defaults=True):
    """How far a task is, as its function says."""

    progress: float
    total: float | None = None
    message: str | None = None


class TaskRecord(Struct, omit_defaults=True, kw_only=True):
    """A task. Times are in seconds since 1970, and `ttl` counts from `created_at`.

    `params` are those of the request. `leg` numbers the runs of the function that there have to be:
    it runs again when it was asked something and has the answer, and when it is to be retried.
    `questions` are what its client is asked now, and `asked_as` the keys by which its function
    knows them; `answers` are those to them, `rounds` has the earlier ones. `result` is the result
    of the request as the wire has it, `attempts` how often a run failed and was to be retried,
    `due_at` when the next run is to begin.
    """

    id: str
    method: str
    target: str
    params: Raw
    caller: Caller
    created_at: Seconds
    updated_at: Seconds
    ttl: Seconds | None
    poll_interval: Seconds
    version: str | None = None
    owner: str | None = None
    status: TaskStatus = "working"
    status_message: str | None = None
    leg: int = 1
    attempts: int = 0
    due_at: Seconds | None = None
    rounds: Record | None = None
    questions: dict[str, Raw] = field(default_factory=dict[str, Raw])
    asked_as: dict[str, str] = field(default_factory=dict[str, str])
    answers: dict[str, Raw] = field(default_factory=dict[str, Raw])
    progress: Progress | None = None
    worker: str | None = None
    started_at: Seconds | None = None
    result: Raw | UnsetType = UNSET
    error: Failure | None = None

    def begin_anew(self, due_at: Seconds | None = None) -> None:
        """Be as it was when it was made, for a leg that comes after all that there were."""
        self.status, self.status_message, self.progress = "working", None, None
        self.result, self.error, self.attempts = UNSET, None, 0
        self.worker, self.started_at, self.due_at = None, None, due_at
        self.leg += 1

    @property
    def ended(self) -> bool:
        """Whether it has come to its end, whatever that is."""
        return self.status in ENDED

    @property
    def delay(self) -> Seconds:
        """How long it is until its next run is due."""
        return 0.0 if self.due_at is None else max(self.due_at - time.time(), 0.0)


_decode = json.Decoder(TaskRecord).decode


def read_record(data: bytes) -> TaskRecord:
    """The record of its JSON.

    Raises:
        ValueError: it is that of another version, or of nobody who should have written it.
    """
    str(data, "utf-8")  # what is raw in it is sent as it is
    return _decode(data)


def write_record(record: TaskRecord) -> bytes:
    """The record as JSON."""
    return json.encode(record)
