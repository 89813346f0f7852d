"""The proxy in front of an identity provider: the confused deputy, and whoever uses him."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from auth.oauth_proxy.browsing import BASE, CALLBACK, Browser, Flow, flow_of, proxy_of, told
from auth.oauth_proxy.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    WORDS,
    IdentityProvider,
    identity_provider,
)

HOSTILE = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
EVIL = "http://127.0.0.1:6666/evil"


@asynccontextmanager
async def another_browser(flow: Flow) -> AsyncGenerator[Browser]:
    """One without any cookies."""
    browser = Browser(flow.app)
    async with browser.http:
        yield browser


@pytest.fixture(scope="module")
def running() -> Generator[IdentityProvider]:
    """An identity provider for all."""
    with identity_provider() as idp:
        yield idp


@pytest.fixture
def idp(running: IdentityProvider) -> IdentityProvider:
    """It works as it should at the beginning of a test."""
    running.fault = running.sent_iss = None
    running.scope = "read"
    return running


async def test_ghsa_c2jp_c369_7pvx_nobody_is_signed_in_without_a_question(
    idp: IdentityProvider,
) -> None:
    """The identity provider, which knows the user, is not asked before the user was: for each
    client anew.
    """
    async with flow_of(proxy_of(idp)) as flow:
        await flow.tokens()
        before = len(idp.asked)
        thief = Flow(flow.app, flow.proxy)
        thief.client = await thief.register(redirect_uris=[EVIL], client_name="Probe")
        page = await thief.asked(flow.browser, redirect_uri=EVIL)
        assert page.status_code == 200
        assert EVIL in page.text
        again = await flow.asked()
        assert again.status_code == 200
        assert len(idp.asked) == before


async def test_cve_2026_27124_who_consented_is_who_comes_back(idp: IdentityProvider) -> None:
    """A link to the identity provider, consented to by a thief, is worth nothing in the browser of
    a victim: who is sent away, and the thief hears of no code.
    """
    async with flow_of(proxy_of(idp)) as flow, another_browser(flow) as victim:
        link = await flow.upstream()
        signed_in = await victim.open(link)
        answer = await victim.open(signed_in.headers["location"])
        assert answer.status_code == 403
        assert "location" not in answer.headers
        forged = Browser(flow.app)
        for name, value in list(flow.browser.http.cookies.items()):
            forged.http.cookies.set(name, value[:-2] + "xx", domain="mcp.example.com")
        answer = await forged.open(signed_in.headers["location"])
        assert answer.status_code == 403


async def test_fastmcp_3519_an_answer_has_to_come_from_the_page(idp: IdentityProvider) -> None:
    """A form of another site, or one that guesses, approves nothing (CSRF)."""
    async with flow_of(proxy_of(idp)) as flow:
        page = await flow.asked()
        before = len(idp.asked)
        for changes in ({"csrf_token": ""}, {"csrf_token": "x" * 43}, {"txn_id": "x" * 43}):
            answer = await flow.browser.answer(page, "approve", **changes)
            assert answer.status_code in (400, 403)
        stranger = Browser(flow.app)
        assert (await stranger.answer(page, "approve")).status_code == 403
        other = await flow.asked(stranger)
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
        mixed = await stranger.answer(other, "approve", txn_id=fields["txn_id"])
        assert mixed.status_code == 403
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            form = {**fields, "action": "approve"}
            sent = await flow.browser.http.post(f"{BASE}/consent", data=form, headers=headers)
            assert sent.status_code == 403
        approving = {"txn_id": fields["txn_id"], "action": "approve"}
        got = await flow.browser.http.get(f"{BASE}/consent", params=approving)
        assert got.status_code == 200  # a page, and no answer
        assert len(idp.asked) == before


async def test_fastmcp_3960_what_was_approved_once_is_no_approval_of_others(
    idp: IdentityProvider,
) -> None:
    """Where answers are remembered, another client, another place, another scope, or a page of
    somebody that leads here, is a new question.
    """
    async with flow_of(proxy_of(idp, require_authorization_consent="remember")) as flow:
        await flow.tokens()
        sent = await flow.browser.open(flow.url())
        location = sent.headers["location"]
        known = await flow.browser.open(location, **{"sec-fetch-site": "none"})
        assert known.status_code == 302  # this very client, by the user's own doing
        for headers in ({}, {"sec-fetch-site": "cross-site"}):
            sent = await flow.browser.open(flow.url())
            led = await flow.browser.open(sent.headers["location"], **headers)
            assert led.status_code == 200
        elsewhere = await flow.browser.open(flow.url(redirect_uri="http://127.0.0.1:7/callback"))
        page = await flow.browser.open(elsewhere.headers["location"], **{"sec-fetch-site": "none"})
        assert page.status_code == 200
        twin = Flow(flow.app, flow.proxy)
        twin.client = await twin.register()
        sent = await flow.browser.open(twin.url())
        page = await flow.browser.open(sent.headers["location"], **{"sec-fetch-site": "none"})
        assert page.status_code == 200


async def test_fastmcp_3418_what_a_client_says_of_itself_is_text(idp: IdentityProvider) -> None:
    """Its name and state are escaped, no script is let run, and nothing frames the page."""
    async with flow_of(proxy_of(idp)) as flow:
        await flow.register(client_name=HOSTILE)
        page = await flow.asked(state=HOSTILE)
        pages = [
            page,
            await flow.browser.open(f"{BASE}/consent?txn_id={HOSTILE}"),
            await flow.browser.open(f"{BASE}/auth/callback?state={HOSTILE}&code=x"),
            await flow.browser.open(f"{BASE}/auth/callback?error={HOSTILE}&error_description=x"),
        ]
    for page in pages:
        assert "<script" not in page.text
        assert "<img src=x" not in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-frame-options"] == "DENY"


async def test_cookies_are_for_this_host_alone_and_hidden_from_scripts(
    idp: IdentityProvider,
) -> None:
    """`__Host-`, secure, http only, and not sent along by other sites' forms."""
    async with flow_of(proxy_of(idp)) as flow:
        page = await flow.asked()
        answered = await flow.browser.answer(page, "approve")
    cookies = [*page.headers.get_list("set-cookie"), *answered.headers.get_list("set-cookie")]
    assert cookies
    for cookie in cookies:
        name, _, rest = cookie.partition("=")
        assert name.startswith("__Host-")
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= {
            part.strip().lower() for part in rest.split(";")
        }


