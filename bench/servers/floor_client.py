"""The floors of a client: HTTP/1.1 over a socket, JSON by msgspec, and nothing checked twice.

floor_client.py call PORT | concurrent PORT | open-close PORT
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
from timing import answer_bursts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import messages
from http1 import Connection

BATCH = 20
IN_FLIGHT = 50
CONNECTIONS = 5
DISCOVER = "server/discover"

encode, decode = msgspec.json.encode, msgspec.json.decode


def post(port: int, request_id: int, method: str = "tools/call") -> bytes:
    """One request as bytes."""
    message = messages.call("modern", request_id, "add", messages.ARGUMENTS)
    fields = messages.headers("modern", message)
    if method != "tools/call":
        message["method"] = fields["Mcp-Method"] = method
        del message["params"]["name"], message["params"]["arguments"], fields["Mcp-Name"]
    return messages.http_request("POST", port, fields, encode(message))


async def call(connection: Connection, port: int, request_id: int) -> Any:
    response = await connection.request(post(port, request_id))
    result = decode(response.body)["result"]
    assert result["content"][0]["text"] == messages.ANSWER, result


async def measure_call(port: int, in_flight: int = 1) -> None:
    connections = [await Connection.open(port) for _ in range(in_flight)]

    async def call_together() -> float:
        remaining = iter(range(in_flight * BATCH))

        async def work(connection: Connection) -> None:
            for number in remaining:
                await call(connection, port, number)

        begin = perf_counter()
        await asyncio.gather(*(work(connection) for connection in connections))
        return (perf_counter() - begin) / (in_flight * BATCH)

    await answer_bursts(call_together)


async def measure_open_close(port: int) -> None:
    async def open_and_close() -> float:
        begin = perf_counter()
        for _ in range(CONNECTIONS):
            connection = await Connection.open(port)
            response = await connection.request(post(port, 1, DISCOVER))
            assert decode(response.body)["result"]["capabilities"], response
            await connection.close()
        return (perf_counter() - begin) / CONNECTIONS

    await answer_bursts(open_and_close)


async def main(what: str, port: str) -> None:
    if what == "open-close":
        await measure_open_close(int(port))
    else:
        await measure_call(int(port), IN_FLIGHT if what == "concurrent" else 1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
