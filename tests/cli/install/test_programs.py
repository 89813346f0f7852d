"""Where programs have their servers, on each system."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastmcp.cli.install.programs import PROGRAMS
from fastmcp.cli.install.programs.description import Surroundings

HOME = Path("/home/jo")
FOLDER = Path("/home/jo/project")


def around(system: str, **environment: str) -> Surroundings:
    return Surroundings(HOME, FOLDER, system, environment)


@pytest.mark.parametrize(
    ("program", "system", "path"),
    [
        (
            "claude-desktop",
            "darwin",
            "Library/Application Support/Claude/claude_desktop_config.json",
        ),
        ("claude-desktop", "win32", "AppData/Roaming/Claude/claude_desktop_config.json"),
        ("claude-desktop", "linux", ".config/Claude/claude_desktop_config.json"),
        ("claude-code", "darwin", ".claude.json"),
        ("claude-code", "win32", ".claude.json"),
        ("cursor", "win32", ".cursor/mcp.json"),
        ("cursor", "linux", ".cursor/mcp.json"),
        ("vscode", "darwin", "Library/Application Support/Code/User/mcp.json"),
        ("vscode", "win32", "AppData/Roaming/Code/User/mcp.json"),
        ("vscode", "linux", ".config/Code/User/mcp.json"),
        ("gemini-cli", "linux", ".gemini/settings.json"),
        ("goose", "darwin", ".config/goose/config.yaml"),
        ("goose", "linux", ".config/goose/config.yaml"),
        ("goose", "win32", "AppData/Roaming/Block/goose/config/config.yaml"),
    ],
)
def test_the_users_file_is_where_the_system_has_it(program: str, system: str, path: str) -> None:
    """macOS, Windows and Linux."""
    assert PROGRAMS[program].place(around(system), "user").path == HOME / path


@pytest.mark.parametrize(
    ("program", "system", "variable", "path"),
    [
        ("claude-desktop", "linux", "XDG_CONFIG_HOME", "Claude/claude_desktop_config.json"),
        ("claude-desktop", "win32", "APPDATA", "Claude/claude_desktop_config.json"),
        ("vscode", "linux", "XDG_CONFIG_HOME", "Code/User/mcp.json"),
        ("vscode", "win32", "APPDATA", "Code/User/mcp.json"),
        ("goose", "darwin", "XDG_CONFIG_HOME", "goose/config.yaml"),
        ("goose", "win32", "APPDATA", "Block/goose/config/config.yaml"),
        ("claude-code", "linux", "CLAUDE_CONFIG_DIR", ".claude.json"),
    ],
)
def test_variables_move_it(program: str, system: str, variable: str, path: str) -> None:
    """As far as the system has them; one that is not absolute means nothing."""
    moved = around(system, **{variable: "/elsewhere"})

    assert PROGRAMS[program].place(moved, "user").path == Path("/elsewhere", path)
    if variable != "CLAUDE_CONFIG_DIR":
        empty = around(system, **{variable: ""})
        assert PROGRAMS[program].place(empty, "user").path.is_relative_to(HOME)


@pytest.mark.parametrize(("program", "folder"), [("cursor", ".cursor"), ("vscode", ".vscode")])
def test_a_projects_file_is_looked_for_upwards(tmp_path: Path, program: str, folder: str) -> None:
    """From where one works, up to the home, whose own file is the user's."""
    inner = tmp_path / "project" / "src"
    inner.mkdir(parents=True)
    for place in (tmp_path, tmp_path / "project"):
        (place / folder).mkdir()
        (place / folder / "mcp.json").write_text("{}")

    found = PROGRAMS[program].place(Surroundings(tmp_path, inner, "linux", {}), "project")

    assert found.path == tmp_path / "project" / folder / "mcp.json"
