"""Our client uses the servers of others: every feature, over every transport, in every era."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from processes import free_port

from fastmcp import Client
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport
from fastmcp.exceptions import ClientError, McpError

from . import features
from .features import SECONDS, Ears, connecting
from .matrix import LACKING, LINKS, MODERN, POSSIBLE, UNREACHABLE, Link, lacking, unreachable
from .processes import HttpServer, serving

pytestmark = pytest.mark.timeout(300, func_only=True)

Commands = dict[str, list[str]]


class Seen(Struct):
    """What a client saw over one link: what each feature gave, or why it gave nothing."""

    link: Link
    protocol: str
    gave: dict[str, Any]
    failed: dict[str, str]


class HttpServers:
    """The servers of others that serve HTTP, each started when it is first asked for."""

    def __init__(self, commands: Commands, stack: ExitStack, logs: Path) -> None:
        self._commands = commands
        self._stack = stack
        self._logs = logs
        self._running: dict[tuple[str, str], HttpServer] = {}

    def __getitem__(self, link: Link) -> HttpServer:
        kind = "http"  # both kinds, of a server that has both
        if link.server == "everything":
            kind = {"http": "streamableHttp", "sse": "sse"}[link.transport]
        if (link.server, kind) not in self._running:
            port = free_port()
            command = [*self._commands[link.server], kind, str(port)]
            server = serving(command, port, self._logs / f"{link.server} {kind}")
            self._running[link.server, kind] = self._stack.enter_context(server)
        return self._running[link.server, kind]


@pytest.fixture(scope="module")
def http_servers(
    server_commands: Commands, tmp_path_factory: pytest.TempPathFactory
) -> Generator[HttpServers]:
    """The servers that are reached by a URL; each serves both kinds of HTTP if it can."""
    with ExitStack() as stack:
        yield HttpServers(server_commands, stack, tmp_path_factory.mktemp("servers"))


def target_of(link: Link, commands: Commands, servers: HttpServers, log: Path) -> Any:
    """What a client is pointed at."""
    if link.transport == "stdio":
        command, *arguments = commands[link.server]
        return StdioTransport(command, arguments, log_file=log)
    url = servers[link].url
    if link.transport == "sse":
        return SSETransport(url.removesuffix("/mcp") + "/sse")
    return StreamableHttpTransport(url)


async def look(link: Link, target: Any) -> Seen:
    """Use every feature once, over one connection."""
    ears, seen = Ears(), Seen(link, "", {}, {})
    async with connecting(target, link.mode, ears) as client:
        seen.protocol = client.protocol_version
        for name, feature in link.features.items():
            try:
                async with asyncio.timeout(SECONDS):
                    seen.gave[name] = await feature.use(client, ears)
            except Exception as error:
                seen.failed[name] = f"{type(error).__name__}: {error}"
    return seen


@pytest.fixture(scope="module", params=LINKS, ids=str)
def seen(
    request: pytest.FixtureRequest,
    server_commands: Commands,
    http_servers: HttpServers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Seen:
    """What our client saw over each link."""
    link: Link = request.param
    log = tmp_path_factory.mktemp("log") / "log"
    try:
        return asyncio.run(look(link, target_of(link, server_commands, http_servers, log)))
    finally:
        output = log if link.transport == "stdio" else http_servers[link].log
        print(output.read_text("utf-8", errors="replace"), file=sys.stderr)


def test_the_newest_revision_that_both_know_is_spoken(seen: Seen) -> None:
    """Asked for or found out, over every link."""
    assert seen.protocol == seen.link.revision


@pytest.mark.parametrize("feature", features.FEATURES)
def test_the_client_uses_the_feature(seen: Seen, feature: str) -> None:
    """What a server lacks is in a table with the reason, and is really not there."""
    why = lacking(seen.link, feature)
    if why is None:
        assert feature not in seen.failed, seen.failed[feature]
        assert seen.gave[feature] == seen.link.features[feature].gives
    else:
        assert feature not in seen.gave, f"it works, so it is not true that {why}"


@pytest.mark.parametrize("link", [link for link in POSSIBLE if unreachable(link)], ids=str)
def test_what_cannot_be_reached_is_refused(
    link: Link, server_commands: Commands, http_servers: HttpServers, tmp_path: Path
) -> None:
    """By an error that says so, at once."""
    target = target_of(link, server_commands, http_servers, tmp_path / "log")
    mode: Any = MODERN if link.revision == MODERN else "legacy"

    async def main() -> None:
        async with asyncio.timeout(SECONDS), Client(target, mode=mode) as client:
            await client.list_tools()

    with pytest.raises((ClientError, McpError)):
        asyncio.run(main())


def test_the_tables_of_what_cannot_be_have_no_idle_rows() -> None:
    """Each row is about something that is tried."""
    cells = [f"{link} {feature}" for link in LINKS for feature in features.FEATURES]
    idle = [row for row in LACKING if not any(fnmatchcase(cell, row) for cell in cells)]
    idle += [row for row in UNREACHABLE if not any(link.matches(row) for link in POSSIBLE)]
    assert idle == []
