"""MCPConfig: servers by name, as `mcpServers` files and editors have them."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeAlias, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationError,
    model_validator,
)

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError

from .entries import (
    RemoteMCPServer,
    StdioMCPServer,
    TransformingRemoteMCPServer,
    TransformingStdioMCPServer,
    is_transforming,
    kind_of,
)
from .json_file import read_object, write_text
from .keys import is_entry, misspelt

SERVERS = "mcpServers"
_KINDS = ("stdio", "remote", "changed stdio", "changed remote")


def _require_kind(given: Any) -> Any:
    if isinstance(given, BaseModel):
        return given
    if not isinstance(given, Mapping):
        raise ValueError("must be an object with command (a program to run) or url")
    entry = cast("Mapping[str, Any]", given)
    if kind_of(entry) is None:
        for key in entry:
            if meant := misspelt(key):
                raise ValueError(f"unknown key {key!r}; did you mean {meant!r}?")
        raise ValueError("needs command (a program to run) or url (where it listens)")
    return entry


def _plain_kind(given: Any) -> str | None:
    if isinstance(given, BaseModel):
        return "stdio" if isinstance(given, StdioMCPServer) else "remote"
    return kind_of(given)


def _kind(given: Any) -> str | None:
    if isinstance(given, BaseModel):
        changed = isinstance(given, (TransformingStdioMCPServer, TransformingRemoteMCPServer))
    else:
        changed = is_transforming(given)
    kind = _plain_kind(given)
    return f"changed {kind}" if changed else kind


TransformingMCPServerTypes: TypeAlias = TransformingStdioMCPServer | TransformingRemoteMCPServer
CanonicalMCPServerTypes: TypeAlias = StdioMCPServer | RemoteMCPServer
MCPServerTypes: TypeAlias = TransformingMCPServerTypes | CanonicalMCPServerTypes

_AnyEntry: TypeAlias = Annotated[
    Annotated[TransformingStdioMCPServer, Tag("changed stdio")]
    | Annotated[TransformingRemoteMCPServer, Tag("changed remote")]
    | Annotated[StdioMCPServer, Tag("stdio")]
    | Annotated[RemoteMCPServer, Tag("remote")],
    Discriminator(_kind),
    BeforeValidator(_require_kind),
]
_CanonicalEntry: TypeAlias = Annotated[
    Annotated[StdioMCPServer, Tag("stdio")] | Annotated[RemoteMCPServer, Tag("remote")],
    Discriminator(_plain_kind),
    BeforeValidator(_require_kind),
]


class _Origin:
    """The file that a configuration was read from; it makes no difference between two of them."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Origin)

    __hash__ = None  # type: ignore[assignment]


class MCPConfig(BaseModel):
    """Servers by name. Validation also takes servers at the root, and under `servers` (VS Code);
    keys beside them are kept.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    mcpServers: dict[str, _AnyEntry] = Field(default_factory=dict)  # noqa: N815 - the file's key

    _origin: _Origin = PrivateAttr(default_factory=_Origin)

    @model_validator(mode="before")
    @classmethod
    def wrap_servers_at_root(cls, values: Any) -> Any:
        """Put the servers where the model has them, wherever a file has them."""
        if not isinstance(values, dict):
            return values
        data = cast("dict[str, Any]", values)
        place = servers_in(data)
        if place == (SERVERS,):
            return data
        if place == ():
            servers: dict[str, Any] = {k: v for k, v in data.items() if isinstance(v, Mapping)}
            return {SERVERS: servers} | {k: v for k, v in data.items() if k not in servers}
        if place is None:
            for key in data:
                if nearest(key, [SERVERS], cutoff=0.7):
                    raise ValueError(f"unknown key {key!r}; did you mean {SERVERS!r}?")
            return data
        inner = data
        for key in place:
            inner = inner[key]
        return {SERVERS: inner} | {k: v for k, v in data.items() if k != place[0]}

    @property
    def origin(self) -> Path | None:
        """The file that it was read from."""
        return self._origin.path

    def label(self, name: str) -> str:
        """How messages name one of the servers: with the file, when there is one."""
        return f"{self.origin}: server {name!r}" if self.origin else f"server {name!r}"

    def add_server(self, name: str, server: MCPServerTypes) -> None:
        """Add a server, or put it in the place of the one of that name."""
        self.mcpServers[name] = server

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> Self:
        """Read it from what the JSON holds.

        Raises:
            ConfigurationError: a server cannot be one; the text names it and the key.
        """
        return cls._read(config, None)

    @classmethod
    def from_file(cls, file_path: str | PathLike[str]) -> Self:
        """Read it from a JSON file, in UTF-8; comments are allowed.

        Raises:
            ConfigurationError: there is none, or something in it is wrong; the text names the file,
                the server and the key.
        """
        path = Path(file_path)
        data, _ = read_object(path)
        if not data:
            raise ConfigurationError(f"No MCP servers defined in the config: {path} is empty")
        return cls._read(data, path)

    @classmethod
    def _read(cls, data: Mapping[str, Any], path: Path | None) -> Self:
        try:
            config = cls.model_validate(data)
        except ValidationError as error:
            where = f"{path}: " if path else ""
            raise ConfigurationError(where + in_one_line(error)) from None
        config._origin = _Origin(path)
        return config

    def to_dict(self) -> dict[str, Any]:
        """What a JSON file would hold, without what is None."""
        return self.model_dump(exclude_none=True)

    def write_to_file(self, file_path: str | PathLike[str]) -> None:
        """Write it as JSON, for each server what was said of it."""
        servers = {name: entry_dict(server) for name, server in self.mcpServers.items()}
        data = {**(self.model_extra or {}), SERVERS: servers}
        write_text(Path(file_path), as_json(data))


class CanonicalMCPConfig(MCPConfig):
    """Servers as every MCP program understands them: `tools` and tags are only kept."""

    mcpServers: dict[str, _CanonicalEntry] = Field(default_factory=dict)  # noqa: N815


def servers_in(data: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The keys that lead to the servers: none when they are at the root, None without any."""
    if SERVERS in data:
        return (SERVERS,)
    if any(is_entry(value) for value in data.values()):
        return ()
    for place in (("servers",), ("mcp", "servers")):
        inner: Any = data
        for key in place:
            inner = (
                cast("Mapping[str, Any]", inner).get(key) if isinstance(inner, Mapping) else None
            )
        if isinstance(inner, Mapping):
            return place
    return None


def entry_dict(server: BaseModel) -> dict[str, Any]:
    """What was said of a server, as JSON has it."""
    return server.model_dump(mode="json", exclude_unset=True, exclude_none=True)


def as_json(data: Any) -> str:
    """The text of a file."""
    import json

    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def in_one_line(error: ValidationError) -> str:
    """What is wrong, with the server and the key, and without the value."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    first = problems[0]
    path: list[str] = []
    inner = [str(part) for part in first["loc"]]
    if inner[:1] == [SERVERS] and len(inner) > 1:
        path.append(f"server {inner[1]!r}")
        inner = inner[3:] if inner[2:3] and inner[2] in _KINDS else inner[2:]
    if inner:
        path.append(".".join(inner))
    text = first["msg"].removeprefix("Value error, ")
    rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return ": ".join([*path, text]) + rest
