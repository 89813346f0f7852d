"""Tokens that the authorization server is asked about (RFC 7662)."""

from __future__ import annotations

import asyncio
import base64
import time
from itertools import count
from typing import Any

import httpx
import httpx2
import pytest
from authority import Asked, Authority, authority, response
from hypothesis import given
from hypothesis import strategies as st

from fastmcp import FastMCP
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError
from fastmcp.server.auth.providers.introspection import IntrospectionTokenVerifier

ACTIVE = {"active": True, "client_id": "app", "sub": "ann", "scope": "read write"}
INACTIVE = {"active": False}


def verifier(server: Authority, **options: Any) -> IntrospectionTokenVerifier:
    given = {"client_id": "us", "client_secret": "hush", **options}
    return IntrospectionTokenVerifier(introspection_url=f"{server.url}/introspect", **given)


async def test_an_active_token_says_who_calls() -> None:
    """All that is said of it are its claims."""
    async with authority({**ACTIVE, "exp": int(time.time()) + 60, "role": "admin"}) as server:
        access = await verifier(server).verify_token("opaque")
        assert access is not None
        assert (access.client_id, access.subject) == ("app", "ann")
        assert access.scopes == ["read", "write"]
        assert (access.token, access.claims["role"]) == ("opaque", "admin")
        assert access.expires_at == access.claims["exp"]
        [asked] = server.asked
        assert (asked.method, asked.path) == ("POST", "/introspect")
        assert asked.form == {"token": "opaque", "token_type_hint": "access_token"}


async def test_this_server_says_who_it_is_in_the_header() -> None:
    """With what means something in a form written as in one (RFC 6749 section 2.3.1)."""
    async with authority(ACTIVE) as server:
        await verifier(server, client_id="u:s", client_secret="h+ sh").verify_token("opaque")
        scheme, _, given = server.asked[0].headers["authorization"].partition(" ")
        assert (scheme, base64.b64decode(given)) == ("Basic", b"u%3As:h%2B+sh")
        assert "client_secret" not in server.asked[0].form


async def test_this_server_says_who_it_is_in_the_form() -> None:
    """If it is told to; a secret may be hidden as pydantic hides one."""

    class Hidden:
        def get_secret_value(self) -> str:
            return "h+ sh"

    async with authority(ACTIVE) as server:
        post = {"client_auth_method": "client_secret_post", "client_secret": Hidden()}
        await verifier(server, **post).verify_token("opaque")
        assert "authorization" not in server.asked[0].headers
        assert server.asked[0].form["client_id"] == "us"
        assert server.asked[0].form["client_secret"] == "h+ sh"


@pytest.mark.parametrize(
    "said",
    [
        INACTIVE,
        {**ACTIVE, "exp": 1},
        {**ACTIVE, "exp": "soon"},
        {**ACTIVE, "nbf": 4_000_000_000},
        {**ACTIVE, "token_use": "id"},
        {**ACTIVE, "token_type": "refresh_token"},
        {**ACTIVE, "typ": "Refresh"},
    ],
    ids=map(str, count()),
)
async def test_other_tokens_are_refused(said: dict[str, Any]) -> None:
    """Although the server may say that it is active."""
    async with authority(said) as server:
        assert await verifier(server).verify_token("opaque") is None


@pytest.mark.parametrize(
    ("aud", "taken"),
    [("a", True), (["x", "b"], True), ("c", False), ([], False), (None, False), (["", 3], False)],
)
async def test_a_token_must_be_for_the_audience(aud: Any, taken: bool) -> None:
    """If one is given: one of these."""
    async with authority({**ACTIVE, "aud": aud}) as server:
        access = await verifier(server, audience=["a", "b"]).verify_token("opaque")
        assert (access is not None) is taken


