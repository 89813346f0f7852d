"""Outgoing: a request as it leaves, before any HTTP library knows of it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, cast
from urllib.parse import unquote_plus

from msgspec import Struct

from fastmcp.exceptions import ToolError

from .bodies import Part


class Outgoing(Struct, kw_only=True):
    """`path` and `query` are encoded; of `content` and `parts` one is there at most. `query_names`
    are the names in the query that are the document's, and not a caller's.
    """

    method: str
    path: str
    query: str
    query_names: Set[str]
    headers: list[tuple[str, str]]
    cookies: dict[str, str]
    content: bytes | None = None
    parts: list[Part] | None = None

    def request_of(self, client: Any, base_url: str) -> Any:
        """The request as a client of httpx or httpx2 makes it, with what it adds to all requests.

        Raises:
            ToolError: it would not stay under the base URL, or change what the client adds.
        """
        url = base_url.rstrip("/") + "/" + self.path.lstrip("/")
        headers = [(name.encode(), value.encode()) for name, value in self.headers]
        request = client.build_request(
            self.method,
            url,
            headers=headers or None,
            cookies=self.cookies or None,
            content=self.content,
            files=self.parts,
        )
        if self.query:
            request.url = request.url.copy_with(query=self._joined(request.url))
        _require_under(base_url, request.url)
        return request

    def _joined(self, url: Any) -> bytes:
        """What the client adds to every query, but for what this one has itself, and this one.

        A caller may name members of an object as it likes: not to take the place of a key that the
        client adds, or of whom it speaks for.
        """
        own = {_name_in(pair) for pair in self.query.split("&")}
        added = cast("bytes", url.query).decode("ascii")
        kept = [pair for pair in added.split("&") if pair and _name_in(pair) not in own]
        for name in own & {_name_in(pair) for pair in added.split("&") if pair}:
            if not {name, name.partition("[")[0]} & self.query_names:
                raise ToolError(f"No argument can set {name!r} in the query: the client sets it")
        return "&".join([*kept, self.query]).encode("ascii")


def _name_in(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _require_under(base_url: str, url: Any) -> None:
    """Whatever the parts of a path were: it leads to the API, and to nothing else."""
    base = url.join(base_url)
    same_place = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
    prefix = cast("bytes", base.raw_path).partition(b"?")[0].rstrip(b"/") + b"/"
    path = cast("bytes", url.raw_path).partition(b"?")[0]
    if not same_place or not path.startswith(prefix) or {b".", b".."} & set(path.split(b"/")):
        raise ToolError(f"The request to {url} would leave {base_url}")
