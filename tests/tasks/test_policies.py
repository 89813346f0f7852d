"""How functions of tasks ask to be run: Docket's objects as defaults, on every backend."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from docket import (
    ConcurrencyLimit,
    ExponentialRetry,
    Logged,
    Perpetual,
    Retry,
    Timeout,
)
from docket.dependencies import FailureHandler

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import InvalidSignature, McpError, ToolError
from fastmcp.server.tasks import TaskConfig

from .watched import SOON, said, until

SECONDS = 20


async def test_a_run_that_fails_is_run_again(backend: str) -> None:
    """Until it succeeds; the function sees which attempt it is."""
    mcp = FastMCP("x", tasks=True, docket=backend)
    seen: list[int] = []

    @mcp.tool
    async def fragile(by: str, retry: Retry = Retry(attempts=4, delay=SOON)) -> str:
        seen.append(retry.attempt)
        if retry.attempt < 3:
            raise ValueError("not yet")
        return f"{by} at {retry.attempt}"

    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        task = await client.call_tool("fragile", {"by": "ada"}, task=True)
        result = await task.result()

    assert tool.input_schema["properties"].keys() == {"by"}
    assert result.data == "ada at 3"
    assert seen == [1, 2, 3]


async def test_a_run_that_goes_on_failing_fails_with_its_last_error(backend: str) -> None:
    """There are as many attempts as the policy says."""
    mcp = FastMCP("x", tasks=True, docket=backend)
    seen: list[int] = []

    @mcp.tool
    async def broken(retry: Retry = Retry(attempts=2)) -> str:
        seen.append(retry.attempt)
        raise ValueError(f"attempt {retry.attempt}")

    async with Client(mcp) as client:
        task = await client.call_tool("broken", task=True)
        with pytest.raises(ToolError, match="attempt 2"):
            await task.result()

    assert seen == [1, 2]


async def test_a_resource_and_a_prompt_are_run_again_too() -> None:
    """In a session that runs them as tasks."""
    mcp = FastMCP("x", tasks=True)
    failed: set[str] = set()

    def once(name: str) -> str:
        if name not in failed:
            failed.add(name)
            raise ValueError("not yet")
        return name

    @mcp.resource("data://x")
    def resource(retry: Retry = Retry(attempts=2)) -> str:
        return once("resource")

    @mcp.prompt
    def prompt(retry: Retry = Retry(attempts=2)) -> str:
        return once("prompt")

    async with Client(mcp, mode="legacy") as client:
        [read] = await (await client.read_resource("data://x", task=True)).result()
        shown = await (await client.get_prompt("prompt", task=True)).result()

    assert read.text == "resource"
    assert shown.messages[0].content.text == "prompt"


async def test_what_a_dependency_raises_is_tried_again() -> None:
    """It is opened in each attempt."""
    from fastmcp.dependencies import Depends

    mcp = FastMCP("x", tasks=True)
    opened: list[int] = []

    def connection() -> int:
        opened.append(1)
        if len(opened) < 2:
            raise ConnectionError("refused")
        return len(opened)

    @mcp.tool
    def use(on: int = Depends(connection), retry: Retry = Retry(attempts=3)) -> int:
        return on

    async with Client(mcp) as client:
        task = await client.call_tool("use", task=True)
        assert (await task.result()).data == 2


async def test_a_function_says_itself_when_it_is_tried_again() -> None:
    """By the methods of its policy."""
    mcp = FastMCP("x", tasks=True)
    began: list[float] = []

    @mcp.tool
    async def patient(retry: Retry = Retry(attempts=2, delay=timedelta(hours=1))) -> str:
        began.append(time.monotonic())
        if len(began) == 1:
            retry.after(timedelta(milliseconds=50))
        return "done"

    async with Client(mcp) as client:
        task = await client.call_tool("patient", task=True)
        assert (await task.result()).data == "done"

    assert began[1] - began[0] >= 0.05


async def test_delays_grow() -> None:
    """They double, up to the longest."""
    mcp = FastMCP("x", tasks=True)
    delays: list[float] = []
    policy = ExponentialRetry(
        attempts=4,
        minimum_delay=timedelta(milliseconds=10),
        maximum_delay=timedelta(milliseconds=30),
    )

    @mcp.tool
    async def fragile(retry: ExponentialRetry = policy) -> str:
        delays.append(retry.delay.total_seconds())
        if retry.attempt < 4:
            raise ValueError("not yet")
        return "done"

    async with Client(mcp) as client:
        await (await client.call_tool("fragile", task=True)).result()

    assert delays == [0.01, 0.02, 0.03, 0.03]


async def test_a_task_says_which_attempt_it_waits_for() -> None:
    """Its status is working all the time, and it can be cancelled."""
    mcp = FastMCP("x", tasks=True)
    seen: list[int] = []

    @mcp.tool
    async def broken(retry: Retry = Retry(attempts=3, delay=timedelta(hours=1))) -> None:
        seen.append(retry.attempt)
        raise ValueError("no")

    async with Client(mcp) as client:
        task = await client.call_tool("broken", task=True)
        status = await said(task)
        await task.cancel()
        cancelled = await task.status()

    assert (status.status, status.status_message) == ("working", "Attempt 2 of 3")
    assert cancelled.status == "cancelled"
    assert seen == [1]


async def test_a_retry_goes_on_with_what_was_answered(backend: str) -> None:
    """The user is not asked the same twice."""
    mcp = FastMCP("x", tasks=True, docket=backend)
    asked: list[str] = []
    failed: list[str] = []

    @mcp.tool
    async def greet(ctx: Context, retry: Retry = Retry(attempts=2)) -> str:
        answer = await ctx.elicit("Who?", str)
        if not failed:
            failed.append(answer.data)
            raise ValueError("not yet")
        return f"Hello {answer.data}"

    async def answer(message: str, *_: Any) -> dict[str, str]:
        asked.append(message)
        return {"value": "ada"}

    async with Client(mcp, elicitation_handler=answer) as client:
        task = await client.call_tool("greet", task=True)
        assert (await task.result()).data == "Hello ada"

    assert (asked, failed) == (["Who?"], ["ada"])


async def test_a_function_that_takes_too_long_is_stopped(backend: str) -> None:
    """Its task fails and says why."""
    mcp = FastMCP("x", tasks=True, docket=backend)
    stopped: list[bool] = []

    @mcp.tool
    async def slow(timeout: Timeout = Timeout(timedelta(milliseconds=50))) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(True)
            raise

    async with Client(mcp) as client:
        task = await client.call_tool("slow", task=True)
        with pytest.raises(McpError, match=r"The task timed out after 0\.05 seconds"):
            await task.result()
        status = await task.status()

    assert (status.status, stopped) == ("failed", [True])


async def test_a_function_extends_its_time() -> None:
    """As long as it gets on."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def steps(timeout: Timeout = Timeout(timedelta(milliseconds=200))) -> bool:
        timeout.extend(timedelta(seconds=30))
        await asyncio.sleep(0.25)
        return timeout.remaining() < timedelta(seconds=30)

    async with Client(mcp) as client:
        assert (await (await client.call_tool("steps", task=True)).result()).data is True


