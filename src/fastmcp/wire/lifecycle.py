"""Identity, capabilities, the handshake, discovery and the log level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import msgspec

from fastmcp.wire.content import Icons, Title
from fastmcp.wire.model import Model
from fastmcp.wire.open import OpenModel
from fastmcp.wire.revisions import (
    R2025_03_26,
    R2025_06_18,
    R2025_11_25,
    between,
    since,
    until,
)
from fastmcp.wire.shapes import CacheableResult, RequestParams, Result

__all__ = [
    "LOGGING_LEVELS",
    "ClientCapabilities",
    "ClientTasksCapability",
    "DiscoverRequestParams",
    "DiscoverResult",
    "ElicitationCapability",
    "Implementation",
    "InitializeRequestParams",
    "InitializeResult",
    "LoggingLevel",
    "PingRequestParams",
    "PromptsCapability",
    "ResourcesCapability",
    "RootsCapability",
    "SamplingCapability",
    "ServerCapabilities",
    "ServerTasksCapability",
    "SetLevelRequestParams",
    "ToolsCapability",
]

LoggingLevel: TypeAlias = Literal[
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"
]
LOGGING_LEVELS: Final[tuple[LoggingLevel, ...]] = (
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
)
"""From the least to the most severe."""


class Implementation(Model):
    """The name a client or server gives itself: for display and logs, never for decisions."""

    name: str
    version: str
    title: Title = None
    description: Annotated[str | None, since(R2025_11_25)] = None
    website_url: Annotated[str | None, since(R2025_11_25)] = None
    icons: Icons = None


class RootsCapability(OpenModel):
    """The client has roots."""

    list_changed: Annotated[bool | None, until(R2025_11_25)] = None


class SamplingCapability(OpenModel):
    """The client samples; `tools` and `context` say what such a request may carry."""

    tools: Annotated[dict[str, Any] | None, since(R2025_11_25)] = None
    context: Annotated[dict[str, Any] | None, since(R2025_11_25)] = None


class ElicitationCapability(OpenModel):
    """The client asks its user; without members it means forms only."""

    form: Annotated[dict[str, Any] | None, since(R2025_11_25)] = None
    url: Annotated[dict[str, Any] | None, since(R2025_11_25)] = None


class ClientTasksCapability(OpenModel):
    """Which of its requests a client of 2025-11-25 runs as tasks."""

    list: dict[str, Any] | None = None
    cancel: dict[str, Any] | None = None
    requests: dict[str, Any] | None = None


class ServerTasksCapability(OpenModel):
    """Which of its requests a server of 2025-11-25 runs as tasks."""

    list: dict[str, Any] | None = None
    cancel: dict[str, Any] | None = None
    requests: dict[str, Any] | None = None


# The schema has `extensions` from 2026-07-28 on, but peers exchange it in 2025-11-25 handshakes.
Extensions: TypeAlias = Annotated[dict[str, dict[str, Any]] | None, since(R2025_11_25)]


class ClientCapabilities(OpenModel):
    """What a client can do for a server; a member's presence is the yes."""

    experimental: dict[str, Any] | None = None
    roots: RootsCapability | None = None
    sampling: SamplingCapability | None = None
    elicitation: Annotated[ElicitationCapability | None, since(R2025_06_18)] = None
    tasks: Annotated[ClientTasksCapability | None, between(R2025_11_25, R2025_11_25)] = None
    extensions: Extensions = None


class PromptsCapability(OpenModel):
    """The server has prompts."""

    list_changed: bool | None = None


class ResourcesCapability(OpenModel):
    """The server has resources."""

    subscribe: bool | None = None
    list_changed: bool | None = None


class ToolsCapability(OpenModel):
    """The server has tools."""

    list_changed: bool | None = None


class ServerCapabilities(OpenModel):
    """What a server offers; a member's presence is the yes."""

    experimental: dict[str, Any] | None = None
    logging: dict[str, Any] | None = None
    completions: Annotated[dict[str, Any] | None, since(R2025_03_26)] = None
    prompts: PromptsCapability | None = None
    resources: ResourcesCapability | None = None
    tools: ToolsCapability | None = None
    tasks: Annotated[ServerTasksCapability | None, between(R2025_11_25, R2025_11_25)] = None
    extensions: Extensions = None


# msgspec reads these members as free JSON, which `__post_init__` of their owner takes over whole.
if TYPE_CHECKING:
    AnyClientCapabilities: TypeAlias = ClientCapabilities
    AnyServerCapabilities: TypeAlias = ServerCapabilities
else:
    AnyClientCapabilities = Annotated[Any, msgspec.Meta(extra={"holds": ClientCapabilities})]
    AnyServerCapabilities = Annotated[Any, msgspec.Meta(extra={"holds": ServerCapabilities})]


class InitializeRequestParams(RequestParams):
    """How a client opens a connection up to 2025-11-25."""

    protocol_version: str
    capabilities: AnyClientCapabilities
    client_info: Implementation

    def __post_init__(self) -> None:
        if type(self.capabilities) is not ClientCapabilities:
            self.capabilities = ClientCapabilities.model_validate(self.capabilities)


class InitializeResult(Result):
    """How the server answers, with the revision that will be spoken."""

    protocol_version: str
    capabilities: AnyServerCapabilities
    server_info: Implementation
    instructions: str | None = None

    def __post_init__(self) -> None:
        if type(self.capabilities) is not ServerCapabilities:
            self.capabilities = ServerCapabilities.model_validate(self.capabilities)


class DiscoverRequestParams(RequestParams):
    """Params of `server/discover`: the envelope in `_meta` and nothing else."""


class DiscoverResult(CacheableResult):
    """What a server speaks and offers. Known from 2026-07-28 on."""

    supported_versions: list[str]
    capabilities: AnyServerCapabilities
    instructions: str | None = None

    def __post_init__(self) -> None:
        if type(self.capabilities) is not ServerCapabilities:
            self.capabilities = ServerCapabilities.model_validate(self.capabilities)


class PingRequestParams(RequestParams):
    """Params of `ping`, which says nothing."""


class SetLevelRequestParams(RequestParams):
    """The least severe level that the client wants to see, up to 2025-11-25."""

    level: LoggingLevel
