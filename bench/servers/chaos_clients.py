"""The clients of the soak with faults: chaos_clients.py URL FOLDER SEED CLIENTS.

They come, call and go until a line comes on standard input; then they end, and this process says
what is left of them.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from vital_signs import vital_signs

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.outcomes import Outcomes

from fastmcp import Client
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from fastmcp.exceptions import FastMCPError

URL, FOLDER, SEED, CLIENTS = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
LIMITS: dict[str, Any] = {"timeout": 8, "max_total_timeout": 20, "init_timeout": 10}
SILENCE = 18.0
"""Seconds after which a stream counts as lost: its server gives a sign of life every 15."""
HEARD = 25.0
"""Seconds within which a change is heard of."""
STDIO = Path(__file__).with_name("chaos_stdio.py")
ACTIONS = {
    "echo": 30,
    "large": 4,
    "order": 14,
    "steps": 14,
    "order_in_steps": 8,
    "ask": 8,
    "remember": 8,
    "touch": 6,
    "work": 8,
    "cancel": 6,
    "read": 6,
    "list": 3,
}
numbers = itertools.count(1)
outcomes = Outcomes(FOLDER / "outcomes")


def is_of(number: int) -> Any:
    """Whether a result is that of the call with this number."""
    return lambda result: result.data is not None and str(result.data).startswith(f"{number}:")


def is_supervisor(process: int) -> bool:
    """Whether it is one of ours, and not whoever takes in orphans, or started this."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"--reload" in words and str(FOLDER / "journal").encode() in words


