"""What an environment needs, whether it is there already, and how uv is told."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from fastmcp.configuration import UVEnvironment
from fastmcp.configuration.installed import requirement_of_itself
from fastmcp.configuration.satisfaction import is_satisfied
from fastmcp.exceptions import ConfigurationError

PYTHON = platform.python_version()


def with_(folder: Path, **asked: Any) -> UVEnvironment:
    return UVEnvironment(**asked).resolved(folder)


def test_an_empty_environment_changes_no_command() -> None:
    """Nor do empty lists."""
    assert UVEnvironment(dependencies=[], editable=[]).build_command(["x"]) == ["x"]


def test_uv_is_told_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This package as it is installed here, and the rest; plain files of requirements are read."""
    (tmp_path / "requirements.txt").write_text("httpx >= 0.20  # for us\n\n# no\nrich\\\n>=13\n")
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    environment = UVEnvironment(
        python="3.12", dependencies=["rich"], requirements="requirements.txt", project="."
    )

    assert environment.build_command(["python", "x"]) == [
        *("uv", "run", "--project", str(tmp_path), "--python", "3.12"),
        *requirement_of_itself(),
        *("--with", "rich", "--with", "httpx >= 0.20", "--with", "rich >=13"),
        *("python", "x"),
    ]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (">=3.8", "{}.{}".format(*sys.version_info)),
        (">=99", ">=99"),
        (PYTHON, PYTHON),
        ("pypy@3.11", "pypy@3.11"),
    ],
)
def test_of_a_range_this_python_is_asked_for(asked: str, told: str) -> None:
    """Another one in it could be too old for this package."""
    command = UVEnvironment(python=asked).build_command([])

    assert command[:4] == ["uv", "run", "--python", told]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("fastmcp", None),
        ("FastMCP >=2.0,<3", None),
        ("fastmcp[tasks]>=3", "peregrine-mcp[tasks]"),
        ("fastmcp @ git+https://example.org/x", None),
        ("fastmcp-tasks", "fastmcp-tasks"),
        ("fastmcp_contrib>=1", "fastmcp_contrib>=1"),
    ],
)
def test_fastmcp_is_this_package(asked: str, left: str | None) -> None:
    """Another one of that import name would be in its way."""
    command = UVEnvironment(dependencies=[asked, "rich"]).build_command([])
    packages = [each for each in command if command[command.index(each) - 1] == "--with"]

    assert packages == ([] if left is None else [left]) + ["rich"]


def test_a_file_for_uv_to_read_may_not_have_fastmcp(tmp_path: Path) -> None:
    """Options and paths are for uv; then that line cannot be left out."""
    path = tmp_path / "requirements.txt"
    path.write_text("-r others.txt\nrich\n")
    environment = with_(tmp_path, requirements="requirements.txt")

    assert environment.build_command([])[-2:] == ["--with-requirements", str(path)]
    path.write_text("-r others.txt\nfastmcp>=2\n")
    with pytest.raises(ConfigurationError, match="take that line out of it"):
        environment.build_command([])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"requirements": "no.txt"}, "no.txt: No such file"),
        ({"editable": ["no"]}, "/no, which is missing"),
        ({"project": "no"}, "There is no project in "),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, asked: dict[str, Any], words: str) -> None:
    """Before uv is run."""
    with pytest.raises(ConfigurationError, match=words):
        with_(tmp_path, **asked).build_command([])


