"""What workers tell each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from msgspec import MsgspecError, Raw, Struct, json

from ..subscriptions import Change

T = TypeVar("T")

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


class Begun(Struct, tag="begun"):
    """The store had nothing of ours: it is new, or has lost what it had."""


Message: TypeAlias = Told | Forwarded | Look | ReadElsewhere | Ended | Shown | Begun

encode: Final = json.Encoder().encode
_decode = json.Decoder(Message).decode


def decode(data: bytes) -> Message | None:
    """The message; None for what a worker of another version says."""
    return readable(_decode, data)


def readable(decode: Callable[[bytes], T], data: bytes) -> T | None:
    """What `decode` makes of bytes that workers share; None for what this one cannot read: another
    version wrote it, or nobody who should.
    """
    try:
        return decode(data)
    except (MsgspecError, ValueError, RecursionError):
        return None
