"""Keys that a server publishes: new ones, none, wrong ones, and no answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import httpx2
import pytest
from authority import Asked, Authority, authority, response
from signing import AUDIENCE, ISSUER, claims, jwk, key_for, token

from fastmcp import FastMCP
from fastmcp.exceptions import AuthorityUnavailable
from fastmcp.server.auth.jwt import keys as remote_keys
from fastmcp.server.auth.providers.jwt import JWTVerifier

FIRST = {"keys": [jwk("k1")]}
SECOND = {"keys": [jwk("k2", name="second")]}
BOTH = {"keys": [*FIRST["keys"], *SECOND["keys"]]}


def verifier(issuer: Authority, **options: Any) -> JWTVerifier:
    return JWTVerifier(jwks_uri=f"{issuer.url}/jwks", issuer=ISSUER, audience=AUDIENCE, **options)


def old(**said: Any) -> str:
    return token(claims(**said), kid="k1")


def new(**said: Any) -> str:
    return token(claims(**said), kid="k2", key=key_for("RS256", "second"))


async def becomes(condition: Callable[[], Any]) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("algorithm", ["RS256", "PS384", "ES256", "ES512", "EdDSA", "Ed448"])
async def test_keys_of_each_kind_are_read(algorithm: str) -> None:
    """By the algorithm that was configured, among keys of other kinds."""
    others = [jwk(f"o{each}", each) for each in ("RS256", "ES256", "ES384", "Ed25519")]
    async with authority({"keys": [*others, jwk("mine", algorithm)]}) as issuer:
        taken = verifier(issuer, algorithm=algorithm)
        assert await taken.verify_token(token(algorithm=algorithm, kid="mine")) is not None


async def test_keys_are_fetched_once_for_all_who_wait() -> None:
    """However many come before there are any."""
    gate = asyncio.Event()
    async with authority() as issuer:

        async def later(asked: Asked) -> bytes:
            await gate.wait()
            return response(FIRST)

        issuer.answer = later
        taken = verifier(issuer)
        calls = [asyncio.create_task(taken.verify_token(old(n=number))) for number in range(50)]
        await becomes(lambda: issuer.asked)
        gate.set()
        assert all(await asyncio.gather(*calls))
        assert len(issuer.asked) == 1


async def test_who_gives_up_does_not_take_the_keys_from_others() -> None:
    """The first who asked is cancelled, the second gets its answer."""
    gate = asyncio.Event()
    async with authority() as issuer:

        async def later(asked: Asked) -> bytes:
            await gate.wait()
            return response(FIRST)

        issuer.answer = later
        taken = verifier(issuer)
        first = asyncio.create_task(taken.verify_token(old()))
        await becomes(lambda: issuer.asked)
        second = asyncio.create_task(taken.verify_token(old()))
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        assert await second is not None
        assert len(issuer.asked) == 1


async def test_a_new_key_is_found_when_a_token_names_it() -> None:
    """And tokens of a key that is gone are refused then, seen before or not."""
    async with authority(FIRST) as issuer:
        taken, seen = verifier(issuer, jwks_refresh_interval=0), old()
        assert await taken.verify_token(seen) is not None
        issuer.says(SECOND)
        assert await taken.verify_token(new()) is not None
        assert await taken.verify_token(seen) is None
        assert await taken.verify_token(old(n=2)) is None


async def test_a_key_that_changed_and_not_its_name_is_found() -> None:
    """By a signature that no longer fits."""
    async with authority({"keys": [jwk(None)]}) as issuer:
        taken = verifier(issuer, jwks_refresh_interval=0)
        assert await taken.verify_token(token()) is not None
        issuer.says({"keys": [jwk(None, name="second")]})
        assert await taken.verify_token(token(key=key_for("RS256", "second"))) is not None


async def test_a_flood_of_unknown_names_asks_once() -> None:
    """Anybody can write names."""
    async with authority(FIRST) as issuer:
        taken = verifier(issuer)
        assert await taken.verify_token(old()) is not None
        made = token()
        head = [token(kid=f"k{number}", key=key_for("RS256", "evil")) for number in (9, 8)]
        flood = [taken.verify_token(each) for each in [*head, made, *head] * 40]
        assert not any(await asyncio.gather(*flood[:2]))
        await asyncio.gather(*flood[2:])
        assert len(issuer.asked) == 1
        assert await taken.verify_token(old(n=2)) is not None


async def test_between_refreshes_there_is_a_time() -> None:
    """Without one each unknown name asks again."""
    async with authority(FIRST) as issuer:
        eager = verifier(issuer, jwks_refresh_interval=0)
        for number in range(3):
            assert await eager.verify_token(token(kid=f"n{number}")) is None
        assert len(issuer.asked) == 3


async def test_known_keys_go_on_while_their_server_is_away() -> None:
    """Of tokens of others nobody can tell."""
    async with authority(FIRST) as issuer:
        taken = verifier(issuer, jwks_refresh_interval=0)
        assert await taken.verify_token(old()) is not None
        issuer.says(status=500)
        with pytest.raises(AuthorityUnavailable):
            await taken.verify_token(new())
        assert await taken.verify_token(old(n=2)) is not None
        issuer.says(BOTH)
        assert await taken.verify_token(new()) is not None


async def test_without_any_keys_nobody_can_tell() -> None:
    """Over HTTP that is 503, and no refusal: another token would not help."""
    async with authority(status=500) as issuer:
        taken = verifier(issuer, jwks_refresh_interval=0)
        app = FastMCP("x", auth=taken).http_app()
        async with (
            app.lifespan(app),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1"
            ) as http,
        ):
            answer = await http.post("/mcp", headers={"authorization": f"Bearer {old()}"})
            assert answer.status_code == 503
            assert "retry-after" in answer.headers
            assert "jwks" not in answer.text
            issuer.says(FIRST)
            answer = await http.post("/mcp", headers={"authorization": f"Bearer {old()}"})
            assert answer.status_code not in (401, 503)


async def test_a_server_that_is_not_there_is_not_asked_all_the_time() -> None:
    """The time between two tries counts from one that failed, too."""
    async with authority(status=500) as issuer:
        taken = verifier(issuer)
        for _ in range(5):
            with pytest.raises(AuthorityUnavailable):
                await taken.verify_token(old())
        assert len(issuer.asked) == 1


async def test_keys_are_asked_for_again_after_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for that, and tokens of a key that is gone are refused."""
    async with authority(FIRST) as issuer:
        taken, seen = verifier(issuer, jwks_refresh_interval=0), old()
        assert await taken.verify_token(seen) is not None
        monkeypatch.setattr(remote_keys, "FRESH", 0.0)
        issuer.says(SECOND)
        async with asyncio.timeout(20):
            while await taken.verify_token(seen) is not None:
                await asyncio.sleep(0.005)
        await becomes(lambda: not taken._keys._flights._flights)  # type: ignore[attr-defined]


