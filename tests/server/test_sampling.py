"""Sampling: what is asked of the client's model, and what comes back."""

from __future__ import annotations

import asyncio
import importlib
import threading
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, call, http, initialize, messages, notification
from conversation import REVISIONS, Conversation
from mcp.types import SamplingMessage as OfficialMessage
from mcp.types import TextContent as OfficialText
from scripted_model import (
    BOTH_ERAS,
    PLAIN,
    ScriptedModel,
    error_of,
    sampled,
    says,
    text_of,
    uses,
)

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, MissingCapability
from fastmcp.prompts import Message
from fastmcp.server import sampling
from fastmcp.server.sampling import SamplingResult
from fastmcp.types import (
    CreateMessageResult,
    ModelHint,
    ModelPreferences,
    SamplingMessage,
    TextContent,
)
from fastmcp.utilities.types import Image


def asking(*arguments: Any, **options: Any) -> Any:
    """A tool that samples with these arguments and gives the text."""

    async def f(ctx: Context) -> str:
        return str(await ctx.sample(*arguments, **options))

    return f


def request_of(*arguments: Any, revision: str = HANDSHAKE, **options: Any) -> dict[str, Any]:
    """What the client is asked by a tool that samples with these arguments."""
    model = ScriptedModel(says("hi"))
    assert text_of(sampled(asking(*arguments, **options), model, revision=revision)) == "hi"
    return model.last


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_plain_function_and_a_coroutine_sample_alike(revision: str) -> None:
    """One waits in its thread, the other awaits; the protocol's revision makes no difference."""

    def plain(ctx: Context) -> str:
        result: Any = ctx.sample("hello")
        return result.text

    for function in (plain, asking("hello")):
        model = ScriptedModel(says("hi"))
        assert text_of(sampled(function, model, revision=revision)) == "hi"
        assert model.last["messages"] == [
            {"role": "user", "content": {"type": "text", "text": "hello"}}
        ]


def test_only_what_was_said_is_sent_and_there_is_a_limit_of_tokens() -> None:
    """512, unless another is given."""
    assert request_of("x").keys() - {"_meta"} == {"messages", "maxTokens"}
    assert request_of("x")["maxTokens"] == 512
    assert request_of("x", max_tokens=7)["maxTokens"] == 7


def test_every_option_reaches_the_client() -> None:
    """By the protocol's names."""
    params = request_of(
        "x",
        system_prompt="be short",
        temperature=0.0,
        max_tokens=5,
        model_preferences="fast",
        include_context="thisServer",
        stop_sequences=["."],
        metadata={"a": 1},
    )

    del params["messages"]
    params.pop("_meta", None)
    assert params == {
        "systemPrompt": "be short",
        "temperature": 0.0,
        "maxTokens": 5,
        "modelPreferences": {"hints": [{"name": "fast"}]},
        "includeContext": "thisServer",
        "stopSequences": ["."],
        "metadata": {"a": 1},
    }


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"model": "a"}, {"hints": [{"name": "a"}]}),
        ({"model": ["a", "b"]}, {"hints": [{"name": "a"}, {"name": "b"}]}),
        (
            {"model_preferences": ["a", ModelHint(name="b")]},
            {"hints": [{"name": "a"}, {"name": "b"}]},
        ),
        (
            {"model_preferences": ModelPreferences(cost_priority=0.5)},
            {"costPriority": 0.5},
        ),
        ({"model_preferences": {"speedPriority": 1.0}}, {"speedPriority": 1.0}),
    ],
)
def test_models_are_preferred_by_name_or_by_priority(options: Any, sent: Any) -> None:
    """A name, several, or whole preferences."""
    assert request_of("x", **options)["modelPreferences"] == sent


