"""What a context offers beside asking, state and logs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, request
from conversation import conversation

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import NotFoundError, ToolError
from fastmcp.server.context import set_context
from fastmcp.server.dependencies import get_context
from fastmcp.wire.notifications import LoggingMessageNotificationParams

both_eras = pytest.mark.parametrize("mode", ["legacy", "auto"])


def called(mcp: FastMCP, tool: str, mode: str = "auto", **options: Any) -> Any:
    """The value of a tool."""

    async def main() -> Any:
        async with Client(mcp, mode=mode, **options) as client:
            return (await client.call_tool(tool)).data

    return asyncio.run(main())


def stocked() -> FastMCP:
    """A server with something of each kind."""
    mcp = FastMCP("x")

    @mcp.resource("data://a")
    def data() -> str:
        return "contents"

    @mcp.resource("data://hidden", tags={"hidden"})
    def hidden() -> str:
        return "hidden"

    @mcp.prompt
    def greet(name: str) -> str:
        return f"Greet {name}"

    mcp.disable(tags={"hidden"})
    return mcp


@both_eras
def test_a_function_uses_the_servers_own_resources_and_prompts(mode: str) -> None:
    """As its session sees them."""
    mcp = stocked()

    @mcp.tool
    async def use(ctx: Context) -> list[Any]:
        with pytest.raises(NotFoundError):
            await ctx.read_resource("data://hidden")
        return [
            [resource.uri for resource in await ctx.list_resources()],
            [prompt.name for prompt in await ctx.list_prompts()],
            (await ctx.read_resource("data://a")).contents[0].content,
            (await ctx.get_prompt("greet", {"name": "Ann"})).messages[0].content.text,
        ]

    assert called(mcp, "use", mode) == [["data://a"], ["greet"], "contents", "Greet Ann"]


@both_eras
def test_a_plain_function_uses_them_without_await(mode: str) -> None:
    """The same methods."""
    mcp = stocked()

    @mcp.tool
    def use(ctx: Context) -> list[Any]:
        read: Any = ctx.read_resource("data://a")
        rendered: Any = ctx.get_prompt("greet", {"name": "Ann"})
        return [
            len(ctx.list_resources()),  # type: ignore[arg-type]
            len(ctx.list_prompts()),  # type: ignore[arg-type]
            read.contents[0].content,
            rendered.messages[0].content.text,
        ]

    assert called(mcp, "use", mode) == [1, 1, "contents", "Greet Ann"]


def test_notifications_of_ones_own_go_out_with_the_request() -> None:
    """By method and params, or as objects of the official package."""
    from mcp import types

    mcp = FastMCP("x")

    @mcp.tool
    async def tell(ctx: Context) -> str:
        await ctx.send_notification("notifications/custom", {"n": 1})
        params = types.LoggingMessageNotificationParams(level="info", data="official")
        await ctx.send_notification(types.LoggingMessageNotification(params=params))
        with pytest.raises(TypeError, match="a method with its params"):
            await ctx.send_notification(object())
        return "told"

    async def main() -> list[Any]:
        async with conversation(mcp, HANDSHAKE) as talk:
            talk.send(request("tools/call", 1, name="tell", arguments={}))
            return [await talk.receive() for _ in range(3)]

    custom, official, answer = asyncio.run(main())

    assert (custom["method"], custom["params"]) == ("notifications/custom", {"n": 1})
    assert official["params"] == {"level": "info", "data": "official"}
    assert answer["id"] == 1


@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
def test_what_tells_of_changes_goes_where_changes_are_heard(revision: str) -> None:
    """To the session, or to the stream on which a modern client listens."""
    mcp = FastMCP("x")

    @mcp.tool
    async def tell(ctx: Context) -> str:
        await ctx.send_notification("notifications/tools/list_changed")
        return "told"

    async def main() -> Any:
        async with conversation(mcp, revision) as talk:
            if revision == MODERN:
                wanted = {"toolsListChanged": True}
                await talk.ask(request("subscriptions/listen", "ear", notifications=wanted))
            talk.send(request("tools/call", 1, name="tell", arguments={}))
            heard = [await talk.receive() for _ in range(2)]
            return next(each for each in heard if "method" in each)

    heard = asyncio.run(main())

    assert heard["method"] == "notifications/tools/list_changed"
    stamp = (heard.get("params") or {}).get("_meta")
    assert stamp == (
        {"io.modelcontextprotocol/subscriptionId": "ear"} if revision == MODERN else None
    )


def test_outside_of_requests_a_context_can_be_made_current() -> None:
    """For helpers that look for one, in tests and programs."""
    mcp = stocked()

    async def main() -> list[Any]:
        async with Context(fastmcp=mcp) as ctx:
            assert get_context() is ctx
            found = [(await ctx.read_resource("data://a")).contents[0].content]
            other = Context(mcp)
            with set_context(other):
                assert get_context() is other
            assert get_context() is ctx
            await ctx.info("nobody hears this")
            return [*found, ctx.transport, ctx.client_id]

    assert asyncio.run(main()) == ["contents", "memory", None]
    with pytest.raises(RuntimeError):
        get_context()


@both_eras
def test_the_session_has_the_methods_of_the_official_sdk(mode: str) -> None:
    """And they do what they do there."""
    mcp = FastMCP("x")

    @mcp.tool
    async def use(ctx: Context) -> list[Any]:
        session = ctx.session
        await session.send_log_message("warning", {"k": 1}, logger="mine")
        await session.send_ping()
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
        asked = await session.elicit("How many?", schema)
        message = {"role": "user", "content": {"type": "text", "text": "Hi"}}
        said = await session.create_message([message], max_tokens=9, system_prompt="Be brief")
        roots = (await session.list_roots()).roots
        return [
            asked.action,
            asked.content,
            said.content.text,
            [root.uri for root in roots],
            session.client_params.client_info.name,
            session.check_client_capability({"sampling": {}}),
            session.check_client_capability({"sampling": {"tools": {}}}),
        ]

    logs: list[LoggingMessageNotificationParams] = []

    def model(messages: list[Any], params: Any, context: Any) -> str:
        return f"{params.system_prompt} {params.max_tokens}"

    found = called(
        mcp,
        "use",
        mode,
        name="Ann's",
        elicitation_handler=lambda *_: {"n": 3},
        sampling_handler=model,
        roots=["file:///a"],
        log_handler=logs.append,
    )

    assert found == ["accept", {"n": 3}, "Be brief 9", ["file:///a"], "Ann's", True, False]
    assert {(log.level, log.logger, log.data["k"]) for log in logs} == {("warning", "mine", 1)}


@both_eras
def test_a_server_has_a_floor_for_what_it_tells_clients(mode: str) -> None:
    """Whatever they ask for."""
    mcp = FastMCP("x", client_log_level="warning")

    @mcp.tool
    async def talk(ctx: Context) -> None:
        await ctx.info("quiet")
        await ctx.warning("loud")

    heard: list[Any] = []

    async def main() -> None:
        async with Client(mcp, mode=mode, log_handler=heard.append) as client:
            await client.set_logging_level("debug")
            await client.call_tool("talk")

    asyncio.run(main())

    assert [log.data["msg"] for log in heard] == ["loud"]
    with pytest.raises(ValueError, match="client_log_level='loud': it must be one of debug"):
        FastMCP("x", client_log_level="loud")  # type: ignore[arg-type]


def test_an_error_of_the_clients_is_told_to_the_model_when_nobody_catches_it() -> None:
    """In the handshake era, where the client answers with it."""
    mcp = FastMCP("x", mask_error_details=True)

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return str(await ctx.list_roots())

    def roots(context: Any) -> Any:
        raise RuntimeError("no disk")

    with pytest.raises(ToolError, match="no disk"):
        called(mcp, "ask", "legacy", roots=roots)
