"""Tokens that only GitHub, Google, Discord, Hugging Face, Clerk or WorkOS can tell about."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from fastmcp import FastMCP
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError
from fastmcp.server.auth import RemoteAuthProvider, TokenVerifier
from fastmcp.server.auth.providers.clerk import ClerkTokenVerifier
from fastmcp.server.auth.providers.discord import DiscordTokenVerifier
from fastmcp.server.auth.providers.github import GitHubTokenVerifier
from fastmcp.server.auth.providers.google import GoogleTokenVerifier
from fastmcp.server.auth.providers.huggingface import HuggingFaceTokenVerifier
from fastmcp.server.auth.providers.workos import WorkOSTokenVerifier

from .identity_provider import APP, SECRET, IdentityProvider, Token

EMAIL = "https://www.googleapis.com/auth/userinfo.email"
Make = Callable[..., TokenVerifier]


def github(**options: Any) -> TokenVerifier:
    return GitHubTokenVerifier(client_id=APP, client_secret=SECRET, **options)


def google(**options: Any) -> TokenVerifier:
    return GoogleTokenVerifier(audience=APP, **options)


def discord(**options: Any) -> TokenVerifier:
    return DiscordTokenVerifier(expected_client_id=APP, **options)


def hugging_face(**options: Any) -> TokenVerifier:
    return HuggingFaceTokenVerifier(**options)


def clerk(**options: Any) -> TokenVerifier:
    return ClerkTokenVerifier(
        domain="clerk.example.com", client_id=APP, client_secret=SECRET, **options
    )


def workos(**options: Any) -> TokenVerifier:
    return WorkOSTokenVerifier(authkit_domain="https://ours.authkit.app", **options)


MAKERS: list[Make] = [github, google, discord, hugging_face, clerk, workos]
TELL_THE_APP: list[Make] = [github, google, discord, clerk]
every = pytest.mark.parametrize("make", MAKERS)


@pytest.mark.parametrize(
    ("make", "client_id", "claims"),
    [
        (github, "7", {"login": "ann", "name": "Ann", "email": None}),
        (google, "7", {"email": "ann@example.com", "name": "Ann", "aud": APP, "locale": "de"}),
        (discord, APP, {"username": "ann"}),
        (hugging_face, "7", {"preferred_username": "ann", "name": "Ann"}),
        (clerk, APP, {"email": "ann@example.com", "name": "Ann", "aud": APP}),
        (workos, "7", {"email": "ann@example.com", "name": "Ann"}),
    ],
)
async def test_a_good_token_says_who_calls(
    idp: IdentityProvider, make: Make, client_id: str, claims: dict[str, Any]
) -> None:
    """By the subject, and by claims that have the names of FastMCP."""
    idp.tokens["good"] = Token("read write")
    async with idp.client() as http:
        found = await make(http_client=http).verify_token("good")
    assert found is not None
    assert (found.subject, found.client_id, found.token) == ("7", client_id, "good")
    assert found.scopes == ["read", "write"]
    assert {"sub": "7", **claims}.items() <= found.claims.items()


@pytest.mark.parametrize("make", TELL_THE_APP)
async def test_a_token_of_another_app_is_refused(idp: IdentityProvider, make: Make) -> None:
    """Whoever runs that app could otherwise use its users' tokens here."""
    idp.tokens["theirs"] = Token("read", app="their-app")
    async with idp.client() as http:
        assert await make(http_client=http).verify_token("theirs") is None


@every
async def test_a_token_that_is_revoked_is_refused_at_once(
    idp: IdentityProvider, make: Make
) -> None:
    """Nothing is remembered unless that is asked for."""
    idp.tokens["good"] = Token("read")
    async with idp.client() as http:
        verifier = make(http_client=http)
        assert await verifier.verify_token("good") is not None
        idp.tokens.clear()
        assert await verifier.verify_token("good") is None


@every
@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "\xfcmlaut", "x" * 9000, "\0"])
async def test_nobody_is_asked_about_what_is_no_token(
    idp: IdentityProvider, make: Make, token: str
) -> None:
    """What cannot stand in a header was never issued."""
    async with idp.client() as http:
        assert await make(http_client=http).verify_token(token) is None
    assert not idp.requests


@every
@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"{}", {}),
        (503, b"", {}),
        (429, b"{}", {}),
        (302, b"", {"location": "https://example.com"}),
        (403, b"{}", {"x-ratelimit-remaining": "0"}),
        (200, b"<html>", {}),
        (200, b"[]", {}),
        (200, b"\xff\xfe", {}),
        (200, b"[" * 100_000, {}),
        (200, json.dumps({"id": "x" * 600_000}).encode(), {}),
    ],
)
async def test_an_answer_that_tells_nothing_is_no_refusal(
    idp: IdentityProvider, make: Make, status: int, body: bytes, headers: dict[str, str]
) -> None:
    """The token may be as good as ever."""
    idp.tokens["good"] = Token("read")
    idp.instead = (status, body, headers)
    async with idp.client() as http:
        with pytest.raises(AuthorityUnavailable):
            await make(http_client=http).verify_token("good")