async def test_keys_do_not_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some day nobody knows what has become of them."""
    async with authority(FIRST) as issuer:
        taken, seen = verifier(issuer, jwks_refresh_interval=0), old()
        assert await taken.verify_token(seen) is not None
        issuer.says(status=503)
        monkeypatch.setattr(remote_keys, "FRESH", 0.0)
        monkeypatch.setattr(remote_keys, "USABLE", 0.0)
        with pytest.raises(AuthorityUnavailable):
            while True:
                await taken.verify_token(seen)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b"3", b"\xff", {}, {"keys": None}, {"keys": {}}),
        *({"keys": "x"}, {"keys": [{}] * 101}, b"[" * 50_000, b'{"keys":' * 5_000, b"x" * 600_000),
    ],
    ids=map(str, count()),
)
async def test_what_is_no_key_set_leaves_it_open(
    body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """And the log says what is wrong with what."""
    async with authority(body) as issuer:
        with pytest.raises(AuthorityUnavailable):
            await verifier(issuer).verify_token(old())
        assert f"The keys at {issuer.url}/jwks cannot be used" in caplog.text


async def test_a_key_set_that_became_none_does_not_replace_the_last() -> None:
    """A page of an error is no statement about keys."""
    async with authority(FIRST) as issuer:
        taken = verifier(issuer, jwks_refresh_interval=0)
        assert await taken.verify_token(old()) is not None
        issuer.says(b"<html>We are back soon</html>")
        with pytest.raises(AuthorityUnavailable):
            await taken.verify_token(new())
        assert await taken.verify_token(old(n=2)) is not None


USELESS: list[Any] = [
    None,
    3,
    "key",
    [],
    {},
    {"kty": ["RSA"], "kid": "k1"},
    {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "k1"},
    {"kty": "RSA", "kid": "k1"},
    {"kty": "RSA", "n": "!!!", "e": "AQAB", "kid": "k1"},
    {"kty": "RSA", "n": "A" * 342, "e": 3, "kid": "k1"},
    {"kty": "RSA", "n": "v" * 171, "e": "AQAB", "kid": "k1"},
    {"kty": "RSA", "n": "v" * 20_000, "e": "AQAB", "kid": "k1"},
    {"kty": "XYZ", "kid": "k1"},
    jwk("k1", use="enc"),
    jwk("k1", alg="RS512"),
    jwk("k1", key_ops=["encrypt"]),
    jwk("k1", key_ops="verify"),
]


async def test_keys_that_cannot_be_used_are_left_out() -> None:
    """The others of the set are as good as before (RFC 7517 section 5)."""
    async with authority({"keys": [*USELESS, jwk("k1")]}) as issuer:
        assert await verifier(issuer).verify_token(old()) is not None


@pytest.mark.parametrize("useless", USELESS, ids=range(len(USELESS)))
async def test_no_token_is_valid_by_a_key_that_cannot_be_used(
    useless: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """And who runs the server reads why."""
    async with authority({"keys": [useless]}) as issuer:
        assert await verifier(issuer).verify_token(old()) is None
        assert "signs tokens of RS256" in caplog.text


async def test_a_token_without_a_name_needs_a_set_of_one_key() -> None:
    """It is not tried with each."""
    async with authority(FIRST) as issuer:
        assert await verifier(issuer).verify_token(token()) is not None
        issuer.says(BOTH)
        assert await verifier(issuer).verify_token(token()) is None


async def test_redirects_of_a_key_set_are_not_followed() -> None:
    """What is configured is where the keys are."""
    async with (
        authority(FIRST) as other,
        authority(status=302, location=f"{other.url}/jwks") as issuer,
    ):
        with pytest.raises(AuthorityUnavailable):
            await verifier(issuer).verify_token(old())
        assert other.asked == []


@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_keys_are_fetched_by_a_client_that_is_given(library: Any) -> None:
    """Of either library, with what it sends along; it stays open."""
    async with (
        authority(FIRST) as issuer,
        library.AsyncClient(headers={"x-key": "abc"}) as http,
    ):
        assert await verifier(issuer, http_client=http).verify_token(old()) is not None
        assert issuer.asked[0].headers["x-key"] == "abc"
        assert (await http.get(issuer.url)).status_code == 200
        issuer.says(status=500)
        with pytest.raises(AuthorityUnavailable):
            await verifier(issuer, http_client=http).verify_token(old())


async def test_a_client_that_gives_up_leaves_it_open() -> None:
    """Its time is up before the server has answered."""
    gate = asyncio.Event()
    async with authority() as issuer:

        async def later(asked: Asked) -> bytes:
            await gate.wait()
            return response(FIRST)

        issuer.answer = later
        async with httpx2.AsyncClient(timeout=0.1) as http:
            with pytest.raises(AuthorityUnavailable):
                await verifier(issuer, http_client=http).verify_token(old())
        gate.set()


async def test_keys_at_a_url_of_somebody_else_are_not_looked_for_here() -> None:
    """`ssrf_safe` asks hosts of the public internet alone."""
    async with authority(FIRST) as issuer:
        for url in (issuer.url, f"https://localhost:{issuer.port}/jwks"):
            taken = JWTVerifier(jwks_uri=url, issuer=ISSUER, audience=AUDIENCE, ssrf_safe=True)
            with pytest.raises(AuthorityUnavailable):
                await taken.verify_token(old())
        assert issuer.asked == []


def test_a_verifier_serves_two_event_loops_in_turn() -> None:
    """Nothing of the first is left in it."""
    taken: list[JWTVerifier] = []

    async def serve() -> None:
        async with authority(BOTH) as issuer:
            if not taken:
                issuer.says(FIRST)
                taken.append(verifier(issuer, jwks_refresh_interval=0))
                assert await taken[0].verify_token(old()) is not None
                issuer.answer = lambda asked: asyncio.sleep(30, b"")
                waiting = asyncio.create_task(taken[0].verify_token(new()))
                await becomes(lambda: len(issuer.asked) == 2)
                waiting.cancel()
            else:
                with pytest.raises(AuthorityUnavailable):
                    await taken[0].verify_token(new())
                assert await taken[0].verify_token(old(n=2)) is not None

    asyncio.run(serve())
    asyncio.run(serve())


def test_key_sets_of_the_tests_are_as_they_are_published() -> None:
    """Without private members."""
    assert '"d"' not in json.dumps(BOTH)
