"""Attacks on proxies that are on record, and their relatives."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fastmcp.server.auth.jwt_issuer import JWTIssuer
from fastmcp.server.backplane import MemoryBackplane

from .browsing import BASE, CALLBACK, Browser, Flow, flow_of, proxy_of, told
from .identity_provider import CLIENT_SECRET, WORDS, identity_provider

EVIL = "https://evil.example.com/callback"


def query_of(url: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


async def test_ghsa_c2jp_c369_7pvx_nobody_signs_in_for_a_client_without_a_yes() -> None:
    """The user is signed in upstream; an attacker's client still gets nothing by a link alone."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            await flow.tokens()
            before = len(idp.asked)
            await flow.register(redirect_uris=[EVIL], client_name="Probe")
            sent = await flow.browser.open(flow.url(redirect_uri=EVIL))
            assert sent.headers["location"].startswith(f"{BASE}/consent?")
            page = await flow.browser.open(sent.headers["location"])
            assert page.status_code == 200
            assert "evil.example.com" in page.text
            assert len(idp.asked) == before


async def test_ghsa_c2jp_c369_7pvx_the_way_around_the_page_leads_nowhere() -> None:
    """An attacker who calls the callback with a code, and a transaction nobody approved."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            sent = await flow.browser.open(flow.url())
            txn_id = query_of(sent.headers["location"])["txn_id"]
            direct = f"{BASE}/auth/callback?code=any&state={txn_id}"
            assert (await flow.browser.open(direct)).status_code == 403
            assert idp.count["authorization_code"] == 0


async def test_cve_2026_27124_who_comes_back_in_another_browser_gets_nothing() -> None:
    """The attacker says yes, the victim is lured to the identity provider: no code for anybody."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as attacker:
            lure = await attacker.upstream()
            victim = Browser(attacker.app)
            async with victim.http:
                back = (await victim.open(lure)).headers["location"]
                answer = await victim.open(back)
                assert answer.status_code == 403
                assert "location" not in answer.headers
                # Nor with the page of the attacker's transaction in the victim's browser.
                assert (await victim.open(f"{BASE}/consent?txn_id=x")).status_code == 400
            assert idp.count["authorization_code"] == 0


async def test_cve_2026_27124_the_yes_to_one_authorization_is_none_to_another() -> None:
    """A browser that approved its own transaction does not carry an attacker's home."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            await flow.upstream()
            attacker = Flow(flow.app, flow.proxy)
            async with attacker.http, attacker.browser.http:
                attacker.client = flow.client
                theirs = await attacker.returned()
            assert (await flow.browser.open(theirs)).status_code == 403


async def test_cve_2026_27124_a_cookie_of_one_name_is_none_of_another() -> None:
    """What the consent page gave a browser cannot be renamed to an approval."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            page = await flow.asked()
            [cookie] = list(flow.browser.http.cookies.jar)
            txn_id = query_of(str(page.url))["txn_id"]
            desk = flow.proxy._workings.desk
            from fastmcp.server.auth.oauth_proxy.consent_desk import _APPROVED, _digest

            name = f"__Host-{_APPROVED}{_digest(txn_id)}"
            headers = {"cookie": f"{name}={cookie.value}"}
            direct = f"{BASE}/auth/callback?code=any&state={txn_id}"
            assert (await flow.http.get(direct, headers=headers)).status_code == 403
            assert desk.required


async def test_cve_2025_69196_a_token_for_one_server_is_none_for_another() -> None:
    """Two servers with the same secret upstream, and one store: tokens stay where they are from."""
    with identity_provider() as idp:
        shared = MemoryBackplane()
        other_base = "https://other.example.com"
        one = proxy_of(idp, client_storage=shared)
        other = proxy_of(idp, client_storage=shared, base_url=other_base)
        async with flow_of(one) as flow, flow_of(other, base=other_base) as elsewhere:
            tokens = await flow.tokens()
            assert (await flow.call(tokens["access_token"])).status_code == 200
            assert (await elsewhere.call(tokens["access_token"])).status_code == 401
            elsewhere.client = flow.client
            refused = await elsewhere.refresh(tokens["refresh_token"])
            assert refused.json()["error"] == "invalid_grant"


