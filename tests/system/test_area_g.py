"""Area G: running, over stdio and streamable HTTP, row by row."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import mcp as official
import pytest
from apps import (
    SECONDS,
    Mcp,
    call,
    enveloped,
    initialize,
    messages,
    modern_headers,
    notification,
    request,
)
from processes import free_port, http_server, run_python, stdio_server

from fastmcp import Client, FastMCP
from fastmcp.client.transports import PythonStdioTransport
from fastmcp.transports import HttpTransport

COUNTER = """
    import os
    from contextlib import asynccontextmanager
    from fastmcp import Context, FastMCP

    @asynccontextmanager
    async def lifespan(server):
        print("lifespan began", flush=True)
        yield {}
        print("lifespan ended", flush=True)

    mcp = FastMCP("counter", lifespan=lifespan)
    count = 0

    @mcp.tool
    def increment() -> int:
        global count
        count += 1
        return count

    @mcp.tool
    def session(ctx: Context) -> str | None:
        return ctx.session_id

    PORT = int(os.environ.get("PORT", 0))
"""

Script = Callable[..., Path]


def server_of(lines: str) -> str:
    """The source of the counting server with these lines at its end."""
    return textwrap.dedent(COUNTER) + textwrap.dedent(lines)


def increment_at(target: Any, times: int = 1) -> int:
    async def main() -> int:
        async with Client(target, timeout=20) as client:
            for _ in range(times - 1):
                await client.call_tool("increment")
            return (await client.call_tool("increment")).data

    return asyncio.run(main())


@pytest.mark.parametrize(
    "run",
    [
        pytest.param("mcp.run()", id="s101_default"),
        pytest.param('mcp.run(transport="stdio")', id="s102_explicit"),
        pytest.param('import asyncio; asyncio.run(mcp.run_async("stdio"))', id="s111_run_async"),
    ],
)
def test_s101_s102_run_serves_stdio_until_eof_and_returns(run: str, script: Script) -> None:
    """run() and run(transport="stdio") answer on stdout, and return when stdin ends: exit 0."""
    program = script(server_of(f'{run}\nprint("returned")'))

    with stdio_server([program]) as server:
        server.send(initialize(), notification("notifications/initialized"), call("increment"))
        answers = [server.receive(), server.receive()]
        code = server.finish()

    assert [answer["id"] for answer in answers] == [0, 1]
    assert answers[1]["result"]["structuredContent"] == {"result": 1}
    assert code == 0
    assert server.raw[-1] == b"returned\n"


def test_s101_the_official_client_uses_the_default(script: Script) -> None:
    """The official client starts the script, calls the tool, and leaves in order."""
    program = script(server_of("mcp.run()"))

    async def main() -> Any:
        parameters = official.StdioServerParameters(command=sys.executable, args=[str(program)])
        async with official.Client(parameters, read_timeout_seconds=20) as client:
            return (await client.call_tool("increment", {})).structured_content

    assert asyncio.run(main()) == {"result": 1}


def test_s103_run_serves_streamable_http_at_mcp(script: Script, log: Path) -> None:
    """run(transport="http", host=..., port=...) blocks and serves both clients at /mcp."""
    run = 'mcp.run(transport="http", host="127.0.0.1", port=PORT)'

    async def official_count(url: str) -> Any:
        async with official.Client(url, read_timeout_seconds=20) as client:
            return (await client.call_tool("increment", {})).structured_content

    with http_server([script(server_of(run))], log) as server:
        assert increment_at(server.url) == 1
        assert asyncio.run(official_count(server.url)) == {"result": 2}
        assert server.process.poll() is None


def test_s104_http_is_served_on_port_8000_of_loopback_only(script: Script, log: Path) -> None:
    """run(transport="http") alone means 127.0.0.1, 8000 and /mcp, and the log shows the URL."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", 8000))
        except OSError:
            pytest.fail("port 8000, the default, is taken: free it to test that it is the default")

    with http_server([script(server_of('mcp.run(transport="http")'))], log, port=8000) as server:
        assert increment_at("http://127.0.0.1:8000/mcp") == 1
        assert "counter: http://127.0.0.1:8000/mcp" in server.output
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", 8000), timeout=5)
        assert "http://127.0.0.1:8000" in server.output


