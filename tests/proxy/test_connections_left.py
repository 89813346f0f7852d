"""What a proxy has opened and begun behind it ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.server import create_proxy
from fastmcp.server.tasks import TaskConfig

from .counting import within

# So many turns of the event loop after one client another one comes: among them are all that the
# first connection behind takes to be opened, and more.
TURNS = 40


class Behind:
    """A server that is running while anybody is connected to it."""

    def __init__(self) -> None:
        self.running = False
        self.server = FastMCP("behind", lifespan=self._lifespan)

        @self.server.tool
        def add(a: int, b: int) -> int:
            return a + b

    @asynccontextmanager
    async def _lifespan(self, _: FastMCP) -> AsyncGenerator[None]:
        self.running = True
        try:
            yield
        finally:
            self.running = False


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("front", ["auto", "legacy"])
def test_of_clients_that_come_at_once_none_leaves_a_connection_open(front: str, mode: str) -> None:
    """Whenever the second one comes while the server behind is asked what it speaks."""

    async def use(turns: int) -> bool:
        behind = Behind()
        proxy = create_proxy(behind.server, mode=mode)

        async def come(after: int) -> None:
            for _ in range(after):
                await asyncio.sleep(0)
            async with Client(proxy, mode=front) as client:
                assert [tool.name for tool in await client.list_tools()] == ["add"]

        async with within(), proxy.lifespan.use():
            await asyncio.gather(come(0), come(turns))
        return behind.running

    async def main() -> None:
        assert [turns for turns in range(TURNS) if await use(turns)] == []

    asyncio.run(main())


@pytest.mark.parametrize(
    ("front", "mode"), [("auto", "auto"), ("auto", "legacy"), ("legacy", "auto")]
)
def test_a_task_behind_for_which_nobody_waits_is_cancelled_before_the_proxy_ends(
    front: str, mode: str
) -> None:
    """It asked a client that left without an answer."""
    behind = FastMCP("behind", tasks=True)
    ids: set[str] = set()

    @behind.tool(task=TaskConfig(mode="required"))
    async def asks(ctx: Context) -> str:
        assert ctx.task_id is not None
        ids.add(ctx.task_id)
        return str((await ctx.elicit("On which shelf?", str)).data)

    async def leave(url: str) -> None:
        asked = asyncio.Event()

        async def answer(*_: object) -> None:
            asked.set()
            await asyncio.Event().wait()

        proxy = create_proxy(url, mode=mode)
        async with within(), Client(proxy, mode=front, elicitation_handler=answer) as client:
            call = asyncio.create_task(client.call_tool("asks"))
            await asked.wait()
            call.cancel()
            await asyncio.wait([call])

    async def states(url: str) -> list[str]:
        async with Client(url) as client:
            return [(await client.get_task_status(id)).status for id in ids]

    with served(behind.http_app()) as base:
        asyncio.run(leave(base + "/mcp"))
        assert asyncio.run(states(base + "/mcp")) == ["cancelled"]