async def test_what_timed_out_is_tried_again() -> None:
    """As anything that fails, and each attempt has its own time."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def slow(
        retry: Retry = Retry(attempts=2),
        timeout: Timeout = Timeout(timedelta(milliseconds=50)),
    ) -> int:
        if retry.attempt == 1:
            await asyncio.Event().wait()
        return retry.attempt

    async with Client(mcp) as client:
        assert (await (await client.call_tool("slow", task=True)).result()).data == 2


async def test_a_plain_function_that_takes_too_long_is_left_to_its_thread() -> None:
    """The task fails at once."""
    import threading

    mcp = FastMCP("x", tasks=True)
    go_on = threading.Event()

    @mcp.tool
    def slow(timeout: Timeout = Timeout(timedelta(milliseconds=50))) -> None:
        go_on.wait(SECONDS)

    try:
        async with Client(mcp) as client:
            task = await client.call_tool("slow", task=True)
            with pytest.raises(McpError, match="timed out"):
                await task.result()
            assert not go_on.is_set()
    finally:
        go_on.set()


async def test_policies_of_what_a_function_uses_are_not_its_own() -> None:
    """A tool that calls another one is not run again for that one's sake."""
    mcp = FastMCP("x", tasks=True)
    runs: list[str] = []

    @mcp.tool
    async def inner(retry: Retry = Retry(attempts=5)) -> str:
        return "inner"

    @mcp.tool
    async def outer(ctx: Context) -> str:
        runs.append(await ctx.fastmcp.call_tool("inner"))
        raise ValueError("no")

    async with Client(mcp) as client:
        task = await client.call_tool("outer", task=True)
        with pytest.raises(ToolError, match="no"):
            await task.result()

    assert runs == ["inner"]


