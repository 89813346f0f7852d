"""What attackers try against an authorization server, and what becomes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fastmcp._oauth.documents import OAuthClientInformationFull
from fastmcp._oauth.pkce import challenge_of, new_verifier

from .browsing import answer, shown, sign_in, stored, users_of
from .flows import BASE, CALLBACK, RESOURCE, Clock, flow_of, in_memory, registered, told


async def test_a_code_is_good_once_and_a_second_use_ends_what_it_gave() -> None:
    """RFC 6749 section 4.1.2."""
    async with registered() as flow:
        code = await flow.code()
        tokens = (await flow.redeem(code)).json()
        replay = await flow.redeem(code)

        assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
        assert await flow.calls(tokens["access_token"]) == 401
        assert (await flow.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_of_many_who_redeem_a_code_at_once_one_may_get_tokens(tmp_path: Path) -> None:
    """And as others had the code, these end as well."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        code = told(await answer(flow, await shown(flow), "approve"))["code"]
        got = await asyncio.gather(*(flow.redeem(code) for _ in range(8)))
        given = [each.json() for each in got if each.status_code == 200]

        assert len(given) <= 1
        assert all(each.json()["error"] == "invalid_grant" for each in got if each.is_error)
        for tokens in given:
            assert await flow.calls(tokens["access_token"]) == 401


async def test_a_code_is_for_the_client_that_asked() -> None:
    """Another one that has it learns nothing, and does not spend it."""
    async with registered() as flow:
        code, first = await flow.code(), flow.client
        await flow.register()
        assert (await flow.redeem(code)).json()["error"] == "invalid_grant"
        flow.client = first

        assert (await flow.redeem(code)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": new_verifier()},
        {"code_verifier": "short"},
        {"redirect_uri": "http://127.0.0.1:5000/other"},
        {"redirect_uri": "http://127.0.0.1:5001/callback"},
        {"redirect_uri": None},
    ],
)
async def test_a_code_is_bound_to_what_it_was_asked_with(changes: dict[str, Any]) -> None:
    """The challenge, and the redirect URI, its port included."""
    async with registered() as flow:
        got = await flow.redeem(await flow.code(), **changes)

        assert (got.status_code, got.json()["error"]) == (400, "invalid_grant")


async def test_a_challenge_is_no_verifier() -> None:
    """Plain is not taken, whatever a request says or leaves out (PKCE downgrade)."""
    async with registered() as flow:
        for method in ("plain", "s256", "none", ""):
            sent = await flow.authorize(code_challenge_method=method or None)
            if method:
                assert told(sent)["error"] == "invalid_request"
        challenge = challenge_of(flow.verifier)
        code = await flow.code(code_challenge_method=None)
        got = await flow.redeem(code, code_verifier=challenge)
        assert got.json()["error"] == "invalid_grant"
        for missing in (None, "", "short", "é" * 43, "a" * 44):
            assert told(await flow.authorize(code_challenge=missing))["error"] == "invalid_request"
        assert (await flow.redeem(code, code_verifier=None)).json()["error"] == "invalid_request"


