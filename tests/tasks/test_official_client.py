"""The official Python SDK's client, which knows tasks of 2025-11-25."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from peers.environments import python_packages
from processes import environment, http_server

pytestmark = pytest.mark.timeout(300, func_only=True)

SERVER = """
    import asyncio, os, sys
    from fastmcp import Context, FastMCP

    mcp = FastMCP("ours")

    @mcp.tool(task=True)
    async def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool(task=True)
    async def greet(ctx: Context) -> str:
        return "Hello " + (await ctx.elicit("Who?", str)).data

    @mcp.tool(task=True)
    async def rest() -> None:
        await asyncio.sleep(600)

    if __name__ == "__main__":
        if "PORT" in os.environ:
            mcp.run("http", port=int(os.environ["PORT"]))
        else:
            mcp.run()
"""

CLIENT = """
    import asyncio, json, sys
    from contextlib import asynccontextmanager
    import mcp.types as types
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamable_http_client

    async def answer(context, params):
        return types.ElicitResult(action="accept", content={"value": "Ann"})

    @asynccontextmanager
    async def streams():
        if sys.argv[1].startswith("http"):
            async with streamable_http_client(sys.argv[1]) as (read, write, _):
                yield read, write
        else:
            parameters = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:])
            async with stdio_client(parameters) as (read, write):
                yield read, write

    async def main():
        async with streams() as (read, write):
            async with ClientSession(read, write, elicitation_callback=answer) as session:
                await session.initialize()
                tasks, found = session.experimental, {}

                async def ended(id):
                    async for status in tasks.poll_task(id):
                        found.setdefault("statuses", []).append(status.status)
                    return await tasks.get_task_result(id, types.CallToolResult)

                made = await tasks.call_tool_as_task("add", {"a": 1, "b": 2})
                found["first"] = made.task.status
                result = await ended(made.task.taskId)
                found["sum"] = result.structuredContent["result"]
                made = await tasks.call_tool_as_task("greet", {})
                result = await tasks.get_task_result(made.task.taskId, types.CallToolResult)
                found["greeting"] = result.content[0].text
                made = await tasks.call_tool_as_task("rest", {})
                found["cancelled"] = (await tasks.cancel_task(made.task.taskId)).status
                found["listed"] = [each.status for each in (await tasks.list_tasks()).tasks]
                print(json.dumps(found))

    asyncio.run(main())
"""


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_it_begins_follows_answers_cancels_and_lists_tasks(
    script: Callable[..., Path], log: Path, transport: str
) -> None:
    """As it does those of its own server."""
    peer = python_packages("mcp1", "mcp==1.30.0")
    server, client = script(SERVER, "server.py"), script(CLIENT, "client.py")

    def run(*where: str) -> Any:
        command = [peer, str(client), *where]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, env=environment({}), check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    if transport == "stdio":
        found = run(sys.executable, str(server))
    else:
        with http_server([server], log) as served:
            found = run(served.url)

    assert found["first"] == "working"
    assert found["statuses"][-1] == "completed"
    assert found["sum"] == 3
    assert found["greeting"] == "Hello Ann"
    assert found["cancelled"] == "cancelled"
    assert found["listed"] == ["cancelled", "completed", "completed"]
