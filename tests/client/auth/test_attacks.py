"""Servers that want to lead a client, or what it keeps, astray."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from starlette.responses import JSONResponse, RedirectResponse

from fastmcp import Client
from fastmcp._fetching.fetcher import Fetcher
from fastmcp.client.auth import OAuth, OAuthFlowError
from fastmcp.client.auth.exchange import Ask
from fastmcp.client.auth.sending import Sending
from fastmcp.client.auth.token_storage import MemoryTokenStorage
from fastmcp.exceptions import FastMCPError

from .authority import Agreeing, Authority, protected, serving, world


async def who(url: str, auth: Any) -> str:
    async with asyncio.timeout(20), Client(url, auth=auth) as client:
        return (await client.call_tool("who")).data


async def test_another_authority_gets_nothing_of_the_first() -> None:
    """A server that moved, or was taken over: the client registers there anew, the person signs in
    there, and neither id, secret nor refresh token of the first is shown.
    """
    first, second = Authority(), Authority()
    first.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    storage = MemoryTokenStorage()
    with serving(first.app), serving(second.app):
        apps: dict[str, Any] = {}

        def make(base: str) -> Any:
            for name, authority in (("first", first), ("second", second)):
                apps[name] = protected(authority, base).http_app()
            apps["now"] = apps["first"]
            return Moving(apps)

        with serving(make) as base:
            await who(f"{base}/mcp", Agreeing(token_storage=storage))
            apps["now"] = apps["second"]
            await who(f"{base}/mcp", Agreeing(token_storage=storage))

    shown = [value for _, asked in second.asked for value in asked.values()]
    secrets = [*first.clients, *filter(None, first.clients.values()), *first._refresh]
    assert len(secrets) == 3
    assert not set(map(str, shown)) & set(secrets)
    assert second.count("register") == second.count("authorize") == 1


class Moving:
    """One application now, another later; both live as long as this."""

    def __init__(self, apps: dict[str, Any]) -> None:
        self.apps = apps

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self.apps["now"](scope, receive, send)
            return
        first, second = self.apps["first"], self.apps["second"]
        async with first.lifespan(first), second.lifespan(second):
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def test_a_client_of_the_user_is_not_shown_to_another_authority() -> None:
    """It belongs to the first that it was used with; another one has to be named."""
    storage = MemoryTokenStorage()
    with world() as (authority, url):
        authority.clients["mine"] = "s3cret"
        await who(url, Agreeing(client_id="mine", client_secret="s3cret", token_storage=storage))
        auth = Agreeing(url, client_id="mine", client_secret="s3cret", token_storage=storage)
        with pytest.raises(OAuthFlowError, match="issuer="):
            await auth._known_client("https://evil.example")


@pytest.mark.parametrize("name", ["iss", "state", "code"])
async def test_what_comes_back_wrong_is_not_redeemed(name: str) -> None:
    """Of another issuer, of another sign-in, or without a code."""
    with world() as (authority, url):
        authority.redirect = {name: "https://evil.example" if name != "code" else ""}
        with pytest.raises(OAuthFlowError):
            await who(url, Agreeing())

    assert authority.count("token") == 0


async def test_an_issuer_that_is_promised_has_to_be_there() -> None:
    """RFC 9207: leaving it out is how one mixes up two authorities."""
    with world() as (authority, url):
        authority.redirect = {"iss": None}
        with pytest.raises(OAuthFlowError, match="does not say"):
            await who(url, Agreeing())
        authority.metadata["authorization_response_iss_parameter_supported"] = None
        assert await who(url, Agreeing())


async def test_a_page_of_another_kind_is_not_opened() -> None:
    """CVE-2025-6514: the authorization endpoint is a URL of http(s), or none."""
    with world() as (authority, url):
        for place in (
            "javascript:alert(1)",
            "file:///bin/sh",
            "http://1.2.3.4/a",
            "https://x/$(y)",
        ):
            authority.metadata["authorization_endpoint"] = place
            with pytest.raises(OAuthFlowError):
                await who(url, OAuth(headless=True))


@pytest.mark.parametrize("name", ["token_endpoint", "registration_endpoint"])
async def test_secrets_go_over_tls_or_to_this_machine(name: str) -> None:
    """Never in the clear to another."""
    with world() as (authority, url):
        authority.metadata[name] = "http://login.example.com/x"
        with pytest.raises(OAuthFlowError, match="https://"):
            await who(url, Agreeing())


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("endpoint", ["metadata", "register", "token"])
async def test_nothing_is_redirected_to_another_origin(endpoint: str, status: int) -> None:
    """Neither codes, secrets nor questions."""
    other = Authority()
    with world() as (authority, url), serving(other.app):
        authority.instead[endpoint] = lambda asked: RedirectResponse(
            f"{other.base}/{endpoint}", status
        )
        with pytest.raises(OAuthFlowError):
            await who(url, Agreeing())

    assert other.asked == []


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["93.184.216.34", "169.254.169.254"], ["::ffff:127.0.0.1"], ["fd00::1"]],
)
async def test_a_public_server_cannot_send_a_client_into_its_own_network(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSRF: what it names has to be public, whatever its name leads to."""

    async def resolved(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"] if host == "mcp.example" else addresses

    monkeypatch.setattr("fastmcp.client.auth.sending.resolved", resolved)
    monkeypatch.setattr("fastmcp.client.auth.sending.Fetcher", partial(Fetcher, resolve=resolved))
    sending = Sending("https://mcp.example/mcp")
    for url in ("https://inside.example/token", "https://10.0.0.1/", "https://localhost/"):
        with pytest.raises(OAuthFlowError, match="not a public address"):
            await sending.send(Ask("GET", url, {}))


async def test_a_name_that_says_both_is_not_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS of an attacker: one public address is enough to be a stranger."""

    async def resolved(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", "10.0.0.1"]

    monkeypatch.setattr("fastmcp.client.auth.sending.resolved", resolved)
    sending = Sending("https://mcp.example/mcp")
    assert not await sending._is_ours("https://10.0.0.2/token")
    assert not await sending._is_ours("https://localhost/token")


async def test_a_server_that_refuses_every_token_is_not_tried_for_ever() -> None:
    """One sign-in, one refresh, one more sign-in at most for a request."""
    with world() as (authority, url):
        auth = Agreeing()
        authority_tokens = authority.tokens
        authority.tokens = _Forgetting()
        with pytest.raises(FastMCPError, match="401"):
            await who(url, auth)
        authority.tokens = authority_tokens

    assert auth.pages <= 2


class _Forgetting(dict[str, Any]):
    def __setitem__(self, key: str, value: Any) -> None:
        pass


async def test_a_server_that_always_wants_more_comes_to_an_end() -> None:
    """Other scopes for each request, for ever: a person is not asked for ever."""
    from fastmcp.client.auth.provider import STEPS

    with world() as (_, url):
        auth = Agreeing(url)
        await who(url, auth)
        wanted = 0
        for number in range(STEPS * 2):
            challenge = f'Bearer error="insufficient_scope", scope="s{number}"'
            headers = {"www-authenticate": challenge}
            used = auth.credentials("POST", url) or {}
            again = await auth.renewed(used, 403, headers, 0, "POST", url)
            wanted += again is not None

    assert wanted == STEPS


async def test_a_registration_that_is_of_no_use_is_refused() -> None:
    """Before anybody signs in."""
    answers: list[tuple[Any, int]] = [
        ({"error": "invalid_redirect_uri"}, 400),
        ({"client_id": 1}, 201),
        ({}, 201),
        ([], 201),
        ({"client_id": "a", "token_endpoint_auth_method": "private_key_jwt"}, 201),
        ({"client_id": "a", "token_endpoint_auth_method": "client_secret_basic"}, 201),
        ({"client_id": "a", "client_secret": "b", "client_secret_expires_at": 1}, 201),
    ]
    with world() as (authority, url):
        for body, status in answers:
            authority.instead["register"] = lambda asked, body=body, status=status: JSONResponse(
                body, status
            )
            auth = Agreeing()
            with pytest.raises(OAuthFlowError, match=r"registered|registration|expired"):
                await who(url, auth)
            assert auth.pages == 0


async def test_an_authority_that_is_away_is_told() -> None:
    """It is no error of the MCP server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    authority = Authority()
    authority.base = gone
    with (
        serving(lambda base: protected(authority, base).http_app()) as base,
        pytest.raises(OAuthFlowError, match="could not be reached"),
    ):
        await who(f"{base}/mcp", Agreeing())