async def test_token_passthrough_only_our_access_tokens_open_the_endpoint(
    idp: IdentityProvider,
) -> None:
    """Those of the identity provider were not issued to our clients, and a refresh token is for
    the token endpoint alone (fastmcp#3524).
    """
    async with flow_of(proxy_of(idp)) as flow:
        tokens = await flow.tokens()
        assert (await flow.call(tokens["access_token"])).status_code == 200
        for other in (idp.access_tokens[-1], tokens["refresh_token"]):
            assert (await flow.call(other)).status_code == 401


async def test_cve_2025_69196_a_token_of_another_server_is_refused(idp: IdentityProvider) -> None:
    """Also where both have the same upstream client, the same secret, and the same storage."""
    from fastmcp.server.backplane import MemoryBackplane

    shared = MemoryBackplane()
    other_base = "https://other.example.com"
    async with flow_of(proxy_of(idp, client_storage=shared)) as flow:
        token = (await flow.tokens())["access_token"]
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["aud"] == f"{BASE}/mcp"
        other = proxy_of(idp, client_storage=shared, base_url=other_base)
        async with flow_of(other, base=other_base) as elsewhere:
            assert (await elsewhere.call(token)).status_code == 401
            own = (await elsewhere.tokens())["access_token"]
            assert (await elsewhere.call(own)).status_code == 200
            assert (await flow.call(own)).status_code == 401
        assert (await flow.call(token)).status_code == 200


