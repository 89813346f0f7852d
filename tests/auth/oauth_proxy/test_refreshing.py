"""Tokens are renewed: here by the client, upstream by whoever needs it, and each once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fastmcp.server.backplane import MemoryBackplane

from .browsing import Flow, flow_of, proxy_of
from .identity_provider import WORDS, IdentityProvider, identity_provider


def nearly_over(idp: IdentityProvider) -> dict[str, Any]:
    """Options of a proxy that refreshes upstream tokens at every use."""
    idp.told["expires_in"] = 60
    return {"token_expiry_threshold_seconds": 120, "fastmcp_access_token_expiry_seconds": 3600}


async def test_a_refresh_token_is_replaced() -> None:
    """The client gets others, the identity provider was asked once, and the call goes through."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            first = await flow.tokens()
            second = (await flow.refresh(first["refresh_token"])).json()
            assert second["refresh_token"] != first["refresh_token"]
            assert idp.count["refresh_token"] == 1
            assert (await flow.call(second["access_token"])).status_code == 200
            third = (await flow.refresh(second["refresh_token"])).json()
            assert (await flow.call(third["access_token"])).status_code == 200
            assert idp.count["refresh_token"] == 2


async def test_an_answer_that_was_lost_can_be_asked_for_again() -> None:
    """A moment later the old refresh token gives the same successor, without a word upstream."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            first = await flow.tokens()
            lost = (await flow.refresh(first["refresh_token"])).json()
            again = (await flow.refresh(first["refresh_token"])).json()
            assert idp.count["refresh_token"] == 1
            for each in (lost, again):
                assert (await flow.call(each["access_token"])).status_code == 200
            assert (await flow.refresh(again["refresh_token"])).status_code == 200


async def test_a_refresh_token_that_comes_back_late_ends_the_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Somebody has it who should not: all tokens end, here and upstream, and the log says it."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            first = await flow.tokens()
            second = (await flow.refresh(first["refresh_token"])).json()
            third = (await flow.refresh(second["refresh_token"])).json()
            replayed = await flow.refresh(first["refresh_token"])
            assert replayed.status_code == 400
            assert replayed.json()["error"] == "invalid_grant"
            assert (await flow.call(third["access_token"])).status_code == 401
            assert (await flow.refresh(third["refresh_token"])).json()["error"] == "invalid_grant"
            assert idp.revoked
            assert "used again" in caplog.text


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_storm_of_refreshes_asks_upstream_once(workers: int) -> None:
    """Twenty at once, at one worker or several, all get tokens that work; one asked upstream."""
    with identity_provider() as idp:
        shared = MemoryBackplane()
        proxies = [proxy_of(idp, client_storage=shared) for _ in range(workers)]
        async with flow_of(*proxies) as flow:
            first = await flow.tokens()
            idp.delay = 0.2
            answers = await asyncio.gather(
                *(flow.refresh(first["refresh_token"]) for _ in range(20))
            )
            assert {each.status_code for each in answers} == {200}
            assert idp.count["refresh_token"] == 1
            assert len({each.json()["refresh_token"] for each in answers}) <= 20
            for each in answers[::7]:
                assert (await flow.refresh(each.json()["refresh_token"])).status_code == 200


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_storm_of_calls_asks_upstream_once(workers: int) -> None:
    """Twenty calls find the upstream token at its end: one refreshes it, all are served."""
    with identity_provider() as idp:
        shared, options = MemoryBackplane(), nearly_over(idp)
        proxies = [proxy_of(idp, client_storage=shared, **options) for _ in range(workers)]
        async with flow_of(*proxies) as flow:
            tokens = await flow.tokens()
            idp.delay, idp.told["expires_in"] = 0.2, 3600
            answers = await asyncio.gather(*(flow.call(tokens["access_token"]) for _ in range(20)))
            assert {each.status_code for each in answers} == {200}
            assert idp.count["refresh_token"] == 1


async def test_who_leaves_while_a_token_is_refreshed_does_not_lose_it() -> None:
    """The identity provider has given another refresh token by then: it is kept all the same."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            tokens = await flow.tokens()
            idp.delay = 0.2
            leaving = asyncio.create_task(flow.refresh(tokens["refresh_token"]))
            while not idp.count["refresh_token"]:
                await asyncio.sleep(0.01)
            leaving.cancel()
            await asyncio.wait([leaving])
            again = await flow.refresh(tokens["refresh_token"])
            assert again.status_code == 200
            assert idp.count["refresh_token"] == 1


