"""A server with users: they are asked, and only their own browser can answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
from redis_server import redis_server
from starlette.requests import Request

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.oauth.consent_page import ConsentRequest, consent_page
from fastmcp.server.auth.oauth.stored import StoredOAuthProvider

from .browsing import KEY, answer, fields_of, shown, sign_in, stored, users_of
from .flows import BASE, CALLBACK, flow_of, told


async def test_a_user_signs_in_is_asked_and_the_client_acts_for_them(tmp_path: Path) -> None:
    """The claims of the token are what the application says of the user."""
    async with users_of(stored(tmp_path)) as flow:
        away = await shown(flow)
        assert away.status_code == 307
        assert away.headers["location"].startswith(f"/login?next={BASE}/consent")

        sign_in(flow, "ann")
        page = await shown(flow)
        assert page.status_code == 200
        for fact in ("Probe", "127.0.0.1:5000", CALLBACK, "read", "ann", "registered itself"):
            assert fact in page.text
        sent = told(await answer(flow, page, "approve"))
        assert sent["state"] == "st&te=1"
        assert sent["iss"] == BASE
        tokens = (await flow.redeem(sent["code"])).json()
        claims = await flow.who(tokens["access_token"])
        assert claims["sub"] == "ann"
        assert claims["role"] == "admin"
        assert claims["iss"] == BASE
        assert claims["client_id"] == flow.client["client_id"]


async def test_a_user_can_say_no(tmp_path: Path) -> None:
    """The client hears it, with state and issuer."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        sent = told(await answer(flow, await shown(flow), "deny"))

        assert sent["error"] == "access_denied"
        assert (sent["state"], sent["iss"]) == ("st&te=1", BASE)
        assert "code" not in sent


async def test_a_user_gives_no_scopes_that_they_do_not_have(tmp_path: Path) -> None:
    """And is refused if there are none left."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "bob")
        page = await shown(flow, scope="read write")
        assert "write" not in page.text
        tokens = await flow.redeem(told(await answer(flow, page, "approve"))["code"])
        assert tokens.json()["scope"] == "read"

        sent = told(await answer(flow, await shown(flow, scope="write"), "approve"))
        assert sent["error"] == "access_denied"


async def test_somebody_who_may_not_come_in_is_told_so(tmp_path: Path) -> None:
    """There is no form on that page."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "nobody")
        page = await shown(flow)

        assert page.status_code == 403
        assert "<form" not in page.text


async def test_a_question_is_answered_once(tmp_path: Path) -> None:
    """And it does not wait for ever, nor is one made up."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        page = await shown(flow)
        assert (await answer(flow, page, "approve")).status_code == 302
        assert (await answer(flow, page, "approve")).status_code == 400
        assert (await flow.http.get("/consent", params={"request": "made-up"})).status_code == 400
        assert (await flow.http.get("/consent")).status_code == 400


@pytest.mark.parametrize(
    "forgery",
    [
        {"csrf_token": "0" * 64},
        {"csrf_token": None},
        {"csrf_token": "é"},
        {"action": "accept"},
        {"action": None},
    ],
)
async def test_an_answer_that_was_not_given_on_the_page_does_not_count(
    tmp_path: Path, forgery: dict[str, Any]
) -> None:
    """CSRF: another site has the user's cookies sent, but not what is in the form."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        page = await shown(flow)
        form = {**fields_of(page), "action": "approve", **forgery}
        got = await flow.http.post(
            "/consent", data={name: value for name, value in form.items() if value is not None}
        )

        assert got.status_code == 403
        assert (await answer(flow, page, "approve")).status_code == 302  # it was not spent


async def test_an_answer_from_another_browser_does_not_count(tmp_path: Path) -> None:
    """It has no cookie, or another one; and somebody else may have signed in meanwhile."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        page = await shown(flow)
        ours = flow.http.cookies.get("fastmcp_consent")
        assert ours is not None
        for other in (None, "x" * 43, "short"):
            flow.http.cookies.clear()
            sign_in(flow, "ann")
            if other is not None:
                flow.http.cookies.set("fastmcp_consent", other, domain="127.0.0.1")
            assert (await answer(flow, page, "approve")).status_code == 403
        flow.http.cookies.clear()
        flow.http.cookies.set("fastmcp_consent", ours, domain="127.0.0.1")
        sign_in(flow, "bob")
        assert (await answer(flow, page, "approve")).status_code == 403


async def test_two_pages_are_open_at_once(tmp_path: Path) -> None:
    """In two tabs of a browser, of which each has its own answer."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        one, two = await shown(flow), await shown(flow)
        mixed = {"csrf_token": fields_of(two)["csrf_token"]}
        assert (await answer(flow, one, "approve", **mixed)).status_code == 403
        assert "code" in told(await answer(flow, one, "approve"))
        assert "code" in told(await answer(flow, two, "approve"))


