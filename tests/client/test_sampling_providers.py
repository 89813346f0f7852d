"""The ready sampling handlers: the providers' own libraries, against stubs of their APIs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import openai
import pytest
from apps import served
from processes import run_python
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from fastmcp import Client, Context, FastMCP
from fastmcp.client.sampling.handlers.anthropic import AnthropicSamplingHandler
from fastmcp.client.sampling.handlers.openai import OpenAISamplingHandler
from fastmcp.types import CreateMessageRequestParams, CreateMessageResult

from .scripted import HANDSHAKE, ScriptedServer

PNG = {"type": "image", "data": "aW1n", "mimeType": "image/png"}
WAV = {"type": "audio", "data": "YXVk", "mimeType": "audio/wav"}
HELLO = {"role": "user", "content": {"type": "text", "text": "Hello"}}
USE = {"type": "tool_use", "id": "u1", "name": "add", "input": {"a": 2, "b": 3}}
RESULT = {"type": "tool_result", "toolUseId": "u1", "content": [{"type": "text", "text": "5"}]}
TOOL = {
    "name": "add",
    "description": "Add.",
    "inputSchema": {"type": "object", "properties": {"a": {"type": "integer"}}},
}
BARE = {"name": "bare", "inputSchema": {"type": "object"}}
# A text, what the model is told and asked besides, and a call of a tool with its result.
WHOLE: dict[str, Any] = {
    "messages": [
        HELLO,
        {"role": "assistant", "content": [{"type": "text", "text": "Let me see"}, USE]},
        {"role": "user", "content": RESULT},
    ],
    "maxTokens": 100,
    "systemPrompt": "Be brief",
    "temperature": 0.25,
    "stopSequences": ["END"],
    "tools": [TOOL, BARE],
    "toolChoice": {"mode": "required"},
}


class Api:
    """A stub of a provider's API: what it was sent, and what it says."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.answer: Any = None

    async def handle(self, request: Request) -> JSONResponse:
        """Answer any request."""
        self.requests.append((request.url.path, await request.json()))
        return JSONResponse(self.answer)

    @property
    def body(self) -> Any:
        """What the last request had."""
        return self.requests[-1][1]


@contextmanager
def stubbed() -> Iterator[tuple[Api, str]]:
    api = Api()
    with served(Starlette(routes=[Route("/{path:path}", api.handle, methods=["POST"])])) as base:
        yield api, base


class Provider:
    """One provider: its handler and library on a stub, and what its API answers."""

    def __init__(self, name: str, api: Api, base: str) -> None:
        self.name = name
        self.api = api
        self.base = base

    def handler(self) -> Any:
        """A handler with a client of its own, to be closed."""
        if self.name == "openai":
            url = f"{self.base}/v1"
            client: Any = openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0)
            return OpenAISamplingHandler("gpt-4o-mini", client)
        client = anthropic.AsyncAnthropic(base_url=self.base, api_key="k", max_retries=0)
        return AnthropicSamplingHandler("claude-sonnet-test", client)

    def says(self, text: str | None, *calls: Any, stopped: str, usage: bool = True) -> None:
        """Let the model say this, and call tools by (id, name, arguments)."""
        openai_like = self.name == "openai"
        self.api.answer = (_completion if openai_like else _message)(text, calls, stopped)
        if not usage:
            self.api.answer["usage"] = None

    def sample(self, **params: Any) -> CreateMessageResult:
        """Ask the handler, without a client."""
        asked = CreateMessageRequestParams.model_validate(
            {"messages": [HELLO], "maxTokens": 10, **params}
        )

        async def main() -> CreateMessageResult:
            handler = self.handler()
            async with handler.client:
                return await handler(asked.messages, asked, None)

        return asyncio.run(main())


