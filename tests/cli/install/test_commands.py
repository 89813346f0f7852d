"""Claude Code and Gemini CLI enter servers themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .computers import Computer, calls

SECRET = "hunter2 && calc $(x) `y`"


def test_claude_is_called_with_a_list_of_arguments(computer: Computer) -> None:
    """No shell sees it; what is behind -- is no option of its own."""
    notes = computer.has_program("claude")

    run = computer.install("claude-code", "server.py", "--env", f"KEY={SECRET}")

    ((*front, server),) = calls(notes)
    assert front[:7] == [
        "mcp",
        "add",
        "Shop Co",
        "-e",
        f"KEY={SECRET}",
        "--",
        f"{computer.programs}/uv",
    ]
    assert server == str(computer.project / "server.py")
    assert run.returncode == 0, run.stderr
    assert "'Shop Co' was installed in Claude Code" in run.stderr
    assert SECRET not in run.stderr


def test_gemini_is_called_as_it_reads_its_options(computer: Computer) -> None:
    """The command before them: they would take it for a value."""
    notes = computer.has_program("gemini")

    run = computer.install("gemini-cli", "server.py", "--env", "A=1", "--scope", "user")

    ((*front, server),) = calls(notes)
    assert front[:8] == [
        "mcp", "add", "Shop Co", f"{computer.programs}/uv", "-e", "A=1", "--scope", "user",
    ]  # fmt: skip
    assert front[8] == "--"
    assert server == str(computer.project / "server.py")
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("value", ["a=b", ""])
def test_a_value_that_gemini_would_lose_is_refused(computer: Computer, value: str) -> None:
    """It cuts them at an equals sign."""
    notes = computer.has_program("gemini")

    run = computer.install("gemini-cli", "server.py", "--env", f"KEY={value}")

    assert run.returncode == 1
    assert "loses the value of KEY" in run.stderr
    assert calls(notes) == []


@pytest.mark.parametrize(("program", "name"), [("claude-code", "claude"), ("gemini-cli", "gemini")])
def test_a_program_that_is_missing_is_told(computer: Computer, program: str, name: str) -> None:
    """And one where a shell's alias would find it is found."""
    missing = computer.install(program, "server.py")
    there = computer.has_program(name)
    hidden = computer.home / f".{name}" / "local" / name
    hidden.parent.mkdir(parents=True)
    (computer.programs / name).rename(hidden)
    found = computer.install(program, "server.py")

    assert missing.returncode == 1
    assert f"there is no {name} on PATH" in missing.stderr
    assert found.returncode == 0, found.stderr
    assert len(calls(there)) == 1


def test_what_a_program_says_is_passed_on_without_values(computer: Computer) -> None:
    """Its exit code is told; what it prints may have the command line in it."""
    computer.has_program("claude", "print('cannot', sys.argv, file=sys.stderr); sys.exit(3)")

    run = computer.install("claude-code", "server.py", "--env", f"KEY={SECRET}")

    assert run.returncode == 1
    assert "claude mcp add failed (exit code 3): cannot" in run.stderr
    assert "KEY=[KEY]" in run.stderr
    assert SECRET not in run.stderr


CLAUDE = "claude-code", "claude", ".claude.json"
GEMINI = "gemini-cli", "gemini", ".gemini/settings.json"


@pytest.mark.parametrize(("program", "command", "file"), [CLAUDE, GEMINI])
def test_a_server_that_is_there_is_changed_in_its_file(
    computer: Computer, program: str, command: str, file: str
) -> None:
    """Their commands refuse to, or lose what the entry has besides; a second time nothing is."""
    notes = computer.has_program(command)
    entry = {"command": "old", "timeout": 5}
    path = computer.write(file, json.dumps({"mcpServers": {"Shop Co": entry}, "n": 1}))

    changed = computer.install(program, "server.py", "--scope", "user")
    again = computer.install(program, "server.py", "--scope", "user")

    assert "was changed" in changed.stderr
    assert "nothing was changed" in again.stderr
    found = computer.entry(path, "mcpServers", "Shop Co")
    assert (found["command"], found["timeout"]) == (str(computer.programs / "uv"), 5)
    assert calls(notes) == []


def test_claude_codes_servers_of_a_folder_are_its_own(computer: Computer) -> None:
    """Where no scope is said, it is the folder's."""
    notes = computer.has_program("claude")
    projects = {str(computer.project): {"mcpServers": {"Shop Co": {"command": "old", "args": []}}}}
    path = computer.write(".claude.json", json.dumps({"projects": projects}))

    run = computer.install("claude-code", "server.py")

    keys = ("projects", str(computer.project), "mcpServers", "Shop Co", "command")
    assert computer.entry(path, *keys) == str(Path(computer.programs, "uv"))
    assert "was changed" in run.stderr
    assert calls(notes) == []
