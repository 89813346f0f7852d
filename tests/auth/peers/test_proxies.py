"""Our proxies in front of a real OpenID provider, clients of all kinds, a person in a browser."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import Chromium, Page
from processes import free_port

from fastmcp.server.auth import AuthProvider
from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.oidc_proxy import OIDCProxy
from fastmcp.server.auth.providers.jwt import JWTVerifier

from .official import CLIENTS, OURS, OfficialClients
from .openid import OpenIdProvider, openid_provider, web_client
from .ours import our_server

pytestmark = pytest.mark.timeout(300, func_only=True)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a proxy keeps is kept there."""
    monkeypatch.setenv("FASTMCP_HOME", str(tmp_path / "fastmcp"))


def oauth_proxy(openid: OpenIdProvider, app: dict[str, Any], **options: Any) -> Any:
    """A proxy that is told where everything is."""

    def make(base: str) -> AuthProvider:
        return OAuthProxy(
            upstream_authorization_endpoint=f"{openid.issuer}/auth",
            upstream_token_endpoint=f"{openid.issuer}/token",
            upstream_revocation_endpoint=f"{openid.issuer}/token/revocation",
            upstream_client_id=app["client_id"],
            upstream_client_secret=app["client_secret"],
            token_verifier=JWTVerifier(
                jwks_uri=openid.jwks_uri,
                issuer=openid.issuer,
                audience=f"{base}/mcp",
                required_scopes=["read"],
            ),
            base_url=base,
            **options,
        )

    return make


def oidc_proxy(openid: OpenIdProvider, app: dict[str, Any], **options: Any) -> Any:
    """A proxy that finds out by itself."""

    def make(base: str) -> AuthProvider:
        return OIDCProxy(
            config_url=openid.configuration,
            client_id=app["client_id"],
            client_secret=app["client_secret"],
            audience=f"{base}/mcp",
            required_scopes=["read"],
            base_url=base,
            **options,
        )

    return make


PROXIES: dict[str, Callable[..., Any]] = {"OAuthProxy": oauth_proxy, "OIDCProxy": oidc_proxy}


class Proxied:
    """A running proxy, with the URL of the endpoint behind it."""

    def __init__(self, url: str, openid: OpenIdProvider) -> None:
        self.url, self.openid = url, openid
        self.base = url.removesuffix("/mcp")


@contextmanager
def proxied(
    kind: str, node: str, home: Path, *, seconds: int = 600, **options: Any
) -> Generator[Proxied]:
    """A server of ours behind a proxy of that kind, which the provider knows as a client."""
    port = free_port()
    app = web_client(f"http://127.0.0.1:{port}/auth/callback")
    with openid_provider(node, home, clients=[app], seconds=seconds) as openid:
        make = PROXIES[kind](openid, app, **options)
        with our_server(make, port=port) as url:
            yield Proxied(url, openid)


def allow(page: Page, proxy: Proxied) -> None:
    """Answer our own page."""
    page.at(f"{proxy.base}/consent")
    page.click("button[value=approve]")


@pytest.mark.parametrize(
    ("kind", "program"),
    [
        *(("OAuthProxy", program) for program in (*CLIENTS, OURS)),
        ("OIDCProxy", "ts_client.mjs"),
        ("OIDCProxy", OURS),
    ],
)
def test_a_client_is_authorized_through_a_proxy(
    kind: str, program: str, node: str, home: Path, official: OfficialClients, page: Page
) -> None:
    """It registers at the proxy; its user agrees there, and signs in at the provider."""
    with (
        proxied(kind, node, home) as proxy,
        official.authorizing(program, proxy.url, name="Best client") as client,
    ):
        page.open(client.wants())
        page.read("Best client")
        allow(page, proxy)
        proxy.openid.log_in(page, "ann")
        page.wait_for(lambda page: "/callback" in page.url, "way back")
        said = client.done()

    assert said["who"] == said["again"] == "ann by read"
    if program != OURS:
        assert said["state"]
        assert said["rotated"]
        assert said["issuer"] == proxy.base
        assert said["opened"] == 1


