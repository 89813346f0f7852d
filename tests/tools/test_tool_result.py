"""ToolResult: full control over what a call gives back."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import mcp_types as official
import pytest
from apps import call
from conversation import ask
from pydantic import BaseModel

from fastmcp import FastMCP
from fastmcp.server.middleware import Middleware
from fastmcp.tools import ToolResult
from fastmcp.utilities.types import Image
from fastmcp.wire import CallToolResult, TextContent


@dataclass
class Point:
    x: int


class Person(BaseModel):
    name: str


class Widget:
    pass


def test_content_is_what_a_tool_may_return() -> None:
    """Text, blocks of ours and of the official package, media, data, and lists of them."""
    result = ToolResult(
        ["a", official.TextContent(type="text", text="b"), Image(data=b"x"), {"c": 1}]
    )

    assert [block.type for block in result.content] == ["text", "text", "image", "text"]
    assert result.content[3].text == '{"c":1}'
    assert ToolResult("a").content == ToolResult(TextContent(text="a")).content
    assert ToolResult([]).content == []


@pytest.mark.parametrize("value", [Point(1), {"x": 1}])
def test_structured_content_is_an_object_as_json_has_it(value: Any) -> None:
    """Whatever it was made of, it reads as a dict, and is the content when there is no other."""
    result = ToolResult(structured_content=value)

    assert result.structured_content == {"x": 1}
    assert result.content == [TextContent(text='{"x":1}')]


@pytest.mark.parametrize("value", [[1], 3, "text"])
def test_structured_content_has_to_be_an_object(value: Any) -> None:
    """Neither when the result is made nor later; the cure is told."""
    with pytest.raises(ValueError, match=r'give it a name, such as \{"result": value\}'):
        ToolResult(structured_content=value)
    result = ToolResult("a")
    with pytest.raises(ValueError, match="must be an object"):
        result.structured_content = value


def test_a_result_of_nothing_is_a_mistake() -> None:
    """There has to be content, or structured content that makes it."""
    with pytest.raises(ValueError, match="needs content or structured_content"):
        ToolResult()


def test_what_cannot_be_written_is_refused_at_once() -> None:
    """The author's own line raises."""
    with pytest.raises(ValueError, match="Widget cannot be written"):
        ToolResult(structured_content={"a": Widget()})
    with pytest.raises(ValueError, match="Widget cannot be written"):
        ToolResult([Widget()])


def test_it_reads_as_the_model_that_it_used_to_be() -> None:
    """Dumps, copies, comparison and repr, for code that knew a pydantic model."""
    result = ToolResult("a", {"x": 1}, meta={"k": 1})
    members = {
        "content": [{"type": "text", "text": "a"}],
        "structured_content": {"x": 1},
        "meta": {"k": 1},
        "is_error": False,
    }

    changed = result.model_copy(
        update={"is_error": True, "structured_content": {"y": Person(name="Ada")}}
    )

    assert result.model_dump(exclude_none=True) == members
    assert result.model_dump_json(exclude_none=True).startswith('{"content":[{"type":"text",')
    assert dict(result)["structured_content"] == {"x": 1}
    assert (changed.is_error, result.is_error) == (True, False)
    assert result == copy.deepcopy(result)
    assert result != changed
    assert "structured_content={'x': 1}" in repr(result)


def test_the_form_for_low_level_handlers_holds_what_there_is() -> None:
    """Content alone, with structured content beside it, or everything."""
    whole = ToolResult("a", {"x": 1}, is_error=True).to_mcp_result()

    assert ToolResult("a").to_mcp_result() == [TextContent(text="a")]
    assert ToolResult("a", {"x": 1}).to_mcp_result() == ([TextContent(text="a")], {"x": 1})
    assert isinstance(whole, CallToolResult)
    assert (whole.is_error, whole.structured_content) == (True, {"x": 1})


def test_middleware_changes_a_result_in_place() -> None:
    """Members that are set, and a dict that is edited, go out."""

    class Editor(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            result = await call_next(context)
            result.structured_content["more"] = 2
            result.content[0].text += "!"
            result.meta = {"com.example/seen": True}
            return result

    mcp = FastMCP("x", middleware=[Editor()])

    @mcp.tool
    def f() -> dict[str, int]:
        return {"a": 1}

    result = ask(mcp, call("f"))["result"]

    assert result["structuredContent"] == {"a": 1, "more": 2}
    assert result["content"][0]["text"] == '{"a":1}!'
    assert result["_meta"] == {"com.example/seen": True}
