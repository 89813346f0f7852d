"""Prompt, Message and PromptResult."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Unpack, cast

from fastmcp._components.blocks import as_block
from fastmcp._components.component import Component, ComponentOptions
from fastmcp._components.writing import to_json
from fastmcp.exceptions import PromptError
from fastmcp.wire.content import Role, TextContent
from fastmcp.wire.features import GetPromptResult, PromptArgument, PromptMessage
from fastmcp.wire.features import Prompt as WirePrompt


class Message:
    """One message of a prompt; content that is neither text nor a block is written as JSON."""

    __slots__ = ("content", "role")

    def __init__(self, content: Any, role: Role = "user") -> None:
        self.role: Role = role
        self.content: Any = _content(content)

    def to_wire(self) -> PromptMessage:
        """The message as the protocol has it."""
        return PromptMessage(role=self.role, content=self.content)

    to_mcp_prompt_message = to_wire


class PromptResult:
    """What a prompt renders to."""

    __slots__ = ("description", "messages", "meta")

    def __init__(
        self,
        messages: Any,
        description: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> None:
        several = isinstance(messages, (list, tuple))
        items = cast("Iterable[Any]", messages) if several else [messages]
        self.messages: list[Message] = [_message(item) for item in items]
        self.description: str | None = description
        self.meta: dict[str, Any] | None = meta

    def to_wire(self) -> GetPromptResult:
        """The result as the protocol has it."""
        return GetPromptResult(
            description=self.description,
            messages=[message.to_wire() for message in self.messages],
            meta=self.meta,
        )

    to_mcp_prompt_result = to_wire


class Prompt(Component, kw_only=True):
    """A prompt. Subclasses override `render`."""

    KIND: ClassVar[str] = "prompt"

    arguments: list[PromptArgument] | None = None

    @classmethod
    def from_function(cls, fn: Any, **options: Unpack[ComponentOptions]) -> Prompt:
        """A prompt that calls `fn`."""
        from .function_prompt import FunctionPrompt

        return FunctionPrompt.from_function(fn, **options)

    async def render(self, arguments: Mapping[str, Any] | None = None) -> Any:
        """The messages: text, a Message, a list of them, or a PromptResult."""
        raise NotImplementedError(f"{type(self).__name__} must implement render()")

    def _entry(self, *, portable: bool) -> WirePrompt:
        return self.to_mcp_prompt()

    def to_mcp_prompt(self, **overrides: Any) -> WirePrompt:
        """The prompt as clients see it."""
        members: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "arguments": self.arguments,
            "icons": self.icons,
            "meta": self.get_meta(),
        }
        members.update(overrides)
        return WirePrompt(**members)


def _message(item: Any) -> Message:
    if isinstance(item, Message):
        return item
    if hasattr(item, "role") and hasattr(item, "content"):
        return Message(item.content, item.role)
    if isinstance(item, str) or as_block(item) is not None:
        return Message(item)
    raise PromptError(
        f"A prompt returns text, Message or a list of them, not {type(item).__name__}"
    )


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return TextContent(text=content)
    block = as_block(content)
    if block is not None:
        return block
    return TextContent(text=to_json(content).decode())
