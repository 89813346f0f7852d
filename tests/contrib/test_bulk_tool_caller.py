"""Many calls of tools in one."""

from __future__ import annotations

from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.contrib.bulk_tool_caller import BulkToolCaller
from fastmcp.contrib.bulk_tool_caller.bulk_tool_caller import CallToolRequest
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.authorization import require_scopes
from fastmcp.testing import run_server_async


def make_server(**options: Any) -> FastMCP:
    """A server with tools to be called in bulk."""
    mcp = FastMCP(**options)

    @mcp.tool
    def echo(text: str) -> str:
        return text

    @mcp.tool
    def fail() -> str:
        raise RuntimeError("it broke")

    @mcp.tool(auth=require_scopes("admin"))
    def secret() -> str:
        return "for admins"

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return f"Hello {(await ctx.elicit('Who are you?', str)).data}"

    return mcp


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "arguments": arguments}


async def told(client: Client, bulk: str = "call_tools_bulk", /, **arguments: Any) -> list[Any]:
    """Of each call whether it failed, and the text of its answer."""
    results = (await client.call_tool(bulk, arguments)).structured_content
    assert results is not None
    return [(each["isError"], each["content"][0]["text"]) for each in results["result"]]


async def test_one_tool_is_called_many_times() -> None:
    """In their order; what does not fit is the failure of that call alone."""
    mcp = make_server()
    BulkToolCaller().register_tools(mcp)

    async with Client(mcp) as client:
        given = [{"text": "a"}, {"nonsense": 1}, {"text": "b"}]
        answers = await told(client, "call_tool_bulk", tool="echo", tool_arguments=given)
        assert [failed for failed, _ in answers] == [False, True, False]
        assert (answers[0][1], answers[2][1]) == ("a", "b")
        assert "nonsense" in answers[1][1]


async def test_several_tools_are_called() -> None:
    """What fails is told; with `continue_on_error` False nothing is called after it."""
    mcp = make_server()
    BulkToolCaller().register_tools(mcp, prefix="many")
    calls = [call("fail"), call("none"), call("many_call_tool_bulk"), call("echo", text="x")]

    async with Client(mcp) as client:
        answers = await told(client, "many_call_tools_bulk", tool_calls=calls)
        assert [failed for failed, _ in answers] == [True, True, True, False]
        assert "it broke" in answers[0][1]
        assert "Unknown tool: 'none'" in answers[1][1]
        assert "cannot be one of the calls" in answers[2][1]
        stopped = await told(
            client, "many_call_tools_bulk", tool_calls=calls, continue_on_error=False
        )
        assert len(stopped) == 1


async def test_errors_are_masked_where_the_server_masks_them() -> None:
    """As for a call by itself."""
    mcp = make_server(mask_error_details=True)
    BulkToolCaller().register_tools(mcp)

    async with Client(mcp) as client:
        assert await told(client, tool_calls=[call("fail")]) == [
            (True, "Error calling tool 'fail'")
        ]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_tool_that_is_called_can_ask_the_user(mode: Any) -> None:
    """In both eras of the protocol."""
    mcp = make_server()
    BulkToolCaller().register_tools(mcp)

    async def answer(*_: Any) -> dict[str, str]:
        return {"value": "Ann"}

    async with Client(mcp, mode=mode, elicitation_handler=answer) as client:
        assert await told(client, tool_calls=[call("ask"), call("ask")]) == [
            (False, "Hello Ann"),
            (False, "Hello Ann"),
        ]


async def test_nobody_gets_in_bulk_what_he_would_not_get_alone() -> None:
    """The checks of a tool see the caller of the bulk."""
    owners = {"guest": {"sub": "g"}, "root": {"sub": "r", "scopes": ["admin"]}}
    mcp = make_server(auth=owners)
    BulkToolCaller().register_tools(mcp)

    async with run_server_async(mcp) as url:
        for token, answer in (("guest", "Unknown tool: 'secret'"), ("root", "for admins")):
            async with Client(url, auth=token) as client:
                [(failed, text)] = await told(client, tool_calls=[call("secret")])
                assert (failed, text) == (token == "guest", answer)


async def test_the_methods_can_be_called_in_a_program() -> None:
    """With what they return as objects, once there is a server."""
    caller = BulkToolCaller()
    with pytest.raises(ConfigurationError, match="register_tools"):
        await caller.call_tool_bulk("echo", [{"text": "a"}])
    caller.register_tools(make_server())

    [result] = await caller.call_tools_bulk([CallToolRequest(**call("echo", text="a"))])

    assert (result.tool, result.arguments, result.isError) == ("echo", {"text": "a"}, False)
    assert result.content[0].text == "a" and not result.is_error
