"""Two processes serve one client, whose requests go to one and the other in turn."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from processes import http_server
from redis_server import redis_server

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from . import tools
from .answers import RESULTS, ROOTS
from .test_our_client import SECONDS, answer, speak

KEY = "0123456789abcdef" * 4


class InTurn(httpx2.AsyncBaseTransport):
    """Sends each request to another server than the one before."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = itertools.cycle(ports)
        self._inner = httpx2.AsyncHTTPTransport()
        self.used: list[int] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        port = next(self._ports)
        self.used.append(port)
        request.url = request.url.copy_with(port=port)
        request.headers["host"] = f"127.0.0.1:{port}"
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@contextmanager
def two(directory: Path, *environments: dict[str, str]) -> Generator[list[int]]:
    """Two servers, each with variables of its own; their ports."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                http_server([tools.__file__], directory / f"{n}.log", env=variables)
            )
            for n, variables in enumerate(environments)
        ]
        for server in servers:
            server.wait_for("Uvicorn running")
        yield [server.port for server in servers]


async def converse(ports: list[int], names: list[str]) -> dict[str, str]:
    """What the tools give a client whose requests alternate."""
    turns = InTurn(ports)
    transport = StreamableHttpTransport(
        f"http://127.0.0.1:{ports[0]}/mcp",
        httpx_client_factory=lambda **_: httpx2.AsyncClient(transport=turns, timeout=SECONDS),
    )
    client = Client(
        transport,
        mode="2026-07-28",
        elicitation_handler=answer,
        sampling_handler=speak,
        sampling_capabilities={"tools": {}},
        roots=ROOTS,
    )
    given: dict[str, str] = {}
    async with asyncio.timeout(3 * SECONDS), client:
        for name in names:
            arguments: dict[str, Any] = {"remember": {"key": "n", "value": 7}}
            arguments["recall"] = {"key": "n"}
            result = await client.call_tool(name, arguments.get(name), raise_on_error=False)
            given[name] = result.content[0].text
    assert set(turns.used) == set(ports)
    return given


def test_with_a_key_and_a_store_in_common_every_tool_completes(tmp_path: Path) -> None:
    """Whichever process a round reaches, and wherever the state was set."""
    names = [*RESULTS, "remember", "recall", "recall"]

    with redis_server(tmp_path) as store:
        shared = {"CONVERSE_KEY": KEY, "CONVERSE_STORE": store.url}
        with two(tmp_path, shared, shared) as ports:
            given = asyncio.run(converse(ports, names))

    # What a process counts by itself is not shared: the tool may have run in the other one.
    assert given.pop("ask_model_with_tools").startswith("model: The sum is 5. after ")
    expected = {name: RESULTS[name] for name in given if name in RESULTS}
    assert given == {**expected, "remember": "kept", "recall": "7"}


@pytest.mark.parametrize("others", [{"CONVERSE_KEY": "f" * 64}, {}], ids=["another", "its own"])
def test_with_different_keys_the_second_round_is_refused(
    tmp_path: Path, others: dict[str, str]
) -> None:
    """Cleanly, and by name."""
    with two(tmp_path, {"CONVERSE_KEY": KEY}, others) as ports:
        given = asyncio.run(converse(ports, ["ask_colour", "ask_roots", "ask_number"]))

    assert given == dict.fromkeys(given, "Invalid or expired requestState")
