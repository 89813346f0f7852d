"""How requests of a client go out once it has a token."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import httpx2
import pytest

from fastmcp import Client, FastMCP
from fastmcp.client.auth import ClientCredentialsOAuthProvider, OAuth
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.client.transports.http1 import Http1

from .authority import Agreeing, world


async def test_requests_with_a_token_go_the_fast_way() -> None:
    """By the sender of our own, not by a library."""
    with world() as (_, url):
        transport = StreamableHttpTransport(url, auth=Agreeing())
        sender: Any = transport.make_sender()
        async with Client(transport) as client:
            assert await client.call_tool("who")

    assert type(sender._sender) is Http1


@pytest.mark.parametrize("library", [httpx2, httpx])
async def test_a_client_of_the_user_sends_everything(library: Any) -> None:
    """Also what goes to the authorization server; it need not know `auth`."""
    asked: list[str] = []

    def factory(headers: Any = None, timeout: Any = None) -> Any:
        async def note(request: Any) -> None:
            asked.append(request.url.path)

        return library.AsyncClient(headers=headers, event_hooks={"request": [note]})

    with world() as (_, url):
        transport = StreamableHttpTransport(url, auth=Agreeing(), httpx_client_factory=factory)
        async with Client(transport) as client:
            assert await client.call_tool("who")

    assert {"/register", "/token", "/mcp"} <= set(asked)


async def test_the_credentials_of_the_url_give_way() -> None:
    """What is got by OAuth is what the server asked for."""
    with world() as (_, url):
        async with Client(url, auth=Agreeing(), timeout=20) as client:
            transport: Any = client.transport
            transport.headers["Authorization"] = "Bearer old"
            assert await client.call_tool("who")


async def test_a_proxy_has_tokens_for_its_backend() -> None:
    """Its own, whoever calls."""
    with world(required_scopes=["read"]) as (authority, url):
        authority.clients["proxy"] = "secret"
        auth = ClientCredentialsOAuthProvider(client_id="proxy", client_secret="secret")
        proxy = FastMCP.as_proxy(Client(url, auth=auth))
        async with Client(proxy) as client:
            assert (await client.call_tool("who")).data == "proxy read"
            assert (await client.call_tool("who")).data == "proxy read"

    assert authority.count("token") == 1


def test_a_configuration_says_how_to_sign_in() -> None:
    """In a word, or in members."""
    from fastmcp.mcp_config import MCPConfig

    entries = {
        "word": {"url": "https://a.example/mcp", "auth": "oauth"},
        "members": {
            "url": "https://b.example/mcp",
            "authentication": {"type": "oauth", "client_id": "x", "scopes": ["a"]},
        },
        "machine": {
            "url": "https://c.example/mcp",
            "authentication": {
                "type": "client_credentials",
                "client_id": "x",
                "client_secret": "y",
            },
        },
        "token": {
            "url": "https://d.example/mcp",
            "authentication": {"type": "bearer", "token": "t"},
        },
    }
    made = Client(MCPConfig.from_dict({"mcpServers": entries})).transport.transports
    kinds = [type(each.auth).__name__ for each in made.values()]

    assert kinds == ["OAuth", "OAuth", "ClientCredentialsOAuthProvider", "BearerAuth"]


def test_each_server_of_a_configuration_has_its_own_sign_in() -> None:
    """A token of one is not for another."""
    config = {
        "mcpServers": {name: {"url": f"https://{name}.example/mcp"} for name in ("first", "second")}
    }
    transport: Any = Client(config, auth=OAuth()).transport
    first, second = (each.auth for each in transport.transports.values())

    assert first is not second
    assert (first.mcp_url, second.mcp_url) == (
        "https://first.example/mcp",
        "https://second.example/mcp",
    )


async def test_a_request_that_is_given_up_does_not_end_the_sign_in() -> None:
    """The next one uses what came of it."""
    with world() as (authority, url):
        began, agree = asyncio.Event(), asyncio.Event()

        class Slow(Agreeing):
            async def callback_handler(self) -> Any:
                began.set()
                await agree.wait()
                return await super().callback_handler()

        auth = Slow()
        agree.set()
        async with Client(url, auth=auth) as client:
            agree.clear()
            began.clear()
            authority.revoke()
            authority._refresh.clear()
            waiting = asyncio.create_task(client.call_tool("who"))
            await began.wait()
            waiting.cancel()
            agree.set()
            assert await client.call_tool("who")

    assert auth.pages == 2


async def test_closing_the_client_ends_the_sign_in() -> None:
    """Nobody waits for it any more, and its port is free."""
    with world() as (_, url):
        auth = OAuth(headless=True)
        client = Client(url, auth=auth)
        opening = asyncio.create_task(client.__aenter__())
        while not auth.redirect_port:
            await asyncio.sleep(0.01)
        port = auth.redirect_port
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await client.close()
        async with asyncio.timeout(10):
            while True:
                try:
                    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.01)
        server.close()


async def test_one_object_serves_one_event_loop_after_the_other() -> None:
    """As with `asyncio.run` for each call."""

    def use(url: str, auth: Any) -> str:
        async def main() -> str:
            async with Client(url, auth=auth) as client:
                return (await client.call_tool("who")).data

        return asyncio.run(main())

    with world() as (authority, url):
        auth = Agreeing()
        for _ in range(2):
            await asyncio.to_thread(use, url, auth)

    assert authority.count("token") == 1


def test_transports_say_how_long_a_person_may_need() -> None:
    """Whoever opens them waits so much longer."""
    url = "https://a.example/mcp"
    person = StreamableHttpTransport(url, auth=OAuth(callback_timeout=120))
    machine = ClientCredentialsOAuthProvider(client_id="x", client_secret="y")

    assert person.sign_in_time == 120
    assert StreamableHttpTransport(url, auth=machine).sign_in_time == 0
    assert StreamableHttpTransport(url).sign_in_time == 0
