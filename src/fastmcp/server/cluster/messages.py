"""What workers tell each other."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import DecodeError, Raw, Struct, json

from ..subscriptions import Change
from ..visibility import Rule


class Told(Struct, tag="told"):
    """Something has changed that clients of `by`'s server may want to hear of."""

    by: str
    position: str
    change: Change


class Forwarded(Struct, tag="forwarded"):
    """A client's message, for what waits for it in this session there."""

    session: str
    message: Raw


class Called(Struct, tag="called"):
    """There is something in the log of what this session's client listens to."""

    session: str


class ListensElsewhere(Struct, tag="listens"):
    """The client of this session listens on another worker now."""

    session: str


class ReadElsewhere(Struct, tag="read"):
    """A stream of this session has its reader on another worker now."""

    session: str
    stream: str


class Saved(Struct, tag="saved"):
    """A session whose client listens there has changed: it is `record` now."""

    session: str
    record: Raw


class Ended(Struct, tag="ended"):
    """A session has ended."""

    session: str


class Shown(Struct, tag="shown"):
    """A session that names itself in each request has these rules of visibility."""

    session: str
    rules: list[Rule]


Message: TypeAlias = (
    Told | Forwarded | Called | ListensElsewhere | ReadElsewhere | Saved | Ended | Shown
)

encode = json.Encoder().encode
_decode = json.Decoder(Message).decode


def decode(data: bytes) -> Message | None:
    """The message; None for what a worker of another version says."""
    try:
        return _decode(data)
    except DecodeError:
        return None
