"""The handler of sampling: what it is given, and what becomes of what it returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import mcp_types
import pytest

from fastmcp import Client
from fastmcp.client.sampling import RequestContext, SamplingMessage, SamplingParams
from fastmcp.types import CreateMessageResult, SamplingCapability, TextContent, ToolUseContent

from .scripted import HANDSHAKE, ScriptedServer

TEXT = {"type": "text", "text": "2+2?"}
USE = {"type": "tool_use", "id": "1", "name": "add", "input": {"a": 2}}
USE_TOO = {**USE, "id": "2"}
RESULT = {"type": "tool_result", "toolUseId": "1", "content": [{"type": "text", "text": "4"}]}
RESULT_TOO = {**RESULT, "toolUseId": "2"}
TOOL = {"name": "add", "inputSchema": {"type": "object"}}
ANSWER = {"role": "assistant", "content": {"type": "text", "text": "4"}, "model": "m"}


def says(role: str, *content: Any) -> dict[str, Any]:
    return {"role": role, "content": content[0] if len(content) == 1 else list(content)}


def sampled(
    handler: Any, *messages: Any, tools: bool = False, capabilities: Any = None, **params: Any
) -> Any:
    """What a client with this handler answers; `tools` are declared and sent."""
    server = ScriptedServer(revision=HANDSHAKE)
    params = {"messages": messages or (says("user", TEXT),), "maxTokens": 10, **params}
    if tools:
        params["tools"], capabilities = [TOOL], {"tools": {}}

    async def main() -> Any:
        options: Any = {"sampling_handler": handler, "sampling_capabilities": capabilities}
        async with asyncio.timeout(30), Client(server, **options):
            return await server.ask("sampling/createMessage", params)

    return asyncio.run(main())


def test_a_handler_is_given_the_messages_all_parameters_and_the_request() -> None:
    """With attributes in both spellings."""
    seen: list[Any] = []

    def note(
        messages: list[SamplingMessage], params: SamplingParams, context: RequestContext
    ) -> str:
        seen.extend((messages, params, context))
        return "4"

    sampled(
        note,
        systemPrompt="Be brief",
        temperature=0.5,
        stopSequences=["."],
        modelPreferences={"hints": [{"name": "sonnet"}]},
    )

    messages, params, context = seen
    assert (messages[0].role, messages[0].content.text) == ("user", "2+2?")
    assert (params.system_prompt, params.maxTokens, params.temperature) == ("Be brief", 10, 0.5)
    assert params.stop_sequences == ["."]
    assert params.model_preferences.hints[0].name == "sonnet"
    assert context.method == "sampling/createMessage"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4", {**ANSWER, "model": "unknown"}),
        (
            CreateMessageResult(
                role="assistant", content=TextContent(text="4"), model="m", meta={"usage": 1}
            ),
            {**ANSWER, "_meta": {"usage": 1}},
        ),
        (
            mcp_types.CreateMessageResult(
                role="assistant", content=mcp_types.TextContent(type="text", text="4"), model="m"
            ),
            ANSWER,
        ),
        (ANSWER, ANSWER),
        (CreateMessageResult(role="assistant", content=[TextContent(text="4")], model="m"), ANSWER),
    ],
)
def test_a_text_or_a_result_of_any_library_is_the_message(value: Any, expected: Any) -> None:
    """One block where no tools are asked for: that is all that such servers take."""
    assert sampled(lambda *_: value)["result"] == expected


def test_anything_else_is_an_error() -> None:
    """It says what a handler has to return."""
    error = sampled(lambda *_: 4)["error"]

    assert error["code"] == -32603
    assert error["message"].endswith("has to return a str or a CreateMessageResult, not int")


def test_tools_go_in_and_calls_of_tools_come_out() -> None:
    """When they were declared; a list of blocks stays one."""
    use = ToolUseContent(id="1", name="add", input={"a": 2})

    def call(messages: Any, params: SamplingParams, context: Any) -> CreateMessageResult:
        assert params.tools is not None
        assert params.tools[0].name == "add"
        assert params.tool_choice is not None
        assert params.tool_choice.mode == "required"
        return CreateMessageResult(
            role="assistant", content=[use], model="m", stop_reason="toolUse"
        )

    result = sampled(call, tools=True, toolChoice={"mode": "required"})["result"]

    assert result["content"] == [USE]
    assert result["stopReason"] == "toolUse"


def test_a_handler_may_say_itself_what_it_can() -> None:
    """Which holds unless the client is told otherwise."""

    class WithTools:
        sampling_capabilities = SamplingCapability(tools={})

        async def __call__(self, *_: Any) -> str:
            return "4"

    assert "result" in sampled(WithTools(), tools=False, toolChoice={"mode": "auto"})
    refused = sampled(WithTools(), capabilities={}, toolChoice={"mode": "auto"})
    assert refused["error"]["code"] == -32602


@pytest.mark.parametrize(
    "messages",
    [
        [says("user", TEXT)],
        [says("user", TEXT), says("assistant", USE), says("user", RESULT), says("user", TEXT)],
        [says("assistant", TEXT, USE, USE_TOO), says("user", RESULT_TOO, RESULT)],
    ],
)
def test_conversations_whose_calls_are_answered_are_taken(messages: Any) -> None:
    """In the very next message, in any order."""
    assert "result" in sampled(lambda *_: "4", *messages, tools=True)


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([says("assistant", USE)], "without results: 1"),
        ([says("assistant", USE), says("user", TEXT)], "these are not: 1"),
        ([says("assistant", USE, USE_TOO), says("user", RESULT)], "these are not: 2"),
        ([says("user", RESULT)], "these are not: 1"),
        ([says("assistant", USE), says("user", RESULT, TEXT)], "has to have nothing else"),
    ],
)
def test_conversations_that_no_model_takes_are_refused(messages: Any, why: str) -> None:
    """Before the handler is called."""
    called: list[Any] = []

    error = sampled(called.append, *messages, tools=True)["error"]

    assert error["code"] == -32602
    assert why in error["message"]
    assert called == []


def test_a_handler_may_be_a_partial_or_an_object() -> None:
    """Plain or not."""

    async def sample(text: str, *_: Any) -> str:
        return text

    class Object:
        def __call__(self, *_: Any) -> str:
            return "4"

    handlers: list[Callable[..., Any]] = [
        partial(sample, "4"),
        Object(),
        lambda *_: sample("4"),
    ]

    assert [sampled(each)["result"]["content"]["text"] for each in handlers] == ["4"] * 3
