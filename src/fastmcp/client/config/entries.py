"""StdioMCPServer, RemoteMCPServer and their transforming kinds: one server of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.revisions import REVISIONS

from ..transports.inference import infer_transport_type_from_url
from .keys import URL_ALIASES, misspelt
from .variables import expand, expand_header

if TYPE_CHECKING:
    from ..transports.transport import ClientTransport
    from .tool_changes import ToolChanges

THIS = "this server"
# Below it a `timeout` is taken for seconds: nobody means to wait that few milliseconds.
SHORTEST_MS = 1000


class _Entry(BaseModel):
    """What entries have in common. Keys of editors are kept as they are; a slip is refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", arbitrary_types_allowed=True)

    NAMES: ClassVar[tuple[str, ...]]

    type: str | None = None
    timeout: float | None = Field(default=None, ge=0)
    """How long the server may take for each answer: in milliseconds, or in seconds below 1000."""
    mode: str | None = None
    """How this server is spoken to, as `Client(mode=...)` has it."""
    description: str | None = None
    icon: str | None = None
    authentication: dict[str, Any] | None = Field(default=None, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_slips(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        entry = cast("dict[str, Any]", given)
        for key in entry:
            if meant := misspelt(key):
                raise ValueError(f"unknown key {key!r}; did you mean {meant!r}?")
        return entry

    @field_validator("type", "transport", check_fields=False)
    @classmethod
    def _known_transport(cls, given: str | None) -> str | None:
        if given is not None and transport_name(given) not in cls.NAMES:
            raise ValueError(f"{given!r} is none of {', '.join(cls.NAMES)} for such a server")
        return given

    @field_validator("mode")
    @classmethod
    def _known_mode(cls, given: str | None) -> str | None:
        known = ("auto", "legacy", *REVISIONS)
        if given is not None and given not in known:
            raise ValueError(f"{given!r} is none of {', '.join(known)}")
        return given

    @property
    def is_disabled(self) -> bool:
        """Whether an editor's user has switched it off: `disabled: true`, or `enabled: false`."""
        extra = self.model_extra or {}
        return extra.get("disabled") is True or extra.get("enabled") is False

    @property
    def patience(self) -> float | None:
        """The `timeout` in seconds."""
        if not self.timeout:
            return None
        return self.timeout if self.timeout < SHORTEST_MS else self.timeout / 1000


class StdioMCPServer(_Entry):
    """A server that is run as a child process."""

    NAMES: ClassVar[tuple[str, ...]] = ("stdio",)

    command: str
    args: list[str] = Field(default_factory=list)
    env: dict[str, Any] = Field(default_factory=dict, repr=False)
    transport: str = "stdio"
    cwd: str | None = None
    keep_alive: bool | None = None

    @field_validator("env")
    @classmethod
    def _plain_values(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, value in given.items():
            if value is not None and not isinstance(value, (str, int, float)):
                raise ValueError(f"{name} must be a text, a number, true or false")
        return given

    def to_transport(self, label: str = THIS) -> ClientTransport:
        """The transport, with variables expanded; messages name the entry by `label`."""
        from ..transports.stdio import StdioTransport

        return StdioTransport(
            expand(self.command, label, "command"),
            [expand(each, label, f"args[{at}]") for at, each in enumerate(self.args)],
            env={
                name: expand(_text(value), label, f"env.{name}")
                for name, value in self.env.items()
                if value is not None
            },
            cwd=None if self.cwd is None else expand(self.cwd, label, "cwd"),
            keep_alive=self.keep_alive,
        )


class RemoteMCPServer(_Entry):
    """A server that is reached at a URL."""

    NAMES: ClassVar[tuple[str, ...]] = ("http", "streamable-http", "sse")

    url: str
    transport: str | None = None
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    auth: Any = Field(default=None, repr=False)
    """A bearer token, `"oauth"`, or an `httpx2.Auth`."""
    sse_read_timeout: timedelta | float | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_url(cls, given: Any) -> Any:
        """Some editors have names of their own for `url`."""
        if isinstance(given, dict) and "url" not in given:
            entry = cast("dict[str, Any]", given)
            for alias in URL_ALIASES:
                if alias in entry:
                    rest = {key: value for key, value in entry.items() if key != alias}
                    return {**rest, "url": entry[alias]}
        return cast("Any", given)

    @field_validator("url", mode="before")
    @classmethod
    def _as_text(cls, given: Any) -> str:
        return str(given)

    def to_transport(self, label: str = THIS) -> ClientTransport:
        """The transport, with variables expanded; messages name the entry by `label`.

        Raises:
            ConfigurationError: a variable of a header is not set, or the URL is none.
        """
        url = expand(self.url, label, "url")
        headers = {name: expand_header(value, label, name) for name, value in self.headers.items()}
        auth = self._credentials(label)
        named = self.transport or self.type
        try:
            kind = transport_name(named) if named else infer_transport_type_from_url(url)
            if kind == "sse":
                from ..transports.sse import SSETransport

                return SSETransport(url, headers, auth, self.sse_read_timeout)
            from ..transports.http import StreamableHttpTransport

            return StreamableHttpTransport(url, headers, auth, self.sse_read_timeout)
        except (ValueError, NotImplementedError) as error:
            raise ConfigurationError(f"{label}: {error}") from None

    def _credentials(self, label: str) -> Any:
        if isinstance(self.auth, str):
            return expand_header(self.auth, label, "Authorization (auth)")
        if self.auth is None and self.authentication and "type" in self.authentication:
            from .authentication import auth_of

            return auth_of(self.authentication, label)
        return self.auth


class _Transforming(BaseModel):
    """Changes to a server's tools, by name, and the tags of what is shown of it."""

    tools: dict[str, Any] = Field(default_factory=dict)
    include_tags: set[str] | None = None
    exclude_tags: set[str] | None = None

    @field_validator("tools")
    @classmethod
    def _readable_changes(cls, given: dict[str, Any]) -> dict[str, Any]:
        from fastmcp.tools.transform_reading import read_changes

        read_changes(given)
        return given

    @property
    def changes(self) -> ToolChanges:
        """What it changes."""
        from .tool_changes import ToolChanges

        return ToolChanges(self.tools, self.include_tags or set(), self.exclude_tags or set())


class TransformingStdioMCPServer(_Transforming, StdioMCPServer):
    """A child process whose tools are changed on their way to the client."""

    def to_transport(self, label: str = THIS) -> ClientTransport:
        from .transforming import TransformingTransport

        return TransformingTransport(super().to_transport(label), self.changes, label)


class TransformingRemoteMCPServer(_Transforming, RemoteMCPServer):
    """A server at a URL whose tools are changed on their way to the client."""

    def to_transport(self, label: str = THIS) -> ClientTransport:
        from .transforming import TransformingTransport

        return TransformingTransport(super().to_transport(label), self.changes, label)


def transport_name(given: str) -> str:
    """A transport's name as the protocol writes it; editors write `streamableHttp`, too."""
    folded = given.lower().replace("_", "-")
    return "streamable-http" if folded == "streamablehttp" else folded


def kind_of(entry: Mapping[str, Any]) -> str | None:
    """`"stdio"` or `"remote"`, by what an entry has; None when it has neither."""
    url = any(key in entry for key in ("url", *URL_ALIASES))
    if "command" in entry:
        named = entry.get("transport") or entry.get("type")
        remote = isinstance(named, str) and transport_name(named) in RemoteMCPServer.NAMES
        return "remote" if url and remote else "stdio"
    return "remote" if url else None


def is_transforming(entry: Mapping[str, Any]) -> bool:
    """Whether an entry asks for changes."""
    return bool(entry.get("tools") or entry.get("include_tags") or entry.get("exclude_tags"))


def _text(value: Any) -> str:
    """A value of the environment; JSON's true and false as they are written there."""
    return str(value).lower() if isinstance(value, bool) else str(value)
