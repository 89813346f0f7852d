"""One JSON-RPC conversation, whichever side we are: messages in, events out.

It knows ids, what is in flight both ways, cancellation and progress. It knows neither methods
nor eras, and does no I/O: its driver sends the bytes that it returns.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import DecodeError, Raw, Struct, json

from fastmcp.exceptions import InvalidRequest, ParseError, RemoteProtocolError
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import ErrorData, Message, Notification, Request, RequestId, Response

from .unread import unread_id

CANCELLED = "notifications/cancelled"
PROGRESS = "notifications/progress"


class Answered(Struct, frozen=True):
    """Our request `id` succeeded."""

    id: RequestId
    result: Raw


class Refused(Struct, frozen=True):
    """Our request `id` failed; None when the peer could not tell which."""

    id: RequestId | None
    error: ErrorData


class CancelReceived(Struct, frozen=True):
    """The peer no longer wants the answer to its request `id`."""

    id: RequestId
    reason: str | None

    @property
    def notification(self) -> Notification:
        """The notification that said so."""
        params = {"requestId": self.id, "reason": self.reason}
        return Notification(CANCELLED, Raw(json.encode(params)))


class ProgressReceived(Struct, frozen=True):
    """The peer reports on our request `id`."""

    id: RequestId
    params: Raw


class Malformed(Struct, frozen=True):
    """What came was not a message; `reply` is what JSON-RPC 2.0 (section 5.1) answers to it."""

    reply: bytes
    error: RemoteProtocolError


Event: TypeAlias = (
    Request | Notification | Answered | Refused | CancelReceived | ProgressReceived | Malformed
)


class _Cancelled(Struct):
    requestId: RequestId  # noqa: N815
    reason: str | None = None


class _Progress(Struct):
    progressToken: RequestId  # noqa: N815


_read_cancelled = json.Decoder(_Cancelled).decode
_read_progress = json.Decoder(_Progress).decode


class Connection:
    """The two tables of a conversation: requests of ours, requests of the peer's.

    Ids of our requests are numbers, or texts that begin with `prefix` if there is one.
    """

    __slots__ = ("_next", "incoming", "outgoing", "prefix")

    def __init__(self) -> None:
        self._next = 0
        self.prefix: str = ""
        self.incoming: set[RequestId] = set()
        self.outgoing: set[RequestId] = set()

    def next_id(self) -> RequestId:
        """A fresh id for a request of ours, now in flight. It is its progress token, too."""
        self._next += 1
        id = f"{self.prefix}{self._next}" if self.prefix else self._next
        self.outgoing.add(id)
        return id

    def cancel(self, id: RequestId, reason: str | None = None) -> bytes | None:
        """Give up a request of ours; the message to send, unless it is answered already."""
        if id not in self.outgoing:
            return None
        self.outgoing.discard(id)
        return jsonrpc.encode_notification(CANCELLED, _Cancelled(id, reason or "cancelled"))

    def finish(self, id: RequestId) -> bool:
        """Note that the peer's request is done; False when it was cancelled: then say nothing."""
        if id in self.incoming:
            self.incoming.discard(id)
            return True
        return False

    def receive(self, data: Any, *, batches: bool = False) -> list[Event]:
        """Read one frame; more than one event only for a batch (revision 2025-03-26)."""
        try:
            if batches and jsonrpc.is_batch(data):
                return [self._receive(member) for member in jsonrpc.split_batch(data)]
        except RemoteProtocolError as error:
            return [Malformed(jsonrpc.encode_failure(None, error), error)]
        return [self._receive(data)]

    def _receive(self, data: Any) -> Event:
        try:
            return self.take(jsonrpc.decode(data))
        except RemoteProtocolError as error:
            if isinstance(error, ParseError) and (answered := self._unread(data)) is not None:
                text = f"The answer cannot be read: {error}"
                return Refused(answered, ErrorData(error.code, text))
            id = error.id if isinstance(error, InvalidRequest) else None
            return Malformed(jsonrpc.encode_failure(id, error), error)

    def _unread(self, data: Any) -> RequestId | None:
        """The request of ours that is answered by what cannot be read: nobody need wait for it."""
        id = unread_id(data)
        if id not in self.outgoing:
            return None
        self.outgoing.discard(id)
        return id

    def take(self, message: Message) -> Event:
        """What a message means here.

        Raises:
            InvalidRequest: a request whose id is still in flight.
        """
        if isinstance(message, Request):
            return self._admit(message)
        if isinstance(message, Notification):
            return self._notice(message)
        if isinstance(message, Response) or message.id is not None:
            # An id that correlates as a string is one that a peer has re-typed on the way.
            assert message.id is not None
            id = message.id if message.id in self.outgoing else _retyped(message.id)
            self.outgoing.discard(id)
            if isinstance(message, Response):
                return Answered(id, message.result)
            return Refused(id, message.error)
        return Refused(None, message.error)

    def _admit(self, request: Request) -> Request:
        if request.id in self.incoming:
            raise InvalidRequest(
                "Invalid request: a request with this id is still in flight", id=request.id
            )
        self.incoming.add(request.id)
        return request

    def _notice(self, message: Notification) -> Event:
        try:
            if message.method == CANCELLED:
                cancelled = _read_cancelled(message.params)
                self.incoming.discard(cancelled.requestId)
                return CancelReceived(cancelled.requestId, cancelled.reason)
            if message.method == PROGRESS:
                token = _read_progress(message.params).progressToken
                return ProgressReceived(token, message.params)
        except (DecodeError, UnicodeError, RecursionError):
            pass  # a malformed notification is ignored: nothing may answer it
        return message


def _retyped(id: RequestId) -> RequestId:
    return int(id) if isinstance(id, str) and id.isascii() and id.isdigit() and len(id) < 19 else id
