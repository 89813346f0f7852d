"""Parameters of requests, each at most once."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from fastmcp.exceptions import OAuthError

_TYPE = "application/x-www-form-urlencoded"
_MOST = 64
MAX_QUERY = 8 * 1024


async def form_of(request: Request) -> dict[str, str]:
    """The parameters in a request's body.

    Raises:
        OAuthError: it is no form, or says one of them twice (RFC 6749 section 3.2).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _TYPE:
        raise OAuthError("invalid_request", f"The body has to be {_TYPE}")
    return parameters_of(await request.body())


def query_of(request: Request) -> dict[str, str]:
    """The parameters in a request's query.

    Raises:
        OAuthError: it is malformed, too long, or says one of them twice.
    """
    query: bytes = request.scope.get("query_string", b"")
    if len(query) > MAX_QUERY:
        raise OAuthError("invalid_request", f"The query is longer than {MAX_QUERY} bytes")
    return parameters_of(query)


def parameters_of(encoded: bytes) -> dict[str, str]:
    """The parameters, without those that have no value, which are as if not sent.

    Raises:
        OAuthError: they are malformed, or one of them is there twice.
    """
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST
        )
    except ValueError:
        raise OAuthError("invalid_request", "The parameters are malformed") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise OAuthError("invalid_request", "A parameter was sent more than once")
        found[name] = value
    return {name: value for name, value in found.items() if value}
