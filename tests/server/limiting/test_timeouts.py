"""How long requests may take."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from hurried import hurry, now
from limited import limited, outcome
from reaching import Reach, used

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError
from fastmcp.server.middleware.timeouts import TimeoutMiddleware


def sleepy(*middleware: Any) -> tuple[FastMCP, list[str]]:
    """A server whose functions take as long as they are told, and what became of them."""
    mcp, fates = FastMCP("Sleepy", middleware=middleware), list[str]()

    async def sleep(seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            fates.append("cancelled")
            raise
        return "awake"

    mcp.tool(sleep, name="sleep")
    mcp.tool(sleep, name="long")
    mcp.resource("sleep://{seconds}")(sleep)
    mcp.prompt(sleep)
    return mcp, fates


def test_a_function_that_takes_too_long_is_cancelled(reach: Reach) -> None:
    """The error says how long it may take; the next call is served."""
    mcp, fates = sleepy(TimeoutMiddleware(0.05))

    async def use(client: Client) -> None:
        error = await outcome(client, "sleep", {"seconds": 3600})
        assert (error.code, error.data) == (-32000, None)
        assert error.message == "The tool 'sleep' took longer than the 0.05 seconds that it may"
        with pytest.raises(McpError, match="The request resources/read took longer"):
            await client.read_resource("sleep://3600")
        with pytest.raises(McpError, match="The request prompts/get took longer"):
            await client.get_prompt("sleep", {"seconds": "3600"})
        assert await outcome(client, "sleep", {"seconds": 0}) == "awake"

    used(reach(mcp), use)
    assert fates == ["cancelled"] * 3


def test_methods_and_tools_have_times_of_their_own() -> None:
    """Or none; a tool's wins over its method's."""
    mcp, _ = sleepy(
        TimeoutMiddleware(
            5, methods={"resources/read": None, "tools/call": 20}, tools={"long": None}
        )
    )

    async def main() -> None:
        async with Client(mcp, timeout=10_000) as client:
            for method, takes in (("sleep", 20), ("long", 1000), ("resource", 1000), ("prompt", 5)):
                began = now()
                try:
                    if method == "resource":
                        await client.read_resource("sleep://1000")
                    elif method == "prompt":
                        await client.get_prompt("sleep", {"seconds": "1000"})
                    else:
                        await client.call_tool(method, {"seconds": 1000})
                except McpError as error:
                    assert "took longer" in error.message
                assert now() - began == pytest.approx(takes, abs=0.1)

    hurry(main())


def test_a_plain_function_is_left_to_itself() -> None:
    """The client has its error at once; what the thread does is lost."""
    mcp = FastMCP("x", middleware=[TimeoutMiddleware(0.05)])
    gate, ended = threading.Event(), threading.Event()

    @mcp.tool
    def block() -> str:
        gate.wait(20)
        ended.set()
        return "too late"

    async def use(client: Client) -> None:
        error = await outcome(client, "block")
        assert "took longer" in error.message
        assert not ended.is_set()

    used(mcp, use)
    gate.set()
    assert ended.wait(20)


def test_a_timeout_of_the_function_itself_stays_its_own() -> None:
    """It is the function that failed."""
    mcp = FastMCP("x", middleware=[TimeoutMiddleware(5)])

    @mcp.tool
    async def impatient() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(3600)

    async def use(client: Client) -> str:
        result = await client.call_tool("impatient", raise_on_error=False)
        return result.content[0].text

    assert used(mcp, use).startswith("Error calling tool 'impatient'")


def test_a_client_may_listen_for_as_long_as_it_likes() -> None:
    """What tells of changes is no request that takes long."""
    mcp = limited(TimeoutMiddleware(0.05))
    heard: list[str] = []

    async def main() -> None:
        told = asyncio.Event()

        async def hear(message: Any) -> None:
            heard.append(message.method)
            told.set()

        async with Client(mcp, message_handler=hear) as client:
            await client.list_tools()
            await asyncio.sleep(0.2)
            mcp.tool(lambda: 1, name="new")
            async with asyncio.timeout(20):
                await told.wait()

    asyncio.run(main())
    assert heard == ["notifications/tools/list_changed"]


def test_a_question_to_the_user_is_no_timeout() -> None:
    """Each round of a modern call has the time for itself."""
    mcp = FastMCP("x", middleware=[TimeoutMiddleware(5)])

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return (await ctx.elicit("Go on?")).action

    async def main() -> None:
        async def answer(message: str, *_: Any) -> Any:
            await asyncio.sleep(60)
            return {}

        async with Client(mcp, elicitation_handler=answer, timeout=1000) as client:
            assert await outcome(client, "ask") == "accept"

    hurry(main())


WRONG = [
    ({"seconds": 0}, "seconds=0"),
    ({"methods": {"tools/cal": 1}}, "'tools/cal'.*no such method"),
    ({"methods": {"tools/call": -1}}, r"methods\['tools/call'\]=-1"),
    ({"tools": {"echo": 0}}, r"tools\['echo'\]=0"),
]


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_wrong_options_are_refused(options: Any, text: str) -> None:
    """The error names the option."""
    with pytest.raises(ConfigurationError, match=text):
        TimeoutMiddleware(**options)
