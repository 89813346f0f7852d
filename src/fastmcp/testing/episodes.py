"""What a transcript says: which request was followed by what, so that it can be played again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from msgspec import json

from fastmcp.exceptions import ClientError
from fastmcp.wire.shapes import META_SUBSCRIPTION_ID

from .transcript import Entry, as_object

ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
LISTEN = "subscriptions/listen"
# Whoever asks these says of itself what may differ from one time to the next.
_INTRODUCTIONS = ("initialize", "server/discover")
# What tracing adds to a request.
_TRACES = ("traceparent", "tracestate", "baggage")


class NotRecorded(ClientError, LookupError):
    """A transcript has no answer to a request; the text names the nearest one that it has."""


class Episode:
    """A message of the client's, and what the server sent from then until the next one.

    `id` is None for a notification. A request's episode has its answer, and all that belongs to it.
    """

    def __init__(self, message: dict[str, Any]) -> None:
        self.id: Any = message.get("id")
        self.method: str = message["method"]
        self.params: dict[str, Any] = as_object(message.get("params"))
        self.key: tuple[str, dict[str, Any]] = (self.method, essence(self.method, self.params))
        self.events: list[dict[str, Any]] = []

    @property
    def token(self) -> Any:
        """The name under which progress was told."""
        return _meta(self.params).get("progressToken")

    @property
    def is_answered(self) -> bool:
        """Whether all that it waits for is there; a stream has no end to wait for."""
        if self.id is None or self.method == LISTEN:
            return True
        return any("method" not in event for event in self.events)


def essence(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """What makes two requests the same: their parameters, without what is new in each."""
    if method in _INTRODUCTIONS:
        return {}
    rest = {name: value for name, value in params.items() if name != "_meta"}
    meta = {name: value for name, value in _meta(params).items() if not _is_passing(name)}
    return {**rest, "_meta": meta} if meta else rest


def _is_passing(name: str) -> bool:
    if name in _TRACES or name in ("progressToken", "fastmcp/session"):
        return True
    return name.startswith("io.modelcontextprotocol/")


def _meta(params: dict[str, Any]) -> dict[str, Any]:
    return as_object(params.get("_meta"))


def episodes_of(entries: Iterable[Entry]) -> list[Episode]:
    """The episodes of a transcript, over all of its connections."""
    conversations: dict[int, _Conversation] = {}
    episodes: list[Episode] = []
    for entry in entries:
        conversation = conversations.setdefault(entry.connection, _Conversation())
        message = entry.members
        if entry.sender == "server":
            conversation.hear(message)
        elif "method" in message:
            episodes.append(conversation.begin(message))
    return episodes


class _Conversation:
    """One connection, as it is read: who waits, and to whom belongs what comes next."""

    def __init__(self) -> None:
        self._waiting: dict[Any, Episode] = {}
        self._by_token: dict[Any, Episode] = {}
        self._streams: dict[Any, Episode] = {}
        self._latest: Episode | None = None
        self._early: list[dict[str, Any]] = []

    def begin(self, message: dict[str, Any]) -> Episode:
        episode = Episode(message)
        episode.events, self._early = self._early, []
        self._latest = episode
        if episode.method == LISTEN:
            self._streams[episode.id] = episode
        elif episode.id is not None:
            self._waiting[episode.id] = episode
        if episode.token is not None:
            self._by_token[episode.token] = episode
        return episode

    def hear(self, message: dict[str, Any]) -> None:
        if not message:
            return  # it was no message
        owner = self._owner(message)
        (self._early if owner is None else owner.events).append(message)

    def _owner(self, message: dict[str, Any]) -> Episode | None:
        method, params = message.get("method"), as_object(message.get("params"))
        if method is None:
            id = message.get("id")
            return self._waiting.pop(id, None) or self._streams.get(id)
        if method == "notifications/progress" and params.get("progressToken") in self._by_token:
            return self._by_token[params["progressToken"]]
        if method == ACKNOWLEDGED:
            return self._streams.get(_meta(params).get(META_SUBSCRIPTION_ID), self._latest)
        return next(reversed(self._waiting.values()), self._latest)


def not_recorded(
    method: str, params: dict[str, Any], episodes: Sequence[Episode], source: str
) -> NotRecorded:
    """The error for a request that cannot be answered any more, or never could."""
    asked = (method, essence(method, params))
    requests = [episode for episode in episodes if episode.id is not None]
    times = sum(episode.key == asked for episode in requests)
    shown = _shown(*asked)
    if times:
        answered = sum(episode.key == asked and episode.is_answered for episode in requests)
        return NotRecorded(
            f"{source} has {answered} answer{'s' * (answered != 1)} to {shown}, and it was asked "
            "once more; record it anew, or give allow_playback_repeats=True"
        )
    if not requests:
        return NotRecorded(f"{source} has no requests at all, so none for {shown}")
    nearest = max(requests, key=lambda episode: _likeness(asked, episode.key))
    cure = "; give the client the mode= that it had" if method in _INTRODUCTIONS else ""
    return NotRecorded(f"{source} has no {shown}; the nearest is {_shown(*nearest.key)}{cure}")


def _likeness(one: tuple[str, Any], other: tuple[str, Any]) -> tuple[bool, bool, float]:
    both_begin = one[0] in _INTRODUCTIONS and other[0] in _INTRODUCTIONS
    text = SequenceMatcher(None, _shown(*one), _shown(*other))
    return one[0] == other[0], both_begin, text.ratio()


def _shown(method: str, params: dict[str, Any]) -> str:
    return f"{method} {json.encode(params).decode()}" if params else method
