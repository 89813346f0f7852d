"""What a server's program needs beside itself: the `environment` of a fastmcp.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from fastmcp.wire.model import Model


class Environment(Model, rename={}):
    """What a server's program runs in."""

    def build_command(self, command: Sequence[str]) -> list[str]:
        """The command line that runs `command` in it."""
        return list(command)

    async def prepare(self, output_dir: Path | None = None) -> None:
        """Make it, where that takes anything."""


class UVEnvironment(Environment):
    """Python and packages, as uv installs them. This package itself is always one of them, in the
    way it is installed here; a requirement of `fastmcp` is met by it.
    """

    python: Annotated[
        str | None,
        Meta(description="The version of Python.", examples=["3.12", ">=3.11,<3.14"]),
    ] = None
    dependencies: Annotated[
        list[str] | None,
        Meta(description="Requirements of packages.", examples=[["httpx", "pandas>=2"]]),
    ] = None
    requirements: Annotated[
        str | None,
        Meta(description="A file with requirements.", examples=["requirements.txt"]),
    ] = None
    project: Annotated[
        str | None,
        Meta(description="The folder of a project, with its pyproject.toml.", examples=["."]),
    ] = None
    editable: Annotated[
        list[str] | None,
        Meta(description="Folders of packages that are edited.", examples=[["../package"]]),
    ] = None
    type: Literal["uv"] = "uv"

    def __post_init__(self) -> None:
        self.requirements = _text(self.requirements)
        self.project = _text(self.project)
        if self.editable is not None:
            self.editable = [str(each) for each in self.editable]

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return not (
            self.python or self.dependencies or self.requirements or self.project or self.editable
        )

    def resolved(self, folder: Path) -> UVEnvironment:
        """The same with absolute paths, where they are relative to `folder`."""
        return UVEnvironment(
            python=self.python,
            dependencies=self.dependencies,
            requirements=_absolute(self.requirements, folder),
            project=_absolute(self.project, folder),
            editable=None
            if self.editable is None
            else [str((folder / Path(each).expanduser()).resolve()) for each in self.editable],
        )

    def merged(self, other: UVEnvironment) -> UVEnvironment:
        """What `other` asks for, which wins, and what this one asks for besides."""
        return UVEnvironment(
            python=other.python or self.python,
            dependencies=[*(other.dependencies or ()), *(self.dependencies or ())] or None,
            requirements=other.requirements or self.requirements,
            project=other.project or self.project,
            editable=[*(other.editable or ()), *(self.editable or ())] or None,
        )

    def build_command(self, command: Sequence[str]) -> list[str]:
        """The command line by which uv runs `command` in this environment; `command` itself when
        it asks for nothing. Paths are relative to the current folder.

        Raises:
            ConfigurationError: a file that it names is missing.
        """
        if self.is_empty:
            return list(command)
        from .uv import run_arguments

        return ["uv", "run", *run_arguments(self.resolved(Path.cwd())), *command]

    async def prepare(self, output_dir: Path | None = None) -> None:
        """Have uv install it: as a project in that folder, else into uv's cache.

        Raises:
            ConfigurationError: uv is missing, or could not do it.
        """
        from asyncio import to_thread

        from .uv import run_uv
        from .uv_project import write_project

        if output_dir is not None:
            await to_thread(write_project, self.resolved(Path.cwd()), output_dir)
        elif not self.is_empty:
            await to_thread(run_uv, *self.build_command(["python", "-c", ""])[1:])


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)


def _absolute(path: str | None, folder: Path) -> str | None:
    return None if path is None else str((folder / Path(path).expanduser()).resolve())
