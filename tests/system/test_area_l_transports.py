"""Area L: the transports of a client, row by row."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from left_behind import alive, nothing_left
from peers.environments import python_packages
from peers.processes import serving
from processes import free_port
from small_servers import old

from fastmcp import Client
from fastmcp.client.transports import (
    ClientTransport,
    PythonStdioTransport,
    SSETransport,
    StdioTransport,
    StreamableHttpTransport,
    infer_transport,
)

Script = Callable[..., Path]

pytestmark = pytest.mark.timeout(300, func_only=True)  # a peer may have to be installed first


# S197: a client with an explicit SSETransport

LEGACY = """
    import sys
    from fastmcp import FastMCP

    mcp = FastMCP("legacy")

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    mcp.run("sse", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False)
"""


@pytest.fixture
def legacy(script: Script, log: Path) -> Iterator[str]:
    """The URL of a server of FastMCP 3 over HTTP+SSE."""
    interpreter = python_packages("fastmcp3", "fastmcp==3.4.10")
    port = free_port()
    with serving([interpreter, str(script(LEGACY)), str(port)], port, log):
        yield f"http://127.0.0.1:{port}/sse"


@pytest.mark.parametrize("by", [SSETransport, str])
def test_s197_a_client_lists_and_calls_over_sse(legacy: str, by: Callable[[str], Any]) -> None:
    """By the transport, and by the URL of which it is inferred."""

    async def main() -> tuple[list[str], Any]:
        async with Client(by(legacy), timeout=30) as client:
            names = [tool.name for tool in await client.list_tools()]
            return names, (await client.call_tool("add", {"a": 10, "b": 20})).data

    with nothing_left():
        assert asyncio.run(main()) == (["add"], 30)


# S198: HTTP URLs mean streamable HTTP


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://host/mcp", StreamableHttpTransport),
        ("https://host.example:8443/", StreamableHttpTransport),
        ("http://host", StreamableHttpTransport),
        ("http://host/assets/mcp", StreamableHttpTransport),
        ("http://host/sse", SSETransport),
        ("http://host/sse/", SSETransport),
        ("http://host/api/sse?key=1", SSETransport),
    ],
)
def test_s198_the_transport_is_inferred_from_a_url(url: str, kind: type[ClientTransport]) -> None:
    """Streamable HTTP, but for a path of `/sse`; the URL is taken as it is written."""
    for transport in (infer_transport(url), Client(url).transport):
        assert type(transport) is kind
        assert transport.url == url


# S199: stdio clients start the process

PROCESS = """
    import os, sys
    from fastmcp import FastMCP

    mcp = FastMCP("process")

    @mcp.tool
    def about() -> dict:
        here = {"pid": os.getpid(), "cwd": os.getcwd(), "arguments": sys.argv[1:]}
        return {**here, "EXTRA": os.environ.get("EXTRA")}

    mcp.run(show_banner=False)
"""


def test_s199_each_session_has_a_process_of_its_own(script: Script, tmp_path: Path) -> None:
    """With the arguments, variables and directory that it was given, and ended with it."""
    line = [str(script(PROCESS)), "a", "b c"]
    transport = StdioTransport(sys.executable, line, env={"EXTRA": "e"}, cwd=str(tmp_path))

    async def main() -> list[Any]:
        found: list[Any] = []
        client = Client(transport)
        for each in (client, client, Client(transport)):
            async with each:
                about = (await each.call_tool("about")).data
                assert alive(about["pid"])
            assert not alive(about["pid"])
            found.append(about)
        return found

    with nothing_left():
        found = asyncio.run(main())

    assert len({about.pop("pid") for about in found}) == 3
    expected = {"cwd": str(tmp_path), "arguments": ["a", "b c"], "EXTRA": "e"}
    assert found == [expected] * 3


def test_s199_sessions_at_the_same_time_have_their_own(script: Script) -> None:
    """Two clients of one transport share nothing."""
    transport = PythonStdioTransport(script(PROCESS))

    async def main() -> set[int]:
        async with Client(transport) as one, Client(transport) as two:
            return {(await each.call_tool("about")).data["pid"] for each in (one, two)}

    with nothing_left():
        assert len(asyncio.run(main())) == 2


# S214: noise on stdio

NOISE = ["Loading model...", "", "\\x1b[31mred\\x1b[0m", "42 {", "{not JSON}", '{"a": 1}', "[]"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s214_noise_is_skipped(script: Script, caplog: pytest.LogCaptureFixture, mode: str) -> None:
    """What is no message disturbs none, and stands in the log for debugging."""
    noise = "\\n".join(NOISE)
    program = old().replace("print(json", f"print({noise!r}); print(json")
    caplog.set_level(logging.DEBUG, "fastmcp")

    async def main() -> bool:
        async with Client(PythonStdioTransport(script(program)), mode=mode) as client:
            return await client.ping()

    assert asyncio.run(main()) is True
    assert "Loading model..." in caplog.text
    assert {record.levelno for record in caplog.records if record.name.startswith("fastmcp")} == {
        logging.DEBUG
    }


def test_s214_prints_of_our_own_servers_are_no_noise(script: Script) -> None:
    """They go to standard error."""
    program = PROCESS.replace("return", "print('noise'); return")

    async def main() -> Any:
        async with Client(PythonStdioTransport(script(program))) as client:
            return (await client.call_tool("about")).data

    assert asyncio.run(main())["arguments"] == []
