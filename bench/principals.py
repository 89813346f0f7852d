"""How much memory callers take that each have a token of their own.

    uv run python bench/principals.py [NUMBER]

Each calls once, over HTTP and without a session. Before that one caller calls as often, so that
what the server needs anyhow is there.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import messages
import tokens
from http1 import Connection
from process import SERVERS, BenchError, http_server, log

NUMBER = 10_000
LIMIT = 20
"""MiB for NUMBER of them."""


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def call_each(port: int, made: list[str]) -> None:
    connection = await Connection.open(port)
    for number, token in enumerate(made):
        call = messages.call("modern", number + 1, "add", messages.ARGUMENTS)
        response = await connection.request(messages.post(port, "modern", call, None, token))
        if response.status != 200 or not messages.is_good(response.body):
            raise BenchError(f"HTTP {response.status}: {response.body[:200]!r}")
    await connection.close()


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    log(f"signing {number:,} tokens")
    made = [tokens.token(each) for each in range(number)]
    with (
        tokens.public_key() as key,
        http_server(Path(sys.executable), SERVERS / "auth_app.py", key) as (program, port),
    ):
        asyncio.run(call_each(port, [tokens.token(number)] * number))
        before = resident_mib(program.pid)
        asyncio.run(call_each(port, made))
        grown = resident_mib(program.pid) - before
        asyncio.run(call_each(port, made))
        again = resident_mib(program.pid) - before
    print(f"{number:,} principals: {grown:.1f} MiB, and after a second round {again:.1f} MiB")
    print(
        f"each {grown * 2**20 / number:,.0f} bytes, of a token of {len(made[0])}; limit {LIMIT} MiB"
    )


if __name__ == "__main__":
    main()
