"""Tasks of servers made with FastMCP 3 and 4."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from peers.environments import python_packages
from processes import free_port, listening

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError

pytestmark = pytest.mark.timeout(300, func_only=True)

RELEASES = {
    "fastmcp3": ("fastmcp[tasks]==3.4.10",),
    "fastmcp4": ("fastmcp==4.1.2", "fastmcp-tasks==4.1.2"),
}
# Which revision a slow start is taken for has to do with other tests.
MODES = {"fastmcp3": "legacy", "fastmcp4": "2026-07-28"}
SECONDS = 60
SERVER = """
    import asyncio, sys
    import fastmcp
    from fastmcp import Context, FastMCP
    from fastmcp.utilities.tasks import TaskConfig

    mcp = FastMCP("theirs")
    released = asyncio.Event()

    if fastmcp.__version__.startswith("4"):
        from fastmcp_tasks import TasksExtension
        from mcp_types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult

        mcp.add_extension(TasksExtension())
        SCHEMA = {"type": "object", "properties": {"value": {"type": "string"}}}

        @mcp.tool(task=True)
        async def order(ctx: Context) -> str:
            answers = ctx.input_responses or {}
            if "what" in answers:
                return "one " + answers["what"].content["value"]
            asked = ElicitRequestFormParams(message="What?", requested_schema=SCHEMA)
            return InputRequiredResult(input_requests={"what": ElicitRequest(params=asked)})
    else:

        @mcp.tool(task=True)
        async def order(ctx: Context) -> str:
            return "one " + (await ctx.elicit("What?", str)).data

        @mcp.resource("theirs://hours", task=True)
        async def hours() -> str:
            return "9 to 5"

        @mcp.prompt(task=True)
        async def praise(cake: str) -> str:
            return f"Praise {cake}"

    @mcp.tool(task=True)
    async def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool(task=TaskConfig(mode="required"))
    async def bake() -> set[int]:
        return {1, 2}

    @mcp.tool(task=True)
    async def held() -> str:
        await released.wait()
        return "released"

    @mcp.tool
    async def release() -> None:
        released.set()

    @mcp.tool(task=True)
    async def fail() -> str:
        raise ValueError("out of flour")

    if sys.argv[1:]:
        mcp.run("http", port=int(sys.argv[1]), show_banner=False)
    else:
        mcp.run(show_banner=False)
"""


def customer(*_: Any) -> dict[str, Any]:
    return {"value": "cake"}


def client_of(release: str, server: Any) -> Client:
    return Client(server, mode=MODES[release], elicitation_handler=customer)


async def uses_tasks(client: Client) -> None:
    """What works with each of them."""
    states: list[str] = []
    task = await client.call_tool("held", task=True)
    task.on_status_change(lambda now: states.append(now.status))
    assert not task.returned_immediately
    assert (await task.status()).status == "working"
    await client.call_tool("release")
    assert (await task).data == "released"
    assert (await task.wait()).status == "completed"
    assert states[-1] == "completed"

    assert (await (await client.call_tool("add", {"a": 1, "b": 2}, task=True))).data == 3
    assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3
    assert (await (await client.call_tool("bake", task=True))).data == {1, 2}
    assert (await (await client.call_tool("order", task=True))).data == "one cake"
    with pytest.raises(ToolError, match="out of flour"):
        await (await client.call_tool("fail", task=True))
    listed = await client.list_tasks()
    assert {"completed"} <= {each["status"] for each in listed["tasks"]}


async def uses_the_older_ones(client: Client) -> None:
    """What only FastMCP 3 has."""
    assert (await (await client.read_resource("theirs://hours", task=True)))[0].text == "9 to 5"
    praise = await client.get_prompt("praise", {"cake": "pie"}, task=True)
    assert (await praise).messages[0].content.text == "Praise pie"


async def uses(release: str, client: Client) -> None:
    async with asyncio.timeout(SECONDS), client:
        await uses_tasks(client)
        if release == "fastmcp3":
            await uses_the_older_ones(client)
        else:
            assert (await client.call_tool("bake")).data == {1, 2}


@pytest.mark.parametrize("release", RELEASES)
def test_their_tasks_over_stdio(release: str, script: Callable[..., Path]) -> None:
    """Submitted, looked at, asked of, waited for, and failed."""
    python = python_packages(f"{release}-tasks", *RELEASES[release])
    server = StdioTransport(python, [str(script(SERVER))])

    asyncio.run(uses(release, client_of(release, server)))


@pytest.mark.parametrize("release", RELEASES)
def test_their_tasks_over_http(release: str, script: Callable[..., Path], tmp_path: Path) -> None:
    """The same."""
    python, port = python_packages(f"{release}-tasks", *RELEASES[release]), free_port()
    command = [python, str(script(SERVER)), str(port)]
    with listening(command, tmp_path / "log", port) as server:
        asyncio.run(uses(release, client_of(release, server.url)))
