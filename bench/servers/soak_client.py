"""The client under the soak: it calls and reconnects as it is told, and tells what is left of that.

soak_client.py URL, then lines `calls N` or `reconnects N`; each is answered by its vital signs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Any

from vital_signs import vital_signs

from fastmcp import Client

TOGETHER = 16
"""Calls in flight, and clients that connect at the same time."""
MODES = ("auto", "legacy")


async def call(client: Client[Any]) -> None:
    result = await client.call_tool("add", {"a": 1, "b": 2})
    assert result.data == 3, result


async def work(what: str, client: Client[Any], url: str, remaining: Iterator[int]) -> None:
    for number in remaining:
        if what == "calls":
            await call(client)
            continue
        async with Client(url, mode=MODES[number % 2]) as another:
            await call(another)


async def main(url: str) -> None:
    async with Client(url) as client:
        await call(client)
        print(json.dumps(vital_signs()), flush=True)
        for line in sys.stdin:
            what, number = line.split()
            remaining = iter(range(int(number)))
            await asyncio.gather(*(work(what, client, url, remaining) for _ in range(TOGETHER)))
            await call(client)
            print(json.dumps(vital_signs()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
