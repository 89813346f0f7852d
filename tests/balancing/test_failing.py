"""Backends that fail: what may be repeated is answered by another, and nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from apps import served
from left_behind import children

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import McpError, ToolError
from fastmcp.proxy import Backend, BackendsUnavailable, HealthPolicy, ServerProxy

from .fleet import Fleet, fleet
from .replicas import chi_square, replica, tally

SECONDS = 20
QUICK = HealthPolicy(interval=0.1, timeout=0.5, failures=2, backoff=0.05, max_backoff=0.2)
NO_CHECKS = HealthPolicy(interval=None, failures=2, backoff=0.05, max_backoff=0.2)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Fleet]:
    with fleet(3, tmp_path) as made:
        yield made


def used(proxy: ServerProxy, use: Callable[[Client], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with Client(proxy, timeout=SECONDS) as client:
            return await use(client)

    return asyncio.run(main())


async def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def calls_through(
    client: Client, count: int, trouble: Callable[[Callable[[], int]], Awaitable[None]]
) -> tuple[Counter[int], list[Exception]]:
    """At least that many safe calls, sixteen at a time, for as long as there is trouble; who has
    answered, and what went wrong.
    """
    found: Counter[int] = Counter()
    errors: list[Exception] = []
    begun = 0

    async def work() -> None:
        nonlocal begun
        while begun < count or not over.done():
            begun += 1
            try:
                found[(await client.call_tool("who")).data] += 1
            except Exception as error:
                errors.append(error)

    over = asyncio.create_task(trouble(lambda: begun))
    await asyncio.gather(over, *(work() for _ in range(16)))
    return found, errors


@pytest.mark.timeout(180)
def test_no_safe_call_fails_while_a_backend_is_killed_and_revived(three: Fleet) -> None:
    """5,000 of them; the killed one is used again without a restart, and all get their share."""
    proxy = ServerProxy("x", backends=three.urls, health=QUICK)
    dead = proxy.backends[1]
    after: Counter[int] = Counter()

    async def trouble(begun: Callable[[], int]) -> None:
        await until(lambda: begun() > 1000)
        await asyncio.to_thread(three.kill, 1)
        await until(lambda: dead.state != "healthy")
        await until(lambda: begun() > 2500)
        await asyncio.to_thread(three.start, 1)
        await until(lambda: dead.state == "healthy")
        after.update({each: -backend.requests for each, backend in enumerate(proxy.backends)})

    async def use(client: Client) -> Any:
        return await calls_through(client, 5000, trouble)

    found, errors = used(proxy, use)

    assert errors == []
    assert sum(found.values()) >= 5000
    after.update({each: backend.requests for each, backend in enumerate(proxy.backends)})
    assert sum(after.values()) > 500
    assert chi_square(after, dict.fromkeys(range(3), 1.0)) < 13.8
    assert dead.faults > 0


def test_a_process_that_is_killed_is_started_again(tmp_path: Path) -> None:
    """A command runs anew, for a check or a request; no safe call fails."""
    made = Fleet(0, tmp_path)
    commands = {
        f"process-{number}": StdioTransport(
            sys.executable, [str(made.script)], env=made.environment(number)
        )
        for number in range(2)
    }
    proxy = ServerProxy("x", backends=commands, health=QUICK)

    async def killed(first: int, faults: dict[Backend, int]) -> None:
        """Kill it, or another one: where a check has replaced it, it is nobody's any more."""
        for pid in (first, *_running(made.script)):
            with suppress(ProcessLookupError, AssertionError):
                os.kill(pid, signal.SIGKILL)
                await until(lambda: _failed_since(faults), 5)
                return
        raise AssertionError("nobody misses what was killed")

    async def back_again(faults: dict[Backend, int]) -> None:
        dead = _failed_since(faults)[0]
        await until(lambda: dead.health.good and len(_running(made.script)) == 2)
        answered = dead.requests
        await until(lambda: dead.requests > answered + 20)

    async def trouble(begun: Callable[[], int]) -> None:
        first = _running(made.script)
        for place in range(2):
            faults = {each: each.faults for each in proxy.backends}
            await killed(first[place], faults)
            await back_again(faults)

    async def use(client: Client) -> Any:
        await tally(client, 20)
        return await calls_through(client, 1000, trouble)

    found, errors = used(proxy, use)

    assert errors == []
    assert set(found) == {0, 1}
    assert sum(backend.faults for backend in proxy.backends) > 1


