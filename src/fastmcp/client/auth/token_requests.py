"""Asking the token endpoint (RFC 6749 sections 2.3, 4 and 6; RFC 8707)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from fastmcp._oauth.documents import OAuthClientInformationFull, OAuthToken
from fastmcp.exceptions import OAuthTokenError

from .dpop import DPoP
from .exchange import Flow, form, plain, read_object, said, shown

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenAnswer(OAuthToken):
    """A token, or what was given in exchange for one (RFC 8693 section 2.2.1)."""

    issued_token_type: str | None = None


def ask_for_token(
    url: str,
    client: OAuthClientInformationFull | None,
    members: Mapping[str, str | None],
    *,
    assertion: str | None = None,
    headers: Mapping[str, str] | None = None,
    dpop: DPoP | None = None,
    types: tuple[str, ...] = ("bearer",),
) -> Flow[TokenAnswer]:
    """Ask for a token as `client`, who is told by its secret or by a signed `assertion`.

    Raises:
        OAuthTokenError: there is none; `error` says why.
    """
    data = {name: value for name, value in members.items() if value}
    more = dict(headers or {})
    if assertion is not None:
        data |= {"client_assertion_type": CLIENT_ASSERTION, "client_assertion": assertion}
    elif client is not None:
        _authenticate(client, data, more)
    reply = yield form(url, data, _proven(url, more, dpop))
    if dpop is not None and dpop.wants_nonce(url, reply):
        reply = yield form(url, data, _proven(url, more, dpop))
    if dpop is not None:
        types = (*types, "dpop")
    found = read_object(reply)
    if reply.status != 200 or found is None or "error" in found:
        error = (found or {}).get("error")
        raise OAuthTokenError(
            f"No token from {shown(url)}: {said(reply)}",
            plain(error) if isinstance(error, str) else _by_status(reply.status),
        )
    try:
        token = msgspec.convert(found, TokenAnswer, strict=False)
    except msgspec.ValidationError as error:
        raise OAuthTokenError(f"The token from {shown(url)} is malformed: {error}") from None
    if token.token_type.lower() not in types or not _is_sendable(token.access_token):
        raise OAuthTokenError(
            f"The token from {shown(url)} is of the type {plain(token.token_type)!r}, or has "
            "characters that no token has"
        )
    return token


def _proven(url: str, headers: dict[str, str], dpop: DPoP | None) -> dict[str, str]:
    return headers if dpop is None else {**headers, "dpop": dpop.proof("POST", url)}


def _authenticate(
    client: OAuthClientInformationFull, data: dict[str, str], headers: dict[str, str]
) -> None:
    method = client.token_endpoint_auth_method or "none"
    if method == "client_secret_basic" and client.client_secret is not None:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return
    data["client_id"] = client.client_id
    if method == "client_secret_post" and client.client_secret is not None:
        data["client_secret"] = client.client_secret


def _by_status(status: int) -> str | None:
    return "temporarily_unavailable" if status == 429 or status >= 500 else None


def _is_sendable(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
