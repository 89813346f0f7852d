"""The official clients register at our authorization servers, and are authorized there."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import Page

from fastmcp.server.auth import AuthProvider
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

from .official import CLIENTS, OfficialClients
from .ours import our_server

pytestmark = pytest.mark.timeout(300, func_only=True)


def in_memory(base: str) -> AuthProvider:
    """An authorization server that says yes to every client."""
    return InMemoryOAuthProvider(
        base_url=base,
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["read", "write"], default_scopes=["read"]
        ),
        required_scopes=["read"],
    )


@pytest.mark.parametrize("method", ["none", "client_secret_post", "client_secret_basic"])
@pytest.mark.parametrize("program", CLIENTS)
def test_an_official_client_is_authorized_in_every_way_of_authenticating(
    program: str, method: str, official: OfficialClients, page: Page
) -> None:
    """It registers, asks for a token for our endpoint with PKCE, is sent back with a code, and
    refreshes its token without anybody's help.
    """
    with (
        our_server(in_memory) as url,
        official.authorizing(program, url, method=method) as client,
    ):
        wanted = client.wants()
        page.open(wanted)
        page.read("You may go back.")
        said = client.done()

    asked = parse_qs(urlsplit(wanted).query)
    assert asked["resource"] == [url]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["read"]
    registered: dict[str, Any] = said["client"]
    assert said["who"] == said["again"] == f"{registered['client_id']} by read"
    assert said["state"]
    assert said["rotated"]
    assert said["opened"] == 1
    assert registered["token_endpoint_auth_method"] == method
    assert ("client_secret" in registered) is (method != "none")
    assert said["issuer"] == url.removesuffix("/mcp")
