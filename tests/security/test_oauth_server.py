"""The authorization server, and what clients, pages and thieves try with it."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from fastmcp._fetching.fetcher import Fetcher
from fastmcp._oauth.pkce import new_verifier
from fastmcp.server.auth.cimd import CIMDClientManager
from fastmcp.server.auth.oauth.stored import StoredOAuthProvider
from fastmcp.server.backplane import MemoryBackplane

from .authority import (
    BASE,
    CALLBACK,
    UNLIMITED,
    Party,
    authority,
    call_with,
    query_in,
    reached,
)

TRICKS = [
    "http://127.0.0.1:5000/callback/",
    "http://127.0.0.1:5000/callback?x=1",
    "http://127.0.0.1:5000/callback#x",
    "http://127.0.0.1:5000/callback/../evil",
    "http://127.0.0.1:5000/callback/%2e%2e/evil",
    "http://127.0.0.1:5000/callback%2f..%2fevil",
    "http://127.0.0.1:5000\\@evil.example/callback",
    "http://127.0.0.1:5000@evil.example/callback",
    "http://user@127.0.0.1:5000/callback",
    "http://127.0.0.1.evil.example:5000/callback",
    "http://127.0.0.1:5000.evil.example/callback",
    "http://evil.example/callback",
    "http://2130706433:5000/callback",
    "http://127.1:5000/callback",
    "http://0.0.0.0:5000/callback",
    "http://localhost:5000/callback",
    "http://[::ffff:127.0.0.1]:5000/callback",
    "https://127.0.0.1:5000/callback",
    "HTTP://127.0.0.1:5000/CALLBACK",
    "//127.0.0.1:5000/callback",
    "javascript://127.0.0.1:5000/callback%0aalert(1)",
    "data:text/html,http://127.0.0.1:5000/callback",
    "http://127.0.0.1:5000/callback\r\nLocation: http://evil.example",
    "http://127.0.0.1:5000/callback\t",
    " http://127.0.0.1:5000/callback",
    "http://127.0.0.1:5000/call\u0441back",
    "http://127.0.0.1:5000/callback;x",
]


@pytest.mark.parametrize("uri", TRICKS)
async def test_users_are_sent_nowhere_but_to_what_was_registered(uri: str) -> None:
    """A URI that only resembles it is refused here, in a page or in JSON, without a redirect."""
    async with reached(authority()) as http:
        party = await Party.registered(http)
        for accept in ("text/html", "application/json"):
            http.headers["accept"] = accept
            answer = await party.authorize(redirect_uri=uri)
            assert answer.status_code == 400
            assert "location" not in answer.headers


async def test_the_port_of_the_users_machine_is_free_and_nothing_else_is() -> None:
    """A native application cannot choose it before (RFC 8252 section 7.3)."""
    async with reached(authority()) as http:
        party = await Party.registered(http)
        sent = await party.authorize(redirect_uri="http://127.0.0.1:61000/callback")
        assert sent.headers["location"].startswith("http://127.0.0.1:61000/callback?")
        web = await Party.registered(http, redirect_uris=["https://app.example/cb"])
        answer = await web.authorize(redirect_uri="https://app.example:8443/cb")
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://a.example/1",
        "about:blank",
        "view-source:https://a.example",
        "filesystem:https://a.example/temporary/x",
        "jar:https://a.example/a!/b",
        "intent://a.example/x",
        "ms-msdt:/id",
        "search-ms:query=x",
        "http://evil.example/cb",
        "https://user:pw@a.example/cb",
        "https://a.example/../cb",
        "https://a.example/%2e%2e/cb",
        "https://a.example/..%2fcb",
        "https://a.example\\@evil.example/cb",
        "https://a.example/cb#x",
        "https:///cb",
        "https:cb",
        "cb",
        "",
        "https://" + "a" * 3000,
        "https://a.example/\u202e",
        "https://a.example:0/cb",
        "https://a.example:x/cb",
    ],
)
async def test_fastmcp_4408_4419_no_client_registers_such_a_redirect_uri(uri: str) -> None:
    """Nor one of these among good ones."""
    async with reached(authority()) as http:
        for uris in ([uri], [CALLBACK, uri]):
            answer = await http.post(
                "/register", json={"redirect_uris": uris, "token_endpoint_auth_method": "none"}
            )
            assert answer.status_code == 400
            assert answer.json()["error"] == "invalid_redirect_uri"


@pytest.mark.parametrize(
    "host",
    [
        "a;script-src",
        "a,default-src",
        "a'none'",
        "*",
        "*.example",
        "a%2eexample",
        "a example",
        'a"',
    ],
)
async def test_a_host_that_is_none_is_not_registered(host: str) -> None:
    """The consent page names it in its policy, and to the user."""
    async with reached(authority()) as http:
        said = {"redirect_uris": [f"https://{host}/cb"], "token_endpoint_auth_method": "none"}
        answer = await http.post("/register", json=said)

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_redirect_uri"


async def test_pkce_is_not_left_out_nor_weakened() -> None:
    """Neither at the beginning nor at the end."""
    async with reached(authority()) as http:
        party = await Party.registered(http)
        for changes in (
            {"code_challenge": None},
            {"code_challenge": ""},
            {"code_challenge_method": "plain"},
            {"code_challenge_method": "s256"},
            {"code_challenge": "a" * 42},
            {"code_challenge": "a" * 300},
            {"code_challenge": party.verifier + "="},
        ):
            told = query_in(await party.authorize(**changes))
            assert told["error"] == "invalid_request"
            assert "code" not in told
        code = await party.code()
        for verifier in (None, "", "a" * 43, new_verifier(), party.verifier[:-1]):
            answer = await party.redeem(code, code_verifier=verifier)
            assert answer.status_code == 400
            assert answer.json()["error"] in ("invalid_grant", "invalid_request")


async def test_a_code_is_of_one_client() -> None:
    """Another one cannot redeem it, though it knows the verifier; nor spoil it by trying."""
    async with reached(authority()) as http:
        victim, thief = await Party.registered(http), await Party.registered(http)
        thief.verifier = victim.verifier
        code = await victim.code()
        answer = await thief.redeem(code)
        assert answer.json()["error"] == "invalid_grant"
        assert (await victim.redeem(code)).status_code == 200


async def test_a_code_is_for_one_redirect_uri() -> None:
    """One that was had by another of the client's is worth nothing here."""
    other = "http://127.0.0.1:5000/other"
    async with reached(authority()) as http:
        party = await Party.registered(http, redirect_uris=[CALLBACK, other])
        code = await party.code(redirect_uri=other)
        for uri in (CALLBACK, None, "", f"{other}/"):
            answer = await party.redeem(code, redirect_uri=uri)
            assert answer.status_code == 400
        assert (await party.redeem(code, redirect_uri=other)).status_code == 200


