"""What a server in a process of its own writes to standard error, and who waits for that."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from apps import call, initialize
from processes import SECONDS, environment, free_port, http_server, run_python, stdio_server

from fastmcp import Client
from fastmcp.exceptions import ToolError

SERVER = """
    import logging, os
    from fastmcp import Client, FastMCP
    from fastmcp.exceptions import ToolError

    mcp = FastMCP("x")
    log = logging.getLogger("fastmcp.mine")

    @mcp.tool
    async def talk(count: int, length: int = 1000) -> str:
        for number in range(count):
            log.info("info %d %s", number, "." * length)
        return "told"

    @mcp.tool
    async def warn() -> str:
        log.warning("a warning")
        return "warned"

    @mcp.tool
    async def fail(text: str) -> str:
        raise ValueError(text)

    @mcp.tool
    async def refuse(text: str) -> str:
        raise ToolError(text)

    @mcp.tool
    async def elsewhere() -> str:
        async with Client("http://127.0.0.1:9/mcp?token=sesame99"):
            return "there"

    @mcp.tool
    async def order(text: str, password: str) -> str:
        log.info("an order", extra={"text": text, "login": {"password": password}, "level": 3})
        return "ordered"

"""
HTTP = 'mcp.run("http", port=int(os.environ["PORT"]))\n'
STDIO = "mcp.run()\n"


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """A file with the server, and lines after it."""

    def write(lines: str) -> Path:
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(SERVER) + textwrap.dedent(lines), "utf-8")
        return path

    return write


def told(path: Path, *calls: tuple[str, dict[str, Any]], **env: str) -> str:
    """What a stdio server writes to standard error while it answers calls."""
    with stdio_server([path], env=env) as server:
        server.ask(initialize())
        for name, arguments in calls:
            server.ask(call(name, **arguments))
        assert server.finish() == 0
    return server.errors


# Who does not read


class Unread:
    """A server in a process whose standard error is read only when `read` is called."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self._end = end

    def ask(self, message: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def read(self, until: str | None = None) -> str:
        """What was written, until a text comes, or to the end."""
        read = bytearray()
        while until is None or until.encode() not in read:
            if not (chunk := os.read(self._end, 65536)):
                break
            read += chunk
        return read.decode()


@contextmanager
def unread(path: Path, env: Mapping[str, str] | None = None) -> Generator[Unread]:
    end, other = os.pipe()
    process = subprocess.Popen(
        [sys.executable, path],
        env=environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=other,
        start_new_session=True,
    )
    os.close(other)
    watch = threading.Timer(SECONDS, process.kill)
    watch.start()
    with process:
        try:
            yield Unread(process, end)
        finally:
            watch.cancel()
            process.kill()
            os.close(end)


def test_nobody_waits_for_a_pipe_that_is_not_read(program: Any) -> None:
    """All calls are answered, and all that was logged comes when somebody reads."""
    with unread(program(STDIO)) as server:
        server.ask(initialize())
        for _ in range(20):
            answer = server.ask(call("talk", count=20))
            assert answer["result"]["content"][0]["text"] == "told"
        server.ask(call("warn"))

        text = server.read("a warning\n")

    lines = text.splitlines()
    assert [line.split()[3] for line in lines if " info " in line] == [
        str(number) for _ in range(20) for number in range(20)
    ]
    assert lines[-1] == "WARNING: fastmcp.mine: a warning"


def test_what_is_too_much_is_dropped_and_counted(program: Any) -> None:
    """Warnings have room when there is none for less; after that there is room again."""
    with unread(program(STDIO)) as server:
        server.ask(initialize())
        server.ask(call("talk", count=300, length=16_000))
        server.ask(call("warn"))

        text = server.read(" log records were dropped")
        server.ask(call("talk", count=1))
        text += server.read("info 0")

    infos, warned = len(re.findall(r" info \d+ ", text)), text.index("a warning")
    dropped = re.search(r"WARNING: fastmcp.log: (\d+) log records were dropped", text)
    assert dropped is not None and warned < dropped.start() < text.index("info 0 ", warned)
    assert infos - 1 + int(dropped[1]) == 300
    assert infos > 100


def test_http_is_served_though_nobody_reads(program: Any) -> None:
    """uvicorn's lines wait for nobody either."""
    port = free_port()
    with unread(program(HTTP), {"PORT": str(port)}) as server:
        server.read("Uvicorn running on")

        async def main() -> None:
            async with Client(f"http://127.0.0.1:{port}/mcp", timeout=SECONDS) as client:
                for _ in range(20):
                    assert (await client.call_tool("talk", {"count": 20})).data == "told"

        asyncio.run(main())
        server.process.terminate()
        assert server.process.wait(SECONDS) == 0


def test_what_waits_at_the_end_is_written_if_it_is_read(program: Any) -> None:
    """The process gives its reader a moment."""
    with unread(program(STDIO)) as server:
        server.ask(initialize())
        server.ask(call("talk", count=300))
        server.ask(call("warn"))
        assert server.process.stdin is not None
        server.process.stdin.close()

        text = server.read()
        assert server.process.wait(SECONDS) == 0

    assert text.endswith("WARNING: fastmcp.mine: a warning\n")


def test_a_forked_child_logs_too(program: Any) -> None:
    """Whatever its parent's threads were doing: it has none of them, and not what they hold."""
    forks = """
        @mcp.tool
        async def fork() -> int:
            child = os.fork()
            if child == 0:
                log.warning("of the child")
                os._exit(0)
            return os.waitpid(child, 0)[1]

    """
    with unread(program(textwrap.dedent(forks) + STDIO)) as server:
        server.ask(initialize())
        server.ask(call("talk", count=300))
        assert server.ask(call("fork"))["result"]["content"][0]["text"] == "0"


# How it looks


def test_records_are_json_for_programs(program: Any, tmp_path: Path) -> None:
    """All of them are: ours, the banner, uvicorn's, and those of requests."""
    log, env = tmp_path / "log", {"FASTMCP_LOG_FORMAT": "json"}
    with http_server([program(HTTP)], log, env=env) as server:
        server.wait_for("Uvicorn running on")

        async def main() -> None:
            async with Client(f"{server.url}?token=sesame99", timeout=SECONDS) as client:
                await client.call_tool("order", {"text": "tea", "password": "hunter2"})
                with pytest.raises(ToolError):
                    await client.call_tool("fail", {"text": "two\nlines"})

        asyncio.run(main())
        assert server.stop() == 0

    entries = [json.loads(line) for line in server.output.splitlines()]
    for entry in entries:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", entry["time"])
    by_logger = {entry["logger"]: entry for entry in entries if entry["level"] != "ERROR"}
    assert {"fastmcp.server.x", "uvicorn.error", "uvicorn.access"} <= set(by_logger)
    order = by_logger["fastmcp.mine"]
    assert (order["message"], order["text"], order["extra_level"]) == ("an order", "tea", 3)
    assert order["login"] == {"password": "[redacted]"}
    (error,) = [entry for entry in entries if entry["level"] == "ERROR"]
    assert error["message"] == "Error calling tool 'fail'"
    assert error["exception"].startswith("Traceback (most recent call last):\n")
    assert error["exception"].endswith("ValueError: two\nlines")
    assert "sesame99" not in server.output


def test_no_text_passes_for_a_record(program: Any) -> None:
    """Lines after the first are indented, and what a terminal would obey is spelt out."""
    text = "so\nCRITICAL: fastmcp: forged\x1b[2J"
    errors = told(program(STDIO), ("fail", {"text": text}), ("refuse", {"text": text}))

    assert "\n    CRITICAL: fastmcp: forged\\x1b[2J\n" in errors
    assert "Error calling tool 'refuse': so\\nCRITICAL: fastmcp: forged" in errors
    assert [line for line in errors.splitlines() if not line.startswith((" ", "ERROR: "))] == []


@pytest.fixture
def without_rich(tmp_path: Path) -> dict[str, str]:
    """The environment of a program that has no rich."""
    (tmp_path / "rich.py").write_text("raise ImportError('there is no rich')\n")
    return {"PYTHONPATH": str(tmp_path)}


def test_a_terminal_has_plain_lines_without_rich(program: Any, without_rich: Any) -> None:
    """It is shown by a thread, as terminals cannot tell how much they take."""
    shown = on_a_terminal(program(STDIO), env=without_rich)
    assert "WARNING: fastmcp.mine: a warning\r\n" in shown


def test_a_terminal_has_what_rich_makes_of_it(program: Any) -> None:
    """Where it is installed, and not switched off; what is secret is hidden there, too."""
    env = {"COLUMNS": "200"}
    fail = ("fail", {"text": "password=hunter2"})

    shown = re.sub(r"\x1b\[[\d;]*m", "", on_a_terminal(program(STDIO), fail, env=env))
    off = on_a_terminal(program(STDIO), env={**env, "FASTMCP_ENABLE_RICH_LOGGING": "false"})

    assert re.search(r"WARNING +a warning", shown)
    assert "Traceback (most recent call last) ───" in shown
    assert "ValueError: password=[redacted]" in shown and "hunter2" not in shown
    assert "WARNING: fastmcp.mine: a warning\r\n" in off
    assert re.search(
        r"WARNING +a warning", told(program(STDIO), ("warn", {}), **env, FASTMCP_LOG_FORMAT="rich")
    )


def on_a_terminal(path: Path, *calls: Any, env: Mapping[str, str] | None = None) -> str:
    """What a stdio server shows on a terminal that is its standard error."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, path],
        env=environment({"TERM": "xterm", **(env or {})}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = bytearray()

    def show() -> None:
        with suppress(OSError):  # which is how a terminal ends
            while chunk := os.read(ours, 65536):
                shown.extend(chunk)

    thread = threading.Thread(target=show)
    thread.start()
    with process:
        assert process.stdin is not None and process.stdout is not None
        for message in (
            initialize(),
            *(call(each, **given) for each, given in calls),
            call("warn"),
        ):
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
            assert process.stdout.readline()
        process.stdin.close()
        process.wait(SECONDS)
    thread.join(SECONDS)
    os.close(ours)
    return shown.decode()


def test_rich_that_is_asked_for_has_to_be_there(program: Any, without_rich: Any) -> None:
    """The error says how it comes there."""
    run = run_python(str(program(STDIO)), env={"FASTMCP_LOG_FORMAT": "rich", **without_rich})

    assert "FASTMCP_LOG_FORMAT=rich needs rich; install it with: pip install rich" in run.stderr


# What is written


def test_secrets_are_hidden(program: Any) -> None:
    """In messages and in tracebacks, unless that is switched off."""
    calls = (
        ("fail", {"text": "Authorization: Bearer abcdefghijkl of jane@example.com"}),
        ("refuse", {"text": "redis://user:hunter2@host is not there"}),
    )

    hidden = told(program(STDIO), *calls)
    shown = told(program(STDIO), *calls, FASTMCP_LOG_REDACTION="false")

    assert "ValueError: Authorization: [redacted]" in hidden
    assert "redis://user:[redacted]@host is not there" in hidden
    assert not re.search("hunter2|abcdefgh|jane", hidden)
    assert "ValueError: Authorization: Bearer abcdefghijkl of jane@example.com" in shown


def test_what_is_long_is_cut_in_its_middle(program: Any) -> None:
    """Nobody fills a disk with one call."""
    errors = told(program(STDIO), ("fail", {"text": "a" * 1_000_000 + "the end"}))

    assert len(errors) < 20_000
    assert "aaa... (" in errors and errors.endswith("the end\n")


def test_another_service_that_fails_is_told_in_a_line(program: Any) -> None:
    """The traceback says nothing of what is wrong there; who debugs has it."""
    errors = told(program(STDIO), ("elsewhere", {}))
    debugging = told(program(STDIO), ("elsewhere", {}), FASTMCP_LOG_LEVEL="debug")

    (line,) = errors.splitlines()
    assert line.startswith("ERROR: fastmcp.server.x: Error calling tool 'elsewhere': ConnectFailed")
    assert "Traceback" in debugging
    assert "sesame99" not in errors + debugging


# Who has it


def test_a_library_says_nothing_by_itself() -> None:
    """A program that has not set up logging sees no line of ours."""
    program = textwrap.dedent(SERVER) + textwrap.dedent("""
        import asyncio

        async def main():
            async with Client(mcp) as client:
                await client.call_tool("fail", {"text": "secret"}, raise_on_error=False)
                await client.call_tool("warn")

        asyncio.run(main())
    """)

    run = run_python("-c", program)

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("app", ["mcp", "mcp.http_app()"])
def test_an_asgi_server_that_runs_it_shows_errors(app: str, program: Any, tmp_path: Path) -> None:
    """The process is the server's then, as long as nobody has set up logging."""
    lines = f'import uvicorn; uvicorn.run({app}, port=int(os.environ["PORT"]))\n'
    with http_server([program(lines)], tmp_path / "log") as server:

        async def main() -> None:
            async with Client(server.url, timeout=SECONDS) as client:
                await client.call_tool("warn")

        asyncio.run(main())
        server.wait_for("WARNING: fastmcp.mine: a warning\n")


def test_standard_output_has_none_of_it(program: Any) -> None:
    """Nor has it uvicorn's lines; and afterwards its loggers are what they were."""
    lines = """
        import asyncio, contextlib
        names = ("fastmcp", "uvicorn", "uvicorn.error", "uvicorn.access")
        loggers = [logging.getLogger(name) for name in names]
        found = lambda: [(len(each.handlers), each.level, each.propagate) for each in loggers]
        before = found()

        async def main():
            serving = asyncio.create_task(mcp.run_async("http", port=PORT))
            for _ in range(1000):
                with contextlib.suppress(ConnectionError):
                    async with Client(f"http://127.0.0.1:{PORT}/mcp") as client:
                        await client.call_tool("warn")
                    break
                await asyncio.sleep(0.01)
            mcp.stop()
            await serving

        asyncio.run(main())
        assert before == found(), found()
    """
    run = run_python(str(program(f"PORT = {free_port()}\n" + textwrap.dedent(lines))))

    assert (run.returncode, run.stdout) == (0, ""), run.stderr
    assert re.search(r'INFO: +127.0.0.1:\d+ - "POST /mcp HTTP/1.1" 200 OK', run.stderr)
    assert "WARNING: fastmcp.mine: a warning\n" in run.stderr


def test_no_thread_is_left_though_nobody_reads(program: Any) -> None:
    """What waits is given up a moment after the end of the run."""
    lines = """
        mcp.run()
        import threading, time
        deadline = time.monotonic() + 5
        while threading.active_count() > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        print(threading.active_count())
    """
    with unread(program(lines)) as server:
        server.ask(initialize())
        server.ask(call("talk", count=300))
        assert server.process.stdin is not None and server.process.stdout is not None
        server.process.stdin.close()

        assert server.process.stdout.readline() == b"1\n"
        assert server.process.wait(SECONDS) == 0


@pytest.mark.parametrize("served", [STDIO, HTTP])
@pytest.mark.parametrize("setup", ["", "logging.basicConfig()\n"])
def test_what_is_said_before_a_server_runs_is_logged_when_it_does(
    program: Callable[[str], Path], served: str, setup: str
) -> None:
    """Once, whoever set up logging: here, that the name of a tool is used twice."""
    path = program(f"{setup}mcp.tool(lambda: 1, name='warn')\n{served}")
    process = subprocess.Popen(
        [sys.executable, path],
        env=environment() | {"PORT": str(free_port()), "FASTMCP_SHOW_SERVER_BANNER": "false"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        first = next(line for line in lines if "registered" in line)
        process.terminate()
        rest = "".join(lines)
    assert f"{path}:" in first
    assert "tool 'warn' is registered already; the later one replaces it" in first
    assert "registered" not in rest
