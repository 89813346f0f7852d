"""From registering to refreshed tokens, as clients do it."""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import quote_plus

import pytest

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions

from .flows import BASE, CALLBACK, RESOURCE, Clock, flow_of, in_memory, registered, told


async def test_a_client_gets_tokens_that_open_the_endpoint() -> None:
    """By a code with PKCE; the redirect has the state and the issuer."""
    async with registered() as flow:
        answer = await flow.authorize()
        assert answer.headers["location"].startswith(f"{CALLBACK}?")
        assert answer.headers["cache-control"] == "no-store"
        sent = told(answer)
        assert sent["state"] == "st&te=1"
        assert sent["iss"] == BASE
        assert len(sent["code"]) >= 43

        got = await flow.redeem(sent["code"])

        assert got.status_code == 200
        assert got.headers["cache-control"] == "no-store"
        tokens = got.json()
        assert tokens["token_type"] == "Bearer"
        assert tokens["scope"] == "read"
        assert tokens["expires_in"] == 3600
        assert await flow.calls(tokens["access_token"]) == 200
        assert await flow.calls("nothing") == 401


async def test_a_request_may_be_posted() -> None:
    """As RFC 6749 allows."""
    async with registered() as flow:
        answer = await flow.http.post("/authorize", data=flow.request())

        assert (await flow.redeem(told(answer)["code"])).status_code == 200


async def test_refreshing_gives_other_tokens_and_keeps_what_was_granted() -> None:
    """Fewer scopes are given for once; the refresh token keeps all of them."""
    async with registered() as flow:
        first = await flow.tokens(scope="read write")
        second = (await flow.refresh(first["refresh_token"], scope="read")).json()
        third = (await flow.refresh(second["refresh_token"])).json()

        assert second["scope"] == "read"
        assert set(third["scope"].split()) == {"read", "write"}
        texts = {
            each[name]
            for each in (first, second, third)
            for name in ("access_token", "refresh_token")
        }
        assert len(texts) == 6
        assert await flow.calls(third["access_token"]) == 200


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
@pytest.mark.parametrize("way", ["header", "form"])
async def test_a_secret_is_taken_in_the_header_and_in_the_form(method: str, way: str) -> None:
    """Whichever of the two the client has registered for."""
    async with registered(token_endpoint_auth_method=method) as flow:
        client = flow.client
        assert client["client_secret_expires_at"] == 0
        form: dict[str, Any] = {
            "grant_type": "authorization_code",
            "code": await flow.code(),
            "code_verifier": flow.verifier,
            "redirect_uri": CALLBACK,
        }
        headers = {}
        if way == "header":
            pair = f"{quote_plus(client['client_id'])}:{quote_plus(client['client_secret'])}"
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {name: client[name] for name in ("client_id", "client_secret")}
        answer = await flow.http.post("/token", data=form, headers=headers)

        assert answer.status_code == 200


async def test_the_header_of_a_client_is_decoded_as_a_form() -> None:
    """Id and secret may have any character (RFC 6749 section 2.3.1)."""
    from fastmcp._oauth.documents import OAuthClientInformationFull

    provider = in_memory()
    await provider.register_client(
        OAuthClientInformationFull(
            client_id="a:b c", client_secret="s+%/é", redirect_uris=[CALLBACK], scope="read"
        )
    )
    async with flow_of(provider) as flow:
        flow.client = {"client_id": "a:b c"}
        pair = f"{quote_plus('a:b c')}:{quote_plus('s+%/é')}"
        header = "Basic " + base64.b64encode(pair.encode()).decode()
        form = {
            "grant_type": "authorization_code",
            "code": await flow.code(),
            "code_verifier": flow.verifier,
            "redirect_uri": CALLBACK,
        }

        answer = await flow.http.post("/token", data=form, headers={"authorization": header})

        assert answer.status_code == 200


async def test_without_scopes_a_client_gets_those_it_registered_for() -> None:
    """And without any of its own those of the server."""
    async with registered(scope="write") as flow:
        assert (await flow.tokens(scope=None))["scope"] == "write"
    async with registered(scope=None) as flow:
        assert flow.client["scope"] == "read"
        assert (await flow.tokens(scope=None))["scope"] == "read"


