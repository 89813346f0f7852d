"""The ready sampling handler for Google's models: its library, against a stub of its API."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from apps import served
from google import genai
from processes import run_python
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from fastmcp import Client, Context, FastMCP
from fastmcp.client.sampling.handlers.google_genai import GoogleGenaiSamplingHandler
from fastmcp.types import CreateMessageRequestParams, CreateMessageResult

from .scripted import HANDSHAKE, ScriptedServer
from .test_sampling_providers import BARE, HELLO, PNG, RESULT, TOOL, USE, WAV, WHOLE, Api, stubbed

URL_SAFE = str.maketrans("-_", "+/")
"""The library writes base64 for URLs."""
UNSIGNED = b64encode(b"skip_thought_signature_validator").decode()


class Gemini:
    """A stub of Gemini's API, and a handler for it."""

    def __init__(self, api: Api, base: str) -> None:
        self.api = api
        self.base = base

    def says(self, *parts: Any, stopped: str | None = "STOP", **more: Any) -> None:
        """Let the model say this."""
        self.api.answer = {
            "candidates": [
                {"content": {"role": "model", "parts": list(parts)}, "finishReason": stopped}
            ],
            "modelVersion": "gemini-real",
            "usageMetadata": {
                "promptTokenCount": 7,
                "candidatesTokenCount": 3,
                "totalTokenCount": 10,
            },
            **more,
        }

    @asynccontextmanager
    async def handler(self, **options: Any) -> Any:
        """A handler with a client of its own."""
        client = genai.Client(api_key="k", http_options={"base_url": self.base})
        async with asyncio.timeout(30):
            try:
                yield GoogleGenaiSamplingHandler("gemini-flash-test", client, **options)
            finally:
                await client.aio.aclose()
                client.close()

    def sample(self, *, thinking_budget: int | None = None, **params: Any) -> CreateMessageResult:
        """Ask the handler, without a client."""
        asked = CreateMessageRequestParams.model_validate(
            {"messages": [HELLO], "maxTokens": 10, **params}
        )

        async def main() -> CreateMessageResult:
            async with self.handler(thinking_budget=thinking_budget) as handler:
                return await handler(asked.messages, asked, None)

        return asyncio.run(main())

    def sent(self, *parts: Any) -> Any:
        """What the API gets for these blocks of one message of the user's."""
        self.says({"text": "ok"})
        self.sample(messages=[{"role": "user", "content": list(parts)}])
        return self.api.body["contents"][0]["parts"]


@pytest.fixture
def gemini() -> Iterator[Gemini]:
    with stubbed() as (api, base):
        yield Gemini(api, base)


def answering(call: Any, result: Any) -> list[Any]:
    """A conversation in which a call is answered."""
    return [
        HELLO,
        {"role": "assistant", "content": call},
        {"role": "user", "content": result},
    ]


def inline(part: Any) -> tuple[str, str]:
    """The type and the data of media; versions of the library name the type in two ways."""
    blob = part.get("inlineData") or part["inline_data"]
    return blob.get("mimeType") or blob["mime_type"], blob["data"]


def schema_of(declaration: Any) -> Any:
    """The arguments of a declared function, as above."""
    return declaration.get("parametersJsonSchema") or declaration["parameters_json_schema"]


def test_a_message_comes_back_with_its_model_its_end_and_its_tokens(gemini: Gemini) -> None:
    """One block of text, and what it took in `_meta`."""
    gemini.says({"text": "Hi"}, {"text": "!"})

    assert gemini.sample().model_dump(exclude_none=True) == {
        "role": "assistant",
        "content": {"type": "text", "text": "Hi!"},
        "model": "gemini-real",
        "stopReason": "endTurn",
        "_meta": {"usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}},
    }


def test_google_is_asked_for_all_that_the_server_asks(gemini: Gemini) -> None:
    """In the words of its API: a result names the tool, which it has from the call."""
    gemini.says({"text": "5"})

    gemini.sample(**WHOLE)

    path, body = gemini.api.requests[0]
    tools = body.pop("tools")[0]["functionDeclarations"]
    system = body.pop("systemInstruction")
    assert path.endswith("/models/gemini-flash-test:generateContent")
    assert body == {
        "contents": [
            {"role": "user", "parts": [{"text": "Hello"}]},
            {
                "role": "model",
                "parts": [
                    {"text": "Let me see"},
                    {
                        "functionCall": {"name": "add", "args": {"a": 2, "b": 3}},
                        "thoughtSignature": UNSIGNED,
                    },
                ],
            },
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "add", "response": {"output": "5"}}}],
            },
        ],
        "generationConfig": {
            "maxOutputTokens": 100,
            "temperature": 0.25,
            "stopSequences": ["END"],
        },
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
    }
    assert system["parts"] == [{"text": "Be brief"}]
    assert [(tool["name"], tool.get("description")) for tool in tools] == [
        ("add", "Add."),
        ("bare", None),
    ]
    assert [schema_of(tool) for tool in tools] == [TOOL["inputSchema"], BARE["inputSchema"]]