@pytest.mark.parametrize(
    "run",
    [
        'mcp.run(transport="streamable-http", port=PORT)',
        'import asyncio; asyncio.run(mcp.run_async("streamable-http", port=PORT))',
        "import asyncio; asyncio.run(mcp.run_http_async(transport='streamable-http', port=PORT))",
        'import uvicorn; uvicorn.run(mcp.http_app(transport="streamable-http"), port=PORT)',
    ],
)
def test_s105_streamable_http_is_an_alias(run: str, script: Script, log: Path) -> None:
    """Wherever "http" is accepted "streamable-http" is, too."""
    with http_server([script(server_of(run))], log) as server:
        assert increment_at(server.url) == 1


def test_s105_the_command_takes_the_alias(script: Script, log: Path) -> None:
    """`fastmcp run --transport streamable-http` serves HTTP."""
    port = free_port()
    options = ["--transport", "streamable-http", "--port", str(port)]

    command = ["-m", "fastmcp", "run", script(server_of("")), *options]
    with http_server(command, log, port=port) as server:
        assert increment_at(server.url) == 1


@pytest.mark.parametrize(("level", "talks"), [("debug", True), ("warning", False)])
def test_s106_path_and_log_level_are_taken(
    level: str, talks: bool, script: Script, log: Path
) -> None:
    """The endpoint is at the path alone, and the log is as talkative as asked."""
    run = f'mcp.run(transport="http", port=PORT, path="/x", log_level="{level}")'

    with http_server([script(server_of(run))], log) as server:
        base = f"http://127.0.0.1:{server.port}"
        assert increment_at(f"{base}/x") == 1
        assert httpx2.post(f"{base}/mcp", json=initialize()).status_code == 404
        assert ("Uvicorn running" in server.output) is talks


def test_s110_an_unknown_transport_names_the_choices() -> None:
    """run(transport="x") is a ValueError that lists what there is."""
    for attempt in (
        lambda: FastMCP("x").run(transport="x"),
        lambda: asyncio.run(FastMCP("x").run_async(transport="x")),
    ):
        with pytest.raises(ValueError) as caught:
            attempt()
        assert "'x'" in str(caught.value)
        for name in ("stdio", "http", "sse", "streamable-http"):
            assert name in str(caught.value)


CANCEL = """
    import asyncio

    async def main():
        for round in (1, 2):
            task = asyncio.create_task(mcp.run_async(transport="http", port=PORT))
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", PORT)
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
            writer.close()
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                print("cancelled", flush=True)
            try:
                await asyncio.open_connection("127.0.0.1", PORT)
            except ConnectionRefusedError:
                print("port free", flush=True)
        left = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        print("left", left, flush=True)

    asyncio.run(main())
"""


def test_s111_run_async_can_be_cancelled_and_leaves_nothing(script: Script) -> None:
    """A cancelled run_async ends its lifespan, closes its port, and can be called again."""
    program = script(server_of(CANCEL))

    run = run_python(str(program), env={"PORT": str(free_port())})

    once = ["lifespan began", "lifespan ended", "cancelled", "port free"]
    assert run.stdout.splitlines() == [*once, *once, "left []"], run.stderr
    assert run.returncode == 0


@pytest.mark.parametrize(
    ("method", "arguments", "instead"),
    [
        ("run", (), "run_async"),
        ("run_http", (), "run_http_async"),
        ("run_sse", (), "run_async"),
        ("run_with_transport", (HttpTransport(),), "run_http_async"),
    ],
)
def test_s112_run_inside_a_running_loop_names_run_async(
    method: str, arguments: tuple[Any, ...], instead: str
) -> None:
    """The RuntimeError says what to await instead."""

    async def main() -> None:
        getattr(FastMCP("x"), method)(*arguments)

    with pytest.raises(RuntimeError, match=f"await mcp.{instead}"):
        asyncio.run(main())