async def test_a_refresh_token_that_is_used_again_ends_all() -> None:
    """After the window in which its answer may have been lost (RFC 9700 section 4.14)."""
    clock = Clock()
    async with registered(in_memory(clock=clock)) as flow:
        first = await flow.tokens()
        second = (await flow.refresh(first["refresh_token"])).json()
        clock.now += 11
        stolen = await flow.refresh(first["refresh_token"])

        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
        assert await flow.calls(second["access_token"]) == 401
        assert (await flow.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_refresh_whose_answer_was_lost_gives_the_same_answer() -> None:
    """For ten seconds, and the same client."""
    clock = Clock()
    async with registered(in_memory(clock=clock)) as flow:
        first = await flow.tokens()
        second = (await flow.refresh(first["refresh_token"])).json()
        clock.now += 9
        assert (await flow.refresh(first["refresh_token"])).json() == second
        assert await flow.calls(second["access_token"]) == 200
        mine = flow.client
        await flow.register()
        assert (await flow.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
        flow.client = mine
        assert (await flow.refresh(second["refresh_token"])).status_code == 200


async def test_refreshing_at_once_gives_one_answer(tmp_path: Path) -> None:
    """Two windows of a client do not lock each other out."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        tokens = await flow.redeem(told(await answer(flow, await shown(flow), "approve"))["code"])
        refresh = tokens.json()["refresh_token"]
        got = await asyncio.gather(*(flow.refresh(refresh) for _ in range(6)))

        assert {each.status_code for each in got} == {200}
        assert len({each.json()["access_token"] for each in got}) == 1
        assert await flow.calls(got[0].json()["access_token"]) == 200


async def test_a_refresh_token_opens_nothing_and_widens_nothing() -> None:
    """It is no bearer token, and gives no scopes that were not granted."""
    async with registered() as flow:
        tokens = await flow.tokens(scope="read")

        assert await flow.calls(tokens["refresh_token"]) == 401
        wider = await flow.refresh(tokens["refresh_token"], scope="read write")
        assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")
        assert (await flow.refresh(tokens["refresh_token"], scope="read")).status_code == 200


async def test_a_token_for_another_server_opens_nothing() -> None:
    """CVE-2025-69196, GHSA-w4fh-qvv9-3v23: `resource` is checked where tokens are asked for, given
    and used.
    """
    from fastmcp.server.auth import AccessToken

    provider = in_memory()
    other = "https://other.example/mcp"
    async with registered(provider) as flow:
        for resource in (other, f"{RESOURCE}/../x", f"{RESOURCE}#x", f"{RESOURCE}?x", BASE, "mcp"):
            assert told(await flow.authorize(resource=resource))["error"] == "invalid_target"
        got = await flow.redeem(await flow.code(), resource=other)
        assert (got.status_code, got.json()["error"]) == (400, "invalid_target")
        tokens = await flow.tokens()
        refused = await flow.refresh(tokens["refresh_token"], resource=other)
        assert refused.json()["error"] == "invalid_target"
        provider.access_tokens["theirs"] = AccessToken(
            token="theirs", client_id="c", scopes=["read"], resource=other
        )
        assert await flow.calls("theirs") == 401
        assert provider.access_tokens[tokens["access_token"]].resource == RESOURCE


TRICKS = [
    "http://127.0.0.1:5000/callback/../steal",
    "http://127.0.0.1:5000/callback/%2e%2e/steal",
    "http://127.0.0.1:5000/callback%2f..%2fsteal",
    "http://127.0.0.1:5000/callback%5csteal",
    "http://127.0.0.1:5000/callback\\steal",
    "http://127.0.0.1:5000/callback#fragment",
    "http://127.0.0.1:5000/callback?more=1",
    "http://127.0.0.1:5000/callbac",
    "http://127.0.0.1:5000/callback/",
    "http://127.0.0.1:5000/Callback",
    "https://127.0.0.1:5000/callback",
    "http://user@127.0.0.1:5000/callback",
    "http://127.0.0.1:5000@evil.example/callback",
    "http://127.0.0.1.evil.example:5000/callback",
    "http://127.0.0.1\t.evil.example/callback",
    "http://127.0.0.1:99999/callback",
    "http://127.0.0.1:0/callback",
    "http://localhost:5000/callback",
    "http://2130706433:5000/callback",
    "//127.0.0.1:5000/callback",
    "javascript:alert(1)//http://127.0.0.1:5000/callback",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "vbscript:x",
    "http://evil.example/?http://127.0.0.1:5000/callback",
    "http://127.0.0.1:5000/callback\r\nSet-Cookie: a=b",
    "http://127.0.0.1:5000/callback\x00",
    "http://[::1",
    "é",
]


@pytest.mark.parametrize("uri", TRICKS)
async def test_nobody_is_sent_where_the_client_did_not_register(uri: str) -> None:
    """Nor told anything there: the user sees a page."""
    async with registered() as flow:
        for accept in ("application/json", "text/html"):
            got = await flow.http.get(
                "/authorize", params=flow.request(redirect_uri=uri), headers={"accept": accept}
            )
            assert got.status_code == 400
            assert "location" not in got.headers
            assert "<script" not in got.text


async def test_the_port_of_a_native_client_is_free() -> None:
    """It listens where there is room (RFC 8252 section 7.3); and on its own machine alone."""
    async with registered() as flow:
        sent = await flow.authorize(redirect_uri="http://127.0.0.1:61234/callback")
        assert sent.headers["location"].startswith("http://127.0.0.1:61234/callback?code=")
    async with registered(redirect_uris=["https://app.example/callback"]) as flow:
        got = await flow.authorize(redirect_uri="https://app.example:8443/callback")
        assert got.status_code == 400
    for uri in ("http://[::1]:5000/cb", "http://localhost/cb", "cursor://anysphere.mcp/oauth/cb"):
        async with registered(redirect_uris=[uri]) as flow:
            assert (await flow.authorize(redirect_uri=uri)).headers["location"].startswith(uri)


async def test_a_redirect_keeps_what_the_client_has_in_its_query() -> None:
    """As it is written, with the parameters after it."""
    uri = "https://app.example/cb?tenant=a%20b&x="
    async with registered(redirect_uris=[uri]) as flow:
        sent = await flow.authorize(redirect_uri=uri)
        assert sent.headers["location"].startswith(f"{uri}&code=")


async def test_one_of_several_redirect_uris_has_to_be_named() -> None:
    """The only one goes without saying, also for the tokens."""
    async with registered() as flow:
        code = told(await flow.authorize(redirect_uri=None))["code"]
        assert (await flow.redeem(code, redirect_uri=None)).status_code == 200
        await flow.register(redirect_uris=[CALLBACK, "https://app.example/cb"])
        assert (await flow.authorize(redirect_uri=None)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "eyJ.x.y"}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"scope": "read\nwrite"}, "invalid_scope"),
        ({"resource": "https://other.example/"}, "invalid_target"),
    ],
)
async def test_a_client_hears_of_errors_by_its_redirect(
    changes: dict[str, str | None], error: str
) -> None:
    """With its state, and with who says it (mix-up, RFC 9207)."""
    async with registered() as flow:
        sent = told(await flow.authorize(**changes))

        assert sent["error"] == error
        assert (sent["state"], sent["iss"]) == ("st&te=1", BASE)
        assert "code" not in sent


async def test_a_parameter_that_is_there_twice_is_refused() -> None:
    """Two readers could take different ones (RFC 6749 section 3.1)."""
    async with registered() as flow:
        for name in ("client_id", "redirect_uri", "scope", "state"):
            params = [*flow.request().items(), (name, "other")]
            got = await flow.http.get("/authorize", params=params)
            assert (got.status_code, got.json()["error"]) == (400, "invalid_request")
        twice = "grant_type=refresh_token&grant_type=refresh_token"
        body = f"{twice}&client_id={flow.client['client_id']}"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        got = await flow.http.post("/token", content=body, headers=headers)
        assert (got.status_code, got.json()["error"]) == (400, "invalid_request")


async def test_an_issuer_is_told_for_providers_that_do_not_tell_it() -> None:
    """Those of users, which were written before RFC 9207."""
    from fastmcp.server.auth.oauth.redirects import construct_redirect_uri
    from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

    class Older(InMemoryOAuthProvider):
        async def authorize(self, client: Any, params: Any) -> str:
            return construct_redirect_uri(str(params.redirect_uri), code="c", state=params.state)

    provider = Older(base_url=BASE, issuer_url=f"{BASE}/")
    await provider.register_client(
        OAuthClientInformationFull(client_id="c", redirect_uris=[CALLBACK], scope="read")
    )
    async with flow_of(provider) as flow:
        flow.client = {"client_id": "c"}
        assert told(await flow.authorize())["iss"] == f"{BASE}/"


async def test_a_provider_of_a_user_cannot_send_anybody_to_a_script() -> None:
    """A client that allows every redirect URI does not allow this one."""
    from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

    class Lax(OAuthClientInformationFull):
        def validate_redirect_uri(self, redirect_uri: Any) -> Any:
            if redirect_uri == "boom":
                raise RuntimeError(redirect_uri)
            return redirect_uri

    class Provider(InMemoryOAuthProvider):
        async def get_client(self, client_id: str) -> Any:
            return Lax(client_id=client_id, redirect_uris=[CALLBACK], scope="read")

        async def authorize(self, client: Any, params: Any) -> str:
            return f"{params.redirect_uri}?code=c"

    async with flow_of(Provider(base_url=BASE)) as flow:
        flow.client = {"client_id": "c"}
        free = "https://anywhere.example/x"
        assert told(await flow.authorize(redirect_uri=free))["code"] == "c"
        for uri in ("javascript:alert(1)", "boom"):
            assert (await flow.authorize(redirect_uri=uri)).status_code == 400


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {}),
        ({"client_id": "nobody"}, {}),
        ({"client_secret": "wrong"}, {}),
        ({"client_secret": None}, {}),
        ({}, {"authorization": "Basic !!!"}),
        ({}, {"authorization": "Basic bm9jb2xvbg=="}),
        ({}, {"authorization": "Basic OnNlY3JldA=="}),
        ({}, {"authorization": "Bearer abc"}),
        ({}, {"authorization": "Basic YTpi"}),
        ({}, {"authorization": "Basic YSVmZjpi"}),
    ],
)
async def test_who_does_not_prove_who_they_are_gets_nothing(
    form: dict[str, Any], headers: dict[str, str]
) -> None:
    """`invalid_client`, with a challenge (RFC 6749 section 5.2)."""
    async with registered(token_endpoint_auth_method="client_secret_basic") as flow:
        said = {"grant_type": "authorization_code", "code": "c", "code_verifier": flow.verifier}
        mine = {} if headers else {"client_id": flow.client["client_id"]}
        sent = {name: value for name, value in {**said, **mine, **form}.items() if value}
        got = await flow.http.post("/token", data=sent, headers=headers)

        assert (got.status_code, got.json()["error"]) == (401, "invalid_client")
        assert got.headers["www-authenticate"].startswith("Basic ")
        assert got.headers["cache-control"] == "no-store"
        assert flow.client["client_secret"] not in got.text


async def test_a_client_proves_who_it_is_in_one_way() -> None:
    """Two are one too many (RFC 6749 section 2.3)."""
    async with registered(token_endpoint_auth_method="client_secret_basic") as flow:
        got = await flow.http.post(
            "/token",
            data={
                "client_id": flow.client["client_id"],
                "client_secret": flow.client["client_secret"],
            },
            headers={"authorization": "Basic YTpi"},
        )
        assert (got.status_code, got.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "\udcff\x00"}, "invalid_request"),
    ],
)
async def test_token_requests_that_are_not_in_order(form: dict[str, Any], error: str) -> None:
    """Each has the code of RFC 6749."""
    async with registered() as flow:
        if "\udcff" in (form.get("refresh_token") or ""):
            body = (
                f"client_id={flow.client['client_id']}&grant_type=refresh_token&refresh_token=%ff"
            )
            headers = {"content-type": "application/x-www-form-urlencoded"}
            got = await flow.http.post("/token", content=body, headers=headers)
        else:
            got = await flow.token(**form)
        assert (got.status_code, got.json()["error"]) == (400, error)


async def test_an_unknown_client_is_told_what_to_do() -> None:
    """A program in JSON, a user on a page; neither is sent anywhere."""
    async with registered() as flow:
        evil = '<script>alert("x")</script>'
        flow.client = {"client_id": evil}
        got = await flow.authorize()
        assert got.status_code == 400
        told_ = got.json()
        assert told_["error"] == "invalid_request"
        assert told_["state"] == "st&te=1"
        assert told_["registration_endpoint"] == f"{BASE}/register"
        where = f"{BASE}/.well-known/oauth-authorization-server"
        assert told_["authorization_server_metadata"] == where
        assert got.headers["link"].startswith(f"<{BASE}/register>;")

        page = await flow.http.get(
            "/authorize", params=flow.request(), headers={"accept": "text/html"}
        )
        assert page.status_code == 400
        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
        assert "Guarded" in page.text
        assert page.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_a_client_in_its_own_right_is_one_that_somebody_registered() -> None:
    """With credentials; not one that registered itself."""
    provider = in_memory()
    await provider.register_client(
        OAuthClientInformationFull(
            client_id="robot",
            client_secret="s" * 32,
            token_endpoint_auth_method="client_secret_post",
            grant_types=["client_credentials"],
            scope="read",
        )
    )
    async with flow_of(provider) as flow:
        flow.client = {"client_id": "robot"}
        form = {"grant_type": "client_credentials", "client_secret": "s" * 32}
        tokens = (await flow.token(**form)).json()
        assert "refresh_token" not in tokens
        assert await flow.calls(tokens["access_token"]) == 200
        assert (await flow.who(tokens["access_token"]))["client_id"] == "robot"
        assert (await flow.token(**form, scope="read write")).json()["error"] == "invalid_scope"
        got = await flow.http.post(
            "/register", json={"redirect_uris": [CALLBACK], "grant_types": ["client_credentials"]}
        )
        assert (got.status_code, got.json()["error"]) == (400, "invalid_client_metadata")


async def test_scopes_that_nobody_knows_are_not_given() -> None:
    """To a client without scopes of its own, where the server has none to offer."""
    provider = in_memory(client_registration_options=None, required_scopes=None)
    await provider.register_client(
        OAuthClientInformationFull(client_id="c", redirect_uris=[CALLBACK])
    )
    async with flow_of(provider) as flow:
        flow.client = {"client_id": "c"}
        assert told(await flow.authorize(scope="admin"))["error"] == "invalid_scope"
        assert "code" in told(await flow.authorize(scope=None))


def test_codes_and_tokens_are_not_printed() -> None:
    """The objects that providers handle hide them."""
    from fastmcp.server.auth.oauth.grants import (
        AuthorizationCode,
        IdentityAssertionParams,
        RefreshToken,
    )

    code = AuthorizationCode(
        code="hidden",
        scopes=[],
        expires_at=0,
        client_id="c",
        code_challenge="x",
        redirect_uri=CALLBACK,
        redirect_uri_provided_explicitly=True,
    )
    refresh = RefreshToken(token="hidden", client_id="c", scopes=[])
    assert "hidden" not in repr([code, refresh, IdentityAssertionParams(assertion="hidden")])
