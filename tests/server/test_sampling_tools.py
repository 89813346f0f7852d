"""Tools that a sampled model calls: offered, run, and answered for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from apps import HANDSHAKE, MODERN
from pydantic import Field
from scripted_model import (
    BOTH_ERAS,
    WITH_TOOLS,
    ScriptedModel,
    error_of,
    sampled,
    says,
    text_of,
    uses,
)

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.sampling import SamplingTool
from fastmcp.tools import Tool, ToolResult
from fastmcp.tools.tool_transform import ArgTransform
from fastmcp.types import ToolResultContent, ToolUseContent
from fastmcp.utilities.types import Image


@dataclass
class Place:
    city: str
    country: str = "FR"


def add(a: int, b: Annotated[int, Field(description="the other")] = 1) -> int:
    """Add two numbers."""
    return a + b


async def greet(name: str) -> str:
    """Greet somebody."""
    return f"Hello {name}"


def using(*tools: Any, **options: Any) -> Callable[..., Any]:
    """A tool that samples with these tools and gives the text."""

    async def f(ctx: Context) -> str:
        return str(await ctx.sample("go", tools=tools, **options))

    return f


def told(call: tuple[str, dict[str, Any]], *tools: Any, **options: Any) -> tuple[str, bool]:
    """What the model is told of one call of these tools; options of the server."""
    model = ScriptedModel(uses(call), says("done"))
    assert text_of(sampled(using(*tools), model, **options)) == "done"
    [result] = model.told()
    return result


@pytest.mark.parametrize("revision", BOTH_ERAS)
def test_the_model_calls_tools_until_it_answers(revision: str) -> None:
    """Plain functions and coroutines; the whole conversation is sent each time."""
    model = ScriptedModel(
        uses(("add", {"a": 2, "b": 3}), ("greet", {"name": "Ada"})),
        uses(("add", {"a": 5})),
        says("six"),
    )

    assert text_of(sampled(using(add, greet), model, revision=revision)) == "six"

    assert [each["role"] for each in model.last["messages"]] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    assert model.last["messages"][2]["content"] == [
        {"type": "tool_result", "toolUseId": "call-0", "content": [{"type": "text", "text": "5"}]},
        {
            "type": "tool_result",
            "toolUseId": "call-1",
            "content": [{"type": "text", "text": "Hello Ada"}],
        },
    ]
    assert model.told() == [("6", False)]


def test_tools_are_described_as_those_of_a_server_are() -> None:
    """By the signature and the docstring; what they are sent with is left to the model."""
    model = ScriptedModel(says("hi"))
    sampled(using(add), model)

    assert model.last["tools"] == [
        {
            "name": "add",
            "description": "Add two numbers.",
            "inputSchema": {
                "additionalProperties": False,
                "properties": {
                    "a": {"type": "integer"},
                    "b": {"type": "integer", "default": 1, "description": "the other"},
                },
                "required": ["a"],
                "type": "object",
            },
        }
    ]
    assert "toolChoice" not in model.last


def test_a_schema_has_no_references() -> None:
    """Unless the server wants them."""

    def visit(place: Place, other: Place) -> str:
        return place.city + other.city

    for dereference in (True, False):
        model = ScriptedModel(says("hi"))
        sampled(using(visit), model, dereference_schemas=dereference)
        assert ("$ref" not in str(model.last["tools"])) is dereference


def test_a_tool_may_have_a_name_and_a_description_of_its_own() -> None:
    """A lambda needs a name."""
    double = SamplingTool.from_function(lambda x: 2 * int(x), name="double", description="Twice.")
    model = ScriptedModel(uses(("double", {"x": "4"})), says("done"))

    sampled(using(double), model)

    [entry] = model.last["tools"]
    assert (entry["name"], entry["description"]) == ("double", "Twice.")
    assert model.told() == [("8", False)]
    with pytest.raises(ValueError, match="needs name="):
        SamplingTool.from_function(lambda: 1)


def test_a_tool_may_be_written_out() -> None:
    """Its function is then given the arguments as they are."""

    def echo(**arguments: Any) -> dict[str, Any]:
        return arguments

    tool = SamplingTool(name="echo", parameters={"type": "object"}, fn=echo)

    assert told(("echo", {"a": [1]}), tool) == ('{"a":[1]}', False)
    assert asyncio.run(tool.run({"b": 2})) == {"b": 2}


def test_tools_of_a_server_are_tools_of_a_model() -> None:
    """Functions that were registered, and tools made of others."""
    mcp = FastMCP("library")
    registered = mcp.add_tool(add)
    renamed = Tool.from_tool(
        registered, name="plus", transform_args={"a": ArgTransform(name="first")}
    )
    named = SamplingTool.from_callable_tool(registered, name="sum", description="Sum up.")

    assert told(("add", {"a": 1, "b": 2}), registered) == ("3", False)
    assert told(("plus", {"first": 4}), renamed) == ("5", False)
    assert told(("sum", {"a": 1}), named, registered) == ("2", False)
    with pytest.raises(TypeError, match="such as a FunctionTool"):
        SamplingTool.from_callable_tool(add)  # type: ignore[arg-type]


def test_a_tool_of_a_server_keeps_its_checks() -> None:
    """The model cannot do what its caller may not."""
    mcp = FastMCP("library")

    @mcp.tool(auth=lambda context: False)
    def secret() -> str:
        return "hidden"

    tool = asyncio.run(mcp.get_tool("secret"))

    assert told(("secret", {}), tool) == ("The caller may not use the tool 'secret'", True)


def test_what_a_tool_gives_is_content_for_the_model() -> None:
    """Text as it is, data as JSON, media as blocks, results as they say."""

    def values(kind: str) -> Any:
        return {
            "text": "plain",
            "data": {"a": 1},
            "place": Place("Paris"),
            "result": ToolResult(content="partly", is_error=True),
        }[kind]

    assert told(("values", {"kind": "text"}), values) == ("plain", False)
    assert told(("values", {"kind": "data"}), values) == ('{"a":1}', False)
    assert told(("values", {"kind": "place"}), values) == ('{"city":"Paris","country":"FR"}', False)
    assert told(("values", {"kind": "result"}), values) == ("partly", True)


def test_a_tool_may_give_an_image() -> None:
    """It comes to the model as one."""

    def draw() -> Image:
        return Image(data=b"png", format="png")

    model = ScriptedModel(uses(("draw", {})), says("done"))
    sampled(using(draw), model)

    [result] = model.heard()
    assert result["content"] == [{"type": "image", "data": "cG5n", "mimeType": "image/png"}]


def test_what_goes_wrong_is_told_to_the_model() -> None:
    """Which can correct it: unknown tools, arguments that do not fit, exceptions."""

    def fail(kind: str) -> str:
        raise (ToolError if kind == "said" else ValueError)(f"{kind} so")

    text, failed = told(("ad", {"a": 1}), add, greet)
    assert (text, failed) == ("Unknown tool: 'ad'; the tools are: add, greet", True)

    text, failed = told(("add", {"a": "one"}), add)
    assert failed
    assert "Invalid arguments for tool 'add': a: Input should be a valid integer" in text

    assert told(("fail", {"kind": "said"}), fail) == ("said so", True)
    assert told(("fail", {"kind": "raised"}), fail) == (
        "Error calling tool 'fail': raised so",
        True,
    )


@pytest.mark.parametrize("of_server", [True, False])
def test_texts_of_exceptions_may_be_hidden_from_the_model(of_server: bool) -> None:
    """By the server or by the call; what was written for a model never is."""

    def fail(kind: str) -> str:
        raise (ToolError if kind == "said" else ValueError)(f"{kind} so")

    for kind, expected in (("said", "said so"), ("raised", "Error calling tool 'fail'")):
        model = ScriptedModel(uses(("fail", {"kind": kind})), says("done"))
        options = {} if of_server else {"mask_error_details": True}
        sampled(using(fail, **options), model, mask_error_details=of_server)
        assert model.told() == [(expected, True)]

    model = ScriptedModel(uses(("fail", {"kind": "raised"})), says("done"))
    sampled(using(fail, mask_error_details=False), model, mask_error_details=True)
    assert model.told() == [("Error calling tool 'fail': raised so", True)]


def test_a_tool_that_would_end_the_process_does_not() -> None:
    """The model is told of it as of any exception."""

    async def leave() -> None:
        raise SystemExit(3)

    model = ScriptedModel(uses(("leave", {}), ("leave", {})), says("done"))
    sampled(using(leave, tool_concurrency=0), model)

    assert model.told() == [("Error calling tool 'leave': 3", True)] * 2


@pytest.mark.parametrize(
    ("concurrency", "sequential", "most"),
    [(None, False, 1), (0, False, 4), (2, False, 2), (0, True, 1), (2, True, 1)],
)
def test_calls_run_one_by_one_or_together(
    concurrency: int | None, sequential: bool, most: int
) -> None:
    """As many as `tool_concurrency` says, but alone with a sequential tool; in order either way."""
    running, peak = 0, 0

    async def work(number: int) -> int:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        for _ in range(20 * (4 - number)):
            await asyncio.sleep(0)
        running -= 1
        return number

    alone = SamplingTool.from_function(work, name="alone", sequential=sequential)
    calls = [("work", {"number": 0}), ("alone", {"number": 1})]
    calls += [("work", {"number": number}) for number in (2, 3)]
    model = ScriptedModel(uses(*calls), says("done"))

    sampled(using(work, alone, tool_concurrency=concurrency), model)

    assert peak == most
    assert model.told() == [(str(number), False) for number in range(4)]


def test_plain_functions_run_together_too() -> None:
    """Each in a thread of its own."""

    both = threading.Barrier(2)

    def meet() -> str:
        both.wait(20)
        return "met"

    model = ScriptedModel(uses(("meet", {}), ("meet", {})), says("done"))
    sampled(using(meet, tool_concurrency=0), model)

    assert model.told() == [("met", False)] * 2


@pytest.mark.parametrize(
    ("tools", "problem"),
    [
        ([add, SamplingTool.from_function(greet, name="add")], "Two of the tools are named 'add'"),
        (["add"], "not str"),
    ],
)
def test_tools_that_cannot_be_offered_are_refused(tools: list[Any], problem: str) -> None:
    """Before the model is asked."""
    model = ScriptedModel(says("never"))

    assert problem in error_of(sampled(using(*tools), model))
    assert model.asked == []


def test_a_tool_has_the_context_of_the_request() -> None:
    """It can log, report, and sample itself."""

    async def ask_back(question: str, ctx: Context) -> str:
        return f"{ctx.fastmcp.name}: {await ctx.sample(question)}"

    def by_kind(params: dict[str, Any]) -> dict[str, Any]:
        if len(params["messages"]) == 3:
            return says("done")
        return says("inner") if "tools" not in params else uses(("ask_back", {"question": "why"}))

    for revision in BOTH_ERAS:
        model = ScriptedModel(by_kind)
        assert text_of(sampled(using(ask_back), model, revision=revision)) == "done"
        assert model.told() == [("sampler: inner", False)]
        assert len(model.asked) == 3


@pytest.mark.parametrize("revision", BOTH_ERAS)
@pytest.mark.parametrize("concurrency", [None, 0])
def test_a_tool_with_effects_runs_once(revision: str, concurrency: int | None) -> None:
    """However many rounds the request takes, and though the model repeats its calls."""
    booked: list[str] = []

    def book(room: str) -> str:
        booked.append(room)
        return f"booking {len(booked)}"

    async def f(ctx: Context) -> str:
        one = await ctx.sample("go", tools=[book], tool_concurrency=concurrency)
        two = await ctx.sample("go", tools=[book], tool_concurrency=concurrency)
        return f"{one} {two}"

    model = ScriptedModel(
        uses(("book", {"room": "a"}), ("book", {"room": "b"})),
        uses(("book", {"room": "c"})),
        says("one"),
        uses(("book", {"room": "a"}), ("book", {"room": "b"})),
        says("two"),
    )

    assert text_of(sampled(f, model, revision=revision)) == "one two"
    assert sorted(booked) == ["a", "a", "b", "b", "c"]
    assert sorted(text for text, _ in model.told()) == ["booking 4", "booking 5"]


def test_a_call_that_waits_for_the_client_does_not_undo_its_neighbours() -> None:
    """What ran beside it in one round does not run again in the next."""
    booked: list[int] = []

    async def book(number: int) -> str:
        booked.append(number)
        return str(number)

    async def consult(ctx: Context) -> str:
        return str(await ctx.sample("your opinion"))

    def by_kind(params: dict[str, Any]) -> dict[str, Any]:
        if "tools" not in params:
            return says("fine")
        if len(params["messages"]) == 3:
            return says("done")
        return uses(("book", {"number": 1}), ("consult", {}), ("book", {"number": 2}))

    for concurrency in (None, 0):
        booked.clear()
        model = ScriptedModel(by_kind)
        function = using(book, consult, tool_concurrency=concurrency)
        assert text_of(sampled(function, model, revision=MODERN)) == "done"
        assert [text for text, _ in model.told()] == ["1", "fine", "2"]
        assert booked == [1, 2]


def test_a_model_that_never_stops_calling_is_made_to_answer() -> None:
    """On the last turn it may call nothing; a modern client is not led beyond its rounds."""
    calls = 0

    def more() -> int:
        nonlocal calls
        calls += 1
        return calls

    def stubborn(params: dict[str, Any]) -> dict[str, Any]:
        forced = params.get("toolChoice") == {"mode": "none"}
        return says("enough") if forced else uses(("more", {}))

    for revision, turns in ((HANDSHAKE, 100), (MODERN, 10)):
        calls, model = 0, ScriptedModel(stubborn)
        assert text_of(sampled(using(more), model, revision=revision)) == "enough"
        assert (len(model.asked), calls) == (turns, turns - 1)


def test_a_model_that_calls_even_then_is_given_up() -> None:
    """The error says what to do."""
    model = ScriptedModel(uses(("add", {"a": 1})))

    assert "no answer in 10 turns" in error_of(sampled(using(add), model, revision=MODERN))


def test_calls_are_known_by_their_blocks() -> None:
    """Whatever reason the client tells for the end of the answer."""
    for stop in ("endTurn", "tool_calls"):
        model = ScriptedModel(uses(("add", {"a": 1}), stop=stop), says("done"))
        assert text_of(sampled(using(add), model)) == "done"
        assert model.told() == [("2", False)]


def test_a_step_runs_the_tools_that_the_model_called() -> None:
    """And leaves it to the function what to do next."""

    async def f(ctx: Context) -> str:
        history: Any = "go"
        while True:
            step: Any = await ctx.sample_step(history, tools=[add], tool_choice="required")
            if not step.is_tool_use:
                return step.text
            seen.append([call.name for call in step.tool_calls])
            history = step.history

    for revision in BOTH_ERAS:
        seen: list[Any] = []
        model = ScriptedModel(uses(("add", {"a": 1})), uses(("add", {"a": 2})), says("done"))
        assert text_of(sampled(f, model, revision=revision)) == "done"
        assert seen[-2:] == [["add"], ["add"]]
        assert model.told() == [("3", False)]
        assert {params["toolChoice"]["mode"] for params in model.asked} == {"required"}


def test_a_step_may_leave_the_tools_to_the_function() -> None:
    """Its results go on as messages of its own."""

    async def f(ctx: Context) -> str:
        step: Any = await ctx.sample_step("go", tools=[add], execute_tools=False)
        [call] = step.tool_calls
        assert isinstance(call, ToolUseContent)
        assert step.history[-1].role == "assistant"
        result = ToolResultContent(tool_use_id=call.id, content=["by hand"])  # type: ignore[list-item]
        message = {"role": "user", "content": [result]}
        return str(await ctx.sample([*step.history, message], tools=[add]))

    model = ScriptedModel(uses(("add", {"a": 1})), says("done"))

    assert text_of(sampled(f, model)) == "done"


def test_there_are_three_choices_of_tools() -> None:
    """Another one is refused; without tools there is nothing to choose."""

    def choosing(choice: Any, tools: list[Any]) -> Callable[..., Any]:
        async def f(ctx: Context) -> str:
            return str((await ctx.sample_step("go", tools=tools, tool_choice=choice)).text)

        return f

    model = ScriptedModel(says("hi"))
    for choice in ("auto", "required", "none"):
        sampled(choosing(choice, [add]), model)
        assert model.last["toolChoice"] == {"mode": choice}
    sampled(choosing("auto", []), model)
    assert "toolChoice" not in model.last
    assert "use one of auto, required, none" in error_of(sampled(choosing("any", [add]), model))


def test_a_plain_tool_samples_with_tools() -> None:
    """It waits in its thread while others run."""

    def f(ctx: Context) -> str:
        result: Any = ctx.sample("go", tools=[add, greet], tool_concurrency=0)
        return result.text

    for revision in BOTH_ERAS:
        model = ScriptedModel(uses(("add", {"a": 1}), ("greet", {"name": "Bo"})), says("done"))
        answer = sampled(f, model, revision=revision, capabilities=WITH_TOOLS)
        assert text_of(answer) == "done"
        assert model.told() == [("2", False), ("Hello Bo", False)]
