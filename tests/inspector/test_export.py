"""A call that the page shows as code does what the page did."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from chromium import Chromium
from processes import SECONDS, environment, free_port, http_server

from .browsing import Person, person
from .running import EVERYTHING, inspecting

# What `fastmcp` is here, for a shell that may not have it.
FASTMCP = f'fastmcp() {{ "{sys.executable}" -m fastmcp "$@"; }}\n'


TOLD = """\
import os

from fastmcp import FastMCP

mcp = FastMCP("told")


@mcp.tool
def word() -> str:
    return os.environ["WORD"]


mcp.run(show_banner=False)
"""


def exported(ada: Person, way: str) -> str:
    """The code of the call whose form is open."""
    ada.press("Export")
    ada.press(way, "dialog")
    code = ada.page.run("document.querySelector('dialog .code').textContent")
    ada.press("Close", "dialog")
    return code


def adding(ada: Person) -> None:
    """Open the form of `add`, and fill it."""
    ada.choose("Tools", "add")
    ada.fill("a", "40")


def run(*command: str, cwd: Path) -> str:
    """What a program prints."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def ada(browser: Chromium, tmp_path: Path) -> Generator[Person]:
    """Somebody with a page of a server in a file."""
    with inspecting(EVERYTHING, cwd=tmp_path) as running, person(browser, running) as made:
        yield made


def test_as_code_and_as_a_command(ada: Person, tmp_path: Path) -> None:
    """For Python, and for a shell."""
    adding(ada)
    python, shell = exported(ada, "Python"), exported(ada, "fastmcp")

    assert run(sys.executable, "-c", python, cwd=tmp_path).strip() == "42"
    assert "42" in run("bash", "-c", FASTMCP + shell, cwd=tmp_path)


def test_resources_and_prompts(ada: Person, tmp_path: Path) -> None:
    """Are read by what is exported, too."""
    ada.choose("Resources", "users://{city}/{user}")
    ada.fill("city", "Bergen")
    ada.fill("user", "it's Ada")
    reads = exported(ada, "Python"), exported(ada, "fastmcp")
    ada.choose("Prompts", "greet")
    ada.fill("name", 'Ada "Z\u00fcrich"')
    gets = exported(ada, "Python"), exported(ada, "fastmcp")

    for (python, shell), told in ((reads, "it's Ada of Bergen"), (gets, "Z\u00fcrich")):
        assert told in run(sys.executable, "-c", python, cwd=tmp_path)
        assert told in run("bash", "-c", FASTMCP + shell, cwd=tmp_path)


def test_with_variables_and_a_folder(browser: Chromium, tmp_path: Path) -> None:
    """What the server was started with belongs to the call."""
    home = tmp_path / "a folder"
    home.mkdir()
    (home / "told.py").write_text(TOLD)
    line = shlex.join([sys.executable, "told.py"])
    with inspecting(cwd=tmp_path) as running, person(browser, running, waits=False) as ada:
        ada.press("Connect", "#bar")
        ada.fill("Command", line, "dialog")
        ada.fill("Folder", str(home), "dialog")
        ada.fill("Variables", "WORD=it's here", "dialog")
        ada.press("Connect", "dialog")
        ada.read("MCP 20")
        ada.choose("Tools", "word")
        python, shell = exported(ada, "Python"), exported(ada, "fastmcp")

    assert "it's here" in run(sys.executable, "-c", python, cwd=tmp_path)
    assert "it's here" in run("bash", "-c", FASTMCP + shell, cwd=tmp_path)


@pytest.mark.parametrize("mode", ["2026-07-28", "2025-11-25"])
def test_as_requests_of_curl(browser: Chromium, tmp_path: Path, mode: str) -> None:
    """To a server over HTTP, in either era."""
    port = free_port()
    line = ["-m", "fastmcp", "run", EVERYTHING, "-t", "http", "-p", str(port), "--no-banner"]
    with (
        http_server(line, tmp_path / "log", port=port) as server,
        inspecting(server.url, cwd=tmp_path) as running,
        person(browser, running) as ada,
    ):
        ada.speak(mode)
        ada.choose("Tools", "routed")
        ada.fill("city", "Z\u00fcrich")
        routed = exported(ada, "curl")
        adding(ada)
        curl, python = exported(ada, "curl"), exported(ada, "Python")

        assert "by Z\u00fcrich" in run("bash", "-c", routed, cwd=tmp_path)

        assert '"structuredContent":{"result":42}' in run("bash", "-c", curl, cwd=tmp_path)
        assert run(sys.executable, "-c", python, cwd=tmp_path).strip() == "42"
