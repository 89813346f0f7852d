"""The stdio server as a process: what it reads, what it writes, and how it ends."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from apps import MODERN, call, enveloped, initialize, notification, request
from processes import SECONDS, StdioServer, environment, stdio_server

from fastmcp._runtime.session import Session
from fastmcp.server.stdio import HIGH_WATER, StdioChannel, _reading

SERVER = """
    import asyncio, sys
    from fastmcp import Context, FastMCP

    mcp = FastMCP("x")

    @mcp.tool
    def echo(text: str) -> str:
        print("heard", ascii(text))
        return text

    @mcp.tool
    async def slow(ctx: Context) -> str:
        await ctx.info("began")
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            print("slow was cancelled")
            raise

    @mcp.tool
    async def brief() -> str:
        await asyncio.sleep(0.1)
        return "brief"

    @mcp.tool
    async def tasks() -> int:
        return len(asyncio.all_tasks())

    @mcp.tool
    async def flood(ctx: Context) -> str:
        for _ in range(2000):
            await ctx.info("x" * 10_000)
        return "done"

    mcp.run()
"""
INITIALIZED = notification("notifications/initialized")


@pytest.fixture
def program(script: Callable[..., Path]) -> Path:
    return script(SERVER)


@pytest.fixture
def server(program: Path) -> Iterator[StdioServer]:
    """A server before its handshake."""
    with stdio_server([program], env={"LC_ALL": "C", "PYTHONUTF8": "0"}) as server:
        yield server


@pytest.fixture
def ready(server: StdioServer) -> StdioServer:
    """A server after its handshake."""
    server.ask(initialize())
    server.send(INITIALIZED)
    return server


def text(answer: Any) -> str:
    return answer["result"]["content"][0]["text"]


def test_a_handshake_can_be_pipelined(server: StdioServer) -> None:
    """initialize, initialized and tools/list in one write are all answered."""
    server.send(initialize(), INITIALIZED, request("tools/list", 1), call("echo", 2, text="x"))

    answers = {answer["id"]: answer for answer in (server.receive() for _ in range(3))}

    assert answers[0]["result"]["serverInfo"]["name"] == "x"
    assert answers[1]["result"]["tools"][0]["name"] == "echo"
    assert text(answers[2]) == "x"
    assert server.finish() == 0


def test_text_is_utf_8_whatever_the_locale(ready: StdioServer) -> None:
    """In the C locale, too, and with the separators that other splitters take for newlines."""
    words = "Zürich 🚀 \u2028 \u0085 \x1c"
    message = json.dumps(call("echo", text=words), ensure_ascii=False).encode()

    ready.write(message + b"\n")

    assert text(ready.receive()) == words
    assert "Zürich 🚀".encode() in ready.raw[-1]


def test_line_ends_and_blank_lines_do_not_matter(ready: StdioServer) -> None:
    """CRLF and empty lines are read past."""
    ready.write(b"\r\n\n  \n" + json.dumps(request("ping", 1)).encode() + b"\r\n")

    assert ready.receive() == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_a_message_may_come_in_pieces(ready: StdioServer) -> None:
    """A line is a line however it is written."""
    line = json.dumps(call("echo", text="pieces")).encode() + b"\n"

    for begin in range(0, len(line), 7):
        ready.write(line[begin : begin + 7])

    assert text(ready.receive()) == "pieces"


def test_a_last_line_without_newline_is_answered(ready: StdioServer) -> None:
    """The end of input ends a line, and what was asked is answered before the exit."""
    ready.write(json.dumps(call("brief")).encode())

    assert ready.finish() == 0
    assert text(json.loads(ready.raw[-1])) == "brief"


def test_the_end_of_input_ends_the_server_and_its_calls(ready: StdioServer) -> None:
    """A call that would go on for ever is cancelled; the exit is 0, without a traceback."""
    ready.send(call("slow"))
    assert ready.receive()["params"]["data"]["msg"] == "began"

    assert ready.finish() == 0
    assert "slow was cancelled" in ready.errors
    assert "Traceback" not in ready.errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_a_signal_ends_the_server_in_order(
    ready: StdioServer, number: signal.Signals, busy: bool
) -> None:
    """Exit 0 and no traceback, with a call under way and without."""
    if busy:
        ready.send(call("slow"))
        ready.receive()
    else:
        ready.ask(request("ping"))

    ready.process.send_signal(number)

    assert ready.wait() == 0
    assert "Traceback" not in ready.errors
    assert ("slow was cancelled" in ready.errors) is busy


def test_prints_go_to_stderr(ready: StdioServer) -> None:
    """What a tool prints is never on the wire."""
    assert text(ready.ask(call("echo", text="x"))) == "x"
    assert ready.finish() == 0
    assert "heard 'x'" in ready.errors
    assert all(line.startswith(b'{"jsonrpc":"2.0"') for line in ready.raw)


@pytest.mark.parametrize(
    ("line", "code", "id"),
    [
        (b"nonsense", -32700, None),
        (b"\xff\xfe", -32700, None),
        (b'{"a":' * 5000, -32700, None),
        (b'{"jsonrpc":"2.0"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"1.0","id":5,"method":"ping"}', -32600, 5),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, None),
        (b'{"jsonrpc":"2.0","id":5,"method":"ping","params":[]}', -32600, 5),
    ],
)
def test_what_is_no_message_is_answered_and_survived(
    ready: StdioServer, line: bytes, code: int, id: Any
) -> None:
    """An error with the id where it can be told, and the next message as if nothing was."""
    ready.write(line + b"\n")

    answer = ready.receive()

    assert (answer["error"]["code"], answer["id"]) == (code, id)
    assert ready.ask(request("ping", 9))["result"] == {}


def test_a_line_over_the_limit_is_answered_and_skipped(script: Callable[..., Path]) -> None:
    """One error, as soon as it is too long; the rest of the line is thrown away."""
    limited = "    import fastmcp.server.stdio\n    fastmcp.server.stdio.MAX_LINE = 1000\n"

    with stdio_server([script(limited + SERVER)]) as server:
        server.ask(initialize())
        server.write(b'{"jsonrpc":"2.0","id":1,"x":"' + b"a" * 5000)
        answer = server.receive()
        server.write(b"b" * 5000 + b'"}\n')
        server.send(request("ping", 2))
        following = server.receive()

    assert (answer["error"]["code"], answer["id"]) == (-32600, None)
    assert "1000" in answer["error"]["message"]
    assert following["id"] == 2


def test_a_large_message_passes_both_ways(ready: StdioServer) -> None:
    """Four megabytes in and out, more than a pipe holds."""
    words = "x" * 4_000_000

    assert text(ready.ask(call("echo", text=words))) == words


def test_a_request_before_initialize_is_refused_and_ping_is_not(server: StdioServer) -> None:
    """The error says what to send first; the handshake is still possible."""
    assert server.ask(request("ping", 1))["result"] == {}
    refused = server.ask(request("tools/list", 2))
    assert refused["error"]["code"] == -32600
    assert "initialize" in refused["error"]["message"]
    assert "result" in server.ask(initialize())
    assert server.ask(initialize(id=4))["error"]["code"] == -32600


def test_a_modern_client_needs_no_handshake(server: StdioServer) -> None:
    """The first enveloped request decides the era; initialize is refused from then on."""
    listed = server.ask(enveloped(request("tools/list")))
    refused = server.ask(initialize(id=2))

    assert listed["result"]["resultType"] == "complete"
    assert refused["error"]["code"] == -32022
    assert refused["error"]["data"]["supported"] == [MODERN]


def test_a_cancelled_call_stops_and_is_not_answered(ready: StdioServer) -> None:
    """The tool is cancelled, nothing answers it, and no task is left."""
    before = text(ready.ask(call("tasks", 1)))
    ready.send(call("slow", 2))
    ready.receive()

    ready.send(notification("notifications/cancelled", requestId=2))

    answer = ready.ask(call("tasks", 3))
    assert (answer["id"], text(answer)) == (3, before)
    assert ready.finish() == 0
    assert "slow was cancelled" in ready.errors


def test_requests_are_served_side_by_side(ready: StdioServer) -> None:
    """A call that waits does not hold up the next one."""
    ready.send(call("brief", 1), request("ping", 2))

    assert [ready.receive()["id"] for _ in range(2)] == [2, 1]


def test_what_has_stopped_reading_does_not_begin_again() -> None:
    """Not when the client catches up at the very end: the descriptor may be somebody else's."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        (stdin, feeding), (reading, stdout) = os.pipe(), os.pipe()
        channel = StdioChannel(loop, stdout)

        async def answer(_: Any) -> bytes:
            return b"x" * (2 * HIGH_WATER)

        reader = _reading(loop, stdin, 65536, channel, Session(channel, answer), asyncio.Event())
        reader.start()
        for number in itertools.count():
            if channel.full:
                break
            os.write(feeding, json.dumps(request("ping", number)).encode() + b"\n")
            await asyncio.sleep(0.01)

        reader.stop()
        while channel.full:
            await asyncio.to_thread(os.read, reading, HIGH_WATER)
        await asyncio.sleep(0.01)

        assert loop.remove_reader(stdin) is False
        for fd in (stdin, feeding, reading, stdout):
            os.close(fd)

    asyncio.run(asyncio.wait_for(scenario(), SECONDS))


def test_a_client_that_reads_late_gets_everything(program: Path) -> None:
    """Twenty megabytes wait for a reader without being lost, or filling the memory."""
    with subprocess.Popen(
        [sys.executable, program],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for message in (initialize(), INITIALIZED, call("flood")):
            process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        memory = 0
        received = 0
        while "id" not in answer or answer["id"] != 1:
            answer = json.loads(process.stdout.readline())
            received += 1
            if received == 100:
                status = Path(f"/proc/{process.pid}/status")
                if status.exists():
                    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
                    memory = int(fields["VmRSS"].split()[0])
        process.stdin.close()
        assert process.wait(SECONDS) == 0

    assert received == 2001
    assert memory < 120_000
