"""What goes wrong over HTTP: which error it is, what caused it, and what to do, in one line."""

from __future__ import annotations

import math
import os
import re
import socket
import ssl
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

from fastmcp.exceptions import ClientError, ConnectFailed, Disconnected, UnexpectedResponse

# Errors are known by name, as httpx, httpx2 and what they are built on call them alike: whoever
# brings an HTTP client or credentials of their own may bring either.
_LIBRARIES = ("httpx2", "httpcore2", "httpx", "httpcore")
_NOT_SENT = {
    "ConnectError",
    "ConnectTimeout",
    "InvalidURL",
    "LocalProtocolError",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
}
_TIMEOUTS = {
    "ConnectTimeout": "it did not answer the attempt to connect in time",
    "PoolTimeout": "the HTTP client has no connection to spare",
    "ReadTimeout": "it was silent for too long (sse_read_timeout, or the HTTP client's timeout)",
    "WriteTimeout": "it takes nothing any more",
}
_ADVICE = {
    401: "it wants to know who calls, by a token that it takes: give one by auth= or headers= "
    "(--auth or --header)",
    403: "it does not allow this to whom the credentials belong: give others by auth= or headers= "
    "(--auth or --header)",
    407: "the proxy in between wants credentials: put them into its URL",
    413: "the request is too large for it",
    429: "it is asked too often",
}
SAID = 200
"""How many characters of an answer that is not MCP an error quotes."""


def shown(url: str) -> str:
    """A URL for people: without a password, and without values that may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{_host(url)}{parts.path}{'?…' if parts.query else ''}"


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def translated(error: Exception, url: str) -> ClientError | None:
    """Our error for one of the HTTP library or of the operating system; None for any other."""
    if isinstance(error, (ClientError, TimeoutError)):
        return None
    kinds = type(error).__mro__
    known = any(kind.__module__.partition(".")[0] in _LIBRARIES for kind in kinds)
    if not known and not isinstance(error, OSError):
        return None
    if any(kind.__name__ in _NOT_SENT for kind in kinds):
        return ConnectFailed(f"Connection to {shown(url)} failed: {cause_of(error, url)}")
    return Disconnected(f"Connection to {shown(url)} was lost: {cause_of(error, url)}")


def cause_of(error: BaseException, url: str) -> str:
    """What the operating system, or else the HTTP library, says is wrong."""
    if (text := _TIMEOUTS.get(type(error).__name__)) is not None:
        return text
    bottom: BaseException | None = error
    while bottom is not None:
        if isinstance(bottom, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {bottom.verify_message}; verify= says whom to"
        if isinstance(bottom, ssl.SSLError) and bottom.reason == "WRONG_VERSION_NUMBER":
            return "it does not speak TLS; is it http:// instead of https://?"
        if isinstance(bottom, socket.gaierror):
            return f"there is no host {_host(url)!r}: {bottom.strerror}"
        if isinstance(bottom, OSError) and bottom.errno is not None:
            return os.strerror(bottom.errno)
        bottom = _below(bottom)
    return str(error).partition("\n")[0] or type(error).__name__


def _below(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error.__cause__ or error.__context__


def unexpected(
    url: str,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    legacy: bool = False,
) -> UnexpectedResponse:
    """The error for an answer that is not MCP, or that refuses; `legacy` is over HTTP+SSE."""
    headers = headers or {}
    parts = [f"Connection to {shown(url)} failed: "]
    if status < 300:
        parts.append(f"it answered {status} with {_kind(body, headers)}, which is not MCP")
    else:
        parts.append(f"{status} {_phrase(status)}")
        if (advice := _ADVICE.get(status)) is not None:
            parts.append(f"; {advice}")
    wait = retry_after(headers)
    if wait is not None:
        parts.append(f"; it wants to be asked again after {wait:g} seconds")
    if status < 300 or status in (404, 405):
        parts.append(_legacy_hint(url) if legacy else _hint(url))
    if said := _said(body):
        parts.append(f". It says: {said}")
    return UnexpectedResponse("".join(parts), status, wait)


def redirected(url: str, status: int, location: str) -> UnexpectedResponse:
    """The error for a redirect that is not followed."""
    return UnexpectedResponse(
        f"Connection to {shown(url)} failed: {status} {_phrase(status)} to {shown(location)!r}, "
        "which is not followed to another origin; give the client that URL if you trust it",
        status,
    )


def too_large(url: str, status: int, limit: int) -> UnexpectedResponse:
    """The error for more than a client keeps in memory."""
    return UnexpectedResponse(
        f"Connection to {shown(url)} failed: it answered {status} with a message of more than "
        f"{limit // 2**20} MiB",
        status,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """After how many seconds the server wants to be asked again, which it says as a date, too."""
    said = headers.get("retry-after")
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        seconds = _seconds_until(said)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, OverflowError):
        return math.nan


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "which HTTP does not know"


def _kind(body: bytes, headers: Mapping[str, str]) -> str:
    if not body:
        return "nothing"
    type, _, _ = headers.get("content-type", "").partition(";")
    if "html" in type or body.lstrip()[:1] == b"<":
        return "an HTML page"
    return "JSON of something else" if type == "application/json" else type or "an untyped body"


def _hint(url: str) -> str:
    path = urlsplit(url).path.rstrip("/")
    if path.endswith("/sse"):
        return " (for a server of the HTTP+SSE era use SSETransport)"
    if path.endswith("/mcp"):
        return " (is that the URL of an MCP server?)"
    return " (is the path right? many servers are at /mcp)"


def _legacy_hint(url: str) -> str:
    if urlsplit(url).path.rstrip("/").endswith("/sse"):
        return " (is that the URL of an MCP server?)"
    return "; for a server of streamable HTTP use StreamableHttpTransport"


def _said(body: bytes) -> str:
    """The beginning of a body as text in one line, a page's without its markup."""
    text = body[:4096].decode("utf-8", "replace")
    if text.lstrip()[:1] == "<":
        text = re.sub(r"<[^>]*>?", " ", re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", " ", text))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= SAID else line[:SAID] + "…"