def _completion(text: str | None, calls: Any, stopped: str) -> Any:
    tool_calls = [
        {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for id, name, arguments in calls
    ]
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-real",
        "choices": [
            {
                "index": 0,
                "finish_reason": stopped,
                "message": {"role": "assistant", "content": text, "tool_calls": tool_calls or None},
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }


def _message(text: str | None, calls: Any, stopped: str) -> Any:
    content = [] if text is None else [{"type": "text", "text": text}]
    content += [
        {"type": "tool_use", "id": id, "name": name, "input": json.loads(arguments)}
        for id, name, arguments in calls
    ]
    return {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "claude-real",
        "content": content,
        "stop_reason": stopped,
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 3},
    }


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with stubbed() as (api, base):
        yield Provider(request.param, api, base)


@pytest.fixture
def of_openai() -> Iterator[Provider]:
    with stubbed() as (api, base):
        yield Provider("openai", api, base)


@pytest.fixture
def of_anthropic() -> Iterator[Provider]:
    with stubbed() as (api, base):
        yield Provider("anthropic", api, base)


END = {"openai": "stop", "anthropic": "end_turn"}
TOOLS = {"openai": "tool_calls", "anthropic": "tool_use"}


def test_a_message_comes_back_with_its_model_its_end_and_its_tokens(provider: Provider) -> None:
    """One block of text, and what it took in `_meta`."""
    provider.says("Hi!", stopped=END[provider.name])

    result = provider.sample()

    assert result.model_dump(exclude_none=True) == {
        "role": "assistant",
        "content": {"type": "text", "text": "Hi!"},
        "model": "gpt-real" if provider.name == "openai" else "claude-real",
        "stopReason": "endTurn",
        "_meta": {"usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}},
    }


def test_openai_is_asked_for_all_that_the_server_asks(of_openai: Provider) -> None:
    """In the words of its API: results of tools are messages, arguments are text."""
    of_openai.says("5", stopped="stop")

    of_openai.sample(**WHOLE)

    assert of_openai.api.requests[0][0] == "/v1/chat/completions"
    assert of_openai.api.body == {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": "Hello"},
            {
                "role": "assistant",
                "content": "Let me see",
                "tool_calls": [
                    {
                        "id": "u1",
                        "type": "function",
                        "function": {"name": "add", "arguments": '{"a":2,"b":3}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "u1", "content": "5"},
        ],
        "max_completion_tokens": 100,
        "temperature": 0.25,
        "stop": ["END"],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "add",
                    "description": "Add.",
                    "parameters": TOOL["inputSchema"],
                },
            },
            {"type": "function", "function": {"name": "bare", "parameters": {"type": "object"}}},
        ],
        "tool_choice": "required",
    }


def test_anthropic_is_asked_for_all_that_the_server_asks(of_anthropic: Provider) -> None:
    """In the words of its API."""
    of_anthropic.says("5", stopped="end_turn")

    of_anthropic.sample(**WHOLE)

    assert of_anthropic.api.requests[0][0] == "/v1/messages"
    assert of_anthropic.api.body == {
        "model": "claude-sonnet-test",
        "messages": [
            {"role": "user", "content": "Hello"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Let me see"},
                    {"type": "tool_use", "id": "u1", "name": "add", "input": {"a": 2, "b": 3}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "u1",
                        "content": [{"type": "text", "text": "5"}],
                        "is_error": False,
                    }
                ],
            },
        ],
        "max_tokens": 100,
        "system": "Be brief",
        "temperature": 0.25,
        "stop_sequences": ["END"],
        "tools": [
            {"name": "add", "description": "Add.", "input_schema": TOOL["inputSchema"]},
            {"name": "bare", "input_schema": {"type": "object"}},
        ],
        "tool_choice": {"type": "any"},
    }


@pytest.mark.parametrize("mode", ["auto", "required", "none"])
def test_whether_tools_are_used_is_the_servers_choice(provider: Provider, mode: str) -> None:
    """The tools stay, as calls of them may stand in the conversation; no tools, no choice."""
    provider.says("5", stopped=END[provider.name])
    anthropic_words = {"auto": "auto", "required": "any", "none": "none"}

    provider.sample(tools=[TOOL], toolChoice={"mode": mode})
    chosen = provider.api.body["tool_choice"]
    provider.sample(toolChoice={"mode": mode})

    assert chosen == (mode if provider.name == "openai" else {"type": anthropic_words[mode]})
    assert "tool_choice" not in provider.api.body


def test_calls_of_tools_come_back_as_blocks(provider: Provider) -> None:
    """After the text, if there is one."""
    calls = [("c1", "add", '{"a": 1}'), ("c2", "bare", "{}")]
    blocks = [
        {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}},
        {"type": "tool_use", "id": "c2", "name": "bare", "input": {}},
    ]

    for text in ("Let me see", None):
        provider.says(text, *calls, stopped=TOOLS[provider.name])
        result = provider.sample(tools=[TOOL, BARE]).model_dump(exclude_none=True)

        spoken = [] if text is None else [{"type": "text", "text": text}]
        assert result["content"] == [*spoken, *blocks]
        assert result["stopReason"] == "toolUse"


