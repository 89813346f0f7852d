"""What workers tell each other."""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import DecodeError, Raw, Struct, json

from ..subscriptions import Change

ALL: Final = "workers"
"""The topic of every worker."""


class Told(Struct, tag="told"):
    """Something has changed that clients of `by`'s server may want to hear of."""

    by: str
    position: str
    change: Change


class Forwarded(Struct, tag="forwarded"):
    """A client's message, for what waits for it in this session there."""

    session: str
    message: Raw


class Look(Struct, tag="look"):
    """What is kept of a session, or for its client to hear, concerns the worker that it listens on,
    or did: what that is, is there to be read.
    """

    session: str


class ReadElsewhere(Struct, tag="read"):
    """A stream of this session has its reader on another worker now."""

    session: str
    stream: str


class Ended(Struct, tag="ended"):
    """A session has ended."""

    session: str


class Shown(Struct, tag="shown"):
    """Worker `by` has changed the rules of a session that names itself in each request, and with
    them these lists.
    """

    by: str
    session: str
    lists: list[str]


Message: TypeAlias = Told | Forwarded | Look | ReadElsewhere | Ended | Shown

encode: Final = json.Encoder().encode
_decode = json.Decoder(Message).decode


def decode(data: bytes) -> Message | None:
    """The message; None for what a worker of another version says."""
    try:
        return _decode(data)
    except DecodeError:
        return None
