"""Calls: REST requests as requests of the protocol, which go the way of all others."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from msgspec import Raw, Struct, json

from fastmcp._protocol.eras import Sender
from fastmcp._runtime.dispatch import Answer, Dispatcher
from fastmcp._runtime.exchange import Exchange
from fastmcp.exceptions import REQUEST_TIMEOUT, InputUnavailable
from fastmcp.wire.jsonrpc import RequestId, result_in
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.revisions import LATEST_HANDSHAKE

from ..attendant import Attendant
from ..reply import Reply
from ..settings import HttpSettings
from .failure import Failure, failure_of
from .request import Gone, RestRequest

# The last revision without rounds of input: what a function asks of its client is refused.
_SENDER = Sender(LATEST_HANDSHAKE, ClientCapabilities())


class Outcome(Struct):
    """The result of a request, and the fault that it tells of where it is one of an error."""

    result: Raw
    fault: Exception | None


class Calls:
    """Hands requests to the dispatcher, for as long as their clients wait and the limit allows."""

    def __init__(self, dispatcher: Dispatcher[Any], settings: HttpSettings) -> None:
        self._answer = dispatcher.within(settings.request_timeout)
        self._ids = count(1)
        self.max_body: int = settings.max_request_size

    async def ask(self, request: RestRequest, method: str, params: dict[str, Any]) -> Outcome:
        """What a method of the server gives.

        Raises:
            Failure: an error, or no answer in time.
            Gone: the client left, which ended it.
        """
        faults: list[Exception] = []
        exchange = Exchange(
            next(self._ids),
            method,
            Raw(json.encode(params)),
            sender=_SENDER,
            peer=_Listener(request.reply),
            transport="streamable-http",
            scope=request.scope,
            on_fault=lambda id, fault: faults.append(fault),
        )
        answer = await self._attended(exchange, request)
        fault = faults[-1] if faults else None
        if answer.error is not None:
            if fault is None and answer.error.code == REQUEST_TIMEOUT:
                raise Failure(504, answer.error.message)
            raise failure_of(fault, answer.error.message, request.scope)
        result = result_in(answer.body, exchange.id)
        assert result is not None
        return Outcome(result, fault)

    async def _attended(self, exchange: Exchange, request: RestRequest) -> Answer:
        task = asyncio.current_task()
        assert task is not None
        reply = request.reply

        def left() -> None:
            task.cancel()

        attendant = Attendant(request.receive, reply, left, idle=False)
        try:
            return await self._answer(exchange)
        except asyncio.CancelledError:
            if not reply.gone or task.uncancel() > 0:
                raise
            raise Gone from None
        finally:
            attendant.stop()


class _Listener:
    """The peer of a REST request: it waits for its answer, and there is no way to it before."""

    __slots__ = ("_reply",)

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def send(self, message: bytes, related: RequestId | None) -> None:
        pass

    async def request(self, method: str, params: Any, related: RequestId | None) -> Raw:
        raise InputUnavailable(
            f"{method} asks the client, and a REST request cannot be asked; use MCP for this"
        )

    def awaits(self, related: RequestId) -> bool:
        return not self._reply.gone

    def release(self, related: RequestId) -> None:
        pass
