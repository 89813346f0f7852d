"""What Redis speaks on the wire: RESP2, as bytes in and values out."""

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
    return b"*%d\r\n" % len(words) + b"".join([b"$%d\r\n%b\r\n" % (len(w), w) for w in words])


def make_parser() -> Parser:
    """That of hiredis where it is installed: it is written in C."""
    try:
        from hiredis import Reader
    except ImportError:
        return PlainParser()
    reader: Any = Reader
    return reader(notEnoughData=INCOMPLETE, replyError=Refusal, protocolError=Malformed)


class PlainParser:
    """A parser without dependencies. It starts an answer anew when more of it has come, which
    suits small ones.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0

    def feed(self, data: bytes, /) -> None:
        self._data += data

    def gets(self) -> Any:
        self._at = 0
        try:
            answer = self._answer()
        except _MoreIsNeeded:
            return INCOMPLETE
        except ValueError:
            raise Malformed("a length that is no number") from None
        del self._data[: self._at]
        return answer

    def _answer(self) -> Any:
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest
        if kind == b"-":
            return Refusal(rest.decode("utf-8", "replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self._bulk(int(rest))
        if kind == b"*":
            count = int(rest)
            return None if count < 0 else [self._answer() for _ in range(count)]
        raise Malformed("an unknown kind of answer")

    def _line(self) -> bytes:
        end = self._data.find(b"\r\n", self._at)
        if end < 0:
            raise _MoreIsNeeded
        line = bytes(self._data[self._at : end])
        self._at = end + 2
        return line

    def _bulk(self, size: int) -> bytes | None:
        if size < 0:
            return None
        start, end = self._at, self._at + size
        if len(self._data) < end + 2:
            raise _MoreIsNeeded
        self._at = end + 2
        return bytes(self._data[start:end])


class _MoreIsNeeded(Exception):
    """The answer goes on in bytes that have not come."""
