"""`fastmcp version`, as a process."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from processes import SECONDS, environment

import fastmcp

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_what_runs_here_is_told(run: Run) -> None:
    """This package, the protocol, what it stands on, and Python; in columns, or as JSON."""
    told = run("version")
    found = json.loads(run("version", "--json").stdout)

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[0] == f"peregrine-mcp: {fastmcp.__version__}"
    assert f"Python:        {platform.python_version()} (CPython)" in told.stdout.splitlines()
    assert found["peregrine-mcp"] == fastmcp.__version__
    assert set(found) >= {"MCP", "msgspec", "pydantic", "starlette", "uvicorn", "Platform", "Path"}


def test_it_is_put_on_the_clipboard(run: Run, example: Path) -> None:
    """By the program that the desktop has for it."""
    folder = example / "bin"
    folder.mkdir()
    program = folder / "pbcopy"
    program.write_text('#!/bin/sh\nexec cat > "$CLIPBOARD"\n')
    program.chmod(0o755)
    clipboard = example / "clipboard"

    made = run("version", "--copy", PATH=f"{folder}:/usr/bin:/bin", CLIPBOARD=str(clipboard))

    assert (made.returncode, made.stdout) == (0, "copied\n")
    assert clipboard.read_text().startswith(f"peregrine-mcp: {fastmcp.__version__}\n")


def test_the_version_alone_is_printed() -> None:
    """By the module and by the installed command, without starting anything."""
    command = Path(sys.executable).parent / "fastmcp"

    for line in ([command], [sys.executable, "-m", "fastmcp"]):
        made = subprocess.run(
            [*line, "--version"],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert (made.returncode, made.stdout) == (0, f"{fastmcp.__version__}\n")
