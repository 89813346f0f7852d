"""Area E: state, row by row, in both eras, over each transport and in both kinds of stores."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any

import pytest
from key_value.aio.stores.memory import MemoryStore
from reaching import Reach, used, value_of

from fastmcp import Client, Context, FastMCP
from fastmcp.server.dependencies import get_context
from fastmcp.server.middleware import Middleware


@pytest.fixture(params=["own", "key-value"])
def store(request: pytest.FixtureRequest) -> Any:
    """The server's own store, and one that is only asked asynchronously."""
    return None if request.param == "own" else MemoryStore()


@dataclass
class Executor:
    """A service, as middleware hands it to tools."""

    tasks: list[str] = field(default_factory=list)

    async def execute(self, task: str) -> str:
        self.tasks.append(task)
        return f"did {task}"


class HandsOver(Middleware):
    """Sets what it was given, for every call."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        for key, value in self.values.items():
            context.fastmcp_context.set_state(key, value)
        return await call_next(context)


def test_s081_set_state_acts_without_await(reach: Reach, mode: str, store: Any) -> None:
    """Middleware sets any object; the tool has it, and awaiting is as good."""
    executor = Executor()
    mcp = FastMCP("x", middleware=[HandsOver(executor=executor)], session_state_store=store)

    @mcp.tool
    async def work(ctx: Context) -> list[Any]:
        ctx.set_state("one", 1)
        await ctx.set_state("two", 2)
        executing = ctx.get_state("executor")
        done = await executing.execute("a task")
        return [done, len(executing.tasks), await ctx.get_state("one"), await ctx.get_state("two")]

    assert value_of(reach(mcp), "work", mode=mode) == ["did a task", 1, 1, 2]
    assert executor.tasks == ["a task"]


def test_s082_get_state_is_the_object(reach: Reach, mode: str, store: Any) -> None:
    """In plain functions, and awaited; what is not there is None."""
    pool = Executor()
    mcp = FastMCP("x", middleware=[HandsOver(db_pool=pool)], session_state_store=store)

    @mcp.tool
    def plain(ctx: Context) -> list[bool]:
        return [ctx.get_state("db_pool") is pool, ctx.get_state("nothing") is None]

    @mcp.tool
    async def awaited(ctx: Context) -> list[bool]:
        return [await ctx.get_state("db_pool") is pool, await ctx.get_state("nothing") is None]

    target = reach(mcp)
    for tool in ("plain", "awaited"):
        assert value_of(target, tool, mode=mode) == [True, True]


def test_s082_get_state_can_be_used_as_the_object(reach: Reach, mode: str) -> None:
    """Without await: attributes, calls, items, iteration; false and equal to None when absent."""
    values = {
        "executor": Executor(["a"]),
        "config": {"debug": True},
        "double": lambda number: 2 * number,
        "names": ["a", "b"],
        "count": 3,
    }
    mcp = FastMCP("x", middleware=[HandsOver(**values)])

    @mcp.tool
    async def use(ctx: Context) -> None:
        assert ctx.get_state("executor").tasks == ["a"]
        assert isinstance(ctx.get_state("executor"), Executor)
        assert ctx.get_state("config")["debug"] is True
        assert ctx.get_state("double")(4) == 8
        assert list(ctx.get_state("names")) == sorted(ctx.get_state("names")) == ["a", "b"]
        assert len(ctx.get_state("names")) == 2
        assert "a" in ctx.get_state("names")
        assert ctx.get_state("count") == 3 < ctx.get_state("count") + 1
        assert f"{ctx.get_state('count')}" == "3"
        assert bool(ctx.get_state("config"))
        missing = ctx.get_state("nothing")
        assert not missing
        assert missing == None  # noqa: E711
        assert (missing or "default") == "default"

    value_of(reach(mcp), "use", mode=mode)


def test_s083_state_takes_any_object(reach: Reach, mode: str, store: Any) -> None:
    """A socket, the server, a task, a function: the same object comes back."""
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(ctx: Context) -> bool:
        with socket.socket() as connection:
            task = asyncio.current_task()
            objects = [connection, ctx.fastmcp, task, put, object(), (i for i in range(3))]
            for number, each in enumerate(objects):
                ctx.set_state(str(number), each)
            found = [await ctx.get_state(str(number)) for number in range(len(objects))]
            return all(one is other for one, other in zip(found, objects, strict=True))

    assert value_of(reach(mcp), "put", mode=mode) is True


def test_s084_objects_live_for_a_request_and_data_for_a_session(
    reach: Reach, mode: str, store: Any
) -> None:
    """The socket of the first call is gone in the second, its number is there; and neither is in
    another session.
    """
    mcp = FastMCP("x", session_state_store=store)

    @mcp.tool
    async def put(ctx: Context) -> None:
        with socket.socket() as connection:
            ctx.set_state("socket", connection)
            ctx.set_state("number", 7)
            await ctx.set_state("awaited", {"a": [1, 2]})
            await ctx.set_state("for now", 8, serializable=False)

    @mcp.tool
    async def look(ctx: Context) -> list[Any]:
        names = ("socket", "number", "awaited", "for now")
        return [await ctx.get_state(name) for name in names]

    @mcp.tool
    def look_plainly(ctx: Context) -> list[Any]:
        return [ctx.get_state(name) for name in ("socket", "number", "awaited", "for now")]

    async def use(client: Client) -> list[Any]:
        await client.call_tool("put")
        return [(await client.call_tool(tool)).data for tool in ("look", "look_plainly", "look")]

    target = reach(mcp)

    assert used(target, use, mode=mode) == [[None, 7, {"a": [1, 2]}, None]] * 3
    assert value_of(target, "look", mode=mode) == [None] * 4


@pytest.mark.parametrize("is_async", [True, False])
def test_s085_all_that_serves_a_request_shares_its_state(
    is_async: bool, reach: Reach, mode: str, store: Any
) -> None:
    """Middleware, tool, helper and dependency, in both directions."""
    from fastmcp.dependencies import Depends

    after: list[Any] = []

    class Around(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            await context.fastmcp_context.set_state("user", "ada")
            context.fastmcp_context.set_state("service", Executor)
            result = await call_next(context)
            after.append(await context.fastmcp_context.get_state("seen"))
            return result

    def dependency(ctx: Context) -> Any:
        return ctx.get_state("user")

    def helper() -> Any:
        return get_context().get_state("user")

    async def async_helper() -> Any:
        return await get_context().get_state("user")

    mcp = FastMCP("x", middleware=[Around()], session_state_store=store)

    def plain(ctx: Context, user: Any = Depends(dependency)) -> list[Any]:  # noqa: B008
        ctx.set_state("seen", "by the tool")
        return [user, helper(), ctx.get_state("user"), ctx.get_state("service") is Executor]

    async def coroutine(ctx: Context, user: Any = Depends(dependency)) -> list[Any]:  # noqa: B008
        ctx.set_state("seen", "by the tool")
        is_executor = await ctx.get_state("service") is Executor
        return [user, await async_helper(), await ctx.get_state("user"), is_executor]

    mcp.tool(coroutine if is_async else plain, name="look")

    assert value_of(reach(mcp), "look", mode=mode) == ["ada", "ada", "ada", True]
    assert after == ["by the tool"]
