"""The `fastmcp` command itself, as a process: what holds for all that it does."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import SECONDS, environment, run_python

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    "words", [["fly"], ["list", "--y"], ["call"], ["completion", "csh"], ["list", "-t", "pigeon"]]
)
def test_wrong_usage_is_exit_code_2(run: Run, words: list[str]) -> None:
    """As other commands have it, with the usage on stderr."""
    made = run(*words)

    assert (made.returncode, made.stdout) == (2, "")
    assert made.stderr.startswith("usage: fastmcp")
    assert "Traceback" not in made.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "server.py", "--prot", "80"], "fastmcp run: error: .*; did you mean --port?"),
        (
            ["install", "cursor", "--prnt"],
            "fastmcp install cursor: error: .*; did you mean --print?",
        ),
        (["list", "server.py", "more"], "fastmcp list: error: unrecognized arguments: more"),
    ],
    ids=str,
)
def test_a_flag_that_is_nearly_one_is_named(run: Run, words: list[str], told: str) -> None:
    """By the command that it belongs to, with that command's usage."""
    made = run(*words)

    assert made.returncode == 2
    assert made.stderr.startswith(f"usage: {told.partition(':')[0]}")
    pattern = re.escape(told).replace(re.escape(".*"), ".*")
    assert re.fullmatch(pattern, made.stderr.splitlines()[-1])


def test_an_output_that_does_not_know_a_character_has_it_spelt_out(run: Run, example: Path) -> None:
    """What is JSON stays JSON."""
    source = "from fastmcp import FastMCP\nmcp = FastMCP('caf\u00e9 \u2603 \U0001f600')\n"
    example.joinpath("unicode.py").write_text(source, "utf-8")

    made = run("inspect", "unicode.py", PYTHONIOENCODING="ascii")
    as_json = run("inspect", "unicode.py", "--format", "mcp", PYTHONIOENCODING="ascii")

    assert (made.returncode, as_json.returncode) == (0, 0)
    assert "\\u2603" in made.stdout
    assert json.loads(as_json.stdout)["serverInfo"]["name"] == "caf\u00e9 \u2603 \U0001f600"


@pytest.mark.parametrize("words", [["--help"], ["version"], ["project", "schema"]], ids=str)
def test_a_full_disk_is_one_line(words: list[str]) -> None:
    """Of what cannot be written, nothing is taken for written."""
    with open("/dev/full", "w") as full:
        made = subprocess.run(
            [sys.executable, "-u", "-m", "fastmcp", *words],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
        )

    assert made.returncode == 1
    assert made.stderr == "fastmcp: No space left on device\n"


def test_an_interrupt_ends_a_call_quietly(example: Path) -> None:
    """Ctrl-C while waiting for a tool: exit code 130 and no traceback."""
    began = example / "began"
    example.joinpath("server.py").write_text(
        "import asyncio, pathlib\n"
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('x')\n"
        "@mcp.tool\n"
        "async def slow() -> None:\n"
        f"    pathlib.Path({str(began)!r}).touch()\n"
        "    await asyncio.sleep(600)\n"
    )
    # A shell that starts tests in the background has its children ignore the signal.
    heeding = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from fastmcp.cli import main; sys.exit(main())"
    )

    with subprocess.Popen(
        [sys.executable, "-c", heeding, "call", "slow"],
        cwd=example,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            while not began.exists():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()

    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_a_command_whose_output_is_closed_does_its_work(tmp_path: Path) -> None:
    """As a service has it that nobody reads from."""
    written = tmp_path / "done"
    (tmp_path / "server.py").write_text(
        "from pathlib import Path\nfrom fastmcp import FastMCP\nmcp = FastMCP('x')\n"
        f"@mcp.tool\ndef touch() -> str:\n    Path({str(written)!r}).touch()\n    return 'done'\n"
    )
    closing = "import os, sys; os.close(1); os.execv(sys.executable, sys.argv[1:])"
    command = [sys.executable, "-m", "fastmcp", "call", "server.py", "touch"]

    done = run_python("-c", closing, *command, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert written.exists()
