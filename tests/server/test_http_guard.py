"""The guard against rebinding: Host and Origin, by the address that is bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from apps import Mcp, http, initialize, served
from starlette.responses import PlainTextResponse

from fastmcp import FastMCP


@pytest.fixture(scope="module")
def client() -> Iterator[Mcp]:
    with http(FastMCP("x")) as client:
        yield client


def status(client: Mcp, host: str | None = None, origin: str | None = None) -> int:
    headers = {"host": host, "origin": origin}
    given = {name: value for name, value in headers.items() if value is not None}
    return client.post(initialize(), given).status_code


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:80", "LOCALHOST"]
)
def test_loopback_names_are_hosts_of_a_loopback_server(client: Mcp, host: str) -> None:
    """Whatever the port: tunnels change it."""
    assert status(client, host) == 200
    assert status(client, host, f"http://{host}") == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.1.2.3", ""]
)
def test_a_loopback_server_refuses_other_hosts_and_says_how_to_allow_them(
    client: Mcp, host: str
) -> None:
    """421 with the option to set and the value to give it."""
    response = client.post(initialize(), {"host": host})

    assert response.status_code == 421
    message = response.json()["error"]["message"]
    assert f"allowed_hosts=[{host!r}]" in message
    assert "host_origin_protection=False" in message


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "file://localhost", ""],
)
def test_a_loopback_server_refuses_pages_of_other_origins(client: Mcp, origin: str) -> None:
    """403 with the option to set and the value to give it, for every method."""
    response = client.post(initialize(), {"origin": origin})
    others = [
        client.client.request(method, client.url, headers={"origin": origin}).status_code
        for method in ("GET", "DELETE", "OPTIONS")
    ]

    assert response.status_code == 403
    assert f"allowed_origins=[{origin!r}]" in response.json()["error"]["message"]
    assert others == [403, 403, 403]


@pytest.mark.parametrize(
    ("options", "host", "origin", "expected"),
    [
        ({"allowed_hosts": ["mcp.example"]}, "mcp.example", None, 200),
        ({"allowed_hosts": ["mcp.example"]}, "mcp.example:8443", None, 200),
        ({"allowed_hosts": ["mcp.example"]}, "MCP.Example", "https://mcp.example", 200),
        ({"allowed_hosts": ["mcp.example"]}, "localhost", None, 200),
        ({"allowed_hosts": ["mcp.example"]}, "other.example", None, 421),
        ({"allowed_hosts": ["mcp.example:1"]}, "mcp.example:2", None, 421),
        ({"allowed_hosts": ["*.example.com"]}, "a.example.com", None, 200),
        ({"allowed_hosts": ["*.example.com"]}, "example.com.evil", None, 421),
        ({"allowed_hosts": ["*"]}, "anything", None, 200),
        ({"allowed_hosts": ["*"]}, "anything", "https://evil.example", 403),
        ({"allowed_origins": ["https://app.example"]}, None, "https://app.example", 200),
        ({"allowed_origins": ["https://app.example"]}, None, "http://app.example", 403),
        ({"allowed_origins": ["*"]}, None, "https://evil.example", 200),
        ({"host_origin_protection": False}, "evil.example", "https://evil.example", 200),
    ],
    ids=str,
)
def test_options_allow_what_they_name_and_no_more(
    options: Any, host: str | None, origin: str | None, expected: int
) -> None:
    """Hosts with and without port, one level of wildcard, full origins, or no guard at all."""
    with http(FastMCP("x"), **options) as client:
        assert status(client, host, origin) == expected


def test_protection_can_be_asked_for_on_any_address() -> None:
    """host_origin_protection=True checks where the bind address would not."""
    app = FastMCP("x").http_app(host_origin_protection=True)

    with served(app, host="0.0.0.0") as base, Mcp(base) as client:
        assert status(client, "evil.example") == 421


def test_custom_routes_are_guarded_like_the_endpoint() -> None:
    """A page that rebinds its name to loopback reads no other route of the application either."""
    mcp = FastMCP("x")

    @mcp.custom_route("/health", methods=["GET"])
    async def health(request: Any) -> PlainTextResponse:
        return PlainTextResponse("OK")

    with http(mcp) as client:
        url = client.base + "/health"
        good = client.client.get(url)
        bad = client.client.get(url, headers={"host": "evil.example"})

    assert (good.status_code, good.text) == (200, "OK")
    assert bad.status_code == 421


@pytest.mark.parametrize(
    "written", ["*.example.com, mcp.example", '["*.example.com", "mcp.example"]']
)
def test_a_text_is_read_as_the_list_that_it_means(written: str) -> None:
    """As in an environment variable; its letters are no hosts, and `*` is not one of them."""
    with http(FastMCP("x"), allowed_hosts=written) as client:
        assert status(client, "a.example.com") == status(client, "mcp.example") == 200
        assert status(client, "evil.test") == 421
        assert status(client, "m") == 421
    with http(FastMCP("x"), allowed_origins="https://*.example.com") as client:
        assert status(client, None, "https://a.example.com") == 200
        assert status(client, None, "https://evil.test") == 403


def test_a_foreign_page_is_told_of_the_keyword_that_lists_pages() -> None:
    """cors_origins where that was given: allowed_origins would let it in without the headers."""
    with http(FastMCP("x"), cors_origins=["https://app.example"]) as client:
        refused = client.post(initialize(), {"origin": "https://evil.example"})

    assert refused.status_code == 403
    assert "cors_origins=['https://evil.example']" in refused.text