async def test_a_token_that_was_signed_otherwise_is_refused(idp: IdentityProvider) -> None:
    """By `none`, by the secret itself, by nothing, or with other claims than were signed."""
    async with flow_of(proxy_of(idp)) as flow:
        token = (await flow.tokens())["access_token"]
        head, payload, signature = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        forged = [
            f"{_encoded({'alg': 'none'})}.{payload}.",
            f"{_encoded({'alg': 'NONE', 'typ': 'JWT'})}.{payload}.{signature}",
            f"{head}.{payload}.",
            f"{head}.{payload}",
            f"{head}.{_encoded({**claims, 'scope': 'read admin'})}.{signature}",
            f"{head}.{_encoded({**claims, 'exp': claims['exp'] + 9999})}.{signature}",
            _signed(claims, CLIENT_SECRET),
            _signed(claims, ""),
            f"{token}.x.y",
            token + "A",
        ]
        for each in forged:
            assert (await flow.call(each)).status_code == 401
        assert (await flow.call(token)).status_code == 200


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signed(claims: Any, secret: str) -> str:
    import hashlib
    import hmac

    text = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    made = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


async def test_fastmcp_4438_an_answer_of_another_issuer_is_refused() -> None:
    """Where the identity provider names itself (RFC 9207), nobody else may (mix-up)."""
    from fastmcp.server.auth.oidc_proxy import OIDCProxy
    from fastmcp.server.backplane import MemoryBackplane

    with identity_provider() as idp:
        proxy = OIDCProxy(
            config_url=f"{idp.url}/.well-known/openid-configuration",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            audience="api",
            base_url=BASE,
            required_scopes=["read"],
            client_storage=MemoryBackplane(),
        )
        async with flow_of(proxy) as flow:
            idp.sent_iss = "https://evil.example"
            answer = await flow.browser.open(await flow.returned())
            assert answer.status_code == 403
            idp.sent_iss = idp.url
            assert "code" in await flow.told()


async def test_an_answer_comes_once(idp: IdentityProvider) -> None:
    """Neither the identity provider's nor the user's can be sent again."""
    async with flow_of(proxy_of(idp)) as flow:
        page = await flow.asked()
        answered = await flow.browser.answer(page, "approve")
        signed_in = await flow.browser.open(answered.headers["location"])
        back = signed_in.headers["location"]
        assert (await flow.browser.open(back)).status_code == 302
        assert (await flow.browser.open(back)).status_code == 400
        assert (await flow.browser.answer(page, "approve")).status_code in (400, 403)


@pytest.mark.parametrize("what", ["code", "refresh"])
async def test_what_comes_again_ends_the_session(idp: IdentityProvider, what: str) -> None:
    """A code, and a refresh token that was replaced before the last one was."""
    async with flow_of(proxy_of(idp)) as flow:
        code = (await flow.told())["code"]
        tokens = first = (await flow.redeem(code)).json()
        if what == "code":
            again = await flow.redeem(code)
        else:
            for _ in range(2):
                tokens = (await flow.refresh(tokens["refresh_token"])).json()
            assert (await flow.call(tokens["access_token"])).status_code == 200
            again = await flow.refresh(first["refresh_token"])
        assert again.json()["error"] == "invalid_grant"
        assert (await flow.call(tokens["access_token"])).status_code == 401


async def test_a_code_is_of_the_client_that_began(idp: IdentityProvider) -> None:
    """Neither another client nor another verifier has any use for it."""
    async with flow_of(proxy_of(idp)) as flow:
        thief = Flow(flow.app, flow.proxy)
        await thief.register()
        thief.verifier = flow.verifier
        code = (await flow.told())["code"]
        assert (await thief.redeem(code)).json()["error"] == "invalid_grant"
        wrong = await flow.redeem(code, code_verifier="x" * 43)
        assert wrong.json()["error"] == "invalid_grant"
        assert (await flow.redeem(code)).status_code == 200


