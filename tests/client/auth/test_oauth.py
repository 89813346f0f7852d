"""A person signs in: OAuth."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
from starlette.responses import JSONResponse

from fastmcp import Client
from fastmcp.client.auth import FileTokenStorage, OAuth, OAuthFlowError, OAuthTokenError
from fastmcp.client.auth.headless import HeadlessOAuth
from fastmcp.client.auth.oauth import ClientNotFoundError, check_if_auth_required
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ConfigurationError, UnexpectedResponse

from .authority import Agreeing, Authority, world


@pytest.fixture
def there() -> Iterator[tuple[Authority, str]]:
    with world() as made:
        yield made


async def who(url: str, auth: Any) -> str:
    async with asyncio.timeout(20), Client(url, auth=auth) as client:
        return (await client.call_tool("who")).data


async def test_a_client_finds_registers_and_signs_in_by_itself(
    there: tuple[Authority, str],
) -> None:
    """All that its user gives is who may sign in for them."""
    authority, url = there
    auth = Agreeing()

    said = await who(url, auth)

    assert said.strip() == next(iter(authority.clients))
    (registered,) = authority.of("register")
    (page,) = authority.of("authorize")
    (token,) = authority.of("token")
    assert registered["client_name"] == "FastMCP Client"
    assert registered["application_type"] == "native"  # type: ignore[comparison-overlap]
    assert page["code_challenge_method"] == "S256"
    assert page["resource"] == token["resource"] == url
    assert page["redirect_uri"] == token["redirect_uri"]
    assert page["redirect_uri"].startswith("http://localhost:")
    assert auth.context.current_tokens is not None
    assert auth.context.client_info is not None
    assert auth.context.auth_server_url == authority.issuer


async def test_one_sign_in_serves_many_requests_at_once(there: tuple[Authority, str]) -> None:
    """Whoever is refused meanwhile waits for it."""
    authority, url = there
    auth = Agreeing()
    async with Client(url, auth=auth) as client:
        authority.revoke()
        authority.instead["token"] = lambda asked: (
            JSONResponse({"error": "invalid_grant"}, 400) if "refresh_token" in asked else None
        )
        await asyncio.gather(*(client.call_tool("who") for _ in range(10)))

    assert auth.pages == 2


async def test_a_token_that_expired_is_refreshed_once(there: tuple[Authority, str]) -> None:
    """By all who need it together, for the same resource, and without anybody signing in."""
    authority, url = there
    auth = Agreeing()
    async with Client(url, auth=auth) as client:
        before = auth.context.current_tokens
        auth._renew_at = 0.0
        await asyncio.gather(*(client.call_tool("who") for _ in range(10)))

    refreshed = [each for each in authority.of("token") if "refresh_token" in each]
    assert [each["resource"] for each in refreshed] == [url]
    assert auth.pages == 1
    assert auth.context.current_tokens != before


async def test_a_token_that_is_refused_is_refreshed_first(there: tuple[Authority, str]) -> None:
    """A server that forgot its tokens need not bother a person."""
    authority, url = there
    auth = Agreeing()
    async with Client(url, auth=auth) as client:
        authority.revoke()
        await client.call_tool("who")

    assert [each["grant_type"] for each in authority.of("token")][1:] == ["refresh_token"]
    assert auth.pages == 1


async def test_a_refresh_that_is_refused_asks_the_person(there: tuple[Authority, str]) -> None:
    """And what was refused is not shown again."""
    authority, url = there
    auth = Agreeing()
    async with Client(url, auth=auth) as client:
        authority.revoke()
        authority._refresh.clear()
        await client.call_tool("who")

    assert auth.pages == 2
    assert authority.count("register") == 1


async def test_a_refresh_that_fails_for_now_loses_nothing(there: tuple[Authority, str]) -> None:
    """The person is not asked to sign in because a server has a cold."""
    authority, url = there
    auth = Agreeing()
    async with Client(url, auth=auth) as client:
        auth._renew_at = 0.0
        authority.instead["token"] = lambda asked: JSONResponse({}, 503)
        with pytest.raises(OAuthTokenError, match="503"):
            await client.call_tool("who")
        authority.instead.clear()
        await client.call_tool("who")

    assert auth.pages == 1


async def test_a_client_that_is_no_longer_known_registers_again(
    there: tuple[Authority, str],
) -> None:
    """As after the restart of an authorization server that keeps them in memory."""
    authority, url = there
    storage = Agreeing(url)._token_storage
    first = Agreeing(token_storage=storage)
    await who(url, first)
    authority.clients.clear()
    authority.revoke()
    again = Agreeing(token_storage=storage, callback_port=first_port(authority))
    await who(url, again)

    assert authority.count("register") == 2
    assert again.pages == 1


def first_port(authority: Authority) -> int:
    return httpx2.URL(authority.of("authorize")[0]["redirect_uri"]).port or 0


async def test_what_is_kept_serves_the_next_process(
    there: tuple[Authority, str], tmp_path: Any
) -> None:
    """Without a page being opened, and without being readable."""
    authority, url = there
    key = secrets.token_urlsafe(16)
    await who(url, Agreeing(token_storage=FileTokenStorage(tmp_path, key)))
    again = Agreeing(token_storage=FileTokenStorage(tmp_path, key))
    await who(url, again)
    other = Agreeing(token_storage=FileTokenStorage(tmp_path, "another key"))
    await who(url, other)

    assert again.pages == 0
    assert other.pages == 1
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not any(token.encode() in kept for token in authority.tokens)


async def test_a_token_that_expired_meanwhile_is_refreshed_by_the_next_process(
    there: tuple[Authority, str], tmp_path: Any
) -> None:
    """At the authorization server that gave it, which it has to find again."""
    authority, url = there
    authority.lasts = 0
    await who(url, Agreeing(token_storage=FileTokenStorage(tmp_path)))
    again = Agreeing(token_storage=FileTokenStorage(tmp_path))
    await who(url, again)

    assert again.pages == 0
    assert authority.of("token")[-1]["grant_type"] == "refresh_token"


async def test_more_scopes_are_asked_for_besides_those_of_before() -> None:
    """When the server says by 403 that they are needed."""
    with world("write", required_scopes=["read"]) as (authority, url):
        said = await who(url, Agreeing())

    assert [each["scope"] for each in authority.of("authorize")] == ["read", "read write"]
    assert said.endswith("read write")


async def test_scopes_that_are_not_granted_are_not_asked_for_again() -> None:
    """A person would be sent to the same page for ever."""
    with world("write", required_scopes=["read"]) as (authority, url):
        authority.scopes = ["read"]
        with pytest.raises(UnexpectedResponse) as caught:
            await who(url, Agreeing())

    assert caught.value.status == 403
    assert authority.count("authorize") == 2


async def test_scopes_of_the_user_are_asked_for_too() -> None:
    """Besides those of the challenge."""
    with world(required_scopes=["read"]) as (authority, url):
        await who(url, Agreeing(scopes=["extra"]))

    assert authority.of("authorize")[0]["scope"] == "extra read"


async def test_a_client_of_the_user_is_not_registered(there: tuple[Authority, str]) -> None:
    """It says who it is as the authorization server takes it."""
    authority, url = there
    authority.clients["mine"] = "s3cret"
    await who(url, Agreeing(client_id="mine", client_secret="s3cret"))

    assert authority.count("register") == 0
    assert authority.of("token")[0]["client_id"] == "mine"


async def test_a_client_of_the_user_that_is_not_known_is_told(
    there: tuple[Authority, str],
) -> None:
    """Before anybody is sent to a page that only says so."""
    _, url = there
    auth = Agreeing(client_id="wrong")
    with pytest.raises(ClientNotFoundError, match="client_id="):
        await who(url, auth)

    assert auth.pages == 0


async def test_a_client_with_a_document_of_its_own_is_its_url(
    there: tuple[Authority, str],
) -> None:
    """Where the authorization server reads such documents."""
    authority, url = there
    document = "https://app.example.com/client.json"
    authority.metadata["client_id_metadata_document_supported"] = True
    authority.clients[document] = None
    await who(url, Agreeing(client_metadata_url=document))

    assert authority.count("register") == 0
    assert authority.of("token")[0]["client_id"] == document


async def test_no_registration_says_what_to_do(there: tuple[Authority, str]) -> None:
    """Give a client_id."""
    authority, url = there
    authority.metadata["registration_endpoint"] = None
    with pytest.raises(OAuthFlowError, match="client_id="):
        await who(url, Agreeing())


@pytest.mark.parametrize("shape", ["pair", "triple", "object"])
async def test_a_callback_handler_gives_what_it_gave_in_fastmcp(
    there: tuple[Authority, str], shape: str
) -> None:
    """A pair in version 3, an object in version 4."""

    class Other(Agreeing):
        async def callback_handler(self) -> Any:
            came = await super().callback_handler()
            members = (came.code, came.state, came.iss)
            return {"pair": members[:2], "triple": members, "object": came}[shape]

    _, url = there
    assert await who(url, Other())


@pytest.mark.parametrize("library", [httpx2, httpx])
async def test_http_clients_take_it_as_auth(there: tuple[Authority, str], library: Any) -> None:
    """Of either library; to other origins nothing is sent."""
    authority, url = there
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {}}
    headers = {"accept": "application/json, text/event-stream"}
    async with library.AsyncClient(auth=Agreeing(url)) as http:
        answer = await http.post(url, json=ping, headers=headers)
        other = await http.get(f"{authority.base}/token")

    assert answer.status_code == 200
    assert answer.request.headers["authorization"].startswith("Bearer ")
    assert "authorization" not in other.request.headers


async def test_a_client_that_waits_for_nothing_cannot_use_it() -> None:
    """Getting a token waits."""
    with (
        httpx2.Client(auth=OAuth("http://127.0.0.1:1/mcp")) as http,
        pytest.raises(RuntimeError, match="AsyncClient"),
    ):
        http.get("http://127.0.0.1:1/mcp")


async def test_a_test_signs_in_by_itself(there: tuple[Authority, str]) -> None:
    """As FastMCP's users know it, and whether it has to can be asked."""
    _, url = there

    assert await who(url, HeadlessOAuth(url))
    assert await check_if_auth_required(url)
    assert await check_if_auth_required("http://127.0.0.1:1/mcp")


