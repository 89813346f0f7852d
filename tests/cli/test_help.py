"""The help of every command: it has examples, and each of them runs as it stands."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import SECONDS, environment
from settled import wait_until

from fastmcp.cli import COMMANDS, make_parser

ELSEWHERE = ("tasks show", "tasks cancel", "tasks retry", "auth doctor")
"""What needs a task or a server to be about; tests of its own run it."""

LASTING = ("run", "dev", "tasks worker", "tasks watch")
"""What goes on until it is ended."""

CLIENT = {
    "client_id": "https://shop.example/client.json",
    "client_name": "Shop",
    "redirect_uris": ["http://localhost:3000/callback"],
    "token_endpoint_auth_method": "none",
}


def help_of(words: tuple[str, ...]) -> tuple[str, list[str]]:
    """What `--help` prints behind these words, and the commands below them."""
    parser = make_parser(words)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit):
        parser.parse_args([*words, "--help"])
    for word in words:
        parser = commands_of(parser)[word]
    return printed.getvalue(), list(commands_of(parser))


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return found[0].choices if found else {}


def helps(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The help of a command, and of those below it, each with its name."""
    text, below = help_of(words)
    yield " ".join(words), text
    for name in below:
        yield from helps((*words, name))


def examples_in(text: str) -> list[str]:
    _, _, end = text.partition("\nexamples:\n")
    return [line.strip() for line in end.splitlines() if line.strip()]


HELPS = {name: text for command in COMMANDS for name, text in helps((command,))}
EXAMPLES = [
    line
    for line in dict.fromkeys(line for text in HELPS.values() for line in examples_in(text))
    if not line.removeprefix("fastmcp ").startswith(ELSEWHERE)
]


@pytest.mark.parametrize("command", HELPS)
def test_help_ends_with_examples(command: str) -> None:
    """They are of this very command."""
    lines = examples_in(HELPS[command])

    assert lines
    assert all(f"fastmcp {command.split(' ')[0]} " in f"{line} " for line in lines)


@pytest.fixture
def place(example: Path) -> Path:
    """The example's folder, with what its commands may need: configurations, a home, and stand-ins
    for programs that would open windows.
    """
    with example.joinpath("server.py").open("a") as server:
        server.write("\n\n@mcp.tool(task=True)\nasync def slow() -> int:\n    return 1\n")
    example.joinpath("client.json").write_text(json.dumps(CLIENT))
    example.joinpath("fastmcp.json").write_text('{"source": {"path": "server.py"}}')
    for folder in ("home", "bin"):
        example.joinpath(folder).mkdir()
    for name in ("browser", "claude", "gemini", "npx", "open", "xdg-open"):
        program = example / "bin" / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return example


def variables(place: Path) -> dict[str, str]:
    programs = (place / "bin", Path(sys.executable).parent, os.environ["PATH"])
    ours = environment(
        {
            "PATH": os.pathsep.join(map(str, programs)),
            "HOME": str(place / "home"),
            "BROWSER": str(place / "bin" / "browser"),
        }
    )
    return {name: value for name, value in ours.items() if not name.startswith("XDG_")}


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_runs(place: Path, line: str) -> None:
    """Exit code 0; what goes on until it is ended says something, and ends by an interrupt."""
    if line.removeprefix("fastmcp ").startswith(LASTING):
        code, said = interrupted(line, place)
        assert code in (0, 130, -signal.SIGINT), said
        return
    run = subprocess.run(
        ["bash", "-c", line],
        cwd=place,
        env=variables(place),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS * 2,
    )

    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """What serves does so at ports that are named in examples, or usual."""
    with Path(tempfile.gettempdir(), f"fastmcp-tests-{os.getuid()}.serving").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def interrupted(line: str, place: Path) -> tuple[int, str]:
    """The exit code of a line that was interrupted once it had said something, and what that was;
    it may have ended by itself.
    """
    # A shell that starts tests in the background has its children ignore the signal.
    heeding = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    command = [sys.executable, "-c", f"{heeding}os.execvp('bash', ['bash', '-c', sys.argv[1]])"]
    with (
        one_at_a_time(),
        tempfile.TemporaryFile() as output,
        subprocess.Popen(
            [*command, f"exec {line}"],
            cwd=place,
            env=variables(place),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or os.fstat(output.fileno()).st_size)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            code = process.wait(SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        output.seek(0)
        return code, output.read().decode()


def test_every_command_is_named() -> None:
    """By the help of `fastmcp` itself, asked for or not; the latter is a usage error."""
    command = Path(sys.executable).parent / "fastmcp"
    for arguments, code in ((["--help"], 0), ([], 2)):
        run = subprocess.run(
            [command, *arguments],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert run.returncode == code
        for name, (_, what) in COMMANDS.items():
            assert name in run.stdout
            assert what in " ".join(run.stdout.split())
