"""Tasks: calls that are done in the background, and outlive the connection."""
# ruff: noqa: B008 - dependencies are calls in defaults

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP

SECONDS = 20


async def test_a_call_is_done_in_the_background() -> None:
    """The answer comes at once, and the result when it is there."""
    # snippet: first
    from fastmcp import FastMCP
    from fastmcp.dependencies import Progress

    mcp = FastMCP("Archive")

    @mcp.tool(task=True)
    async def index(pages: int, progress: Progress = Progress()) -> str:
        await progress.set_total(pages)
        for page in range(pages):
            await progress.set_message(f"page {page + 1}")
            await progress.increment()
        return f"{pages} pages"

    # end
    # snippet: client
    from fastmcp import Client

    async with Client(mcp) as client:
        task = await client.call_tool("index", {"pages": 3}, task=True)
        result = await task.result()
        assert result.data == "3 pages"
        assert (await task.status()).status == "completed"
    # end


async def test_a_task_is_watched_and_cancelled() -> None:
    """Its status is asked for, or told."""
    mcp = FastMCP("Archive")

    @mcp.tool(task=True)
    async def index(pages: int) -> str:
        await asyncio.Event().wait()
        return ""

    # snippet: watch
    from fastmcp import Client

    async with Client(mcp) as client:
        task = await client.call_tool("index", {"pages": 9_000_000}, task=True)
        task.on_status_change(lambda state: print(state.status, state.status_message))
        await task.cancel()
        state = await task.wait(timeout=10)
        assert state.status == "cancelled"
    # end


async def test_what_fails_is_run_again() -> None:
    """As Docket's objects say."""
    # snippet: policies
    from datetime import timedelta

    from docket import Retry, Timeout

    from fastmcp import FastMCP

    mcp = FastMCP("Archive")

    @mcp.tool(task=True)
    async def fetch(
        url: str,
        retry: Retry = Retry(attempts=3, delay=timedelta(milliseconds=20)),
        timeout: Timeout = Timeout(timedelta(seconds=30)),
    ) -> str:
        if retry.attempt < 3:
            raise ConnectionError(f"{url} does not answer")
        return f"the text of {url}, at attempt {retry.attempt}"

    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        task = await client.call_tool("fetch", {"url": "https://example.com"}, task=True)
        assert (await task.result()).data == "the text of https://example.com, at attempt 3"

    assert tool.input_schema["properties"].keys() == {"url"}


async def test_a_task_runs_again_and_again() -> None:
    """Called, until it is cancelled; or by itself."""
    # snippet: perpetual
    import asyncio
    from datetime import timedelta

    from docket import Cron, Perpetual

    from fastmcp import FastMCP

    mcp = FastMCP("Archive")
    looked: asyncio.Queue[str] = asyncio.Queue()

    @mcp.tool(task=True)
    async def watch(
        path: str,
        perpetual: Perpetual = Perpetual(every=timedelta(milliseconds=20)),
    ) -> None:
        looked.put_nowait(path)

    @mcp.tool(task=True)
    async def clean_up(cron: Cron = Cron("@daily")) -> None: ...

    # end
    # snippet: until-cancelled
    async with Client(mcp) as client:
        task = await client.call_tool("watch", {"path": "/inbox"}, task=True)
        for _ in range(3):
            assert await looked.get() == "/inbox"
        assert (await task.status()).status == "working"
        await task.cancel()
    # end


async def test_a_task_asks_its_client() -> None:
    """While the client waits for the result."""
    # snippet: asking
    from fastmcp import Context, FastMCP

    mcp = FastMCP("Archive")

    @mcp.tool(task=True)
    async def shelve(ctx: Context) -> str:
        answer = await ctx.elicit("On which shelf?", str)
        return f"on shelf {answer.data}"

    # end

    async def answer(message: str, *_: Any) -> dict[str, str]:
        return {"value": "B"}

    async with Client(mcp, elicitation_handler=answer) as client:
        task = await client.call_tool("shelve", task=True)
        assert (await task.result()).data == "on shelf B"


async def test_tasks_survive_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file, or in Redis."""
    monkeypatch.chdir(tmp_path)

    def server() -> FastMCP:
        # snippet: durable
        mcp = FastMCP("Archive", tasks=True, docket="sqlite:///tasks.db")
        # end
        done = tmp_path / "done"

        @mcp.tool
        async def write(ctx: Context) -> None:
            done.write_text(ctx.task_id or "")

        return mcp

    with monkeypatch.context() as patch:
        patch.setenv("FASTMCP_DOCKET_CONCURRENCY", "0")
        async with Client(server()) as client:
            task = await client.call_tool("write", task=True)
    async with Client(server()):
        async with asyncio.timeout(SECONDS):
            while not (tmp_path / "done").exists():
                await asyncio.sleep(0.01)
    assert (tmp_path / "done").read_text() == task.task_id


async def test_functions_are_given_to_docket(capsys: pytest.CaptureFixture[str]) -> None:
    """They are run by the workers, without a task of the protocol."""
    sent: list[str] = []

    # snippet: docket
    from datetime import UTC, datetime, timedelta

    from docket import Docket

    from fastmcp import FastMCP
    from fastmcp.dependencies import CurrentDocket

    mcp = FastMCP("Archive", tasks=True)

    async def remind(reader: str) -> None:
        print(f"Dear {reader}, the book is due")

    @mcp.tool
    async def lend(reader: str, docket: Docket = CurrentDocket()) -> str:
        soon = datetime.now(UTC) + timedelta(milliseconds=20)
        await docket.add(remind, when=soon)(reader)
        return "lent"

    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("lend", {"reader": "ada"})).data == "lent"
        async with asyncio.timeout(SECONDS):
            while not sent:
                sent = capsys.readouterr().out.splitlines()
                await asyncio.sleep(0.01)
    assert "Dear ada, the book is due" in sent