THREAD = """
    import asyncio, signal, socket, threading, time
    from fastmcp import Client

    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    threading.Thread(target=mcp.run_http, kwargs={"port": PORT}, daemon=True).start()
    while True:
        try:
            socket.create_connection(("127.0.0.1", PORT)).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.01)

    async def main():
        async with Client(f"http://127.0.0.1:{PORT}/mcp") as client:
            print((await client.call_tool("increment")).data)

    asyncio.run(main())
    assert handlers == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
"""


def test_s116_a_daemon_thread_serves_and_lets_the_process_exit(script: Script) -> None:
    """run_http in another thread installs no signal handler, and does not hold up the exit."""
    run = run_python(str(script(server_of(THREAD))), env={"PORT": str(free_port())})

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "1"


def test_s117_a_second_run_in_one_process_works(script: Script, log: Path) -> None:
    """After run() met the end of stdin, run(transport="http") serves and prints still appear."""
    http = 'mcp.run(transport="http", port=PORT, show_banner=False)'
    lines = f'mcp.run()\nprint("again")\n{http}\nprint("over")'

    with http_server([script(server_of(lines))], log) as server:
        assert increment_at(server.url) == 1
        code = server.stop(signal.SIGINT)

    printed = [line for line in server.output.splitlines() if not line.startswith("INFO")]
    began_and_ended = ["lifespan began", "lifespan ended"]
    assert printed == [*began_and_ended, "again", *began_and_ended, "over"]
    assert code == 0


AROUND = """
    import asyncio

    async def say(text):
        print(text, flush=True)

    asyncio.run(say("before"))
    try:
        mcp.run(**OPTIONS)
    finally:
        print("finally", flush=True)
    asyncio.run(say("after"))
"""


def test_s118_asyncio_runs_before_and_after_stdio(script: Script) -> None:
    """run leaves no loop behind: asyncio.run works around it, finally runs, and the exit is 0."""
    with stdio_server([script(server_of("OPTIONS = {}\n" + textwrap.dedent(AROUND)))]) as server:
        server.close()
        code = server.wait()

    printed = b"".join(server.raw).decode().split()
    assert [word for word in printed if word in ("before", "finally", "after")] == [
        "before",
        "finally",
        "after",
    ]
    assert (code, "Traceback" in server.errors) == (0, False)


def test_s118_an_interrupt_ends_http_cleanly(script: Script, log: Path) -> None:
    """SIGINT while serving HTTP: finally runs, code after run runs, no traceback, exit 0."""
    options = 'OPTIONS = {"transport": "http", "port": PORT}'

    with http_server([script(server_of(options + "\n" + textwrap.dedent(AROUND)))], log) as server:
        code = server.stop(signal.SIGINT)

    assert code == 0
    assert server.output.splitlines()[-2:] == ["finally", "after"]
    assert "Traceback" not in server.output


def test_s119_two_stdio_clients_have_two_processes(script: Script) -> None:
    """State belongs to the process, and the process to its client; EOF ends each."""
    program = script(server_of("mcp.run()"))

    assert increment_at(PythonStdioTransport(program), times=3) == 3
    assert increment_at(PythonStdioTransport(program)) == 1

    with stdio_server([program]) as one, stdio_server([program]) as two:
        for server in (one, two):
            server.ask(initialize())
        for expected in (1, 2):
            answer = one.ask(call("increment", expected))
            assert answer["result"]["structuredContent"] == {"result": expected}
        assert two.ask(call("increment"))["result"]["structuredContent"] == {"result": 1}
        assert one.finish() == 0
        assert two.ask(call("increment"))["result"]["structuredContent"] == {"result": 2}
        assert two.finish() == 0


NOISE = """
    import logging, os, subprocess, sys

    print("noise at import")
    logging.basicConfig(level="DEBUG")

    @mcp.tool
    def noisy() -> str:
        print("noise by print")
        sys.stdout.write("noise by stdout\\n")
        sys.__stdout__.write("noise by the first stdout\\n")
        sys.__stdout__.flush()
        os.write(1, b"noise by descriptor\\n")
        subprocess.run(["echo", "noise by child"])
        logging.getLogger("mine").warning("noise by log")
        return "quiet"

    @mcp.tool
    async def noisy_on_the_loop() -> str:
        print("noise on the loop", flush=True)
        return sys.stdin.read()
"""


