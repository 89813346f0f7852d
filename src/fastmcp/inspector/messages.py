"""The messages of a conversation, as they are written into the journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, json

from fastmcp.exceptions import RemoteProtocolError
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import RequestId

from .failure import described
from .journal import Journal

LONGEST = 1024 * 1024
"""So much of a message is shown, in bytes."""


class _Head(Struct):
    id: RequestId | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


_read_head = json.Decoder(_Head).decode


class Messages:
    """Writes down each message of one connection after the other; `caller` names the call of the
    page for which a request is sent, if it is for one.
    """

    def __init__(self, journal: Journal, caller: Callable[[], str | None]) -> None:
        self._journal = journal
        self._caller = caller
        self._connection = 0

    def begin(self) -> int:
        """Another connection begins, in which ids are counted anew; its number."""
        self._connection += 1
        return self._connection

    def sent(self, message: bytes) -> None:
        """A message goes to the server."""
        self._note("sent", message, call=self._caller())

    def received(self, message: bytes, related: RequestId | None) -> None:
        """A message, or a batch of some, came from the server."""
        if not jsonrpc.is_batch(message):
            self._note("received", message, related=related)
            return
        try:
            for member in jsonrpc.split_batch(message):
                self._note("received", bytes(member), related=related)
        except RemoteProtocolError:
            self._note("received", message, related=related)

    def failed(self, id: RequestId, error: Exception) -> None:
        """A request cannot be answered: its transport failed."""
        self._add("failed", id=id, error=described(error))

    def hung_up(self, id: RequestId) -> None:
        """A request was given up by ending its stream."""
        self._add("hung-up", id=id)

    def _note(self, direction: str, message: bytes, **members: Any) -> None:
        size = len(message)
        text = message[:LONGEST].decode("utf-8", "replace")
        try:
            head = _read_head(message)
        except (DecodeError, UnicodeError, RecursionError):
            head = _Head()
        self._add(
            "message",
            direction=direction,
            kind=_kind(head),
            id=None if head.id is UNSET else head.id,
            method=None if head.method is UNSET else head.method,
            size=size,
            text=text,
            **{name: value for name, value in members.items() if value is not None},
        )

    def _add(self, event: str, **members: Any) -> None:
        self._journal.add(event, connection=self._connection, **members)


def _kind(head: _Head) -> str:
    if head.method is not UNSET:
        return "notification" if head.id is UNSET else "request"
    if head.error is not UNSET:
        return "error"
    return "response" if head.id is not UNSET else "unreadable"
