"""A stream of events that outlives its connections (PROTOCOL 4.2)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping

from fastmcp._protocol.framing import EventParser, ServerSentEvent
from fastmcp.exceptions import ClientError

from .http_errors import too_large, unexpected
from .http_exchange import EVENTS, LIMIT, HttpClient, Response

# How long to wait before a stream is taken up again when the server does not say, and at most when
# one attempt after the other fails.
RETRY = 1.0
LONGEST = 30.0
# How long a stream may go on when nothing more is wanted of it: if it ends by then, its connection
# can be used again.
GRACE = 1.0


class EventStream:
    """Takes messages from one response after the other, each going on where the last one broke.

    `take` is given each message and says whether it was one; `wanted` says whether more are.
    """

    def __init__(
        self, http: HttpClient, take: Callable[[bytes], bool], wanted: Callable[[], bool]
    ) -> None:
        self.failures: int = 0
        """How many attempts in a row brought nothing."""
        self._http = http
        self._take = take
        self._wanted = wanted
        self._last_id: str | None = None
        self._retry = RETRY
        self._patience = 0.0
        self._came = False
        self._heard = False
        self._nonsense = False

    @property
    def can_resume(self) -> bool:
        """Whether the server said how to go on from what has come so far."""
        return self._last_id is not None

    async def open(self, headers: Mapping[str, str | bytes]) -> None:
        """Ask for the stream, or for what follows on what has come of it, and take that.

        Raises:
            Disconnected: there is no connection, or it broke.
            UnexpectedResponse: the server refuses, or what came is no stream of messages.
        """
        self._came = False
        headers = {**headers, "accept": EVENTS}
        if self._last_id is not None:
            headers["last-event-id"] = self._last_id.encode()
        try:
            async with self._http.exchange("GET", headers) as response:
                if response.status >= 400 or not response.is_stream:
                    body = await response.read()
                    raise unexpected(self._http.url, response.status, body, response.headers)
                await self.read(response)
        except ClientError as error:
            self.failures += not self._came
            self._patience = getattr(error, "retry_after", None) or 0.0
            raise

    async def read(self, response: Response) -> None:
        """Take what comes, until the stream ends or no more is wanted.

        Raises:
            Disconnected: the connection broke.
            UnexpectedResponse: what came is no stream of messages.
        """
        clock = asyncio.get_running_loop().time
        began, size, beginning = clock(), 0, b""
        parser = EventParser(LIMIT)  # what it has of an event that breaks off is dropped with it
        end = asyncio.timeout(None)
        try:
            async with end:
                async for chunk in response.chunks():
                    beginning = beginning or chunk.lstrip()
                    size += len(chunk)
                    for event in parser.feed(chunk):
                        size = 0
                        self._note(event)
                        if event.event == "message" and event.data:
                            self._hear(event.data.encode())
                    if size > LIMIT:
                        raise too_large(self._http.url, response.status, LIMIT)
                    if end.when() is None and not self._wanted():
                        end.reschedule(clock() + GRACE)
        except TimeoutError:
            if not end.expired():
                raise
        # Comments keep a connection alive, and mean nothing.
        nonsense = self._nonsense or (not self._came and beginning[:1] not in (b"", b":"))
        if nonsense and not self._heard:
            raise unexpected(self._http.url, response.status, beginning, response.headers)
        if not self._came and clock() - began < RETRY:
            self.failures += 1  # a server that ends its streams at once is not asked for ever

    def _hear(self, data: bytes) -> None:
        if self._take(data):
            self._heard = True
        else:
            self._nonsense = True

    def _note(self, event: ServerSentEvent) -> None:
        """From where to go on after an event, and how soon."""
        self._came, self.failures, self._patience = True, 0, 0.0
        if event.id is not None:
            self._last_id = event.id
        if event.retry is not None:
            self._retry = event.retry / 1000

    async def pause(self) -> None:
        """Wait as long as is due before the next attempt."""
        doubled = min(LONGEST, RETRY * 2 ** min(self.failures, 10)) if self.failures else 0.0
        # Not all at once, when many have lost the same server.
        await asyncio.sleep(
            max(
                self._retry * random.uniform(1.0, 1.1),
                doubled * random.uniform(0.5, 1.0),
                self._patience,
            )
        )