def test_s120_stdout_carries_nothing_but_messages(script: Script) -> None:
    """Whatever the file prints at import and in tools goes to stderr; every line is JSON-RPC."""
    program = script(server_of(NOISE))

    with stdio_server(["-m", "fastmcp", "run", program]) as server:
        server.ask(initialize())
        answers = [server.ask(call("noisy")), server.ask(call("noisy_on_the_loop", 2))]
        code = server.finish()

    assert code == 0
    assert [a["result"]["content"][0]["text"] for a in answers] == ["quiet", ""]
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in server.raw)
    noises = ("at import", "by print", "by stdout", "by the first", "by descriptor", "by child")
    for noise in (*noises, "by log", "on the loop"):
        assert f"noise {noise}" in server.errors


def test_s121_http_clients_share_state_and_keep_their_sessions_apart(
    script: Script, log: Path
) -> None:
    """Two clients count on one counter; each has a session of its own."""

    async def main(url: str) -> Any:
        async with Client(url, mode="legacy") as one, Client(url, mode="legacy") as two:
            counts = [(await c.call_tool("increment")).data for c in (one, two, one)]
            sessions = {(await c.call_tool("session")).data for c in (one, two, one)}
        return counts, sessions

    run = 'mcp.run(transport="http", port=PORT)'
    with http_server([script(server_of(run))], log) as server:
        counts, sessions = asyncio.run(main(server.url))

    assert counts == [1, 2, 3]
    assert len(sessions) == 2
    assert None not in sessions


def test_s122_serving_http_leaves_stdin_alone(script: Script, log: Path) -> None:
    """What stands on stdin while run("http") serves can be read after it."""
    lines = 'import sys\nmcp.run(transport="http", port=PORT)\nprint("read", sys.stdin.read())'

    with http_server([script(server_of(lines))], log, stdin=b"for later") as server:
        assert increment_at(server.url) == 1
        server.stop(signal.SIGINT)

    assert server.output.splitlines()[-1] == "read for later"


USER_CHOICE = """
    transport = os.environ.get("MCP_TRANSPORT", "stdio")
    if transport == "http":
        mcp.run(transport="http", port=PORT)
    else:
        mcp.run(transport=transport)
"""


@pytest.mark.parametrize(
    ("run", "variable"),
    [
        pytest.param(USER_CHOICE, "MCP_TRANSPORT", id="by-the-users-code"),
        pytest.param("mcp.run()", "FASTMCP_TRANSPORT", id="by-the-setting"),
    ],
)
def test_s123_the_environment_chooses_the_transport(
    run: str, variable: str, script: Script, log: Path
) -> None:
    """Unset and "stdio" mean stdio, "http" means HTTP, for both ways to choose."""
    program = script(server_of(run))

    for env in ({}, {variable: "stdio"}):
        with stdio_server([program], env=env) as server:
            assert server.ask(initialize())["id"] == 0
            assert server.finish() == 0
    port = free_port()
    env = {variable: "http", "FASTMCP_PORT": str(port)}
    with http_server([program], log, port=port, env=env) as server:
        assert increment_at(server.url) == 1


def test_s131_bound_to_all_addresses_any_host_is_served(script: Script, log: Path) -> None:
    """With host="0.0.0.0" a pod's address or a service's name in Host is not refused."""
    lines = """
        from starlette.responses import PlainTextResponse

        @mcp.custom_route("/health", methods=["GET"])
        async def health(request):
            return PlainTextResponse("OK")

        mcp.run(transport="http", host="0.0.0.0", port=PORT)
    """

    with http_server([script(server_of(lines))], log) as server:
        base = f"http://127.0.0.2:{server.port}"
        headers = {"accept": "application/json, text/event-stream"}
        for host in ("10.1.2.3:8000", "weather.prod.svc.cluster.local", "example.com"):
            headers["host"] = host
            health = httpx2.get(f"{base}/health", headers=headers)
            opened = httpx2.post(f"{base}/mcp", json=initialize(), headers=headers)
            assert (health.status_code, opened.status_code) == (200, 200)


