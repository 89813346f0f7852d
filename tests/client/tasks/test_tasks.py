"""Calls that are not waited for, of a real server, in both eras."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from apps import served

from fastmcp import Client, FastMCP
from fastmcp.client.tasks import (
    PromptTask,
    ResourceTask,
    Task,
    TaskNotificationHandler,
    ToolTask,
    call_tool_task,
)
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import McpError, TimedOut, ToolError
from fastmcp.types import GetTaskResult

from .shop import shop

MODES = ["legacy", "2026-07-28"]
SECONDS = 20

Connect = Callable[..., Client]
in_both_eras = pytest.mark.parametrize("mode", MODES)


@pytest.fixture(params=["memory", "http"])
def connect(request: pytest.FixtureRequest, mode: str) -> Generator[Connect]:
    """A client of the shop, with options."""
    mcp = shop()
    place: Any = served(mcp.http_app()) if request.param == "http" else nullcontext(mcp)
    with place as target:
        where = f"{target}/mcp" if isinstance(target, str) else target
        yield lambda **options: Client(where, mode=mode, **options)


@pytest.fixture
def local(mode: str) -> Connect:
    """The same, in memory only."""
    mcp = shop()
    return lambda **options: Client(mcp, mode=mode, **options)


def customer(message: str, *_: Any) -> dict[str, Any]:
    """Answers what is asked."""
    return {"value": 2 if message == "How many?" else "cake"}


async def until(condition: Callable[[], Any]) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(SECONDS):
        while not await condition():
            await asyncio.sleep(0.01)


# What a task is


@in_both_eras
async def test_a_task_gives_what_the_call_would_have_given(connect: Connect) -> None:
    """Its value as well, rebuilt by the tool's schema; awaited, asked for, and asked for again."""
    async with asyncio.timeout(SECONDS), connect() as client:
        task = await client.call_tool("opened", task=True)

        assert isinstance(task, ToolTask)
        assert isinstance(task, Task)
        assert not task.returned_immediately
        assert (await task).data == [date(2026, 7, 28)]
        assert await task.result() is await task.result()
        assert (await task.status()).status == "completed"
        assert (await client.call_tool("opened")).data == (await task).data


@in_both_eras
async def test_a_task_tells_where_it_is(connect: Connect) -> None:
    """While it works and when it has ended, with the members of the protocol in both spellings."""
    async with asyncio.timeout(SECONDS), connect() as client:
        task = await client.call_tool("held", task=True, ttl=90_000)
        working = await task.status()
        await client.call_tool("release")
        ended = await task.wait(state="completed")

    assert (working.task_id, working.status) == (task.task_id, "working")
    assert working.taskId == task.task_id
    assert ended.status == "completed"
    assert ended.createdAt == working.created_at


@in_both_eras
async def test_changes_are_heard_by_functions_of_both_kinds(connect: Connect) -> None:
    """Whoever waits or not, and a function that fails disturbs nothing."""
    heard: list[tuple[str, str]] = []

    def plain(state: GetTaskResult) -> None:
        heard.append(("plain", state.status))

    async def coroutine(state: GetTaskResult) -> None:
        heard.append(("coroutine", state.status))

    def failing(state: GetTaskResult) -> None:
        raise RuntimeError("not my day")

    async def heard_all() -> bool:
        return {("plain", "completed"), ("coroutine", "completed")} <= set(heard)

    async with asyncio.timeout(SECONDS), connect() as client:
        task = await client.call_tool("held", task=True)
        for each in (failing, plain, coroutine):
            task.on_status_change(each)
        await client.call_tool("release")
        await until(heard_all)

        assert (await task).data == "released"


@in_both_eras
async def test_what_a_task_was_said_to_be_before_it_was_known_counts(local: Connect) -> None:
    """One that ends before its client has heard that there is one."""
    async with asyncio.timeout(SECONDS), local() as client:
        tasks = [await client.call_tool("add", {"a": 1, "b": i}, task=True) for i in range(20)]
        states = [await task.wait() for task in tasks]
        values = [(await task).data for task in tasks]

    assert {state.status for state in states} == {"completed"}
    assert values == list(range(1, 21))


# Failures


