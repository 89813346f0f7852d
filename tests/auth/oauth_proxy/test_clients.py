"""Which clients there are: registered ones, those known by a URL, and those that have a word."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from authority import authority, response
from certificates import certificate_for

from fastmcp._fetching.fetcher import Fetcher
from fastmcp.server.auth.cimd import CIMDClientManager
from fastmcp.server.auth.identity_assertion import (
    ID_JAG_TYP,
    JWT_BEARER_GRANT_TYPE,
    IdentityAssertion,
)
from fastmcp.server.backplane import MemoryBackplane

from ..authorization_server.signing import EC, jwks, signed
from .browsing import BASE, CALLBACK, RESOURCE, flow_of, proxy_of
from .identity_provider import CLIENT_ID, identity_provider

NAME = "client.example.com"


async def local(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_a_client_that_is_known_by_a_url_need_not_register(tmp_path: Path) -> None:
    """The user sees its domain; a local one is asked for each time, for any program could be it."""
    certificate, key = certificate_for(NAME, tmp_path)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=certificate)
    with identity_provider() as idp:
        proxy = proxy_of(idp, require_authorization_consent="remember")
        async with authority(context=own) as site, flow_of(proxy) as flow:
            url = f"https://{NAME}:{site.port}/client.json"
            site.says({"client_id": url, "client_name": "Known", "redirect_uris": [CALLBACK]})
            fetcher = Fetcher(allow_loopback=True, resolve=local, ssl_context=trust)
            proxy._workings.clients.manager = CIMDClientManager(fetcher=fetcher)
            flow.client = {"client_id": url}
            page = await flow.asked()
            assert NAME in page.text
            tokens = await flow.tokens()
            assert (await flow.call(tokens["access_token"])).status_code == 200
            sent = await flow.browser.open(flow.url())
            again = await flow.browser.open(sent.headers["location"], **{"sec-fetch-site": "none"})
            assert again.status_code == 200
            elsewhere = await flow.browser.open(flow.url(redirect_uri="https://evil.test/cb"))
            assert elsewhere.status_code == 400


async def test_clients_by_url_can_be_turned_off() -> None:
    """Then no URL is fetched, and the metadata do not offer it."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp, enable_cimd=False)) as flow:
            told = (await flow.http.get("/.well-known/oauth-authorization-server")).json()
            assert "client_id_metadata_document_supported" not in told
            assert told["token_endpoint_auth_methods_supported"] == ["none"]
            flow.client = {"client_id": "https://client.example.com/client.json"}
            assert (await flow.browser.open(flow.url())).status_code == 400


async def test_a_client_may_say_the_id_that_the_server_has_upstream() -> None:
    """Some skip registering; the user sees where it leads, and the token is for them alone."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            flow.client = {"client_id": CLIENT_ID}
            tokens = await flow.tokens()
            assert (await flow.call(tokens["access_token"])).status_code == 200
            evil = "https://claude.example.com/callback"
            page = await flow.asked(redirect_uri=evil)
            assert "claude.example.com" in page.text
            bad = await flow.browser.open(flow.url(redirect_uri="javascript:alert(1)"))
            assert bad.status_code == 400


async def test_a_client_that_nobody_knows_is_told_to_register() -> None:
    """A page for the user, JSON for a program."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            flow.client = {"client_id": "nobody"}
            page = await flow.browser.open(flow.url())
            assert page.status_code == 400
            assert "not registered" in page.text
            told = (await flow.http.get(flow.url())).json()
            assert told["registration_endpoint"] == f"{BASE}/register"


async def test_the_scopes_that_clients_are_offered_can_be_changed() -> None:
    """Those who register from then on have them by default, and may ask for no others."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            flow.proxy.update_default_scopes(["read", "write"])
            assert (await flow.register())["scope"] == "read write"
            assert (await flow.asked(scope="write")).status_code == 200


def assertion(issuer: str, client_id: str, **claims: Any) -> str:
    said = {
        "iss": issuer,
        "sub": "ann@corp",
        "aud": BASE,
        "client_id": client_id,
        "resource": RESOURCE,
        "scope": "read",
        **claims,
    }
    return signed(said, EC, "ES256", {"typ": ID_JAG_TYP})


async def test_a_user_comes_in_by_the_word_of_their_company() -> None:
    """One assertion, one token, for all workers; it can be revoked; nothing is asked upstream."""
    with identity_provider() as idp:
        async with authority() as company:
            documents = {
                "/.well-known/openid-configuration": {
                    "issuer": company.url,
                    "jwks_uri": f"{company.url}/keys",
                },
                "/keys": jwks(EC),
            }
            company.answer = lambda asked: response(documents[asked.path])
            config = IdentityAssertion(trusted_issuers=[company.url], algorithm="ES256")
            shared = MemoryBackplane()
            proxies = [
                proxy_of(idp, identity_assertion=config, client_storage=shared) for _ in range(2)
            ]
            async with flow_of(*proxies) as flow:
                assert JWT_BEARER_GRANT_TYPE in flow.client["grant_types"]
                text = assertion(company.url, flow.client["client_id"])
                form = {"grant_type": JWT_BEARER_GRANT_TYPE, "assertion": text}
                tokens = (await flow.token(**form)).json()
                assert "refresh_token" not in tokens
                assert tokens["expires_in"] == 300
                for _ in range(2):
                    answer = await flow.call(tokens["access_token"])
                    assert answer.status_code == 200
                    assert "ann@corp" in answer.text
                for _ in range(2):
                    assert (await flow.token(**form)).json()["error"] == "invalid_grant"
                stranger = assertion(company.url, "another client")
                refused = await flow.token(grant_type=JWT_BEARER_GRANT_TYPE, assertion=stranger)
                assert refused.json()["error"] == "invalid_grant"
                revoking = {"token": tokens["access_token"], "client_id": flow.client["client_id"]}
                assert (await flow.http.post("/revoke", data=revoking)).status_code == 200
                assert (await flow.call(tokens["access_token"])).status_code == 401
                assert not idp.asked


async def test_without_a_trusted_company_there_is_no_such_grant() -> None:
    """`unsupported_grant_type`, and the metadata do not offer it."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            refused = await flow.token(grant_type=JWT_BEARER_GRANT_TYPE, assertion="a.b.c")
            assert refused.json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("uri", ["http://evil.example.com/cb", "javascript:alert(1)", "ftp://x/"])
async def test_a_client_cannot_register_to_send_users_anywhere(uri: str) -> None:
    """`invalid_redirect_uri` for a place that is none."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, allowed_client_redirect_uris=["https://*.example.org/*"])
        async with flow_of(proxy_of(idp)) as flow:
            answer = await flow.http.post("/register", json={"redirect_uris": [uri]})
            if not uri.startswith("ftp"):
                assert answer.status_code == 400
                assert answer.json()["error"] == "invalid_redirect_uri"
        assert proxy._allowed_client_redirect_uris