SLOW = """
    import asyncio

    @mcp.tool
    async def slow() -> str:
        print("slow began", flush=True)
        try:
            await asyncio.sleep(600)
        finally:
            print("slow ended", flush=True)
        return "late"
"""


BRIEF = """
    import asyncio

    @mcp.tool
    async def brief() -> str:
        print("brief began", flush=True)
        await asyncio.sleep(0.5)
        return "answered"
"""
SERVE = '\n    mcp.run(transport="http", port=PORT, log_level="warning")\n'


class CallInFlight:
    """A call that waits for its answer while the test does something else."""

    def __init__(self, url: str, tool: str, way: str) -> None:
        message = call(tool)
        self.client = Mcp(url.removesuffix("/mcp"))
        headers = self.client.open() if way == "session" else {}
        if way == "modern":
            message, headers = enveloped(message), modern_headers(message)
        self.answers: list[httpx2.Response | httpx2.HTTPError] = []
        self.thread = threading.Thread(target=self._call, args=(message, headers))
        self.thread.start()

    def _call(self, message: Any, headers: Any) -> None:
        try:
            self.answers.append(self.client.post(message, headers))
        except httpx2.HTTPError as error:
            self.answers.append(error)

    def __enter__(self) -> CallInFlight:
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(SECONDS)
        self.client.client.close()


WAYS = ["session", "alone", "modern"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
@pytest.mark.parametrize("way", WAYS)
def test_s132_a_call_that_ends_within_the_grace_is_answered(
    way: str, number: signal.Signals, script: Script, log: Path
) -> None:
    """What is under way when the signal comes is finished first; then the lifespan ends."""
    with (
        http_server([script(server_of(BRIEF + SERVE))], log) as server,
        CallInFlight(server.url, "brief", way) as brief,
    ):
        server.wait_for("brief began")
        code = server.stop(number)

    assert code == 0, server.output
    (answer,) = brief.answers
    assert isinstance(answer, httpx2.Response), answer
    assert messages(answer)[-1]["result"]["content"][0]["text"] == "answered"
    assert server.output.splitlines()[-1] == "lifespan ended"
    assert "Traceback" not in server.output


@pytest.mark.parametrize("way", WAYS)
def test_s132_a_call_that_outlasts_the_grace_is_ended(way: str, script: Script, log: Path) -> None:
    """It is cancelled, cleans up before the lifespan finishes, and the exit code is 0."""
    with (
        http_server([script(server_of(SLOW + SERVE))], log) as server,
        CallInFlight(server.url, "slow", way),
    ):
        server.wait_for("slow began")
        code = server.stop()

    assert code == 0, server.output
    printed = server.output.splitlines()
    assert printed.index("slow ended") < printed.index("lifespan ended")


def test_s132_a_listening_client_does_not_hold_up_the_end(script: Script, log: Path) -> None:
    """An open GET stream ends at once, so that the server is gone before the grace is over."""
    serve = SERVE.replace(")", ", timeout_graceful_shutdown=15)")
    with (
        http_server([script(server_of(serve))], log) as server,
        Mcp(server.url.removesuffix("/mcp")) as client,
        client.stream(headers=client.open()) as stream,
    ):
        began = time.monotonic()
        assert stream.status == 200
        assert server.stop() == 0
        assert stream.rest() == []
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_s132_a_signal_during_a_call_over_stdio_ends_in_order(
    number: signal.Signals, script: Script
) -> None:
    """Over stdio, too, the call is ended, the lifespan finishes, and the exit code is 0."""
    with stdio_server([script(server_of(SLOW + "\n    mcp.run()\n"))]) as server:
        server.ask(initialize())
        server.send(call("slow"))
        while "slow began" not in server.errors:
            assert server.ask(request("ping", 9))["id"] == 9
        server.process.send_signal(number)
        code = server.wait()

    assert code == 0, server.errors
    assert server.errors.splitlines()[-2:] == ["slow ended", "lifespan ended"]
    assert "Traceback" not in server.errors
