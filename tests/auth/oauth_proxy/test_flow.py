"""A client is authorized through a proxy: from its registration to its calls."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.server.backplane import MemoryBackplane

from .browsing import BASE, CALLBACK, RESOURCE, flow_of, proxy_of
from .identity_provider import CLIENT_ID, IdentityProvider, identity_provider


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def query_of(url: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


async def test_a_client_calls_tools_after_its_user_signed_in_upstream() -> None:
    """Register, consent, sign in, exchange the code: the tool knows the user."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            told = await flow.told()
            assert told["state"] == "st&te=1"
            assert told["iss"] == BASE
            answer = await flow.redeem(told["code"])
            assert answer.headers["cache-control"] == "no-store"
            tokens = answer.json()
            assert tokens["token_type"] == "Bearer"
            assert tokens["scope"] == "read"
            assert 3590 <= tokens["expires_in"] <= 3600
            called = await flow.call(tokens["access_token"])
            assert called.status_code == 200
            assert "ann" in called.text


async def test_no_token_of_the_identity_provider_reaches_the_client() -> None:
    """What the client has is signed here, for this resource, and says nothing of the upstream's."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            tokens = await flow.tokens()
            claims = claims_of(tokens["access_token"])
            assert claims["iss"] == BASE
            assert claims["aud"] == RESOURCE
            assert claims["client_id"] == flow.client["client_id"]
            refresh = claims_of(tokens["refresh_token"])
            assert refresh["token_use"] == "refresh"
            shown = json.dumps([tokens, claims, refresh])
            for secret in (*idp.access_tokens, *idp.refresh_tokens, "id_token"):
                assert secret not in shown


async def test_the_identity_provider_is_asked_with_pkce_and_the_resource() -> None:
    """Its authorization endpoint gets a challenge of ours, its token endpoint the verifier."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, extra_authorize_params={"prompt": "login"})
        async with flow_of(proxy) as flow:
            asked = query_of(await flow.upstream())
            assert asked["client_id"] == CLIENT_ID
            assert asked["redirect_uri"] == f"{BASE}/auth/callback"
            assert asked["scope"] == "read"
            assert asked["resource"] == RESOURCE
            assert asked["prompt"] == "login"
            assert asked["code_challenge_method"] == "S256"
            assert asked["code_challenge"] != query_of(flow.url())["code_challenge"]
            await flow.tokens()
            form = idp.asked[-1][1]
            assert "code_verifier" in form
            assert "scope" not in form


async def test_what_is_not_to_be_forwarded_is_not() -> None:
    """PKCE and the resource go upstream only if they shall; extra parameters go with the code."""
    with identity_provider() as idp:
        proxy = proxy_of(
            idp,
            forward_pkce=False,
            forward_resource=False,
            extra_token_params={"audience": "api"},
            token_endpoint_auth_method="client_secret_post",
        )
        async with flow_of(proxy) as flow:
            await flow.tokens()
            asked = next(each for kind, each in idp.asked if kind == "authorize")
            assert not asked.keys() & {"code_challenge", "resource"}
            form = idp.asked[-1][1]
            assert form["audience"] == "api"
            assert form["client_id"] == CLIENT_ID
            assert "code_verifier" not in form


async def test_the_scopes_are_those_that_the_identity_provider_granted() -> None:
    """It granted less than was asked for: that is what the token has, and what the call sees."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, valid_scopes=["read", "write"])
        async with flow_of(proxy) as flow:
            await flow.register(scope="read write")
            tokens = await flow.tokens(scope="read write")
            assert query_of(flow.url(scope="read write"))["scope"] == "read write"
            assert tokens["scope"] == "read"
            idp.scope = ""
            tokens = await flow.tokens()
            assert tokens.get("scope", "") == ""
            refused = await flow.call(tokens["access_token"])
            assert refused.status_code in (401, 403)


async def test_scopes_that_are_not_offered_cannot_be_asked_for() -> None:
    """The client hears of it, and nobody upstream."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            sent = await flow.browser.open(flow.url(scope="admin"))
            assert query_of(sent.headers["location"])["error"] == "invalid_scope"
            assert not idp.asked


async def test_the_metadata_say_what_there_is() -> None:
    """Endpoints below the base URL, PKCE, public clients, CIMD, and the issuer in redirects."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp, issuer_url="https://issuer.example.com/")) as flow:
            told = (await flow.http.get("/.well-known/oauth-authorization-server")).json()
            assert told["issuer"] == "https://issuer.example.com/"
            assert told["authorization_endpoint"] == f"{BASE}/authorize"
            assert told["token_endpoint"] == f"{BASE}/token"
            assert told["revocation_endpoint"] == f"{BASE}/revoke"
            assert told["code_challenge_methods_supported"] == ["S256"]
            assert told["token_endpoint_auth_methods_supported"] == ["none", "private_key_jwt"]
            assert told["client_id_metadata_document_supported"] is True
            assert told["authorization_response_iss_parameter_supported"] is True
            assert (await flow.told())["iss"] == "https://issuer.example.com/"


async def test_a_client_registers_as_a_public_one() -> None:
    """Whatever it asks for, it gets no secret, which the answer says."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            client = await flow.register(token_endpoint_auth_method="client_secret_basic")
            assert client["token_endpoint_auth_method"] == "none"
            assert "client_secret" not in client
            assert client["scope"] == "read"


