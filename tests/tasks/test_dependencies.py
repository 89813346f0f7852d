"""What the functions of tasks receive: Docket's objects, and those of the server."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, cast

import docket
import docket.dependencies
import pytest
from docket import Docket, Worker
from redis_server import redis_server

from fastmcp import Client, Context, FastMCP
from fastmcp.dependencies import CurrentDocket, CurrentWorker, Depends, Shared
from fastmcp.exceptions import ToolError

SECONDS = 20


def test_the_names_of_fastmcp_are_where_they_were() -> None:
    """In both modules."""
    from fastmcp.server import dependencies

    assert dependencies.CurrentDocket is CurrentDocket
    assert dependencies.CurrentWorker is CurrentWorker


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_what_is_added_to_docket_is_run_by_the_worker(kind: str, tmp_path: Path) -> None:
    """At once, or when it is due; from a call as from a task."""
    done: asyncio.Queue[int] = asyncio.Queue()

    async def later(number: int) -> None:
        done.put_nowait(number)

    async def use(url: str) -> None:
        mcp = FastMCP("x", tasks=True, docket=url)

        @mcp.tool
        async def schedule(number: int, docket: Docket = CurrentDocket()) -> str:
            when = datetime.now(UTC) + timedelta(milliseconds=50)
            await docket.add(later)(number)
            await docket.add(later, when=when)(number + 1)
            return type(docket).__name__

        async with Client(mcp) as client:
            assert (await client.call_tool("schedule", {"number": 1})).data == "Docket"
            task = await client.call_tool("schedule", {"number": 3}, task=True)
            assert (await task.result()).data == "Docket"
            async with asyncio.timeout(SECONDS):
                assert {await done.get() for _ in range(4)} == {1, 2, 3, 4}

    if kind == "redis":
        with redis_server(tmp_path) as server:
            await use(server.url)
    else:
        await use("memory://")


async def test_the_worker_is_dockets() -> None:
    """Also in the first call of a server."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def names(
        worker: Worker = CurrentWorker(), same: Worker = docket.CurrentWorker()
    ) -> list[Any]:
        return [isinstance(worker, Worker), worker is same, worker.docket.name]

    async with Client(mcp) as client:
        assert (await client.call_tool("names")).data == [True, True, "fastmcp:x"]


async def test_a_function_given_to_docket_receives_its_objects_too() -> None:
    """By the same defaults: it may schedule itself."""
    mcp = FastMCP("x", tasks=True)
    done = asyncio.Event()

    async def chain(left: int, docket: Docket = CurrentDocket()) -> None:
        if left:
            await docket.add(chain)(left - 1)
        else:
            done.set()

    @mcp.tool
    async def begin(docket: Docket = CurrentDocket()) -> None:
        await docket.add(chain)(2)

    async with Client(mcp) as client:
        await client.call_tool("begin")
        async with asyncio.timeout(SECONDS):
            await done.wait()


async def test_without_docket_the_error_names_the_reason(tmp_path: Path) -> None:
    """A server without tasks, another backend, and a process that runs none."""
    bare = FastMCP("x")
    durable = FastMCP("x", tasks=True, docket=f"sqlite:///{tmp_path}/tasks.db")
    for mcp, reason in (
        (bare, r"CurrentDocket\(\) needs a server that has tasks: FastMCP\(tasks=True\)"),
        (durable, r"CurrentDocket\(\): the tasks at sqlite:.* are not Docket's"),
    ):

        @mcp.tool
        async def schedule(docket: Docket = CurrentDocket()) -> None:
            pass

        async with Client(mcp) as client:
            with pytest.raises(ToolError, match=reason):
                await client.call_tool("schedule")


async def test_a_process_without_a_worker_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a Docket all the same."""
    monkeypatch.setenv("FASTMCP_DOCKET_CONCURRENCY", "0")
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def look(worker: Worker = CurrentWorker()) -> None:
        pass

    @mcp.tool
    async def schedule(docket: Docket = CurrentDocket()) -> str:
        return docket.name

    async with Client(mcp) as client:
        assert (await client.call_tool("schedule")).data == "fastmcp:x"
        with pytest.raises(ToolError, match="this process runs no tasks; its concurrency is 0"):
            await client.call_tool("look")


async def test_dependencies_of_dockets_library_mean_the_same() -> None:
    """Factories, what all calls share, and arguments of the call; in `Annotated`, too."""
    mcp = FastMCP("x")
    opened: list[str] = []

    @asynccontextmanager
    async def pool() -> AsyncGenerator[str]:
        opened.append("pool")
        yield "pool"
        opened.append("closed")

    def account(owner: str = docket.TaskArgument(), on: str = docket.Shared(pool)) -> str:
        return f"{owner} on {on}"

    @mcp.tool
    async def show(
        owner: str,
        account: str = docket.Depends(account),
        also: Annotated[str, docket.Depends(account)] = "",
    ) -> list[str]:
        return [account, also]

    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        first = await client.call_tool("show", {"owner": "ada"})
        await client.call_tool("show", {"owner": "ada"})

    assert tool.input_schema["properties"].keys() == {"owner"}
    assert first.data == ["ada on pool"] * 2
    assert opened == ["pool", "closed"]


class Lease(docket.dependencies.Dependency[str]):
    """A dependency that somebody wrote for Docket."""

    log: ClassVar[list[str]] = []

    async def __aenter__(self) -> str:
        self.log.append("taken")
        return "lease"

    async def __aexit__(self, *_: object) -> None:
        self.log.append("given back")


async def test_a_dependency_written_for_docket_is_entered_and_left() -> None:
    """In a call and in a task."""
    mcp = FastMCP("x", tasks=True)
    Lease.log.clear()

    @mcp.tool
    def use(lease: str = cast("str", Lease())) -> str:
        return f"{lease}, {Lease.log[-1]}"

    async with Client(mcp) as client:
        assert (await client.call_tool("use")).data == "lease, taken"
        task = await client.call_tool("use", task=True)
        assert (await task.result()).data == "lease, taken"

    assert Lease.log == ["taken", "given back"] * 2


async def test_a_task_knows_its_key_and_has_a_logger(caplog: pytest.LogCaptureFixture) -> None:
    """The key is its id; a call that is waited for has none."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def key(
        ctx: Context,
        key: str = docket.TaskKey(),
        logger: logging.LoggerAdapter[Any] = docket.TaskLogger(),
    ) -> bool:
        logger.warning("a word")
        return key == ctx.task_id

    async with Client(mcp) as client:
        task = await client.call_tool("key", task=True)
        assert (await task.result()).data is True
        with pytest.raises(ToolError, match=r"TaskKey\(\) has a value only in a background task"):
            await client.call_tool("key")

    assert "a word" in caplog.messages


async def test_a_task_has_what_its_server_keeps_open() -> None:
    """Dependencies of its own and of all, and what the lifespan yielded."""

    @asynccontextmanager
    async def lifespan(server: Any) -> AsyncGenerator[dict[str, str]]:
        yield {"database": "open"}

    mcp = FastMCP("x", lifespan=lifespan, tasks=True)
    made: list[str] = []

    def connection() -> str:
        made.append("connection")
        return "connection"

    def pool() -> str:
        made.append("pool")
        return "pool"

    @mcp.tool
    async def use(ctx: Context, on: str = Depends(connection), of: str = Shared(pool)) -> list[str]:
        return [ctx.lifespan_context["database"], on, of]

    async with Client(mcp) as client:
        for _ in range(2):
            task = await client.call_tool("use", task=True)
            assert (await task.result()).data == ["open", "connection", "pool"]

    assert made.count("connection") == 2
    assert made.count("pool") == 1