async def test_without_a_server_it_says_so() -> None:
    """It is bound by a transport, or by mcp_url=."""
    async with httpx2.AsyncClient(auth=OAuth()) as http:
        with pytest.raises(RuntimeError, match="no server URL"):
            await http.get("http://127.0.0.1:1/mcp")


async def test_one_object_for_several_servers_is_one_for_each() -> None:
    """The token of one server is never sent to the other."""
    auth = Agreeing()
    with world() as (first, url), world() as (second, other):
        transports = [StreamableHttpTransport(each, auth=auth) for each in (url, other)]
        await who(url, None if transports is None else transports[0].auth)
        await who(other, transports[1].auth)

    assert transports[0].auth is not transports[1].auth
    assert first.count("token") == second.count("token") == 1


def test_an_object_for_one_server_is_refused_for_another() -> None:
    """Its tokens are not for that one."""
    with pytest.raises(ConfigurationError, match="not sent to"):
        StreamableHttpTransport("https://b.example/mcp", auth=OAuth("https://a.example/mcp"))


def test_oauth_is_a_word_too() -> None:
    """In code, and in a configuration."""
    config = {"mcpServers": {"a": {"url": "https://a.example/mcp", "auth": "oauth"}}}
    assert isinstance(StreamableHttpTransport("https://a.example/mcp", auth="oauth").auth, OAuth)
    assert isinstance(Client(config).transport.transport.auth, OAuth)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"client_secret": "s3cret"}, "client_id"),
        ({"client_metadata_url": "http://a.example/x"}, "https://"),
        ({"client_metadata_url": "https://a.example/"}, "path"),
        ({"callback_host": "0.0.0.0"}, "this machine"),
        ({"callback_host": "evil.example"}, "this machine"),
        ({"issuer": "a.example"}, "issuer"),
        ({"additional_client_metadata": {"client_nane": "x"}}, "client_name"),
        ({"mcp_url": "ftp://a.example"}, "mcp_url"),
    ],
)
def test_options_that_cannot_be_are_refused(options: Any, said: str) -> None:
    """When they are given, with what would be right."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        OAuth(**options)

    assert "s3cret" not in str(caught.value)


async def test_nothing_secret_is_shown(
    there: tuple[Authority, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither by what has it, nor in the log."""
    authority, url = there
    authority.clients["mine"] = "s3cret-s3cret"
    caplog.set_level(1)
    auth = Agreeing(client_id="mine", client_secret="s3cret-s3cret")
    await who(url, auth)

    shown = [auth, auth.context, auth.context.current_tokens, auth.token_storage_adapter]
    texts = " ".join(repr(each) for each in [*shown, auth.context.client_info, auth.context.stored])
    texts += " ".join(
        record.getMessage() for record in caplog.records if record.name.startswith("fastmcp")
    )
    assert auth.context.current_tokens is not None
    hidden = [*authority.tokens, "s3cret-s3cret", auth.context.current_tokens.refresh_token]
    assert not [each for each in hidden if each and each in texts]
