"""The `fastmcp` command, as a process: run, list, call, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from apps import initialize, request
from processes import SECONDS, environment, free_port, http_server, run_python, stdio_server

import fastmcp
from fastmcp import Client

Script = Callable[..., Path]

SERVER = '''
    from fastmcp import FastMCP
    from fastmcp.exceptions import ToolError
    import neighbour

    print("loading")
    mcp = FastMCP("first", version="1")
    other = FastMCP("second")

    def make():
        return FastMCP("made")

    number = 5

    @mcp.tool
    def greet(name: str, times: int = 1) -> str:
        """Greet somebody.

        At length.
        """
        return " ".join([f"Hello, {name}!"] * times)

    @mcp.tool
    def details(value: dict) -> dict:
        return value

    @mcp.tool
    def either(value: int | str | None) -> str:
        return f"{type(value).__name__} {value}"

    @mcp.tool
    def fail() -> str:
        raise ToolError("out of paper")

    @mcp.tool
    def nothing() -> None:
        pass

    @mcp.resource("config://app")
    def config() -> str:
        """The configuration."""
        return "{}"

    @mcp.resource("user://{id}")
    def user(id: str) -> str:
        """One user."""
        return id

    @mcp.prompt
    def ask(topic: str) -> str:
        """Ask something."""
        return topic

    if __name__ == "__main__":
        print("as a program")
        mcp.run()
'''


@pytest.fixture
def server(script: Script) -> Path:
    script("", "neighbour.py")
    return script(SERVER)


def fastmcp_command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run_python("-m", "fastmcp", *map(str, arguments))


def said(run: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return run.returncode, run.stdout, run.stderr


# run


@pytest.mark.parametrize(
    ("object", "name"), [("", "first"), (":mcp", "first"), (":other", "second"), (":make", "made")]
)
def test_run_serves_the_server_of_a_file_over_stdio(server: Path, object: str, name: str) -> None:
    """By convention, by name, or made by a function; what loading prints is not on the wire."""
    with stdio_server(["-m", "fastmcp", "run", f"{server}{object}"]) as process:
        answer = process.ask(initialize())
        code = process.finish()

    assert answer["result"]["serverInfo"]["name"] == name
    assert code == 0
    assert "loading" in process.errors
    assert "as a program" not in process.errors


@pytest.mark.parametrize("name", ["mcp", "server", "app", "anything"])
def test_run_finds_the_server_by_its_usual_names(script: Script, name: str) -> None:
    """mcp, server or app come first; the only server of a file may have any name."""
    source = f"from fastmcp import FastMCP\n{name} = FastMCP('found')\n"
    if name != "anything":
        source += "another = FastMCP('another')\n"

    with stdio_server(["-m", "fastmcp", "run", script(source)]) as process:
        assert process.ask(initialize())["result"]["serverInfo"]["name"] == "found"


def test_a_file_is_a_program_of_its_own(server: Path) -> None:
    """`python FILE` runs what stands under __main__."""
    with stdio_server([server]) as process:
        process.write(b"")
        lines = [process._lines.get(timeout=SECONDS) for _ in range(2)]
        answer = process.ask(initialize())
        code = process.finish()

    assert lines == [b"loading\n", b"as a program\n"]
    assert answer["result"]["serverInfo"]["name"] == "first"
    assert code == 0


def test_run_serves_http_where_it_is_told(server: Path, log: Path) -> None:
    """--transport, --host, --port and --path; SIGTERM ends it with exit code 0."""
    port = free_port()
    options = ["--transport", "http", "--host", "127.0.0.1", "--port", str(port), "--path", "/x"]

    async def names() -> list[str]:
        async with Client(f"http://127.0.0.1:{port}/x", timeout=20) as client:
            return [tool.name for tool in await client.list_tools()]

    with http_server(["-m", "fastmcp", "run", server, *options], log, port=port) as process:
        assert asyncio.run(names()) == ["greet", "details", "either", "fail", "nothing"]
        assert process.stop(signal.SIGTERM) == 0

    assert "Traceback" not in process.output


def test_run_can_be_stateless_and_quiet(server: Path, log: Path) -> None:
    """--stateless hands out no session, and --log-level warning prints nothing."""
    port = free_port()
    options = ["-t", "http", "-p", str(port), "--stateless", "-l", "WARNING", "--no-banner"]

    with http_server(["-m", "fastmcp", "run", server, *options], log, port=port) as process:
        headers = {"accept": "application/json, text/event-stream"}
        opened = httpx2.post(process.url, json=initialize(), headers=headers)
        listed = httpx2.post(process.url, json=request("tools/list"), headers=headers)

    assert (opened.status_code, listed.status_code) == (200, 200)
    assert "mcp-session-id" not in opened.headers
    assert process.output == "loading\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.py"], "There is no file absent.py"),
        (["SERVER:absent"], "has no 'absent'"),
        (["SERVER:number"], "is int, not a FastMCP server"),
        (["EMPTY"], "no FastMCP server"),
        (["SEVERAL"], "several FastMCP servers"),
        (["TEXT"], "is not a Python file"),
        (["SERVER", "--port", "80"], "--port needs --transport http"),
        (["SERVER", "--host", "x", "--path", "/y"], "--host, --path need --transport http"),
        (["SERVER", "--stateless"], "--stateless needs --transport http"),
    ],
    ids=str,
)
def test_run_says_on_one_line_what_is_wrong(
    server: Path, script: Script, arguments: list[str], words: str
) -> None:
    """Exit code 1, nothing on stdout, no traceback."""
    script("", "empty.py")
    script("from fastmcp import FastMCP\na, b = FastMCP('a'), FastMCP('b')", "several.py")
    script("just text", "notes.txt")
    names = {"SERVER": "server.py", "EMPTY": "empty.py", "SEVERAL": "several.py"}
    names["TEXT"] = "notes.txt"
    spec, *options = arguments
    for short, name in names.items():
        spec = spec.replace(short, str(server.parent / name))

    code, out, err = said(fastmcp_command("run", spec, *options))

    assert (code, out) == (1, "")
    line = err.splitlines()[-1]
    assert line.startswith("fastmcp: ")
    assert words in line
    assert "Traceback" not in err


def test_an_error_in_the_file_shows_where_it_is(script: Script) -> None:
    """The author's own mistake keeps its traceback, with the file and the line."""
    program = script("x = 1\nraise RuntimeError('mine')\n")

    code, out, err = said(fastmcp_command("run", program))

    assert (code, out) == (1, "")
    assert f'{program}", line 2' in err
    assert err.splitlines()[-1] == "RuntimeError: mine"


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "x.py", "--transport", "pigeon"], ["fly"], ["run", "x", "--y"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    """As other commands have it, with the usage on stderr."""
    code, out, err = said(fastmcp_command(*arguments))

    assert (code, out) == (2, "")
    assert err.startswith("usage: fastmcp")


# list and call


LISTING = """\
first 1 (MCP 2026-07-28)

tools:
  greet  Greet somebody.
  details
  either
  fail
  nothing

resources:
  config://app  The configuration.

resource templates:
  user://{id}  One user.

prompts:
  ask  Ask something.
"""


def test_list_shows_what_a_server_offers(server: Path) -> None:
    """One line for each, with the first line of its description."""
    script_without_prints(server)

    code, out, err = said(fastmcp_command("list", server))

    assert (code, out) == (0, LISTING), err


def test_list_and_call_reach_a_url(server: Path, log: Path) -> None:
    """A URL is as good as a file."""
    port = free_port()
    command = ["-m", "fastmcp", "run", server, "-t", "http", "-p", str(port)]

    with http_server(command, log, port=port) as process:
        listed = fastmcp_command("list", process.url)
        called = fastmcp_command("call", process.url, "greet", "name=Ada")

    assert said(listed)[:2] == (0, LISTING)
    assert said(called) == (0, "Hello, Ada!\n", "")


def script_without_prints(server: Path) -> None:
    lines = server.read_text().splitlines(keepends=True)
    server.write_text("".join(line for line in lines if "print(" not in line))


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["greet", "name=Ada"], "Hello, Ada!\n"),
        (["greet", "name=Ada", "times=2"], "Hello, Ada! Hello, Ada!\n"),
        (["greet", "name=a=b c"], "Hello, a=b c!\n"),
        (["greet", 'name="5"'], "Hello, 5!\n"),
        (["greet", "name=123", "times=1"], "Hello, 123!\n"),
        (["greet", "name=null"], "Hello, null!\n"),
        (["either", "value=5"], "int 5\n"),
        (["either", "value=null"], "NoneType None\n"),
        (["either", "value=[5]"], "str [5]\n"),
        (["details", 'value={"a": [1, null]}'], '{"a":[1,null]}\n'),
    ],
    ids=str,
)
def test_call_prints_the_result(server: Path, arguments: list[str], printed: str) -> None:
    """Values are text where the tool wants text, else JSON where they are JSON."""
    script_without_prints(server)

    code, out, err = said(fastmcp_command("call", server, *arguments))

    assert (code, out) == (0, printed), err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fail"], "out of paper"),
        (["absent"], "absent"),
        (["greet"], "name"),
        (["greet", "name"], "'name' is not NAME=VALUE"),
        (["greet", "name=x", "times=many"], "times"),
    ],
    ids=str,
)
def test_a_failed_call_is_exit_code_1_and_one_line(
    server: Path, arguments: list[str], words: str
) -> None:
    """What went wrong is on stderr; stdout stays empty."""
    script_without_prints(server)

    code, out, err = said(fastmcp_command("call", server, *arguments))

    assert (code, out) == (1, "")
    assert words in err.splitlines()[-1]
    assert "fastmcp: " in err
    assert not [line for line in err.splitlines() if line.startswith("Traceback")]


