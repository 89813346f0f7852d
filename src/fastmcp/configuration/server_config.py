"""fastmcp.json: which program a server is, what it needs, and how it is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, UnsetType, convert, field

from fastmcp.wire.model import Model

from .deployment import Deployment
from .environment import UVEnvironment
from .reading import read_as
from .source import FileSystemSource

if TYPE_CHECKING:
    from .program import Found

NAME = "fastmcp.json"


class MCPServerConfig(Model, rename={}, dict=True):
    """A server: its program, the environment that this needs, and how it is served."""

    source: Annotated[FileSystemSource, Meta(description="Where the server's program is.")]
    environment: Annotated[
        UVEnvironment, Meta(description="What it needs beside this package.")
    ] = field(default_factory=UVEnvironment)
    deployment: Annotated[Deployment, Meta(description="How it is served.")] = field(
        default_factory=Deployment
    )
    schema_: Annotated[
        str | UnsetType, Meta(description="The schema that editors check the file by.")
    ] = field(default=UNSET, name="$schema")

    def __post_init__(self) -> None:
        self.source = convert(self.source, FileSystemSource)
        self.environment = convert(self.environment or {}, UVEnvironment)
        self.deployment = convert(self.deployment or {}, Deployment)

    @property
    def path(self) -> Path | None:
        """The file that it was read from."""
        return vars(self).get("file")

    @property
    def folder(self) -> Path:
        """What its paths are relative to: the folder of its file, else the current one."""
        return Path.cwd() if self.path is None else self.path.parent

    @classmethod
    def from_file(cls, file_path: str | PathLike[str]) -> MCPServerConfig:
        """Read it from a JSON file; comments are allowed, and unknown keys are warned of.

        Raises:
            FileNotFoundError: there is no such file.
            ConfigurationError: something in it is wrong; the text names the file and the key.
        """
        path = Path(file_path).expanduser()
        config = read_as(cls, path)
        vars(config)["file"] = path.resolve()
        return config

    @classmethod
    def from_cli_args(
        cls,
        source: FileSystemSource,
        transport: Any = None,
        host: str | None = None,
        port: int | None = None,
        path: str | None = None,
        log_level: Any = None,
        python: str | None = None,
        dependencies: Sequence[str] | None = None,
        requirements: str | None = None,
        project: str | None = None,
        editable: str | Sequence[str] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        args: Sequence[str] | None = None,
    ) -> MCPServerConfig:
        """What a command line says."""
        return cls(
            source=source,
            environment=UVEnvironment(
                python=python,
                dependencies=_list(dependencies),
                requirements=requirements,
                project=project,
                editable=[editable] if isinstance(editable, str) else _list(editable),
            ),
            deployment=Deployment(
                transport="http" if transport == "streamable-http" else transport,
                host=host,
                port=port,
                path=path,
                log_level=log_level,
                env=None if env is None else dict(env),
                cwd=cwd,
                args=_list(args),
            ),
        )

    @classmethod
    def find_config(cls, start_path: Path | None = None) -> Path | None:
        """The fastmcp.json of a folder, by default the current one, if it has one."""
        path = (Path.cwd() if start_path is None else start_path) / NAME
        return path if path.is_file() else None

    def load(self, arguments: Sequence[str] | None = None) -> Found:
        """Set the variables, go to the working folder, and load the server, with these arguments
        instead of its own, if there are any.

        Raises:
            ConfigurationError: there is none, or its program failed.
        """
        folder = self.folder
        self.deployment.apply_runtime_settings(self.path)
        program = self.deployment.arguments() if arguments is None else arguments
        inner = self.deployment.working_folder(folder)
        if inner is not None and not (folder / self.source.path).exists():
            folder = inner
        return self.source.load(folder, program)

    async def prepare(self, skip_source: bool = False, output_dir: Path | None = None) -> None:
        """Have uv install the environment: as a project in that folder, else into its cache.

        Raises:
            ConfigurationError: uv is missing, or could not do it.
        """
        await self.prepare_environment(output_dir)
        if not skip_source:
            await self.prepare_source()

    async def prepare_environment(self, output_dir: Path | None = None) -> None:
        """The environment's part of `prepare`."""
        await self.environment.resolved(self.folder).prepare(output_dir)

    async def prepare_source(self) -> None:
        """The program's part of `prepare`: a file needs none."""
        await self.source.prepare()

    async def run_server(self, **kwargs: Any) -> None:
        """Load the server and serve it until the end; keywords of `FastMCP.run_async` win.

        Raises:
            ConfigurationError: there is none, or its program failed.
        """
        from .program import awaited

        server = await awaited(self.load())
        options: dict[str, Any] = {**self.deployment.run_options(), **kwargs}
        await server.run_async(**options)


def _list(given: Sequence[str] | None) -> list[str] | None:
    return None if given is None else list(given)
