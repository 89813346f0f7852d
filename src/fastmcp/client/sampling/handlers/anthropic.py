"""Sampling by the `anthropic` library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from fastmcp.client.sampling.tool_messages import blocks_of
from fastmcp.wire.content import ImageContent, TextContent, ToolResultContent, ToolUseContent
from fastmcp.wire.features import Tool
from fastmcp.wire.inputs import CreateMessageRequestParams, CreateMessageResult, SamplingMessage

from .provider import IMAGES, Provider, text_of, unsupported, usage

__all__ = ["AnthropicSamplingHandler"]

_CHOICES = {"auto": "auto", "required": "any", "none": "none"}
_STOPPED = {
    "end_turn": "endTurn",
    "max_tokens": "maxTokens",
    "stop_sequence": "stopSequence",
    "tool_use": "toolUse",
}


class AnthropicSamplingHandler(Provider):
    """Asks a Claude model; `client` is an `anthropic.AsyncAnthropic`, made from the environment if
    absent.
    """

    extra: ClassVar[str] = "anthropic"
    families: ClassVar[tuple[str, ...]] = ("claude",)

    def make_client(self) -> Any:
        """An `AsyncAnthropic`."""
        return self.library().AsyncAnthropic()

    async def send(self, request: dict[str, Any]) -> Any:
        """Continue the conversation."""
        return await self.client.messages.create(**request)

    def request(
        self, messages: Sequence[SamplingMessage], params: CreateMessageRequestParams
    ) -> dict[str, Any]:
        """The keywords of `messages.create`."""
        request: dict[str, Any] = {
            "messages": [_message(message) for message in messages],
            "max_tokens": params.max_tokens,
        }
        if params.system_prompt:
            request["system"] = params.system_prompt
        if params.temperature is not None:
            # Not every version of the library has a keyword for it.
            request["extra_body"] = {"temperature": params.temperature}
        if params.stop_sequences:
            request["stop_sequences"] = params.stop_sequences
        if params.tools:
            request["tools"] = [_tool(tool) for tool in params.tools]
            if params.tool_choice is not None and params.tool_choice.mode is not None:
                request["tool_choice"] = {"type": _CHOICES[params.tool_choice.mode]}
        return request

    def result(self, answer: Any) -> CreateMessageResult:
        """A message of the model's; what it thinks is left out."""
        content: list[Any] = []
        for block in answer.content:
            if block.type == "text":
                content.append(TextContent(text=block.text))
            elif block.type == "tool_use":
                content.append(ToolUseContent(id=block.id, name=block.name, input=block.input))
        calls = any(isinstance(block, ToolUseContent) for block in content)
        text = "".join(block.text for block in content if isinstance(block, TextContent))
        counts = answer.usage
        return CreateMessageResult(
            role="assistant",
            content=content if calls else TextContent(text=text),
            model=answer.model,
            stop_reason=_STOPPED.get(answer.stop_reason, answer.stop_reason),
            meta=usage(counts.input_tokens, counts.output_tokens),
        )


def _message(message: SamplingMessage) -> dict[str, Any]:
    blocks = blocks_of(message)
    if len(blocks) == 1 and isinstance(blocks[0], TextContent):
        return {"role": message.role, "content": blocks[0].text}
    return {"role": message.role, "content": [_block(block, message.role) for block in blocks]}


def _block(block: Any, role: str) -> dict[str, Any]:
    if isinstance(block, TextContent):
        return {"type": "text", "text": block.text}
    if isinstance(block, ImageContent) and block.mime_type in IMAGES and role == "user":
        return _image(block)
    if isinstance(block, ToolUseContent):
        return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}
    if isinstance(block, ToolResultContent):
        return {
            "type": "tool_result",
            "tool_use_id": block.tool_use_id,
            "content": [_outcome(each) for each in block.content],
            "is_error": block.is_error,
        }
    raise unsupported(block, "Anthropic", f"in a message of the {role}")


def _outcome(block: Any) -> dict[str, Any]:
    if isinstance(block, ImageContent) and block.mime_type in IMAGES:
        return _image(block)
    text = text_of(block)
    if text is None:
        raise unsupported(block, "Anthropic", "in the result of a tool")
    return {"type": "text", "text": text}


def _image(block: ImageContent) -> dict[str, Any]:
    source = {"type": "base64", "media_type": block.mime_type, "data": block.data}
    return {"type": "image", "source": source}


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "input_schema": tool.input_schema}
