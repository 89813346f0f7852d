"""Proxying: servers elsewhere, offered by one of ours."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP


def weather() -> FastMCP:
    behind = FastMCP("Weather", instructions="Ask for a city.")

    @behind.tool
    def forecast(city: str) -> str:
        return f"Sunshine in {city}"

    @behind.tool
    async def ask(ctx: Context) -> str:
        answer = await ctx.elicit("Which city?", str)
        await ctx.info(f"looking at {answer.data}")
        return f"Rain in {answer.data}"

    @behind.tool
    async def remember(city: str, ctx: Context) -> str:
        before = await ctx.get_state("city")
        await ctx.set_state("city", city)
        return f"{before}, then {city}"

    @behind.tool
    def headers() -> dict[str, str]:
        from fastmcp.server.dependencies import get_http_headers

        return get_http_headers(include_all=True)

    return behind


@pytest.fixture
def url() -> Iterator[str]:
    with served(weather().http_app()) as base:
        yield f"{base}/mcp"


async def test_a_proxy_offers_what_a_server_elsewhere_does(url: str) -> None:
    """By itself, and mounted."""
    # snippet: create
    from fastmcp.server import create_proxy

    proxy = create_proxy(url, name="Weather here")
    # proxy.run() serves it over stdio, proxy.run("http") over HTTP
    # end
    async with Client(proxy) as client:
        assert (await client.call_tool("forecast", {"city": "Bern"})).data == "Sunshine in Bern"
        assert client.instructions == "Ask for a city."
    # snippet: mount
    from fastmcp import FastMCP

    main = FastMCP("Main")
    main.mount(create_proxy(url), namespace="weather")
    # end
    async with Client(main) as client:
        result = await client.call_tool("weather_forecast", {"city": "Bern"})
        assert result.data == "Sunshine in Bern"


async def test_several_servers_are_one(url: str) -> None:
    """A configuration is a target, too."""
    # snippet: several
    from fastmcp.server import create_proxy

    proxy = create_proxy({"mcpServers": {"north": {"url": url}, "south": {"url": url}}})
    # the tools north_forecast, south_forecast, ...
    # end
    async with Client(proxy) as client:
        result = await client.call_tool("south_forecast", {"city": "Bern"})
        assert result.data == "Sunshine in Bern"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_what_is_asked_meanwhile_reaches_the_client(url: str, mode: str) -> None:
    """In both eras."""
    from fastmcp.server import create_proxy

    # snippet: handlers
    from fastmcp.server.providers.proxy import ProxyClient

    async def answer(message, response_type, params, context):
        return {"value": "Oslo"}  # in place of the user of the client in front

    proxy = create_proxy(ProxyClient(url, elicitation_handler=answer, log_handler=None))
    # end
    async with Client(proxy, mode=mode) as client:
        assert (await client.call_tool("ask")).data == "Rain in Oslo"

    async def own(*_: Any) -> Any:
        return {"value": "Bern"}

    logs: list[Any] = []
    client = Client(create_proxy(url), mode=mode, elicitation_handler=own, log_handler=logs.append)
    async with client:
        await client.set_logging_level("info")
        assert (await client.call_tool("ask")).data == "Rain in Bern"
        assert [message.data["msg"] for message in logs] == ["looking at Bern"]


async def test_a_session_behind_for_each_in_front(url: str) -> None:
    """It lasts as long."""
    # snippet: stateful
    from fastmcp.server.providers.proxy import FastMCPProxy, StatefulProxyClient

    browser = StatefulProxyClient(url)
    proxy = FastMCPProxy(client_factory=browser.new_stateful, name="Browser")
    # end
    async with Client(proxy) as one, Client(proxy) as two:
        for client, city in ((one, "Bern"), (two, "Oslo")):
            await client.call_tool("remember", {"city": city})
        assert (await one.call_tool("remember", {"city": "Rome"})).data == "Bern, then Rome"
        assert (await two.call_tool("remember", {"city": "Rome"})).data == "Oslo, then Rome"
    await browser.clear()


async def test_a_client_for_each_request(url: str) -> None:
    """Made by a function of one's own."""
    # snippet: factory
    from fastmcp import FastMCP
    from fastmcp.client.transports import StreamableHttpTransport
    from fastmcp.server.dependencies import get_http_headers
    from fastmcp.server.providers.proxy import ProxyClient, ProxyProvider

    def for_tenant() -> ProxyClient:
        tenant = get_http_headers().get("x-tenant", "nobody")
        return ProxyClient(StreamableHttpTransport(url, headers={"x-tenant": tenant}))

    main = FastMCP("Main")
    main.add_provider(ProxyProvider(for_tenant, cache_ttl=60))
    # end
    with served(main.http_app()) as base:
        transport = StreamableHttpTransport(f"{base}/mcp", headers={"x-tenant": "bern"})
        async with Client(transport) as client:
            result = await client.call_tool("headers")
            assert result.structured_content["x-tenant"] == "bern"


async def test_headers_go_on_where_they_are_to(url: str) -> None:
    """And not otherwise."""
    # snippet: forward
    from fastmcp.server import create_proxy
    from fastmcp.server.providers.proxy import ProxyClient

    proxy = create_proxy(ProxyClient(url, forward_incoming_headers=True))
    # end
    from fastmcp.client.transports import StreamableHttpTransport

    for target, sent in ((proxy, "Bearer abc"), (create_proxy(url), None)):
        with served(target.http_app()) as base:
            transport = StreamableHttpTransport(
                f"{base}/mcp", headers={"authorization": "Bearer abc"}
            )
            async with Client(transport) as client:
                result = await client.call_tool("headers")
                assert result.structured_content.get("authorization") == sent
    await asyncio.sleep(0)
