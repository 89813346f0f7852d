"""Links that have Cursor and Goose ask their user."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .computers import Computer, calls

SECRET = "hunter2 % & =+/"


def parts(link: str) -> tuple[str, dict[str, list[str]]]:
    split = urlsplit(link.strip())
    return f"{split.scheme}://{split.netloc}{split.path}", parse_qs(split.query)


def cursor_entry(link: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(parts(link)[1]["config"][0]))


def test_cursors_link_has_the_entry(computer: Computer) -> None:
    """In base 64; variables are in it, and the name is quoted."""
    run = computer.install("cursor", "server.py", "--print", "--env", f"KEY={SECRET}")

    place, query = parts(run.stdout)
    assert place == "cursor://anysphere.cursor-deeplink/mcp/install"
    assert query["name"] == ["Shop Co"]
    entry = cursor_entry(run.stdout)
    assert entry["command"] == str(computer.programs / "uv")
    assert entry["args"][-1] == str(computer.project / "server.py")
    assert entry["env"] == {"KEY": SECRET}
    assert (run.returncode, run.stderr.replace("loading\n", "")) == (0, "")


def test_gooses_link_starts_uvx(computer: Computer) -> None:
    """Goose starts nothing else of the kind: this package is what the command comes from."""
    run = computer.install("goose", "server.py", "--print", "--with", "pandas>=2")

    place, query = parts(run.stdout)
    assert place == "goose://extension"
    assert query["cmd"] == ["uvx"]
    assert query["arg"][0] == "--from"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert query["arg"][2:6] == ["--python", version, "--with", "pandas>=2"]
    assert query["arg"][6:] == ["fastmcp", "run", str(computer.project / "server.py")]
    assert (query["id"], query["name"]) == (["shop-co"], ["Shop Co"])


@pytest.mark.parametrize("arguments", [["--env", f"KEY={SECRET}"], ["--project", "."]])
def test_what_gooses_link_cannot_have_is_refused(computer: Computer, arguments: list[str]) -> None:
    """With the cure."""
    computer.write("project/pyproject.toml", "[project]\nname='x'\nversion='1'\n")

    run = computer.install("goose", "server.py", "--print", *arguments)

    assert (run.returncode, run.stdout) == (1, "")
    assert "--config-path" in run.stderr
    assert SECRET not in run.stderr


def test_a_link_is_opened_by_the_desktop(computer: Computer) -> None:
    """As one argument, without a shell."""
    notes = computer.has_program("xdg-open")
    computer.variables["DISPLAY"] = ":9"

    run = computer.install("cursor", "server.py")

    ((link,),) = calls(notes)
    assert cursor_entry(link)["args"][-1] == str(computer.project / "server.py")
    assert (run.returncode, run.stdout) == (0, "")
    assert "Cursor asks whether" in run.stderr


@pytest.mark.parametrize("display", ["", ":9"])
def test_a_link_that_nothing_opens_is_printed(computer: Computer, display: str) -> None:
    """On a computer without a desktop, or where nothing knows such links; values are not told."""
    computer.has_program("xdg-open", "sys.exit(3)")
    computer.variables["DISPLAY"] = display

    run = computer.install("cursor", "server.py", "--env", f"KEY={SECRET}")

    assert run.returncode == 1
    assert cursor_entry(run.stdout)["env"] == {"KEY": SECRET}
    assert "it has the values of KEY" in run.stderr
    assert SECRET not in run.stderr