@pytest.mark.parametrize(
    ("mode", "word"), [("auto", "AUTO"), ("required", "ANY"), ("none", "NONE")]
)
def test_whether_tools_are_used_is_the_servers_choice(gemini: Gemini, mode: str, word: str) -> None:
    """The tools stay, as calls of them may stand in the conversation; no tools, no choice."""
    gemini.says({"text": "5"})

    gemini.sample(tools=[TOOL], toolChoice={"mode": mode})
    chosen = gemini.api.body["toolConfig"]
    gemini.sample(toolChoice={"mode": mode})

    assert chosen == {"functionCallingConfig": {"mode": word}}
    assert "toolConfig" not in gemini.api.body


def test_schemas_of_tools_go_without_titles(gemini: Gemini) -> None:
    """Gemini stumbles over them; a member of this name is none, nor is one of a value."""
    member = {"title": "Title", "type": "string", "default": {"title": "x"}}
    schema = {
        "title": "Args",
        "type": "object",
        "properties": {"title": member, "many": {"anyOf": [{"title": "A", "type": "null"}]}},
        "required": ["title"],
    }
    gemini.says({"text": "ok"})

    gemini.sample(tools=[{"name": "t", "inputSchema": schema}])

    assert schema_of(gemini.api.body["tools"][0]["functionDeclarations"][0]) == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "default": {"title": "x"}},
            "many": {"anyOf": [{"type": "null"}]},
        },
        "required": ["title"],
    }


@pytest.mark.parametrize("budget", [0, 512])
def test_the_model_thinks_as_long_as_it_may(gemini: Gemini, budget: int) -> None:
    """The budget is the handler's; without one the model has its own."""
    gemini.says({"text": "ok"})

    gemini.sample(thinking_budget=budget)
    told = gemini.api.body["generationConfig"]["thinkingConfig"]
    gemini.sample()

    assert [*told.values()] == [budget]
    assert "thinkingConfig" not in gemini.api.body["generationConfig"]


def test_thoughts_are_no_part_of_the_answer_but_of_its_costs(gemini: Gemini) -> None:
    """They are billed as what the model says."""
    counts = {"promptTokenCount": 7, "candidatesTokenCount": 3, "thoughtsTokenCount": 20}
    gemini.says({"text": "Hm", "thought": True}, {"text": "Hi!"}, usageMetadata=counts)

    result = gemini.sample()

    assert result.content.text == "Hi!"
    assert result.meta["usage"] == {
        "input_tokens": 7,
        "output_tokens": 23,
        "total_tokens": 30,
    }


def test_calls_of_tools_come_back_as_blocks(gemini: Gemini) -> None:
    """After the text, if there is one; each has an id, though the API may give none."""
    add, bare = {"name": "add", "args": {"a": 1}}, {"name": "bare"}
    gemini.says({"text": "Let me see"}, {"functionCall": add}, {"functionCall": bare})

    result = gemini.sample(tools=[TOOL, BARE])

    blocks = result.model_dump(exclude_none=True)["content"]
    ids = [block.pop("id") for block in blocks[1:]]
    assert blocks == [
        {"type": "text", "text": "Let me see"},
        {"type": "tool_use", "name": "add", "input": {"a": 1}},
        {"type": "tool_use", "name": "bare", "input": {}},
    ]
    assert len(set(ids)) == 2
    assert result.stop_reason == "toolUse"


def test_a_call_goes_back_as_the_model_made_it(gemini: Gemini) -> None:
    """With the id of the API and the signature that it wants to see, kept in `_meta`."""
    signature = b64encode(b"\xff\xfethoughts").decode()
    first = {"functionCall": {"id": "g1", "name": "add", "args": {}}, "thoughtSignature": signature}
    gemini.says(first, {"functionCall": {"id": "g2", "name": "add", "args": {}}})
    calls = gemini.sample(tools=[TOOL]).model_dump(exclude_none=True)["content"]
    results = [{**RESULT, "toolUseId": id} for id in ("g1", "g2")]

    gemini.sample(messages=answering(calls, results), tools=[TOOL])

    model, user = gemini.api.body["contents"][1:]
    assert [part["functionCall"]["id"] for part in model["parts"]] == ["g1", "g2"]
    assert model["parts"][0]["thoughtSignature"].translate(URL_SAFE) == signature
    assert "thoughtSignature" not in model["parts"][1]
    assert [part["functionResponse"]["id"] for part in user["parts"]] == ["g1", "g2"]