@pytest.mark.parametrize(
    "given",
    [
        "hello",
        ["hello"],
        SamplingMessage(role="user", content=TextContent(text="hello")),
        [SamplingMessage(role="user", content="hello")],  # type: ignore[arg-type]
        OfficialMessage(role="user", content=OfficialText(type="text", text="hello")),
        SamplingMessage(role="user", content=OfficialText(type="text", text="hello")),  # type: ignore[arg-type]
        {"role": "user", "content": {"type": "text", "text": "hello"}},
        {"role": "user", "content": "hello"},
        Message("hello"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_messages_may_be_of_any_kind(given: Any) -> None:
    """Texts, our messages, those of the official library, and plain data."""
    expected = [{"role": "user", "content": {"type": "text", "text": "hello"}}]

    assert request_of(given)["messages"] == expected
    assert request_of(prompt=given)["messages"] == expected


def test_a_conversation_keeps_its_order_and_its_roles() -> None:
    """Also where its messages are of several kinds, and hold more than text."""
    params = request_of(
        [
            "one",
            SamplingMessage(role="assistant", content=TextContent(text="two")),
            {"role": "user", "content": ["three", Image(data=b"png", format="png")]},
        ]
    )

    assert [message["role"] for message in params["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in params["messages"][2]["content"]] == ["text", "image"]


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18"])
def test_an_older_client_is_sent_one_block_a_message(revision: str) -> None:
    """Lists of blocks came with 2025-11-25."""
    message = {"role": "user", "content": ["one", "two"]}

    assert request_of([message, {"role": "user", "content": ["three"]}], revision=revision)[
        "messages"
    ] == [
        {"role": "user", "content": {"type": "text", "text": text}}
        for text in ("one", "two", "three")
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"messages": 5}, "not int"),
        ({"messages": {"role": "system", "content": "x"}}, "user or assistant"),
        ({"messages": [{"role": "user", "content": {"type": "image"}}]}, "image"),
        ({"messages": "x", "prompt": "y"}, "either messages or prompt="),
        ({}, "either messages or prompt="),
        ({"messages": "x", "model": "a", "model_preferences": "b"}, "either by model="),
        ({"messages": "x", "model": [5]}, "names, not 5"),
        ({"messages": "x", "model_preferences": 5}, "a ModelPreferences"),
        ({"messages": "x", "max_token": 5}, "did you mean max_tokens=?"),
        ({"messages": "x", "tool_concurrency": -1}, "tool_concurrency=-1"),
    ],
)
def test_a_mistake_in_the_call_is_told_before_anybody_is_asked(options: Any, told: str) -> None:
    """By an ordinary exception in the function."""
    model = ScriptedModel(says("never"))

    assert told in error_of(sampled(asking(**options), model))
    assert model.asked == []


def test_a_result_is_its_text_with_the_model_and_what_it_cost() -> None:
    """In any library's spelling of the tokens; what nobody told is None."""
    seen: list[Any] = []

    async def f(ctx: Context) -> None:
        for _ in range(3):
            seen.append(await ctx.sample("x"))

    model = ScriptedModel(
        says("one", stopReason="endTurn", _meta={"usage": {"input_tokens": 3, "output_tokens": 4}}),
        says("two", _meta={"usage": {"promptTokens": 1, "totalTokens": 5}}),
        says("three"),
    )
    sampled(f, model)

    one, two, three = seen
    assert (one.text, one.result, one.model, one.stop_reason) == (
        "one",
        "one",
        "scripted",
        "endTurn",
    )
    assert (one.usage.input_tokens, one.usage.output_tokens, one.usage.total_tokens) == (3, 4, 7)
    assert (two.usage.input_tokens, two.usage.output_tokens, two.usage.total_tokens) == (1, None, 5)
    assert three.usage.total_tokens is None
    assert one.usage and not three.usage
    assert (str(one), f"{two}") == ("one", "two")
    assert one == "one"
    assert one != "two"
    assert one != two
    assert one == SamplingResult("one", "one", one.history, one.usage, "scripted", "endTurn")


def test_the_history_of_a_result_goes_on() -> None:
    """It has what was asked and answered; one more text is the next message."""

    async def f(ctx: Context) -> str:
        first = await ctx.sample("one")
        second = await ctx.sample([*first.history, "three"])
        return str(len(second.history))

    model = ScriptedModel(says("two"), says("four"))

    assert text_of(sampled(f, model)) == "4"
    assert [(each["role"], each["content"]["text"]) for each in model.last["messages"]] == [
        ("user", "one"),
        ("assistant", "two"),
        ("user", "three"),
    ]


def test_an_answer_without_text_has_none() -> None:
    """Its content is in the history."""
    image = {"type": "image", "data": "aGk=", "mimeType": "image/png"}

    async def f(ctx: Context) -> str:
        result = await ctx.sample("draw")
        return f"{result.text} {result.result!r} {result.history[-1].content.type}"

    assert text_of(sampled(f, ScriptedModel({**says(""), "content": image}))) == "None '' image"


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_client_without_a_model_is_told_what_it_lacks(revision: str) -> None:
    """At once, and by an exception that the function may catch."""

    async def f(ctx: Context) -> str:
        with pytest.raises(MissingCapability) as caught:
            await ctx.sample("x")
        return str(caught.value.data)

    model = ScriptedModel(says("never"))

    answer = sampled(f, model, revision=revision, capabilities={"roots": {}})

    assert text_of(answer) == str({"requiredCapabilities": {"sampling": {}}})
    assert model.asked == []


def test_a_refusal_of_the_client_is_an_exception_in_the_function() -> None:
    """With its code and its text."""

    def f(ctx: Context) -> str:
        with pytest.raises(McpError) as caught:
            ctx.sample("x")
        return f"{caught.value.code} {caught.value}"

    model = ScriptedModel({"code": -1, "message": "The user said no"})

    assert text_of(sampled(f, model)) == "-1 The user said no"


@pytest.mark.parametrize("threaded", [True, False])
def test_a_client_that_leaves_ends_the_wait(threaded: bool) -> None:
    """Of a coroutine and of a plain function."""
    ended = threading.Event()

    def plain(ctx: Context) -> None:
        try:
            ctx.sample("x")
        finally:
            ended.set()

    async def awaiting(ctx: Context) -> None:
        try:
            await ctx.sample("x")
        finally:
            ended.set()

    mcp = FastMCP("x")
    mcp.tool(plain if threaded else awaiting, name="f")

    async def main() -> bool:
        talk = Conversation(mcp, HANDSHAKE)
        opening = initialize()
        opening["params"]["capabilities"] = PLAIN
        await talk.ask(opening)
        talk.send(notification("notifications/initialized"))
        asked = await talk.ask(call("f"))
        assert asked["method"] == "sampling/createMessage"
        talk.session.close()
        return await asyncio.to_thread(ended.wait, 10)

    assert asyncio.run(main())


def test_a_request_that_stands_alone_says_why_nobody_can_be_asked() -> None:
    """What its client could do, it did not tell."""
    mcp = FastMCP("x")
    mcp.tool(asking("x"), name="f")

    with http(mcp, stateless_http=True) as client:
        [answer] = messages(client.post(call("f")))

    assert "needs a session" in error_of(answer)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("", "SampleStep SamplingResult SamplingTool"),
        (".run", "SampleStep SamplingResult"),
        (".sampling_tool", "SamplingTool"),
    ],
)
def test_what_users_import_is_where_they_import_it_from(module: str, names: str) -> None:
    """The paths of FastMCP 3."""
    found = importlib.import_module(f"fastmcp.server.sampling{module}")

    for name in names.split():
        assert getattr(found, name) is getattr(sampling, name)