async def test_policies_hold_for_what_is_mounted_and_transformed() -> None:
    """They are the function's, whatever stands before it."""
    from fastmcp.tools import Tool

    child, mcp = FastMCP("child", tasks=True), FastMCP("x", tasks=True)
    attempts: list[int] = []

    async def fragile(by: str, retry: Retry = Retry(attempts=2)) -> str:
        attempts.append(retry.attempt)
        if retry.attempt == 1:
            raise ValueError("not yet")
        return by

    child.tool(fragile)
    mcp.mount(child, "child")
    mcp.add_tool(Tool.from_tool(Tool.from_function(fragile), name="other"))
    async with Client(mcp) as client:
        for name in ("child_fragile", "other"):
            task = await client.call_tool(name, {"by": name}, task=True)
            assert (await task.result()).data == name

    assert attempts == [1, 2, 1, 2]


async def test_policies_do_nothing_in_an_ordinary_call() -> None:
    """The function receives them all the same."""
    mcp = FastMCP("x")

    @mcp.tool
    async def ordinary(
        amount: Annotated[int, Logged],
        retry: Retry = Retry(attempts=3),
        timeout: Timeout = Timeout(timedelta(seconds=5)),
        perpetual: Perpetual = Perpetual(every=SOON),
    ) -> list[Any]:
        if amount < 0:
            raise ValueError("negative")
        return [retry.attempt, timeout.remaining() <= timedelta(seconds=5), perpetual.cancelled]

    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        result = await client.call_tool("ordinary", {"amount": 1})
        with pytest.raises(ToolError, match="negative"):
            await client.call_tool("ordinary", {"amount": -1})

    assert tool.input_schema["properties"].keys() == {"amount"}
    assert result.data == [1, True, False]


class Own(FailureHandler["Own"]):
    """A policy that only Docket's worker could ask."""

    async def __aenter__(self) -> Own:
        return self

    async def handle_failure(self, execution: Any, outcome: Any) -> bool:
        return False


def test_what_cannot_be_followed_is_refused_where_it_is_registered() -> None:
    """The text names the line, the function and the cure."""
    mcp = FastMCP("x")

    def held(limit: ConcurrencyLimit = ConcurrencyLimit(1)) -> None: ...
    def also_held(of: Annotated[int, ConcurrencyLimit(1)]) -> None: ...
    def own(policy: Own = Own()) -> None: ...

    for function in (held, also_held):
        with pytest.raises(InvalidSignature, match=r"test_policies.py:\d+: .*ConcurrencyLimit"):
            mcp.tool(function)
    with pytest.raises(InvalidSignature, match="takes Own, which only Docket's own worker"):
        mcp.tool(own)


async def test_a_retry_is_not_lost_with_its_process(tmp_path: Path) -> None:
    """It waits in the file for the next one."""
    attempts: list[int] = []

    def server() -> FastMCP:
        mcp = FastMCP("x", tasks=True, docket=f"sqlite:///{tmp_path}/tasks.db")

        @mcp.tool
        async def fragile(
            retry: Retry = Retry(attempts=2, delay=timedelta(milliseconds=300)),
        ) -> str:
            attempts.append(retry.attempt)
            if retry.attempt == 1:
                raise ValueError("not yet")
            return "done"

        return mcp

    async with Client(server()) as client:
        await said(await client.call_tool("fragile", task=True))
    async with Client(server()):
        await until(lambda: attempts == [1, 2])


@pytest.mark.parametrize("value", [5, timedelta(0), timedelta(microseconds=10), None])
def test_how_often_a_client_may_ask_is_some_time(value: Any) -> None:
    """At least the millisecond that the protocol counts in."""
    with pytest.raises(InvalidSignature, match=r"takes a timedelta of at least a millisecond"):
        TaskConfig(poll_interval=value)