async def test_the_page_cannot_be_framed_and_runs_nothing(tmp_path: Path) -> None:
    """Clickjacking and injected script; the cookie is out of reach for both."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        page = await shown(flow)
        policy = page.headers["content-security-policy"]

        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self' http://127.0.0.1:*" in policy
        assert "unsafe" not in policy
        assert "script" not in policy + page.text
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        cookie = page.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


async def test_over_https_no_other_host_can_set_the_cookie(tmp_path: Path) -> None:
    """`__Host-`, for TLS and this host alone."""
    provider = stored(tmp_path, base_url="https://mcp.example.com")
    async with provider.lifespan(), flow_of(provider, "https://mcp.example.com") as flow:
        await flow.register()
        flow.http.cookies.set("session", "ann", domain="mcp.example.com")
        sent = await flow.authorize(resource=None)
        page = await flow.http.get(sent.headers["location"])

        assert page.headers["set-cookie"].startswith("__Host-fastmcp_consent=")
        assert "Secure" in page.headers["set-cookie"]


async def test_what_a_client_says_of_itself_is_text(tmp_path: Path) -> None:
    """Nothing of it is markup, and none of it turns the writing around."""
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        await flow.register(client_name=evil, client_uri="https://e.example/?a=<b>&c=\"'")
        page = await shown(flow)

        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "&lt;script&gt;" in page.text


def test_the_page_says_what_is_known_of_a_client() -> None:
    """By itself, by its domain, and by a domain that any program of this machine can claim."""

    def text(**changes: Any) -> str:
        said: dict[str, Any] = {
            "client_name": None,
            "client_id": "https://app.example/client.json",
            "redirect_uri": "cursor://callback",
            "scopes": [],
            "csrf_token": "t",
            "action": "/consent",
        }
        return consent_page(ConsentRequest(**{**said, **changes})).html

    assert "has not been verified" in text()
    assert "cursor:// (an application on this device)" in text()
    known = text(client_domain="app.example")
    assert "known by its domain, app.example" in known
    assert "has not been verified" not in known
    claimed = text(client_domain="app.example", only_loopback=True)
    assert "Any program on this device" in claimed
    assert len(text(client_name="n" * 5000)) < 6000
    assert "\u202e" not in text(client_name="abc\u202edef")
    for nothing in ("", "  ", "\u200b"):
        assert "<strong>https://app.example/client.json</strong>" in text(client_name=nothing)


async def test_a_server_that_starts_again_knows_its_clients_and_tokens(tmp_path: Path) -> None:
    """And so does another worker with the same file and key; the file tells nobody else."""
    async with users_of(stored(tmp_path)) as flow:
        sign_in(flow, "ann")
        await flow.register(token_endpoint_auth_method="client_secret_post")
        secret = flow.client["client_secret"]
        code = told(await answer(flow, await shown(flow), "approve"))["code"]
        got = await flow.redeem(code, client_secret=secret)
        tokens, client = got.json(), flow.client
    kept = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    for text in (
        secret,
        tokens["access_token"],
        tokens["refresh_token"],
        client["client_id"],
        "ann",
    ):
        assert text.encode() not in kept
    provider = stored(tmp_path)
    async with provider.lifespan(), flow_of(provider) as flow:
        flow.client = client
        assert await flow.calls(tokens["access_token"]) == 200
        again = await flow.refresh(tokens["refresh_token"], client_secret=secret)
        assert again.status_code == 200
        replay = await flow.redeem(code, client_secret=secret)
        assert replay.json()["error"] == "invalid_grant"
        assert await flow.calls(again.json()["access_token"]) == 401


async def test_two_workers_share_one_code(tmp_path: Path) -> None:
    """Whoever is asked second refuses, and what the first gave ends."""
    one, two = stored(tmp_path), stored(tmp_path)
    async with users_of(one) as first, two.lifespan(), flow_of(two) as second:
        sign_in(first, "ann")
        code = told(await answer(first, await shown(first), "approve"))["code"]
        second.client, second.verifier = first.client, first.verifier
        tokens = (await first.redeem(code)).json()
        assert await second.calls(tokens["access_token"]) == 200
        assert (await second.redeem(code)).json()["error"] == "invalid_grant"
        assert await first.calls(tokens["access_token"]) == 401


async def test_servers_on_one_redis_are_one(tmp_path: Path) -> None:
    """A client registers with the one, and its user, codes and tokens are of the other."""
    with redis_server(tmp_path) as server:
        one, two = (stored(tmp_path, storage=server.url) for _ in range(2))
        async with users_of(one) as first, two.lifespan(), flow_of(two) as second:
            second.client, second.verifier = first.client, first.verifier
            sign_in(second, "ann")
            sent = await first.authorize()
            page = await second.http.get(sent.headers["location"])
            code = told(await answer(second, page, "approve"))["code"]
            tokens = (await first.redeem(code)).json()
            newer = (await second.refresh(tokens["refresh_token"])).json()
            assert (await first.refresh(tokens["refresh_token"])).json() == newer
            assert await first.calls(newer["access_token"]) == 200
            form = {"client_id": first.client["client_id"], "token": newer["refresh_token"]}
            await first.http.post("/revoke", data=form)
            assert await second.calls(newer["access_token"]) == 401


async def test_a_store_of_key_values_will_do(tmp_path: Path) -> None:
    """Of py-key-value-aio, for those who have one."""
    from key_value.aio.stores.memory import MemoryStore

    async with users_of(stored(tmp_path, storage=MemoryStore())) as flow:
        sign_in(flow, "ann")
        tokens = await flow.redeem(told(await answer(flow, await shown(flow), "approve"))["code"])
        assert await flow.calls(tokens.json()["access_token"]) == 200
        assert (await flow.refresh(tokens.json()["refresh_token"])).status_code == 200


async def test_without_a_storage_there_is_a_file_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encrypted by a key beside it that only this user can read; it serves the next start too."""
    from fastmcp.settings import settings

    monkeypatch.setattr(settings, "home", tmp_path)
    async with users_of(stored(tmp_path, storage=None, encryption_key=None)) as flow:
        client = flow.client
    again = stored(tmp_path, storage=None, encryption_key=None)
    async with again.lifespan():
        assert (await again.get_client(client["client_id"])).client_name == "Probe"
    key = tmp_path / "oauth" / "key"
    assert key.stat().st_mode & 0o777 == 0o600


