"""Response limiting: results that are not too large for a model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apps import call, http, messages
from conversation import ask
from reaching import used

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.middleware.response_limiting import ResponseLimitingMiddleware
from fastmcp.tools import ToolResult
from fastmcp.utilities.types import Image

SUFFIX = "\n\n[Response truncated due to size limit]"


def server(**options: Any) -> FastMCP:
    mcp = FastMCP("x", middleware=[ResponseLimitingMiddleware(**options)])

    @mcp.tool
    def repeat(text: str, times: int) -> str:
        return text * times

    @mcp.tool
    def numbers(count: int) -> list[int]:
        return list(range(count))

    @mcp.tool
    def picture() -> Image:
        return Image(data=b"\0" * 3000, format="png")

    @mcp.tool
    def failed() -> Any:
        return ToolResult(content=["a" * 2000, "b"], meta={"com.e/m": 1}, is_error=True)

    return mcp


def test_what_is_small_enough_is_not_touched() -> None:
    """It keeps its blocks and its data."""
    mcp = server(max_size=500)

    result = ask(mcp, call("numbers", count=5))["result"]

    assert result["structuredContent"] == {"result": [0, 1, 2, 3, 4]}


@pytest.mark.parametrize("text", ["a", "é", "\n", '"', "\\", "\x01", "😀", 'a\n"é\\😀'])
@pytest.mark.parametrize("size", [100, 101, 102, 103, 500])
def test_what_is_cut_has_the_size_that_is_allowed(text: str, size: int) -> None:
    """The beginning of the text and the suffix, in at most so many bytes, whatever it consists
    of.
    """
    result = ask(server(max_size=size), call("repeat", text=text, times=1000))["result"]
    [block] = result["content"]
    shown = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()

    assert len(shown) <= size
    assert len(shown) > size - 15
    assert block["text"].endswith(SUFFIX)
    assert (text * 1000).startswith(block["text"].removesuffix(SUFFIX))
    assert "structuredContent" not in result


def test_what_has_no_text_is_cut_as_json() -> None:
    """An image is of no use in part; the model sees what there was."""
    result = ask(server(max_size=300), call("picture"))["result"]

    text = result["content"][0]["text"]
    assert text.startswith("{") and "image" in text
    assert text.endswith(SUFFIX)


def test_errors_stay_errors_over_http() -> None:
    """With the `_meta` of the result."""
    with http(server(max_size=300)) as client:
        [answer] = messages(client.post(call("failed")))

    assert answer["result"]["isError"] is True
    assert answer["result"]["_meta"]["com.e/m"] == 1


def test_promises_that_may_be_broken_are_not_made() -> None:
    """Tools that it concerns are listed without output schema, and only they are cut; a client
    that checks results against schemas accepts them.
    """
    mcp = server(max_size=200, tools=["numbers"])

    async def use(client: Client) -> Any:
        schemas = {tool.name: tool.output_schema for tool in await client.list_tools()}
        cut = await client.call_tool("numbers", {"count": 1000})
        whole = await client.call_tool("repeat", {"text": "a", "times": 1000})
        return schemas, cut.content[0].text, whole.data

    schemas, cut, whole = used(mcp, use)

    assert schemas["numbers"] is None
    assert cut.endswith(SUFFIX)
    assert whole == "a" * 1000


def test_the_list_follows_its_tools() -> None:
    """What was made of a tool for the list is made again when the tool changes."""
    mcp = server(max_size=200)

    async def use(client: Client) -> Any:
        before = {tool.name: tool for tool in await client.list_tools()}["numbers"]
        tool = await mcp.get_tool("numbers")
        assert tool is not None
        tool.description = "changed"
        after = {tool.name: tool for tool in await client.list_tools()}["numbers"]
        return before.description, after.description, after.output_schema

    assert used(mcp, use) == (None, "changed", None)


def test_another_suffix_may_fill_it_all() -> None:
    """A size that has no room for more leaves the suffix alone."""
    result = ask(server(max_size=10, truncation_suffix="…"), call("repeat", text="a", times=100))

    assert result["result"]["content"][0]["text"] == "…"


@pytest.mark.parametrize("options", [{"max_size": 0}, {"max_size": -1}, {"tools": "numbers"}])
def test_wrong_options_are_refused(options: Any) -> None:
    """As those of FastMCP's, a ValueError."""
    with pytest.raises(ConfigurationError, match=r"max_size must be positive|takes a list"):
        ResponseLimitingMiddleware(**options)