def test_what_may_not_be_repeated_is_done_at_most_once(three: Fleet) -> None:
    """Calls that were under way when their backend died fail; the others do not."""
    proxy = ServerProxy("x", backends=three.urls, health=QUICK)
    succeeded: list[int] = []
    failed: list[int] = []

    async def use(client: Client) -> None:
        async def work(worker: int) -> None:
            for number in range(60):
                id = worker * 1000 + number
                try:
                    await client.call_tool("change", {"id": id})
                    succeeded.append(id)
                except (ToolError, McpError):
                    failed.append(id)

        async def trouble() -> None:
            await until(lambda: len(succeeded) > 100)
            await asyncio.to_thread(three.kill, 0)

        await asyncio.gather(trouble(), *(work(number) for number in range(8)))

    used(proxy, use)
    done = Counter(three.changes)

    assert max(done.values()) == 1
    assert set(succeeded) <= set(done)
    assert len(failed) <= 8
    assert len(succeeded) + len(failed) == 480


@pytest.mark.parametrize("health", [QUICK, NO_CHECKS], ids=["checked", "unchecked"])
def test_a_backend_that_was_dead_from_the_start_is_used_once_it_is_there(
    three: Fleet, health: HealthPolicy
) -> None:
    """Nobody restarts the proxy."""
    three.kill(2)
    proxy = ServerProxy("x", backends=three.urls, health=health)

    async def use(client: Client) -> Any:
        before = await tally(client, 20)
        await asyncio.to_thread(three.start, 2)

        async def used_again() -> bool:
            return (await tally(client, 3))[2] > 0

        deadline = time.monotonic() + SECONDS
        while not await used_again():
            assert time.monotonic() < deadline
        return before

    assert set(used(proxy, use)) == {0, 1}


def test_a_backend_that_hangs_is_found_out_and_its_calls_are_taken_back(three: Fleet) -> None:
    """Those that may be repeated; one that is merely slow keeps its calls."""
    proxy = ServerProxy("x", backends=three.urls, health=QUICK)

    async def use(client: Client) -> Any:
        await tally(client, 6)
        slow = [asyncio.create_task(client.call_tool("wait", {"seconds": 3})) for _ in range(2)]
        await until(lambda: sum(each.in_flight for each in proxy.backends) == 2)
        frozen = next(n for n, each in enumerate(proxy.backends) if each.in_flight == 0)
        three.freeze(frozen)
        try:
            found = await asyncio.wait_for(tally(client, 60, at_once=6), SECONDS)
            await until(lambda: proxy.backends[frozen].state != "healthy")
            return frozen, found, [(await each).data for each in slow]
        finally:
            three.thaw(frozen)

    frozen, found, slow = used(proxy, use)

    assert found[frozen] == 0
    assert sum(found.values()) == 60
    assert frozen not in slow


def test_lists_and_reads_and_prompts_go_elsewhere(three: Fleet) -> None:
    """They may always be repeated."""
    proxy = ServerProxy("x", backends=three.urls, health=NO_CHECKS)

    async def use(client: Client) -> None:
        await client.list_tools()
        await asyncio.to_thread(three.kill, 0)
        for _ in range(6):
            assert (await client.read_resource("data://number"))[0].text in "12"
            assert (await client.get_prompt("ask")).messages[0].content.text in "12"
            assert len(await client.list_resources()) == 1

    used(proxy, use)


def test_when_none_is_left_that_is_said_without_saying_where_they_were() -> None:
    """To clients; code is told why of each."""
    with served(replica(0).http_app()) as base:
        proxy = ServerProxy(
            "Front", backends={"one": f"{base}/mcp"}, health=HealthPolicy(failures=1, backoff=5)
        )

        async def listed(client: Client) -> Any:
            return await client.list_tools()

        assert len(used(proxy, listed)) == 2

    async def use(client: Client) -> None:
        for _ in range(2):
            with pytest.raises(McpError) as caught:
                await client.call_tool("who")
            assert "'Front' cannot reach the only backend that could answer" in str(caught.value)
            assert base not in str(caught.value)
            assert 0 < caught.value.data["retry_after"] <= 5

    used(proxy, use)
    with pytest.raises(BackendsUnavailable) as caught:
        proxy.call_tool("who")  # type: ignore[unused-coroutine]
    assert "Connection refused" in caught.value.failures["one"]
    assert proxy.backends[0].status["state"] == "ejected"


def test_errors_of_tools_are_answers() -> None:
    """They are not repeated, and say nothing against the backend."""
    mcp = replica(0)
    ran: list[int] = []

    @mcp.tool(annotations={"readOnlyHint": True})
    def fail() -> None:
        ran.append(1)
        raise ConnectionError("the database is away")

    with served(mcp.http_app()) as base:
        proxy = ServerProxy("x", backends=[f"{base}/mcp", replica(1)], health=QUICK)

        async def use(client: Client) -> None:
            for _ in range(4):
                with pytest.raises(ToolError, match="the database is away"):
                    await client.call_tool("fail")

        used(proxy, use)
    assert len(ran) == 4
    assert proxy.backends[0].faults == 0


def _failed_since(faults: dict[Backend, int]) -> list[Backend]:
    return [backend for backend, before in faults.items() if backend.faults > before]


def _running(script: Path) -> list[int]:
    """The processes of ours that run a script."""
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children()}
    return [pid for pid, line in lines.items() if str(script).encode() in line]
