"""What a client and a server say to each other, as far as the next server has to know it.

Knows nothing of processes and pipes: lines go in, and what is to be sent comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, cast

from msgspec import DecodeError, json

from fastmcp.exceptions import INTERNAL_ERROR

ONCE: Final = ("tools/call", "tasks/")
"""Requests that may change something, and so are not made again."""
STATE: Final = ("logging/setLevel", "resources/subscribe", "resources/unsubscribe")
"""Requests that hold for the rest of a session."""
LISTS: Final = ("tools", "prompts", "resources")
AGAIN: Final = "fastmcp-reload"


class Outgoing(NamedTuple):
    """Lines for the server and for the client."""

    to_server: list[bytes]
    to_client: list[bytes]


class Conversation:
    """One client with one server after the other.

    Servers ask under ids that no two of them share, so that no answer reaches the wrong one.
    """

    def __init__(self) -> None:
        self._asked: dict[Any, tuple[str, bytes]] = {}
        self._questions: dict[str, Any] = {}
        self._state: dict[Any, bytes] = {}
        self._opening: dict[str, Any] | None = None
        self._initialized: bytes | None = None
        self._changes: list[bytes] = []
        self._generation = 0

    def from_client(self, line: bytes) -> list[bytes]:
        """What is sent to the server of a client's line; a batch is taken apart."""
        found = _decoded(line)
        if isinstance(found, list) and found:
            parts = cast("list[Any]", found)
            return [sent for part in parts for sent in self.from_client(_line(part))]
        if not isinstance(found, dict):
            return [line]
        message = _members(found)
        method, id = message.get("method"), message.get("id")
        if method == "notifications/initialized":
            self._initialized = line
        elif method == "notifications/cancelled":
            self._forget(message.get("params"))
        elif isinstance(method, str) and _is_id(id):
            self._asked[id] = method, line
        elif method is None and isinstance(id, str):
            if id not in self._questions:
                return []  # the server that asked is gone
            return [_line({**message, "id": self._questions.pop(id)})]
        return [line]

    def from_server(self, line: bytes) -> list[bytes]:
        """What is sent to the client of a server's line."""
        message = _object(line)
        if message is None:
            return [line]
        method, id = message.get("method"), message.get("id")
        if method is None:
            return [line] if self._answered(id, message) else []
        if id is not None:
            own = f"{self._generation}:{id}"
            self._questions[own] = id
            return [_line({**message, "id": own})]
        if method == "notifications/cancelled":
            params = _members(message.get("params"))
            params = {**params, "requestId": f"{self._generation}:{params.get('requestId')}"}
            return [_line({**message, "params": params})]
        return [line]

    def is_opened_again(self, line: bytes) -> bool:
        """Whether a server's line is its answer to what `begin` sent."""
        message = _object(line)
        return message is not None and message.get("id") == AGAIN and "method" not in message

    def begin(self) -> bytes | None:
        """A server begins: how the session is opened with it, if the client has opened one."""
        self._generation += 1
        return None if self._opening is None else _line({**self._opening, "id": AGAIN})

    def go_on(self) -> Outgoing:
        """The next server has the session: what it has to hear, and what the client has."""
        again = [line for method, line in self._asked.values() if not method.startswith(ONCE)]
        known = [] if self._initialized is None or self._opening is None else [self._initialized]
        return Outgoing([*known, *self._state.values(), *again], list(self._changes))

    def lose(self, why: str) -> list[bytes]:
        """The server is gone: what the client is told at once. Its questions are taken back, and
        requests fail that are not made again.
        """
        told = [
            _line(
                {
                    "jsonrpc": "2.0",
                    "method": "notifications/cancelled",
                    "params": {"requestId": id, "reason": why},
                }
            )
            for id in self._questions
        ]
        self._questions.clear()
        failed = [id for id, (method, _) in self._asked.items() if method.startswith(ONCE)]
        return [*told, *(self._fail(id, why) for id in failed)]

    def give_up(self, why: str) -> list[bytes]:
        """The server is gone and none comes in its place: every request fails."""
        return [*self.lose(why), *(self._fail(id, why) for id in list(self._asked))]

    def _forget(self, cancelled: Any) -> None:
        """What its client does not wait for any more is not asked again."""
        id = _members(cancelled).get("requestId")
        if _is_id(id):
            self._asked.pop(id, None)

    def _fail(self, id: Any, why: str) -> bytes:
        del self._asked[id]
        return _line(
            {"jsonrpc": "2.0", "id": id, "error": {"code": INTERNAL_ERROR, "message": why}}
        )

    def _answered(self, id: Any, message: dict[str, Any]) -> bool:
        """Whether the client has to know of an answer."""
        if not _is_id(id) or id not in self._asked:
            return not _is_id(id)
        method, line = self._asked.pop(id)
        if "result" in message:
            if method == "initialize":
                self._opening = _object(line)
                self._changes = list(_changes(message["result"]))
            elif method in STATE:
                self._keep_state(method, line)
        return True

    def _keep_state(self, method: str, line: bytes) -> None:
        message = _object(line) or {}
        key = message.get("params", {}).get("uri", method)
        if method == "resources/unsubscribe":
            self._state.pop(key, None)
        else:
            self._state[key] = _line({**message, "id": f"{AGAIN}-{key}"})


def _changes(result: dict[str, Any]) -> Iterator[bytes]:
    """What tells a client that it has to list again, as far as it was told to expect it."""
    capabilities: dict[str, dict[str, Any]] = result.get("capabilities", {})
    for kind in LISTS:
        if capabilities.get(kind, {}).get("listChanged"):
            yield _line({"jsonrpc": "2.0", "method": f"notifications/{kind}/list_changed"})


def _is_id(id: Any) -> bool:
    return isinstance(id, (str, int)) and not isinstance(id, bool)


def _members(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _object(line: bytes) -> dict[str, Any] | None:
    found = _decoded(line)
    return _members(found) if isinstance(found, dict) else None


def _decoded(line: bytes) -> Any:
    try:
        return json.decode(line)
    except DecodeError:
        return None


def _line(message: Any) -> bytes:
    return json.encode(message) + b"\n"