@pytest.mark.parametrize(
    ("name", "stopped", "reason"),
    [
        ("openai", "length", "maxTokens"),
        ("openai", "content_filter", "content_filter"),
        ("anthropic", "max_tokens", "maxTokens"),
        ("anthropic", "stop_sequence", "stopSequence"),
        ("anthropic", "refusal", "refusal"),
    ],
)
def test_why_the_model_stopped_is_told(name: str, stopped: str, reason: str) -> None:
    """In the protocol's words where it has them; a model that said nothing said nothing."""
    with stubbed() as (api, base):
        provider = Provider(name, api, base)
        provider.says(None, stopped=stopped)
        result = provider.sample()

    assert result.stop_reason == reason
    assert result.content.text == ""


def test_a_refusal_and_a_missing_count_of_openai(of_openai: Provider) -> None:
    """The refusal is the text; what is not counted is not told."""
    of_openai.says(None, stopped="stop", usage=False)
    of_openai.api.answer["choices"][0]["message"]["refusal"] = "I will not"

    result = of_openai.sample()

    assert (result.content.text, result.meta) == ("I will not", None)


def test_answers_that_are_none_are_errors(of_openai: Provider) -> None:
    """No choices, and arguments that are no object."""
    of_openai.says("x", ("c1", "add", "[1"), stopped="tool_calls")
    with pytest.raises(ValueError, match="'add' with arguments that are no object"):
        of_openai.sample(tools=[TOOL])

    of_openai.api.answer["choices"] = []
    with pytest.raises(ValueError, match="no choices"):
        of_openai.sample()


def test_images_go_to_both_and_audio_to_openai(provider: Provider) -> None:
    """As parts of a message of the user's."""
    provider.says("A cat", stopped=END[provider.name])
    text = {"type": "text", "text": "What is it?"}
    openai_like = provider.name == "openai"
    heard = [WAV, {**WAV, "mimeType": "audio/mpeg"}] if openai_like else []

    provider.sample(messages=[{"role": "user", "content": [text, PNG, *heard]}])
    provider.sample(messages=[{"role": "user", "content": PNG}])

    url = {"url": "data:image/png;base64,aW1n"}
    image: Any = {"type": "image_url", "image_url": url}
    if not openai_like:
        source = {"type": "base64", "media_type": "image/png", "data": "aW1n"}
        image = {"type": "image", "source": source}
    audio = [
        {"type": "input_audio", "input_audio": {"data": "YXVk", "format": format}}
        for format in ("wav", "mp3")[: len(heard)]
    ]
    sent = [body["messages"][0]["content"] for _, body in provider.api.requests]
    assert sent == [[text, image, *audio], [image]]


def test_results_of_tools_may_have_more_than_text(provider: Provider) -> None:
    """Texts of resources and links to them; Anthropic sees images, and which results are errors."""
    content: list[Any] = [
        {"type": "text", "text": "see"},
        {"type": "resource", "resource": {"uri": "a://b", "text": "inside"}},
        {"type": "resource_link", "uri": "c://d", "name": "d"},
    ]
    if provider.name == "anthropic":
        content.append(PNG)
    result = {**RESULT, "content": content, "isError": True}
    provider.says("ok", stopped=END[provider.name])

    provider.sample(
        messages=[{"role": "assistant", "content": USE}, {"role": "user", "content": result}],
        tools=[TOOL],
    )

    last = provider.api.body["messages"][-1]
    if provider.name == "openai":
        assert last == {"role": "tool", "tool_call_id": "u1", "content": "see\ninside\nc://d"}
        assert provider.api.body["messages"][0]["content"] is None
    else:
        told = last["content"][0]
        assert told["is_error"] is True
        texts = [block.get("text") for block in told["content"]]
        assert texts == ["see", "inside", "c://d", None]
        assert told["content"][3]["source"]["data"] == "aW1n"


@pytest.mark.parametrize(
    ("name", "message", "what"),
    [
        ("openai", {"role": "user", "content": {**PNG, "mimeType": "image/tiff"}}, "image/tiff"),
        ("openai", {"role": "user", "content": {**WAV, "mimeType": "audio/ogg"}}, "audio/ogg"),
        ("openai", {"role": "assistant", "content": PNG}, "message of the assistant"),
        ("openai", {"role": "user", "content": {"type": "odd"}}, "'odd'"),
        ("openai", {"role": "user", "content": {**RESULT, "content": [PNG]}}, "result of a tool"),
        ("anthropic", {"role": "user", "content": WAV}, "audio/wav"),
        ("anthropic", {"role": "assistant", "content": PNG}, "message of the assistant"),
        ("anthropic", {"role": "user", "content": {**RESULT, "content": [WAV]}}, "audio/wav"),
    ],
)
def test_what_an_api_has_no_place_for_is_an_error(name: str, message: Any, what: str) -> None:
    """It is not left out silently, and nothing is asked."""
    with stubbed() as (api, base):
        with pytest.raises(ValueError, match=what):
            Provider(name, api, base).sample(messages=[message])
        assert api.requests == []