async def test_our_access_token_outlives_the_upstreams(caplog: pytest.LogCaptureFixture) -> None:
    """The upstream token is refreshed meanwhile, as the client never learns."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp, **nearly_over(idp))) as flow:
            tokens = await flow.tokens()
            assert tokens["expires_in"] == 3600
            for number in range(1, 4):
                assert (await flow.call(tokens["access_token"])).status_code == 200
                assert idp.count["refresh_token"] == number


async def test_without_an_upstream_refresh_token_ours_lasts_no_longer() -> None:
    """There is none of ours either, and the access token ends with the upstream's."""
    with identity_provider() as idp:
        idp.rotates = False
        idp.refresh_tokens.add("somebody else's")
        options = {**nearly_over(idp), "token_expiry_threshold_seconds": 0}
        async with flow_of(proxy_of(idp, **options)) as flow:
            tokens = await flow.tokens()
            assert "refresh_token" not in tokens
            assert tokens["expires_in"] <= 60


@pytest.mark.parametrize(
    ("said", "options", "expected"),
    [
        ({}, {}, 3600),
        ({}, {"fallback_access_token_expiry_seconds": 120}, 120),
        ({"expires_in": "1800"}, {}, 1800),
        ({"expires_in": 1800}, {"fallback_access_token_expiry_seconds": 120}, 1800),
        ({"expires_in": 1800}, {"fastmcp_access_token_expiry_seconds": 60}, 60),
    ],
)
async def test_how_long_a_token_lasts(
    said: dict[str, Any], options: dict[str, Any], expected: int
) -> None:
    """What the identity provider says, the fallback, an hour; or what was configured for ours."""
    with identity_provider() as idp:
        idp.told = said
        async with flow_of(proxy_of(idp, **options)) as flow:
            lasting = (await flow.tokens())["expires_in"]
            assert expected - 10 <= lasting <= expected


