"""What goes wrong with tasks is said where it does, and leaves nothing behind that waits."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from apps import HANDSHAKE
from processes import free_port, run_python
from redis import Redis
from redis_server import redis_server

from fastmcp import FastMCP
from fastmcp.exceptions import ConfigurationError, StoreUnavailable
from fastmcp.resources import TextResource
from fastmcp.server.limits import Limits, ToolLimits

from .talking import ERAS, talking

in_both_eras = pytest.mark.parametrize("revision", ERAS)

WITHOUT = """
import asyncio, sys
from fastmcp import FastMCP
sys.modules["docket"] = None
mcp = FastMCP("x", tasks={tasks}, docket={docket!r})
async def main():
    async with mcp.lifespan.use():
        print("runs")
asyncio.run(main())
"""


def test_without_pydocket_a_server_with_tasks_in_redis_does_not_start() -> None:
    """And says what to install."""
    run = run_python("-c", WITHOUT.format(tasks=True, docket="redis://localhost"))

    assert run.returncode == 1
    assert "pip install 'peregrine-mcp[tasks]'" in run.stderr.splitlines()[-1]


@pytest.mark.parametrize("url", ["sqlite:///tasks.db", "memory://"])
def test_a_file_and_memory_need_no_pydocket(url: str, tmp_path: Path) -> None:
    """Only Redis does."""
    program = WITHOUT.format(tasks=True, docket=url)
    assert run_python("-c", program, cwd=tmp_path).stdout == "runs\n"


@pytest.mark.parametrize("url", ["mysql://localhost", "redis", "sqlite://", "redis://h:port"])
def test_a_url_that_means_nothing_is_told_at_the_start(url: str) -> None:
    """Not at the first task."""
    mcp = FastMCP("x", tasks=True, docket=url)

    async def main() -> None:
        async with mcp.lifespan.use():
            pass

    with pytest.raises(ConfigurationError):
        asyncio.run(main())


def test_a_redis_that_is_not_there_is_told_at_the_start() -> None:
    """Without its password."""
    mcp = FastMCP("x", tasks=True, docket="redis://:secret@127.0.0.1:1/0")

    async def main() -> None:
        async with mcp.lifespan.use():
            pass

    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1") as told:
        asyncio.run(main())
    assert "secret" not in str(told.value)


@in_both_eras
def test_a_redis_that_goes_away_is_told_to_those_who_ask(
    revision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing waits for it; once it is back, so are the tasks."""
    monkeypatch.setenv("FASTMCP_DOCKET_RECONNECTION_DELAY", "0.2")
    port = free_port()
    mcp = FastMCP("x", tasks=True, docket=f"redis://127.0.0.1:{port}")
    mcp.tool(lambda: 1, name="one")

    async def main() -> None:
        with ExitStack() as there:
            there.enter_context(redis_server(tmp_path, port=port, durable=True))
            async with talking(mcp, revision) as talk:
                id = (await talk.begin("one"))["taskId"]
                await talk.until(id)
                there.close()
                error = await talk.error("tasks/get", taskId=id)
                assert "cannot be reached" in error["message"]
                refused = await talk.ask("tools/call", name="one", arguments={}, task={})
                assert "cannot be reached" in str(refused)
                there.enter_context(redis_server(tmp_path, port=port, durable=True))
                assert (await talk.get(id))["status"] == "completed"
                assert (await talk.until((await talk.begin("one"))["taskId"]))[
                    "status"
                ] == "completed"

    asyncio.run(main())


