"""Transforms: what becomes of tools between their source and a model."""

import json
import textwrap

from transforms.process_sandbox import ProcessSandbox

from fastmcp import Client, FastMCP


async def names(mcp: FastMCP) -> list[str]:
    async with Client(mcp) as client:
        return [tool.name for tool in await client.list_tools()]


async def test_transforms_apply_in_order() -> None:
    """From the inside out."""
    # snippet: order
    from fastmcp import FastMCP
    from fastmcp.server.transforms import Namespace, ToolTransform, Visibility

    mcp = FastMCP("Shop")

    @mcp.tool(tags={"staff"})
    def refund(order: int) -> str:
        return f"Refunded {order}"

    @mcp.tool
    def find(product: str) -> str:
        return f"{product}: 3 left"

    mcp.add_transform(Namespace("shop"))  # shop_refund, shop_find
    mcp.add_transform(ToolTransform({"shop_find": {"name": "stock"}}))  # shop_refund, stock
    mcp.add_transform(Visibility(False, tags={"staff"}))  # stock
    # end
    assert await names(mcp) == ["stock"]


async def test_a_search_stands_for_many_tools() -> None:
    """They are found by words, and called by one tool."""
    # snippet: search
    from fastmcp import Client, FastMCP
    from fastmcp.server.transforms.search import BM25SearchTransform

    mcp = FastMCP("Office", transforms=[BM25SearchTransform(always_visible=["help"])])

    @mcp.tool
    def help() -> str:
        return "Ask for what you want to do"

    @mcp.tool
    def send_email(to: str, subject: str) -> str:
        """Send an email to a recipient."""
        return f"Sent to {to}"

    @mcp.tool
    def delete_record(record_id: int) -> str:
        """Delete a record from the database."""
        return f"Deleted {record_id}"

    async with Client(mcp) as client:
        listed = [tool.name for tool in await client.list_tools()]
        # ["help", "search_tools", "call_tool"]
        found = await client.call_tool("search_tools", {"query": "remove a database record"})
        done = await client.call_tool(
            "call_tool", {"name": "delete_record", "arguments": {"record_id": 7}}
        )
    # end
    assert listed == ["help", "search_tools", "call_tool"]
    assert [each["name"] for each in found.structured_content["result"]] == ["delete_record"]
    assert done.content[0].text == "Deleted 7"


async def test_results_may_be_shorter() -> None:
    """As Markdown, or as a function of one's own writes them."""
    # snippet: shorter
    from fastmcp.server.transforms.search import (
        RegexSearchTransform,
        serialize_tools_for_output_markdown,
    )

    search = RegexSearchTransform(
        max_results=10,
        search_tool_name="find",
        call_tool_name="run",
        search_result_serializer=serialize_tools_for_output_markdown,
    )
    # end
    mcp = FastMCP("Office", transforms=[search])

    @mcp.tool
    def send_email(to: str, subject: str = "none") -> None:
        """Send an email."""

    async with Client(mcp) as client:
        found = await client.call_tool("find", {"pattern": "send.*email"})
    assert "- `to` (string, required)" in found.content[0].text


async def test_prompts_and_resources_are_tools() -> None:
    """For clients that know nothing else."""
    # snippet: as-tools
    from fastmcp import FastMCP
    from fastmcp.server.transforms import PromptsAsTools, ResourcesAsTools

    mcp = FastMCP("Library")

    @mcp.resource("book://{title}")
    def book(title: str) -> str:
        return f"Once upon a time, {title}"

    @mcp.prompt
    def summarize(title: str) -> str:
        return f"Summarize {title}"

    mcp.add_transform(ResourcesAsTools(mcp))  # list_resources, read_resource
    mcp.add_transform(PromptsAsTools(mcp))  # list_prompts, get_prompt
    # end
    async with Client(mcp) as client:
        read = await client.call_tool("read_resource", {"uri": "book://Momo"})
        asked = await client.call_tool(
            "get_prompt", {"name": "summarize", "arguments": {"title": "Momo"}}
        )
    assert read.content[0].text == "Once upon a time, Momo"
    assert json.loads(asked.content[0].text)["messages"][0]["content"] == "Summarize Momo"


async def test_code_calls_tools() -> None:
    """In a sandbox of one's own, here; Monty's is the default."""
    # snippet: code
    from fastmcp import FastMCP
    from fastmcp.experimental.transforms.code_mode import CodeMode, GetSchemas, GetTags, Search

    mcp = FastMCP("Shop")

    @mcp.tool
    def price(product: str) -> int:
        """The price of a product."""
        return len(product)

    code_mode = CodeMode(discovery_tools=[Search(), GetSchemas(), GetTags()], max_tool_calls=20)
    mcp.add_transform(code_mode)
    # end
    code_mode.sandbox_provider = ProcessSandbox()
    # snippet: written
    code = """
    prices = [await call_tool("price", {"product": name}) for name in ("tea", "coffee")]
    return sum(each["result"] for each in prices)
    """
    # end
    assert await names(mcp) == ["search", "get_schema", "tags", "execute"]
    async with Client(mcp) as client:
        result = await client.call_tool("execute", {"code": textwrap.dedent(code).strip()})
    assert result.content[0].text == "9"


async def test_a_transform_of_ones_own() -> None:
    """What is listed, and what is found by name."""
    # snippet: own
    from collections.abc import Sequence

    from fastmcp.server.transforms import GetToolNext, Transform, VersionSpec
    from fastmcp.tools import Tool

    class Quiet(Transform):
        async def list_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
            return [self.quiet(tool) for tool in tools]

        async def get_tool(
            self, name: str, call_next: GetToolNext, *, version: VersionSpec | None = None
        ) -> Tool | None:
            tool = await call_next(name, version=version)
            return None if tool is None else self.quiet(tool)

        def quiet(self, tool: Tool) -> Tool:
            text = (tool.description or "").lower()
            return tool.model_copy(update={"description": text})

    # end
    mcp = FastMCP("Loud", transforms=[Quiet()])

    @mcp.tool
    def shout() -> str:
        """SHOUT LOUDLY"""
        return "HEY"

    async with Client(mcp) as client:
        assert (await client.list_tools())[0].description == "shout loudly"
        assert (await client.call_tool("shout")).data == "HEY"


async def test_a_catalog_of_ones_own() -> None:
    """It reads what it does not list."""
    # snippet: catalog
    from collections.abc import Sequence
    from typing import Any

    from fastmcp import Context
    from fastmcp.server.transforms.catalog import CatalogTransform
    from fastmcp.tools import Tool

    class Counted(CatalogTransform):
        async def transform_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
            return [self.count]

        async def get_tool(self, name: str, call_next: Any, *, version: Any = None) -> Any:
            return self.count if name == "count" else await call_next(name, version=version)

        def __init__(self) -> None:
            super().__init__()

            async def count(ctx: Context) -> int:
                return len(await self.get_tool_catalog(ctx))

            self.count = Tool.from_function(count)

    # end
    mcp = FastMCP("Counting", transforms=[Counted()])
    mcp.tool(lambda: 1, name="one")
    mcp.tool(lambda: 2, name="two")

    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["count"]
        assert (await client.call_tool("count")).data == 2
