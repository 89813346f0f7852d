"""A client of the official SDK for the soak with faults: chaos_official.py URL FILE SEED.

It opens one session after the other until a line comes on standard input. Its errors are its own
affair; judged is that each answer is that of its call, and that nothing ran twice.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

URL, FILE, RANDOM = sys.argv[1], Path(sys.argv[2]), random.Random(sys.argv[3])
PATIENCE = timedelta(seconds=8)
LONGEST = 20.0
numbers = itertools.count(1_000_000_000)


def add(outcome: str, kind: str, number: int) -> None:
    line = {"kind": f"official {kind}", "outcome": outcome, "number": number, "at": time.time()}
    with FILE.open("a") as file:
        file.write(json.dumps(line) + "\n")


async def call(session: ClientSession) -> None:
    number, kind = next(numbers), RANDOM.choice(("echo", "order", "steps", "order_in_steps"))
    arguments: dict[str, Any] = {"number": number}
    if kind != "echo":
        arguments["pause"] = RANDOM.choice((0, 0.01, 0.1))
    if "steps" in kind:
        arguments["count"] = RANDOM.randint(1, 20)

    async def progress(done: float, total: float | None, message: str | None) -> None:
        if message != f"{number}:":
            add("wrong", kind, number)

    given = {"read_timeout_seconds": PATIENCE, "progress_callback": progress}
    result = await session.call_tool(kind, arguments, **given)
    text = "".join(getattr(each, "text", "") for each in result.content)
    if result.isError:
        add("failed", kind, number)
    else:
        add("right" if text == f"{number}:" else "wrong", kind, number)


async def visit() -> None:
    async with (
        asyncio.timeout(LONGEST),
        streamablehttp_client(URL) as (reading, writing, _),
        ClientSession(reading, writing, read_timeout_seconds=PATIENCE) as session,
    ):
        await session.initialize()
        for _ in range(30):
            await call(session)


async def main() -> None:
    stop = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    while not stop.done():
        try:
            await visit()
        except Exception:
            add("failed", "session", 0)
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(main())
