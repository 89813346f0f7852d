"""Bearer tokens of a client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import httpx2
import pytest
from apps import served

from fastmcp import Client, FastMCP
from fastmcp.client.auth import BearerAuth
from fastmcp.client.transports import SSETransport, StreamableHttpTransport
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.dependencies import get_http_headers


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that tells which credentials it was given."""
    mcp = FastMCP("x")

    @mcp.tool
    def credentials() -> str | None:
        return get_http_headers(include={"authorization"}).get("authorization")

    with served(mcp.http_app()) as base:
        yield f"{base}/mcp"


def seen(target: Any, **options: Any) -> str:
    async def main() -> str:
        async with Client(target, timeout=20, **options) as client:
            return (await client.call_tool("credentials")).text()

    return asyncio.run(main())


@pytest.mark.parametrize("token", ["t0ken", " t0ken\n", "Bearer t0ken", "bearer  t0ken"])
def test_a_token_goes_with_every_request(url: str, token: str) -> None:
    """As it is read from a file, and as it stands in a header."""
    assert seen(url, auth=token) == "Bearer t0ken"
    assert seen(url, auth=BearerAuth(token)) == "Bearer t0ken"
    assert seen(StreamableHttpTransport(url, auth=BearerAuth(token))) == "Bearer t0ken"


def test_other_credentials_go_as_they_do_it(url: str) -> None:
    """An Auth object of the HTTP library."""
    assert seen(url, auth=httpx2.BasicAuth("me", "pass")) == "Basic bWU6cGFzcw=="


@pytest.mark.parametrize("library", ["httpx2", "httpx"])
def test_it_is_an_auth_of_both_libraries(library: str) -> None:
    """Their clients take it as it is."""
    http: Any = import_module(library)

    def handle(request: Any) -> Any:
        return http.Response(200, text=request.headers["authorization"])

    async def main() -> str:
        transport = http.MockTransport(handle)
        async with http.AsyncClient(transport=transport, auth=BearerAuth("t0ken")) as client:
            return (await client.get("http://x.example")).text

    with http.Client(transport=http.MockTransport(handle), auth=BearerAuth("t0ken")) as client:
        assert client.get("http://x.example").text == "Bearer t0ken"
    assert asyncio.run(main()) == "Bearer t0ken"
    request = http.Request("GET", "http://x.example")
    assert next(BearerAuth("t0ken").auth_flow(request)).headers["authorization"] == "Bearer t0ken"


def test_a_token_is_never_shown() -> None:
    """Neither by the object nor by who has it."""
    auth = BearerAuth("s3cret")
    transport = SSETransport("http://x.example/sse", auth=auth)

    assert "s3cret" not in f"{auth} {auth!r} {transport} {transport!r} {Client(transport)!r}"


@pytest.mark.parametrize("token", ["", " ", "s3c\nret", "s3c\x00ret", "s3crét", "s3c ret"])
@pytest.mark.parametrize("transport", [StreamableHttpTransport, SSETransport])
def test_what_is_no_token_is_refused(transport: Any, token: str) -> None:
    """When it is given, and without being repeated."""
    with pytest.raises(ConfigurationError, match="bearer token") as caught:
        transport("http://x.example", auth=token)

    assert "s3c" not in str(caught.value)
