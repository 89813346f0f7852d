"""Users sign in at a named identity provider, through a proxy that its app is registered for."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from fastmcp._oauth.pkce import proves
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.providers.azure import AzureProvider
from fastmcp.server.auth.providers.google import GoogleProvider
from fastmcp.server.auth.providers.huggingface import HuggingFaceProvider

from ..oauth_proxy.browsing import BASE, Flow, flow_of
from .identity_provider import APP, SECRET, IdentityProvider, basic
from .proxies import ENTRA, PROXIES, TENANT

every = pytest.mark.parametrize("name", PROXIES)


async def signed_in(flow: Flow, upstream: str, **changes: Any) -> dict[str, Any]:
    """Tokens, after the user has come back from the identity provider with a good code."""
    state = dict(parse_qsl(urlsplit(upstream).query))["state"]
    back = await flow.browser.open(f"{BASE}/auth/callback?code=good-code&state={state}")
    assert back.status_code == 302, back.text
    code = dict(parse_qsl(urlsplit(back.headers["location"]).query))["code"]
    answer = await flow.redeem(code)
    assert answer.status_code == 200, answer.text
    return answer.json()


@every
async def test_a_user_signs_in_and_calls(idp: IdentityProvider, name: str) -> None:
    """Each step asks the identity provider as it wants to be asked, and the tool knows the user."""
    proxy = PROXIES[name]
    proxy.sign_in(idp, proxy.scopes)
    async with idp.client() as http, flow_of(proxy.provider(idp, http)) as flow:
        upstream = await flow.upstream()
        where, _, query = upstream.partition("?")
        asked = dict(parse_qsl(query))
        assert where == proxy.authorize.format(base=idp.base)
        assert asked["client_id"] == APP
        assert asked["redirect_uri"] == f"{BASE}/auth/callback"
        assert asked["response_type"] == "code"
        assert {"scope": " ".join(proxy.scopes), **proxy.asks}.items() <= asked.items()
        assert ("resource" in asked) == (name != "azure")
        tokens = await signed_in(flow, upstream)
        host = urlsplit(idp.base).netloc
        [(headers, form)] = [
            (headers, form)
            for page, headers, form in idp.requests
            if page == proxy.token.format(host=host)
        ]
        assert headers["authorization"] == basic(APP, SECRET)
        assert form["code"] == "good-code"
        assert form["redirect_uri"] == f"{BASE}/auth/callback"
        assert proves(form["code_verifier"], asked["code_challenge"])
        assert form.get("scope") == proxy.exchanges.get("scope")
        assert proxy.exchanges.items() <= form.items()
        assert set(tokens["scope"].split()) == set(proxy.scopes)
        called = await flow.call(tokens["access_token"])
    assert called.status_code == 200
    assert '"sub":"7"' in called.text.replace("\\", "").replace(" ", "")


@every
async def test_scopes_that_were_not_granted_are_not_there(idp: IdentityProvider, name: str) -> None:
    """Whatever was asked for, the user may have granted less."""
    proxy = PROXIES[name]
    proxy.sign_in(idp, ["other"])
    async with idp.client() as http, flow_of(proxy.provider(idp, http)) as flow:
        tokens = await signed_in(flow, await flow.upstream())
        refused = await flow.call(tokens["access_token"])
    assert refused.status_code == 403
    assert refused.json()["error"] == "insufficient_scope"


@every
async def test_an_identity_provider_that_is_away_is_no_refusal(
    idp: IdentityProvider, name: str
) -> None:
    """Users stay signed in, and call again once it answers."""
    proxy = PROXIES[name]
    proxy.sign_in(idp, proxy.scopes)
    async with idp.client() as http, flow_of(proxy.provider(idp, http)) as flow:
        tokens = await signed_in(flow, await flow.upstream())
        idp.instead = (500, b"", {})
        assert (await flow.call(tokens["access_token"])).status_code == 503
        if proxy.issuer is None:  # keys are asked for again some time later only
            idp.instead = None
            assert (await flow.call(tokens["access_token"])).status_code == 200


OPAQUE = [name for name, proxy in PROXIES.items() if proxy.issuer is None]


@pytest.mark.parametrize("name", OPAQUE)
async def test_a_token_that_is_revoked_upstream_is_refused_here(
    idp: IdentityProvider, name: str
) -> None:
    """At once; or with `cache_ttl_seconds` when that time is over."""
    proxy = PROXIES[name]
    proxy.sign_in(idp, proxy.scopes)
    async with idp.client() as http, flow_of(proxy.provider(idp, http)) as flow:
        tokens = await signed_in(flow, await flow.upstream())
        idp.tokens.clear()
        assert (await flow.call(tokens["access_token"])).status_code == 401
    proxy.sign_in(idp, proxy.scopes)
    async with (
        idp.client() as http,
        flow_of(proxy.provider(idp, http, cache_ttl_seconds=300)) as flow,
    ):
        tokens = await signed_in(flow, await flow.upstream())
        assert (await flow.call(tokens["access_token"])).status_code == 200
        idp.tokens.clear()
        assert (await flow.call(tokens["access_token"])).status_code == 200


FOREIGN = {
    "azure": {"aud": "other-app"},
    "auth0": {"aud": "other-api"},
    "cognito": {"client_id": "other-app"},
    "oci": {"iss": "https://login.example.com"},
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_a_token_that_is_not_for_the_app_is_refused(idp: IdentityProvider, name: str) -> None:
    """Even if the token endpoint gave it."""
    proxy = PROXIES[name]
    proxy.sign_in(idp, proxy.scopes, **FOREIGN[name])
    async with idp.client() as http, flow_of(proxy.provider(idp, http)) as flow:
        tokens = await signed_in(flow, await flow.upstream())
        assert (await flow.call(tokens["access_token"])).status_code == 401


@every
async def test_clients_are_told_which_scopes_there_are(idp: IdentityProvider, name: str) -> None:
    """By the metadata of both servers; more may be had than are required."""
    proxy = PROXIES[name]
    more = [*proxy.scopes, "more"]
    async with idp.client() as http:
        made = proxy.provider(idp, http, valid_scopes=more, resource_base_url=BASE)
        assert made.required_scopes == proxy.scopes
        async with flow_of(made) as flow:
            told = (await flow.http.get("/.well-known/oauth-authorization-server")).json()
            assert told["scopes_supported"] == more
            assert told["issuer"].rstrip("/") == BASE
            resource = (await flow.http.get("/.well-known/oauth-protected-resource/mcp")).json()
            assert resource["resource"] == f"{BASE}/mcp"


@every
async def test_no_scopes_may_be_required(idp: IdentityProvider, name: str) -> None:
    """An empty list is not the default. Entra wants at least one."""
    async with idp.client() as http:
        if name == "azure":
            with pytest.raises(ConfigurationError, match="required_scopes"):
                PROXIES[name].provider(idp, http, required_scopes=["openid"])
            return
        assert PROXIES[name].provider(idp, http, required_scopes=[]).required_scopes == []


# What one of them does in its own way


def test_google_is_asked_as_one_likes() -> None:
    """What is given takes the place of what is usual, and of nothing else."""
    made = GoogleProvider(
        client_id=APP,
        client_secret=SECRET,
        base_url=BASE,
        required_scopes=["openid", "email"],
        valid_scopes=["openid", "email", "profile"],
        extra_authorize_params={"prompt": "select_account"},
    )
    url = made._build_upstream_authorize_url("id", {"scopes": ["openid"]})
    asked = dict(parse_qsl(urlsplit(url).query))
    assert asked["prompt"] == "select_account"
    assert asked["access_type"] == "offline"
    google = "https://www.googleapis.com/auth/userinfo"
    assert made.required_scopes == ["openid", f"{google}.email"]
    assert made.client_registration_options.valid_scopes == [
        "openid",
        f"{google}.email",
        f"{google}.profile",
    ]


def test_an_app_may_have_no_secret() -> None:
    """Then tokens are signed by a key of one's own."""
    with pytest.raises(ConfigurationError, match="jwt_signing_key"):
        HuggingFaceProvider(client_id=APP, base_url=BASE)
    made = HuggingFaceProvider(client_id=APP, base_url=BASE, jwt_signing_key="k" * 40)
    assert made._create_upstream_oauth_client().token_endpoint_auth_method == "none"


