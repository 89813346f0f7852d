"""RecordingTransport: any transport, and a transcript of what goes over it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from msgspec import DecodeError, json

from fastmcp._runtime.session import Session
from fastmcp.client.transports.inference import infer_transport
from fastmcp.client.transports.transport import ClientChannel, ClientTransport
from fastmcp.exceptions import ConfigurationError
from fastmcp.wire import jsonrpc
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import Failure, Message, Notification, Request, RequestId, Response
from fastmcp.wire.revisions import Revision

from .transcript import Entry, Side, Transcript, written

BeforeRecord: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | None]


class RecordingTransport(ClientTransport):
    """Reaches what `target` names, as `Client` understands it, and writes down every message.

    `transcript` has them; with a `path` each is also added to that file when it passes, which is
    begun anew by the first connection. `before_record` gets each message, as a copy, and gives what
    is to be kept of it: to take secrets out, or None to leave it out.
    """

    def __init__(
        self,
        target: Any,
        path: str | Path | None = None,
        *,
        before_record: BeforeRecord | None = None,
    ) -> None:
        self.target: ClientTransport = infer_transport(target)
        if type(self.target).converse is not ClientTransport.converse:
            raise ConfigurationError(
                f"A transcript is of one server as it is, not of {self.target!r}; record the "
                "transport of each"
            )
        self.path: Path | None = None if path is None else Path(path)
        self.transcript: Final = Transcript()
        self._before_record = before_record
        self._began: float | None = None
        self._connections = 0
        for fact in ClientTransport.__annotations__:
            setattr(self, fact, getattr(self.target, fact))

    def __repr__(self) -> str:
        return f"RecordingTransport({self.target!r})"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    def secure(self, auth: Any, verify: Any) -> None:
        self.target.secure(auth, verify)

    def open(self) -> ClientChannel:
        self._connections += 1
        if self._connections == 1 and self.path is not None:
            self.transcript.save(self.path)
        return _RecordingChannel(self.target.open(), self, self._connections)

    def note(self, connection: int, sender: Side, data: Any) -> None:
        """Write down what passes: bytes or text of a message, or of a batch of them."""
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        at = round(now - self._began, 6)
        for message in _messages(data):
            kept = message
            if self._before_record is not None and isinstance(message, dict):
                kept = self._before_record(cast("dict[str, Any]", message))
            if kept is not None:
                self._keep(Entry(at, connection, sender, kept))

    def _keep(self, entry: Entry) -> None:
        self.transcript.entries.append(entry)
        if self.path is not None:
            with self.path.open("ab") as file:
                file.write(written(entry))


def _messages(data: Any) -> list[Any]:
    try:
        decoded = json.decode(data)
    except (DecodeError, UnicodeError, RecursionError):
        return [data if isinstance(data, str) else bytes(data).decode("utf-8", "replace")]
    return cast("list[Any]", decoded) if isinstance(decoded, list) else [decoded]


class _RecordingChannel:
    def __init__(
        self, channel: ClientChannel, transport: RecordingTransport, connection: int
    ) -> None:
        self._channel = channel
        self._transport = transport
        self._connection = connection

    def _sent(self, message: bytes) -> None:
        self._transport.note(self._connection, "client", message)

    def received(self, message: Any) -> None:
        self._transport.note(self._connection, "server", message)

    async def start(self, session: Session) -> None:
        await self._channel.start(cast("Session", _Ear(session, self.received)))

    def speak(self, revision: Revision) -> None:
        self._channel.speak(revision)

    def learn(self, tools: list[Tool]) -> list[Tool]:
        return self._channel.learn(tools)

    async def close(self) -> None:
        await self._channel.close()

    async def send(self, message: bytes, related: RequestId | None) -> None:
        self._sent(message)
        await self._channel.send(message, related)

    async def reply(self, id: RequestId, message: bytes) -> None:
        self._sent(message)
        await self._channel.reply(id, message)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        self._sent(message)
        await self._channel.call(id, method, params, message, related)

    def abandon(self, id: RequestId, message: bytes) -> None:
        self._sent(message)
        self._channel.abandon(id, message)

    def refuse(self, message: bytes) -> None:
        self._sent(message)
        self._channel.refuse(message)

    def forget(self, id: RequestId) -> None:
        self._channel.forget(id)

    def release(self, id: RequestId) -> None:
        self._channel.release(id)


class _Ear:
    """A session, as a channel uses it, that tells what it is fed."""

    def __init__(self, session: Session, tell: Callable[[Any], None]) -> None:
        self._session = session
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def feed(self, data: Any, related: RequestId | None = None) -> None:
        self._tell(data)
        self._session.feed(data, related)

    def take(self, message: Message, related: RequestId | None = None) -> None:
        self._tell(_encoded(message))
        self._session.take(message, related)


def _encoded(message: Message) -> bytes:
    match message:
        case Request(id, method, params):
            return jsonrpc.encode_request(id, method, params)
        case Notification(method, params):
            return jsonrpc.encode_notification(method, params)
        case Response(id, result):
            return jsonrpc.encode_result(id, result)
        case Failure(id, error):
            return json.encode({"jsonrpc": "2.0", "id": id, "error": error})