@pytest.mark.parametrize(
    ("asked", "satisfied"),
    [
        ({}, True),
        ({"python": PYTHON}, True),
        ({"python": PYTHON.rpartition(".")[0]}, True),
        ({"python": ">=3.11"}, True),
        ({"python": "3.1"}, False),
        ({"python": "2.7"}, False),
        ({"python": "pypy"}, False),
        ({"dependencies": ["msgspec"]}, True),
        ({"dependencies": ["fastmcp>=99"]}, True),
        ({"dependencies": ["peregrine-mcp"]}, True),
        ({"dependencies": ["MsgSpec>=0.1", "absent; python_version < '3'"]}, True),
        ({"dependencies": ["msgspec>=99"]}, False),
        ({"dependencies": ["no-such-package"]}, False),
        ({"dependencies": ["msgspec @ https://example.org/x.whl"]}, False),
        ({"dependencies": ["not a requirement"]}, False),
        ({"dependencies": ["redis[hiredis]"]}, True),
        ({"dependencies": ["httpx[no-such-extra]"]}, True),
        ({"dependencies": ["jsonschema[format]"]}, False),
        ({"requirements": "plain.txt"}, True),
        ({"requirements": "options.txt"}, False),
        ({"project": "."}, False),
        ({"editable": ["."]}, False),
    ],
    ids=str,
)
def test_nothing_is_built_that_is_there(
    tmp_path: Path, asked: dict[str, Any], satisfied: bool
) -> None:
    """In a version that will do, with what the extras need."""
    (tmp_path / "plain.txt").write_text("msgspec\npydantic>=2\n")
    (tmp_path / "options.txt").write_text("--pre\nmsgspec\n")

    assert is_satisfied(with_(tmp_path, **asked)) is satisfied


def test_an_environment_is_where_it_was_made() -> None:
    """The project of this interpreter's environment, and a package that is edited in it."""
    option, folder = requirement_of_itself()
    prefix = Path(sys.prefix)

    assert option == "--with-editable", "these tests run in a checkout"
    assert is_satisfied(UVEnvironment(editable=[folder]))
    assert is_satisfied(UVEnvironment(project=str(prefix.parent))) is (prefix.name == ".venv")


async def test_a_missing_uv_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a cure, and before anything is written."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("UV", raising=False)
    environment = UVEnvironment(dependencies=["no-such-package"])

    for folder in (None, tmp_path / "environment"):
        with pytest.raises(ConfigurationError, match="pip install uv"):
            await environment.prepare(folder)
    assert list(tmp_path.iterdir()) == []
    await UVEnvironment().prepare()


def test_the_command_line_comes_first(tmp_path: Path) -> None:
    """What it says of one thing wins; packages are added."""
    file = UVEnvironment(python="3.11", dependencies=["a"], project="p")
    asked = UVEnvironment(python="3.12", dependencies=["b"], editable=["e"])

    assert file.merged(asked) == UVEnvironment(
        python="3.12", dependencies=["b", "a"], project="p", editable=["e"]
    )


# How this package was installed


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (None, ("--with", "peregrine-mcp==1.5")),
        (
            {"url": "file://FOLDER", "dir_info": {"editable": True}},
            ("--with-editable", "FOLDER"),
        ),
        ({"url": "file://FOLDER", "dir_info": {}}, ("--with", "peregrine-mcp @ file://FOLDER")),
        (
            {
                "url": "https://example.org/x.git",
                "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "main"},
                "subdirectory": "python",
            },
            ("--with", "peregrine-mcp @ git+https://example.org/x.git@abc#subdirectory=python"),
        ),
        (
            {
                "url": "https://example.org/x.whl",
                "archive_info": {"hash": "sha256=12", "hashes": {"sha256": "12"}},
            },
            ("--with", "peregrine-mcp @ https://example.org/x.whl#sha256=12"),
        ),
    ],
    ids=str,
)
def test_this_package_is_installed_as_it_was(
    tmp_path: Path, origin: dict[str, Any] | None, told: tuple[str, str]
) -> None:
    """By its own metadata (PEP 610), of whatever is imported."""
    import shutil

    from processes import run_python

    import fastmcp

    installed = tmp_path / "peregrine_mcp-1.5.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: peregrine-mcp\nVersion: 1.5")
    if origin is not None:
        text = json.dumps(origin).replace("FOLDER", str(tmp_path))
        (installed / "direct_url.json").write_text(text)
    shutil.copytree(
        Path(fastmcp.__file__).parent,
        tmp_path / "fastmcp",
        ignore=shutil.ignore_patterns("__pycache__", "server", "client", "wire"),
    )
    code = (
        "from fastmcp.configuration.installed import requirement_of_itself;"
        "print(requirement_of_itself())"
    )

    done = run_python("-c", code, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})

    expected = tuple(each.replace("FOLDER", str(tmp_path)) for each in told)
    assert done.stdout == f"{expected}\n", done.stderr
