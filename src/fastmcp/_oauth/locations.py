"""Where documents of OAuth are, and what URLs may stand in them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fastmcp.exceptions import ConfigurationError

PROTECTED_RESOURCE = "/.well-known/oauth-protected-resource"
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
OPENID_CONFIGURATION = "/.well-known/openid-configuration"


def checked_url(url: Any, keyword: str) -> str:
    """A URL of http(s) as text, without a slash at its end; any object whose text it is, is taken.

    Raises:
        ConfigurationError: `keyword` was given what is no such URL, or has a query or fragment.
    """
    text = str(url)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"{keyword}={text!r}: give a URL with its scheme and host, as https://mcp.example.com"
        )
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ConfigurationError(f"{keyword}={text!r}: it may have no query and no fragment")
    return text.rstrip("/")


def origin_of(url: str) -> str:
    """Scheme and authority of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def path_of(url: str) -> str:
    """The path of a URL, without a slash at its end; empty for the root."""
    return urlsplit(url).path.rstrip("/")


def protected_resource_url(resource: str) -> str:
    """Where the metadata of a protected resource are (RFC 9728 section 3.1)."""
    return origin_of(resource) + PROTECTED_RESOURCE + path_of(resource)


def authorization_server_url(issuer: str) -> str:
    """Where the metadata of an authorization server are (RFC 8414 section 3.1)."""
    return origin_of(issuer) + AUTHORIZATION_SERVER + path_of(issuer)
