"""The commands that serve, write and look after things, on a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import free_port
from tmux import fastmcp_on_terminal

BOTH = pytest.mark.parametrize("rich", [True, False], ids=["rich", "plain"])
TASKS = ("--docket-url", "sqlite:///tasks.db")
CIMD = ("auth", "cimd", "create", "--name", "Shop", "-r", "http://localhost:3000/callback")


@pytest.fixture
def place(example: Path) -> Path:
    """The example, with a tool that can be a task."""
    with example.joinpath("server.py").open("a") as server:
        server.write("\n\n@mcp.tool(task=True)\nasync def slow() -> int:\n    return 1\n")
    return example


@BOTH
@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("install", "mcp-json", "server.py"), '"command": '),
        (("install", "stdio", "server.py"), "server.py"),
        (("generate-cli", "server.py", "shop.py"), "fastmcp: wrote shop.py and SKILL.md"),
        (("project", "schema"), '"title": "fastmcp.json"'),
        (("tasks", "list", "server.py", *TASKS), "ID"),
        (("tasks", "watch", "server.py", "--once", *TASKS), ""),
        (CIMD, '"client_name": "Shop"'),
        (("discover", "server.py"), '"name": "greet"'),
        (("--help",), "fastmcp COMMAND --help tells more"),
    ],
    ids=str,
)
def test_it_does_what_it_should(place: Path, words: tuple[str, ...], text: str, rich: bool) -> None:
    """And ends well."""
    with fastmcp_on_terminal(*words, cwd=place, rich=rich, env={"HOME": str(place)}) as terminal:
        code, screen = terminal.finish()

    assert code == 0, screen
    assert text in screen


@BOTH
@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ("run", "server.py", "--transport", "http", "--port", "PORT"),
            "http://127.0.0.1:PORT/mcp",
        ),
        (("run", "server.py"), "shop: standard input and output"),
        (("dev", "server.py", "--no-open", "--ui-port", "PORT"), "http://127.0.0.1:PORT/#token="),
        (("dev", "apps", "server.py", "--no-open", "--dev-port", "PORT"), "127.0.0.1:PORT/#token="),
        (("tasks", "worker", "server.py", *TASKS), "shop"),
    ],
    ids=str,
)
def test_what_lasts_says_what_it_is_and_ends_by_an_interrupt(
    place: Path, words: tuple[str, ...], text: str, rich: bool
) -> None:
    """Without a traceback."""
    port = str(free_port())
    words = tuple(word.replace("PORT", port) for word in words)
    with fastmcp_on_terminal(*words, cwd=place, rich=rich, env={"HOME": str(place)}) as terminal:
        terminal.wait_for(text.replace("PORT", port))
        terminal.press("C-c")
        code, screen = terminal.finish()

    assert code in (0, 130), screen
    assert "Traceback" not in screen


@BOTH
@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("instal",), 2, "there is no command 'instal'; did you mean 'install'?"),
        (("tasks", "show", "nothing", "server.py", *TASKS), 1, "nothing"),
        (("tasks", "cancel", "nothing", "server.py", *TASKS), 1, "nothing"),
        (("tasks", "retry", "nothing", "server.py", *TASKS), 1, "nothing"),
        (("project", "prepare"), 1, "fastmcp.json"),
        (("auth", "cimd", "validate", "none.json"), 1, "none.json"),
        (("auth", "doctor", "http://127.0.0.1:PORT/mcp"), 1, "error"),
        (("install", "cursor", "none.py"), 1, "none.py"),
        (("generate-cli", "none.py"), 1, "none.py"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told(
    place: Path, words: tuple[str, ...], code: int, text: str, rich: bool
) -> None:
    """Without a traceback."""
    port = str(free_port())
    words = tuple(word.replace("PORT", port) for word in words)
    with fastmcp_on_terminal(*words, cwd=place, rich=rich, env={"HOME": str(place)}) as terminal:
        ended, screen = terminal.finish()

    assert ended == code, screen
    assert text in screen
    assert "Traceback" not in screen
