"""Users are asked for which client they sign in, in the browser that they come back in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fastmcp.exceptions import ConfigurationError

from .browsing import BASE, CALLBACK, Browser, flow_of, proxy_of, told
from .identity_provider import CLIENT_ID, identity_provider

NOT_FROM_ELSEWHERE = {"sec-fetch-site": "none"}


async def test_the_page_says_who_asks_for_what_and_where_it_leads() -> None:
    """Name, host of the redirect URI, scopes; no script, no framing, nothing of it is kept."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            await flow.register(client_name="<script>alert(1)</script>")
            page = await flow.asked()
            assert page.status_code == 200
            assert "127.0.0.1:5000" in page.text
            assert "read" in page.text
            assert "&lt;script&gt;" in page.text
            assert "<script" not in page.text
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "script-src" not in policy
            assert page.headers["x-frame-options"] == "DENY"
            assert page.headers["cache-control"] == "no-store"


async def test_cookies_are_for_this_host_alone_and_for_no_script() -> None:
    """Over HTTPS their name keeps other hosts from setting them."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            page = await flow.asked()
            answer = await flow.browser.answer(page, "approve")
            set_cookies = [*page.headers.get_list("set-cookie")]
            set_cookies += answer.headers.get_list("set-cookie")
            assert set_cookies
            for cookie in set_cookies:
                assert cookie.startswith("__Host-MCP_CONSENT_")
                for attribute in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"):
                    assert attribute in cookie
                assert "Domain" not in cookie


async def test_who_says_no_is_not_sent_upstream() -> None:
    """The client hears `access_denied`, and the transaction has ended."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            page = await flow.asked()
            said = told(await flow.browser.answer(page, "deny"))
            assert said["error"] == "access_denied"
            assert said["state"] == "st&te=1"
            assert said["iss"] == BASE
            assert (await flow.browser.answer(page, "approve")).status_code == 400
            assert not idp.asked


async def test_by_default_users_are_asked_each_time() -> None:
    """A yes is for one authorization."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            await flow.tokens()
            sent = await flow.browser.open(flow.url(), **NOT_FROM_ELSEWHERE)
            page = await flow.browser.open(sent.headers["location"], **NOT_FROM_ELSEWHERE)
            assert page.status_code == 200


async def again(flow: Any, headers: dict[str, str], **changes: Any) -> int:
    """The status of the second visit of the consent page."""
    sent = await flow.browser.open(flow.url(**changes))
    return (await flow.browser.open(sent.headers["location"], **headers)).status_code


async def test_a_browser_that_remembers_is_not_asked_again() -> None:
    """Not for the same client, redirect URI and scopes, when nobody else sent the user here."""
    with identity_provider() as idp:
        proxy = proxy_of(
            idp, require_authorization_consent="remember", valid_scopes=["read", "write"]
        )
        async with flow_of(proxy) as flow:
            await flow.register(scope="read write")
            await flow.tokens(scope="read")
            assert await again(flow, NOT_FROM_ELSEWHERE, scope="read") == 302
            assert await again(flow, NOT_FROM_ELSEWHERE, scope="read write") == 200
            assert await again(flow, {"sec-fetch-site": "cross-site"}, scope="read") == 200
            assert await again(flow, {}, scope="read") == 200
            other_port = CALLBACK.replace("5000", "5001")
            changes = {"scope": "read", "redirect_uri": other_port}
            assert await again(flow, NOT_FROM_ELSEWHERE, **changes) == 200
            await flow.register(scope="read write")
            assert await again(flow, NOT_FROM_ELSEWHERE, scope="read") == 200


async def test_who_is_not_asked_again_comes_back_in_the_same_browser_too() -> None:
    """Remembering does not give up the binding to the browser."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, require_authorization_consent="remember")
        async with flow_of(proxy) as flow:
            await flow.tokens()
            sent = await flow.browser.open(flow.url())
            on = await flow.browser.open(sent.headers["location"], **NOT_FROM_ELSEWHERE)
            back = (await flow.browser.open(on.headers["location"])).headers["location"]
            stranger = Browser(flow.app)
            async with stranger.http:
                assert (await stranger.open(back)).status_code == 403
            assert "code" in told(await flow.browser.open(back))


async def test_a_no_is_not_remembered() -> None:
    """Who said no by mistake is asked again."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, require_authorization_consent="remember")
        async with flow_of(proxy) as flow:
            await flow.browser.answer(await flow.asked(), "deny")
            assert await again(flow, NOT_FROM_ELSEWHERE) == 200


async def test_a_client_that_says_the_servers_own_id_is_never_remembered() -> None:
    """Anybody can say it: the user sees where it leads, each time."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, require_authorization_consent="remember")
        async with flow_of(proxy) as flow:
            flow.client = {"client_id": CLIENT_ID}
            await flow.tokens()
            assert await again(flow, NOT_FROM_ELSEWHERE) == 200