async def test_a_code_is_good_once_and_for_whom_it_was_given() -> None:
    """Another client, verifier or redirect URI gets nothing, and does not use it up."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            code = (await flow.told())["code"]
            owner = flow.client
            for wrong in (
                {"code_verifier": "v" * 43},
                {"redirect_uri": CALLBACK + "/other"},
                {"resource": "https://other.example.com/mcp"},
            ):
                refused = await flow.redeem(code, **wrong)
                assert refused.status_code == 400
                assert refused.json()["error"] in ("invalid_grant", "invalid_target")
            await flow.register()
            assert (await flow.redeem(code)).json()["error"] == "invalid_grant"
            flow.client = owner
            assert (await flow.redeem(code)).status_code == 200


async def test_a_code_that_comes_twice_ends_what_it_gave() -> None:
    """The second time it gives nothing, and the tokens of the first time are of no use any more."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            code = (await flow.told())["code"]
            tokens = (await flow.redeem(code)).json()
            assert (await flow.call(tokens["access_token"])).status_code == 200
            assert (await flow.redeem(code)).json()["error"] == "invalid_grant"
            assert (await flow.call(tokens["access_token"])).status_code == 401
            assert (await flow.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
            assert len(idp.revoked) == 2


async def test_workers_with_one_storage_are_one_server() -> None:
    """Each request is served by another worker than the one before."""
    with identity_provider() as idp:
        shared = MemoryBackplane()
        proxies = [proxy_of(idp, client_storage=shared) for _ in range(3)]
        async with flow_of(*proxies) as flow:
            tokens = await flow.tokens()
            assert (await flow.call(tokens["access_token"])).status_code == 200
            renewed = (await flow.refresh(tokens["refresh_token"])).json()
            assert (await flow.call(renewed["access_token"])).status_code == 200


@pytest.mark.parametrize("spelling", ["", "/"])
async def test_users_come_back_to_a_redirect_path_of_ones_own(spelling: str) -> None:
    """`redirect_path` is taken with and without a slash."""

    with identity_provider() as idp:
        proxy = proxy_of(idp, redirect_path=f"{spelling}sso/auth/callback")
        async with flow_of(proxy) as flow:
            asked = query_of(await flow.upstream())
            assert asked["redirect_uri"] == f"{BASE}/sso/auth/callback"
            assert "access_token" in await flow.tokens()


async def test_a_subclass_says_what_is_special_about_its_provider() -> None:
    """The names of scopes, parameters, claims in our tokens, and which token says who it is."""
    from fastmcp.server.auth.oauth_proxy import OAuthProxy

    class Special(OAuthProxy):
        def _build_upstream_authorize_url(self, txn_id: str, transaction: dict[str, Any]) -> str:
            scopes = [f"api://{each}" for each in transaction["scopes"]]
            return super()._build_upstream_authorize_url(txn_id, {**transaction, "scopes": scopes})

        def _prepare_scopes_for_token_exchange(self, scopes: list[str]) -> list[str]:
            return [f"api://{each}" for each in scopes]

        def _prepare_scopes_for_upstream_refresh(self, scopes: list[str]) -> list[str]:
            return [*(f"api://{each}" for each in scopes), "offline_access"]

        def _translate_scopes_from_idp(self, scopes: list[str]) -> list[str]:
            return [each.removeprefix("api://") for each in scopes]

        async def _extract_upstream_claims(self, idp_tokens: dict[str, Any]) -> dict[str, Any]:
            return {"name": claims_of(idp_tokens["id_token"])["sub"]}

        def _get_verification_token(self, upstream_token_set: Any) -> str | None:
            return upstream_token_set.raw_token_data.get("id_token")

        def _uses_alternate_verification(self) -> bool:
            return True

    with identity_provider() as idp:
        idp.scope = "api://read"
        options = proxy_options(idp)
        async with flow_of(Special(**options)) as flow:
            tokens = await flow.tokens()
            assert tokens["scope"] == "read"
            assert claims_of(tokens["access_token"])["upstream_claims"] == {"name": "ann"}
            assert query_of(await flow.upstream())["scope"] == "api://read"
            assert [f["scope"] for kind, f in idp.asked if kind == "token"] == ["api://read"]
            proxy: Any = flow.proxy
            access = await proxy.load_access_token(tokens["access_token"])
            assert access.token == idp.access_tokens[-1]
            assert access.scopes == ["read"]
            assert access.claims["upstream_claims"] == {"name": "ann"}
            assert access.original_client_id == flow.client["client_id"]
            await flow.refresh(tokens["refresh_token"])
            assert idp.asked[-1][1]["scope"] == "api://read offline_access"


def proxy_options(idp: IdentityProvider) -> dict[str, Any]:
    return {
        "upstream_authorization_endpoint": f"{idp.url}/authorize",
        "upstream_token_endpoint": f"{idp.url}/token",
        "upstream_client_id": CLIENT_ID,
        "upstream_client_secret": "upstream-client-secret-0123456789",
        "token_verifier": JWTVerifier(
            jwks_uri=f"{idp.url}/jwks", issuer=idp.url, audience=CLIENT_ID, token_kind="id"
        ),
        "valid_scopes": ["read"],
        "base_url": BASE,
        "client_storage": MemoryBackplane(),
    }
