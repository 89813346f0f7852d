"""What the tests of this folder build on: the parts of others work with each other."""

from __future__ import annotations

import httpx2
import pytest
from chromium import Page

from .official import OfficialClients
from .openid import OpenIdProvider


def test_the_provider_issues_tokens_for_a_resource(openid: OpenIdProvider) -> None:
    """JWTs for a resource, and opaque ones without."""
    assert openid.machine_token("https://mcp.example.com/mcp").count(".") == 2
    assert "." not in openid.machine_token(None)
    assert httpx2.get(openid.configuration).json()["issuer"] == openid.issuer


@pytest.mark.parametrize("program", ["ts_client.mjs", "sdk2.py"])
def test_the_official_clients_are_authorized_by_a_server_of_theirs(
    program: str, openid: OpenIdProvider, official: OfficialClients, page: Page
) -> None:
    """So that, where one is not by ours, it is ours that is wrong."""
    with (
        official.resource_server(openid.issuer) as server,
        official.authorizing(program, server.url) as client,
    ):
        page.open(client.wants())
        openid.log_in(page)
        page.read("You may go back.")
        said = client.done()

    assert said["who"] == "ann by read"
    assert said["state"]
    assert said["issuer"] == openid.issuer
    assert said["opened"] == 1