async def test_tokens_of_entra_tell_gateways_who_the_user_is(idp: IdentityProvider) -> None:
    """In ours, which stand for them; of other claims nothing is told."""
    proxy = PROXIES["azure"]
    proxy.sign_in(idp, proxy.scopes, oid="object-7", name="Ann", secret="hidden")
    async with idp.client() as http:
        made = proxy.provider(idp, http)
        told = await made._extract_upstream_claims(idp.granted)
        assert told == {"sub": "7", "oid": "object-7", "name": "Ann"}
        for broken in ({}, {"access_token": "opaque"}, {"access_token": "a.b.c"}):
            assert await made._extract_upstream_claims(broken) is None


@pytest.mark.parametrize(
    ("scopes", "sent"),
    [
        ([], f"api://{APP}/read offline_access"),
        (["read", "User.Read", "openid"], f"api://{APP}/read openid offline_access"),
        (["api://other/write"], "api://other/write offline_access"),
    ],
)
async def test_entra_is_asked_for_one_resource_at_a_time(
    idp: IdentityProvider, scopes: list[str], sent: str
) -> None:
    """With codes and with refresh tokens; clients read the names that they know."""
    async with idp.client() as http:
        made = PROXIES["azure"].provider(idp, http)
    assert " ".join(made._prepare_scopes_for_token_exchange(scopes)) == sent
    assert " ".join(made._prepare_scopes_for_upstream_refresh(scopes)) == sent
    assert made._translate_scopes_from_idp([f"api://{APP}/read", "User.Read"]) == [
        "read",
        "User.Read",
    ]


