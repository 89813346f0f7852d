"""A call that the page shows as code does what the page did."""

from __future__ import annotations

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


def exported(ada: Person, way: str) -> str:
    """The code of a call of `add`."""
    ada.choose("Tools", "add")
    ada.fill("a", "40")
    ada.press("Export")
    ada.press(way, "dialog")
    code = ada.page.run("document.querySelector('dialog .code').textContent")
    ada.press("Close", "dialog")
    return code


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
    python, shell = exported(ada, "Python"), exported(ada, "fastmcp")

    assert run(sys.executable, "-c", python, cwd=tmp_path).strip() == "42"
    assert "42" in run("bash", "-c", FASTMCP + shell, cwd=tmp_path)


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
        if mode == "2025-11-25":
            ada.speak(mode)
        curl, python = exported(ada, "curl"), exported(ada, "Python")

        assert '"structuredContent":{"result":42}' in run("bash", "-c", curl, cwd=tmp_path)
        assert run(sys.executable, "-c", python, cwd=tmp_path).strip() == "42"