async def test_the_storage_of_the_server_is_used(tmp_path: Path) -> None:
    """Where the provider has none of its own."""
    from fastmcp.server.auth.storage import storage_of

    shared = storage_of("memory://", KEY)
    one = stored(tmp_path, storage=None, encryption_key=None)
    one.use_storage(shared)
    async with users_of(one) as flow:
        other = stored(tmp_path, storage=shared)
        assert await other.get_client(flow.client["client_id"]) is not None


@pytest.mark.parametrize("said", ["ann", {"user": "ann"}, {"sub": "ann"}])
@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_authenticate_is_plain_or_async(tmp_path: Path, said: Any, kind: str) -> None:
    """It says the user's id, or what is known of them."""

    def now(request: Request) -> Any:
        return said

    async def later(request: Request) -> Any:
        return said

    async with users_of(stored(tmp_path, authenticate=now if kind == "plain" else later)) as flow:
        tokens = await flow.redeem(told(await answer(flow, await shown(flow), "approve"))["code"])
        assert (await flow.who(tokens.json()["access_token"]))["sub"] == "ann"


async def test_what_authenticate_must_not_return_is_an_error_of_the_server(tmp_path: Path) -> None:
    """The user sees nothing of it."""
    async with users_of(stored(tmp_path, authenticate=lambda request: 7)) as flow:
        got: httpx2.Response = await shown(flow)

        assert got.status_code == 500
        assert "authenticate" not in got.text


def test_what_cannot_be_is_said_at_once(tmp_path: Path) -> None:
    """Each error names the keyword and the cure."""
    common: dict[str, Any] = {"base_url": BASE, "authenticate": lambda request: "ann"}
    with pytest.raises(ConfigurationError, match="encryption_key="):
        StoredOAuthProvider(**common, storage="sqlite:///x.db")
    with pytest.raises(ConfigurationError, match="authenticate="):
        StoredOAuthProvider(**{**common, "authenticate": "ann"})
    with pytest.raises(ConfigurationError, match="storage="):
        StoredOAuthProvider(**common, storage="ftp://x", encryption_key=KEY)
