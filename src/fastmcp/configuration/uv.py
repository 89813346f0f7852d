"""uv, as a program: the arguments that make an environment, and running it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from fastmcp.exceptions import ConfigurationError

from .needs import needs_of

if TYPE_CHECKING:
    from .environment import UVEnvironment


def require_uv() -> str:
    """The path of uv.

    Raises:
        ConfigurationError: there is none.
    """
    found = shutil.which("uv") or os.environ.get("UV")
    if not found:
        raise ConfigurationError(
            "The environment is built by uv, which is not installed; `pip install uv` installs "
            "it, and so does https://docs.astral.sh/uv/; --skip-env goes without an environment"
        )
    return found


def run_arguments(environment: UVEnvironment) -> Iterator[str]:
    """The options of `uv run` that make an environment, with this package in it. Paths are to be
    absolute.

    Raises:
        ConfigurationError: a file or folder that it names is missing.
    """
    if environment.project is not None:
        if not Path(environment.project, "pyproject.toml").is_file():
            raise ConfigurationError(f"There is no project in {environment.project}")
        yield from ("--project", environment.project)
    if environment.python is not None:
        yield from ("--python", python_asked(environment.python))
    needs = needs_of(environment)
    for each in needs.editable:
        yield from ("--with-editable", each)
    for each in needs.requirements:
        yield from ("--with", each)
    if needs.file is not None:
        yield from ("--with-requirements", needs.file)


def python_asked(version: str) -> str:
    """The Python that uv is asked for: of a range that this one is in, this one, since others in it
    may be too old for this package.
    """
    from .satisfaction import is_this_python

    return this_python() if version[0] in "<>=!~" and is_this_python(version) else version


def with_python(environment: UVEnvironment) -> UVEnvironment:
    """With this Python where neither a Python nor a project is named: uv's own choice may be too
    old for this package.
    """
    if environment.project is not None or environment.python is not None:
        return environment
    return environment.merged(type(environment)(python=this_python()))


def this_python() -> str:
    """The version of this Python, without the patch."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def replace_process(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Become another command, with the same standard streams; on Windows, wait for it and end as
    it does.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], list(command), dict(environ))
    raise SystemExit(subprocess.run(list(command), env=dict(environ)).returncode)


def run_uv(*arguments: str) -> None:
    """Run `uv …` to its end; what it says goes to standard error.

    Raises:
        ConfigurationError: uv is missing, or failed.
    """
    done = subprocess.run([require_uv(), *arguments], stdout=sys.stderr)
    if done.returncode:
        raise ConfigurationError(f"uv {arguments[0]} failed, as it says above")
