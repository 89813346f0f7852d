"""Functions that end in ways of their own: each task has one end, and was run once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, notification, request

from fastmcp import Context, FastMCP
from fastmcp.exceptions import McpError, ResourceError
from fastmcp.server.tasks.store import TaskStore
from fastmcp.types import InputRequiredResult

from .talking import ERAS, SECONDS, TaskTalk, talking
from .watched import until

HALF = "half of a pair: \ud800"


def raising(fault: BaseException) -> Callable[[], Any]:
    async def function() -> None:
        raise fault

    return function


async def lets_go_of_what_it_waits_for() -> None:
    waiting = asyncio.ensure_future(asyncio.Event().wait())
    waiting.cancel()
    await waiting


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


async def cancels_itself_and_waits() -> None:
    await cancels_itself()
    await asyncio.Event().wait()


async def asks_what_has_no_json() -> Any:
    question = {"method": "elicitation/create", "params": {"message": HALF, "requestedSchema": {}}}
    return InputRequiredResult.model_validate({"inputRequests": {"a": question}})


ODD = {
    "cancelled": raising(asyncio.CancelledError("mine")),
    "a part cancelled": lets_go_of_what_it_waits_for,
    "itself cancelled": cancels_itself,
    "cancelled while it waits": cancels_itself_and_waits,
    "all cancelled": raising(BaseExceptionGroup("all", [asyncio.CancelledError()])),
    "no exception": raising(BaseException("odd")),
    "generator": raising(GeneratorExit()),
    "exit": raising(SystemExit(3)),
    "no json": raising(McpError(code=-32050, message="see", data={"what": object()})),
    "no text": raising(McpError(code=-32050, message=HALF)),
    "no question": asks_what_has_no_json,
}


@pytest.mark.parametrize("function", ODD.values(), ids=ODD)
async def test_it_fails_once(backend: str, function: Callable[[], Any]) -> None:
    """However it ends, that is its end; it is not delivered again and again."""
    mcp = FastMCP("odd", docket=backend)
    runs: list[int] = []

    @mcp.tool(task=True)
    async def odd() -> Any:
        runs.append(1)
        return await function()

    async with talking(mcp, MODERN) as talk:
        id = (await talk.begin("odd"))["taskId"]
        ended = await talk.until(id)
    assert ended["status"] == "failed"
    assert isinstance(ended["error"]["message"], str)
    assert runs == [1]


@pytest.mark.parametrize("revision", ERAS)
async def test_an_error_is_told_as_far_as_it_can_be(revision: str) -> None:
    """What has no JSON is left out, as in the answer to an ordinary request."""
    mcp = FastMCP("odd")
    error = McpError(code=-32050, message=HALF, data={"what": {1, 2}, "why": object()})
    mcp.tool(raising(error), name="odd", task=True)

    async with talking(mcp, revision) as talk:
        id = (await talk.begin("odd"))["taskId"]
        told = (await talk.payload(id))["error"]
    assert told == {"code": -32050, "message": "half of a pair: \\ud800"}


async def test_resources_and_prompts_fail_once() -> None:
    """As tools do."""
    mcp = FastMCP("odd")
    mcp.resource("data://odd", task=True)(raising(ResourceError(HALF)))
    mcp.prompt(raising(ValueError(HALF)), name="odd", task=True)

    async with talking(mcp, HANDSHAKE) as talk:
        for method, params in (
            ("resources/read", {"uri": "data://odd"}),
            ("prompts/get", {"name": "odd"}),
        ):
            made = await talk.result(method, **params, task={})
            answer = await talk.payload(made["task"]["taskId"])
            assert answer["error"]["message"].endswith("half of a pair: \\ud800")


async def test_progress_that_is_no_number_is_none(backend: str) -> None:
    """The task goes on, and what can be told is."""
    mcp, released = FastMCP("odd", docket=backend), asyncio.Event()
    nan, infinite = float("nan"), float("inf")

    @mcp.tool(task=True)
    async def odd(ctx: Context) -> str:
        await ctx.report_progress(1, nan, HALF)
        await ctx.report_progress(nan, 2, "not a number")
        await ctx.report_progress(infinite, 2, "without end")
        await released.wait()
        return "done"

    async with talking(mcp, MODERN) as talk:
        id = (await talk.begin("odd"))["taskId"]
        while "statusMessage" not in (working := await talk.get(id)):
            await asyncio.sleep(0.01)
        released.set()
        ended = await talk.until(id)
    assert working["statusMessage"] == "half of a pair: \\ud800"
    assert ended["result"]["content"][0]["text"] == "done"


async def test_a_run_that_is_over_is_interrupted_though_the_task_goes_on(backend: str) -> None:
    """A task that was cancelled and at once run once more does not wait for the first run."""
    mcp, began, ended = FastMCP("rests", docket=backend), list[int](), list[int]()

    @mcp.tool(task=True)
    async def rest() -> str:
        run = len(began)
        began.append(run)
        try:
            if run == 0:
                await asyncio.Event().wait()
        finally:
            ended.append(run)
        return "rested"

    async with talking(mcp, MODERN) as talk:
        id = (await talk.begin("rest"))["taskId"]
        await until(lambda: began)
        service = mcp._parts.tasks.running
        assert service is not None
        await service.cancel(id)
        await service.retry(id)
        result = (await talk.until(id))["result"]
    assert result["content"][0]["text"] == "rested"
    assert began == ended == [0, 1]


async def test_a_run_that_was_cancelled_before_it_began_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What told of that came while the worker was reading what to run."""
    mcp, has_read, heard = FastMCP("rests"), asyncio.Event(), asyncio.Event()
    began, ended = list[str | None](), list[str | None]()
    read = TaskStore.get

    async def read_slowly(store: TaskStore, id: str) -> Any:
        record = await read(store, id)
        if not began:
            has_read.set()
            await heard.wait()
        return record

    @mcp.tool(task=True)
    async def rest(ctx: Context) -> None:
        began.append(ctx.task_id)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(ctx.task_id)

    async with talking(mcp, HANDSHAKE) as talk:
        monkeypatch.setattr(TaskStore, "get", read_slowly)
        id = (await talk.begin("rest"))["taskId"]
        service = mcp._parts.tasks.running
        assert service is not None
        await has_read.wait()
        with service.watchers.watching(id) as changed:
            await service.cancel(id)
            await changed.wait()
        heard.set()
        await until(lambda: ended)
    assert began == ended == [id]


async def statuses(talk: TaskTalk) -> set[str]:
    return {each["status"] for each in (await talk.result("tasks/list"))["tasks"]}


async def test_a_call_that_is_cancelled_leaves_no_task_that_nobody_runs(backend: str) -> None:
    """At whatever moment of its beginning that is."""
    mcp = FastMCP("quick", docket=backend)
    mcp.tool(lambda: 1, name="one", task=True)
    call = {"name": "one", "arguments": {}, "task": {}}

    async with talking(mcp, HANDSHAKE) as talk:
        for id in range(40):
            talk.talk.send(request("tools/call", id, **call))
            for _ in range(id % 10):
                await asyncio.sleep(0)
            talk.talk.send(notification("notifications/cancelled", requestId=id))
        async with asyncio.timeout(SECONDS):
            while "working" in await statuses(talk):
                await asyncio.sleep(0.01)