async def test_a_code_that_comes_again_ends_what_it_gave() -> None:
    """Whoever was second, one of the two is a thief (RFC 6749 section 4.1.2)."""
    async with reached(authority()) as http:
        party = await Party.registered(http)
        code = await party.code()
        tokens = (await party.redeem(code)).json()
        assert await party.calls(tokens["access_token"]) == 200
        assert (await party.redeem(code)).json()["error"] == "invalid_grant"
        assert await party.calls(tokens["access_token"]) == 401
        assert (await party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_code_that_is_sent_often_at_once_gives_one_answer_at_most() -> None:
    """There is no moment in which it is good twice."""
    async with reached(authority()) as http:
        party = await Party.registered(http)
        code = await party.code()
        answers = await asyncio.gather(*(party.redeem(code) for _ in range(20)))
        assert sum(answer.status_code == 200 for answer in answers) <= 1
        assert all(answer.status_code in (200, 400) for answer in answers)


async def test_a_refresh_token_that_comes_again_ends_all() -> None:
    """Not within the moment in which an answer may have been lost, but after it."""
    now = [1_900_000_000.0]
    async with reached(authority(clock=lambda: now[0])) as http:
        party = await Party.registered(http)
        first = await party.tokens()
        second = (await party.refresh(first["refresh_token"])).json()
        lost = (await party.refresh(first["refresh_token"])).json()
        assert lost["refresh_token"] == second["refresh_token"]
        now[0] += 60
        assert (await party.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
        assert (await party.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_refresh_token_is_of_one_client_and_gives_no_more_than_it_had() -> None:
    """Neither to others, nor other scopes."""
    async with reached(authority()) as http:
        victim, thief = await Party.registered(http), await Party.registered(http)
        token = (await victim.tokens())["refresh_token"]
        assert (await thief.refresh(token)).json()["error"] == "invalid_grant"
        wider = await victim.refresh(token, scope="read write")
        assert wider.json()["error"] == "invalid_scope"
        assert (await victim.refresh(token)).status_code == 200


async def test_fastmcp_3524_a_refresh_token_is_no_bearer_token() -> None:
    """Nor is a code, a client's id, or its secret."""
    async with reached(authority()) as http:
        party = await Party.registered(http, token_endpoint_auth_method="client_secret_post")
        code = await party.code()
        secret = party.client["client_secret"]
        tokens = (await party.redeem(code, client_secret=secret)).json()
        assert await party.calls(tokens["access_token"]) == 200
        for other in (tokens["refresh_token"], code, party.client["client_id"], secret):
            assert await party.calls(other) == 401


@pytest.mark.parametrize(
    "resource",
    [
        "https://evil.example/mcp",
        f"{BASE}/mcp/admin",
        f"{BASE}/mcp?x=1",
        f"{BASE}/mcp#x",
        f"{BASE}/MCP",
        f"{BASE}.evil.example/mcp",
        f"{BASE}@evil.example/mcp",
        "http://127.0.0.1:8001/mcp",
        "mcp",
        "http://[",
    ],
)
async def test_cve_2025_69196_ghsa_w4fh_a_token_is_for_this_server_alone(resource: str) -> None:
    """Nobody is given one for another resource, and this one takes none."""
    async with reached(authority()) as http:
        party = await Party.registered(http)
        assert query_in(await party.authorize(resource=resource))["error"] == "invalid_target"
        code = await party.code()
        answer = await party.redeem(code, resource=resource)
        assert answer.json()["error"] == "invalid_target"


async def test_ghsa_w4fh_a_token_of_another_resource_of_the_same_issuer_is_refused() -> None:
    """Two servers that share what they keep do not share their tokens."""
    provider = authority()
    async with reached(provider) as http:
        party = await Party.registered(http)
        token = (await party.tokens())["access_token"]
        assert await party.calls(token) == 200
        kept = provider.access_tokens[token]
        assert kept.resource == f"{BASE}/mcp"
        provider.access_tokens[token] = kept.model_copy(
            update={"resource": "https://other.example/mcp"}
        )
        assert await party.calls(token) == 401


async def test_scopes_are_those_that_the_client_may_have() -> None:
    """Those that it did not register are no more than a wish, and none are not all."""
    async with reached(authority(required_scopes=None)) as http:
        greedy = await http.post(
            "/register", json={"redirect_uris": [CALLBACK], "scope": "read admin"}
        )
        assert greedy.json()["error"] == "invalid_client_metadata"
        party = await Party.registered(http, scope="read")
        assert query_in(await party.authorize(scope="read write"))["error"] == "invalid_scope"
        assert (await party.tokens(scope=None))["scope"] == "read"


async def test_fastmcp_3503_no_scopes_are_none() -> None:
    """A token without those that are required opens nothing."""
    async with reached(authority()) as http:
        party = await Party.registered(http, scope="write")
        token = (await party.tokens(scope="write"))["access_token"]
        assert await party.calls(token) == 403


@pytest.mark.parametrize(
    "said",
    [
        {"client_id": "mine"},
        {"client_secret": "mine"},
        {"client_id": "mine", "client_secret": "mine", "client_id_issued_at": 1},
        {"client_secret_expires_at": 9_999_999_999},
    ],
)
async def test_a_client_does_not_choose_what_it_is_known_by(said: dict[str, Any]) -> None:
    """Else it could take the place of another one."""
    async with reached(authority()) as http:
        party = await Party.registered(
            http, token_endpoint_auth_method="client_secret_post", **said
        )

    assert all(party.client.get(name) != value for name, value in said.items())
    assert len(party.client["client_secret"]) >= 32


async def test_a_client_is_not_registered_for_what_it_could_do_alone() -> None:
    """Nobody gets tokens without a user by registering for that."""
    async with reached(authority()) as http:
        grants = ["authorization_code", "refresh_token", "client_credentials"]
        party = await Party.registered(
            http, grant_types=grants, token_endpoint_auth_method="client_secret_post"
        )
        assert "client_credentials" not in party.client["grant_types"]
        answer = await party.token(
            grant_type="client_credentials", client_secret=party.client["client_secret"]
        )
        assert answer.json()["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "said",
    [
        {"redirect_uris": [f"https://a.example/{n}" for n in range(1000)]},
        {"client_name": "x" * 60_000},
        {"contacts": ["a@b.example"] * 1000},
        {"client_name": "a\u0000b"},
        {"client_name": "a\nb"},
        {"client_uri": "javascript:alert(1)"},
        {"logo_uri": "data:image/svg+xml,<svg onload=alert(1)>"},
        {"scope": " ".join(f"s{n}" for n in range(5000))},
        {"scope": 'read "x"'},
        {"redirect_uris": []},
        {"redirect_uris": None},
        {"redirect_uris": "https://a.example"},
        {"redirect_uris": ["hTTp://a.example/cb"]},
        {"response_types": ["token"]},
        {"grant_types": ["implicit"]},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"application_type": "x"},
    ],
)
async def test_dcr_takes_no_nonsense(said: dict[str, Any]) -> None:
    """Neither too much, nor what a page would have to escape."""
    async with reached(authority()) as http:
        answer = await http.post("/register", json={"redirect_uris": [CALLBACK], **said})

    assert answer.status_code in (400, 413)
    assert answer.json()["error"] in (
        "invalid_client_metadata",
        "invalid_redirect_uri",
        "invalid_request",
    )


async def test_a_client_proves_who_it_is_in_the_way_that_it_registered() -> None:
    """Without its secret, with half of it, or with that of another it is nobody."""
    async with reached(authority()) as http:
        post = "client_secret_post"
        one = await Party.registered(http, token_endpoint_auth_method=post)
        other = await Party.registered(http, token_endpoint_auth_method=post)
        code = await one.code()
        for secret in (None, "", one.client["client_secret"][:-1], other.client["client_secret"]):
            answer = await one.redeem(code, client_secret=secret)
            assert answer.status_code == 401
            assert answer.json()["error"] == "invalid_client"
        answer = await one.redeem(code, client_secret=one.client["client_secret"])
        assert answer.status_code == 200


async def test_xss_what_a_request_says_is_text_on_every_page() -> None:
    """Also on the pages of errors; their policy lets no script run, and nothing frame them."""
    hostile = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
    async with reached(authority()) as http:
        http.headers["accept"] = "text/html"
        party = await Party.registered(http)
        pages = [
            await http.get("/authorize", params={"client_id": hostile, "state": hostile}),
            await party.authorize(redirect_uri=f"https://evil.example/{hostile}"),
            await http.get("/authorize", params={hostile: hostile}),
            await http.get("/authorize", params=[("client_id", hostile), ("client_id", hostile)]),
        ]
    for page in pages:
        assert page.status_code == 400
        assert "<script" not in page.text
        assert "<img src=x" not in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"


async def test_the_state_of_a_client_does_not_split_the_redirect() -> None:
    """It comes back as it was, and as one parameter."""
    hostile = "x&code=forged&iss=https://evil.example#\r\nset-cookie: a=b"
    async with reached(authority()) as http:
        party = await Party.registered(http)
        answer = await party.authorize(state=hostile)

    assert "set-cookie" not in answer.headers
    assert query_in(answer)["state"] == hostile
    assert query_in(answer)["iss"] == BASE
    assert urlsplit(answer.headers["location"]).fragment == ""


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "\udcff", "x" * 60_000, "a b", "null"])
async def test_no_text_is_a_token(token: str) -> None:
    """401, whatever it is made of."""
    async with reached(authority()) as http:
        assert await call_with(http, token) == 401


async def test_a_user_gives_no_scope_that_nobody_said_there_is() -> None:
    """Whoever can sign in could have a client of their own registered for anything: what a tool
    asks for is not had by asking.
    """
    provider = StoredOAuthProvider(
        base_url=BASE,
        authenticate=lambda request: "mallory",
        storage=MemoryBackplane(),
        encryption_key="a-key-of-this-test-alone-0123456789",
        required_scopes=["read"],
        rates=UNLIMITED,
    )
    async with reached(provider) as http:
        said = {"redirect_uris": [CALLBACK], "scope": "read admin"}
        registering = await http.post(
            "/register", json={**said, "token_endpoint_auth_method": "none"}
        )
        if registering.status_code == 201:
            party = Party(http, registering.json())
            answer = await party.authorize(scope="read admin")
            assert query_in(answer).get("error") == "invalid_scope"
        else:
            assert registering.json()["error"] == "invalid_client_metadata"


async def test_a_document_that_is_not_there_is_not_asked_for_each_time() -> None:
    """Else requests that anybody may send become requests to whomever they name."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    manager = CIMDClientManager(fetcher=Fetcher(resolve=resolve))
    for _ in range(20):
        assert await manager.get_client("https://victim.example/client.json") is None

    assert len(asked) == 1
