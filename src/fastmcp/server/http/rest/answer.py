"""Answer: what a REST request gets, whole."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from ..body import ASGISend
from ..reply import HeaderPairs

JSON = "application/json"

# Nothing here is a page: a browser neither guesses a type, nor runs what it finds, nor lets
# another origin's page have it as its script or picture.
_SAFETY: HeaderPairs = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_KEPT: HeaderPairs = [(b"cache-control", b"private, no-cache")]
_NOT_KEPT: HeaderPairs = [(b"cache-control", b"no-store")]


class Answer(Struct, frozen=True):
    """A response; `lasting` is one that may be kept, and asked for again by its ETag."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
    lasting: bool = False

    async def send(self, send: ASGISend, *, head: bool, known: str | None) -> None:
        """Send it; to `head` without its body, and as 304 to whoever has what `known` names."""
        status, body = self.status, self.body
        headers = [*self.headers, *_SAFETY, *(_KEPT if self.lasting else _NOT_KEPT)]
        if self.lasting:
            tag = _tag_of(body)
            headers.append((b"etag", tag.encode()))
            if known is not None and _has(known, tag):
                status, body = 304, b""
        if status != 304:
            headers.append((b"content-type", self.content_type.encode("latin-1")))
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else body})


def _tag_of(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _has(known: str, tag: str) -> bool:
    """Whether an `If-None-Match` names the tag (RFC 9110, section 13.1.2)."""
    if known.strip() == "*":
        return True
    return tag in (each.strip().removeprefix("W/") for each in known.split(","))
