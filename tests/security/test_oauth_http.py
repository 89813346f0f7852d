"""The endpoints of OAuth as HTTP endpoints: who reaches them, how much they read, how often."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from apps import SECONDS, served

from fastmcp.server.auth.oauth.rates import EndpointRate, OAuthRates, Rate

from .authority import BASE, CALLBACK, Party, authority, guarded, reached

POSTED = ["/register", "/token", "/revoke", "/authorize"]
GOTTEN = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/openid-configuration",
    "/authorize",
]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def base() -> Generator[str]:
    """A server with an authorization server, on a socket."""
    with served(guarded(authority()).http_app()) as base:
        yield base


@pytest.mark.parametrize("path", [*POSTED, *GOTTEN])
def test_fastmcp_4405_foreign_pages_reach_no_endpoint_of_oauth(base: str, path: str) -> None:
    """Neither by a name that was bound to this address, nor from another origin."""
    method = "POST" if path in POSTED else "GET"
    with httpx2.Client(timeout=SECONDS) as client:
        rebound = client.request(method, base + path, headers={"host": "evil.example"})
        foreign = client.request(method, base + path, headers={"origin": "http://evil.example"})

    assert rebound.status_code == 421
    assert foreign.status_code == 403


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("way", ["declared", "chunked", "lying"])
def test_ghsa_fmmv_w9g8_j3gc_no_endpoint_reads_without_a_bound(
    base: str, path: str, way: str
) -> None:
    """413, before all of it came, and before it is in memory."""
    host, port = base.removeprefix("http://").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n".encode()
    head += {
        "declared": b"Content-Length: 1000000000\r\n\r\n",
        "chunked": b"Transfer-Encoding: chunked\r\n\r\n",
        "lying": b"Content-Length: 200000\r\n\r\n",
    }[way]
    piece = b"a=" + b"b" * 99_998
    with socket.create_connection((host, int(port)), timeout=SECONDS) as raw:
        raw.sendall(head)
        with suppress(OSError):
            for _ in range(2 if way == "lying" else 20):
                raw.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if way == "chunked" else piece)
        answer = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in answer and (more := raw.recv(65536)):
                answer += more

    assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]


@pytest.mark.parametrize("path", POSTED)
def test_a_small_body_does_not_become_a_large_one(base: str, path: str) -> None:
    """Compressed ones are not unpacked."""
    body = gzip.compress(b"a=" + b"b" * 10_000_000)
    headers = {"content-encoding": "gzip", "content-type": FORM}
    with httpx2.Client(timeout=SECONDS) as client:
        answer = client.post(base + path, content=body, headers=headers)

    assert answer.status_code in (400, 413, 415)


@pytest.mark.parametrize("path", ["/token", "/register", "/revoke"])
async def test_credentials_of_a_browser_are_not_sent_by_pages_of_others(path: str) -> None:
    """What other origins may read is what they could ask for themselves: without cookies."""
    async with reached(authority(), host_origin_protection=False) as http:
        headers = {"origin": "https://page.example", "access-control-request-method": "POST"}
        asked = await http.options(path, headers=headers)
        answer = await http.post(path, headers={"origin": "https://page.example"})

    for each in (asked, answer):
        assert "access-control-allow-credentials" not in each.headers


@pytest.mark.parametrize("path", GOTTEN[:3])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example"},
        {"forwarded": "host=evil.example;proto=http"},
        {"x-forwarded-proto": "http", "x-forwarded-prefix": "/evil"},
        {"x-original-url": "/evil.example"},
    ],
)
async def test_documents_do_not_say_what_a_request_says(path: str, headers: dict[str, str]) -> None:
    """Else whoever fills a cache chooses where clients send their users and codes."""
    async with reached(authority(), host_origin_protection=False) as http:
        plain = (await http.get(path)).json()
        told = await http.get(path, headers=headers)

    assert told.json() == plain
    assert "evil" not in told.text
    assert BASE in told.text


async def test_header_smuggling_what_was_said_twice_is_not_chosen_from() -> None:
    """Two tokens, two parameters, two ways of proving who one is: none of them counts."""
    async with reached(authority()) as http:
        party = await Party.registered(http, token_endpoint_auth_method="client_secret_post")
        secret = party.client["client_secret"]
        token = (await party.redeem(await party.code(), client_secret=secret)).json()
        bearer = f"Bearer {token['access_token']}"
        twice = [("authorization", bearer), ("authorization", bearer)]
        assert (await http.post("/mcp", headers=twice)).status_code == 401
        joined = {"authorization": f"{bearer}, {bearer}"}
        assert (await http.post("/mcp", headers=joined)).status_code == 401
        code, id = await party.code(), party.client["client_id"]
        own = f"client_id={id}&client_secret={secret}&grant_type=authorization_code"
        rest = f"&code={code}&code_verifier={party.verifier}&redirect_uri={CALLBACK}"
        for body in (
            f"{own}{rest}&client_id=other",
            f"{own}{rest}&code=other",
            f"{own}{rest}&code={code}",
            f"{own}{rest}&client_assertion=x",
        ):
            answer = await http.post("/token", content=body, headers={"content-type": FORM})
            assert answer.status_code == 400
            assert answer.json()["error"] == "invalid_request"
        basic = {"content-type": FORM, "authorization": "Basic YTpi"}
        answer = await http.post("/token", content=own + rest, headers=basic)
        assert answer.status_code in (400, 401)
        as_json = {"content-type": "application/json"}
        body = json.dumps({"client_id": id, "client_secret": secret, "code": code})
        assert (await http.post("/token", content=body, headers=as_json)).status_code == 400
        query = await http.post(f"/token?{own}{rest}", headers={"content-type": FORM})
        assert query.status_code in (400, 401)


async def test_dcr_abuse_is_slowed_down() -> None:
    """Who asks too often is told when to come again, and others are not."""
    slow = EndpointRate(Rate(3, 0.01), Rate(1000, 1000))
    async with reached(authority(rates=OAuthRates(register=slow, token=slow))) as http:
        body = {"redirect_uris": [CALLBACK]}
        answers = [await http.post("/register", json=body) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
        assert int(answers[-1].headers["retry-after"]) > 0
        forwarded = await http.post("/register", json=body, headers={"x-forwarded-for": "1.2.3.4"})
        assert forwarded.status_code == 429
        guesses = [await http.post("/token", data={"client_id": "a"}) for _ in range(4)]
        assert [answer.status_code for answer in guesses] == [401, 401, 401, 429]


async def test_by_default_registering_has_a_rate_and_an_end() -> None:
    """However many clients somebody registers, only so many are kept."""
    provider: Any = authority(rates=None)
    async with reached(provider) as http:
        body = {"redirect_uris": [CALLBACK]}
        statuses = [(await http.post("/register", json=body)).status_code for _ in range(60)]

    assert 429 in statuses
    assert len(provider.clients) == statuses.count(201)