@pytest.mark.parametrize("consent", [False, "external"])
async def test_where_nobody_asks_the_user_goes_straight_on(
    consent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """For development, with a warning; or because something else asks."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, require_authorization_consent=consent)
        assert ("for development" in caplog.text) is (consent is False)
        async with flow_of(proxy) as flow:
            sent = await flow.browser.open(flow.url())
            assert sent.headers["location"].startswith(f"{idp.url}/authorize?")
            back = await flow.browser.open(sent.headers["location"])
            code = told(await flow.browser.open(back.headers["location"]))["code"]
            assert (await flow.redeem(code)).status_code == 200


@pytest.mark.parametrize("consent", [False, "external"])
async def test_where_nobody_asks_an_unregistered_client_stays_on_the_users_machine(
    consent: Any,
) -> None:
    """The id of the server itself does not lead elsewhere without a yes, unless patterns say so."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, require_authorization_consent=consent)
        async with flow_of(proxy) as flow:
            flow.client = {"client_id": CLIENT_ID}
            sent = await flow.browser.open(flow.url(redirect_uri="https://evil.example.com/cb"))
            assert sent.status_code == 400
            assert (await flow.browser.open(flow.url())).status_code == 302


async def test_a_page_that_was_loaded_twice_can_be_answered_in_either() -> None:
    """A reload does not make the form useless that the user sees."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            first = await flow.asked()
            url = str(first.url)
            for _ in range(3):
                last = await flow.browser.open(url)
            assert first.text != last.text
            assert (await flow.browser.answer(first, "approve")).status_code == 302


async def test_a_browser_carries_few_pages_at_a_time() -> None:
    """The oldest are forgotten, so that its requests do not grow without end."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            for _ in range(25):
                page = await flow.asked()
            names = [each.name for each in flow.browser.http.cookies.jar]
            assert len(names) <= 11
            assert (await flow.browser.answer(page, "approve")).status_code == 302


@pytest.mark.parametrize("policy", ["", "default-src 'self'"])
async def test_the_policy_of_the_page_can_be_ones_own(policy: str) -> None:
    """A text replaces it, an empty one takes it away."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp, consent_csp_policy=policy)) as flow:
            page = await flow.asked()
            assert page.headers.get("content-security-policy", "") == policy


async def test_without_https_cookies_have_no_prefix(caplog: pytest.LogCaptureFixture) -> None:
    """For development on one's own machine, which the log says."""
    base = "http://localhost:8000"
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp, base_url=base), base=base) as flow:
            page = await flow.asked()
            [cookie] = page.headers.get_list("set-cookie")
            assert cookie.startswith("__MCP_CONSENT_STATE_")
            assert "Secure" not in cookie
            assert (await flow.browser.answer(page, "approve")).status_code == 302
        assert "not https" in caplog.text


@pytest.mark.parametrize("query", ["", "?txn_id=unknown", "?txn_id=a&txn_id=b"])
async def test_a_page_of_nothing_is_an_error(query: str) -> None:
    """Without a transaction there is nothing to be asked."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            page = await flow.browser.open(f"{BASE}/consent{query}")
            assert page.status_code == 400


def test_a_way_of_asking_that_there_is_not_is_refused() -> None:
    """The error says which there are."""
    with (
        identity_provider() as idp,
        pytest.raises(ConfigurationError, match="'remember', 'external'"),
    ):
        proxy_of(idp, require_authorization_consent="sometimes")


async def test_where_users_are_sent_follows_the_patterns() -> None:
    """Registered and allowed: both have to be true, at registration and at authorization."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, allowed_client_redirect_uris=["http://127.0.0.1:*"])
        async with flow_of(proxy) as flow:
            assert (await flow.asked()).status_code == 200
            refused = await flow.http.post(
                "/register", json={"redirect_uris": ["https://claude.ai/callback"]}
            )
            assert refused.status_code == 400
            assert refused.json()["error"] == "invalid_redirect_uri"
            other = await flow.browser.open(flow.url(redirect_uri="http://127.0.0.1:5000/other"))
            assert other.status_code == 400
            assert "location" not in other.headers
            port = await flow.browser.open(flow.url(redirect_uri="http://127.0.0.1:6000/callback"))
            assert port.status_code == 302
            proxy._workings.clients._patterns = []
            assert (await flow.browser.open(flow.url())).status_code == 400


async def test_the_consent_is_asked_of_the_client_in_the_transaction() -> None:
    """Parameters of the page's address beside the transaction change nothing."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            sent = await flow.browser.open(flow.url())
            url = sent.headers["location"]
            page = await flow.browser.open(f"{url}&client_id=other&redirect_uri=https://evil.test/")
            assert "evil.test" not in page.text
            query = parse_qs(urlsplit(url).query)
            assert list(query) == ["txn_id"]