async def test_cve_2025_69196_a_resource_of_somebody_else_cannot_be_asked_for() -> None:
    """`invalid_target`, at the authorization and at the token endpoint."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            sent = await flow.browser.open(flow.url(resource="https://other.example.com/mcp"))
            assert query_of(sent.headers["location"])["error"] == "invalid_target"
            code = (await flow.told())["code"]
            refused = await flow.redeem(code, resource="https://other.example.com/mcp")
            assert refused.json()["error"] == "invalid_target"


async def test_token_passthrough_an_upstream_token_opens_nothing_here() -> None:
    """Nor do its ID token, our refresh token as a bearer, or a token with another signature."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            tokens = await flow.tokens()
            forged = JWTIssuer(BASE, f"{BASE}/mcp", CLIENT_SECRET.encode().ljust(32, b"0"))
            claims = flow.proxy.jwt_issuer.verify_token(tokens["access_token"])
            for token in (
                idp.access_tokens[-1],
                tokens["refresh_token"],
                forged.issue_access_token(
                    "c", ["read"], "jti", extra_claims={"sid": claims["sid"]}
                ),
                tokens["access_token"][:-4] + "AAAA",
                "",
                "a.b.c",
                "e30.e30.",
            ):
                assert (await flow.call(token)).status_code == 401
            assert (await flow.call(tokens["access_token"])).status_code == 200


async def test_an_access_token_is_no_refresh_token() -> None:
    """Each is good for its own use."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            tokens = await flow.tokens()
            refused = await flow.refresh(tokens["access_token"])
            assert refused.json()["error"] == "invalid_grant"


async def test_state_replay_a_user_comes_back_once() -> None:
    """The second time there is no code; of many at once, one gets it."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            back = await flow.returned()
            answers = await asyncio.gather(*(flow.browser.open(back) for _ in range(5)))
            assert sorted(each.status_code for each in answers)[:2] == [302, 400]
            assert (await flow.browser.open(back)).status_code == 400
            assert idp.count["authorization_code"] == 1


async def test_forced_redirects_lead_to_no_one_who_did_not_begin_here() -> None:
    """An error of the identity provider does not send a stranger's browser to a client."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as attacker:
            await attacker.register(redirect_uris=[EVIL])
            idp.fault = "refuse:access_denied"
            back = await attacker.returned(redirect_uri=EVIL)
            victim = Browser(attacker.app)
            async with victim.http:
                for url in (back, f"{BASE}/auth/callback?error=access_denied&state=unknown"):
                    answer = await victim.open(url)
                    assert answer.status_code in (400, 403)
                    assert "location" not in answer.headers


async def test_forced_redirects_a_client_that_is_gone_is_not_gone_back_to() -> None:
    """What is registered and allowed is asked again at the end."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            back = await flow.returned()
            flow.proxy._workings.clients._patterns = ["https://only.example.com/*"]
            answer = await flow.browser.open(back)
            assert answer.status_code == 400
            assert "location" not in answer.headers


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:5000.evil.example.com/callback",
        "http://127.0.0.1:5000@evil.example.com/callback",
        "http://127.0.0.1:5000/callback/../../evil",
        "http://127.0.0.1:5000/callback%2f..",
        "http://127.0.0.1:5000\\@evil.example.com/callback",
        "https://127.0.0.1:5000/callback",
        "javascript:alert(1)//",
        "//evil.example.com/callback",
        CALLBACK + "#fragment",
        CALLBACK + "?extra=1",
        EVIL,
    ],
)
async def test_redirect_tricks_show_a_page_and_redirect_nobody(uri: str) -> None:
    """A redirect URI that is not the client's is nowhere to go, with an error or without."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            answer = await flow.browser.open(flow.url(redirect_uri=uri))
            assert answer.status_code == 400
            assert "location" not in answer.headers


async def test_csrf_an_answer_from_elsewhere_is_none() -> None:
    """Without the cookie of the page, with that of another, or from another site: nothing."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as attacker:
            page = await attacker.asked()
            victim = Flow(attacker.app, attacker.proxy)
            async with victim.http, victim.browser.http:
                victim.client = attacker.client
                # The attacker's form, sent by the victim's browser.
                assert (await victim.browser.answer(page, "approve")).status_code == 403
                own = await victim.asked()
                assert (await victim.browser.answer(page, "approve")).status_code == 403
                # The victim's form, with the attacker's transaction.
                theirs = query_of(str(page.url))["txn_id"]
                changed = await victim.browser.answer(own, "approve", txn_id=theirs)
                assert changed.status_code == 403
                missing = await victim.browser.answer(own, "approve", csrf_token="")
                assert missing.status_code == 403
                for headers in (
                    {"origin": "https://evil.example.com"},
                    {"sec-fetch-site": "cross-site"},
                ):
                    victim.browser.http.headers.update(headers)
                    assert (await victim.browser.answer(own, "approve")).status_code == 403
                    for name in headers:
                        del victim.browser.http.headers[name]
                victim.browser.http.headers["origin"] = BASE
                assert (await victim.browser.answer(own, "approve")).status_code == 302


