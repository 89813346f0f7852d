"""A path of FastMCP 2.x; the code lives in `fastmcp.server.providers.openapi`."""

from __future__ import annotations

from fastmcp._lazy import lazy_names

_NEW = "fastmcp.server.providers.openapi.route"

lazy_names(
    __name__,
    {
        "HTTPRoute": _NEW,
        "HttpMethod": _NEW,
        "ParameterInfo": _NEW,
        "ParameterLocation": _NEW,
        "RequestBodyInfo": _NEW,
        "ResponseInfo": _NEW,
        "parse_openapi_to_http_routes": "fastmcp.server.providers.openapi.routes",
    },
)
