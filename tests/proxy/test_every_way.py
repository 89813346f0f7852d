"""The tools that converse with their client, through proxies: in each era, over each transport."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import ExitStack
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN
from converse import tools
from converse.answers import RESULTS, needs
from converse.test_our_client import Ears, can_be_asked, connected, until
from converse.test_our_client import streams as carries_notifications

from fastmcp import FastMCP
from fastmcp.server import create_proxy

from .ways import Servers

SECONDS = 20
NO = ("does not support", "cannot be asked", "cannot be put", "needs a session", "choose several")
STEPS = [(n, 3, f"step {n}") for n in (1, 2, 3)]
BEHIND = ["memory", "stdio", "http", "json", "stateless", "sse"]


@pytest.fixture(scope="module")
def servers() -> Generator[Servers]:
    """What is behind the proxies."""
    with ExitStack() as stack:
        yield Servers(tools, stack)


def proxy_of(target: Any, mode: str | None, depth: int) -> FastMCP:
    """A proxy to a server, or to another proxy to it."""
    proxy = create_proxy(target, mode=mode, name="front")
    return proxy if depth == 1 else proxy_of(proxy, None, depth - 1)


def way_back(behind: str, mode: str | None) -> bool:
    """Whether the server behind can ask what is asked of it in this way."""
    spoken = HANDSHAKE if mode == "legacy" or behind == "sse" else MODERN
    return can_be_asked(behind, spoken)


async def use_all(
    target: Any, revision: str, stops: bool
) -> tuple[dict[str, str], Ears, list[Any]]:
    """What every tool gives and what is heard meanwhile; a call that is given up stops, too."""
    ears = Ears()
    async with connected(target, revision, ears) as client:
        await client.set_logging_level("info")
        given = {
            tool: (await client.call_tool(tool, raise_on_error=False)).content[0].text
            for tool in RESULTS
        }
        spoken = [(await client.call_tool(tool)).data for tool in ("count", "chatter")]
        if not stops:
            return given, ears, spoken
        name = f"{id(ears)}"
        call = asyncio.create_task(client.call_tool("wait", {"name": name}))
        await until(client, name, "waiting")
        call.cancel()
        await until(client, name, "cancelled")
        return given, ears, spoken


# Over HTTP+SSE only the handshake is spoken anyway.
WAYS = [
    (behind, mode)
    for behind in BEHIND
    for mode in (None, "legacy")
    if (behind, mode) != ("sse", "legacy")
]


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(("behind", "mode"), WAYS)
@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
def test_a_server_is_as_it_is_without_proxies(
    servers: Servers, revision: str, behind: str, mode: str | None, depth: int
) -> None:
    """Questions, progress, logs and cancellation cross them, whatever is spoken on either side."""
    target = proxy_of(servers[behind], mode, depth)

    asks = way_back(behind, mode)

    given, ears, spoken = asyncio.run(use_all(target, revision, asks))

    for tool, text in given.items():
        if asks and revision >= needs(tool):
            assert text == RESULTS[tool], tool
        else:
            assert any(reason in text for reason in NO), (tool, text)
    assert spoken == ["counted", "logged"]
    if carries_notifications(behind):
        assert ears.steps[:3] == STEPS
        assert ears.logs == [("info", "some news"), ("warning", "a warning")]
