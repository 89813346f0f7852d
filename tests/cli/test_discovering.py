"""`fastmcp discover`: the servers that programs on this computer use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tmux import fastmcp_on_terminal

from fastmcp.cli.install.discovery import configured_server, configured_servers
from fastmcp.cli.install.programs.description import Surroundings
from fastmcp.exceptions import ConfigurationError

from .install.computers import Computer

SECRET = "hunter2"
STDIO = {"command": "npx", "args": ["-y", "weather"], "env": {"API_KEY": SECRET}}
GOOSE = f"""
extensions:
  developer: {{type: builtin, enabled: true}}
  weather: {{type: stdio, cmd: uvx, args: [weather], envs: {{API_KEY: {SECRET}}}, enabled: false}}
  remote: {{type: streamable_http, uri: "https://example.com/mcp"}}
"""


def servers(**entries: Any) -> str:
    return json.dumps({"mcpServers": entries})


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    """A computer where each program has a server."""
    made = Computer(tmp_path)
    project = str(made.project)
    claude = {"mcpServers": {"all": STDIO}, "projects": {project: {"mcpServers": {"here": STDIO}}}}
    made.write(".config/Claude/claude_desktop_config.json", servers(desktop=STDIO))
    made.write(".claude.json", json.dumps(claude))
    made.write(
        ".cursor/mcp.json", servers(everywhere={"url": f"https://a:{SECRET}@b.c/sse?k={SECRET}"})
    )
    made.write(
        "project/.cursor/mcp.json",
        '// mine\n{"mcpServers": {"cursed": {"command": "a\\u001b[2J"},},}',
    )
    made.write(
        ".config/Code/User/mcp.json",
        '{"servers": {"code": {"type": "http", "url": "http://x/mcp"}}}',
    )
    made.write(
        ".gemini/settings.json", servers(gem={"httpUrl": "http://g/mcp", "headers": {"X": SECRET}})
    )
    made.write(".config/goose/config.yaml", GOOSE)
    made.write("project/mcp.json", servers(own=STDIO))
    made.write("project/.mcp.json", servers(shared=STDIO))
    return made


def discovered(computer: Computer, *arguments: str) -> list[dict[str, Any]]:
    run = computer.fastmcp("discover", "--json", *arguments)
    assert (run.returncode, run.stderr) == (0, "")
    assert SECRET not in run.stdout
    return json.loads(run.stdout)


def test_each_programs_servers_are_found(computer: Computer) -> None:
    """In the home and in the project, in every format; builtin extensions are no servers."""
    found = [(each["source"], each["scope"], each["name"]) for each in discovered(computer)]

    assert found == [
        ("claude-desktop", "user", "desktop"),
        ("claude-code", "local", "here"),
        ("claude-code", "user", "all"),
        ("cursor", "user", "everywhere"),
        ("cursor", "project", "cursed"),
        ("vscode", "user", "code"),
        ("gemini-cli", "user", "gem"),
        ("goose", "user", "weather"),
        ("goose", "user", "remote"),
        ("project", "project", "own"),
        ("project", "shared", "shared"),
    ]


def test_names_alone(computer: Computer) -> None:
    """For completion, and for loops in a shell: each once, and no commands to a terminal."""
    run = computer.fastmcp("discover", "--names")
    wrong = computer.fastmcp("discover", "--names", "server.py")

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split() == [
        *("desktop", "here", "all", "everywhere", "cursed"),
        *("code", "gem", "weather", "remote", "own", "shared"),
    ]
    assert (wrong.returncode, wrong.stdout) == (2, "")


def test_how_a_server_is_reached_is_told_without_secrets(computer: Computer) -> None:
    """Of variables and headers the names, and of a URL what is no password."""
    found = {each["name"]: each for each in discovered(computer)}

    assert found["desktop"] | {"path": ""} == {
        "name": "desktop",
        "source": "claude-desktop",
        "scope": "user",
        "path": "",
        "transport": "stdio",
        "disabled": False,
        "command": "npx",
        "args": ["-y", "weather"],
        "env": ["API_KEY"],
    }
    assert found["everywhere"]["transport"] == "sse"
    assert found["everywhere"]["url"] == "https://b.c/sse?…"
    assert (found["gem"]["url"], found["gem"]["headers"]) == ("http://g/mcp", ["X"])
    assert found["remote"]["transport"] == "http"
    assert found["weather"]["disabled"] is True
    assert found["own"]["path"] == str(computer.project / "mcp.json")


def test_sources_can_be_chosen(computer: Computer) -> None:
    """By the names of programs, and those of FastMCP; the nearest is told of one unknown."""
    chosen = discovered(computer, "--source", "gemini", "--source", "vscode")
    unknown = computer.fastmcp("discover", "--source", "curser")

    assert [each["name"] for each in chosen] == ["gem", "code"]
    assert unknown.returncode == 2
    assert "did you mean cursor?" in unknown.stderr


def test_a_table_is_for_people(computer: Computer) -> None:
    """A line for each; what a terminal would obey is spelt out."""
    run = computer.fastmcp("discover")

    lines = run.stdout.splitlines()
    assert lines[0].split() == ["NAME", "PROGRAM", "SCOPE", "HOW", "FILE"]
    assert len(lines) == 12
    assert "weather (disabled)" in run.stdout
    assert "npx -y weather" in run.stdout
    assert "a\\x1b[2J" in run.stdout
    assert SECRET not in run.stdout


@pytest.mark.parametrize("rich", [True, False])
def test_on_a_terminal_it_is_a_table_too(computer: Computer, rich: bool) -> None:
    """Rich's, where that is installed; nothing of a file is obeyed by the terminal."""
    with fastmcp_on_terminal(
        "discover", cwd=computer.project, rich=rich, env=computer.environment()
    ) as terminal:
        code, screen = terminal.finish()

    assert code == 0
    assert ("────" in screen) == rich
    assert "weather" in screen
    assert "x1b" in screen
    assert SECRET not in screen


