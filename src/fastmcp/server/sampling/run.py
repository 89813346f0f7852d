"""Sampling in one step, and in as many as a result takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from msgspec import UNSET

from .conversation import Conversation
from .final_response import FinalResponse
from .messages import either
from .results import SampleStep as SampleStep
from .results import SamplingResult as SamplingResult

if TYPE_CHECKING:
    from fastmcp.server.context import Context

    from .messages import Messages
    from .sampling_request import SamplingOptions

RETRIES = 3
"""How often a model is asked again that answers with text, or with what is not of the type."""


async def sample_step(
    context: Context,
    messages: Messages | None = None,
    *,
    prompt: Messages | None = None,
    tool_choice: Any = None,
    execute_tools: bool = True,
    **options: Unpack[SamplingOptions],
) -> SampleStep:
    """One answer of a model, and what the tools gave that it called."""
    conversation = Conversation(context, either(messages, prompt), options)
    return await conversation.step(tool_choice, execute_tools=execute_tools)


async def sample(
    context: Context,
    messages: Messages | None = None,
    *,
    prompt: Messages | None = None,
    result_type: Any = None,
    **options: Unpack[SamplingOptions],
) -> SamplingResult[Any]:
    """What a model answers in the end, after the tools that it called.

    Raises:
        RuntimeError: it comes to no end, or gives nothing of the `result_type`.
    """
    given = either(messages, prompt)
    if result_type is None or result_type is str:
        return await _text(Conversation(context, given, options))
    final = FinalResponse.for_type(result_type)
    return await _value(Conversation(context, given, options, final), final)


async def _text(conversation: Conversation) -> SamplingResult[str]:
    last = conversation.turns - 1
    for turn in range(last + 1):
        choice = "none" if turn == last else None
        step = await conversation.step(choice, execute_tools=turn < last)
        if not step.is_tool_use:
            return _result(conversation, step, step.text, step.text or "")
    raise _endless(conversation)


async def _value(conversation: Conversation, final: FinalResponse) -> SamplingResult[Any]:
    texts = refusals = 0
    for _ in range(conversation.turns):
        final.refused = None
        step = await conversation.step("required")
        if final.value is not UNSET:
            return _result(conversation, step, final.text, final.value)
        if not step.is_tool_use:
            texts += 1
            if texts > RETRIES:
                raise RuntimeError(
                    f"The model answered {texts} times with text where a {final.type_name} was "
                    f"wanted by a call of {final.name}"
                )
            conversation.say(f"Give the answer by calling the tool `{final.name}`, not as text.")
        refusals = 0 if final.refused is None else refusals + 1
        if refusals > RETRIES:
            raise RuntimeError(
                f"The model gave {refusals} times what is no {final.type_name}: {final.refused}"
            )
    raise _endless(conversation)


def _result(
    conversation: Conversation, step: SampleStep, text: str | None, value: Any
) -> SamplingResult[Any]:
    return SamplingResult(
        text, value, conversation.history, conversation.usage, step.model, step.stop_reason
    )


def _endless(conversation: Conversation) -> RuntimeError:
    return RuntimeError(
        f"The model came to no answer in {conversation.turns} turns; ask for less at once, or go "
        "step by step with ctx.sample_step()"
    )
