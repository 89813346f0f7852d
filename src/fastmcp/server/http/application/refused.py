"""What a route answers that refuses its caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import json
from starlette.responses import Response

from fastmcp.exceptions import AuthorizationError

from ...auth.challenger import challenger_of, step_up


def refusal_of(error: AuthorizationError, scope: Mapping[str, Any]) -> Response:
    """401 for a caller without a valid token, with where to get one; 403 for others, with the
    scopes to ask for, if these are what is missing.
    """
    headers = {"cache-control": "no-store"}
    if getattr(scope.get("user"), "access_token", None) is None:
        sent = any(name == b"authorization" for name, _ in scope["headers"])
        status, code = 401, "invalid_token" if sent else "unauthorized"
        headers["www-authenticate"] = challenger_of(scope).unauthorized(sent=sent)
    elif (challenge := step_up(error, scope)) is not None:
        status, code = 403, "insufficient_scope"
        headers["www-authenticate"] = challenge
    else:
        status, code = 403, "forbidden"
    body = json.encode({"error": code, "error_description": str(error)})
    return Response(body, status, headers, "application/json")
