"""Completions: the values of arguments, while a user types them."""

from __future__ import annotations

import asyncio
import enum
from typing import Any, Literal

import pytest
from apps import MODERN, request
from conversation import REVISIONS, ask

from fastmcp import Client, Context, FastMCP
from fastmcp.wire.completion import Completion, PromptReference, ResourceTemplateReference

PROMPT = {"type": "ref/prompt", "name": "review"}
TEMPLATE = {"type": "ref/resource", "uri": "repo://{owner}/{name}"}


def reviewer() -> FastMCP:
    mcp = FastMCP("x")

    @mcp.prompt
    def review(language: str, style: str = "short") -> str:
        return f"{language} {style}"

    @mcp.resource("repo://{owner}/{name}")
    def repo(owner: str, name: str) -> str:
        return f"{owner}/{name}"

    return mcp


def answer(mcp: FastMCP, ref: Any, name: str, value: str, **more: Any) -> dict[str, Any]:
    asked = request("completion/complete", ref=ref, argument={"name": name, "value": value}, **more)
    return ask(mcp, asked, MODERN)


def values(mcp: FastMCP, ref: Any, name: str, value: str, **more: Any) -> list[str]:
    return answer(mcp, ref, name, value, **more)["result"]["completion"]["values"]


def test_one_handler_completes_everything() -> None:
    """It gets the reference, the argument and what is settled, as the protocol has them."""
    mcp = reviewer()
    seen: list[Any] = []

    @mcp.completion
    def complete(ref: Any, argument: Any, context: Any) -> list[str] | None:
        seen.append((getattr(ref, "name", None) or ref.uri, argument.name, context))
        return ["python", "perl"] if argument.name == "language" else None

    assert values(mcp, PROMPT, "language", "p") == ["python", "perl"]
    assert values(mcp, TEMPLATE, "owner", "x", context={"arguments": {"name": "n"}}) == []
    assert seen[0] == ("review", "language", None)
    assert seen[1][:2] == ("repo://{owner}/{name}", "owner")
    assert seen[1][2].arguments == {"name": "n"}


async def as_coroutine(value: str) -> list[str]:
    return [value + "!"]


def as_function(value: str, settled: dict[str, str]) -> tuple[str, ...]:
    return (value, settled.get("owner", "nobody"))


def as_completion(value: str) -> Completion:
    return Completion(values=[value], total=7, has_more=True)


@pytest.mark.parametrize(
    ("completer", "expected"),
    [
        (as_coroutine, {"values": ["ab!"], "total": 1, "hasMore": False}),
        (as_function, {"values": ["ab", "me"], "total": 2, "hasMore": False}),
        (as_completion, {"values": ["ab"], "total": 7, "hasMore": True}),
        (lambda value: None, {"values": [], "total": 0, "hasMore": False}),
    ],
    ids=["coroutine", "function", "completion", "none"],
)
def test_an_argument_has_a_completer_of_its_own(completer: Any, expected: Any) -> None:
    """A function of the text so far, and of what is settled when it wants that."""
    mcp = reviewer()
    mcp.completion(completer, template="repo://{owner}/{name}", argument="name")
    settled = {"arguments": {"owner": "me"}}

    found = answer(mcp, TEMPLATE, "name", "ab", context=settled)["result"]["completion"]

    assert found == expected
    assert values(mcp, PROMPT, "language", "p") == []


def test_a_completer_knows_its_request() -> None:
    """The context is there, in a worker thread, too."""
    mcp = reviewer()

    @mcp.completion(prompt="review", argument="language")
    def language(value: str) -> list[str]:
        return [Context.current().protocol_version]

    assert values(mcp, PROMPT, "language", "p") == [MODERN]


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


def test_listed_values_need_no_completer() -> None:
    """Literal, Enum and bool say what they can be; what is typed so far narrows them."""
    mcp = FastMCP("x")

    @mcp.prompt
    def paint(
        colour: Colour, style: Literal["flat", "Gloss"] | None = None, fast: bool = False
    ) -> str:
        return f"{colour} {style} {fast}"

    ref = {"type": "ref/prompt", "name": "paint"}

    assert values(mcp, ref, "colour", "") == ["red", "green"]
    assert values(mcp, ref, "style", "g") == ["Gloss"]
    assert values(mcp, ref, "fast", "t") == ["true"]
    assert values(mcp, ref, "unknown", "t") == []


def test_at_most_a_hundred_values_are_sent() -> None:
    """The client is told how many there are."""
    mcp = reviewer()
    mcp.completion(lambda ref, argument, context: [str(n) for n in range(250)])

    found = answer(mcp, PROMPT, "language", "")["result"]["completion"]

    assert (len(found["values"]), found["total"], found["hasMore"]) == (100, 250, True)


def test_what_does_not_exist_cannot_be_completed() -> None:
    """An unknown prompt or template is named."""
    mcp = reviewer()
    mcp.completion(lambda ref, argument, context: ["x"])

    for ref, name in (
        ({"type": "ref/prompt", "name": "nope"}, "'nope'"),
        ({"type": "ref/resource", "uri": "repo://{z}"}, "repo://{z}"),
    ):
        error = answer(mcp, ref, "a", "")["error"]
        assert error["code"] == -32602 and name in error["message"]


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_capability_is_there_when_something_completes(revision: str) -> None:
    """A server without any says so, and has no such method."""

    async def capabilities(mcp: FastMCP) -> Any:
        mode = "auto" if revision == MODERN else "legacy"
        async with Client(mcp, mode=mode) as client:
            return client.server_capabilities.completions

    mcp = reviewer()
    assert asyncio.run(capabilities(mcp)) is None
    assert answer(mcp, PROMPT, "language", "")["error"]["code"] == -32601
    mcp.completion(lambda ref, argument, context: ["x"])
    assert asyncio.run(capabilities(mcp)) is not None


def test_the_client_asks_for_completions() -> None:
    """By reference and argument, with what is settled."""
    mcp = reviewer()
    mcp.completion(as_function, template="repo://{owner}/{name}", argument="name")

    async def main() -> Any:
        async with Client(mcp) as client:
            ref = ResourceTemplateReference(uri="repo://{owner}/{name}")
            found = await client.complete(ref, {"name": "name", "value": "a"}, {"owner": "me"})
            empty = await client.complete(
                PromptReference(name="review"), {"name": "style", "value": ""}
            )
            return found.values, empty.values

    assert asyncio.run(main()) == (["a", "me"], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": "p"},
        {"argument": "a"},
        {"prompt": "p", "template": "t://{a}", "argument": "a"},
    ],
    ids=str,
)
def test_half_a_target_is_refused(wrong: dict[str, str]) -> None:
    """A completer of one argument names it, and where it is."""
    with pytest.raises(TypeError, match="argument="):
        reviewer().completion(**wrong)


def test_a_single_text_is_no_list_of_values() -> None:
    """It would be sent letter by letter; the author is told."""
    mcp = reviewer()
    mcp.completion(lambda ref, argument, context: "python")

    assert "list of texts" in answer(mcp, PROMPT, "language", "p")["error"]["message"]