def test_a_task_that_could_neither_be_enqueued_nor_taken_back_is_soon_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its server is killed in between: nobody was told of it, and it would never end."""
    monkeypatch.setenv("FASTMCP_DOCKET_CONCURRENCY", "0")
    with redis_server(tmp_path) as server, Redis.from_url(server.url) as control:
        mcp = FastMCP("x", tasks=True, docket=server.url)
        mcp.tool(lambda: 1, name="one")

        async def main() -> None:
            async with talking(mcp, HANDSHAKE) as talk:
                control.execute_command("ACL", "SETUSER", "default", "-xadd", "-del")
                refused = await talk.ask("tools/call", name="one", arguments={}, task={})
                assert "taskId" not in str(refused)

        asyncio.run(main())
        [record] = control.scan_iter("*:tasks:task:*")
        assert 0 < control.ttl(record) <= 60


@in_both_eras
def test_a_result_over_the_limit_fails_the_task(revision: str) -> None:
    """As it fails a call."""
    limits = Limits(max_result_size=100, tools={"more": ToolLimits(max_result_size=2_000)})
    mcp = FastMCP("x", tasks=True, limits=limits)
    mcp.tool(lambda: "x" * 1_000, name="much")
    mcp.tool(lambda: "x" * 1_000, name="more")

    async def main() -> None:
        async with talking(mcp, revision) as talk:
            task = await talk.begin("much")
            result = (await talk.payload(task["taskId"]))["result"]
            assert result["isError"]
            assert "this server gives no more than 100" in result["content"][0]["text"]
            task = await talk.begin("more")
            assert "isError" not in (await talk.payload(task["taskId"]))["result"]

    asyncio.run(main())


@in_both_eras
def test_what_has_no_json_fails_the_task(revision: str) -> None:
    """As it fails a call."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def thing() -> Any:
        return {"of": object()}

    async def main() -> None:
        async with talking(mcp, revision) as talk:
            task = await talk.begin("thing")
            ended = await talk.until(task["taskId"])
            assert ended["status"] in ("failed", "completed")
            assert (await talk.payload(task["taskId"]))["result"]["isError"]

    asyncio.run(main())


@in_both_eras
def test_a_task_that_has_been_forgotten_is_as_one_that_never_was(revision: str) -> None:
    """While it runs, too: its result goes nowhere."""
    mcp = FastMCP("x", tasks=True)
    began, released, ran = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @mcp.tool
    async def wait() -> None:
        began.set()
        await released.wait()
        ran.set()

    async def main() -> None:
        async with talking(mcp, revision) as talk:
            id = (await talk.begin("wait"))["taskId"]
            async with asyncio.timeout(20):
                await began.wait()
            service = mcp._parts.tasks.service()
            assert await service.store.delete(id)
            error = await talk.error("tasks/get", taskId=id)
            assert error["message"] == f"Task not found: {id}"
            released.set()
            async with asyncio.timeout(20):
                await ran.wait()
            assert (await talk.error("tasks/get", taskId=id))["code"] == -32602

    asyncio.run(main())


def test_a_time_to_live_is_kept_within_bounds() -> None:
    """Of a client that wants more than thirty days, or less than nothing."""
    mcp = FastMCP("x", tasks=True)
    mcp.tool(lambda: 1, name="one")
    month = 30 * 86_400_000

    async def main() -> None:
        async with talking(mcp, HANDSHAKE) as talk:
            for asked, given in ((month * 2, month), (-5, 0), (1_000, 1_000)):
                params = {"name": "one", "arguments": {}, "task": {"ttl": asked}}
                made = await talk.result("tools/call", **params)
                assert made["task"]["ttl"] == given
                await talk.until(made["task"]["taskId"])

    asyncio.run(main())


def test_a_component_that_a_worker_does_not_know_fails_the_task() -> None:
    """It may have other code than the server."""
    mcp = FastMCP("x", tasks=True)
    released = asyncio.Event()

    @mcp.tool
    async def first() -> None:
        await released.wait()

    mcp.tool(lambda: 1, name="second")

    async def main() -> None:
        async with talking(mcp, HANDSHAKE) as talk:
            ids = [(await talk.begin("first"))["taskId"] for _ in range(10)]
            second = (await talk.begin("second"))["taskId"]
            mcp.remove_tool("second")
            released.set()
            for id in ids:
                await talk.until(id)
            assert (await talk.until(second))["status"] == "failed"
            assert "Unknown tool" in (await talk.payload(second))["error"]["message"]

    asyncio.run(main())


def test_a_resource_that_is_no_function_runs_as_a_task() -> None:
    """What is there already needs no worker, but may have one."""
    mcp = FastMCP("x")
    mcp.add_resource(TextResource(uri="text://a", text="a", task=True))

    async def main() -> None:
        async with talking(mcp, HANDSHAKE) as talk:
            made = await talk.result("resources/read", uri="text://a", task={})
            answer = await talk.payload(made["task"]["taskId"])
            assert answer["result"]["contents"][0]["text"] == "a"

    asyncio.run(main())