@in_both_eras
async def test_a_task_fails_as_the_call_would(connect: Connect) -> None:
    """With the text of the tool, unless that shall not be raised, or with the protocol's error."""
    async with asyncio.timeout(SECONDS), connect() as client:
        failing = await client.call_tool("fail", task=True)
        with pytest.raises(ToolError, match="out of flour"):
            await failing
        with pytest.raises(ToolError, match="out of flour"):
            await failing.result()
        told = await client.call_tool("fail", task=True, raise_on_error=False)
        refused = await client.call_tool("refuse", task=True)
        with pytest.raises(McpError, match="closed") as raised:
            await refused

        assert (await told).is_error
        assert isinstance(raised.value, ToolError)
        assert raised.value.code == -32099
        assert (await refused.wait()).status == "failed"


@in_both_eras
async def test_what_cannot_be_a_task_is_said_at_once(local: Connect) -> None:
    """There is no such tool, or its arguments do not fit."""
    async with asyncio.timeout(SECONDS), local() as client:
        with pytest.raises(ToolError, match="nothing"):
            await client.call_tool("nothing", task=True)
        with pytest.raises(McpError, match="nothing"):
            await client.get_prompt("nothing", task=True)


@in_both_eras
async def test_a_cancelled_task_has_no_result(connect: Connect) -> None:
    """Its function is interrupted, and who waits for it is told."""

    async with asyncio.timeout(SECONDS), connect() as client:
        task = await client.call_tool("held", task=True)
        waiting = asyncio.ensure_future(task.result())
        await task.cancel()

        assert (await task.wait()).status == "cancelled"
        with pytest.raises(ToolError, match="was cancelled"):
            await waiting
        with pytest.raises(ToolError, match="was cancelled"):
            await task


# Waiting


@in_both_eras
async def test_waiting_ends_in_time(local: Connect) -> None:
    """The task goes on."""
    async with asyncio.timeout(SECONDS), local() as client:
        task = await client.call_tool("held", task=True)
        with pytest.raises(TimeoutError, match=r"did not reach its end within 0\.05 seconds"):
            await task.wait(timeout=0.05)
        await client.call_tool("release")

        assert (await task).data == "released"


@in_both_eras
async def test_waiting_ends_when_the_state_can_come_no_more(local: Connect) -> None:
    """Not only when the time is over."""
    async with asyncio.timeout(SECONDS), local() as client:
        task = await client.call_tool("fail", task=True)
        await task.wait()
        with pytest.raises(TimeoutError, match="did not reach input_required: it is"):
            await task.wait(state="input_required")


