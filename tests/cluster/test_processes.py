"""Two servers of two processes each behind nginx, with Redis: nothing sticks to any of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from nginx_server import nginx_server
from processes import environment, free_port, listening
from redis_server import redis_server

from fastmcp import Client

WORKER = Path(__file__).with_name("worker.py")
# Processes start, nginx looks away from the one that is gone, its calls are missed.
PATIENCE = 50


class Site:
    """What clients see at `url`; `gate` is the file that lets waiting tools go on."""

    def __init__(self, url: str, gate: Path) -> None:
        self.url = url
        self._gate = gate

    def open_gate(self) -> None:
        self._gate.touch()

    def close_gate(self) -> None:
        self._gate.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    folder = tmp_path_factory.mktemp("site")
    gate = folder / "gate"
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(folder))
        env = environment({"FASTMCP_SESSION_STORE": redis.url, "GATE": str(gate)})
        ports = [free_port(), free_port()]
        for port in ports:
            options = ["--port", str(port), "--workers", "2", "--ws", "none"]
            command = [sys.executable, "-m", "uvicorn", "worker:app", *options]
            log = folder / f"{port}.log"
            stack.enter_context(listening(command, log, port, cwd=WORKER.parent, env=env))
        nginx = stack.enter_context(nginx_server(folder, ports))
        yield Site(nginx.url, gate)


@pytest.fixture
def site(running: Site) -> Site:
    running.close_gate()
    return running


async def pids(client: Any) -> set[int]:
    """Those of the workers that answer, until all four have: asked at once, over connections of
    their own.
    """
    found: set[int] = set()
    while len(found) < 4:
        answers = await asyncio.gather(*(client.call_tool("pid") for _ in range(20)))
        found |= {answer.data for answer in answers}
    return found


def test_the_stateful_features_need_no_stickiness(site: Site) -> None:
    """State, elicitation, sampling, progress, subscriptions, over four processes in turn."""
    changed = asyncio.Event()
    reported: list[float] = []

    async def on_message(message: Any) -> None:
        if getattr(message, "method", None) == "notifications/resources/updated":
            changed.set()

    async def on_elicitation(message: str, kind: Any, params: Any, context: Any) -> Any:
        return kind(value="me")

    async def on_sampling(messages: Any, params: Any, context: Any) -> str:
        return "a deep one"

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        reported.append(progress)

    async def scenario() -> None:
        client = Client(
            site.url,
            mode="legacy",
            elicitation_handler=on_elicitation,
            sampling_handler=on_sampling,
            message_handler=on_message,
        )
        async with client:
            await pids(client)
            await client.subscribe_resource("data://one")
            for turn in range(8):
                assert (await client.call_tool("ask")).data == "accept: me"
                assert (await client.call_tool("think")).data == "a deep one"
                before = (await client.call_tool("remember", {"value": turn})).data
                assert before == (turn - 1 if turn else None)
                reported.clear()
                await client.call_tool("steps", progress_handler=on_progress)
                assert reported == [0, 1, 2]
                changed.clear()
                await client.call_tool("change")
                await changed.wait()

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


async def killed_amid(
    site: Site, count: int, call: Callable[[Any, int, Any], Awaitable[Any]]
) -> list[Any]:
    """The outcomes of so many calls during which one process is killed, without any warning."""
    began: set[int] = set()
    all_began = asyncio.Event()

    async def one(client: Any, number: int) -> Any:
        async def on_progress(*_: Any) -> None:
            began.add(number)
            if len(began) == count:
                all_began.set()

        return await call(client, number, on_progress)

    async with Client(site.url, mode="legacy") as client:
        victim = min(await pids(client))
        calls = [asyncio.create_task(one(client, number)) for number in range(count)]
        await all_began.wait()
        os.kill(victim, signal.SIGKILL)
        site.open_gate()
        return await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.timeout(120)
def test_a_killed_process_loses_no_call_that_may_be_repeated(site: Site) -> None:
    """A thousand streamed calls are running: every client resumes and gets its answer."""

    async def call(client: Any, number: int, on_progress: Any) -> Any:
        arguments = {"number": number}
        return (await client.call_tool("wait", arguments, progress_handler=on_progress)).data

    assert asyncio.run(killed_amid(site, 1000, call)) == list(range(1000))


@pytest.mark.timeout(120)
def test_a_call_that_may_not_be_repeated_is_answered_by_an_error(site: Site) -> None:
    """Whoever waited on the lost process is told so; nobody waits for ever."""

    async def call(client: Any, number: int, on_progress: Any) -> Any:
        arguments = {"number": number}
        return (await client.call_tool("wait_once", arguments, progress_handler=on_progress)).data

    outcomes = asyncio.run(killed_amid(site, 40, call))

    lost = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert 0 < len(lost) < 40
    assert {str(error) for error in lost if "is gone" not in str(error)} == set()
    assert [o for n, o in enumerate(outcomes) if not isinstance(o, Exception) and o != n] == []