@every
async def test_a_provider_that_is_away_is_no_refusal(make: Make) -> None:
    """Nothing listens there."""
    nowhere = httpx2.AsyncHTTPTransport(proxy="http://127.0.0.1:1")
    async with httpx2.AsyncClient(transport=nowhere) as http:
        with pytest.raises(AuthorityUnavailable) as caught:
            await make(http_client=http).verify_token("the-token")
    assert "the-token" not in str(caught.value)


async def test_a_provider_is_waited_for_only_so_long() -> None:
    """However slowly it answers."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        verifier = WorkOSTokenVerifier(
            authkit_domain=f"http://127.0.0.1:{port}", timeout_seconds=0.05
        )
        with pytest.raises(AuthorityUnavailable):
            await verifier.verify_token("good")


async def asked(auth: Any, token: str) -> httpx2.Response:
    """What the endpoint of a server with this provider answers to a token."""
    app = FastMCP("guarded", auth=auth).http_app()
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http,
    ):
        return await http.post("/mcp", headers={"authorization": f"Bearer {token}"}, content=b"{}")


@every
async def test_a_server_says_what_is_wrong(idp: IdentityProvider, make: Make) -> None:
    """401 for a token that is not valid, 403 for one with too few scopes, 503 for a silence."""
    idp.tokens["good"] = Token("read")
    async with idp.client() as http:
        verifier = make(http_client=http, required_scopes=["write"])
        auth = RemoteAuthProvider(verifier, ["https://example.com"], "http://127.0.0.1:8000")
        assert (await asked(auth, "garbage")).status_code == 401
        narrow = await asked(auth, "good")
        assert narrow.status_code == 403
        assert narrow.json()["error"] == "insufficient_scope"
        idp.instead = (500, b"secret of theirs", {})
        away = await asked(auth, "good")
    assert away.status_code == 503
    assert "secret of theirs" not in away.text
    assert "retry-after" in away.headers


@every
async def test_no_scopes_are_granted_where_none_are_told(idp: IdentityProvider, make: Make) -> None:
    """Those that are required are not taken for granted."""
    idp.tokens["bare"] = Token("")
    async with idp.client() as http:
        found = await make(http_client=http, required_scopes=["user"]).verify_token("bare")
    assert found is not None
    # Hugging Face tells who the user is to those only who were granted as much.
    assert found.scopes == (["openid", "profile"] if make is hugging_face else [])


@every
async def test_a_token_is_not_logged(
    idp: IdentityProvider, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is what a provider says of its user."""
    caplog.set_level(logging.DEBUG, "fastmcp")
    idp.tokens["very-secret"] = Token("read")
    async with idp.client() as http:
        verifier = make(http_client=http)
        await verifier.verify_token("very-secret")
        idp.instead = (500, b"ann@example.com", {})
        with pytest.raises(AuthorityUnavailable):
            await verifier.verify_token("very-secret")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("fastmcp")]
    assert "very-secret" not in str(ours)
    assert "ann@example.com" not in str(ours)


# Remembering


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        import time

        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@every
async def test_a_token_is_remembered_for_so_long(idp: IdentityProvider, make: Make) -> None:
    """And asked about again afterwards."""
    idp.tokens["good"] = Token("read")
    clock = Clock()
    async with idp.client() as http:
        verifier = make(http_client=http, cache_ttl_seconds=300, clock=clock)
        first = await verifier.verify_token("good")
        requests = len(idp.requests)
        assert await verifier.verify_token("good") == first
        assert len(idp.requests) == requests
        clock.now += 301
        assert await verifier.verify_token("good") is not None
        assert len(idp.requests) == 2 * requests


@pytest.mark.parametrize("make", [google, discord, clerk])
async def test_a_token_is_not_remembered_beyond_its_end(idp: IdentityProvider, make: Make) -> None:
    """Where the provider says when that is."""
    idp.tokens["good"] = Token("read", seconds=60)
    clock = Clock()
    async with idp.client() as http:
        verifier = make(http_client=http, cache_ttl_seconds=300, clock=clock)
        found = await verifier.verify_token("good")
        assert found is not None and found.expires_at is not None
        assert abs(found.expires_at - idp.tokens["good"].ends) <= 1
        requests = len(idp.requests)
        clock.now += 62
        await verifier.verify_token("good")
    assert len(idp.requests) > requests


async def test_refusals_and_silences_are_not_remembered(idp: IdentityProvider) -> None:
    """A token that becomes valid is so at once."""
    async with idp.client() as http:
        verifier = workos(http_client=http, cache_ttl_seconds=300)
        assert await verifier.verify_token("good") is None
        idp.instead = (500, b"", {})
        with pytest.raises(AuthorityUnavailable):
            await verifier.verify_token("good")
        idp.instead = None
        idp.tokens["good"] = Token("read")
        assert await verifier.verify_token("good") is not None


