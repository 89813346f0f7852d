"""How the server that is to be installed is started: by uv, which installs what it needs, else by
this interpreter.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastmcp.exceptions import ConfigurationError

from .programs.description import Launch
from .refusing import (
    checked_name,
    checked_package,
    checked_path,
    checked_python,
    checked_variable,
    safe_name,
)

if TYPE_CHECKING:
    from fastmcp.configuration.environment import UVEnvironment
    from fastmcp.server.server import FastMCP

    from ..loading import Target

_GENERATED: Final = re.compile(r"FastMCP-[0-9a-f]{4,}")
"""The name of a server that was given none is another one each time."""


@dataclass(frozen=True)
class Server:
    """The server that is to be installed."""

    name: str
    launch: Launch
    run: tuple[str, ...]
    """What the command `fastmcp` is given."""
    packages: tuple[str, ...]
    """What uv is told of the environment."""
    paths: tuple[str, ...]
    """The paths in all that, which are the user's."""


def server_of(options: argparse.Namespace) -> Server:
    """The server that is meant.

    Raises:
        ConfigurationError: there is none, or something that is said of it cannot be.
    """
    from ..loading import is_url, target_of

    if options.server is not None and is_url(options.server):
        raise ConfigurationError(
            f"{options.server} is there already: give programs the URL itself, or a .py file to be "
            "started"
        )
    target = target_of(options.server)
    run, file = _run_arguments(target)
    variables = _variables(options)
    environment = _environment(options, target)
    command, packages = _command(environment, skip=options.skip_env)
    paths = (command[0], str(file), *_paths(environment))
    if (name := options.name) is None:
        with _put_back(), contextlib.redirect_stdout(sys.stderr):
            os.environ.update(variables)
            name = _own_name(target, file)
    return Server(
        checked_name(name),
        Launch(command[0], (*command[1:], *run), variables),
        run,
        packages,
        paths,
    )


def _run_arguments(target: Target) -> tuple[tuple[str, ...], Path]:
    """What `fastmcp` is given, and the file that is the server's."""
    if target.document is not None:
        path = target.document.path
        assert path is not None
        transport = target.document.deployment.transport
        stdio = () if transport in (None, "stdio") else ("--transport", "stdio")
        return ("run", checked_path(path), "--skip-env", *stdio), path
    from ..loading import split

    given, name = split(target.spec)
    file = Path(given).expanduser()
    if file.suffix == ".json":
        raise ConfigurationError(
            f"{given} has servers of its own, which programs take as they are; give a .py file"
        )
    if not file.is_file():
        raise ConfigurationError(f"There is no file {file}")
    path = checked_path(file)
    return ("run", path if name is None else f"{path}:{name}"), Path(path)


def _environment(options: argparse.Namespace, target: Target) -> UVEnvironment:
    from fastmcp.configuration.environment import UVEnvironment

    asked = UVEnvironment(
        python=None if options.python is None else checked_python(options.python),
        dependencies=[checked_package(each) for each in options.dependencies or ()] or None,
        requirements=options.requirements,
        project=options.project,
        editable=options.editable,
    ).resolved(Path.cwd())
    if target.document is None:
        return asked
    whole = target.document.environment.resolved(target.document.folder).merged(asked)
    for each in whole.dependencies or ():
        checked_package(each)
    return whole


def _paths(environment: UVEnvironment) -> list[str]:
    found = (environment.requirements, environment.project, *(environment.editable or ()))
    return [checked_path(Path(each)) for each in found if each is not None]


def _command(environment: UVEnvironment, *, skip: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The command line up to what `fastmcp` is given, and what it says of the environment."""
    from fastmcp.configuration.uv import require_uv, run_arguments, with_python

    # What else is called so in the folder where a program starts it is not to be run: -P
    by_itself = (sys.executable, "-P", "-m", "fastmcp")
    uv = None if skip else shutil.which("uv") if environment.is_empty else require_uv()
    if uv is None:
        return by_itself, ()
    try:
        packages = tuple(run_arguments(with_python(environment)))
    except ConfigurationError:
        if environment.is_empty:  # then it is this package that cannot be installed elsewhere
            return by_itself, ()
        raise
    own = () if environment.project else ("--no-project",)
    return (os.path.abspath(uv), "run", *own, *packages, "fastmcp"), packages


@contextlib.contextmanager
def _put_back() -> Generator[None]:
    """What a program does to the variables and the working folder of this process holds no longer
    than this.
    """
    folder, variables = Path.cwd(), dict(os.environ)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(variables)


def _own_name(target: Target, file: Path) -> str:
    """What the server calls itself; where that cannot be found out for want of a package, or is
    made up each time, the name of its file.
    """
    name = _loaded_name(target)
    stem = file.parent.name if file.name == "fastmcp.json" else file.stem
    if name is None or _GENERATED.fullmatch(name):
        name = stem
    return safe_name(name) or safe_name(stem) or "server"


def _loaded_name(target: Target) -> str | None:
    from fastmcp.configuration.program import NotLoaded

    from ..loading import print_cause

    try:
        return _loaded(target).name
    except SystemExit as end:
        raise ConfigurationError(
            f"{target.spec} ended (exit code {end.code}) when it was loaded in order to ask its "
            "name; --name gives one, and it is not loaded"
        ) from None
    except NotLoaded as failure:
        if not isinstance(failure.__cause__, ImportError):
            print_cause(failure)
            raise
        print(
            f"fastmcp: {failure.__cause__} here, so that the server is named after its file; "
            "--name gives another name",
            file=sys.stderr,
        )
        return None


def _loaded(target: Target) -> FastMCP:
    import asyncio

    from fastmcp.configuration.program import awaited, load_file

    from ..loading import split

    if target.document is not None:
        return asyncio.run(awaited(target.document.load()))
    path, name = split(target.spec)
    return asyncio.run(awaited(load_file(Path(path).expanduser(), name, ())))


def _variables(options: argparse.Namespace) -> dict[str, str]:
    variables: dict[str, str] = {}
    if getattr(options, "env_file", None) is not None:
        variables.update(_file_variables(Path(options.env_file)))
    given: Sequence[str] = getattr(options, "env", ())
    for text in given:
        name, equals, value = text.partition("=")
        checked_variable(name if equals else "", "--env")
        variables[name] = value
    for name, value in variables.items():
        if "\0" in value:
            raise ConfigurationError(f"the value of {name} has a null character, which none can")
        if any("\ud800" <= each <= "\udfff" for each in value):
            raise ConfigurationError(f"the value of {name} is no UTF-8, which configurations are")
    return variables


def _file_variables(path: Path) -> dict[str, str]:
    from fastmcp._env_file import read_env_file

    try:
        found = read_env_file(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    for name in found:
        checked_variable(name, str(path))
    return found