@pytest.mark.parametrize("revision", BOTH_ERAS)
@pytest.mark.parametrize("capabilities", [{"roots": {}}, PLAIN])
def test_the_servers_own_model_answers_for_a_client_without_one(
    revision: str, capabilities: Any
) -> None:
    """It is given the messages, all that was asked, and the context of the request."""
    seen: list[Any] = []

    async def handler(messages: Any, params: Any, context: Context) -> str:
        seen.append((messages, params.max_tokens, params.systemPrompt, context.fastmcp.name))
        return "mine"

    model = ScriptedModel(says("theirs"))
    function = asking("x", system_prompt="be kind", max_tokens=9)
    answer = sampled(
        function, model, revision=revision, capabilities=capabilities, sampling_handler=handler
    )

    if capabilities == PLAIN:
        assert (text_of(answer), seen) == ("theirs", [])
    else:
        assert text_of(answer) == "mine"
        [([message], *others)] = seen
        assert (message.content.text, *others) == ("x", 9, "be kind", "sampler")
        assert model.asked == []


def test_the_servers_own_model_may_always_answer() -> None:
    """A plain one works in a thread of its own, beside the loop."""

    def handler(messages: Any, params: Any, context: Any) -> Any:
        return threading.current_thread() is threading.main_thread()

    def told(messages: Any, params: Any, context: Any) -> str:
        return f"on the loop: {handler(messages, params, context)}"

    model = ScriptedModel(says("never"))
    answer = sampled(asking("x"), model, sampling_handler=told, sampling_handler_behavior="always")

    assert text_of(answer) == "on the loop: False"
    assert model.asked == []


