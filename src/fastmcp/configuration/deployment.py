"""How a server is to be served: the `deployment` of a fastmcp.json."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from fastmcp.client.config.variables import expand
from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.model import Model

LABEL = "deployment"


class Deployment(Model, rename={}):
    """How the server is served. `${NAME}` and `${NAME:-otherwise}` in its texts are variables of
    the environment.
    """

    transport: Annotated[
        Literal["stdio", "http", "sse", "streamable-http"] | None,
        Meta(description="What clients reach it by; stdio by default."),
    ] = None
    host: Annotated[
        str | None,
        Meta(description="Address that HTTP binds.", examples=["127.0.0.1", "0.0.0.0"]),
    ] = None
    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)]
        | Annotated[str, Meta(pattern=r"^(\d+|\$\{.+\})$")]
        | None,
        Meta(description="Port that HTTP binds, or a variable.", examples=[8000, "${PORT}"]),
    ] = None
    path: Annotated[
        str | None, Meta(description="Path of the endpoint over HTTP.", examples=["/mcp"])
    ] = None
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] | None,
        Meta(description="How much is logged."),
    ] = None
    cwd: Annotated[
        str | None,
        Meta(description="Working folder of the server, from the file's own.", examples=["./data"]),
    ] = None
    env: Annotated[
        dict[str, str] | None,
        Meta(
            description="Variables that are set before the server is loaded.",
            examples=[{"API_KEY": "${SECRET}", "DEBUG": "true"}],
        ),
    ] = None
    args: Annotated[
        list[str] | None,
        Meta(
            description="Arguments of the server: what its sys.argv has behind its path.",
            examples=[["--config", "config.json"]],
        ),
    ] = None

    def __post_init__(self) -> None:
        if isinstance(self.port, str) and self.port.isdecimal():
            self.port = int(self.port)

    def apply_runtime_settings(self, config_path: Path | None = None) -> None:
        """Set the variables, and go to the working folder; it is relative to that of the file."""
        label = _label(config_path)
        for name, value in (self.env or {}).items():
            text = expand(value, label, f"{LABEL}.env.{name}")
            try:
                os.environ[name] = text
            except (ValueError, OSError) as error:
                raise ConfigurationError(f"{label}: {LABEL}.env: {name!r}: {error}") from None
        folder = self.working_folder(Path() if config_path is None else config_path.parent)
        if folder is not None:
            try:
                os.chdir(folder)
            except OSError as error:
                raise ConfigurationError(
                    f"{label}: {LABEL}.cwd: {folder}: {error.strerror}"
                ) from None

    def working_folder(self, base: Path) -> Path | None:
        """The working folder, absolute, if it says one."""
        if self.cwd is None:
            return None
        return (base / Path(expand(self.cwd, LABEL, "cwd")).expanduser()).resolve()

    def run_options(self) -> dict[str, str | int]:
        """What it says of the serving itself, by the names that `FastMCP.run` has for it."""
        said: dict[str, str | int] = {}
        for name in ("transport", "host", "port", "path", "log_level"):
            value: str | int | None = getattr(self, name)
            if isinstance(value, str):
                value = expand(value, LABEL, name)
                value = _port(value) if name == "port" else value
            if value is not None:
                said[name] = value
        return said

    def arguments(self) -> list[str]:
        """The arguments of the program."""
        return [expand(each, LABEL, f"args[{at}]") for at, each in enumerate(self.args or ())]


def _label(path: Path | None) -> str:
    return "fastmcp.json" if path is None else str(path)


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise ConfigurationError(f"{LABEL}.port is {text!r}: it must be a port, 0 to 65535")
