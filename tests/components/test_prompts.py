"""Prompts: arguments out of text, and what a function may return."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Annotated, Any, Literal

import mcp_types as official
import pytest
from apps import request
from conversation import REVISIONS, ask
from pydantic import BaseModel, Field

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import McpError
from fastmcp.prompts import Message, Prompt, PromptMessage, PromptResult
from fastmcp.utilities.types import Image
from fastmcp.wire import TextContent


class Color(Enum):
    RED = "red"


class Address(BaseModel):
    street: str


def rendered(function: Any, revision: str = "2025-11-25", **arguments: str) -> dict[str, Any]:
    """The result of prompts/get as it stands on the wire."""
    mcp = FastMCP("x")
    mcp.prompt(function, name="f")
    params = {"name": "f", "arguments": arguments} if arguments else {"name": "f"}
    answer = ask(mcp, request("prompts/get", **params), revision)
    assert "result" in answer, answer
    return answer["result"]


def text_of(result: dict[str, Any]) -> str:
    return result["messages"][0]["content"]["text"]


@pytest.mark.parametrize(
    ("annotation", "given", "seen"),
    [
        (str, "3", "str 3"),
        (str | None, "null", "str null"),
        (Any, "3", "str 3"),
        (int, "3", "int 3"),
        (float, "2.5", "float 2.5"),
        (bool, "true", "bool True"),
        (list[int], "[1, 2]", "list [1, 2]"),
        (dict[str, int], '{"a": 1}', "dict {'a': 1}"),
        (Address, '{"street": "Rain"}', "Address street='Rain'"),
        (int | None, "null", "NoneType None"),
        (Color, "red", "Color Color.RED"),
        (Literal["a", "b"], "a", "str a"),
        (list[str], '["a"]', "list ['a']"),
    ],
    ids=str,
)
@pytest.mark.parametrize("revision", REVISIONS)
def test_an_argument_is_read_out_of_its_text(
    annotation: Any, given: str, seen: str, revision: str
) -> None:
    """Arguments come as text; a parameter of another type takes the JSON in it."""

    def f(value: Any) -> str:
        return f"{type(value).__name__} {value}"

    f.__annotations__["value"] = annotation

    assert text_of(rendered(f, revision, value=given)) == seen


def test_arguments_are_listed_with_what_they_expect() -> None:
    """Names, descriptions and whether they are required; a schema where text is not enough."""
    mcp = FastMCP("x")

    @mcp.prompt(title="Titled")
    def f(
        topic: Annotated[str, "What about"],
        count: Annotated[int, Field(description="How many")] = 3,
        ctx: Context | None = None,
    ) -> str:
        """Ask."""
        return topic

    prompt = ask(mcp, request("prompts/list"))["result"]["prompts"][0]

    assert (prompt["name"], prompt["title"], prompt["description"]) == ("f", "Titled", "Ask.")
    topic, count = prompt["arguments"]
    assert topic == {"name": "topic", "description": "What about", "required": True}
    assert (count["name"], count["required"]) == ("count", False)
    assert count["description"].startswith("How many")
    assert '"type":"integer"' in count["description"]


def plain() -> str:
    return "hello"


async def awaited() -> str:
    return "hello"


def message() -> Message:
    return Message("hello", role="assistant")


def several() -> list[Any]:
    return ["hello", Message("there", "assistant"), Message({"a": 1})]


def wire() -> PromptMessage:
    return PromptMessage(role="user", content=TextContent(text="hello"))


def theirs() -> official.PromptMessage:
    text = official.TextContent(type="text", text="hello")
    return official.PromptMessage(role="assistant", content=text)


def picture() -> list[Any]:
    return [Image(data=b"\0", format="png"), Message(Image(data=b"\0", format="png"))]


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": {"type": "text", "text": text}}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": {"type": "text", "text": text}}


IMAGE = {"role": "user", "content": {"type": "image", "data": "AA==", "mimeType": "image/png"}}


@pytest.mark.parametrize(
    ("function", "messages"),
    [
        (plain, [user("hello")]),
        (awaited, [user("hello")]),
        (message, [assistant("hello")]),
        (several, [user("hello"), assistant("there"), user('{"a":1}')]),
        (wire, [user("hello")]),
        (theirs, [assistant("hello")]),
        (picture, [IMAGE, IMAGE]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_value_becomes_messages(function: Any, messages: list[Any]) -> None:
    """Text is one user message; messages and blocks, ours and the official ones, stay."""
    assert rendered(function)["messages"] == messages


def test_a_prompt_result_has_a_description_and_meta() -> None:
    """PromptResult is sent as made; without a description the prompt's own stands."""

    def f() -> PromptResult:
        """Docstring."""
        return PromptResult("hello", description="Own", meta={"com.e/n": 1})

    def g() -> str:
        """Docstring."""
        return "hello"

    result = rendered(f)

    assert result == {"description": "Own", "messages": [user("hello")], "_meta": {"com.e/n": 1}}
    assert rendered(g)["description"] == "Docstring."


@pytest.mark.parametrize("value", [3, {"a": 1}, None, [1]])
def test_other_values_are_an_error(value: Any) -> None:
    """A number or a dict is no message; the client is told what a prompt returns."""
    mcp = FastMCP("x")
    mcp.prompt(lambda: value, name="f")

    error = ask(mcp, request("prompts/get", name="f"))["error"]

    assert error["code"] == -32603
    assert "A prompt returns text" in error["message"]


def test_the_client_sends_values_as_json_text() -> None:
    """get_prompt takes Python values; a missing argument raises McpError by its name."""
    mcp = FastMCP("x")

    @mcp.prompt
    def f(numbers: list[int], word: str) -> str:
        return f"{numbers} {word}"

    async def main(mode: str) -> str:
        async with Client(mcp, mode=mode) as client:
            with pytest.raises(McpError, match="word") as caught:
                await client.get_prompt("f", {"numbers": [1]})
            assert caught.value.code == -32602
            result = await client.get_prompt("f", {"numbers": [1, 2], "word": "x"})
            return result.messages[0].content.text

    assert asyncio.run(main("auto")) == asyncio.run(main("legacy")) == "[1, 2] x"


def test_a_subclass_of_prompt_renders_by_itself() -> None:
    """`render` of a user's own class gets the arguments as they came."""

    class Own(Prompt):
        async def render(self, arguments: Any = None) -> Any:
            return [f"own {dict(arguments)}"]

    mcp = FastMCP("x")
    mcp.add_prompt(Own(name="own"))

    async def main() -> str:
        async with Client(mcp) as client:
            return (await client.get_prompt("own", {"a": "1"})).messages[0].content.text

    assert asyncio.run(main()) == "own {'a': '1'}"
