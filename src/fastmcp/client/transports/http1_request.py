"""Requests over HTTP/1.1: where they go, and what they are made of."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

from fastmcp._version import VERSION

_SAFE = "/%:@!$&'()*+,;=~"


class Place(Struct, frozen=True):
    """Where a URL leads, as a connection and a request need it. `headers` go along unless others of
    these names are given, `credentials` do in place of any others.
    """

    url: str
    host: str
    port: int
    is_tls: bool
    target: str
    headers: dict[str, str | bytes]
    credentials: dict[str, str]

    @property
    def is_address(self) -> bool:
        """Whether the host has no name that would have to be looked up."""
        return ":" in self.host or self.host.replace(".", "").isdigit()


def place_of(url: str, authorization: str | None) -> Place:
    """Where a URL leads, and with which credentials: those given, or else those of the URL.

    Raises:
        ValueError: it leads nowhere.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = host if host.isascii() else host.encode("idna").decode()
    if not host:
        raise ValueError("the URL names no host")
    is_tls = parts.scheme == "https"
    name = f"[{host}]" if ":" in host else host
    if authorization is None and parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(user.encode()).decode()}"
    return Place(
        url=url,
        host=host,
        port=parts.port or (443 if is_tls else 80),
        is_tls=is_tls,
        target=quote(parts.path or "/", safe=_SAFE)
        + ("?" + quote(parts.query, safe=_SAFE + "?[]") if parts.query else ""),
        headers={
            "host": name if parts.port is None else f"{name}:{parts.port}",
            "user-agent": f"peregrine/{VERSION}",
            "accept-encoding": "identity",
        },
        credentials={} if authorization is None else {"authorization": authorization},
    )


def written(
    method: str,
    place: Place,
    headers: Mapping[str, str | bytes],
    cookies: Mapping[str, str],
    content: bytes | None,
) -> bytes:
    """A request in one piece, so that the server is woken once.

    Raises:
        ValueError: a header has what none can.
    """
    fields = {**place.headers, **headers, **place.credentials}
    if cookies and "cookie" not in headers:
        fields["cookie"] = "; ".join([f"{name}={value}" for name, value in cookies.items()])
    if content is not None:
        fields["content-length"] = str(len(content))
    lines = [f"{method} {place.target} HTTP/1.1"]
    for name, value in fields.items():
        lines.append(f"{name}: {value if isinstance(value, str) else value.decode('latin-1')}")
    head = "\n".join(lines)
    # What ends a line within one begins a header, or a request, that nobody meant.
    if head.count("\n") != len(fields) or "\r" in head or "\0" in head:
        raise ValueError("a header has characters that may not be in one")
    try:
        start = head.replace("\n", "\r\n").encode("latin-1")
    except UnicodeError:
        raise ValueError("a header has characters that may not be in one") from None
    return b"%b\r\n\r\n%b" % (start, content or b"")