@pytest.mark.parametrize("error", ["access_denied", "server_error", WORDS, HOSTILE, "x" * 3000])
async def test_words_of_the_identity_provider_go_no_further(
    idp: IdentityProvider, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Clients hear one of OAuth's codes, and a text of ours."""
    idp.fault = f"refuse:{error}"
    async with flow_of(proxy_of(idp)) as flow:
        heard = told(await flow.browser.open(await flow.returned()))

    assert heard["error"] in ("access_denied", "server_error")
    assert "code" not in heard
    assert WORDS not in str(heard)
    assert "<" not in str(heard)
    assert heard["iss"] == BASE


@pytest.mark.parametrize("fault", ["down", "garbage", "error:invalid_client", "200:bad"])
async def test_an_identity_provider_that_fails_tells_clients_nothing_of_itself(
    idp: IdentityProvider, fault: str
) -> None:
    """Neither when a user comes back, nor when tokens are refreshed."""
    async with flow_of(proxy_of(idp)) as flow:
        tokens = await flow.tokens()
        returned = await flow.returned()
        idp.fault = fault
        heard = told(await flow.browser.open(returned))
        answer = await flow.refresh(tokens["refresh_token"])

    assert heard["error"] in ("temporarily_unavailable", "server_error", "access_denied")
    assert WORDS not in str(heard)
    assert answer.status_code in (400, 503)
    assert WORDS not in answer.text


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost.evil.example/cb",
        "http://localhost@evil.example/cb",
        "http://evil.example/http://localhost/cb",
        "https://evil.example/cb",
        "https://good.example.evil.example/cb",
        "https://good.example@evil.example/cb",
        "https://evilgood.example/cb",
        "https://good.example/../cb",
        "https://good.example/%2e%2e/cb",
        "https://good.example/x/..%2f..%2fcb",
        "https://good.example\\.evil.example/cb",
        "javascript://good.example/%0aalert(1)",
    ],
)
async def test_fastmcp_3963_patterns_of_redirect_uris_are_not_walked_around(
    idp: IdentityProvider, uri: str
) -> None:
    """Neither at registration, nor by a client that says the id of the upstream's."""
    allowed = ["http://localhost:*", "https://good.example/*", "https://*.good.example/cb"]
    async with flow_of(proxy_of(idp)) as flow:
        assert flow.client
    proxy = proxy_of(idp, allowed_client_redirect_uris=[*allowed, f"{CALLBACK}"])
    async with flow_of(proxy) as flow:
        asked = {"redirect_uris": [uri], "client_name": "Probe"}
        registering = await flow.http.post("/register", json=asked)
        assert registering.status_code == 400
        assert registering.json()["error"] == "invalid_redirect_uri"
        for client in (flow.client["client_id"], CLIENT_ID):
            sent = await flow.browser.open(flow.url(client_id=client, redirect_uri=uri))
            assert sent.status_code == 400
            assert "location" not in sent.headers


async def test_what_users_are_sent_with_to_the_identity_provider_says_no_secret(
    idp: IdentityProvider,
) -> None:
    """Neither our secret, nor anything that the client could use in place of its verifier."""
    async with flow_of(proxy_of(idp)) as flow:
        link = await flow.upstream(state="clients-own-state")
    query = {name: value for name, [value] in parse_qs(urlsplit(link).query).items()}

    assert CLIENT_SECRET not in link
    assert "clients-own-state" not in link
    assert query["code_challenge"] not in flow.url()
    assert len(query["state"]) >= 43


@pytest.mark.parametrize(
    "uri", ["http://evil.example/cb", "http://10.0.0.1/cb", "HTTP://evil.example/cb"]
)
async def test_a_code_is_sent_to_no_other_machine_in_clear(idp: IdentityProvider, uri: str) -> None:
    """Neither for a client that registers, nor for one that says the id of the upstream's."""
    async with flow_of(proxy_of(idp)) as flow:
        registering = await flow.http.post("/register", json={"redirect_uris": [uri]})
        assert registering.status_code == 400
        sent = await flow.browser.open(flow.url(client_id=CLIENT_ID, redirect_uri=uri))
        assert sent.status_code == 400
        assert "location" not in sent.headers
