"""The same tools, spoken to by the official clients in every revision that they can speak."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from apps import MODERN
from conversation import REVISIONS
from msgspec import Struct
from peers.conftest import node_packages as node_packages
from peers.conftest import sdk1_python as sdk1_python
from peers.environments import NodePackages
from peers.processes import output_of
from processes import free_port, http_server

from . import tools
from .answers import CONTENTS, RESULTS, ROOTS, SAID, needs
from .test_our_client import can_be_asked, streams

pytestmark = pytest.mark.timeout(300, func_only=True)

CLIENTS = Path(__file__).parent / "clients"
PROGRAMS = {
    "sdk1.py": REVISIONS[:-1],
    "sdk2.py": REVISIONS,
    "ts_sdk.mjs": REVISIONS[-2:-1],
    "ts_client.mjs": REVISIONS,
}
TRANSPORTS = ["stdio", "sse", "json", "stateless"]
USES = {"What is 2 + 3?": {"a": 2, "b": 3}}
"""What the model gives to the tool that it has for a question."""

LACKS = ("does not support elicitation", "choose several", "needs revision 2025-11-25")
NO_SESSION = "needs a session"
LOGS = [["debug", "a detail"], ["info", "some news"], ["warning", "a warning"]]


class Server(Struct):
    """A server as a client program is told of it, and where its output goes."""

    transport: str
    address: list[str]
    log: Path | None = None


class Seen(Struct):
    """What a client program saw of a server, by revision."""

    program: str
    transport: str
    revisions: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, node_packages: NodePackages) -> Path:
    """A home with the client programs in it, from where Node finds the npm packages."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(CLIENTS, home, dirs_exist_ok=True)
    (home / "node_modules").symlink_to(node_packages.modules)
    return home


@pytest.fixture(scope="module", params=TRANSPORTS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Server]:
    """The tools, served by each transport."""
    transport: str = request.param
    if transport == "stdio":
        yield Server(transport, ["stdio", sys.executable, tools.__file__])
        return
    port, log = free_port(), tmp_path_factory.mktemp(transport) / "log"
    command = ["-m", "fastmcp", "run", tools.__file__, "-t", "http", "-p", str(port)]
    options = {"json": {"FASTMCP_JSON_RESPONSE": "1"}, "stateless": {"FASTMCP_STATELESS_HTTP": "1"}}
    with http_server(command, log, port=port, env=options.get(transport)) as running:
        yield Server(transport, ["http", running.url], log)


@pytest.fixture(scope="module", params=PROGRAMS)
def seen(
    request: pytest.FixtureRequest,
    server: Server,
    home: Path,
    node_packages: NodePackages,
    sdk1_python: str,
) -> Seen:
    """What each client saw, who used every tool once in each of its revisions."""
    program, transport = request.param, server.transport
    task = {
        "server": server.address,
        "caller": program,
        "revisions": PROGRAMS[program],
        "stoppable": [r for r in PROGRAMS[program] if can_be_asked(transport, r)],
        "asking": list(RESULTS),
        "contents": CONTENTS,
        "said": SAID,
        "uses": USES,
        "roots": ROOTS,
    }
    interpreter = {"sdk1.py": sdk1_python, "sdk2.py": sys.executable}.get(
        program, node_packages.node(22)
    )
    try:
        output = output_of([interpreter, program, json.dumps(task)], home=home)
    finally:
        if server.log is not None:
            print(server.log.read_text("utf-8"), file=sys.stderr)
    documents = [json.loads(line) for line in output.splitlines()]
    return Seen(program, transport, {document.pop("revision"): document for document in documents})


def reasons(tool: str, transport: str, revision: str) -> list[str]:
    """Why a client cannot be asked what this tool asks: one of these, if any, is to be said."""
    lacks = LACKS if revision < needs(tool) else ()
    return [*lacks] if can_be_asked(transport, revision) else [*lacks, NO_SESSION]


def test_every_tool_converses(seen: Seen) -> None:
    """What cannot be by the protocol is refused at once, with the reason."""
    assert list(seen.revisions) == PROGRAMS[seen.program]
    for revision, document in seen.revisions.items():
        assert document["said"].keys() == RESULTS.keys()
        for tool, said in document["said"].items():
            why = reasons(tool, seen.transport, revision)
            if why:
                assert any(reason in said["refused"] for reason in why), (revision, tool)
            else:
                assert said == RESULTS[tool], revision


def test_state_lasts_as_long_as_the_session(seen: Seen) -> None:
    """That is a connection's, where it is one client's, or that of the handshake.

    The clients of others give no session a name, so that over HTTP a modern request has its own.
    """
    for revision, document in seen.revisions.items():
        handshake = revision != MODERN and seen.transport != "stateless"
        kept = seen.transport == "stdio" or handshake
        assert document["state"] == ["kept", "7" if kept else "None"], revision


def test_progress_arrives(seen: Seen) -> None:
    """In order, with what the revision has of it; an answer as JSON carries none."""
    for revision, document in seen.revisions.items():
        # Progress of 2024-11-05 has no message.
        steps = [[n, 3, None if revision == "2024-11-05" else f"step {n}"] for n in (1, 2, 3)]
        if not streams(seen.transport):
            steps = []
        elif seen.transport == "stdio" and seen.program.endswith(".mjs"):
            # There the TypeScript SDKs drop progress that comes in one chunk with the result.
            steps = steps[: len(document["steps"])]
        assert document["steps"] == steps, revision
        assert document["spoken"][0] == "counted"


def test_log_messages_arrive(seen: Seen) -> None:
    """Of the level that was asked for, where there is a session or a request that knows it."""
    for revision, document in seen.revisions.items():
        logs = LOGS[1:] if can_be_asked(seen.transport, revision) else LOGS
        assert document["logs"] == (logs if streams(seen.transport) else []), revision
        assert document["spoken"][1] == "logged"


def test_a_call_that_is_given_up_stops(seen: Seen) -> None:
    """By notification or by leaving; without a session a handshake client can say neither."""
    for revision, document in seen.revisions.items():
        end = "cancelled" if can_be_asked(seen.transport, revision) else "waiting"
        assert document["reached"] == ["waiting", end], revision
