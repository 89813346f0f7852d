"""uvicorn's protocol on h11, bounded."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..body import BODY_PATIENCE
from .gathering import gathering
from .limits import (
    BODY_PROGRESS,
    HEAD_PATIENCE,
    MALFORMED,
    MAX_HEAD,
    NO_TUNNEL,
    TOO_LONG,
    TOO_SLOW,
    Refusal,
    Watch,
    hang_up,
    origin_form,
    refusal_of,
)

_LENGTH = re.compile(rb"\ncontent-length:([^\r]*)", re.IGNORECASE)
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})


def _is_lenient(head: bytearray) -> bool:
    """Whether h11 would make the best of it: lines that end otherwise or go on in the next, and
    control characters. A head that is still coming may end amid the end of a line.
    """
    ends = head.count(b"\r\n")
    return (
        head.count(b"\n") != ends
        or head.count(b"\r") - head.endswith(b"\r") != ends
        or b"\n " in head
        or b"\n\t" in head
        or len(head.translate(None, _CONTROLS)) != len(head)
    )


class _Connection(h11.Connection):
    """Raises for what h11 would read and we do not; `refusal` then says why."""

    def __init__(self, max_head: int) -> None:
        super().__init__(h11.SERVER, max_head)
        self._max_head = max_head
        self.refusal: Refusal = MALFORMED
        self.in_body: bool = False
        self.received: int = 0

    @property
    def has_more(self) -> bool:
        """Whether something waits to be read."""
        return len(self._receive_buffer) > 0

    def next_event(self) -> Any:
        if self.their_state is h11.IDLE:
            self.in_body = False
            return self._next_head()
        self.in_body = self.their_state is h11.SEND_BODY
        event = super().next_event()
        if isinstance(event, h11.Data):
            self.received += len(event.data)
        return event

    def _next_head(self) -> Any:
        # `trailing_data` would copy all that waits, for each request in it.
        data = self._receive_buffer._data[: self._max_head + 4]
        end = data.find(b"\r\n\r\n")
        head = data if end < 0 else data[: end + 2]
        if _is_lenient(head):
            raise h11.RemoteProtocolError(MALFORMED[1])
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == TOO_LONG[0]:
                self.refusal = TOO_LONG
            raise
        if isinstance(event, h11.Request):
            self._check(event, head)
            self.received = 0
            if event.target[:1] != b"/":
                return h11.Request(
                    method=event.method,
                    target=origin_form(event.target),
                    headers=event.headers,
                    http_version=event.http_version,
                )
        return event

    def _check(self, request: h11.Request, head: bytearray) -> None:
        version = request.http_version.decode()
        headers = [(name.lower(), value) for name, value in request.headers.raw_items()]
        refusal = refusal_of(request.target, version, headers)
        if refusal is None and len(head) > self._max_head:
            refusal = TOO_LONG
        if request.method == b"CONNECT":
            refusal = NO_TUNNEL
        lengths = _LENGTH.findall(head)
        if refusal is None and (len(lengths) > 1 or b"," in b"".join(lengths)):
            refusal = 400, "The header content-length was sent more than once"
        if refusal is not None:
            self.refusal = refusal
            raise h11.RemoteProtocolError(refusal[1])


class BoundedH11Protocol(H11Protocol):
    """Refuses what is too long, too slow or ambiguous."""

    head_patience = HEAD_PATIENCE
    body_patience = BODY_PATIENCE
    _deaf = False
    _received_before = 0

    def __init__(self, config: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(config, *arguments, **options)
        self.conn: _Connection = _Connection(config.h11_max_incomplete_event_size or MAX_HEAD)
        self._watch = Watch(self.loop, self._late)
        self._state: Any = h11.IDLE

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(gathering(transport, self.loop))
        self._watch.expect(self.head_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._deaf:
            super().data_received(data)
            self._follow()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._follow()

    def shutdown(self) -> None:
        if self._deaf:
            self.transport.close()
        else:
            super().shutdown()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._deaf = True
        self._watch.stop()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        self._refuse(self.conn.refusal, in_body=self.conn.in_body)

    def _follow(self) -> None:
        """Expect what has to come next."""
        if self._deaf:
            return
        before, self._state = self._state, self.conn.their_state
        if self._state is h11.IDLE:
            if self.conn.has_more:
                if before is not h11.IDLE or not self._watch.expecting:
                    self._watch.expect(self.head_patience)
            elif before is not h11.IDLE:
                self._watch.rest()
        elif self._state is not h11.SEND_BODY:
            self._watch.rest()
        elif before is not h11.SEND_BODY:
            self._received_before = 0
            self._watch.expect(self.body_patience)

    def _late(self) -> None:
        if self._deaf:
            return
        if self.flow.read_paused:
            self._watch.expect(self.head_patience)
        elif self._state is not h11.SEND_BODY:
            begun = self.conn.has_more
            self._refuse(TOO_SLOW, in_body=False) if begun else self.transport.close()
        elif self.conn.received - self._received_before < BODY_PROGRESS:
            self._refuse(TOO_SLOW, in_body=True)
        else:
            self._received_before = self.conn.received
            self._watch.expect(self.body_patience)

    def _refuse(self, refusal: Refusal, *, in_body: bool) -> None:
        self._deaf = True
        self._watch.rest()
        self.logger.info("Refused a request: %d %s", *refusal)
        headers = self.server_state.default_headers
        hang_up(refusal, self.transport, self.loop, headers, self.cycle, in_body=in_body)