@pytest.mark.parametrize(
    ("scope", "scopes"), [("a  b", ["a", "b"]), (["a", "b"], ["a", "b"]), (None, []), (3, [])]
)
async def test_scopes_are_a_text_or_a_list(scope: Any, scopes: list[str]) -> None:
    """Of the second kind are those of some servers."""
    async with authority({**ACTIVE, "scope": scope}) as server:
        access = await verifier(server).verify_token("opaque")
        assert access is not None
        assert access.scopes == scopes


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (ACTIVE, 500),
        (ACTIVE, 503),
        (ACTIVE, 401),
        (ACTIVE, 429),
        (ACTIVE, 201),
        (b"", 200),
        (b"<html>", 200),
        (b"[" * 90_000, 200),
        (b"\xff", 200),
        ([], 200),
        ({}, 200),
        ({"active": "true"}, 200),
        ({"active": 1}, 200),
        ({"active": None}, 200),
        (b'{"active": true, "x": "' + b"x" * 300_000 + b'"}', 200),
    ],
    ids=map(str, count()),
)
async def test_what_is_no_answer_leaves_it_open(body: Any, status: int) -> None:
    """Neither yes nor no."""
    async with authority(body, status) as server:
        with pytest.raises(AuthorityUnavailable):
            await verifier(server, cache_ttl_seconds=60).verify_token("opaque")
        server.says(ACTIVE)
        assert await verifier(server).verify_token("opaque") is not None


async def test_a_redirect_is_no_answer() -> None:
    """The token and the secret go nowhere else."""
    async with (
        authority(ACTIVE) as other,
        authority(status=307, location=other.url) as server,
        httpx2.AsyncClient(follow_redirects=True) as http,
    ):
        for options in ({}, {"http_client": http}):
            with pytest.raises(AuthorityUnavailable):
                await verifier(server, **options).verify_token("opaque")
        assert other.asked == []


async def test_over_http_it_is_503() -> None:
    """And the client learns nothing of the endpoint."""
    async with authority(status=500) as server:
        app = FastMCP("x", auth=verifier(server)).http_app()
        transport = httpx2.ASGITransport(app=app)
        async with (
            app.lifespan(app),
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
        ):
            answer = await http.post("/mcp", headers={"authorization": "Bearer opaque"})
            assert answer.status_code == 503
            assert "introspect" not in answer.text
            server.says(INACTIVE)
            answer = await http.post("/mcp", headers={"authorization": "Bearer opaque"})
            assert answer.status_code == 401


async def test_a_server_that_does_not_answer_is_not_waited_for() -> None:
    """Neither one that is silent, nor one that is slow, nor one that is not there."""
    async with authority() as server:
        gone = asyncio.Event()

        async def silent(asked: Asked) -> bytes:
            await gone.wait()
            return b""

        server.answer = silent
        begin = time.monotonic()
        with pytest.raises(AuthorityUnavailable, match="within"):
            await verifier(server, timeout_seconds=0.2).verify_token("opaque")
        assert time.monotonic() - begin < 10
        gone.set()
        server.answer = lambda asked: response(ACTIVE)[:-5]
        with pytest.raises(AuthorityUnavailable):
            await verifier(server).verify_token("opaque")
    with pytest.raises(AuthorityUnavailable):
        await verifier(server).verify_token("opaque")


async def test_each_request_asks_again() -> None:
    """So that a token that was revoked is known as such at once."""
    async with authority(ACTIVE) as server:
        taken = verifier(server)
        assert await taken.verify_token("opaque") is not None
        server.says(INACTIVE)
        assert await taken.verify_token("opaque") is None


async def test_requests_at_the_same_time_ask_once() -> None:
    """For the same token, and each token for itself."""
    gate = asyncio.Event()
    async with authority() as server:

        async def later(asked: Asked) -> bytes:
            await gate.wait()
            return response({**ACTIVE, "sub": asked.form["token"]})

        server.answer = later
        taken = verifier(server)
        calls = [asyncio.create_task(taken.verify_token("ab"[n % 2])) for n in range(20)]
        async with asyncio.timeout(20):
            while len(server.asked) < 2:
                await asyncio.sleep(0.005)
        gate.set()
        found = await asyncio.gather(*calls)
        assert [access and access.subject for access in found] == ["a", "b"] * 10
        assert len(server.asked) == 2


