"""Sampling for a result of a certain type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import pytest
from pydantic import BaseModel
from scripted_model import BOTH_ERAS, PLAIN, ScriptedModel, error_of, sampled, says, text_of, uses

from fastmcp import Context
from fastmcp.exceptions import MissingCapability


class Review(BaseModel):
    stars: int
    words: list[str] = []


@dataclass
class Point:
    x: int
    y: int = 0


class Named(TypedDict):
    name: str


class Tree(BaseModel):
    label: str
    children: list[Tree] = []


def count(text: str) -> int:
    """Count the letters."""
    return len(text)


def final(**members: Any) -> dict[str, Any]:
    """The answer that gives the result."""
    return uses(("final_response", members))


def typed(result_type: Any, model: ScriptedModel, **options: Any) -> Any:
    """The result of sampling for a type, as the function has it; options of the sampling."""
    revision = options.pop("revision", "2025-11-25")
    seen: list[Any] = []

    async def f(ctx: Context) -> str:
        seen.append(await ctx.sample("go", result_type=result_type, **options))
        return "done"

    assert text_of(sampled(f, model, revision=revision)) == "done"
    return seen[-1]


@pytest.mark.parametrize("revision", BOTH_ERAS)
def test_the_result_is_of_the_type(revision: str) -> None:
    """The model has to give it by a tool; the text is its JSON."""
    model = ScriptedModel(final(stars=5, words=["good"]))

    result = typed(Review, model, revision=revision)

    assert result.result == Review(stars=5, words=["good"])
    assert result.text == '{"stars":5,"words":["good"]}'
    [tool] = model.last["tools"]
    assert tool["name"] == "final_response"
    assert tool["inputSchema"]["properties"].keys() == {"stars", "words"}
    assert tool["inputSchema"]["required"] == ["stars"]
    assert model.last["toolChoice"] == {"mode": "required"}


@pytest.mark.parametrize(
    ("result_type", "members", "expected"),
    [
        (Point, {"x": 1}, Point(1)),
        (Named, {"name": "Ada"}, {"name": "Ada"}),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (
            Tree,
            {"label": "a", "children": [{"label": "b"}]},
            Tree(label="a", children=[Tree(label="b")]),
        ),
        (int, {"value": 3}, 3),
        (bool, {"value": True}, True),
        (list[Point], {"value": [{"x": 1, "y": 2}]}, [Point(1, 2)]),
        (Literal["yes", "no"], {"value": "no"}, "no"),
        (Point | None, {"value": None}, None),
        (list[int], {"value": "[1, 2]"}, [1, 2]),
    ],
    ids=str,
)
def test_a_type_may_be_any(result_type: Any, members: Any, expected: Any) -> None:
    """What is no object has its value wrapped in one."""
    model = ScriptedModel(final(**members))

    assert typed(result_type, model).result == expected
    assert model.last["tools"][0]["inputSchema"]["type"] == "object"
    assert "$ref" not in str(model.last["tools"])


def test_text_is_a_type_without_a_tool() -> None:
    """As if none were given."""
    model = ScriptedModel(says("hi"))

    assert typed(str, model).result == "hi"
    assert "tools" not in model.last


def test_tools_come_before_the_result() -> None:
    """The model may call those of the function until it has the answer, also beside it."""
    model = ScriptedModel(
        uses(("count", {"text": "abc"})),
        uses(("count", {"text": "a"}), ("final_response", {"stars": 3})),
    )

    result = typed(Review, model, tools=[count])

    assert result.result == Review(stars=3)
    assert [tool["name"] for tool in model.last["tools"]] == ["count", "final_response"]
    assert [each.role for each in result.history] == ["user", "assistant"] * 2 + ["user"]
    assert [block.tool_use_id for block in result.history[-1].content] == ["call-0", "call-1"]


@pytest.mark.parametrize("revision", BOTH_ERAS)
def test_an_answer_that_does_not_fit_goes_back_to_the_model(revision: str) -> None:
    """As the result of its call, with what is wrong, by the names that the model knows."""
    model = ScriptedModel(final(stars="many", words=1), final(stars=4))

    assert typed(Review, model, revision=revision).result.stars == 4

    [(text, failed)] = model.told()
    assert failed
    assert "stars: Input should be a valid integer" in text
    assert "words: Input should be a valid array" in text
    assert "value" not in text.replace("valid", "")


def test_a_value_that_does_not_fit_goes_back_too() -> None:
    """Also when it is missing."""
    model = ScriptedModel(final(), final(value="x"), final(value=1))

    assert typed(int, model).result == 1
    assert "value: Input should be a valid integer" in model.told()[0][0]


def test_a_model_that_answers_with_text_is_asked_again() -> None:
    """By a message that names the tool."""
    model = ScriptedModel(says("five stars"), final(stars=5))

    assert typed(Review, model).result.stars == 5
    assert model.last["messages"][-1]["role"] == "user"
    assert "final_response" in model.heard()["text"]


def failing(model: ScriptedModel) -> str:
    """What a function fails with that samples for a review."""

    async def f(ctx: Context) -> None:
        await ctx.sample("go", result_type=Review)

    return error_of(sampled(f, model))


def test_a_model_that_cannot_is_given_up() -> None:
    """After three more attempts, with what was wrong with the last."""
    texts, refused = ScriptedModel(says("no")), ScriptedModel(final(stars="many"))

    assert "answered 4 times with text where a Review was wanted" in failing(texts)
    assert "gave 4 times what is no Review" in (problem := failing(refused))
    assert "stars: Input should be a valid integer" in problem
    assert (len(texts.asked), len(refused.asked)) == (4, 4)


def test_attempts_are_counted_anew_after_other_work() -> None:
    """Only those in a row make a model hopeless."""
    wrong, work = final(stars="many"), uses(("count", {"text": "a"}))
    model = ScriptedModel(wrong, wrong, wrong, work, wrong, final(stars=1))

    assert typed(Review, model, tools=[count]).result.stars == 1


def test_a_typed_result_needs_a_client_that_knows_tools() -> None:
    """It is refused like tools are."""

    async def f(ctx: Context) -> str:
        with pytest.raises(MissingCapability) as caught:
            await ctx.sample("go", result_type=Review)
        return str(caught.value)

    answer = sampled(f, ScriptedModel(says("never")), capabilities=PLAIN)

    assert text_of(answer) == "The client does not support sampling.tools"


def test_the_name_of_the_final_tool_is_taken() -> None:
    """A tool of that name would be mistaken for it."""

    def final_response() -> str:
        return "mine"

    async def f(ctx: Context) -> None:
        await ctx.sample("go", result_type=Review, tools=[final_response])

    assert "named 'final_response'" in error_of(sampled(f, ScriptedModel(says("never"))))


def test_usage_counts_all_steps() -> None:
    """As far as it was told."""
    usage = {"_meta": {"usage": {"input_tokens": 10, "output_tokens": 1}}}
    model = ScriptedModel({**uses(("count", {"text": "a"})), **usage}, {**final(stars=1), **usage})

    assert typed(Review, model, tools=[count]).usage.total_tokens == 22
