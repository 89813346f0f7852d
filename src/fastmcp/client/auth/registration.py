"""Becoming a client that an authorization server knows (PROTOCOL 6.4, step 5)."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fastmcp._oauth.documents import OAuthClientInformationFull, OAuthClientMetadata, OAuthMetadata
from fastmcp.exceptions import ConfigurationError, OAuthRegistrationError

from .exchange import Ask, Flow, read_object, said, shown

# How a client can be told apart at the token endpoint, what needs no secret first.
METHODS = ("none", "client_secret_post", "client_secret_basic")


def method_for(metadata: OAuthMetadata, *, secret: bool) -> str:
    """How to authenticate at the token endpoint, of what it takes (RFC 8414: basic, if it does not
    say).
    """
    offered = metadata.token_endpoint_auth_methods_supported
    if offered is None:
        return "client_secret_basic" if secret else "none"
    usable = [one for one in METHODS if one in offered and (one == "none") is not secret]
    return usable[0] if usable else ("client_secret_basic" if secret else "none")


def wanted_method(metadata: OAuthMetadata) -> str:
    """How a client that is yet to be registered wants to authenticate."""
    offered = metadata.token_endpoint_auth_methods_supported
    return next((one for one in METHODS if offered is None or one in offered), "none")


def register(
    url: str, metadata: OAuthMetadata, client: OAuthClientMetadata
) -> Flow[OAuthClientInformationFull]:
    """Have a client registered (RFC 7591).

    Raises:
        OAuthRegistrationError: it is refused, or registered in a way that is of no use.
    """
    reply = yield Ask(
        "POST",
        url,
        {"accept": "application/json", "content-type": "application/json"},
        client.to_json(),
    )
    if reply.status not in (200, 201):
        raise OAuthRegistrationError(
            f"The client was not registered at {shown(url)}: {said(reply)}. If it has a client_id "
            "there already, give it: OAuth(client_id=...)"
        )
    found = read_object(reply)
    if found is None:
        raise OAuthRegistrationError(f"The answer to the registration at {shown(url)} is no JSON")
    # What is ours to know, and what was asked for where the answer does not say.
    answer: dict[str, Any] = client.model_dump(exclude_none=True) | found
    answer["issuer"] = metadata.issuer
    try:
        registered = msgspec.convert(answer, OAuthClientInformationFull)
    except msgspec.ValidationError as error:
        raise OAuthRegistrationError(
            f"The answer to the registration at {shown(url)} is malformed: {error}"
        ) from None
    if "token_endpoint_auth_method" not in found and registered.client_secret is not None:
        registered.token_endpoint_auth_method = method_for(metadata, secret=True)
    return _usable(registered, url)


def _usable(client: OAuthClientInformationFull, url: str) -> OAuthClientInformationFull:
    method = client.token_endpoint_auth_method or "none"
    if method not in METHODS:
        raise OAuthRegistrationError(
            f"The client was registered at {shown(url)} to authenticate by {method!r}, which it "
            "cannot do"
        )
    if method != "none" and client.client_secret is None:
        raise OAuthRegistrationError(
            f"The client was registered at {shown(url)} to authenticate by {method!r}, but was "
            "given no secret"
        )
    end = client.client_secret_expires_at
    if client.client_secret is not None and end and end <= time.time():
        raise OAuthRegistrationError(f"The secret that {shown(url)} gave has expired already")
    return client


def checked_metadata_url(url: str | None) -> str | None:
    """The URL of a client's own document, which is its id (CIMD).

    Raises:
        ConfigurationError: it is not by https, or has no path.
    """
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path in ("", "/"):
        raise ConfigurationError(
            f"client_metadata_url={url!r}: it has to be an https:// URL with a path, as "
            "https://app.example.com/oauth/client.json"
        )
    return url