@pytest.mark.parametrize("command", [["list"], ["call", "TARGET", "greet"]])
@pytest.mark.parametrize("target", ["http://127.0.0.1:1/mcp", "absent.py", "nonsense"])
def test_a_server_that_cannot_be_reached_is_one_line(command: list[str], target: str) -> None:
    """The message has what was asked for."""
    whole = [*command, "TARGET"] if len(command) == 1 else command
    arguments = [target if word == "TARGET" else word for word in whole]

    code, out, err = said(fastmcp_command(*arguments))

    assert (code, out) == (1, "")
    assert target in err
    assert len(err.splitlines()) == 1


# The command itself


def test_the_version_is_printed() -> None:
    """By the module and by the installed command, without starting anything."""
    command = Path(sys.executable).parent / "fastmcp"
    installed = subprocess.run(
        [command, "--version"], env=environment(), capture_output=True, text=True, timeout=SECONDS
    )

    assert said(fastmcp_command("--version")) == (0, f"{fastmcp.__version__}\n", "")
    assert installed.stdout == f"{fastmcp.__version__}\n"


def test_help_names_the_commands() -> None:
    """Asked for, it is exit code 0; without any argument it is a usage error."""
    asked, bare = fastmcp_command("--help"), fastmcp_command()

    assert (asked.returncode, bare.returncode) == (0, 2)
    for name in ("run", "list", "call"):
        assert name in asked.stdout
        assert name in bare.stdout + bare.stderr


def test_an_interrupt_ends_a_call_quietly(script: Script) -> None:
    """Ctrl-C while waiting for a tool: exit code 130 and no traceback."""
    server = script(
        """
        import asyncio, pathlib
        from fastmcp import FastMCP

        mcp = FastMCP("x")

        @mcp.tool
        async def slow() -> None:
            pathlib.Path(__file__).with_name("began").touch()
            await asyncio.sleep(600)

        mcp.run()
        """
    )

    # A shell that starts tests in the background has its children ignore the signal.
    command = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from fastmcp.cli import main; sys.exit(main())"
    )

    with subprocess.Popen(
        [sys.executable, "-c", command, "call", server, "slow"],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            while not server.with_name("began").exists():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()

    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