@in_both_eras
async def test_whoever_stops_waiting_for_a_task_leaves_it_alone(local: Connect) -> None:
    """It can be waited for again."""
    async with asyncio.timeout(SECONDS), local() as client:
        task = await client.call_tool("held", task=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await task
        await client.call_tool("release")

        assert (await task).data == "released"


@in_both_eras
async def test_a_task_of_a_closed_client_says_so(local: Connect) -> None:
    """What is known already stays known."""
    async with asyncio.timeout(SECONDS), local() as client:
        done = await client.call_tool("add", {"a": 1, "b": 2}, task=True)
        await done
        open_task = await client.call_tool("held", task=True)

    assert (await done).data == 3
    for use in (open_task.status, open_task.result, open_task.wait, open_task.cancel):
        with pytest.raises(RuntimeError, match="not connected"):
            await use()


# What tasks ask


@in_both_eras
async def test_what_a_task_asks_is_answered_while_its_result_is_awaited(connect: Connect) -> None:
    """By the handlers that answer ordinary calls, each question once."""
    asked: list[str] = []

    def answer(message: str, *rest: Any) -> Any:
        asked.append(message)
        return customer(message, *rest)

    async with asyncio.timeout(SECONDS), connect(elicitation_handler=answer) as client:
        task = await client.call_tool("order", task=True)

        assert (await task).data == "2 cake"
        assert asked == ["What?", "How many?"]


@in_both_eras
async def test_waiting_stops_at_a_question_unless_it_is_for_what_comes_after(
    connect: Connect,
) -> None:
    """The first kind leaves the question, the second answers it."""
    async with asyncio.timeout(SECONDS), connect(elicitation_handler=customer) as client:
        task = await client.call_tool("order", task=True)

        assert (await task.wait()).status == "input_required"
        assert (await task.wait(state="input_required")).status == "input_required"
        assert (await task.wait(state="completed")).status == "completed"
        assert (await task).data == "2 cake"


# What is no task


@pytest.mark.parametrize("mode", MODES)
async def test_a_server_without_tasks_has_answered_at_once(mode: str) -> None:
    """Everything that can be done with a task can be done then; its id may be chosen."""
    mcp = FastMCP("none")

    @mcp.tool
    def add(a: int, b: int) -> int:
        if a < 0:
            raise ToolError("less than nothing")
        return a + b

    @mcp.resource("r://1")
    def one() -> str:
        return "one"

    @mcp.prompt
    def poem(about: str) -> str:
        return about

    heard: list[Any] = []
    async with asyncio.timeout(SECONDS), Client(mcp, mode=mode) as client:
        task = await client.call_tool("add", {"a": 1, "b": 2}, task=True, task_id="mine")
        other = await client.call_tool("add", {"a": 1, "b": 2}, task=True)
        failed = await client.call_tool("add", {"a": -1, "b": 2}, task=True)
        resource = await client.read_resource("r://1", task=True)
        prompt = await client.get_prompt("poem", {"about": 1}, task=True)

    task.on_status_change(heard.append)
    await task.cancel()
    assert all(each.returned_immediately for each in (task, other, failed, resource, prompt))
    assert task.task_id == "mine"
    assert other.task_id
    assert (await task.status()).status == (await task.wait()).status == "completed"
    assert (await task).data == 3
    with pytest.raises(ToolError, match="less than nothing"):
        await failed
    assert (await resource)[0].text == "one"
    assert (await prompt).messages[0].content.text == "1"
    assert heard == []


async def test_a_tool_without_tasks_answers_at_once_to_a_modern_client() -> None:
    """A client of 2025-11-25 that insists is refused."""
    async with asyncio.timeout(SECONDS):
        async with Client(shop(), mode=MODES[1]) as client:
            assert (await client.call_tool("price", task=True)).returned_immediately
        async with Client(shop(), mode=MODES[0]) as client:
            with pytest.raises(ToolError, match="cannot be run as a task"):
                await client.call_tool("price", task=True)


@pytest.mark.parametrize("mode", ["2024-11-05", "2025-03-26", "2025-06-18"])
async def test_older_revisions_have_no_tasks(mode: str) -> None:
    """The server answers at once."""
    async with asyncio.timeout(SECONDS), Client(shop(), mode=mode) as client:
        task = await client.call_tool("add", {"a": 1, "b": 2}, task=True)

        assert task.returned_immediately
        assert (await task).content[0].text == "3"


# Resources and prompts


@in_both_eras
async def test_resources_and_prompts_are_tasks_where_the_protocol_has_them(
    connect: Connect, mode: str
) -> None:
    """That is in 2025-11-25; the extension of 2026-07-28 has calls of tools only."""
    async with asyncio.timeout(SECONDS), connect() as client:
        hours = await client.read_resource("shop://hours", task=True)
        of_day = await client.read_resource("shop://Monday/hours", task=True, ttl=5000)
        praise = await client.get_prompt("praise", {"cake": "pie"}, task=True)

        assert isinstance(hours, ResourceTask)
        assert isinstance(praise, PromptTask)
        assert {each.returned_immediately for each in (hours, of_day, praise)} == {mode != "legacy"}
        assert (await hours)[0].text == "9 to 5"
        assert (await of_day)[0].text == "Monday: 9 to 5"
        assert (await praise).messages[0].content.text == "Praise pie"
        assert (await praise.wait(state="completed")).status == "completed"


# Calls that the server runs as tasks


@pytest.mark.parametrize("mode", MODES[1:])
async def test_a_call_that_has_to_be_a_task_is_one_unseen(connect: Connect) -> None:
    """Its value, its questions and its errors are those of any call."""
    async with asyncio.timeout(SECONDS), connect(elicitation_handler=customer) as client:
        cakes = await client.call_tool("bake", {"cakes": 2})
        again = await client.call_tool_mcp("bake", {"cakes": 1})

        assert cakes.data == [date(2026, 7, 28)] * 2
        assert again.structured_content == {"result": ["2026-07-28"]}
        assert (await client.call_tool("only_order")).data == "one cake"
        with pytest.raises(ToolError, match="cakes"):
            await client.call_tool("bake", {"cakes": "many"})


@pytest.mark.parametrize("mode", MODES[1:])
async def test_a_call_that_takes_too_long_is_cancelled_with_its_task(connect: Connect) -> None:
    """Be it silent for its timeout, or left by who waits for it."""

    async def states() -> list[str]:
        return [task["status"] for task in (await client.list_tasks())["tasks"]]

    async def cancelled() -> bool:
        return await states() == ["cancelled", "cancelled"]

    async def again() -> bool:
        return await states() == ["working", "cancelled"]

    async with asyncio.timeout(SECONDS), connect() as client:
        with pytest.raises(TimedOut, match="was not done in time: it is working"):
            await client.call_tool("only_held", timeout=0.2)
        call = asyncio.ensure_future(client.call_tool("only_held"))
        await until(again)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(cancelled)


@pytest.mark.parametrize("mode", MODES[1:])
async def test_a_question_takes_its_time(local: Connect) -> None:
    """The timeout is not for those who are asked."""

    async def slow(message: str, *_: Any) -> Any:
        await asyncio.sleep(0.4)
        return {"value": "pie"}

    async with asyncio.timeout(SECONDS), local(elicitation_handler=slow, timeout=0.3) as client:
        assert (await client.call_tool("only_order")).data == "one pie"


@pytest.mark.parametrize("mode", MODES[1:])
async def test_a_client_that_declares_tasks_may_have_any_call_run_as_one(local: Connect) -> None:
    """Which it does not notice, but for the tasks that it has begun."""
    declared = {"io.modelcontextprotocol/tasks": {}}
    async with asyncio.timeout(SECONDS), local(extensions=declared) as client:
        assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3
        assert (await client.call_tool("price")).data == 7
        assert len((await client.list_tasks())["tasks"]) == 1


# By id


@in_both_eras
async def test_tasks_are_reached_by_their_ids(connect: Connect, mode: str) -> None:
    """Also by another object, and after the task object is gone."""
    async with asyncio.timeout(SECONDS), connect() as client:
        done = (await client.call_tool("add", {"a": 1, "b": 2}, task=True)).task_id
        result = await client.get_task_result(done)
        held = (await client.call_tool("held", task=True)).task_id
        working = await client.get_task_status(held)
        cancelled = await client.cancel_task(held)
        after = await client.get_task_status(held)
        listed = await client.list_tasks()
        with pytest.raises(McpError, match="not found"):
            await client.get_task_status("nothing")
        with pytest.raises(McpError, match="not found"):
            await client.get_task_result("nothing")

    assert result["structuredContent"] == {"result": 3}
    assert (working.status, after.status) == ("working", "cancelled")
    assert (cancelled.task_id, cancelled.status) == (held, "cancelled")
    assert {each["taskId"]: each["status"] for each in listed["tasks"]} == {
        done: "completed",
        held: "cancelled",
    }
    assert listed["nextCursor"] is None


# Other ways to the same


@pytest.mark.parametrize("mode", MODES)
async def test_tasks_over_stdio(mode: str) -> None:
    """A server in a process of its own."""
    program = StdioTransport(sys.executable, [str(Path(__file__).with_name("shop.py"))])
    options: Any = {"mode": mode, "elicitation_handler": customer}
    async with asyncio.timeout(2 * SECONDS), Client(program, **options) as client:
        task = await client.call_tool("order", task=True)
        held = await client.call_tool("held", task=True)
        await held.cancel()

        assert (await task).data == "2 cake"
        assert (await held.wait()).status == "cancelled"


@in_both_eras
async def test_tasks_of_several_servers_are_told_apart(mode: str) -> None:
    """Each is asked for where it was begun, or where it is found."""
    with served(shop().http_app()) as first, served(shop().http_app()) as second:
        servers = {
            name: {"url": f"{base}/mcp", "mode": mode}
            for name, base in (("one", first), ("two", second))
        }
        config = {"mcpServers": servers}
        options: Any = {"elicitation_handler": customer}
        async with asyncio.timeout(SECONDS), Client(config, **options) as client:
            here = await client.call_tool("one_order", task=True)
            there = await client.call_tool("two_held", task=True)
            await client.call_tool("two_release")

            assert (await here).data == "2 cake"
            assert (await there).data == "released"
            if mode != "legacy":
                assert (await client.call_tool("two_bake", {"cakes": 1})).data == [
                    date(2026, 7, 28)
                ]
            resource = await client.read_resource("shop://two/hours", task=True)
            assert (await resource)[0].text == "9 to 5"
            async with Client(config, **options) as other:
                with pytest.raises(McpError, match="not found"):
                    await other.get_task_status("nothing")


@in_both_eras
async def test_the_names_of_fastmcp_are_there(local: Connect) -> None:
    """`call_tool_task` of 4, and the handler of 3, which hears what any other does."""
    heard: list[str] = []

    class Handler(TaskNotificationHandler):
        async def on_notification(self, message: Any) -> None:
            heard.append(message.method)

    client = local()
    client = local(message_handler=Handler(client))
    async with asyncio.timeout(SECONDS), client:
        task = await call_tool_task(client, "add", {"a": 1, "b": 2}, timeout=5)

        assert (await task).data == 3
        assert "ToolTask" in repr(task)
