"""`fastmcp doctor`, as a process, in surroundings where something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def findings(made: subprocess.CompletedProcess[str], topic: str) -> list[dict[str, Any]]:
    document = json.loads(made.stdout)
    assert document["ok"] is (made.returncode == 0)
    return [each for each in document["findings"] if each["topic"] == topic]


def install(folder: Path, name: str, version: str, *files: str, **headers: str) -> None:
    """Have a folder of packages look as if a distribution were installed there."""
    place = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    place.mkdir(parents=True)
    more = "".join(f"{header.replace('_', '-')}: {value}\n" for header, value in headers.items())
    place.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}"
    )
    place.joinpath("RECORD").write_text("".join(f"{file},,\n" for file in files))
    place.joinpath("INSTALLER").write_text("pip\n")


@pytest.fixture
def packages(example: Path) -> tuple[Path, dict[str, str]]:
    """A folder of packages that comes first, and the variable that has it so."""
    folder = example / "packages"
    folder.mkdir()
    before = os.environ.get("PYTHONPATH")
    return folder, {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), before]))}


def test_an_installation_in_order(run: Run) -> None:
    """Everything is named with what it is, and the server of the folder answers."""
    made = run("doctor")

    assert made.returncode == 0, made.stdout
    for topic in ("Python", "Package", "Dependencies", "Extras", "Home", "Settings", "Server"):
        assert f"\n{topic}\n" in f"\n{made.stdout}"
    assert "ok       shop 1 answers, with 8 tools, 3 resources and 1 prompt\n" in made.stdout
    assert "-> fastmcp inspect --check lists them\n" in made.stdout
    assert made.stdout.splitlines()[-1].startswith("0 errors, ")


def test_another_distribution_with_the_same_package(
    run: Run, packages: tuple[Path, dict[str, str]]
) -> None:
    """Whichever was installed last has written over the other's files."""
    folder, variables = packages
    install(folder, "fastmcp", "3.4.10", "fastmcp/__init__.py")

    made = run("doctor", "--json", **variables)

    assert made.returncode == 1
    (rival,) = [each for each in findings(made, "Package") if each["level"] == "error"]
    assert rival["text"] == f"fastmcp 3.4.10 has a package 'fastmcp', too, in {folder}"
    assert rival["cure"] == (
        "pip uninstall fastmcp, then pip install --force-reinstall peregrine-mcp"
    )


def test_a_dependency_of_a_wrong_version(run: Run, packages: tuple[Path, dict[str, str]]) -> None:
    """It is told with what is needed, and who needs it."""
    folder, variables = packages
    install(folder, "h11", "0.9.0")

    made = run("doctor", **variables)

    assert made.returncode == 1
    assert "h11 is 0.9.0, and peregrine-mcp needs >=0.16" in made.stdout
    assert "pip install --upgrade peregrine-mcp" in made.stdout


def test_a_dependency_of_a_dependency_that_is_missing(
    run: Run, packages: tuple[Path, dict[str, str]]
) -> None:
    """Those are looked at, too; without them no server is started."""
    folder, variables = packages
    install(folder, "h11", "0.99", Requires_Dist="absent-thing>=1")

    made = run("doctor", "--json", **variables)

    assert [each["text"] for each in findings(made, "Dependencies")] == ["absent-thing is missing"]
    assert findings(made, "Server")[0]["text"] == "not looked at, without all dependencies"


def test_a_broken_package_does_not_keep_it_from_telling(
    run: Run, packages: tuple[Path, dict[str, str]]
) -> None:
    """What all else stands on may be what is missing."""
    folder, variables = packages
    folder.joinpath("msgspec.py").write_text("raise ImportError('broken')\n")
    install(folder, "msgspec", "0.1")

    made = run("doctor", **variables)

    assert made.returncode == 1
    assert "msgspec is 0.1, and peregrine-mcp needs >=0.20" in made.stdout
    assert made.stderr == ""


