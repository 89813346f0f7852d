"""What functions that choose routes see; the code lives in `fastmcp.server.providers.openapi`."""

from __future__ import annotations

from fastmcp._lazy import alias_module, lazy_names

_HOME = "fastmcp.server.providers.openapi"

lazy_names(
    __name__,
    {
        "HTTPRoute": f"{_HOME}.route",
        "HttpMethod": f"{_HOME}.route",
        "JsonSchema": f"{_HOME}.route",
        "ParameterInfo": f"{_HOME}.route",
        "ParameterLocation": f"{_HOME}.route",
        "RequestBodyInfo": f"{_HOME}.route",
        "ResponseInfo": f"{_HOME}.route",
        "parse_openapi_to_http_routes": f"{_HOME}.routes",
    },
)
alias_module(f"{__name__}.director", f"{_HOME}.director")
alias_module(f"{__name__}.models", f"{_HOME}.route")
alias_module(f"{__name__}.parser", f"{_HOME}.routes")
