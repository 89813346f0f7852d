"""`ctx.http` of a `MockContext`: answers from a table or a function, and never the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from fastmcp.server.lifetime.http_pool import HttpPool

if TYPE_CHECKING:
    import httpx2

Responses: TypeAlias = Mapping[str, Any] | Callable[..., Any]
"""By URL, or by method and URL (`"POST https://…"`): a status, a text, bytes, data sent as JSON, a
`Response`, an exception to raise, or a function of the request that gives one of these. Or such a
function for all requests."""


def stub_http(responses: Responses | None, requests: list[httpx2.Request]) -> HttpPool:
    """A pool whose requests are written down and answered from `responses`."""
    import httpx2

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        found = responses if callable(responses) else _found(responses or {}, request)
        return _as_response(found(request) if callable(found) else found, request)

    return HttpPool(transport=httpx2.MockTransport(answer))


def _found(responses: Mapping[str, Any], request: httpx2.Request) -> Any:
    """What the table has for a request: by method and URL, by URL, or by URL without its query.

    Raises:
        ConnectError: nothing.
    """
    import httpx2

    whole, bare = str(request.url), str(request.url.copy_with(query=None, fragment=None))
    table = {_normalized(key): value for key, value in responses.items()}
    for url in (whole, bare):
        for key in (f"{request.method} {url}", url):
            if key in table:
                return table[key]
    known = ", ".join(responses) or "none at all"
    text = f"MockContext(http=...) has no response for {request.method} {whole}; it has: {known}"
    raise httpx2.ConnectError(text, request=request)


def _normalized(key: str) -> str:
    import httpx2

    method, _, url = key.rpartition(" ")
    return f"{method.upper()} {httpx2.URL(url)}".strip()


def _as_response(given: Any, request: httpx2.Request) -> httpx2.Response:
    import httpx2

    if isinstance(given, BaseException):
        raise given
    if isinstance(given, httpx2.Response):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        return httpx2.Response(given, request=request)
    if isinstance(given, (str, bytes)):
        return httpx2.Response(200, content=given, request=request)
    return httpx2.Response(200, json=cast("Any", given), request=request)
