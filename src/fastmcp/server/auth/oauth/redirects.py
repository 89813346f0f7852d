"""Where users may be sent back to: which redirect URIs are allowed, and what is added to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from fastmcp.exceptions import AuthorizeError, OAuthError

NOT_REGISTERED = "redirect_uri is not one that the client registered"
MAX_LENGTH = 2048
# Browsers read or run something under these, or hand it to programs that do.
UNSAFE_SCHEMES = frozenset(
    {
        *("javascript", "data", "file", "vbscript", "blob", "about", "view-source"),
        *("filesystem", "jar", "mhtml", "intent", "ms-msdt", "ms-officecmd", "search-ms"),
    }
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAIN = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")  # RFC 3986 section 2
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")
# A slash, backslash or control character that only shows once it is decoded.
_HIDDEN = re.compile(r"%(?:2f|5c|[01][0-9a-f]|7f)", re.IGNORECASE)


def problem_of(uri: str) -> str | None:
    """Why nobody may be sent to a URI; None for one that is in order."""
    if len(uri) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH} characters"
    if not _PLAIN.fullmatch(uri) or "\\" in uri:
        return "it has a character that no URI may have"
    if "#" in uri:
        return "it has a fragment"
    if not _SCHEME.match(uri):
        return "it has no scheme"
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "its host or port is none"
    if parts.scheme in UNSAFE_SCHEMES:
        return f"{parts.scheme}: is no place to send a user to"
    if "@" in parts.netloc:
        return "it has user information"
    if _HIDDEN.search(parts.path) or _has_dot_segments(parts.path):
        return "its path has dot segments, or slashes that are encoded"
    if parts.scheme in ("http", "https") and (
        not _HOST.fullmatch(parts.hostname or "") or port == 0
    ):
        return "it has no host, or a port that is none"
    return None


def _has_dot_segments(path: str) -> bool:
    return any(segment in (".", "..") for segment in unquote(path).split("/"))


def is_loopback(uri: str) -> bool:
    """Whether a URI is of the user's own machine (RFC 8252 section 7.3)."""
    parts = urlsplit(uri)
    return parts.scheme in ("http", "https") and (parts.hostname or "") in LOOPBACK


def is_in_clear(uri: str) -> bool:
    """Whether a URI leads to another machine without TLS, where others could read what is sent."""
    return urlsplit(uri).scheme == "http" and not is_loopback(uri)


def is_registered(uri: str, registered: Iterable[Any]) -> bool:
    """Whether a URI is one of those that a client registered, character by character; but for the
    port of one on the user's machine, which a native application cannot choose before.
    """
    return problem_of(uri) is None and any(_matches(uri, str(each)) for each in registered)


def is_same(one: str, other: str) -> bool:
    """Whether two redirect URIs are the same text, but for the slash of a URL without a path, which
    libraries add.
    """
    return one == other or (
        one.startswith(("http://", "https://")) and _slashed(one) == _slashed(other)
    )


def _slashed(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest}/" if rest and not set(rest) & set("/?") else uri


def _matches(uri: str, registered: str) -> bool:
    if uri == registered:
        return True
    try:
        asked, known = urlsplit(uri), urlsplit(registered)
    except ValueError:
        return False
    if asked.scheme not in ("http", "https") or "@" in known.netloc or known.fragment:
        return False
    return _compared(asked) == _compared(known)


def _compared(parts: SplitResult) -> tuple[str, ...]:
    """What is compared of a URL of http(s): without a path it has the root's."""
    host = parts.hostname or ""
    authority = host if host in LOOPBACK and parts.scheme == "http" else parts.netloc
    return (parts.scheme, authority, parts.path or "/", parts.query)


def decided_by(decide: Callable[[str | None], Any], requested: str | None) -> str:
    """Where a client that decides by itself has its user sent back to.

    Raises:
        AuthorizeError: nowhere, or where nobody may be sent to.
    """
    try:
        uri = str(decide(requested))
    except OAuthError:
        raise
    except Exception:
        raise AuthorizeError("invalid_request", NOT_REGISTERED) from None
    if problem_of(uri) is not None:
        raise AuthorizeError("invalid_request", NOT_REGISTERED)
    return uri


def construct_redirect_uri(redirect_uri_base: Any, **params: str | None) -> str:
    """A redirect URI with parameters in its query, after those that it has."""
    base = str(redirect_uri_base)
    added = urlencode({name: value for name, value in params.items() if value is not None})
    if not added:
        return base
    if "?" not in base:
        return f"{base}?{added}"
    return base + added if base.endswith(("?", "&")) else f"{base}&{added}"