@pytest.mark.parametrize("kind", PROXIES)
def test_tokens_of_the_provider_are_refreshed_behind_the_proxy(
    kind: str, node: str, home: Path, official: OfficialClients, page: Page
) -> None:
    """While the client's own go on being good, or are refreshed: nobody signs in again."""
    with (
        proxied(kind, node, home, seconds=3) as proxy,
        official.authorizing(OURS, proxy.url, times=6) as client,
    ):
        page.open(client.wants())
        allow(page, proxy)
        proxy.openid.log_in(page, "ann")
        said = client.done()

    assert said["who"] == said["again"] == "ann by read"


@pytest.mark.parametrize("program", ["ts_client.mjs", "sdk2.py"])
def test_a_client_hears_that_its_user_said_no(
    program: str, node: str, home: Path, official: OfficialClients, page: Page
) -> None:
    """As `access_denied`, and the provider is never gone to."""
    with (
        proxied("OAuthProxy", node, home) as proxy,
        official.authorizing(program, proxy.url) as client,
    ):
        page.open(client.wants())
        page.at(f"{proxy.base}/consent")
        page.click("button[value=deny]")
        page.read("You may go back.")
        said = client.done()

    assert said["refused"] == "access_denied"
    assert said["state"]
    assert said["issuer"] == proxy.base
    assert "who" not in said
    assert not [url for url in page.asked if url.startswith(proxy.openid.issuer)]


def test_a_client_hears_that_the_provider_did_not_sign_its_user_in(
    node: str, home: Path, official: OfficialClients, page: Page
) -> None:
    """By its code alone: what the provider says of the reason stays here."""
    with (
        proxied("OAuthProxy", node, home) as proxy,
        official.authorizing("ts_client.mjs", proxy.url) as client,
    ):
        page.open(client.wants())
        allow(page, proxy)
        page.at(f"{proxy.openid.issuer}/interaction/")
        page.click("a[href$=abort]")
        page.read("You may go back.")
        said = client.done()

    assert said["refused"] == "access_denied"
    back = [url for url in page.asked if "access_denied" in url]
    assert [url.partition("?")[0].startswith(proxy.base) for url in back] == [True, False]
    assert ["aborted" in url for url in back] == [True, False]


@pytest.mark.parametrize("kind", PROXIES)
def test_nobody_is_signed_in_for_somebody_elses_client(
    kind: str, node: str, home: Path, official: OfficialClients, browser: Chromium
) -> None:
    """One agrees, and sends the provider's page to another, who signs in there: neither gets any
    further (CVE-2026-27124).
    """
    with (
        proxied(kind, node, home) as proxy,
        official.authorizing("ts_client.mjs", proxy.url) as client,
        browser.person() as mallory,
        browser.person() as ann,
    ):
        mallory.open(client.wants())
        allow(mallory, proxy)
        mallory.at(f"{proxy.openid.issuer}/interaction/")
        lure = next(url for url in mallory.asked if url.startswith(f"{proxy.openid.issuer}/auth?"))
        ann.open(lure)
        proxy.openid.log_in(ann, "ann")
        ann.at(f"{proxy.base}/auth/callback")
        ann.read("in this browser")
        status, _ = ann.answers[ann.url]

    assert status == 403
    assert not [url for url in ann.asked if "code=" in url and not url.startswith(proxy.base)]


def test_consent_can_be_remembered_by_a_browser(
    node: str, home: Path, official: OfficialClients, browser: Chromium
) -> None:
    """For that client alone, and in that browser alone."""
    with (
        proxied("OAuthProxy", node, home, require_authorization_consent="remember") as proxy,
        official.authorizing("ts_client.mjs", proxy.url) as client,
        browser.person() as ann,
        browser.person() as bob,
    ):
        url = client.wants()
        ann.open(url)
        allow(ann, proxy)
        proxy.openid.log_in(ann, "ann")
        ann.read("You may go back.")
        registered = client.done()["client"]["redirect_uris"][0]

        ann.open(url)
        ann.wait_for(lambda page: not page.url.startswith(proxy.base), "way on")
        bob.open(url)
        bob.at(f"{proxy.base}/consent")

        with official.authorizing("ts_client.mjs", proxy.url) as other:
            ann.open(other.wants())
            ann.at(f"{proxy.base}/consent")
            assert registered not in ann.text
