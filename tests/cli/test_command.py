"""The `fastmcp` command itself, as a process: what holds for all that it does."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import SECONDS, environment

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
