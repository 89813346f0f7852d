"""The options of commands that run a server's program in an environment made for it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from fastmcp.configuration.environment import UVEnvironment
    from fastmcp.configuration.server_config import MCPServerConfig

_FLAGS: Final = {
    "python": "--python",
    "dependencies": "--with",
    "editable": "--with-editable",
    "requirements": "--with-requirements",
    "project": "--project",
}


def add_environment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what the program needs."""
    group = parser.add_argument_group("environment, as uv makes it")
    group.add_argument("--python", metavar="VERSION", help="the version of Python")
    group.add_argument(
        "--with", metavar="PACKAGE", action="append", dest="dependencies", help="a package it needs"
    )
    group.add_argument(
        "--with-editable",
        metavar="FOLDER",
        action="append",
        dest="editable",
        help="a package that is edited",
    )
    group.add_argument(
        "--with-requirements", metavar="FILE", dest="requirements", help="a file with requirements"
    )
    group.add_argument("--project", metavar="FOLDER", help="the project that has what it needs")
    group.add_argument(
        "--skip-env", action="store_true", help="run it as it is here, whatever it needs"
    )


def environment_flags(options: argparse.Namespace) -> list[str]:
    """What tells `fastmcp run` of these options."""
    flags: list[str] = []
    for name, flag in _FLAGS.items():
        given: str | list[str] | None = getattr(options, name)
        values = [given] if isinstance(given, str) else given or []
        flags += [word for value in values for word in (flag, value)]
    return [*flags, "--skip-env"] if options.skip_env else flags


def enter_environment(
    options: argparse.Namespace, document: MCPServerConfig | None, words: int = 1
) -> None:
    """Go on in the environment that the options and a `fastmcp.json` ask for: unless this one will
    do, this process becomes `uv run` of the same command line. `words` are those of the command.

    Raises:
        ConfigurationError: uv is missing, or a file that is named.
    """
    asked = [options.python, options.dependencies, options.editable, options.requirements]
    if options.skip_env or (
        not any([*asked, options.project]) and (document is None or document.environment.is_empty)
    ):
        return
    from fastmcp.configuration.environment import UVEnvironment
    from fastmcp.configuration.satisfaction import is_satisfied

    environment = UVEnvironment(
        python=options.python,
        dependencies=options.dependencies,
        editable=options.editable,
        requirements=options.requirements,
        project=options.project,
    ).resolved(Path.cwd())
    if document is not None:
        environment = document.environment.resolved(document.folder).merged(environment)
    if not is_satisfied(environment):
        given = sys.argv[1:]
        _become(environment, [*given[:words], "--skip-env", *given[words:]])


def _become(environment: UVEnvironment, arguments: list[str]) -> NoReturn:
    """Run the command with these arguments in an environment."""
    from fastmcp.configuration.uv import replace_process, require_uv, with_python
    from fastmcp.configuration.uv_project import prepared_python

    program = ["-P", str(Path(__file__).with_name("starting.py")), *arguments]
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    if (python := prepared_python(environment)) is not None:
        replace_process([str(python), *program], environ)
    if environment.project is None:
        environ = dict(os.environ)  # uv builds on the environment that is active
    command = with_python(environment).build_command(["python", *program])
    replace_process([require_uv(), *command[1:]], environ)
