"""Servers whose tasks are told of in odd ways, and what a client makes of that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.client.tasks import remote_task
from fastmcp.exceptions import InvalidParams

from ..scripted import HANDSHAKE, MODERN, text
from .test_conversation import EXTENSION, modern, scripted, state, status, used


async def called(client: Client) -> Any:
    """The text that a tool gives as a task."""
    return (await (await client.call_tool("t", task=True))).content[0].text


def test_the_end_may_be_told_before_the_result_comes() -> None:
    """Whoever waits beside the one that asks for it leaves others their turn."""
    told = asyncio.Event()
    released = asyncio.Event()

    async def result() -> Any:
        server.tell(**status("completed"))
        told.set()
        await released.wait()
        return text("ok")

    server = scripted(HANDSHAKE, tools_call={"task": state()}, tasks_result=result)

    async def use(client: Client) -> Any:
        task = await client.call_tool("t", task=True)
        both = asyncio.gather(task.result(), task.result())
        await told.wait()
        for _ in range(10):
            await asyncio.sleep(0)
        released.set()
        return [each.content[0].text for each in await both]

    assert used(server, use) == ["ok", "ok"]
    assert len(server.requests("tasks/result")) == 1


def test_a_result_that_came_is_not_asked_for_again() -> None:
    """Though the server still says that it needs input."""
    answers = (InvalidParams("Not yet"), text("ok"))
    server = scripted(
        HANDSHAKE,
        tools_call={"task": state("input_required")},
        tasks_result=answers,
        tasks_get=state("input_required"),
    )

    assert used(server, called) == "ok"
    assert len(server.requests("tasks/result")) == 2


@pytest.mark.parametrize(
    "interval", [0, -5, 10**17, 10**400], ids=["none", "negative", "long", "beyond numbers"]
)
@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
def test_a_wish_for_pauses_that_makes_no_sense_holds_nobody_up(
    revision: str, interval: int
) -> None:
    """It is bounded on both sides."""
    begun: Any = {"task": state(pollInterval=interval)}
    looks: Any = (state(pollInterval=interval), state("completed", pollInterval=interval))
    if revision == MODERN:
        begun = modern(kind="task", pollIntervalMs=interval)
        ended = modern("completed", pollIntervalMs=interval, result=text("ok"))
        looks = (modern(pollIntervalMs=interval), ended)
    server = scripted(
        revision,
        tools_call=begun,
        tasks_get=looks,
        tasks_result=(InvalidParams("Not yet"), text("ok")),
    )

    assert used(server, called) == "ok"


def test_members_that_are_null_are_not_there() -> None:
    """As some servers write what they leave out."""
    ended = modern("completed", result=text("ok"), error=None, inputRequests=None)
    assert used(scripted(MODERN, tools_call=modern(kind="task"), tasks_get=ended), called) == "ok"

    server = scripted(HANDSHAKE, tools_call={**text("ok"), "task": None})
    assert used(server, called) == "ok"


def test_the_end_of_a_list_is_no_list_of_the_client_s_own() -> None:
    """Its last page may be empty, and any page but the last one."""
    pages = ({"tasks": [], "nextCursor": "n"}, {"tasks": []})
    server = scripted(HANDSHAKE, tools_call={"task": state()}, tasks_get=state(), tasks_list=pages)

    async def use(client: Client) -> Any:
        await client.call_tool("t", task=True)
        first = await client.list_tasks()
        return first, await client.list_tasks(first["nextCursor"])

    assert used(server, use) == (
        {"tasks": [], "nextCursor": "n"},
        {"tasks": [], "nextCursor": None},
    )


def test_what_was_told_counts_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that told of one change may have lost the way to tell of the next."""
    server = scripted(HANDSHAKE, tools_call={"task": state()}, tasks_get=state("completed"))

    async def use(client: Client) -> Any:
        task = await client.call_tool("t", task=True)
        server.tell(**status("working", statusMessage="1 of 2"))
        before = await task.status()
        monkeypatch.setattr(remote_task, "TOLD_PAUSE", 0)
        return before.status, (await task.status()).status

    assert used(server, use) == ("working", "completed")


def test_a_task_that_nobody_waits_for_is_cancelled_before_the_client_is_closed() -> None:
    """Where a call became one, and was given up."""
    limits: list[asyncio.Timeout] = []

    async def look() -> Any:
        limits[0].reschedule(asyncio.get_running_loop().time())
        return modern()

    server = scripted(
        MODERN,
        tools_call=modern(kind="task"),
        tasks_get=look,
        tasks_cancel={"resultType": "complete"},
    )

    async def use(client: Client) -> None:
        async with asyncio.timeout(None) as limit:
            limits.append(limit)
            await client.call_tool("t")

    with pytest.raises(TimeoutError):
        used(server, use, extensions={EXTENSION: {}})

    assert len(server.requests("tasks/cancel")) == 1