async def test_a_revoked_token_ends_with_all_that_was_issued_with_it() -> None:
    """By the access token as by the refresh token."""
    for which in ("access_token", "refresh_token"):
        async with registered() as flow:
            first = await flow.tokens()
            form = {"client_id": flow.client["client_id"], "token": first[which]}
            assert (await flow.http.post("/revoke", data=form)).status_code == 200

            assert await flow.calls(first["access_token"]) == 401
            assert (await flow.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
            again = await flow.http.post("/revoke", data=form)
            assert again.status_code == 200


async def test_a_client_revokes_nothing_of_others() -> None:
    """It hears nothing of it, either (RFC 7009 section 2.2)."""
    async with registered() as flow:
        first = await flow.tokens()
        await flow.register()
        form = {"client_id": flow.client["client_id"], "token": first["access_token"]}
        assert (await flow.http.post("/revoke", data=form)).status_code == 200

        assert await flow.calls(first["access_token"]) == 200


async def test_tokens_end() -> None:
    """Codes, access tokens and refresh tokens have their time."""
    clock = Clock()
    async with registered(in_memory(clock=clock)) as flow:
        code = await flow.code()
        tokens = await flow.tokens()
        clock.now += 301
        assert (await flow.redeem(code)).json()["error"] == "invalid_grant"
        clock.now += 3600
        assert await flow.calls(tokens["access_token"]) == 401
        assert (await flow.refresh(tokens["refresh_token"])).status_code == 200


async def test_what_is_kept_can_be_looked_into() -> None:
    """A test of a user's finds clients, codes and tokens, and adds its own."""
    from fastmcp._oauth.pkce import challenge_of
    from fastmcp.server.auth import AccessToken
    from fastmcp.server.auth.oauth.grants import AuthorizationCode, RefreshToken

    provider = in_memory()
    async with registered(provider) as flow:
        code = await flow.code()
        assert provider.auth_codes[code].client_id == flow.client["client_id"]
        tokens = (await flow.redeem(code)).json()
        assert provider.access_tokens[tokens["access_token"]].scopes == ["read"]
        assert tokens["refresh_token"] in provider.refresh_tokens
        assert code not in provider.auth_codes

        provider.access_tokens["mine"] = AccessToken(token="mine", client_id="c", scopes=["read"])
        assert await flow.calls("mine") == 200
        mine = flow.client["client_id"]
        provider.refresh_tokens["old"] = RefreshToken(token="old", client_id=mine, scopes=["read"])
        newer = (await flow.refresh("old")).json()
        assert await flow.calls(newer["access_token"]) == 200
        provider.auth_codes["given"] = AuthorizationCode(
            code="given",
            scopes=["read"],
            expires_at=time.time() + 60,
            client_id=mine,
            code_challenge=challenge_of(flow.verifier),
            redirect_uri=CALLBACK,
            redirect_uri_provided_explicitly=True,
        )
        given = (await flow.redeem("given")).json()
        assert await flow.calls(given["access_token"]) == 200
        assert (await flow.redeem("given")).status_code == 400
        assert (await flow.refresh(given["refresh_token"])).status_code == 200


async def test_without_options_clients_cannot_register_or_revoke() -> None:
    """These are off until somebody turns them on."""
    async with flow_of(
        in_memory(client_registration_options=None, revocation_options=None)
    ) as flow:
        document = (await flow.http.get("/.well-known/oauth-authorization-server")).json()
        assert "registration_endpoint" not in document
        assert "revocation_endpoint" not in document
        assert (await flow.http.post("/register", json={})).status_code == 404
        assert (await flow.http.post("/revoke", data={})).status_code == 404


def test_a_base_url_is_needed() -> None:
    """An authorization server has to know where it is."""
    from fastmcp.server.auth.oauth.provider import OAuthProvider

    with pytest.raises(ConfigurationError, match="base_url="):
        OAuthProvider(base_url=None)
    with pytest.raises(ConfigurationError, match="issuer_url="):
        in_memory(issuer_url="not a url")


async def test_secrets_of_clients_end() -> None:
    """After as many seconds as the options say."""
    options = ClientRegistrationOptions(
        enabled=True, valid_scopes=["read"], client_secret_expiry_seconds=-1
    )
    async with registered(
        in_memory(client_registration_options=options),
        token_endpoint_auth_method="client_secret_post",
        scope="read",
    ) as flow:
        answer = await flow.redeem(await flow.code(), client_secret=flow.client["client_secret"])
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_resource_may_be_spelled_otherwise() -> None:
    """With a slash at its end, or a host in capitals."""
    async with registered() as flow:
        for spelling in (f"{RESOURCE}/", RESOURCE.replace("http:", "HTTP:")):
            answer = await flow.redeem(await flow.code(resource=spelling), resource=RESOURCE)
            assert answer.status_code == 200, spelling