async def test_idp_mix_up_an_answer_of_another_issuer_is_refused() -> None:
    """The callback names another issuer than the one that was asked: its code is sent nowhere."""
    from fastmcp.server.auth.oauth_proxy.endpoints import Endpoints

    with identity_provider() as idp:
        proxy = proxy_of(idp)
        known = proxy._given_endpoints
        proxy._given_endpoints = Endpoints(
            known.authorization, known.token, known.revocation, idp.url
        )
        async with flow_of(proxy) as flow:
            idp.sent_iss = "https://evil.example.com"
            answer = await flow.browser.open(await flow.returned())
            assert answer.status_code == 403
            assert idp.count["authorization_code"] == 0
            idp.sent_iss = idp.url
            assert "code" in await flow.told()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("refuse:access_denied", "access_denied"),
        ("refuse:login_required", "access_denied"),
        (f"refuse:{WORDS}", "server_error"),
        (f"error:{WORDS}", "server_error"),
        ("error:invalid_client", "server_error"),
        ("down", "temporarily_unavailable"),
        ("garbage", "temporarily_unavailable"),
    ],
)
async def test_the_words_of_the_identity_provider_reach_nobody(fault: str, said: str) -> None:
    """The client hears a code of ours by a redirect; its page and its description are ours."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            idp.fault = fault
            answer = await flow.browser.open(await flow.returned())
            assert WORDS not in answer.headers["location"] + answer.text
            heard = told(answer)
            assert heard["error"] == said
            assert heard["state"] == "st&te=1"
            assert heard["iss"] == BASE


async def test_a_token_that_has_ended_already_is_none() -> None:
    """An identity provider that sends `expires_in` of 0 gives nobody a code."""
    with identity_provider() as idp:
        idp.told["expires_in"] = 0
        async with flow_of(proxy_of(idp)) as flow:
            assert (await flow.told())["error"] == "temporarily_unavailable"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=a",
        "state=a",
        "code=a&state=b",
        "error=x&state=b",
        "code=a&code=b&state=c",
        "%ff=%00",
    ],
)
async def test_a_malformed_callback_is_a_page_with_status_400(query: str) -> None:
    """Never a failure of the server, whatever is sent there."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            answer = await flow.browser.open(f"{BASE}/auth/callback?{query}")
            assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"txn_id=x",
        b"txn_id=x&action=approve&csrf_token=y",
        b"\xff\xfe",
        b"a=" * 200,
        b"x" * 70_000,
    ],
)
async def test_a_malformed_answer_is_refused(body: bytes) -> None:
    """A form that is none, is incomplete or too large."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            headers = {"content-type": "application/x-www-form-urlencoded"}
            answer = await flow.http.post("/consent", content=body, headers=headers)
            assert answer.status_code in (400, 403, 413)


async def test_no_log_tells_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """A whole flow at level DEBUG: no token, code, secret or verifier in the log."""
    caplog.set_level("DEBUG")
    for name in ("httpcore2", "httpx2", "uvicorn"):
        caplog.set_level("WARNING", name)
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            heard = await flow.told()
            tokens = (await flow.redeem(heard["code"])).json()
            renewed = (await flow.refresh(tokens["refresh_token"])).json()
            idp.fault = "error:invalid_grant"
            await flow.refresh(renewed["refresh_token"])
            for secret in (
                heard["code"],
                flow.verifier,
                CLIENT_SECRET,
                tokens["access_token"],
                tokens["refresh_token"],
                *idp.access_tokens,
                *idp.refresh_tokens,
            ):
                assert secret not in caplog.text
            session: Any = repr(vars(flow.proxy))
            assert CLIENT_SECRET not in session