@pytest.mark.parametrize(
    ("name", "hints", "model"),
    [
        ("openai", [], "gpt-4o-mini"),
        ("openai", ["claude-opus-test", "gpt-5"], "gpt-5"),
        ("openai", ["o3"], "o3"),
        ("openai", ["mini", "gpt-5"], "gpt-4o-mini"),
        ("openai", ["llama"], "gpt-4o-mini"),
        ("anthropic", ["gpt-5", "claude-opus-test"], "claude-opus-test"),
        ("anthropic", ["sonnet", "claude-opus-test"], "claude-sonnet-test"),
        ("anthropic", ["", "opus"], "claude-sonnet-test"),
    ],
)
def test_the_first_hint_that_the_provider_has_is_the_model(
    name: str, hints: list[str], model: str
) -> None:
    """The beginning of one of its names, or a part of the default's."""
    with stubbed() as (api, base):
        provider = Provider(name, api, base)
        provider.says("Hi!", stopped=END[name])
        provider.sample(modelPreferences={"hints": [{"name": hint} for hint in hints]})
        assert api.body["model"] == model


def test_a_handler_answers_a_server_as_any_other(provider: Provider) -> None:
    """The client declares tools, as the handler can have them."""
    provider.says("Hi!", stopped=END[provider.name])
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> Any:
        handler = provider.handler()
        async with (
            asyncio.timeout(30),
            handler.client,
            Client(server, sampling_handler=handler),
        ):
            params = {"messages": [HELLO], "maxTokens": 5, "tools": [TOOL]}
            return await server.ask("sampling/createMessage", params)

    response = asyncio.run(main())

    declared = server.requests("initialize")[0]["params"]["capabilities"]
    assert declared == {"sampling": {"tools": {}}}
    assert response["result"]["content"] == {"type": "text", "text": "Hi!"}
    assert response["result"]["_meta"]["usage"]["total_tokens"] == 10


def test_a_handler_is_a_servers_own_model_too(provider: Provider) -> None:
    """`FastMCP(sampling_handler=...)` asks it in place of the client's, and counts its tokens."""
    provider.says("Hi!", stopped=END[provider.name])

    async def main() -> str:
        handler = provider.handler()
        mcp = FastMCP("x", sampling_handler=handler)

        @mcp.tool
        async def ask(ctx: Context) -> str:
            answer = await ctx.sample("Hello", max_tokens=5)
            assert answer.usage is not None
            return f"{answer.text} {answer.usage.total_tokens}"

        async with asyncio.timeout(30), handler.client, Client(mcp) as client:
            return (await client.call_tool("ask")).data

    assert asyncio.run(main()) == "Hi! 10"


def test_an_error_of_the_api_is_told_to_the_server(provider: Provider) -> None:
    """As that of any handler."""
    provider.base = "http://127.0.0.1:1"
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> Any:
        handler = provider.handler()
        async with (
            asyncio.timeout(30),
            handler.client,
            Client(server, sampling_handler=handler),
        ):
            params = {"messages": [HELLO], "maxTokens": 5}
            return await server.ask("sampling/createMessage", params)

    assert asyncio.run(main())["error"] == {"code": -32603, "message": "Connection error."}


@pytest.mark.parametrize(
    ("extra", "name"),
    [("openai", "OpenAISamplingHandler"), ("anthropic", "AnthropicSamplingHandler")],
)
def test_a_library_is_loaded_on_use_and_its_absence_says_what_to_install(
    extra: str, name: str
) -> None:
    """Importing the handler loads nothing; a client of one's own needs nothing loaded."""
    program = f"""
import sys
from fastmcp.client.sampling.handlers import {name}
assert {extra!r} not in sys.modules
{name}("m", client=object())
sys.modules[{extra!r}] = None
try:
    {name}("m")
except ImportError as error:
    print(error)
"""
    run = run_python("-c", program)

    assert run.returncode == 0, run.stderr
    assert f'pip install "peregrine-mcp[{extra}]"' in run.stdout


@pytest.mark.parametrize(
    ("handler", "variables"),
    [
        (OpenAISamplingHandler, {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:1/"}),
        (
            AnthropicSamplingHandler,
            {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1/"},
        ),
    ],
)
def test_without_a_client_the_environment_decides(
    handler: Any, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the libraries read it."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    made = handler("m")

    assert str(made.client.base_url) == "http://127.0.0.1:1/"
    assert made.client.api_key == "k"
    asyncio.run(made.client.close())
