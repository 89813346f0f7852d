"""Methods of objects as components."""

from __future__ import annotations

from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.contrib.mcp_mixin import MCPMixin, mcp_prompt, mcp_resource, mcp_tool
from fastmcp.types import ToolAnnotations


class Sample(MCPMixin):
    """As in FastMCP's documentation, and what may go wrong in such a class."""

    def __init__(self, name: str) -> None:
        self.name = name

    @mcp_tool()
    def first_tool(self) -> str:
        """First tool description."""
        return f"Executed tool {self.name}."

    @mcp_tool("renamed", annotations=ToolAnnotations(read_only_hint=True), exclude_args=["wipe"])
    def second(self, count: int, wipe: bool = False) -> int:
        return -1 if wipe else count

    @mcp_tool(name="renamed", enabled=False)
    def left_out(self) -> str:
        return "never"

    @mcp_tool(enabled=None)  # type: ignore[typeddict-item]
    async def asynchronous(self) -> str:
        return self.name

    @mcp_tool()
    @staticmethod
    def static() -> str:
        return "static"

    @mcp_resource(uri="test://test", title="A title", meta={"internal": True})
    def first_resource(self) -> str:
        return f"Executed resource {self.name}."

    @mcp_resource("test://{number}")
    def template(self, number: int) -> int:
        return number + 1

    @mcp_prompt()
    def first_prompt(self, topic: str) -> str:
        return f"here's a prompt! {self.name} {topic}"

    @property
    def dear(self) -> str:
        """Costs something."""
        raise AssertionError("nobody asked for it")

    def unmarked(self) -> None:
        """No component."""


async def test_every_object_of_a_class_is_registered_by_itself() -> None:
    """Under a prefix, with the options of its marks."""
    mcp = FastMCP()
    Sample("First").register_all(mcp_server=mcp, prefix="first")
    Sample("Second").register_all(mcp, "second", "-", "-", "-")

    async with Client(mcp) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
        assert set(tools) == {
            f"first_{name}" for name in ("first_tool", "renamed", "asynchronous", "static")
        } | {f"second-{name}" for name in ("first_tool", "renamed", "asynchronous", "static")}
        assert tools["first_first_tool"].description == "First tool description."
        annotations = tools["first_renamed"].annotations
        assert annotations is not None and annotations.read_only_hint
        assert set(tools["first_renamed"].input_schema["properties"]) == {"count"}
        assert await values(client, "first_first_tool", "second-asynchronous", "first_static") == [
            "Executed tool First.",
            "Second",
            "static",
        ]
        resources = {each.name: each for each in await client.list_resources()}
        found = resources["second-first_resource"]
        assert (str(found.uri), found.title) == ("second-test://test", "A title")
        assert (found.meta or {})["internal"] is True
        [contents] = await client.read_resource("first+test://test")
        assert contents.text == "Executed resource First."
        [contents] = await client.read_resource("second-test://4")
        assert contents.text == "5"
        prompt = await client.get_prompt("second-first_prompt", {"topic": "tea"})
        assert prompt.messages[0].content.text == "here's a prompt! Second tea"


async def test_without_a_prefix_names_are_as_they_were_given() -> None:
    """And each kind can be registered alone."""
    mcp = FastMCP()
    sample = Sample("Only")
    sample.register_tools(mcp)
    sample.register_prompts(mcp)

    async with Client(mcp) as client:
        assert await values(client, "first_tool") == ["Executed tool Only."]
        assert [prompt.name for prompt in await client.list_prompts()] == ["first_prompt"]
        assert await client.list_resources() == []


@pytest.mark.parametrize(
    "decorator", [mcp_tool, mcp_prompt, lambda **o: mcp_resource("a://b", **o)]
)
def test_an_option_that_there_is_not_is_refused_at_once(decorator: Any) -> None:
    """Where it is written, with the nearest one."""
    with pytest.raises(TypeError, match="did you mean description="):
        decorator(descripton="x")


async def values(client: Client, *tools: str) -> list[Any]:
    """What these tools give."""
    return [(await client.call_tool(name)).data for name in tools]
