"""What Redis speaks on the wire, written and read by hiredis."""

from __future__ import annotations

from typing import Any, Final, Protocol


class Refusal(Exception):
    """An answer that is an error; its first word is its kind."""

    @property
    def kind(self) -> str:
        return str(self).partition(" ")[0]


class Malformed(Exception):
    """Bytes that are no answer."""


INCOMPLETE: Final = object()
"""What a parser gives while an answer is not there as a whole."""


class Parser(Protocol):
    """Takes bytes as they come, and gives answers: bytes, int, list, None or Refusal."""

    def feed(self, data: bytes, /) -> None: ...

    def gets(self) -> Any: ...


def encode(*words: bytes) -> bytes:
    """A command."""
    from hiredis import hiredis

    library: Any = hiredis
    return library.pack_command(words)


def make_parser() -> Parser:
    """What reads the answers of one connection."""
    from hiredis import Reader

    reader: Any = Reader
    return reader(notEnoughData=INCOMPLETE, replyError=Refusal, protocolError=Malformed)
