"""HTTP as a transport needs it: how an endpoint is reached, and one exchange after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from fastmcp.exceptions import ConnectFailed

from .http_client import HttpTransport
from .http_errors import redirected, shown, too_large, translated
from .http_sender import Sender

JSON = "application/json"
EVENTS = "text/event-stream"
LIMIT = 64 * 1024 * 1024
"""The longest body, and the longest event, that is kept in memory."""
REDIRECTS = 5


class HttpClient:
    """The HTTP client of one connection."""

    def __init__(self, transport: HttpTransport) -> None:
        self.url: str = transport.url
        self._transport = transport
        self._headers: dict[str, str] = {}
        self._sender: Sender | None = None

    async def open(self) -> None:
        """Make ready; nothing is sent yet."""
        transport = self._transport
        self._headers = {name.lower(): value for name, value in transport.headers.items()}
        sender = transport.make_sender()
        await sender.open()
        self._sender = sender

    def exchange(
        self,
        method: str,
        headers: Mapping[str, str | bytes],
        content: bytes | None = None,
        url: str | None = None,
    ) -> Exchange:
        """Send a request, to the endpoint or to another `url`, when it is entered; its answer is
        free to be dropped when it is left.

        Raises:
            ConnectFailed: there is no way to the server; nothing was sent.
            Disconnected: the connection was lost, here or while the answer is read.
            UnexpectedResponse: a redirect that is not followed.
        """
        if self._sender is None:
            raise ConnectFailed(f"Connection to {shown(self.url)} failed: it is closed already")
        return Exchange(
            self._sender, method, {**self._headers, **headers}, content, url or self.url
        )

    async def close(self) -> None:
        """End every exchange, and free what was opened."""
        sender, self._sender = self._sender, None
        if sender is not None:
            await sender.close()


class Response:
    """An answer, whose body is yet to come."""

    __slots__ = ("_response", "_url", "headers", "status")

    def __init__(self, response: Any, url: str) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._url = url

    @property
    def is_stream(self) -> bool:
        """Whether its body is a stream of events."""
        return self.headers.get("content-type", "").lower().startswith(EVENTS)

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece as it comes."""
        return self._response.aiter_bytes()

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            UnexpectedResponse: it is larger than what is kept in memory.
        """
        pieces: list[bytes] = []
        size = 0
        async for piece in self.chunks():
            size += len(piece)
            if size > LIMIT:
                raise too_large(self._url, self.status, LIMIT)
            pieces.append(piece)
        return b"".join(pieces)


class Exchange:
    """One request, and its answer while it is entered; errors of the library become ours."""

    __slots__ = ("_content", "_headers", "_method", "_response", "_sender", "_url")

    def __init__(
        self,
        sender: Sender,
        method: str,
        headers: dict[str, str | bytes],
        content: bytes | None,
        url: str,
    ) -> None:
        self._sender = sender
        self._method = method
        self._headers = headers
        self._content = content
        self._url = url
        self._response: Any = None

    async def __aenter__(self) -> Response:
        try:
            return await self._follow(await self._send(self._url))
        except Exception as error:
            if (ours := translated(error, self._url)) is None:
                raise
            raise ours from error

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            await self._response.aclose()
        except Exception as failure:
            if translated(failure, self._url) is None:
                raise
        if isinstance(error, Exception) and (ours := translated(error, self._url)) is not None:
            raise ours from error

    async def _send(self, url: str) -> Response:
        response = await self._sender.send(self._method, url, self._headers, self._content)
        self._response = response
        return Response(response, url)

    async def _follow(self, response: Response) -> Response:
        """Where a redirect leads within the origin: what was meant for one server, the credentials
        above all, goes to no other.
        """
        url = self._url
        for _ in range(REDIRECTS):
            location = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            try:
                await response.read()
            finally:
                await self._response.aclose()
            there = urljoin(url, location)
            keeps_method = response.status != 303 or self._method == "GET"
            same = origin_of(there) == origin_of(url) and _user(there) == _user(url)
            if not (keeps_method and same):
                raise redirected(self._url, response.status, there)
            url = there
            response = await self._send(url)
        await self._response.aclose()
        raise redirected(self._url, response.status, url)


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port (RFC 6454).

    Raises:
        ValueError: this is no URL.
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _user(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[0]