@pytest.mark.parametrize(
    "given",
    [
        "text",
        TextContent(text="text"),
        OfficialText(type="text", text="text"),
        CreateMessageResult(role="assistant", content=TextContent(text="text"), model="m"),
        says("text"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_handler_gives_text_content_or_a_whole_result(given: Any) -> None:
    """Of ours, of the official library, or as data."""
    answer = sampled(
        asking("x"), ScriptedModel(), sampling_handler=lambda *_: given,
        sampling_handler_behavior="always",
    )  # fmt: skip

    assert text_of(answer) == "text"


def test_a_handler_that_gives_something_else_is_told_so() -> None:
    """By the name of the keyword that it was given by."""
    answer = sampled(
        asking("x"), ScriptedModel(), capabilities={"roots": {}}, sampling_handler=lambda *_: 5
    )

    assert "sampling_handler has to give a text or a CreateMessageResult, not int" in error_of(
        answer
    )


def test_a_handlers_exception_reaches_the_function() -> None:
    """As it was raised."""

    def handler(*_: Any) -> str:
        raise KeyError("no quota")

    async def f(ctx: Context) -> str:
        with pytest.raises(KeyError, match="no quota"):
            await ctx.sample("x")
        return "caught"

    answer = sampled(f, ScriptedModel(), capabilities={"roots": {}}, sampling_handler=handler)

    assert text_of(answer) == "caught"


def test_the_servers_own_model_is_not_asked_again_in_later_rounds() -> None:
    """What it answered is remembered while the client answers other questions."""
    asked: list[Any] = []

    def handler(messages: Any, params: Any, context: Any) -> str:
        asked.append(messages)
        return f"draft {len(asked)}"

    async def f(ctx: Context) -> str:
        draft = await ctx.sample("draft it", tools=[len_of])
        return f"{draft}, {await ctx.sample('review it')}"

    model = ScriptedModel(says("reviewed"))
    answer = sampled(f, model, revision=MODERN, capabilities=PLAIN, sampling_handler=handler)

    assert text_of(answer) == "draft 1, reviewed"
    assert (len(asked), len(model.asked)) == (1, 1)


def len_of(text: str) -> int:
    """Count the letters."""
    return len(text)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sampling_handler_behavior": "always"}, "needs sampling_handler="),
        ({"sampling_handler_behavior": "sometimes"}, "use 'always' or 'fallback'"),
    ],
)
def test_a_server_refuses_options_that_cannot_work(options: Any, told: str) -> None:
    """When it is made."""
    with pytest.raises(ConfigurationError, match=told):
        FastMCP("x", **options)


@pytest.mark.parametrize("revision", BOTH_ERAS)
def test_questions_may_be_asked_at_the_same_time(revision: str) -> None:
    """Each gets its own answer, in any order."""

    async def f(ctx: Context) -> str:
        answers = await asyncio.gather(*(ctx.sample(text) for text in ("a", "b", "a")))
        return " ".join(str(answer) for answer in answers)

    def echo(params: dict[str, Any]) -> dict[str, Any]:
        return says(params["messages"][0]["content"]["text"].upper())

    model = ScriptedModel(echo)

    assert text_of(sampled(f, model, revision=revision)) == "A B A"
    assert len(model.asked) == 3


def test_a_step_is_one_answer() -> None:
    """With all that the client told of it."""
    seen: list[Any] = []

    async def f(ctx: Context) -> None:
        seen.append(await ctx.sample_step("x", model="m"))

    sampled(
        f, ScriptedModel(says("hi", stopReason="maxTokens", _meta={"usage": {"total_tokens": 2}}))
    )

    [step] = seen
    assert (step.text, step.is_tool_use, step.tool_calls) == ("hi", False, [])
    assert (step.model, step.stop_reason, step.usage.total_tokens) == ("scripted", "maxTokens", 2)
    assert [each.role for each in step.history] == ["user", "assistant"]
    assert step.response.content.text == "hi"


def test_tools_are_not_sent_to_a_client_that_does_not_know_them() -> None:
    """One of an older revision, or one that did not declare them, is refused by name."""

    async def f(ctx: Context) -> str:
        with pytest.raises(MissingCapability) as caught:
            await ctx.sample("x", tools=[len_of])
        return str(caught.value)

    model = ScriptedModel(says("never"))
    undeclared = sampled(f, model, capabilities=PLAIN)
    older = sampled(f, model, revision="2025-06-18")

    assert text_of(undeclared) == "The client does not support sampling.tools"
    assert text_of(older) == (
        "Sampling with tools needs revision 2025-11-25 of the protocol; "
        "the client speaks 2025-06-18"
    )
    assert model.asked == []


@pytest.mark.parametrize(
    ("revision", "capabilities"), [(HANDSHAKE, PLAIN), ("2025-06-18", None), (MODERN, PLAIN)]
)
def test_the_servers_own_model_answers_where_the_clients_knows_no_tools(
    revision: str, capabilities: Any
) -> None:
    """And goes on with the history, in which there are calls of tools."""
    answers = iter([uses(("len_of", {"text": "four"})), says("it has 4"), says("yes")])

    async def f(ctx: Context) -> str:
        first = await ctx.sample("how long?", tools=[len_of])
        return f"{first}, {await ctx.sample([*first.history, 'sure?'])}"

    model = ScriptedModel(says("never"))
    answer = sampled(
        f,
        model,
        revision=revision,
        capabilities=capabilities,
        sampling_handler=lambda *_: next(answers),
    )

    assert text_of(answer) == "it has 4, yes"
    assert model.asked == []
