"""uvicorn's protocol on httptools, bounded."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..body import BODY_PATIENCE
from .gathering import gathering
from .limits import (
    BODY_PROGRESS,
    HEAD_PATIENCE,
    MALFORMED,
    MAX_FRAMING,
    MAX_HEAD,
    MAX_HEADERS,
    MAX_PIPELINED,
    MAX_TARGET,
    NO_TUNNEL,
    TARGET_TOO_LONG,
    TOO_LONG,
    TOO_MANY,
    TOO_SLOW,
    Cycle,
    Refusal,
    Watch,
    hang_up,
    is_due,
    leave,
    origin_form,
    refusal_of,
)

_OF_AN_UPGRADE = (b"upgrade", b"http2-settings")


class BoundedHttpToolsProtocol(HttpToolsProtocol):
    """Refuses what is too long, too slow or ambiguous, and ignores the wish for an upgrade.

    `_phase` is what comes next of a request; `_turned` says that the last data changed it.
    """

    head_patience = HEAD_PATIENCE
    body_patience = BODY_PATIENCE
    _phase: Literal["head", "body"] = "head"
    _turned = False
    _refusal: Refusal = MALFORMED
    _deaf = False
    _upgrading = False
    _head = 0
    _wire = 0
    _body = 0
    _body_before = 0

    def __init__(self, config: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(config, *arguments, **options)
        self._max_head: int = config.h11_max_incomplete_event_size or MAX_HEAD
        self._watch = Watch(self.loop, self._late)
        self._before: list[Cycle] = []
        # uvicorn makes a new list of headers when a request begins. Once its head is complete,
        # ours takes the list's place, so that trailers are not taken for headers.
        self._trailers: list[tuple[bytes, bytes]] = []
        self.headers: list[tuple[bytes, bytes]] = self._trailers
        self._coming = self.headers

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(gathering(transport, self.loop))
        self._watch.expect(self.head_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.stop()
        for cycle in self._before:
            if is_due(cycle):
                leave(cycle)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task: asyncio.TimerHandle | None = None
        if self._phase == "body":
            self._feed_body(data)
        else:
            self._head += len(data)
            self._feed(data)
        if self._deaf:
            return
        if self._phase == "body":
            self._follow_body()
        elif self.headers is not self._trailers:
            self._follow_head()
        elif self._turned:
            self._watch.rest()
        elif not self._watch.expecting:
            self._watch.expect(self.head_patience)  # there were empty lines, which begin nothing
        self._turned = False

    def _feed_body(self, data: bytes) -> None:
        cycle = self.cycle
        before = len(cycle.body)
        self._feed(data)
        if self.cycle is cycle and not cycle.response_complete:
            self._wire += len(data)
            self._body += len(cycle.body) - before

    def handle_websocket_upgrade(self) -> None:
        self._deaf = True
        self._watch.stop()
        super().handle_websocket_upgrade()

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._upgrading:
                self._upgrading = False
                data = self._without_upgrade() + data[upgrade.args[0] :]
                self.parser: httptools.HttpRequestParser = httptools.HttpRequestParser(self)
                self._feed(data)
            else:
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            self._refuse(self._refusal)

    def _without_upgrade(self) -> bytes:
        """The head of the request, which is to be read again: a server may ignore the wish
        (RFC 9110, section 7.8), and llhttp would take the body for the other protocol.
        """
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                value = b", ".join(o for o in options if o.lower() not in _OF_AN_UPGRADE)
            if name not in _OF_AN_UPGRADE:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _follow_head(self) -> None:
        if self.headers is not self._coming:
            self._coming = self.headers
            self._watch.expect(self.head_patience)
        if self._head > self._max_head:
            self._refuse(TARGET_TOO_LONG if len(self.url) > MAX_TARGET else TOO_LONG)

    def _follow_body(self) -> None:
        if self._turned:
            self._watch.expect(self.body_patience)
        if len(self._trailers) > MAX_HEADERS:
            self._refuse(TOO_MANY)
        elif self._wire > MAX_FRAMING + 8 * self._body:
            self._refuse(TOO_LONG)

    def _late(self) -> None:
        if self._deaf:
            return
        if self.flow.read_paused:
            self._watch.expect(self.head_patience)
        elif self._phase != "body":
            begun = self.headers is not self._trailers
            self._refuse(TOO_SLOW) if begun else self.transport.close()
        elif self._body - self._body_before < BODY_PROGRESS:
            self._refuse(TOO_SLOW)
        else:
            self._body_before = self._body
            self._watch.expect(self.body_patience)

    def _refuse(self, refusal: Refusal) -> None:
        self._deaf = True
        self._watch.rest()
        self.logger.info("Refused a request: %d %s", *refusal)
        in_body = self._phase == "body"
        if in_body and self.pipeline:
            self.pipeline.popleft()  # which is the request of that body, and has not begun
            self._before[-1].keep_alive = False
            return
        headers = self.server_state.default_headers
        hang_up(refusal, self.transport, self.loop, headers, self.cycle, in_body=in_body)

    # The parser's callbacks

    def on_headers_complete(self) -> None:
        refusal = refusal_of(self.url, self.parser.get_http_version(), self.headers)
        if refusal is None and self._head > self._max_head:
            size = sum(len(name) + len(value) + 4 for name, value in self.headers)
            refusal = TOO_LONG if size + len(self.url) > self._max_head else None
        if refusal is None and len(self.pipeline) >= MAX_PIPELINED:
            refusal = 400, f"{MAX_PIPELINED} requests may wait on one connection"
        upgrade = self.parser.should_upgrade()
        if upgrade and self.parser.get_method() == b"CONNECT":
            refusal = NO_TUNNEL
        if refusal is not None:
            self._refusal = refusal
            raise httptools.HttpParserError(refusal[1])
        if upgrade and not self._should_upgrade():
            self._upgrading = True
            return
        last = self.cycle
        if self.url[:1] != b"/":
            self.url: bytes = origin_form(self.url)
        HttpToolsProtocol.on_headers_complete(self)
        if upgrade:
            return
        if is_due(last):
            self._before = [cycle for cycle in self._before if is_due(cycle)]
            self._before.append(last)
        self._phase, self._turned = "body", True
        self._head = self._wire = self._body = self._body_before = 0
        self.headers = self._trailers = []

    def on_message_complete(self) -> None:
        if not self._upgrading:
            self._phase, self._turned = "head", True
            HttpToolsProtocol.on_message_complete(self)
