"""What a connection may send before it is hung up on, whichever parser reads it for uvicorn.

A request's head decides how far its body reaches. Where two readers could disagree on that, or on
whom the request is for, it is refused, so that a proxy in front and this server never see two
different requests in the same bytes (RFC 9112, sections 3 and 6).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias

from ..body import LINGER_PATIENCE

Refusal: TypeAlias = tuple[int, str]

MAX_HEAD = 32 * 1024
MAX_HEADERS = 128
MAX_TARGET = 8 * 1024
# Whole requests that may wait on one connection for those before them.
MAX_PIPELINED = 64
# Of a chunked body: what its framing may take besides a fair share of the data.
MAX_FRAMING = 64 * 1024
# For all of a request's head, in seconds; and what has to come of a body within its patience.
HEAD_PATIENCE = 10.0
BODY_PROGRESS = 1024

MALFORMED: Refusal = (400, "This is not a request of HTTP/1.1")
NO_TUNNEL: Refusal = (400, "There are no tunnels here")
TOO_LONG: Refusal = (431, f"The headers of a request may be {MAX_HEAD} bytes long")
TOO_MANY: Refusal = (431, f"A request may have {MAX_HEADERS} headers")
TARGET_TOO_LONG: Refusal = (414, f"The target of a request may be {MAX_TARGET} bytes long")
TOO_SLOW: Refusal = (408, "The request took too long to come")

_ABSOLUTE = re.compile(rb"https?://([^/?#]+)([^#]*)", re.IGNORECASE)
_DECISIVE = (b"host", b"content-length", b"transfer-encoding")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=:\[\]%-]*")


def refusal_of(
    target: bytes, version: str, headers: Sequence[tuple[bytes, bytes]]
) -> Refusal | None:
    """Why a request is not served, by its head; names of headers are in lower case."""
    if len(headers) > MAX_HEADERS:
        return TOO_MANY
    if len(target) > MAX_TARGET:
        return TARGET_TOO_LONG
    authority = None if target[:1] == b"/" else _authority_of(target)
    if b"#" in target or (target[:1] != b"/" and authority is None):
        return 400, "The target of a request has to be a path here, or a URL with one"
    if version != "1.1" and version != "1.0":
        return 400, "HTTP/1.1 is spoken here"
    found = dict(headers)
    if len(found) < len(headers) and (twice := _repeated(headers)) is not None:
        return 400, f"The header {twice.decode()} was sent more than once"
    host = found.get(b"host")
    if host is None:
        if version == "1.1":
            return 400, "The header host is missing"
    elif not _is_host(host):
        return 400, "The header host is not a host"
    elif authority is not None and authority.lower() != host.lower():
        return 400, "The header host is not that of the target"
    coding = found.get(b"transfer-encoding")
    if coding is not None:
        if b"content-length" in found:
            return 400, "content-length and transfer-encoding exclude each other"
        if version == "1.0" or coding.strip().lower() != b"chunked":
            return 400, "The one transfer-encoding here is chunked, in HTTP/1.1"
    return None


def origin_form(target: bytes) -> bytes:
    """The same target as a path, where a client wrote a URL as it does for a proxy (RFC 9112,
    section 3.2.2).
    """
    found = _ABSOLUTE.fullmatch(target)
    return target if found is None else found[2] if found[2][:1] == b"/" else b"/" + found[2]


def _authority_of(target: bytes) -> bytes | None:
    found = _ABSOLUTE.fullmatch(target)
    return None if found is None else found[1]


def _repeated(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    names = [name for name, _ in headers]
    return next((name for name in _DECISIVE if names.count(name) > 1), None)


@lru_cache(maxsize=64)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None


class Watch:
    """Calls `late` when what is expected has not come in time.

    Each request of a connection moves the time; the timer itself is left alone until it is due.
    """

    __slots__ = ("_at", "_due", "_late", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[], None]) -> None:
        self._loop = loop
        self._late = late
        self._due: float | None = None
        self._at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, seconds: float) -> None:
        """Something has to come within that time."""
        self._due = due = self._loop.time() + seconds
        if self._timer is None or self._at > due:
            self.stop()
            self._due = due
            self._arm(due)

    @property
    def expecting(self) -> bool:
        """Whether something has to come."""
        return self._due is not None

    def rest(self) -> None:
        """Nothing is expected."""
        self._due = None

    def stop(self) -> None:
        """The connection has ended."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        self._at = at
        self._timer = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        self._timer = None
        due = self._due
        if due is None:
            return
        if self._loop.time() < due:
            self._arm(due)
        else:
            self._due = None
            self._late()


class Cycle(Protocol):
    """What is used of uvicorn's record of one request and its response."""

    disconnected: bool
    keep_alive: bool
    message_event: asyncio.Event
    more_body: bool
    response_complete: bool
    response_started: bool
    waiting_for_100_continue: bool


def is_due(cycle: Cycle | None) -> bool:
    """Whether a request is still to be answered."""
    return cycle is not None and not cycle.response_complete


def leave(cycle: Cycle) -> None:
    """Let the application know that its client is gone."""
    cycle.disconnected = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()


def hang_up(
    refusal: Refusal,
    transport: asyncio.Transport,
    loop: asyncio.AbstractEventLoop,
    headers: Sequence[tuple[bytes, bytes]],
    cycle: Cycle | None,
    *,
    in_body: bool,
) -> None:
    """End a connection with a refusal, unless answers are due before it; those are given.

    `cycle` is the last request whose head was read; `in_body` says that it is its body that is
    refused.
    """
    if cycle is not None and in_body:
        leave(cycle)
        if cycle.response_started:
            transport.close()
            return
    elif cycle is not None and not cycle.response_complete:
        cycle.keep_alive = False
        return
    transport.write(_response(refusal, headers))
    if transport.can_write_eof():
        transport.write_eof()
        loop.call_later(LINGER_PATIENCE, transport.abort)
    else:
        transport.close()


def _response(refusal: Refusal, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    status, text = refusal
    body = text.encode()
    lines: list[Any] = [
        b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode()),
        *(name + b": " + value for name, value in headers),
        b"content-type: text/plain; charset=utf-8",
        b"content-length: %d" % len(body),
        b"connection: close",
        b"",
        body,
    ]
    return b"\r\n".join(lines)