class Visitor:
    """One client after the other, each for some calls."""

    def __init__(self, number: int) -> None:
        self._name = f"client{number}"
        self._rng = random.Random(f"{SEED}/{number}")
        self._era = "legacy" if number % 2 else "auto"
        self._watches = number % 4 < 2
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._kept: list[str] = []

    async def visit(self, stop: asyncio.Event) -> None:
        self._stop = stop
        while not stop.is_set():
            self._kept = []
            leaves_at_random = self._rng.random() < 0.2
            limit = self._rng.uniform(0.2, 6) if leaves_at_random else None
            with suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    await self._session()

    async def _session(self) -> None:
        more: dict[str, Any] = {"message_handler": self._hear} if self._watches else {}
        transport = StreamableHttpTransport(URL, sse_read_timeout=SILENCE)
        asked = self._answer
        client = Client(transport, mode=self._era, elicitation_handler=asked, **LIMITS, **more)
        if not await outcomes.watch("open", 0, self._enter(client), lambda _: True, era=self._era):
            await asyncio.sleep(self._rng.uniform(0.1, 1))
            return
        try:
            for _ in range(self._rng.randint(3, 60)):
                if self._stop.is_set():
                    break
                [action] = self._rng.choices(list(ACTIONS), list(ACTIONS.values()))
                await getattr(self, f"_{action}")(client, next(numbers))
        finally:
            await outcomes.watch(
                "close", 0, client.__aexit__(None, None, None), lambda _: True, era=self._era
            )

    async def _enter(self, client: Client[Any]) -> None:
        await client.__aenter__()
        try:
            await client.list_tools()
            if self._watches:
                await client.subscribe_resource(f"data://{self._name}")
        except BaseException:
            await client.close()
            raise

    async def _answer(self, message: str, kind: Any, params: Any, context: Any) -> Any:
        return kind(value=message)

    async def _hear(self, message: Any) -> None:
        if getattr(message, "method", None) == "notifications/resources/updated":
            if str(message.params.uri) == f"data://{self._name}":
                self._changed.set()
            else:
                outcomes.add("touch", "wrong", text=f"{self._name} heard of {message.params.uri}")

    async def _call(self, client: Client[Any], kind: str, number: int, **arguments: Any) -> bool:
        def progress(done: float, total: float | None, message: str | None) -> None:
            if message != f"{number}:":
                outcomes.add(kind, "wrong", number, text=f"heard the progress of {message}")

        call = client.call_tool(kind, {"number": number, **arguments}, progress_handler=progress)
        return await outcomes.watch(kind, number, call, is_of(number), era=self._era)

    # What a client does

    async def _echo(self, client: Client[Any], number: int) -> None:
        await self._call(client, "echo", number)

    async def _large(self, client: Client[Any], number: int) -> None:
        size = self._rng.randrange(1_000_000)
        call = client.call_tool("echo", {"number": number, "size": size})

        def right(result: Any) -> bool:
            return result.data == f"{number}:" + "x" * size

        await outcomes.watch("large", number, call, right, era=self._era)

    async def _order(self, client: Client[Any], number: int) -> None:
        await self._call(client, "order", number, pause=self._rng.uniform(0, 0.5))

    async def _steps(self, client: Client[Any], number: int) -> None:
        await self._call(client, "steps", number, **self._some_steps())

    async def _order_in_steps(self, client: Client[Any], number: int) -> None:
        await self._call(client, "order_in_steps", number, **self._some_steps())

    def _some_steps(self) -> dict[str, Any]:
        return {"count": self._rng.randint(1, 30), "pause": self._rng.choice((0, 0.01, 0.1))}

    async def _ask(self, client: Client[Any], number: int) -> None:
        await self._call(client, "ask", number)

    async def _remember(self, client: Client[Any], number: int) -> None:
        value = f"{self._name}/{number}"
        call = client.call_tool("remember", {"value": value})

        def right(result: Any) -> bool:
            return result.data is None or result.data in self._kept

        self._kept.append(value)
        await outcomes.watch("remember", number, call, right, era=self._era)

    async def _touch(self, client: Client[Any], number: int) -> None:
        if not self._watches:
            return
        self._changed.clear()
        call = client.call_tool("touch", {"name": self._name})
        if not await outcomes.watch("touch", number, call, lambda _: True, era=self._era):
            return
        ends = [asyncio.create_task(each.wait()) for each in (self._changed, self._stop)]
        try:
            await asyncio.wait(ends, timeout=HEARD, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        if self._changed.is_set():
            outcomes.add("hear", "right", number, era=self._era)
        elif not self._stop.is_set():
            outcomes.add("hear", "missed", number, era=self._era)

    async def _work(self, client: Client[Any], number: int) -> None:
        arguments = {"number": number, "pause": self._rng.uniform(0, 1.5)}

        async def run() -> Any:
            task = await client.call_tool("work", arguments, task=True, ttl=60_000)
            outcomes.add("task", "accepted", number, id=task.task_id)
            async with asyncio.timeout(60):
                return await task.result()

        await outcomes.watch("work", number, run(), is_of(number), era=self._era)

    async def _cancel(self, client: Client[Any], number: int) -> None:
        call = asyncio.create_task(client.call_tool("wait"))
        await asyncio.wait([call], timeout=self._rng.uniform(0, 0.5))
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        outcomes.add("cancel", "right", number, era=self._era)

    async def _read(self, client: Client[Any], number: int) -> None:
        call = client.read_resource(f"data://{number}")
        await outcomes.watch(
            "read", number, call, lambda found: found[0].text == str(number), era=self._era
        )

    async def _list(self, client: Client[Any], number: int) -> None:
        call = client.list_tools()
        await outcomes.watch("list", number, call, lambda found: len(found) == 10, era=self._era)


class StdioUser:
    """A client of a program that is killed; or that, or its supervisor, under one."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self._rng = random.Random(f"{SEED}/{command}")
        self._kind = "supervised" if "--reload" in command else "stdio"

    async def visit(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            transport = StdioTransport(self._command[0], list(self._command[1:]))
            client = Client(transport, **LIMITS)
            entered = outcomes.watch(f"{self._kind} open", 0, client.__aenter__(), lambda _: True)
            if not await entered:
                continue
            try:
                await client.list_tools()
                for _ in range(self._rng.randint(3, 10)):
                    if stop.is_set() or not await self._amid(client):
                        break
            except FastMCPError:
                pass
            finally:
                leaving = client.__aexit__(None, None, None)
                await outcomes.watch(f"{self._kind} close", 0, leaving, lambda _: True)

    async def _amid(self, client: Client[Any]) -> bool:
        """Calls, of which most are under way while the program is killed; whether it comes back:
        what a supervisor runs does so when a file changes.
        """
        calls = [self._call(client, kind) for kind in ("steps", "order", "order", "steps")]
        amid = asyncio.gather(*calls)
        try:
            own, parent = (await client.call_tool("processes")).data
            victim = self._rng.choice((own, parent)) if is_supervisor(parent) else own
            await asyncio.sleep(self._rng.uniform(0, 0.5))
            with suppress(ProcessLookupError):
                os.kill(victim, self._rng.choice((signal.SIGKILL, signal.SIGTERM)))
            outcomes.add(f"{self._kind} kill", "right")
        except FastMCPError:
            pass
        finally:
            await amid
        return self._kind == "stdio"

    async def _call(self, client: Client[Any], kind: str) -> None:
        number = next(numbers)
        arguments: dict[str, Any] = {"number": number, "pause": self._rng.uniform(0, 0.2)}
        if kind == "steps":
            arguments["count"] = self._rng.randint(1, 5)
        call = client.call_tool(kind, arguments)
        await outcomes.watch(f"{self._kind} {kind}", number, call, is_of(number))


async def main() -> None:
    journal = str(FOLDER / "journal")
    (FOLDER / "nothing").mkdir()
    stop = asyncio.Event()
    before = vital_signs()
    print(json.dumps(before), flush=True)
    users: list[Any] = [Visitor(number) for number in range(CLIENTS)]
    users.append(StdioUser(sys.executable, str(STDIO), journal))
    supervised = (sys.executable, "-m", "fastmcp", "run", str(STDIO), "--reload", "--no-banner")
    supervised += ("--reload-dir", str(FOLDER / "nothing"))
    users.append(StdioUser(*supervised, "--", journal))
    visits = [asyncio.create_task(user.visit(stop)) for user in users]
    await asyncio.to_thread(sys.stdin.readline)
    stop.set()
    await asyncio.gather(*visits)
    await asyncio.sleep(1)
    print(json.dumps(vital_signs()), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