@pytest.mark.parametrize(
    ("stopped", "reason"),
    [("MAX_TOKENS", "maxTokens"), ("SAFETY", "SAFETY"), ("MALFORMED_FUNCTION_CALL",) * 2],
)
def test_why_the_model_stopped_is_told(gemini: Gemini, stopped: str, reason: str) -> None:
    """In the protocol's words where it has them; a model that said nothing said nothing."""
    gemini.says(stopped=stopped)

    result = gemini.sample()

    assert (result.stop_reason, result.content.text) == (reason, "")


def test_what_the_api_leaves_out_is_not_made_up(gemini: Gemini) -> None:
    """The model is then the one that was asked; what is not counted is not told."""
    gemini.api.answer = {"candidates": [{}]}

    result = gemini.sample(modelPreferences={"hints": [{"name": "gemini-pro-test"}]})

    assert result.model_dump(exclude_none=True) == {
        "role": "assistant",
        "content": {"type": "text", "text": ""},
        "model": "gemini-pro-test",
    }


def test_an_answer_without_candidates_is_an_error(gemini: Gemini) -> None:
    """It says why, if the API does."""
    gemini.api.answer = {"promptFeedback": {"blockReason": "SAFETY"}}
    with pytest.raises(ValueError, match="no candidates: the prompt is blocked, SAFETY"):
        gemini.sample()

    gemini.api.answer = {}
    with pytest.raises(ValueError, match=r"no candidates$"):
        gemini.sample()


def test_images_and_audio_go_both_ways(gemini: Gemini) -> None:
    """Of any type: which of them a model takes, the API says."""
    data = b64encode(b"\xff\xfe\xff").decode()
    sent = gemini.sent({"type": "text", "text": "What?"}, PNG, {**WAV, "data": data})

    assert sent[0] == {"text": "What?"}
    assert inline(sent[1]) == ("image/png", "aW1n")
    mime_type, heard = inline(sent[2])
    assert (mime_type, heard.translate(URL_SAFE)) == ("audio/wav", data)

    gemini.says({"text": "Look"}, {"inlineData": {"mimeType": "image/png", "data": "aW1n"}})
    assert gemini.sample().model_dump(exclude_none=True)["content"] == [
        {"type": "text", "text": "Look"},
        PNG,
    ]
    gemini.says({"inlineData": {"mimeType": "audio/wav", "data": "YXVk"}})
    assert gemini.sample().model_dump(exclude_none=True)["content"] == WAV


def test_results_of_tools_may_have_more_than_text(gemini: Gemini) -> None:
    """Texts of resources, links to them and images; and it is told which results are errors."""
    content = [
        {"type": "text", "text": "see"},
        {"type": "resource", "resource": {"uri": "a://b", "text": "inside"}},
        {"type": "resource_link", "uri": "c://d", "name": "d"},
        PNG,
    ]
    gemini.says({"text": "ok"})

    gemini.sample(messages=answering(USE, {**RESULT, "content": content, "isError": True}))

    answered = gemini.api.body["contents"][-1]["parts"][0]["functionResponse"]
    images = answered.pop("parts")
    assert answered == {"name": "add", "response": {"error": "see\ninside\nc://d"}}
    assert [inline(image) for image in images] == [("image/png", "aW1n")]


@pytest.mark.parametrize(
    ("messages", "what"),
    [
        ([{"role": "user", "content": {"type": "odd"}}], "'odd'"),
        ([{"role": "user", "content": RESULT}], "the conversation lacks: 'u1'"),
        (answering(USE, {**RESULT, "content": [WAV]}), "'audio/wav' in the result of a tool"),
    ],
)
def test_what_the_api_has_no_place_for_is_an_error(
    gemini: Gemini, messages: Any, what: str
) -> None:
    """It is not left out silently, and nothing is asked."""
    with pytest.raises(ValueError, match=what):
        gemini.sample(messages=messages)

    assert gemini.api.requests == []


@pytest.mark.parametrize(
    ("hints", "model"),
    [
        ([], "gemini-flash-test"),
        (["claude-opus-test", "gemini-pro-test"], "gemini-pro-test"),
        (["flash", "gemini-pro-test"], "gemini-flash-test"),
        (["gemini", "gemini-pro-test"], "gemini-flash-test"),
        (["gpt-5"], "gemini-flash-test"),
    ],
)
def test_the_first_hint_that_google_has_is_the_model(
    gemini: Gemini, hints: list[str], model: str
) -> None:
    """The beginning of one of its names, or a part of the default's."""
    gemini.says({"text": "Hi!"})

    gemini.sample(modelPreferences={"hints": [{"name": hint} for hint in hints]})

    assert gemini.api.requests[0][0].endswith(f"/{model}:generateContent")


