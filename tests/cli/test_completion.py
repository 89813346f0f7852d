"""`fastmcp completion`, in the shells that it is for."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import SECONDS, environment, run_python
from tmux import tmux

Complete = Callable[[str], list[str]]

CASES = [
    ("fastmcp ru", ["run"]),
    ("fastmcp tasks w", ["watch", "worker"]),
    ("fastmcp completion ", ["bash", "fish", "zsh"]),
    ("fastmcp run --tr", ["--transport"]),
    ("fastmcp run --transport s", ["sse", "stdio", "streamable-http"]),
    ("fastmcp --log-level x run -t h", ["http"]),
    ("fastmcp list s", ["server.py", "shelf"]),
    ("fastmcp list server.py --header x --js", ["--json"]),
    ("fastmcp inspect --output n", ["notes.txt"]),
    ("fastmcp list n", []),
    ("fastmcp install cursor --work", ["--workspace"]),
    ("fastmcp list we", ["weather"]),
    ("fastmcp run we", []),
    ("fastmcp dev insp", ["inspector"]),
    ("fastmcp dev apps --mc", ["--mcp-port"]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a server, a folder, and a file that is no server."""
    made = tmp_path_factory.mktemp("files")
    made.joinpath("server.py").touch()
    made.joinpath("notes.txt").touch()
    made.joinpath("shelf").mkdir()
    configured = {name: {"command": "x"} for name in ("weather", "$(touch pwd)`touch pwd`")}
    made.joinpath(".mcp.json").write_text(json.dumps({"mcpServers": configured}))
    made.joinpath("bin").mkdir()
    made.joinpath("bin", "fastmcp").write_text(
        f'#!/bin/sh\nexec {sys.executable} -m fastmcp "$@"\n'
    )
    made.joinpath("bin", "fastmcp").chmod(0o755)
    for shell in ("bash", "zsh", "fish"):
        script = run_python("-m", "fastmcp", "completion", shell)
        assert (script.returncode, script.stderr) == (0, "")
        made.joinpath(f"script.{shell}").write_text(script.stdout)
    return made


def at_home(folder: Path) -> dict[str, str]:
    """The variables of somebody whose home is that folder, and whose `fastmcp` is ours."""
    return {"HOME": os.fspath(folder), "PATH": f"{folder}/bin:{os.environ['PATH']}"}


def in_shell(*command: str, cwd: Path) -> list[str]:
    """The lines that a shell prints, in order."""
    run = subprocess.run(
        command,
        cwd=cwd,
        env=environment(at_home(cwd)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert run.stderr == ""
    return sorted(run.stdout.splitlines())


@pytest.mark.parametrize(("line", "meant"), CASES)
def test_bash(folder: Path, line: str, meant: list[str]) -> None:
    """Commands, flags, their values, and the files that may be servers."""
    words = line.split(" ")
    script = (
        f"source script.bash; COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; "
        '_fastmcp; printf "%s\\n" "${COMPREPLY[@]}"'
    )

    found = in_shell("bash", "--norc", "-c", script, cwd=folder)

    assert [each for each in found if each] == meant
    assert not (folder / "pwd").exists()


def test_bash_at_a_prompt(folder: Path) -> None:
    """The script is what ~/.bashrc may evaluate; Tab completes."""
    fastmcp = f"{shlex.quote(sys.executable)} -m fastmcp"

    with tmux("bash", "--norc", "--noprofile", cwd=folder) as terminal:
        terminal.type(f"PS1='> '; fastmcp() {{ {fastmcp} \"$@\"; }}; clear")
        terminal.type('eval "$(fastmcp completion bash)"; echo ready')
        terminal.wait_for("\nready")
        terminal.tmux("send-keys", "-l", "--", "fastmcp vers")
        terminal.press("Tab")
        terminal.wait_for("> fastmcp version")
        terminal.press("Enter")
        terminal.wait_for("peregrine-mcp:")


@pytest.mark.parametrize(("line", "meant"), CASES)
def test_fish(folder: Path, line: str, meant: list[str]) -> None:
    """The same in fish, which tells what each is for, too."""
    script = f"source script.fish; complete -C {shlex.quote(line)}"

    found = in_shell("fish", "--no-config", "-c", script, cwd=folder)

    assert [each.partition("\t")[0].rstrip("/") for each in found] == meant


@pytest.mark.parametrize(("line", "meant"), [case for case in CASES if len(case[1]) == 1])
def test_zsh(folder: Path, line: str, meant: list[str]) -> None:
    """The same in zsh, at a prompt."""
    with tmux("zsh", "-f", cwd=folder, env=at_home(folder)) as terminal:
        terminal.type("PS1='> '; autoload -Uz compinit; compinit -u -D; source script.zsh")
        terminal.type("clear; echo ready")
        terminal.wait_for("ready\n>")
        terminal.tmux("send-keys", "-l", "--", line)
        terminal.press("Tab")
        terminal.wait_for(f"{line.rpartition(' ')[0]} {meant[0]}")
