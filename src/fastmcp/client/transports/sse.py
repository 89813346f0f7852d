"""A server over HTTP+SSE, the transport of 2024-11-05 (PROTOCOL 4.4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final
from urllib.parse import urljoin

from fastmcp._protocol.framing import EventParser, ServerSentEvent
from fastmcp._runtime.session import Session
from fastmcp.exceptions import (
    ClientError,
    ConnectFailed,
    Disconnected,
    SessionExpired,
    UnexpectedResponse,
)
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.revisions import Revision

from .http_client import HttpTransport
from .http_errors import shown, too_large, unexpected
from .http_exchange import EVENTS, JSON, LIMIT, HttpClient, Response, origin_of
from .transport import ClientChannel

logger: Final = logging.getLogger("fastmcp.client")

# How long a server may take to say where it wants its messages, in seconds.
PATIENCE = 10.0
_POST = {"content-type": JSON, "accept": f"{JSON}, {EVENTS}"}


class SSETransport(HttpTransport):
    """Reaches the stream at `url` of a server over HTTP+SSE, and its messages from there.

    The keywords are those of `StreamableHttpTransport`. No server of the modern era is reached so.
    """

    handshake_only = True

    def open(self) -> _SseChannel:
        return _SseChannel(self)


class _SseChannel(ClientChannel):
    """All that the server says comes over one stream; each message to it is a request of its own.

    When the stream ends, so does the session: the server knows it no longer.
    """

    def __init__(self, transport: SSETransport) -> None:
        self._url = transport.url
        self._http = HttpClient(transport)
        self._endpoint: str | None = None
        self._failure: ClientError | None = None
        self._ready = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, session: Session) -> None:
        self._session = session
        await self._http.open()
        self._spawn(self._listen())
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ready.wait()
        except TimeoutError:
            raise self._failed(f"it names no endpoint for messages within {PATIENCE:g} s") from None
        if self._failure is not None:
            raise self._failure

    def _failed(self, cause: str) -> ConnectFailed:
        return ConnectFailed(f"Connection to {shown(self._url)} failed: {cause}")

    def _lost(self, cause: str) -> Disconnected:
        return Disconnected(f"Connection to {shown(self._url)} was lost: {cause}")

    async def _unexpected(self, response: Response) -> UnexpectedResponse:
        body = await response.read()
        return unexpected(self._url, response.status, body, response.headers, legacy=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What comes from the server

    async def _listen(self) -> None:
        try:
            async with self._http.exchange("GET", {"accept": EVENTS}) as response:
                if response.status != 200 or not response.is_stream:
                    raise await self._unexpected(response)
                await self._read(response)
            ended = "the server ended the stream"
            failure = self._lost(ended) if self._endpoint else self._failed(ended)
        except ClientError as error:
            failure = error
        except Exception as error:  # of the user's own credentials
            failure = self._failed(f"{type(error).__name__}: {error}")
            failure.__cause__ = error
        self._failure = failure
        self._ready.set()
        self._session.close(failure)

    async def _read(self, response: Response) -> None:
        parser = EventParser(LIMIT)
        size = 0
        async for chunk in response.chunks():
            size += len(chunk)
            for event in parser.feed(chunk):
                size = 0
                self._take(event)
            if size > LIMIT:
                raise too_large(self._url, response.status, LIMIT)

    def _take(self, event: ServerSentEvent) -> None:
        if event.event == "endpoint" and self._endpoint is None:
            self._endpoint = self._resolved(event.data)
            self._ready.set()
        elif event.event == "message" and event.data:
            self._session.feed(event.data.encode())
        else:
            logger.debug("Left out the event %r of %s", event.event, shown(self._url))

    def _resolved(self, endpoint: str) -> str:
        """Where messages go: to the same origin, as what is in them is meant for nobody else."""
        try:
            url = urljoin(self._url, endpoint)
            same = origin_of(url) == origin_of(self._url)
        except ValueError:
            raise self._failed(f"the endpoint that it names is no URL: {endpoint!r}") from None
        if not same:
            raise self._failed(
                f"the endpoint for messages that it names, {shown(url)}, is of another origin, and "
                "what is meant for one server goes to no other"
            )
        return url

    # What goes to the server

    async def _post(self, message: bytes) -> None:
        async with self._http.exchange("POST", _POST, message, self._endpoint) as response:
            if response.status == 404:
                raise SessionExpired("The server no longer knows this session")
            if response.status >= 300:
                raise await self._unexpected(response)

    async def _post_request(self, id: RequestId, message: bytes) -> None:
        try:
            await self._post(message)
        except Exception as error:
            self._session.fail(id, error)

    async def send(self, message: bytes, related: RequestId | None) -> None:
        """A notification of ours, or our answer to the server."""
        try:
            await self._post(message)
        except ClientError as error:
            logger.debug("A message was not delivered: %s", error)

    async def call(
        self,
        id: RequestId,
        method: str,
        params: Any,
        message: bytes,
        related: RequestId | None = None,
    ) -> None:
        # Its answer may come before the request for it is seen off.
        self._spawn(self._post_request(id, message))

    def abandon(self, id: RequestId, message: bytes) -> None:
        self.refuse(message)

    def refuse(self, message: bytes) -> None:
        self._spawn(self.send(message, None))

    def speak(self, revision: Revision) -> None:
        if revision.modern:
            raise ClientError(
                f"{revision.text} is not spoken over HTTP+SSE, which is older; use "
                'StreamableHttpTransport, or leave out mode="..."'
            )

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.close()
