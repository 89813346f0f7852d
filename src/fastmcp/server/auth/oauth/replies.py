"""Responses of the endpoints, none of which may be kept by a cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import json
from starlette.responses import Response

from fastmcp.exceptions import OAuthError

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
# Errors that are told with another status than 400 (RFC 6749 section 5.2).
_STATUSES = {"invalid_client": 401, "server_error": 500, "temporarily_unavailable": 503}
_OAUTH_ERRORS = ("AuthorizeError", "TokenError", "RegistrationError")


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response in JSON."""
    encoded = body if isinstance(body, bytes) else json.encode(body)
    return Response(encoded, status, {**NO_STORE, **(headers or {})}, "application/json")


def error_reply(error: OAuthError) -> Response:
    """An error response, with the status that belongs to the error."""
    body = {"error": error.error, "error_description": error.error_description}
    headers: dict[str, str] = {}
    if error.error == "invalid_client":
        headers["www-authenticate"] = 'Basic realm="oauth"'
    if error.error == "temporarily_unavailable":
        headers["retry-after"] = "5"
    told = {name: value for name, value in body.items() if value is not None}
    return json_reply(told, _STATUSES.get(error.error, 400), headers)


def oauth_error(error: Exception) -> OAuthError | None:
    """The error response that an exception is, of this package or by its shape of another."""
    if isinstance(error, OAuthError):
        return error
    code = getattr(error, "error", None)
    if type(error).__name__ not in _OAUTH_ERRORS or not isinstance(code, str):
        return None
    return OAuthError(code, getattr(error, "error_description", None))
