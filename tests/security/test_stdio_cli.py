"""What stands on this machine: the command, its terminal, and what our code may use."""

from __future__ import annotations

import ast
import asyncio
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from apps import http

import fastmcp
from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError, ToolError

SOURCES = sorted(Path(fastmcp.__file__).parent.rglob("*.py"))
CLEAR = "\x1b[2J"
TITLE = "\x1b]0;mine\x07"
EIGHT_BIT = "\x9b31m"
BACKWARDS = "\u202e"
COMMANDS = (CLEAR, TITLE, EIGHT_BIT, BACKWARDS)
FASTMCP = ("-m", "fastmcp")

FORBIDDEN = {
    "pickle",
    "dill",
    "shelve",
    "cloudpickle",
    "jsonpickle",
    "diskcache",
    "telnetlib",
}
"""Modules that run what they read, or keep files that they would run."""
RUN = {"eval", "exec", "compile", "os.system", "os.popen", "marshal.loads", "marshal.load"}
RUN |= {"subprocess.getoutput", "tempfile.mktemp", "yaml.load", "create_subprocess_shell"}

STARTS = re.compile(
    r"(subprocess_exec|subprocess\.\w+|os\.(spawn|exec|posix_spawn|startfile)\w*"
    r"|webbrowser\.open)$"
)
OF_COMMANDS = ("cli/", "configuration/uv.py")
"""What the user of `fastmcp` has it start; each of these has tests of its own."""
PLACES = {
    "client/auth/browser.py",
    "client/transports/child.py",
    "server/http/serving/workers.py",
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server whose every text has commands for a terminal in it."""
    hostile = "".join(COMMANDS)
    mcp = FastMCP(f"name{hostile}", version=f"1{hostile}")

    @mcp.tool(description=f"a tool{hostile}\nmore")
    def say() -> str:
        return f"said\t{hostile}\nmore"

    @mcp.tool
    def fail() -> str:
        raise ToolError(f"failed{hostile}")

    @mcp.resource("data://a", description=f"data{hostile}")
    def data() -> str:
        return "a"

    @mcp.prompt(description=f"a prompt{hostile}")
    def prompt(a: str = "") -> str:
        if a:
            raise McpError(f"no prompt{hostile}")
        return "a"

    with http(mcp) as client:
        yield client.url


@cache
def parsed(source: Path) -> ast.Module:
    """A module of ours, read once."""
    return ast.parse(source.read_bytes())


def on_a_terminal(*arguments: str, program: Sequence[str] = FASTMCP, elsewhere: Any = None) -> str:
    """What the command writes to a terminal, to both of its outputs; to its standard error, where
    its standard output goes `elsewhere`.
    """
    ours, theirs = pty.openpty()
    command = [sys.executable, *program, *arguments]
    output = theirs if elsewhere is None else elsewhere
    with subprocess.Popen(command, stdin=theirs, stdout=output, stderr=theirs) as process:
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 65536):
                written += piece
        except OSError:
            pass  # how Linux tells that the other end is closed
        finally:
            os.close(ours)
        process.wait(30)
    return written.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
@pytest.mark.parametrize("arguments", [["list"], ["call", "say"], ["call", "fail"]])
def test_fastmcp_3409_a_server_does_not_command_the_terminal(
    url: str, arguments: list[str]
) -> None:
    """Control characters in names, descriptions, results and errors are spelt out."""
    command, *tool = arguments
    written = on_a_terminal(command, url, *tool)

    assert "\\x1b[2J" in written
    assert not any(command in written for command in COMMANDS)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
@pytest.mark.parametrize("elsewhere", [None, subprocess.DEVNULL])
@pytest.mark.parametrize("arguments", [["call-tool", "fail"], ["get-prompt", "prompt", "a=b"]])
def test_a_server_does_not_command_the_terminal_of_a_generated_script(
    url: str, tmp_path: Path, arguments: list[str], elsewhere: int | None
) -> None:
    """Neither by a tool that fails nor by an error, wherever the results go."""
    script = str(tmp_path / "script.py")
    subprocess.run([sys.executable, *FASTMCP, "generate-cli", url, script], check=True)

    written = on_a_terminal(*arguments, program=[script], elsewhere=elsewhere)

    assert "\\x1b[2J" in written
    assert not any(command in written for command in COMMANDS)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
async def test_a_caller_does_not_command_the_terminal_that_shows_its_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON has characters that it need not spell out, and terminals obey them all the same."""
    monkeypatch.setenv("FASTMCP_DOCKET_URL", f"sqlite:///{tmp_path}/tasks.db")
    server = tmp_path / "server.py"
    server.write_text("from fastmcp import FastMCP\nmcp = FastMCP('tasks', tasks=True)\n", "utf-8")
    mcp = FastMCP("tasks", tasks=True)

    @mcp.tool
    async def say(text: str) -> str:
        return text

    async with Client(mcp) as client:
        task = await client.call_tool("say", {"text": "".join(COMMANDS)}, task=True)
        await task.result()
        command = ("tasks", "show", task.task_id, str(server))
        shown = [await asyncio.to_thread(on_a_terminal, *command, *how) for how in ([], ["--json"])]

    for written in shown:
        assert "\\x9b31m" in written
        assert not any(command in written for command in COMMANDS)


def test_a_result_that_goes_to_a_file_is_as_it_came(url: str) -> None:
    """Only terminals obey; a program that reads it wants all of it."""
    command = [sys.executable, "-m", "fastmcp", "call", url, "say"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)

    assert done.stdout == f"said\t{''.join(COMMANDS)}\nmore\n"


def test_cve_2025_69872_nothing_is_run_that_was_read() -> None:
    """No module of ours unpickles, evaluates, or gives a text to a shell."""
    found = [f"{source}:{line}" for source in SOURCES for line in dangers_in(source)]

    assert SOURCES
    assert found == []


def dangers_in(source: Path) -> Iterator[int]:
    """The lines of a module that do any of this."""
    for node in ast.walk(parsed(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [name.name.partition(".")[0] for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or "").partition(".")[0]]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            shell = [each.value for each in node.keywords if each.arg == "shell"]
            asked = any(not isinstance(each, ast.Constant) or each.value for each in shell)
            if called in RUN or called.endswith(".create_subprocess_shell") or asked:
                yield node.lineno
        if not FORBIDDEN.isdisjoint(names):
            yield node.lineno  # type: ignore[attr-defined]


def test_cve_2025_68144_no_argument_of_a_call_reaches_a_program() -> None:
    """Programs are started in three places, by the command that the user of this package gave;
    and by the commands of `fastmcp`, whose words nobody else says.
    """
    starting = {
        str(source.relative_to(Path(fastmcp.__file__).parent))
        for source in SOURCES
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Call) and STARTS.search(ast.unparse(node.func))
    }

    assert {place for place in starting if not place.startswith(OF_COMMANDS)} == PLACES