async def test_only_so_many_are_remembered(idp: IdentityProvider) -> None:
    """The one that was used longest ago is asked about again."""
    idp.tokens = {name: Token("read") for name in "abc"}
    async with idp.client() as http:
        verifier = workos(http_client=http, cache_ttl_seconds=300, max_cache_size=2)
        for name in "abc":
            await verifier.verify_token(name)
        assert len(idp.requests) == 3
        await verifier.verify_token("c")
        await verifier.verify_token("b")
        assert len(idp.requests) == 3
        await verifier.verify_token("a")
        assert len(idp.requests) == 4


async def test_one_question_answers_all_who_come_at_a_time(idp: IdentityProvider) -> None:
    """Each has an answer of its own, which they may change."""
    idp.tokens["good"] = Token("read")
    async with idp.client() as http:
        verifier = workos(http_client=http)
        found = await asyncio.gather(*(verifier.verify_token("good") for _ in range(20)))
    assert len(idp.requests) == 1
    assert found[0] is not None and found[1] is not None
    found[0].claims["name"] = "Mallory"
    found[0].scopes.append("admin")
    assert found[1].claims["name"] == "Ann"
    assert found[1].scopes == ["read"]


@pytest.mark.parametrize("keyword", ["cache_ttl_seconds", "max_cache_size"])
def test_what_is_remembered_is_not_negative(keyword: str) -> None:
    """The option is named."""
    with pytest.raises(ConfigurationError, match=keyword):
        workos(**{keyword: -1})


# What one of them does in its own way


async def test_any_user_of_github_is_known_where_no_app_is_named(idp: IdentityProvider) -> None:
    """It is asked once, and says scopes and user together."""
    idp.tokens["theirs"] = Token("read:user", app="their-app")
    async with idp.client() as http:
        found = await GitHubTokenVerifier(http_client=http).verify_token("theirs")
    assert found is not None and found.scopes == ["read:user"]
    assert list(idp.asked) == ["api.github.com/user"]


async def test_the_user_of_a_github_app_has_the_scope_user(idp: IdentityProvider) -> None:
    """Its tokens know no scopes."""
    idp.tokens["ghu_of-an-app"] = Token("")
    async with idp.client() as http:
        found = await github(http_client=http).verify_token("ghu_of-an-app")
    assert found is not None and found.scopes == ["user"]


async def test_wrong_credentials_of_ours_are_no_refusal_of_a_token(idp: IdentityProvider) -> None:
    """A token is as good as it was, and whoever runs the server reads why nothing works."""
    idp.tokens["good"] = Token("read")
    async with idp.client() as http:
        for verifier in (
            GitHubTokenVerifier(client_id=APP, client_secret="wrong", http_client=http),
            ClerkTokenVerifier(
                domain="clerk.example.com", client_id=APP, client_secret="wrong", http_client=http
            ),
        ):
            with pytest.raises(AuthorityUnavailable, match="status 401"):
                await verifier.verify_token("good")


async def test_google_tells_long_names_of_scopes(idp: IdentityProvider) -> None:
    """Short ones may be required."""
    idp.tokens["good"] = Token(f"openid {EMAIL}")
    async with idp.client() as http:
        verifier = google(http_client=http, required_scopes=["openid", "email"])
        found = await verifier.verify_token("good")
    assert verifier.required_scopes == ["openid", EMAIL]
    assert found is not None and found.scopes == ["openid", EMAIL]


@pytest.mark.parametrize(
    ("audience", "known"), [(["other-app", APP], True), (["other-app"], False), (None, True)]
)
async def test_several_clients_of_google_may_be_named(
    idp: IdentityProvider, audience: Any, known: bool
) -> None:
    """Or none, and then any will do."""
    idp.tokens["good"] = Token("openid")
    async with idp.client() as http:
        verifier = GoogleTokenVerifier(audience=audience, http_client=http)
        assert (await verifier.verify_token("good") is not None) is known


async def test_google_may_keep_the_profile_to_itself(idp: IdentityProvider) -> None:
    """The user is known without it. The token is not in the URL, which servers log."""
    idp.tokens["good"] = Token("openid")
    async with idp.client() as http:

        async def no_profile(request: httpx2.Request) -> None:
            assert "good" not in str(request.url)
            if "userinfo" in request.url.path:
                raise httpx2.ConnectError("away")

        http.event_hooks["request"].append(no_profile)
        found = await google(http_client=http).verify_token("good")
    assert found is not None
    assert found.claims["email"] == "ann@example.com"
    assert found.claims["google_user_data"] is None


async def test_a_client_of_httpx_will_do(idp: IdentityProvider) -> None:
    """One that the program has for other things."""
    import httpx

    idp.tokens["good"] = Token("read")
    async with httpx.AsyncClient() as http:
        verifier = WorkOSTokenVerifier(authkit_domain=idp.base, http_client=http)
        assert await verifier.verify_token("good") is not None


async def test_a_provider_is_asked_without_a_client_of_ones_own(idp: IdentityProvider) -> None:
    """In one event loop after the other."""
    idp.tokens["good"] = Token("read")
    verifier = WorkOSTokenVerifier(authkit_domain=idp.base)
    assert await verifier.verify_token("good") is not None

    def elsewhere() -> Any:
        return asyncio.run(verifier.verify_token("good"))

    assert await asyncio.to_thread(elsewhere) is not None
