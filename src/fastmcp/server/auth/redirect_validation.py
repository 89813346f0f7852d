"""Redirect URIs by patterns that whoever runs the server allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from .oauth.redirects import LOOPBACK, UNSAFE_SCHEMES, problem_of

__all__ = [
    "DEFAULT_LOCALHOST_PATTERNS",
    "UNSAFE_REDIRECT_URI_SCHEMES",
    "matches_allowed_pattern",
    "validate_redirect_uri",
]

UNSAFE_REDIRECT_URI_SCHEMES = UNSAFE_SCHEMES
DEFAULT_LOCALHOST_PATTERNS = ["http://localhost:*", "http://127.0.0.1:*"]

_PORTS = {"http": "80", "https": "443"}


def validate_redirect_uri(redirect_uri: Any, allowed_patterns: Iterable[str] | None) -> bool:
    """Whether users may be sent to a URI: by one of the patterns, None for any that is in order.

    That none is named is in order as well: then it is the one that the client registered.
    """
    if redirect_uri is None:
        return True
    uri = str(redirect_uri)
    if allowed_patterns is None:
        return problem_of(uri) is None
    return any(matches_allowed_pattern(uri, pattern) for pattern in allowed_patterns)


def matches_allowed_pattern(uri: str, pattern: str) -> bool:
    """Whether a URI is in order, and is what a pattern says.

    In a pattern `*` may be the first label of a host (`https://*.example.com`), a port
    (`http://localhost:*`), and anything in a path. One without a path is for all paths, one of
    the user's machine without a port for all ports.
    """
    if problem_of(uri) is not None:
        return False
    try:
        asked, allowed = urlsplit(uri), urlsplit(pattern)
    except ValueError:
        return False
    if asked.scheme != allowed.scheme:
        return False
    return _matches_authority(asked, allowed) and _matches_path(asked.path, allowed.path)


def _matches_authority(asked: SplitResult, allowed: SplitResult) -> bool:
    host, port = _host_and_port(asked.netloc)
    pattern, ports = _host_and_port(allowed.netloc)
    if "@" in allowed.netloc or not _matches_host(host, pattern):
        return False
    if ports == "*" or (ports == "" and pattern in LOOPBACK):
        return True
    usual = _PORTS.get(asked.scheme, "")
    return (port or usual) == (ports or usual)


def _host_and_port(netloc: str) -> tuple[str, str]:
    """Of an authority that may have a pattern in place of its port, which urllib does not read."""
    if netloc.startswith("["):
        host, _, rest = netloc[1:].partition("]")
        return host.lower(), rest.removeprefix(":")
    host, _, port = netloc.partition(":")
    return host.lower(), port


def _matches_host(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        suffix = pattern[1:]
        return "*" not in suffix and host.endswith(suffix) and len(host) > len(suffix)
    return host == pattern


def _matches_path(path: str, pattern: str) -> bool:
    if pattern in ("", "/"):
        return True
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), path or "/") is not None
