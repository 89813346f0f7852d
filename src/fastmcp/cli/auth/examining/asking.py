"""Asking: the requests of an examination, sent as our client sends those of OAuth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from fastmcp._oauth.documents import Document
from fastmcp.client.auth.exchange import Ask, Flow, Reply, document_at, plain, read_object, shown
from fastmcp.client.auth.places import is_loopback, origin
from fastmcp.client.auth.sending import Sending
from fastmcp.exceptions import OAuthFlowError

D = TypeVar("D", bound=Document)
T = TypeVar("T")


class Read(Struct, frozen=True):
    """What is at the place of a document: the JSON object there, or what is instead of it."""

    url: str
    members: dict[str, Any] | None
    instead: str | None
    absent: bool = False

    def as_a(self, kind: type[D]) -> D:
        """The document.

        Raises:
            msgspec.ValidationError: it is none of that kind.
        """
        return msgspec.convert(self.members, kind)


class Asking:
    """Asks on behalf of a client of the server at a URL. Documents are asked for once."""

    def __init__(self, server_url: str) -> None:
        self._sending = Sending(server_url)
        self._documents: dict[str, Reply] = {}
        local = is_loopback(origin(server_url)[1])
        self.page_origin = "http://localhost:6274" if local else "https://client.example.com"

    async def send(self, method: str, url: str, body: bytes | None = None, **headers: str) -> Reply:
        """The answer to a request.

        Raises:
            OAuthFlowError: there is none.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._sending.send(Ask(method, url, named, body))

    async def follow(self, flow: Flow[T]) -> T:
        """What a flow of our client comes to, with the documents that were read before."""
        try:
            ask = next(flow)
            while True:
                ask = flow.send(await self._document(ask))
        except StopIteration as stop:
            return stop.value

    async def read(self, url: str) -> Read:
        """What is at the place of a document."""
        try:
            reply = await self._document(document_at(url))
        except OAuthFlowError as error:
            return Read(url, None, str(error))
        if reply.status != 200:
            text = f"{shown(url)} answers {described(reply)}"
            return Read(url, None, text, absent=400 <= reply.status < 500 and reply.status != 429)
        found = read_object(reply)
        if found is None:
            kind = reply.headers.get("content-type", "no content type")
            return Read(url, None, f"{shown(url)} is no JSON object ({kind})", absent=True)
        return Read(url, found, None)

    async def is_readable_for_pages(self, url: str) -> bool:
        """Whether a page of another origin may read what is there (CORS)."""
        try:
            reply = await self.send("GET", url, accept="application/json", origin=self.page_origin)
        except OAuthFlowError:
            return False
        return self.allows_pages(reply.headers)

    def allows_pages(self, headers: Mapping[str, str]) -> bool:
        """Whether an answer may be read by a page of another origin."""
        return headers.get("access-control-allow-origin") in ("*", self.page_origin)

    async def _document(self, ask: Ask) -> Reply:
        if ask.url not in self._documents:
            self._documents[ask.url] = await self._sending.send(ask)
        return self._documents[ask.url]


def described(reply: Reply) -> str:
    """The status of an answer, and where it leads."""
    place = reply.headers.get("location")
    if place is None:
        return str(reply.status)
    return f"{reply.status}, a redirect to {plain(place.partition('?')[0])}"
