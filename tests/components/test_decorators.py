"""Registering functions: every form of the decorators, and every keyword."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest
from apps import MODERN, request
from conversation import ask

from fastmcp import Client, FastMCP
from fastmcp.exceptions import InvalidSignature
from fastmcp.prompts import Prompt
from fastmcp.prompts.function_prompt import prompt
from fastmcp.resources.function_resource import resource
from fastmcp.tools import Tool
from fastmcp.tools.function_tool import tool


def add(a: int, b: int = 1) -> int:
    """Adds."""
    return a + b


def listed(mcp: FastMCP, feature: str = "tools") -> dict[str, dict[str, Any]]:
    result = ask(mcp, request(f"{feature}/list"), MODERN)["result"]
    return {entry["name"]: entry for entry in result[feature]}


def called(mcp: FastMCP, name: str, **arguments: Any) -> Any:
    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.call_tool(name, arguments)).data

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("register", "name"),
    [
        (lambda mcp: mcp.tool(add), "add"),
        (lambda mcp: mcp.tool()(add), "add"),
        (lambda mcp: mcp.tool("plus")(add), "plus"),
        (lambda mcp: mcp.tool(name="plus")(add), "plus"),
        (lambda mcp: mcp.tool(add, name="plus"), "plus"),
        (lambda mcp: mcp.local_provider.tool("plus")(add), "plus"),
    ],
    ids=["bare", "called", "named", "keyword", "direct", "provider"],
)
def test_every_form_of_the_decorator_registers_and_returns_the_function(
    register: Any, name: str
) -> None:
    """The function stays what it was."""
    mcp = FastMCP("x")

    assert register(mcp) is add
    assert listed(mcp).keys() == {name}
    assert called(mcp, name, a=1) == 2


@pytest.mark.parametrize(
    ("added", "name"),
    [(add, "add"), (Tool.from_function(add, name="plus"), "plus")],
    ids=["function", "tool"],
)
def test_a_tool_is_added(added: Any, name: str) -> None:
    """A function or a Tool, alone or with the server."""
    mcp = FastMCP("x")

    made = mcp.add_tool(added)

    assert made.name == name
    assert called(mcp, name, a=1) == 2
    assert listed(FastMCP("x", tools=[added])).keys() == {name}


def test_two_names_are_refused() -> None:
    """And so is what is neither a function nor a name."""
    mcp = FastMCP("x")

    with pytest.raises(TypeError, match="two names: 'a' and 'b'"):
        mcp.tool("a", name="b")
    with pytest.raises(TypeError, match="a function or a name, not int"):
        mcp.tool(3)  # type: ignore[call-overload]


class Calculator:
    """Methods are marked in the class, and registered when there is an object."""

    def __init__(self, base: int) -> None:
        self.base = base

    @tool(name="plus", tags={"math"})
    def plus(self, a: int) -> int:
        return self.base + a

    @tool
    @staticmethod
    def twice(a: int) -> int:
        return 2 * a

    @resource("calc://base", mime_type="text/x-number")
    def shown(self) -> str:
        return str(self.base)

    @resource("calc://plus/{a}")
    def added(self, a: int) -> str:
        return str(self.base + a)

    @prompt("explain")
    def explain(self, topic: str) -> str:
        return f"{topic} to base {self.base}"


def test_marked_methods_are_registered_with_their_object() -> None:
    """Each as its decorator says; the method itself can be called as before."""
    mcp, calculator = FastMCP("x"), Calculator(40)
    mcp.add_tool(calculator.plus)
    mcp.add_tool(Calculator.twice)
    mcp.add_resource(calculator.shown)
    mcp.add_resource(calculator.added)
    mcp.add_prompt(calculator.explain)

    async def main() -> list[str]:
        async with Client(mcp) as client:
            texts = [
                (await client.read_resource(uri))[0].text
                for uri in ("calc://base", "calc://plus/2")
            ]
            told = await client.get_prompt("explain", {"topic": "sums"})
            return [*texts, told.messages[0].content.text]

    assert asyncio.run(main()) == ["40", "42", "sums to base 40"]
    assert called(mcp, "plus", a=2) == 42
    assert called(mcp, "twice", a=21) == 42
    assert listed(mcp)["plus"]["_meta"] == {"fastmcp": {"tags": ["math"]}}
    assert listed(mcp, "resources")["shown"]["mimeType"] == "text/x-number"
    assert calculator.plus(1) == 41


def test_a_mark_gives_way_to_what_is_said_later() -> None:
    """Keywords at the registration win over those of the mark."""

    @tool(name="marked", description="marked", tags={"a"})
    def function() -> int:
        return 1

    mcp = FastMCP("x")
    mcp.tool(function, name="said")

    assert listed(mcp)["said"]["description"] == "marked"
    assert Tool.from_function(function).name == "marked"


def test_one_function_is_several_components() -> None:
    """Stacked decorators, standalone or of a server."""

    @resource("a://{x}")
    @resource("b://{x}")
    @tool
    @prompt
    def same(x: str) -> str:
        return x

    mcp = FastMCP("x")
    mcp.add_tool(same)
    mcp.add_resource(same)
    mcp.add_prompt(same)

    async def main() -> list[str]:
        async with Client(mcp) as client:
            return [(await client.read_resource(f"{s}://1"))[0].text for s in ("a", "b")]

    assert asyncio.run(main()) == ["1", "1"]
    assert called(mcp, "same", x="2") == "2"
    assert "same" in listed(mcp, "prompts")


def test_a_resource_needs_a_uri() -> None:
    """Each place says how to give one."""
    mcp = FastMCP("x")

    for bare in (mcp.resource, resource):
        with pytest.raises(InvalidSignature, match=r"test_decorators\.py:\d+.*@mcp\.resource\("):
            bare(add)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="URI nothing tells"):
        mcp.add_resource(add)


def test_what_takes_no_attributes_cannot_be_marked() -> None:
    """The error names the way that works."""
    with pytest.raises(TypeError, match=r"mcp\.add_tool"):
        tool(len)


def test_every_keyword_arrives() -> None:
    """What the author says stands in the list; what only the server needs does not."""
    mcp = FastMCP("x")
    mcp.tool(
        add,
        name="n",
        title="T",
        description="D",
        tags={"b", "a"},
        annotations={"readOnlyHint": True, "title": "other"},
        output_schema={"type": "object", "properties": {"x": {"type": "integer"}}},
        icons=[{"src": "https://e.com/i.png", "mimeType": "image/png", "sizes": ["48x48"]}],
        version=2,
        meta={"com.example/k": 1},
        timeout=3,
        auth=None,
        task=False,
        run_in_thread=True,
        enabled=True,
        app={"resourceUri": "ui://x"},
    )

    assert listed(mcp)["n"] == {
        "name": "n",
        "title": "T",
        "description": "D",
        "inputSchema": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 1}},
            "required": ["a"],
            "additionalProperties": False,
        },
        "outputSchema": {"type": "object", "properties": {"x": {"type": "integer"}}},
        "annotations": {"readOnlyHint": True, "title": "other"},
        "icons": [{"src": "https://e.com/i.png", "mimeType": "image/png", "sizes": ["48x48"]}],
        "_meta": {
            "com.example/k": 1,
            "ui": {"resourceUri": "ui://x"},
            "fastmcp": {"tags": ["a", "b"], "version": "2", "versions": ["2"]},
        },
    }


def test_arguments_are_excluded() -> None:
    """They keep their defaults; a client can neither see nor fill them."""
    mcp = FastMCP("x")
    mcp.tool(add, exclude_args=["b"])

    assert listed(mcp)["add"]["inputSchema"]["properties"].keys() == {"a"}
    assert called(mcp, "add", a=1) == 2
    with pytest.raises(Exception, match="b"):
        called(mcp, "add", a=1, b=5)
    with pytest.raises(InvalidSignature, match=r"test_decorators\.py:\d+.*default"):
        mcp.tool(add, exclude_args=["a"], name="other")


def test_a_serializer_writes_the_text() -> None:
    """The structured content stays what it is."""
    mcp = FastMCP("x")

    @mcp.tool(serializer=lambda value: f"<{value['n']}>")
    def numbered() -> dict[str, int]:
        return {"n": 3}

    async def main() -> Any:
        async with Client(mcp) as client:
            return await client.call_tool("numbered")

    result = asyncio.run(main())
    assert result.content[0].text == "<3>"
    assert result.structured_content == {"n": 3}


def test_an_unknown_keyword_is_refused() -> None:
    """A misspelt option is not ignored."""
    mcp = FastMCP("x")

    with pytest.raises(TypeError, match=r"descripton.*description"):
        mcp.tool(add, descripton="x")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="mimetype"):
        mcp.resource("a://b", mimetype="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="titel"):
        mcp.prompt(add, titel="x")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="nmae"):
        tool(nmae="x")  # type: ignore[call-overload]


class Weather(Tool):
    """A tool that is a class of its own."""

    unit: str = "C"

    async def run(self, arguments: dict[str, Any]) -> Any:
        from fastmcp.tools import ToolResult

        return ToolResult(f"{arguments['city']} 20 {self.unit}")


class Greeting(Prompt):
    """A prompt that is a class of its own."""

    async def render(self, arguments: Any = None) -> str:
        return f"Hello {(arguments or {})['name']}"


def test_components_are_subclassed() -> None:
    """With members of their own, and the server's whole service."""
    mcp = FastMCP("x")
    mcp.add_tool(Weather(name="weather", unit="K", parameters={"type": "object"}))
    mcp.add_prompt(Greeting(name="greet"))

    async def main() -> str:
        async with Client(mcp) as client:
            return (await client.get_prompt("greet", {"name": "Ada"})).messages[0].content.text

    assert called(mcp, "weather", city="Bern") == "Bern 20 K"
    assert asyncio.run(main()) == "Hello Ada"


def test_partials_and_callable_objects_are_tools() -> None:
    """Named after the function or the class."""

    class Doubler:
        """Doubles."""

        def __call__(self, n: int) -> int:
            return 2 * n

    mcp = FastMCP("x")
    mcp.tool(Doubler())
    mcp.tool(functools.partial(add, b=10), name="ten_more")

    assert called(mcp, "Doubler", n=4) == 8
    assert called(mcp, "ten_more", a=1) == 11
    assert listed(mcp)["Doubler"]["description"] == "Doubles."