@pytest.mark.parametrize("fault", ["down", "garbage", "error:invalid_client", "error:server_error"])
async def test_a_failure_upstream_does_not_sign_the_user_out(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """503 with `temporarily_unavailable`, none of its words; and later the same token works."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            tokens = await flow.tokens()
            idp.fault = fault
            failed = await flow.refresh(tokens["refresh_token"])
            assert failed.status_code == 503
            assert failed.json()["error"] == "temporarily_unavailable"
            assert "retry-after" in failed.headers
            assert WORDS not in failed.text
            assert WORDS not in caplog.text
            idp.fault = None
            assert (await flow.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize(
    "fault", ["error:invalid_grant", "200:bad_refresh_token", "error:interaction_required"]
)
async def test_who_has_to_sign_in_again_is_told_so(fault: str) -> None:
    """Only what the identity provider says of the grant is `invalid_grant`; the session ends."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            tokens = await flow.tokens()
            idp.fault = fault
            refused = await flow.refresh(tokens["refresh_token"])
            assert refused.status_code == 400
            assert refused.json()["error"] == "invalid_grant"
            assert WORDS not in refused.text
            idp.fault = None
            assert (await flow.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
            assert (await flow.call(tokens["access_token"])).status_code == 401


async def test_a_call_survives_a_failure_upstream_while_its_token_is_good() -> None:
    """The refresh fails, the token is valid for a minute yet: the call is served."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp, **nearly_over(idp))) as flow:
            tokens = await flow.tokens()
            idp.fault = "down"
            assert (await flow.call(tokens["access_token"])).status_code == 200


async def test_a_call_whose_token_cannot_be_refreshed_now_is_503() -> None:
    """It is neither valid nor invalid: who calls may try again, and is not asked to sign in."""
    with identity_provider() as idp:
        proxy = proxy_of(idp, **nearly_over(idp), verified_issuer="https://another.example.com")
        async with flow_of(proxy) as flow:
            tokens = await flow.tokens()
            idp.fault = "down"
            answer = await flow.call(tokens["access_token"])
            assert answer.status_code == 503
            assert "retry-after" in answer.headers
            assert "www-authenticate" not in answer.headers


async def test_a_client_may_ask_for_fewer_scopes() -> None:
    """The access token has those, the refresh token keeps all."""
    with identity_provider() as idp:
        idp.scope = "read write"
        async with flow_of(proxy_of(idp, valid_scopes=["read", "write"])) as flow:
            await flow.register(scope="read write")
            tokens = await flow.tokens(scope="read write")
            fewer = (await flow.refresh(tokens["refresh_token"], scope="read")).json()
            assert fewer["scope"] == "read"
            access = await flow.proxy.load_access_token(fewer["access_token"])
            assert access.scopes == ["read"]
            more = await flow.refresh(fewer["refresh_token"], scope="read admin")
            assert more.json()["error"] == "invalid_scope"
            all_again = (await flow.refresh(fewer["refresh_token"])).json()
            assert all_again["scope"] == "read write"


async def revoke(flow: Flow, token: str) -> int:
    form = {"token": token, "client_id": flow.client["client_id"]}
    return (await flow.http.post("/revoke", data=form)).status_code


async def test_a_revoked_token_ends_here_and_upstream() -> None:
    """The refresh token takes the access token with it, and the identity provider is told."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            tokens = await flow.tokens()
            assert await revoke(flow, tokens["refresh_token"]) == 200
            assert (await flow.call(tokens["access_token"])).status_code == 401
            assert (await flow.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
            assert idp.access_tokens[-1] in idp.revoked
            assert not idp.refresh_tokens


async def test_a_token_of_another_client_is_not_revoked() -> None:
    """The answer is the same, and the token works on."""
    with identity_provider() as idp:
        async with flow_of(proxy_of(idp)) as flow:
            tokens = await flow.tokens()
            await flow.register()
            assert await revoke(flow, tokens["refresh_token"]) == 200
            assert (await flow.call(tokens["access_token"])).status_code == 200
            refused = await flow.refresh(tokens["refresh_token"])
            assert refused.json()["error"] == "invalid_grant"
            assert not idp.revoked


async def test_what_is_kept_has_no_token_in_clear() -> None:
    """Upstream tokens, ours and codes are encrypted where they are kept, their names included."""
    from key_value.aio.stores.memory import MemoryStore

    kept: list[Any] = []

    class Watched(MemoryStore):
        async def put(self, key: str, value: Any, **options: Any) -> None:
            kept.append((key, dict(value)))
            await super().put(key, value, **options)

    with identity_provider() as idp:
        async with flow_of(proxy_of(idp, client_storage=Watched())) as flow:
            told = await flow.told()
            tokens = (await flow.redeem(told["code"])).json()
            renewed = (await flow.refresh(tokens["refresh_token"])).json()
            assert (await flow.call(renewed["access_token"])).status_code == 200
            shown = json.dumps(kept)
            secrets = [
                told["code"],
                flow.client["client_id"],
                *idp.access_tokens,
                *idp.refresh_tokens,
                *tokens.values(),
                *renewed.values(),
            ]
            assert len(kept) > 5
            assert not [
                each
                for each in secrets
                if isinstance(each, str) and len(each) > 8 and each in shown
            ]