def test_a_handler_answers_a_server_as_any_other(gemini: Gemini) -> None:
    """The client declares tools, as the handler can have them."""
    gemini.says({"text": "Hi!"})
    server = ScriptedServer(revision=HANDSHAKE)

    async def main() -> Any:
        async with gemini.handler() as handler, Client(server, sampling_handler=handler):
            params = {"messages": [HELLO], "maxTokens": 5, "tools": [TOOL]}
            return await server.ask("sampling/createMessage", params)

    result = asyncio.run(main())["result"]

    declared = server.requests("initialize")[0]["params"]["capabilities"]
    assert declared == {"sampling": {"tools": {}}}
    assert result["content"] == {"type": "text", "text": "Hi!"}
    assert result["_meta"]["usage"]["total_tokens"] == 10


def test_a_server_runs_the_tools_that_the_model_calls(gemini: Gemini) -> None:
    """`ctx.sample` with tools goes through the client and back, with all that a call carries."""
    signature = b64encode(b"thoughts").decode()
    mcp = FastMCP("x")

    def add(a: int, b: int) -> int:
        """Add."""
        gemini.says({"text": "It is 5"})
        return a + b

    @mcp.tool
    async def ask(ctx: Context) -> str | None:
        return (await ctx.sample("2 + 3?", tools=[add])).text

    call = {"id": "g1", "name": "add", "args": {"a": 2, "b": 3}}
    gemini.says({"functionCall": call, "thoughtSignature": signature})

    async def main() -> Any:
        async with gemini.handler() as handler, Client(mcp, sampling_handler=handler) as client:
            return (await client.call_tool("ask")).data

    assert asyncio.run(main()) == "It is 5"
    made, answered = (each["parts"][0] for each in gemini.api.body["contents"][1:])
    assert made == {"functionCall": call, "thoughtSignature": signature}
    assert answered["functionResponse"] == {
        "id": "g1",
        "name": "add",
        "response": {"output": "5"},
    }


@pytest.mark.parametrize("reached", [True, False])
def test_an_error_of_the_api_is_told_to_the_server(reached: bool) -> None:
    """As that of any handler."""
    error = {"code": 429, "message": "Too much", "status": "RESOURCE_EXHAUSTED"}

    async def refuse(request: Request) -> JSONResponse:
        return JSONResponse({"error": error}, status_code=429)

    server = ScriptedServer(revision=HANDSHAKE)

    async def main(base: str) -> Any:
        gemini = Gemini(Api(), base)
        async with gemini.handler() as handler, Client(server, sampling_handler=handler):
            params = {"messages": [HELLO], "maxTokens": 5}
            return await server.ask("sampling/createMessage", params)

    with served(Starlette(routes=[Route("/{path:path}", refuse, methods=["POST"])])) as base:
        told = asyncio.run(main(base if reached else "http://127.0.0.1:1"))["error"]

    assert told["code"] == -32603
    assert ("429 RESOURCE_EXHAUSTED" if reached else "connection attempts failed") in told[
        "message"
    ]


def test_the_library_is_loaded_on_use_and_its_absence_says_what_to_install() -> None:
    """Importing the handler loads nothing; a client of one's own needs nothing loaded."""
    program = """
import sys
from fastmcp.client.sampling.handlers import GoogleGenaiSamplingHandler
assert "google.genai" not in sys.modules
GoogleGenaiSamplingHandler("m", client=object())
sys.modules["google.genai"] = None
try:
    GoogleGenaiSamplingHandler("m")
except ImportError as error:
    print(error)
"""
    run = run_python("-c", program)

    assert run.returncode == 0, run.stderr
    assert "needs the package 'google-genai'" in run.stdout
    assert 'pip install "peregrine-mcp[gemini]"' in run.stdout


def test_without_a_client_the_environment_decides(
    gemini: Gemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the library reads it."""
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", gemini.base)
    gemini.says({"text": "Hi!"})
    asked = CreateMessageRequestParams.model_validate({"messages": [HELLO], "maxTokens": 10})

    async def main() -> Any:
        handler = GoogleGenaiSamplingHandler("gemini-flash-test")
        try:
            return await handler(asked.messages, asked)
        finally:
            await handler.client.aio.aclose()
            handler.client.close()

    assert asyncio.run(main()).content.text == "Hi!"
