"""Sampling by the `openai` library: OpenAI's own models, and all servers of the same API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from msgspec import DecodeError, json

from fastmcp.client.sampling.tool_messages import blocks_of
from fastmcp.wire.content import (
    AudioContent,
    ImageContent,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)
from fastmcp.wire.features import Tool
from fastmcp.wire.inputs import CreateMessageRequestParams, CreateMessageResult, SamplingMessage

from .provider import IMAGES, Provider, text_of, unsupported, usage

__all__ = ["OpenAISamplingHandler"]

_AUDIO = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mp3": "mp3", "audio/mpeg": "mp3"}
_STOPPED = {"stop": "endTurn", "length": "maxTokens", "tool_calls": "toolUse"}


class OpenAISamplingHandler(Provider):
    """Asks a chat model; `client` is an `openai.AsyncOpenAI`, made from the environment if absent.

    For another server of the same API give a client with its `base_url`.
    """

    extra: ClassVar[str] = "openai"
    families: ClassVar[tuple[str, ...]] = ("gpt-", "chatgpt-", "o1", "o3", "o4", "ft:gpt-")

    def make_client(self) -> Any:
        """An `AsyncOpenAI`."""
        return self.library().AsyncOpenAI()

    async def send(self, request: dict[str, Any]) -> Any:
        """Complete the conversation."""
        return await self.client.chat.completions.create(**request)

    def request(
        self, messages: Sequence[SamplingMessage], params: CreateMessageRequestParams
    ) -> dict[str, Any]:
        """The keywords of `chat.completions.create`."""
        conversation = [] if not params.system_prompt else [_system(params.system_prompt)]
        for message in messages:
            conversation += _messages(message)
        request: dict[str, Any] = {
            "messages": conversation,
            "max_completion_tokens": params.max_tokens,
        }
        if params.temperature is not None:
            request["temperature"] = params.temperature
        if params.stop_sequences:
            request["stop"] = params.stop_sequences
        if params.tools:
            request["tools"] = [_tool(tool) for tool in params.tools]
            if params.tool_choice is not None and params.tool_choice.mode is not None:
                request["tool_choice"] = params.tool_choice.mode
        return request

    def result(self, answer: Any) -> CreateMessageResult:
        """The first choice of a completion."""
        if not answer.choices:
            raise ValueError("OpenAI answered with no choices")
        choice = answer.choices[0]
        text = choice.message.content or choice.message.refusal
        calls: list[Any] = choice.message.tool_calls or []
        content: list[Any] = [] if not text and calls else [TextContent(text=text or "")]
        content += [_call(call) for call in calls if call.type == "function"]
        counts = answer.usage
        return CreateMessageResult(
            role="assistant",
            content=content if calls else content[0],
            model=answer.model,
            stop_reason=_STOPPED.get(choice.finish_reason, choice.finish_reason),
            meta=counts and usage(counts.prompt_tokens, counts.completion_tokens),
        )


def _system(prompt: str) -> dict[str, Any]:
    return {"role": "system", "content": prompt}


def _messages(message: SamplingMessage) -> Iterator[dict[str, Any]]:
    """One message as those of the API: each result of a tool is one of its own there."""
    blocks = blocks_of(message)
    for block in blocks:
        if isinstance(block, ToolResultContent):
            yield {"role": "tool", "tool_call_id": block.tool_use_id, "content": _outcome(block)}
    calls = [_asked(block) for block in blocks if isinstance(block, ToolUseContent)]
    said = [b for b in blocks if not isinstance(b, (ToolUseContent, ToolResultContent))]
    if message.role == "user":
        if said:
            yield {"role": "user", "content": _parts(said)}
    elif said or calls:
        spoken: dict[str, Any] = {"role": "assistant", "content": _spoken(said) if said else None}
        yield {**spoken, "tool_calls": calls} if calls else spoken


def _parts(blocks: list[Any]) -> str | list[dict[str, Any]]:
    if len(blocks) == 1 and isinstance(blocks[0], TextContent):
        return blocks[0].text
    return [_part(block) for block in blocks]


def _part(block: Any) -> dict[str, Any]:
    if isinstance(block, TextContent):
        return {"type": "text", "text": block.text}
    if isinstance(block, ImageContent) and block.mime_type in IMAGES:
        url = f"data:{block.mime_type};base64,{block.data}"
        return {"type": "image_url", "image_url": {"url": url}}
    if isinstance(block, AudioContent) and block.mime_type in _AUDIO:
        audio = {"data": block.data, "format": _AUDIO[block.mime_type]}
        return {"type": "input_audio", "input_audio": audio}
    raise unsupported(block, "OpenAI")


def _spoken(blocks: list[Any]) -> str:
    for block in blocks:
        if not isinstance(block, TextContent):
            raise unsupported(block, "OpenAI", "in a message of the assistant")
    return "\n".join(block.text for block in blocks)


def _outcome(result: ToolResultContent) -> str:
    texts = [text_of(block) for block in result.content]
    for block, text in zip(result.content, texts, strict=True):
        if text is None:
            raise unsupported(block, "OpenAI", "in the result of a tool")
    return "\n".join(text for text in texts if text is not None)


def _asked(block: ToolUseContent) -> dict[str, Any]:
    function = {"name": block.name, "arguments": json.encode(block.input).decode()}
    return {"id": block.id, "type": "function", "function": function}


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.input_schema}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _call(call: Any) -> ToolUseContent:
    name, text = call.function.name, call.function.arguments
    try:
        given = json.decode(text or "{}", type=dict[str, Any])
    except DecodeError as error:
        raise ValueError(
            f"OpenAI calls {name!r} with arguments that are no object: {text}"
        ) from error
    return ToolUseContent(id=call.id, name=name, input=given)