async def test_answers_are_remembered_if_it_is_asked_for() -> None:
    """Active tokens alone, each request with its own copy."""
    async with authority(ACTIVE) as server:
        taken = verifier(server, cache_ttl_seconds=60)
        first = await taken.verify_token("opaque")
        assert first is not None
        first.claims["sub"] = "bob"
        second = await taken.verify_token("opaque")
        assert second is not None
        assert second.subject == "ann"
        assert len(server.asked) == 1
        server.says(INACTIVE)
        for _ in range(2):
            assert await taken.verify_token("other") is None
        assert len(server.asked) == 3


async def test_answers_are_remembered_no_longer_than_they_hold() -> None:
    """Whatever the time is that was given for it."""
    async with authority({**ACTIVE, "exp": time.time() + 0.3}) as server:
        taken = verifier(server, cache_ttl_seconds=3600)
        assert await taken.verify_token("opaque") is not None
        async with asyncio.timeout(20):
            while await taken.verify_token("opaque") is not None:
                await asyncio.sleep(0.01)


async def test_the_time_to_remember_ends() -> None:
    """Then the server is asked again."""
    async with authority(ACTIVE) as server:
        taken = verifier(server, cache_ttl_seconds=0.2)
        async with asyncio.timeout(20):
            while len(server.asked) < 2:
                assert await taken.verify_token("opaque") is not None
                await asyncio.sleep(0.01)


async def test_the_number_that_is_remembered_is_bounded() -> None:
    """What was used longest ago is forgotten first."""
    async with authority(ACTIVE) as server:
        taken = verifier(server, cache_ttl_seconds=60, max_cache_size=2)
        for token in ("a", "b", "a", "c", "a", "b"):
            assert await taken.verify_token(token) is not None
        assert [asked.form["token"] for asked in server.asked] == ["a", "b", "c", "b"]
        none = verifier(server, cache_ttl_seconds=60, max_cache_size=0)
        for _ in range(2):
            assert await none.verify_token("n") is not None
        assert [asked.form["token"] for asked in server.asked][4:] == ["n", "n"]


@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_a_client_that_is_given_is_used(library: Any) -> None:
    """Of either library; it stays open."""
    async with authority(ACTIVE) as server, library.AsyncClient(headers={"x-key": "abc"}) as http:
        taken = verifier(server, http_client=http)
        for _ in range(2):
            assert await taken.verify_token("opaque") is not None
        assert [asked.headers["x-key"] for asked in server.asked] == ["abc", "abc"]


@given(st.text() | st.sampled_from(["", " ", "\x00", "é", "\ud800", "x" * 40_000]))
def test_what_cannot_be_a_token_is_not_asked_about(text: str) -> None:
    """Nor does any text make the verifier fail."""

    async def ask() -> None:
        async with authority(INACTIVE) as server:
            assert await verifier(server).verify_token(text) is None
            possible = text.isascii() and 0 < len(text) <= 32_768
            assert len(server.asked) == possible

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"client_auth_method": "basic"}, "client_auth_method='basic'"),
        ({"audience": ""}, "audience="),
        ({"audience": []}, "audience="),
        ({"audience": [3]}, "audience="),
        ({"cache_ttl_seconds": -1}, "cache_ttl_seconds=-1"),
        ({"max_cache_size": -1}, "max_cache_size=-1"),
        ({"introspection_url": "auth.example.com"}, "introspection_url="),
    ],
    ids=map(str, count()),
)
def test_keywords_that_cannot_be_are_refused(options: dict[str, Any], told: str) -> None:
    """With what to give."""
    given = {"introspection_url": "https://a.example.com", "client_id": "c", "client_secret": "s"}
    with pytest.raises(ConfigurationError, match=told):
        IntrospectionTokenVerifier(**{**given, **options})
