"""Tokens that a real OpenID provider issues as JWTs, at a server of ours that verifies them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import call, enveloped, modern_headers
from chromium import Page
from processes import SECONDS, free_port

from fastmcp import Client
from fastmcp.server.auth import AuthProvider, RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier

from .official import CLIENTS, OURS, OfficialClients
from .openid import OpenIdProvider, openid_provider
from .ours import our_server


def verifying(openid: OpenIdProvider, **options: Any) -> Callable[[str], AuthProvider]:
    """A provider that lets in whom that OpenID provider has given a token for our URL."""

    def make(base: str) -> AuthProvider:
        verifier = JWTVerifier(
            jwks_uri=openid.jwks_uri, issuer=openid.issuer, required_scopes=["read"], **options
        )
        return RemoteAuthProvider(verifier, [openid.issuer], base)

    return make


async def who(url: str, token: str) -> str:
    """What the tool says to the bearer of a token."""
    async with Client(url, auth=token, timeout=SECONDS) as client:
        return (await client.call_tool("who", {})).data


def answer(url: str, token: str) -> httpx2.Response:
    """What a call with that token is answered."""
    message = enveloped(call("who"))
    headers = {"accept": "application/json, text/event-stream", **modern_headers(message)}
    headers["authorization"] = f"Bearer {token}"
    return httpx2.post(url, json=message, headers=headers, timeout=SECONDS)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_a_token_of_the_provider_is_good(algorithm: str, node: str, home: Path) -> None:
    """Whichever algorithm it signs with, when that is the one we are told of."""
    with (
        openid_provider(node, home, algorithm=algorithm) as openid,
        our_server(verifying(openid, algorithm=algorithm)) as url,
    ):
        assert await who(url, openid.machine_token(url, "read write")) == "machine by read write"


def test_other_tokens_of_the_provider_are_refused(openid: OpenIdProvider) -> None:
    """One for another server, one that is no JWT, one with too few scopes, one that was changed."""
    with our_server(verifying(openid)) as url:
        good = openid.machine_token(url)
        outcomes = {
            "good": answer(url, good),
            "for another server": answer(url, openid.machine_token("https://other.example/mcp")),
            "for another path": answer(url, openid.machine_token(f"{url}/admin")),
            "opaque": answer(url, openid.machine_token(None)),
            "changed": answer(url, good[:-6] + "AAAAAA"),
            "without the scope": answer(url, openid.machine_token(url, "write")),
        }

    statuses = {name: outcome.status_code for name, outcome in outcomes.items()}
    assert statuses.pop("good") == 200
    assert statuses.pop("without the scope") == 403
    assert set(statuses.values()) == {401}
    challenge = outcomes["without the scope"].headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="read"' in challenge


def test_another_algorithm_than_the_agreed_one_is_refused(node: str, home: Path) -> None:
    """Although the provider has published the key that it was signed with."""
    with (
        openid_provider(node, home, algorithm="ES256") as openid,
        our_server(verifying(openid)) as url,
    ):
        assert answer(url, openid.machine_token(url)).status_code == 401


def test_a_token_ends(node: str, home: Path) -> None:
    """At its time, also when it was good before and is still known."""
    with (
        openid_provider(node, home, seconds=2) as openid,
        our_server(verifying(openid)) as url,
    ):
        token = openid.machine_token(url)
        statuses = {answer(url, token).status_code}
        while 401 not in statuses:
            statuses.add(answer(url, token).status_code)

    assert statuses == {200, 401}


def test_new_keys_of_the_provider_are_found(node: str, home: Path) -> None:
    """It starts again with other keys: new tokens are good, and those of the old keys no more."""
    port = free_port()
    with openid_provider(node, home, port=port) as openid:
        make = verifying(openid, jwks_refresh_interval=0)
        with our_server(make) as url:
            old = openid.machine_token(url)
            assert answer(url, old).status_code == 200
            openid.server.process.kill()
            openid.server.wait()
            assert answer(url, old).status_code == 200, "its keys are still known"

            with openid_provider(node, home, port=port) as renewed:
                assert answer(url, renewed.machine_token(url)).status_code == 200
                assert answer(url, old).status_code == 401


def test_nobody_can_tell_while_the_provider_is_away(openid: OpenIdProvider) -> None:
    """Before its keys were ever seen that is neither yes nor no, and no fault of the client's."""
    with our_server(verifying(openid)) as url:
        token = openid.machine_token(url)
        openid.server.process.kill()
        openid.server.wait()
        assert answer(url, token).status_code == 503


@pytest.mark.timeout(300, func_only=True)
@pytest.mark.parametrize("program", [*CLIENTS, OURS])
def test_a_client_finds_the_provider_by_our_metadata(
    program: str, openid: OpenIdProvider, official: OfficialClients, page: Page
) -> None:
    """It registers there, a person logs in there, and the token is for us alone."""
    with (
        our_server(verifying(openid)) as url,
        official.authorizing(program, url) as client,
    ):
        page.open(client.wants())
        openid.log_in(page, "bob")
        said = client.done()

    assert said["who"] == said["again"] == "bob by read"
    assert said.get("opened", 1) == 1