def test_an_extra_that_is_not_installed(run: Run, packages: tuple[Path, dict[str, str]]) -> None:
    """What it would give, and how to have it; that is no error."""
    folder, variables = packages
    install(folder, "rich", "1.0")

    made = run("doctor", "--json", **variables)

    assert made.returncode == 0
    (extra,) = [each for each in findings(made, "Extras") if each["text"].startswith("[cli]")]
    assert extra["level"] == "note"
    assert extra["text"].startswith("[cli]: tables and colours on terminals; rich is 1.0")
    assert extra["cure"] == "to have it: pip install 'peregrine-mcp[cli]'"


def test_settings_that_mean_nothing(run: Run, example: Path) -> None:
    """In the environment and in .env, with the nearest name; a value that cannot be is an error."""
    example.joinpath(".env").write_text("FASTMCP_LOG_LEVLE=debug\n")

    made = run("doctor", "--json", FASTMCP_PROT="1", FASTMCP_PORT="high")

    texts = [each["text"] for each in findings(made, "Settings")]
    assert made.returncode == 1
    assert texts == [
        "FASTMCP_PROT is set, and there is no such setting; did you mean FASTMCP_PORT?",
        ".env: FASTMCP_LOG_LEVLE is set, and there is no such setting; did you mean "
        "FASTMCP_LOG_LEVEL?",
        "FASTMCP_PORT='high': it must be a port, 0 to 65535",
    ]


def test_a_home_that_cannot_be_written(run: Run, example: Path) -> None:
    """A file in its place is the plainest case, which holds for every user."""
    made = run("doctor", "--json", FASTMCP_HOME=str(example / "server.py" / "home"))

    assert made.returncode == 1
    assert "cannot be written" in findings(made, "Home")[0]["text"]


def test_uv_that_is_missing_or_broken(run: Run, example: Path) -> None:
    """The one is a note, since most needs no uv, the other an error."""
    folder = example / "bin"
    folder.mkdir()
    python = os.path.dirname(sys.executable)

    missing = run("doctor", "--json", PATH=f"{folder}:{python}")
    folder.joinpath("uv").write_text("#!/bin/sh\nexit 3\n")
    folder.joinpath("uv").chmod(0o755)
    broken = run("doctor", "--json", PATH=f"{folder}:{python}:/usr/bin:/bin")

    assert findings(missing, "uv")[0]["level"] == "note"
    assert findings(broken, "uv")[0]["level"] == "error"
    assert "does not run" in findings(broken, "uv")[0]["text"]


def test_a_command_on_path_of_another_environment(run: Run, example: Path) -> None:
    """It is what a shell would start instead."""
    folder = example / "bin"
    folder.mkdir()
    folder.joinpath("fastmcp").write_text("#!/bin/sh\n")
    folder.joinpath("fastmcp").chmod(0o755)

    made = run("doctor", "--json", PATH=f"{folder}:/usr/bin:/bin")

    assert findings(made, "Command") == [
        {
            "topic": "Command",
            "level": "warning",
            "text": f"`fastmcp` is {folder / 'fastmcp'}, which is not of this environment",
            "cure": f"activate the environment, or use {sys.executable} -m fastmcp",
        }
    ]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise RuntimeError('mine')\n", "could not be loaded"),
        ("x = 1\n", "server.py has no FastMCP server"),
    ],
)
def test_a_server_that_does_not_begin(run: Run, example: Path, source: str, told: str) -> None:
    """That is an error, with the reason."""
    example.joinpath("server.py").write_text(source)

    made = run("doctor", "--json")

    assert made.returncode == 1
    assert told in findings(made, "Server")[0]["text"]


def test_a_folder_without_a_server(run: Run, example: Path) -> None:
    """There is nothing to look at, which is no error."""
    example.joinpath("server.py").unlink()

    made = run("doctor", "--json")

    assert made.returncode == 0
    assert findings(made, "Server")[0]["level"] == "note"
