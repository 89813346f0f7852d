"""The official clients speak through proxies with the tools that converse, as they do without."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from apps import MODERN
from converse import tools
from converse.answers import RESULTS
from converse.test_official_clients import PROGRAMS, Seen, Server, reasons
from converse.test_official_clients import home as home
from converse.test_official_clients import node_packages as node_packages
from converse.test_official_clients import sdk1_python as sdk1_python
from converse.test_official_clients import seen as seen
from converse.test_official_clients import (
    test_a_call_that_is_given_up_stops as test_a_call_that_is_given_up_stops,
)
from converse.test_official_clients import test_log_messages_arrive as test_log_messages_arrive
from converse.test_official_clients import test_progress_arrives as test_progress_arrives
from processes import free_port, http_server

from . import program

pytestmark = pytest.mark.timeout(300, func_only=True)

# How the client reaches the proxies, how many there are, and what the last one speaks.
WAYS = [("stdio", 1, None), ("stdio", 2, "legacy"), ("sse", 1, "legacy"), ("sse", 2, None)]


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: " ".join(map(str, way)))
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Server]:
    """Proxies before the tools, which are a program that speaks over its standard streams."""
    transport, depth, mode = request.param
    behind = ["stdio", sys.executable, str(Path(tools.__file__))]
    task = json.dumps({"server": behind, "depth": depth, "mode": mode})
    command = [str(Path(program.__file__)), task]
    if transport == "stdio":
        yield Server(transport, ["stdio", sys.executable, *command])
        return
    port, log = free_port(), tmp_path_factory.mktemp(transport) / "log"
    with http_server(command, log, port=port, env={"PORT": str(port)}) as running:
        yield Server(transport, ["http", running.url], log)


def test_every_tool_converses(seen: Seen) -> None:
    """What a client cannot be asked is refused with the reason; a form that is newer than its
    revision is put to it all the same, since the server behind speaks a newer one.
    """
    assert list(seen.revisions) == PROGRAMS[seen.program]
    for revision, document in seen.revisions.items():
        assert document["said"].keys() == RESULTS.keys()
        for tool, said in document["said"].items():
            if said != RESULTS[tool]:
                why = [*reasons(tool, seen.transport, revision), "does not support sampling.tools"]
                assert any(reason in said["refused"] for reason in why), (revision, tool, said)


def test_state_lasts_as_long_as_the_session(seen: Seen, request: pytest.FixtureRequest) -> None:
    """That of the client with the proxy. A program that is spoken to in the handshake era has one
    session, and so all requests that stand alone.
    """
    _, _, mode = request.node.callspec.params["server"]
    for revision, document in seen.revisions.items():
        in_session = revision != MODERN or seen.transport == "stdio"
        kept = in_session or mode == "legacy"
        assert document["state"] == ["kept", "7" if kept else "None"], revision
