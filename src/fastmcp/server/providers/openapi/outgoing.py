"""Outgoing: a request as it leaves, before any HTTP library knows of it."""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct

from fastmcp.exceptions import ToolError

from .bodies import Part


class Outgoing(Struct, kw_only=True):
    """`path` and `query` are encoded; of `content` and `parts` one is there at most."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    cookies: dict[str, str]
    content: bytes | None = None
    parts: list[Part] | None = None

    def request_of(self, client: Any, base_url: str) -> Any:
        """The request as a client of httpx or httpx2 makes it, with what it adds to all requests.

        Raises:
            ToolError: it would not stay under the base URL.
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
            request.url = request.url.copy_with(query=_joined(request.url, self.query))
        _require_under(base_url, request.url)
        return request


def _joined(url: Any, query: str) -> bytes:
    """What the client adds to every query, but for what this one has itself, and this one."""
    own = {pair.partition("=")[0] for pair in query.split("&")}
    added = cast("bytes", url.query).decode("ascii")
    kept = [pair for pair in added.split("&") if pair and pair.partition("=")[0] not in own]
    return "&".join([*kept, query]).encode("ascii")


def _require_under(base_url: str, url: Any) -> None:
    """Whatever the parts of a path were: it leads to the API, and to nothing else."""
    base = url.join(base_url)
    same_place = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
    prefix = cast("bytes", base.raw_path).partition(b"?")[0].rstrip(b"/") + b"/"
    path = cast("bytes", url.raw_path).partition(b"?")[0]
    if not same_place or not path.startswith(prefix) or {b".", b".."} & set(path.split(b"/")):
        raise ToolError(f"The request to {url} would leave {base_url}")