async def test_a_policy_of_azure_b2c_has_its_own_place(idp: IdentityProvider) -> None:
    """Its issuer is not known beforehand, its audience is; users cannot choose an account."""
    async with idp.client() as http:
        made = AzureProvider.from_b2c(
            tenant_name="ours",
            policy_name="B2C_1_sign_in",
            client_id=APP,
            client_secret=SECRET,
            required_scopes=["read"],
            base_url=BASE,
            http_client=http,
        )
        place = "https://ours.b2clogin.com/ours.onmicrosoft.com/B2C_1_sign_in"
        url = made._build_upstream_authorize_url("id", {})
        assert url.startswith(f"{place}/oauth2/v2.0/authorize?")
        assert "prompt" not in dict(parse_qsl(url))
        assert made.identifier_uri == f"https://ours.onmicrosoft.com/{APP}"
        for audience, known in ((APP, True), ("other-app", False)):
            token = idp.keys.create_token(
                "7", f"https://ours.b2clogin.com/{TENANT}/v2.0/", audience, kid="one"
            )
            assert (await made._token_validator.verify_token(token) is not None) is known
        with pytest.raises(NotImplementedError):
            await made.get_obo_credential("token")
    with pytest.raises(ConfigurationError, match="tenant_name"):
        AzureProvider.from_b2c(
            tenant_name="ours.onmicrosoft.com",
            policy_name="p",
            client_id=APP,
            client_secret=SECRET,
            required_scopes=["read"],
            base_url=BASE,
        )


async def test_an_issuer_of_azure_b2c_may_be_told(idp: IdentityProvider) -> None:
    """And the domain may be one's own."""
    issuer = f"https://login.example.com/{TENANT}/v2.0/"
    async with idp.client() as http:
        made = AzureProvider.from_b2c(
            tenant_name="ours",
            policy_name="p",
            client_id=APP,
            client_secret=SECRET,
            required_scopes=["read"],
            base_url=BASE,
            custom_domain="https://login.example.com/",
            token_issuer=issuer,
            http_client=http,
        )
        for of, known in ((issuer, True), (f"{ENTRA}/v2.0", False)):
            token = idp.keys.create_token("7", of, APP, kid="one")
            assert (await made._token_validator.verify_token(token) is not None) is known
    assert set(idp.asked) == {"login.example.com/ours.onmicrosoft.com/p/discovery/v2.0/keys"}
