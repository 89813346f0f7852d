"""ReplayTransport: a transcript in place of a server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal, TypeAlias

from msgspec import json

from fastmcp._runtime.session import Session
from fastmcp.client.transports.transport import ClientChannel, ClientTransport
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.shapes import META_SUBSCRIPTION_ID

from .episodes import Episode, episodes_of, not_recorded
from .recording import BeforeRecord, RecordingTransport
from .transcript import Transcript, as_object

RecordMode: TypeAlias = Literal["once", "none", "all"]

# Every connection begins with one of these, however many were recorded.
_OPENING = ("initialize", "server/discover", "notifications/initialized")


class ReplayTransport(ClientTransport):
    """Answers a client as it was answered when the transcript was recorded.

    A request is known by its method and parameters, in any order; what was asked several times is
    answered in the order of the answers, and once only, unless `allow_playback_repeats` has the
    last one given again. What else the server sent comes where it came, without the pauses; its own
    requests wait for the client's answers, whatever these are.

    A request that is not in the transcript raises `NotRecorded`, which names the nearest one.
    """

    def __init__(
        self, transcript: str | Path | Transcript, *, allow_playback_repeats: bool = False
    ) -> None:
        given = transcript if isinstance(transcript, Transcript) else Transcript.load(transcript)
        self.source: str = (
            "The transcript" if isinstance(transcript, Transcript) else str(transcript)
        )
        self.episodes: list[Episode] = episodes_of(given)
        self._repeats = allow_playback_repeats
        self._left = list(self.episodes)

    def __repr__(self) -> str:
        return f"ReplayTransport({self.source!r})"

    def open(self) -> ClientChannel:
        return _ReplayChannel(self)

    def next(self, method: str, params: dict[str, Any], *, is_request: bool) -> Episode | None:
        """The episode that such a message begins; None for a notification that began none.

        Raises:
            NotRecorded: there is none.
        """
        wanted = Episode({"method": method, "params": params, "id": is_request or None})
        for episode in self._left:
            if _fits(episode, wanted) and episode.is_answered:
                self._left.remove(episode)
                return episode
        if self._repeats or method in _OPENING:
            for episode in reversed(self.episodes):
                if _fits(episode, wanted) and episode.is_answered:
                    return episode
        if is_request:
            raise not_recorded(method, params, self.episodes, self.source)
        return None


def _fits(episode: Episode, wanted: Episode) -> bool:
    if wanted.id is None:
        return episode.id is None and episode.method == wanted.method
    return episode.id is not None and episode.key == wanted.key


class _ReplayChannel(ClientChannel):
    def __init__(self, transport: ReplayTransport) -> None:
        self._transport = transport
        self._session: Session | None = None
        self._ids: dict[Any, RequestId] = {}
        self._asked: dict[RequestId, asyncio.Future[None]] = {}
        self._plays: dict[RequestId, asyncio.Task[None]] = {}

    async def start(self, session: Session) -> None:
        self._session = session

    async def close(self) -> None:
        plays = list(self._plays.values())
        for play in plays:
            play.cancel()
        await asyncio.gather(*plays, return_exceptions=True)

    async def send(self, message: bytes, related: RequestId | None) -> None:
        self._notified(message)

    def _notified(self, message: bytes) -> None:
        told = _read(message)
        episode = self._transport.next(
            told["method"], as_object(told.get("params")), is_request=False
        )
        if episode is not None:
            for event in episode.events:
                self._feed(event)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        asked = as_object(_read(message).get("params"))
        episode = self._transport.next(method, asked, is_request=True)
        assert episode is not None
        self._ids[episode.id] = id
        token = as_object(asked.get("_meta")).get("progressToken")
        play = asyncio.get_running_loop().create_task(self._play(episode, id, token))
        self._plays[id] = play
        play.add_done_callback(lambda _: self._plays.pop(id, None))

    async def _play(self, episode: Episode, id: RequestId, token: Any) -> None:
        for event in episode.events:
            params = as_object(event.get("params"))
            if "method" not in event:
                self._feed({**event, "id": id})
            elif "id" in event:
                self._asked[event["id"]] = answered = asyncio.get_running_loop().create_future()
                self._feed(event)
                await answered
            elif episode.token is not None and params.get("progressToken") == episode.token:
                self._feed({**event, "params": {**params, "progressToken": token}})
            else:
                self._feed(event)

    def _feed(self, event: dict[str, Any]) -> None:
        assert self._session is not None
        self._session.feed(json.encode(self._readdressed(event)))

    def _readdressed(self, event: dict[str, Any]) -> dict[str, Any]:
        """The same for the stream that listens now."""
        for members in ("params", "result"):
            meta = as_object(as_object(event.get(members)).get("_meta"))
            stream = meta.get(META_SUBSCRIPTION_ID)
            if stream in self._ids:
                now = {**meta, META_SUBSCRIPTION_ID: self._ids[stream]}
                return {**event, members: {**event[members], "_meta": now}}
        return event

    async def reply(self, id: RequestId, message: bytes) -> None:
        self.forget(id)

    def forget(self, id: RequestId) -> None:
        answered = self._asked.pop(id, None)
        if answered is not None and not answered.done():
            answered.set_result(None)

    def abandon(self, id: RequestId, message: bytes) -> None:
        if (play := self._plays.get(id)) is not None:
            play.cancel()

    def refuse(self, message: bytes) -> None:
        pass


def _read(message: bytes) -> dict[str, Any]:
    return as_object(json.decode(message))


def use_transcript(
    target: Any,
    path: str | Path,
    *,
    record_mode: RecordMode = "once",
    before_record: BeforeRecord | None = None,
    allow_playback_repeats: bool = False,
) -> ClientTransport:
    """A transport that records the first time, and replays from then on.

    `record_mode="none"` always replays, `"all"` always records; `"once"` records where there is no
    file at `path`, which is deleted to record anew.
    """
    if record_mode not in ("once", "none", "all"):
        raise ValueError(f"record_mode={record_mode!r}: use 'once', 'none' or 'all'")
    if record_mode == "all" or (record_mode == "once" and not Path(path).exists()):
        return RecordingTransport(target, path, before_record=before_record)
    return ReplayTransport(path, allow_playback_repeats=allow_playback_repeats)