def test_where_there_is_nothing_it_says_so(tmp_path: Path) -> None:
    """With an empty list for programs."""
    computer = Computer(tmp_path)

    run = computer.fastmcp("discover")

    assert (run.returncode, run.stdout) == (0, "")
    assert "no servers are configured here" in run.stderr
    assert discovered(computer) == []


def test_a_broken_file_does_not_hide_the_others(computer: Computer) -> None:
    """It is told, with the place."""
    path = computer.write(".cursor/mcp.json", "{")
    computer.write(".gemini/settings.json", '{"mcpServers": [1]}')

    run = computer.fastmcp("discover", "--json")

    assert run.returncode == 0
    assert f"{path}, line 1, column 2" in run.stderr
    assert "desktop" in run.stdout


def test_options_of_a_server_want_one(computer: Computer) -> None:
    """--check without a server makes no sense."""
    run = computer.fastmcp("discover", "--check")

    assert run.returncode == 2
    assert "name it" in run.stderr


def around(computer: Computer) -> Surroundings:
    return Surroundings(computer.home, computer.project, "linux", {})


def test_a_server_is_found_by_name(computer: Computer) -> None:
    """In the words of mcpServers, whatever program has it."""
    assert configured_server("desktop", around(computer)) == {"desktop": STDIO}
    found = configured_server("goose:weather", around(computer))
    assert found is not None
    assert found["weather"]["command"] == "uvx"
    assert configured_server("gemini:gem", around(computer)) is not None
    assert configured_server("nothing", around(computer)) is None


def test_a_name_that_several_programs_have_is_ambiguous(computer: Computer) -> None:
    """Unless they mean the same; a project's own server goes before that of the user."""
    computer.write("project/mcp.json", servers(desktop={"command": "other"}, gem=STDIO))
    computer.write(".cursor/mcp.json", servers(cursed={"command": "users"}, desktop=STDIO))

    with pytest.raises(ConfigurationError, match="project:desktop, claude-desktop:"):
        configured_server("desktop", around(computer))
    project = configured_server("project:desktop", around(computer))
    narrow = configured_server("cursed", around(computer))

    assert project == {"desktop": {"command": "other"}}
    assert narrow is not None
    assert narrow["cursed"]["command"] != "users"


def test_at_home_a_file_is_not_read_twice(tmp_path: Path) -> None:
    """There the user's files and those of the folder are the same."""
    (tmp_path / ".gemini").mkdir()
    (tmp_path / ".gemini" / "settings.json").write_text(servers(gem=STDIO))
    home = Surroundings(tmp_path, tmp_path, "linux", {})

    found = list(configured_servers(around=home, complain=print))

    assert [each.name for each in found] == ["gem"]
