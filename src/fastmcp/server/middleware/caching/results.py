"""Results as they are kept: data that has JSON, and the way back to the result."""

from __future__ import annotations

import base64
from typing import Any, Self, TypeVar

from msgspec import UNSET, Raw, Struct, UnsetType, json

from fastmcp._components.writing import simpler
from fastmcp.prompts.base import Message, PromptResult
from fastmcp.resources.base import ResourceContent, ResourceResult
from fastmcp.tools.tool_result import ToolResult
from fastmcp.wire.content import content_block, content_blocks
from fastmcp.wire.features import CallToolResult
from fastmcp.wire.model import Model, construct

T = TypeVar("T")

_write = json.Encoder(enc_hook=simpler).encode


class Cacheable(Struct):
    """A result, or a part of one, as it is kept."""

    def model_dump_json(self) -> str:
        """Its JSON."""
        return _write(self).decode()

    def get_size(self) -> int:
        """How many bytes its JSON has."""
        return len(_write(self))


class CacheableToolResult(Cacheable):
    """What a tool gave; `structured_content` is JSON."""

    content: list[Any]
    structured_content: Raw | UnsetType = UNSET
    meta: dict[str, Any] | None = None
    is_error: bool = False

    @classmethod
    def wrap(cls, value: ToolResult | CallToolResult) -> Self:
        """The result to be kept."""
        whole = value.to_wire() if isinstance(value, ToolResult) else value
        structured: Any = UNSET
        if whole.has_structured_content:
            structured = whole.structured_content
            if not isinstance(structured, Raw):
                structured = Raw(_write(structured))
        return cls(whole.content, structured, whole.meta, whole.is_error)

    def unwrap(self) -> ToolResult | CallToolResult:
        """The result again; one whose structured content is no object, as the protocol has it."""
        content = list(content_blocks(self.content))
        given = self.structured_content
        structured = bytes(given) if isinstance(given, Raw) else None
        if structured is None or structured.lstrip().startswith(b"{"):
            result = ToolResult.encoded(content, structured, self.meta)
            result.is_error = self.is_error
            return result
        return construct(
            CallToolResult,
            content=content,
            structured_content=Raw(structured),
            is_error=self.is_error,
            meta=self.meta,
        )


class CacheableResourceContent(Cacheable):
    """A piece of a resource; bytes as base64."""

    content: str
    mime_type: str | None = None
    meta: dict[str, Any] | None = None
    is_binary: bool = False


class CacheableResourceResult(Cacheable):
    """What a resource contained."""

    contents: list[CacheableResourceContent]
    meta: dict[str, Any] | None = None

    @classmethod
    def wrap(cls, value: ResourceResult) -> Self:
        """The result to be kept."""
        return cls([_kept(each) for each in value.contents], value.meta)

    def unwrap(self) -> ResourceResult:
        """The result again."""
        return ResourceResult([_again(each) for each in self.contents], self.meta)


class CacheableMessage(Cacheable):
    """A message of a prompt."""

    role: Any
    content: Any


class CacheablePromptResult(Cacheable):
    """What a prompt rendered to."""

    messages: list[CacheableMessage]
    description: str | None = None
    meta: dict[str, Any] | None = None

    @classmethod
    def wrap(cls, value: PromptResult) -> Self:
        """The result to be kept."""
        messages = [CacheableMessage(each.role, each.content) for each in value.messages]
        return cls(messages, value.description, value.meta)

    def unwrap(self) -> PromptResult:
        """The result again."""
        messages = [Message(_block(each.content), each.role) for each in self.messages]
        return PromptResult(messages, self.description, self.meta)


def _kept(content: ResourceContent) -> CacheableResourceContent:
    data = content.content
    if isinstance(data, str):
        return CacheableResourceContent(data, content.mime_type, content.meta)
    text = base64.b64encode(data).decode()
    return CacheableResourceContent(text, content.mime_type, content.meta, is_binary=True)


def _again(kept: CacheableResourceContent) -> ResourceContent:
    data = base64.b64decode(kept.content) if kept.is_binary else kept.content
    return ResourceContent(data, kept.mime_type, kept.meta)


def _block(content: Any) -> Any:
    return content if isinstance(content, Model) else content_block(content)


_read_call = json.Decoder(CacheableToolResult).decode
_read_resource = json.Decoder(CacheableResourceResult).decode
_read_prompt = json.Decoder(CacheablePromptResult).decode


def write_call(result: Any) -> bytes | None:
    """The JSON of what a tool gave; None for an error, or what is no result yet."""
    if not isinstance(result, (ToolResult, CallToolResult)) or result.is_error:
        return None
    if getattr(result, "result_type", None) not in (None, UNSET, "complete"):
        return None
    return _write(CacheableToolResult.wrap(result))


def write_resource(result: Any) -> bytes | None:
    """The JSON of what a resource contained; None for what is no result yet."""
    if not isinstance(result, ResourceResult):
        return None
    return _write(CacheableResourceResult.wrap(result))


def write_prompt(result: Any) -> bytes | None:
    """The JSON of what a prompt rendered to; None for what is no result yet."""
    return _write(CacheablePromptResult.wrap(result)) if isinstance(result, PromptResult) else None


def read_call(text: str) -> ToolResult | CallToolResult:
    """The result of a tool in its JSON."""
    return _read_call(text).unwrap()


def read_resource(text: str) -> ResourceResult:
    """What a resource contained, in its JSON."""
    return _read_resource(text).unwrap()


def read_prompt(text: str) -> PromptResult:
    """What a prompt rendered to, in its JSON."""
    return _read_prompt(text).unwrap()
