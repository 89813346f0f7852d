"""Sampling, elicitation, roots and input rounds: what servers ask of clients."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import field

from fastmcp.wire.content import (
    AnySamplingContent,
    DataMeta,
    Role,
    content_block,
    content_blocks,
)
from fastmcp.wire.features import Tool
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import R2025_11_25, R2026_07_28, between, since, until
from fastmcp.wire.shapes import RequestParams
from fastmcp.wire.tasks import TaskAugmentation

__all__ = [
    "CreateMessageRequest",
    "CreateMessageRequestParams",
    "CreateMessageResult",
    "ElicitAction",
    "ElicitRequest",
    "ElicitRequestFormParams",
    "ElicitRequestParams",
    "ElicitRequestURLParams",
    "ElicitResult",
    "IncludeContext",
    "InputRequest",
    "InputRequests",
    "InputRequiredResult",
    "ListRootsRequest",
    "ListRootsRequestParams",
    "ListRootsResult",
    "ModelHint",
    "ModelPreferences",
    "Root",
    "SamplingMessage",
    "ToolChoice",
]

IncludeContext: TypeAlias = Literal["none", "thisServer", "allServers"]
ElicitAction: TypeAlias = Literal["accept", "decline", "cancel"]

# Up to 2025-11-25 these are the params and results of requests; from 2026-07-28 on they are
# embedded in results and params, where the `_meta` of a message has no place.
MessageMeta: TypeAlias = Annotated[dict[str, Any] | None, until(R2025_11_25)]


def _sampling_content(value: Any) -> Any:
    return content_blocks(value) if isinstance(value, list) else content_block(value)


class ModelHint(Model):
    """A part of a model's name, such as `sonnet`."""

    name: str | None = None


class ModelPreferences(Model):
    """What matters in choosing a model, each from 0 to 1; the first hint that fits wins."""

    hints: list[ModelHint] | None = None
    cost_priority: float | None = None
    speed_priority: float | None = None
    intelligence_priority: float | None = None


class ToolChoice(Model):
    """Whether the sampled model may, must or must not use tools; absent means it may."""

    mode: Literal["auto", "required", "none"] | None = None


class SamplingMessage(Model):
    """One message of a conversation; `content` is a block or, from 2025-11-25 on, a list."""

    role: Role
    content: AnySamplingContent
    meta: Annotated[dict[str, Any] | None, since(R2025_11_25)] = field(name="_meta", default=None)

    def __post_init__(self) -> None:
        self.content = _sampling_content(self.content)


class CreateMessageRequestParams(RequestParams):
    """What to sample from the client's model."""

    messages: list[SamplingMessage]
    max_tokens: int
    model_preferences: ModelPreferences | None = None
    system_prompt: str | None = None
    include_context: IncludeContext | None = None
    temperature: float | None = None
    stop_sequences: list[str] | None = None
    metadata: dict[str, Any] | None = None
    tools: Annotated[list[Tool] | None, since(R2025_11_25)] = None
    tool_choice: Annotated[ToolChoice | None, since(R2025_11_25)] = None
    task: TaskAugmentation = None
    meta: MessageMeta = field(name="_meta", default=None)


class CreateMessageResult(Model):
    """What the model said; `stop_reason` is open, `endTurn` and `toolUse` among others."""

    role: Role
    content: AnySamplingContent
    model: str
    stop_reason: str | None = None
    meta: dict[str, Any] | None = field(name="_meta", default=None)

    def __post_init__(self) -> None:
        self.content = _sampling_content(self.content)


class ElicitRequestParams(RequestParams):
    """What to ask the user. Decoding makes this the class of its mode; an absent mode is `form`."""

    message: str
    mode: Annotated[str | None, since(R2025_11_25)] = None
    requested_schema: dict[str, Any] | None = None
    url: Annotated[str | None, since(R2025_11_25)] = None
    elicitation_id: Annotated[str | None, between(R2025_11_25, R2025_11_25)] = None
    task: TaskAugmentation = None
    meta: MessageMeta = field(name="_meta", default=None)

    def __post_init__(self) -> None:
        # msgspec cannot tell by an optional tag. The subclasses add no members, so one object
        # can become either.
        if type(self) is ElicitRequestParams:
            if self.mode == "url":
                if self.url is None:
                    raise ValueError("Object missing required field `url`")
                self.__class__ = ElicitRequestURLParams
            else:
                if self.requested_schema is None:
                    raise ValueError("Object missing required field `requestedSchema`")
                self.__class__ = ElicitRequestFormParams


class ElicitRequestFormParams(ElicitRequestParams):
    """A form to fill in: a flat object of primitive members."""

    requested_schema: dict[str, Any]  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


def _url_mode() -> str | None:
    return "url"  # from a factory, so that it is written though it is the default


class ElicitRequestURLParams(ElicitRequestParams):
    """A page to visit; `accept` means that the user agreed to open it, not that it is done."""

    mode: str | None = field(default_factory=_url_mode)
    url: str  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


class ElicitResult(Model):
    """The user's answer; `content` comes with an accepted form only."""

    action: ElicitAction
    content: dict[str, str | int | float | bool | list[str] | None] | None = None
    meta: MessageMeta = field(name="_meta", default=None)


class Root(Model):
    """A place the client lets servers work in: a `file://` URI."""

    uri: str
    name: str | None = None
    meta: DataMeta = field(name="_meta", default=None)


class ListRootsRequestParams(RequestParams):
    """Params of `roots/list`."""


class ListRootsResult(Model):
    """The client's roots."""

    roots: list[Root]
    meta: MessageMeta = field(name="_meta", default=None)


class CreateMessageRequest(Model, tag_field="method", tag="sampling/createMessage"):
    """Sampling as an input request."""

    method: ClassVar[Literal["sampling/createMessage"]]
    params: CreateMessageRequestParams


class ElicitRequest(Model, tag_field="method", tag="elicitation/create"):
    """Elicitation as an input request."""

    method: ClassVar[Literal["elicitation/create"]]
    params: ElicitRequestParams


class ListRootsRequest(Model, tag_field="method", tag="roots/list"):
    """A question for roots as an input request."""

    method: ClassVar[Literal["roots/list"]]
    params: ListRootsRequestParams | None = None


InputRequest: TypeAlias = CreateMessageRequest | ElicitRequest | ListRootsRequest
InputRequests: TypeAlias = dict[str, InputRequest]


def _input_required() -> str | None:
    return "input_required"  # from a factory, so that it is written though it is the default


class InputRequiredResult(Model):
    """The answer that more is needed: retry with answers by the same keys, and with the state.

    One of the members may be missing, not both. Known from 2026-07-28 on.
    """

    result_type: Annotated[str | None, since(R2026_07_28)] = field(default_factory=_input_required)
    input_requests: InputRequests | None = None
    request_state: str | None = None
    meta: dict[str, Any] | None = field(name="_meta", default=None)
