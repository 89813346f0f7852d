"""Through proxies to the servers of others: every feature, over each transport, in each era."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from peers import features
from peers.conftest import node_packages as node_packages
from peers.conftest import sdk1_python as sdk1_python
from peers.conftest import server_commands as server_commands
from peers.features import SECONDS, Ears, connecting
from peers.matrix import HANDSHAKE, LINKS, MODERN, Link, lacking
from peers.test_interoperability import Commands, HttpServers, target_of

from fastmcp.exceptions import ClientError, McpError
from fastmcp.server import create_proxy
from fastmcp.server.providers import guard
from fastmcp.server.providers.proxy import known_list

pytestmark = pytest.mark.timeout(300, func_only=True)

# The features that are used, and of each server over each transport in each era, how many proxies
# are in between, and which era is spoken in front.
WAYS = [
    (link, front, 1 + (number % 2))
    for number, link in enumerate(LINKS)
    for front in (HANDSHAKE, MODERN)
    if link.server != "everything" and link.transport != "sse"
]


@pytest.fixture(scope="module")
def http_servers(
    server_commands: Commands, tmp_path_factory: pytest.TempPathFactory
) -> Generator[HttpServers]:
    """The servers that are reached by a URL."""
    with ExitStack() as stack:
        yield HttpServers(server_commands, stack, tmp_path_factory.mktemp("servers"))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take their time to start."""
    monkeypatch.setattr(known_list, "PATIENCE", 60.0)
    monkeypatch.setattr(guard, "PATIENCE", 60.0)
    monkeypatch.setattr(guard, "GRACE", 60.0)


# What a proxy does of itself, or has no part in.
OWN = {"list-pages", "hear-of-resource"}


@pytest.mark.parametrize(
    ("link", "front", "depth"), WAYS, ids=lambda part: str(part).replace(" ", "-")
)
def test_a_server_of_others_is_as_it_is_without_proxies(
    link: Link,
    front: str,
    depth: int,
    server_commands: Commands,
    http_servers: HttpServers,
    tmp_path: Path,
) -> None:
    """Every feature gives what it gives directly."""
    log = tmp_path / "log"

    async def main() -> tuple[dict[str, Any], dict[str, str]]:
        proxy = create_proxy(target_of(link, server_commands, http_servers, log), mode=link.mode)
        target = proxy if depth == 1 else create_proxy(proxy)
        ears = Ears()
        gave: dict[str, Any] = {}
        failed: dict[str, str] = {}
        mode = "legacy" if front == HANDSHAKE else "auto"
        async with connecting(target, mode, ears) as client:
            for name, feature in features.FEATURES.items():
                if lacking(link, name) is not None or name in OWN:
                    continue
                try:
                    async with asyncio.timeout(2 * SECONDS):
                        gave[name] = await feature.use(client, ears)
                except (ClientError, McpError, TimeoutError, AssertionError) as error:
                    failed[name] = f"{type(error).__name__}: {error}"
        return gave, failed

    try:
        gave, failed = asyncio.run(main())
    finally:
        if log.exists():
            print(log.read_text("utf-8", "replace")[-2000:], file=sys.stderr)

    assert failed == {}
    assert gave == {name: features.FEATURES[name].gives for name in gave}
