"""Components that one session sees and others do not."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, request, served
from conversation import conversation

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import McpError


def server() -> FastMCP:
    """A server whose `admin` components are hidden, and tools that show them."""
    mcp = FastMCP("x")

    @mcp.tool(tags={"admin"})
    def erase() -> str:
        return "erased"

    @mcp.resource("data://secret", tags={"admin"})
    def secret() -> str:
        return "secret"

    @mcp.prompt(tags={"admin"})
    def plan() -> str:
        return "plan"

    @mcp.tool
    async def unlock(ctx: Context) -> None:
        await ctx.enable_components(tags={"admin"})

    @mcp.tool
    def lock(ctx: Context) -> None:
        ctx.reset_visibility()

    @mcp.tool
    async def hide(ctx: Context, name: str = "") -> None:
        await (ctx.disable_components(names={name}) if name else hide_all(ctx))

    async def hide_all(ctx: Context) -> None:
        await ctx.disable_components(match_all=True)
        await ctx.enable_components(names={"lock"}, components={"tool"})

    mcp.disable(tags={"admin"})
    return mcp


async def shown(client: Any) -> set[str]:
    """The names of all that a client sees."""
    tools = {tool.name for tool in await client.list_tools()}
    resources = {resource.name for resource in await client.list_resources()}
    return tools | resources | {prompt.name for prompt in await client.list_prompts()}


EVERYBODY = {"unlock", "lock", "hide"}
ADMIN = {"erase", "secret", "plan"}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("transport", ["memory", "http"])
def test_what_is_shown_to_one_session_stays_hidden_from_others(mode: str, transport: str) -> None:
    """In lists and in use, until it is reset."""

    async def scenario(target: Any) -> None:
        async with Client(target, mode=mode) as mine, Client(target, mode=mode) as other:
            await mine.call_tool("unlock")
            assert await shown(mine) == EVERYBODY | ADMIN
            assert (await mine.call_tool("erase")).data == "erased"
            assert (await mine.read_resource("data://secret"))[0].text == "secret"
            assert await shown(other) == EVERYBODY
            with pytest.raises(McpError, match="Unknown tool"):
                await other.call_tool("erase")

            await mine.call_tool("lock")
            assert await shown(mine) == EVERYBODY
            await mine.call_tool("unlock")
            assert await shown(mine) == EVERYBODY | ADMIN

    mcp = server()
    if transport == "memory":
        asyncio.run(scenario(mcp))
    else:
        with served(mcp.http_app()) as base:
            asyncio.run(scenario(base + "/mcp"))


def test_rules_of_a_session_come_after_those_of_the_server() -> None:
    """The last one that fits decides, one after the other."""

    async def main() -> None:
        mcp = server()
        async with Client(mcp) as client:
            await client.call_tool("hide", {"name": "unlock"})
            assert await shown(client) == EVERYBODY - {"unlock"}
            mcp.enable(names={"unlock"})
            assert await shown(client) == EVERYBODY - {"unlock"}
            await client.call_tool("hide")
            assert await shown(client) == {"lock"}
            await client.call_tool("lock")
            assert await shown(client) == EVERYBODY

    asyncio.run(main())


@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
def test_only_the_session_hears_that_its_lists_have_changed(revision: str) -> None:
    """Each list that did, and none that did not."""

    async def main() -> list[list[str]]:
        mcp = server()
        async with AsyncExitStack() as stack:
            talks = [await stack.enter_async_context(conversation(mcp, revision)) for _ in "ab"]
            for talk in talks:
                if revision == MODERN:
                    wanted = {"toolsListChanged": True, "resourcesListChanged": True}
                    await talk.ask(request("subscriptions/listen", 7, notifications=wanted))
            talks[0].send(request("tools/call", 1, name="unlock", arguments={}))
            heard: list[str] = []
            while "answer" not in heard or len(heard) < (3 if revision == MODERN else 4):
                message = await talks[0].receive()
                heard.append(message.get("method", "answer"))
            silent = await talks[1].ask(request("tools/list", 2))
            return [heard, [silent.get("method", "answer")]]

    heard, silent = asyncio.run(main())

    lists = ["tools", "resources", *(["prompts"] if revision == HANDSHAKE else [])]
    told = {f"notifications/{each}/list_changed" for each in lists}
    assert set(heard) == {"answer"} | told and silent == ["answer"]


def test_a_request_that_stands_alone_sees_its_own_rules_only() -> None:
    """Without a session there is nothing that they could last for."""
    mcp = FastMCP("x")

    @mcp.tool
    async def narrow(ctx: Context) -> list[str]:
        await ctx.disable_components(match_all=True)
        return [tool.name for tool in await ctx.catalogue.tools.all()]

    async def main() -> None:
        with served(mcp.http_app(stateless_http=True)) as base:
            async with Client(base + "/mcp", mode="legacy") as client:
                assert (await client.call_tool("narrow")).data == []
                assert [tool.name for tool in await client.list_tools()] == ["narrow"]

    asyncio.run(main())
