"""What comes of sampling: one step, the whole of it, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct

from fastmcp.wire.content import TextContent, ToolUseContent
from fastmcp.wire.inputs import CreateMessageResult, SamplingMessage

from .messages import blocks_of

T = TypeVar("T")

_INPUT = ("input_tokens", "inputTokens", "prompt_tokens", "promptTokens")
_OUTPUT = ("output_tokens", "outputTokens", "completion_tokens", "completionTokens")
_TOTAL = ("total_tokens", "totalTokens")


class Usage(Struct, frozen=True):
    """The tokens that were used, as far as anybody told; false when nobody did."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None

    def __bool__(self) -> bool:
        return self != _UNTOLD

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            _sum(self.input_tokens, other.input_tokens),
            _sum(self.output_tokens, other.output_tokens),
            _sum(self.total_tokens, other.total_tokens),
        )

    @classmethod
    def told_by(cls, answer: CreateMessageResult) -> Usage:
        """What stands under `usage` in the `_meta` of an answer, in any library's spelling."""
        told: Any = (answer.meta or {}).get("usage")
        if not isinstance(told, dict):
            return _UNTOLD
        members = cast("dict[str, Any]", told)
        sent, received = _first(members, _INPUT), _first(members, _OUTPUT)
        total = _first(members, _TOTAL)
        if total is None and sent is not None and received is not None:
            total = sent + received
        return cls(sent, received, total)


_UNTOLD = Usage()


@dataclass
class SampleStep:
    """One answer of the model.

    `history` is the conversation up to here: the answer, and what the tools gave that it called.
    """

    response: CreateMessageResult
    history: list[SamplingMessage]

    @property
    def is_tool_use(self) -> bool:
        """Whether the model asks for tools."""
        return bool(self.tool_calls)

    @property
    def text(self) -> str | None:
        """What the model said; None if it said nothing."""
        texts = [
            block.text
            for block in blocks_of(self.response.content)
            if isinstance(block, TextContent)
        ]
        return "".join(texts) if texts else None

    @property
    def tool_calls(self) -> list[ToolUseContent]:
        """The calls of tools that the model asks for."""
        return [
            block for block in blocks_of(self.response.content) if isinstance(block, ToolUseContent)
        ]

    @property
    def usage(self) -> Usage:
        """The tokens of this answer."""
        return Usage.told_by(self.response)

    @property
    def model(self) -> str:
        """The model that answered."""
        return self.response.model

    @property
    def stop_reason(self) -> str | None:
        """Why it ended: `endTurn`, `toolUse`, `maxTokens`, `stopSequence`, or another reason."""
        return self.response.stop_reason


@dataclass(eq=False)
class SamplingResult(Generic[T]):
    """What the model answered in the end.

    `result` is the text, or what `result_type` made of the answer, of which `text` then is the
    JSON. `history` is the whole conversation, to go on from. `usage` counts every step. It equals
    its text, and is written as that.
    """

    text: str | None
    result: T
    history: list[SamplingMessage]
    usage: Usage = field(default_factory=Usage)
    model: str | None = None
    stop_reason: str | None = None

    def __str__(self) -> str:
        return self.text or ""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self.text == other
        if not isinstance(other, SamplingResult):
            return NotImplemented
        return self.__dict__ == cast("SamplingResult[Any]", other).__dict__


def _first(members: dict[str, Any], names: tuple[str, ...]) -> int | None:
    return next((members[name] for name in names if type(members.get(name)) is int), None)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
