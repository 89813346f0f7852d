"""What one call costs a server in memory, driven by raw messages, in microseconds: both eras.

    python bench/raw_call.py                                   this tree
    PYTHONPATH=/another/checkout/src python bench/raw_call.py   another one, to compare

The least of 200 samples of 150 calls; run both in turn, a few times, and compare the least.
"""

from __future__ import annotations

import asyncio
import json
from time import perf_counter
from typing import Any

import messages

from fastmcp import FastMCP

CALLS, SAMPLES = 150, 200

mcp = FastMCP("bench")


@mcp.tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Inbox:
    """Takes the server's answer to the one request in flight."""

    answer: asyncio.Future[bytes]

    async def reply(self, id: Any, message: bytes) -> None:
        self.answer.set_result(message)

    def forget(self, id: Any) -> None:
        pass


async def microseconds(era: messages.Era) -> float:
    inbox, loop = Inbox(), asyncio.get_running_loop()
    async with mcp.lifespan.use():
        session = mcp.connect(inbox, "memory").session  # type: ignore[arg-type]

        async def ask(message: bytes) -> bytes:
            inbox.answer = loop.create_future()
            session.feed(message)
            return await inbox.answer

        if era == "handshake":
            await ask(messages.encode(messages.initialize()))
        call = messages.encode(messages.call(era, 1, "add", messages.ARGUMENTS))
        messages.check_answer([json.loads(await ask(call))])
        best = float("inf")
        for _ in range(SAMPLES):
            begin = perf_counter()
            for _ in range(CALLS):
                await ask(call)
            best = min(best, perf_counter() - begin)
    return best / CALLS * 1e6


if __name__ == "__main__":
    for era in ("handshake", "modern"):
        print(f"{era} {asyncio.run(microseconds(era)):.1f}")
