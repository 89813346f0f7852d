"""Tools, resources and prompts: what clients ask of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Raw, Struct, UnsetType, ValidationError, field, json

from fastmcp.wire.content import (
    Annotations,
    AnyContentBlock,
    AnyResourceContents,
    ContentBlock,
    DataMeta,
    Icons,
    Resource,
    Role,
    Title,
    content_block,
    content_blocks,
    resource_contents,
)
from fastmcp.wire.model import Model, absent_as_none, construct
from fastmcp.wire.revisions import R2025_03_26, R2025_06_18, R2025_11_25, between, since
from fastmcp.wire.shapes import (
    CacheableResult,
    InputResponseRequestParams,
    PaginatedRequestParams,
    PaginatedResult,
    RequestParams,
    Result,
)
from fastmcp.wire.tasks import TaskAugmentation

__all__ = [
    "CallToolRequestParams",
    "CallToolResult",
    "GetPromptRequestParams",
    "GetPromptResult",
    "ListPromptsRequestParams",
    "ListPromptsResult",
    "ListResourceTemplatesRequestParams",
    "ListResourceTemplatesResult",
    "ListResourcesRequestParams",
    "ListResourcesResult",
    "ListToolsRequestParams",
    "ListToolsResult",
    "Prompt",
    "PromptArgument",
    "PromptMessage",
    "ReadResourceRequestParams",
    "ReadResourceResult",
    "ResourceTemplate",
    "SubscribeRequestParams",
    "TaskSupport",
    "Tool",
    "ToolAnnotations",
    "ToolExecution",
    "UnsubscribeRequestParams",
]

TaskSupport: TypeAlias = Literal["forbidden", "optional", "required"]


class ToolAnnotations(Model):
    """Hints on what a tool does, worth as much as the server that gives them.

    Absent hints mean: not read-only, destructive, not idempotent, open world.
    """

    title: str | None = None
    read_only_hint: bool | None = None
    destructive_hint: bool | None = None
    idempotent_hint: bool | None = None
    open_world_hint: bool | None = None


class ToolExecution(Model):
    """Whether a tool may, must or must not be called as a task; absent means it must not."""

    task_support: TaskSupport | None = None


class Tool(Model):
    """A tool that a server lists. The schemas are passed on untouched."""

    name: str
    input_schema: dict[str, Any]
    title: Title = None
    description: str | None = None
    output_schema: Annotated[dict[str, Any] | None, since(R2025_06_18)] = None
    annotations: Annotated[ToolAnnotations | None, since(R2025_03_26)] = None
    icons: Icons = None
    execution: Annotated[ToolExecution | None, between(R2025_11_25, R2025_11_25)] = None
    meta: DataMeta = field(name="_meta", default=None)


class ListToolsRequestParams(PaginatedRequestParams):
    """Params of `tools/list`."""


class ListToolsResult(PaginatedResult):
    """One page of tools."""

    tools: list[Tool]


if TYPE_CHECKING:
    ToolArguments: TypeAlias = Raw | dict[str, Any] | UnsetType
else:
    ToolArguments = Raw | UnsetType


class CallToolRequestParams(InputResponseRequestParams):
    """Which tool to call, and with what.

    Decoding leaves `arguments` raw; whoever sends may give a dict. Absent means no arguments.
    """

    name: str
    arguments: ToolArguments = UNSET
    task: TaskAugmentation = None


def _no_content() -> list[AnyContentBlock]:
    # A named factory, since msgspec leaves out the empty list that `list` itself makes, and
    # `content` must be sent even when empty.
    return []


@absent_as_none("structured_content")
class CallToolResult(Result):
    """What a tool gave back: `content` for the model, `structured_content` for programs.

    `structured_content` reads as None both when absent and when null, is sent as null only when
    None was given, and may be a `msgspec.Raw`.
    """

    content: list[AnyContentBlock] = field(default_factory=_no_content)
    structured_content: Annotated[Any, since(R2025_06_18)] = UNSET
    is_error: bool = False

    def __post_init__(self) -> None:
        self.content = content_blocks(self.content)

    @property
    def has_structured_content(self) -> bool:
        """Whether `structured_content` was given, be it null."""
        return "structured_content" in self.model_fields_set


class _KnownCallToolResult(Struct, rename="camel"):
    """A result all of whose blocks are of kinds that the protocol has: read in one go."""

    content: list[ContentBlock]
    structured_content: Any = UNSET
    is_error: bool = False
    result_type: str | None = None
    meta: dict[str, Any] | None = field(name="_meta", default=None)


_read_known = json.Decoder(_KnownCallToolResult).decode
_read_any = json.Decoder(CallToolResult).decode


def read_call_result(raw: Raw) -> CallToolResult:
    """A result of `tools/call` from its JSON.

    Raises:
        ValueError: it is none.
    """
    try:
        known = _read_known(raw)
    except ValidationError:
        return _read_any(raw)
    return construct(
        CallToolResult,
        content=known.content,
        structured_content=known.structured_content,
        is_error=known.is_error,
        result_type=known.result_type,
        meta=known.meta,
    )


class ResourceTemplate(Model):
    """A family of resources by URI template; `mime_type` only if all of them share it."""

    uri_template: str
    name: str
    title: Title = None
    description: str | None = None
    mime_type: str | None = None
    annotations: Annotations | None = None
    icons: Icons = None
    meta: DataMeta = field(name="_meta", default=None)


class ListResourcesRequestParams(PaginatedRequestParams):
    """Params of `resources/list`."""


class ListResourcesResult(PaginatedResult):
    """One page of resources."""

    resources: list[Resource]


class ListResourceTemplatesRequestParams(PaginatedRequestParams):
    """Params of `resources/templates/list`."""


class ListResourceTemplatesResult(PaginatedResult):
    """One page of resource templates."""

    resource_templates: list[ResourceTemplate]


class ReadResourceRequestParams(InputResponseRequestParams):
    """Which resource to read; `uri` is compared verbatim."""

    uri: str


class ReadResourceResult(CacheableResult):
    """What was read: the resource, or the resources below it."""

    contents: list[AnyResourceContents]

    def __post_init__(self) -> None:
        self.contents = [resource_contents(item) for item in self.contents]


class SubscribeRequestParams(RequestParams):
    """The resource whose changes the client wants to hear of, up to 2025-11-25."""

    uri: str


class UnsubscribeRequestParams(RequestParams):
    """The resource whose changes no longer matter, up to 2025-11-25."""

    uri: str


class PromptArgument(Model):
    """An argument that a prompt takes; its value is always a string."""

    name: str
    title: Title = None
    description: str | None = None
    required: bool | None = None


class Prompt(Model):
    """A prompt that a server lists."""

    name: str
    title: Title = None
    description: str | None = None
    arguments: list[PromptArgument] | None = None
    icons: Icons = None
    meta: DataMeta = field(name="_meta", default=None)


class PromptMessage(Model):
    """One message of a prompt, with exactly one block."""

    role: Role
    content: AnyContentBlock

    def __post_init__(self) -> None:
        self.content = content_block(self.content)


class ListPromptsRequestParams(PaginatedRequestParams):
    """Params of `prompts/list`."""


class ListPromptsResult(PaginatedResult):
    """One page of prompts."""

    prompts: list[Prompt]


class GetPromptRequestParams(InputResponseRequestParams):
    """Which prompt to fill in, and with what."""

    name: str
    arguments: dict[str, str] | None = None


class GetPromptResult(Result):
    """A prompt filled in."""

    messages: list[PromptMessage]
    description: str | None = None
