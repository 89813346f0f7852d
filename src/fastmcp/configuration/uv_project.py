"""A project of uv's with what a server needs, in a folder that stays."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastmcp.exceptions import ConfigurationError

from .needs import needs_of
from .uv import python_asked, require_uv, run_uv

if TYPE_CHECKING:
    from .environment import UVEnvironment

PROJECT: Final = "pyproject.toml"
NAME: Final = 'name = "fastmcp-environment"'
"""What tells a project that was made here from somebody else's."""
STAMP: Final = "fastmcp-environment.json"
"""What it was made for."""


def write_project(environment: UVEnvironment, folder: Path) -> None:
    """Make a project in a folder, and install it into its `.venv`; one that was made here before is
    made anew. Paths in the environment are to be absolute.

    Raises:
        ConfigurationError: the folder has a project of another kind, or uv could not do it.
    """
    require_uv()
    needs = needs_of(environment)
    project = folder / PROJECT
    if project.exists() and NAME not in project.read_text("utf-8"):
        raise ConfigurationError(
            f"{folder} has a {PROJECT} of its own; name a folder that is empty or new"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STAMP).unlink(missing_ok=True)
    project.write_text(_project(needs.requirements), "utf-8")
    where = ("--project", str(folder))
    if environment.python is not None:
        where = (*where, "--python", python_asked(environment.python))
    if needs.file is not None:
        run_uv("add", *where, "--no-sync", "--requirements", needs.file)
    editable = needs.editable
    if environment.project is not None:
        editable = [*editable, environment.project]
    if editable:
        run_uv("add", *where, "--no-sync", "--editable", *editable)
    run_uv("sync", *where)
    (folder / STAMP).write_text(_stamp(environment), "utf-8")


def prepared_python(environment: UVEnvironment) -> Path | None:
    """The interpreter of the environment's project, if `write_project` has made that for all that
    the environment asks for, so that uv has nothing to do.
    """
    folder = Path(environment.project or "")
    try:
        if (folder / STAMP).read_text("utf-8") != _stamp(environment):
            return None
    except OSError:
        return None
    python = folder / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return python if python.exists() else None


def _stamp(environment: UVEnvironment) -> str:
    return json.dumps([environment.python, *needs_of(environment)], indent=2) + "\n"


def _project(requirements: list[str]) -> str:
    return (
        f'[project]\n{NAME}\nversion = "0"\nrequires-python = ">=3.11"\n'
        f"dependencies = {json.dumps(requirements, indent=4)}\n\n[tool.uv]\npackage = false\n"
        # What others need of `fastmcp` is met by this package.
        "override-dependencies = [\"fastmcp; python_version < '0'\"]\n"
    )
