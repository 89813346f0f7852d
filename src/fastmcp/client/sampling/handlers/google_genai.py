"""Sampling by the `google-genai` library: Gemini, by its own API or by Vertex AI."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, ClassVar, cast
from uuid import uuid4

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

from .provider import Provider, text_of, unsupported, usage

__all__ = ["GoogleGenaiSamplingHandler"]

_ROLES = {"user": "user", "assistant": "model"}
_CHOICES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
_STOPPED = {"STOP": "endTurn", "MAX_TOKENS": "maxTokens"}
_KEPT = "gemini"
"""Where in the `_meta` of a call stands what the API wants to see again: the call's own id, which
not all of its versions know, and the signature of the thoughts that led to it."""
_UNSIGNED = b"skip_thought_signature_validator"
"""What the API takes for the signature of a call that Gemini did not make."""
_VALUES = frozenset({"const", "default", "enum", "examples"})


class GoogleGenaiSamplingHandler(Provider):
    """Asks a Gemini model; `client` is a `google.genai.Client`, made from the environment if
    absent.

    `thinking_budget` is how many tokens the model may think, 0 for none, and -1 for as many as it
    sees fit; absent, the model's own default holds.
    """

    extra: ClassVar[str] = "gemini"
    families: ClassVar[tuple[str, ...]] = ("gemini-",)

    def __init__(
        self, default_model: str, client: Any = None, thinking_budget: int | None = None
    ) -> None:
        super().__init__(default_model, client)
        self.thinking_budget = thinking_budget

    def library(self) -> Any:
        """The module `google.genai`."""
        try:
            return import_module("google.genai")
        except ModuleNotFoundError as error:
            raise ImportError(
                f"{type(self).__name__} needs the package 'google-genai': "
                f'pip install "peregrine-mcp[{self.extra}]"'
            ) from error

    def make_client(self) -> Any:
        """A `Client`."""
        return self.library().Client()

    async def send(self, request: dict[str, Any]) -> Any:
        """Continue the conversation."""
        answer = await self.client.aio.models.generate_content(**request)
        answer.model_version = answer.model_version or request["model"]
        return answer

    def request(
        self, messages: Sequence[SamplingMessage], params: CreateMessageRequestParams
    ) -> dict[str, Any]:
        """The keywords of `generate_content`."""
        config: dict[str, Any] = {
            "max_output_tokens": params.max_tokens,
            # The server runs its tools itself.
            "automatic_function_calling": {"disable": True},
        }
        if params.system_prompt:
            config["system_instruction"] = params.system_prompt
        if params.temperature is not None:
            config["temperature"] = params.temperature
        if params.stop_sequences:
            config["stop_sequences"] = params.stop_sequences
        if self.thinking_budget is not None:
            config["thinking_config"] = {"thinking_budget": self.thinking_budget}
        if params.tools:
            config["tools"] = [{"function_declarations": [_tool(tool) for tool in params.tools]}]
            if params.tool_choice is not None and params.tool_choice.mode is not None:
                mode = _CHOICES[params.tool_choice.mode]
                config["tool_config"] = {"function_calling_config": {"mode": mode}}
        return {"contents": [*_contents(messages)], "config": config}

    def result(self, answer: Any) -> CreateMessageResult:
        """The first candidate; what it thinks is left out."""
        if not answer.candidates:
            blocked = answer.prompt_feedback and answer.prompt_feedback.block_reason
            why = f": the prompt is blocked, {blocked.value}" if blocked else ""
            raise ValueError(f"Google answered with no candidates{why}")
        candidate = answer.candidates[0]
        parts: list[Any] = (candidate.content and candidate.content.parts) or []
        blocks = [*_blocks(parts)]
        calls = any(isinstance(block, ToolUseContent) for block in blocks)
        stopped = candidate.finish_reason and candidate.finish_reason.value
        counts = answer.usage_metadata
        return CreateMessageResult(
            role="assistant",
            content=blocks if calls else _joined(blocks),
            model=answer.model_version,
            stop_reason="toolUse" if calls else _STOPPED.get(stopped, stopped),
            meta=counts and _usage(counts),
        )


def _contents(messages: Sequence[SamplingMessage]) -> Iterator[dict[str, Any]]:
    called: dict[str, ToolUseContent] = {}
    for message in messages:
        blocks = blocks_of(message)
        calls = [block for block in blocks if isinstance(block, ToolUseContent)]
        signed = any("signature" in _kept(call) for call in calls)
        parts: list[dict[str, Any]] = []
        for block in blocks:
            if isinstance(block, ToolUseContent):
                parts.append(_asked(block, signed))
            elif isinstance(block, ToolResultContent):
                parts.append(_answered(block, called))
            else:
                parts.append(_part(block))
        yield {"role": _ROLES[message.role], "parts": parts}
        called.update((call.id, call) for call in calls)


def _part(block: Any) -> dict[str, Any]:
    if isinstance(block, TextContent):
        return {"text": block.text}
    if isinstance(block, (ImageContent, AudioContent)):
        return _inline(block)
    raise unsupported(block, "Google")


def _inline(block: ImageContent | AudioContent) -> dict[str, Any]:
    return {"inline_data": {"data": b64decode(block.data), "mime_type": block.mime_type}}


def _asked(call: ToolUseContent, signed: bool) -> dict[str, Any]:
    """A call; of those made at once Gemini signs one, and wants no other signed."""
    kept = _kept(call)
    part: dict[str, Any] = {
        "function_call": {**_own_id(call), "name": call.name, "args": call.input}
    }
    if "signature" in kept:
        part["thought_signature"] = b64decode(kept["signature"])
    elif not signed:
        part["thought_signature"] = _UNSIGNED
    return part


def _answered(result: ToolResultContent, called: dict[str, ToolUseContent]) -> dict[str, Any]:
    call = called.get(result.tool_use_id)
    if call is None:
        raise ValueError(
            f"Google takes no result of a call that the conversation lacks: {result.tool_use_id!r}"
        )
    texts: list[str] = []
    images: list[dict[str, Any]] = []
    for block in result.content:
        text = text_of(block)
        if text is not None:
            texts.append(text)
        elif isinstance(block, ImageContent):
            images.append(_inline(block))
        else:
            raise unsupported(block, "Google", "in the result of a tool")
    outcome = {"error" if result.is_error else "output": "\n".join(texts)}
    seen = {"parts": images} if images else {}
    return {
        "function_response": {
            **_own_id(call),
            "name": call.name,
            "response": outcome,
            **seen,
        }
    }


def _kept(call: ToolUseContent) -> dict[str, str]:
    kept: Any = (call.meta or {}).get(_KEPT)
    return cast("dict[str, str]", kept) if isinstance(kept, dict) else {}


def _own_id(call: ToolUseContent) -> dict[str, str]:
    kept = _kept(call)
    return {"id": kept["id"]} if "id" in kept else {}


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    schema = _untitled(tool.input_schema)
    return {"name": tool.name, **described, "parameters_json_schema": schema}


def _untitled(schema: Any) -> Any:
    """A schema without titles: Gemini 2.5 makes malformed calls of tools that have them."""
    if isinstance(schema, list):
        return [_untitled(each) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key in _VALUES else _untitled(value)
        for key, value in cast("dict[str, Any]", schema).items()
        if key != "title" or not isinstance(value, str)
    }


def _blocks(parts: list[Any]) -> Iterator[Any]:
    for part in parts:
        if part.thought:
            continue
        if part.text:
            yield TextContent(text=part.text)
        elif part.function_call is not None:
            yield _call(part)
        elif part.inline_data is not None:
            yield _media(part.inline_data)


def _call(part: Any) -> ToolUseContent:
    call = part.function_call
    kept: dict[str, str] = {}
    if call.id:
        kept["id"] = call.id
    if part.thought_signature:
        kept["signature"] = b64encode(part.thought_signature).decode()
    return ToolUseContent(
        id=call.id or f"{call.name}_{uuid4().hex}",
        name=call.name,
        input=call.args or {},
        meta={_KEPT: kept} if kept else None,
    )


def _media(blob: Any) -> ImageContent | AudioContent:
    kind = AudioContent if blob.mime_type.startswith("audio/") else ImageContent
    return kind(data=b64encode(blob.data).decode(), mime_type=blob.mime_type)


def _joined(blocks: list[Any]) -> Any:
    """Texts as one; anything else stays as it is."""
    if all(isinstance(block, TextContent) for block in blocks):
        return TextContent(text="".join(block.text for block in blocks))
    return blocks[0] if len(blocks) == 1 else blocks


def _usage(counts: Any) -> dict[str, Any]:
    """What it thinks is counted as said, as it is billed."""
    said, thought = counts.candidates_token_count or 0, counts.thoughts_token_count or 0
    return usage(counts.prompt_token_count or 0, said + thought)
