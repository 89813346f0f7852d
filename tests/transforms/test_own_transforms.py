"""Transforms that users write, as FastMCP documents them and as they are found in the wild."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError
from fastmcp.experimental.transforms.code_mode import GetSchemas, GetTags, Search
from fastmcp.server.transforms import GetToolNext, Transform
from fastmcp.server.transforms.catalog import CatalogTransform
from fastmcp.tools.base import Tool


def server(*transforms: Transform) -> FastMCP:
    mcp = FastMCP("server", transforms=list(transforms))

    @mcp.tool(tags={"public"})
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @mcp.tool
    def secret() -> str:
        return "secret"

    return mcp


async def names(client: Client) -> list[str]:
    return [tool.name for tool in await client.list_tools()]


class TagFilter(Transform):
    def __init__(self, required_tags: set[str]) -> None:
        self.required_tags = required_tags

    async def list_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        return [tool for tool in tools if tool.tags & self.required_tags]

    async def get_tool(
        self, name: str, call_next: GetToolNext, *, version: Any = None
    ) -> Tool | None:
        tool = await call_next(name, version=version)
        return tool if tool and tool.tags & self.required_tags else None


async def test_a_filter_by_tags_hides_from_lists_and_calls() -> None:
    """What its methods leave out is not there."""
    async with Client(server(TagFilter({"public"}))) as client:
        assert await names(client) == ["add"]
        assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3
        with pytest.raises(McpError, match="Unknown tool"):
            await client.call_tool("secret")


async def test_a_transform_may_only_order_the_list() -> None:
    """What it does not override stays as it is; the order is stable."""

    class Backwards(Transform):
        async def list_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
            return sorted(tools, key=lambda tool: tool.name, reverse=True)

    async with Client(server(Backwards())) as client:
        assert [await names(client) for _ in range(3)] == [["secret", "add"]] * 3
        assert (await client.call_tool("secret")).data == "secret"


async def test_a_transform_that_copies_its_tools_renames_them() -> None:
    """By `model_copy`, as components are copied in FastMCP."""

    class Shouting(Transform):
        async def list_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
            return [tool.model_copy(update={"name": tool.name.upper()}) for tool in tools]

        async def get_tool(
            self, name: str, call_next: GetToolNext, *, version: Any = None
        ) -> Tool | None:
            tool = await call_next(name.lower(), version=version)
            return tool.model_copy(update={"name": name}) if tool else None

    async with Client(server(Shouting())) as client:
        assert await names(client) == ["ADD", "SECRET"]
        assert (await client.call_tool("ADD", {"a": 1, "b": 2})).data == 3


async def test_a_catalog_transform_lists_a_tool_of_its_own_that_reads_the_catalog() -> None:
    """The example in FastMCP's source: a search in the place of the tools."""

    class Finder(CatalogTransform):
        async def transform_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
            return [self._make_search_tool()]

        async def get_tool(
            self, name: str, call_next: GetToolNext, *, version: Any = None
        ) -> Tool | None:
            if name == "search":
                return self._make_search_tool()
            return await call_next(name, version=version)

        def _make_search_tool(self) -> Tool:
            async def search(word: str, ctx: Context = None) -> list[str]:  # type: ignore[assignment]
                tools = await self.get_tool_catalog(ctx)
                return [tool.name for tool in tools if word in tool.name]

            return Tool.from_function(fn=search, name="search")

    async with Client(server(Finder())) as client:
        assert await names(client) == ["search"]
        assert (await client.call_tool("search", {"word": "e"})).data == ["secret"]
        assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3


class Discovery(CatalogTransform):
    """The discovery tools of code mode without its code, under names of a service."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._factories = [GetTags(name=f"{service}_tags"), Search(name=f"{service}_search")]
        self._factories.append(GetSchemas(name=f"{service}_schema"))  # type: ignore[arg-type]
        self._built: list[Tool] | None = None

    def _tools(self) -> list[Tool]:
        if self._built is None:
            self._built = [factory(self.get_tool_catalog) for factory in self._factories]
        return self._built

    async def transform_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        return self._tools()

    async def get_tool(
        self, name: str, call_next: GetToolNext, *, version: Any = None
    ) -> Tool | None:
        found = next((tool for tool in self._tools() if tool.name == name), None)
        return found or await call_next(name, version=version)


async def test_discovery_tools_work_in_a_catalog_transform_of_a_users_own() -> None:
    """They are given the method that reads the catalog."""
    async with Client(server(Discovery("shop"))) as client:
        assert await names(client) == ["shop_tags", "shop_search", "shop_schema"]
        tags = await client.call_tool("shop_tags")
        assert tags.data == "- public (1 tool)\n- untagged (1 tool)"
        found = await client.call_tool("shop_search", {"query": "numbers"})
        assert found.data == "1 of 2 tools:\n\n- add: Add two numbers."


async def test_a_catalog_transform_reads_every_kind_of_component() -> None:
    """Resources, templates and prompts, which it may show otherwise."""
    catalogs: dict[str, list[str]] = {}

    class Nothing(CatalogTransform):
        async def transform_resources(self, resources: Sequence[Any]) -> Sequence[Any]:
            return []

        async def transform_resource_templates(self, templates: Sequence[Any]) -> Sequence[Any]:
            return []

        async def transform_prompts(self, prompts: Sequence[Any]) -> Sequence[Any]:
            return []

    nothing = Nothing()
    mcp = server(nothing)
    mcp.resource("data://x", name="x")(lambda: "x")
    mcp.resource("data://{y}", name="y")(lambda y: y)
    mcp.prompt(lambda: "hi", name="hello")

    @mcp.tool
    async def look(ctx: Context) -> None:
        catalogs["resources"] = [r.uri for r in await nothing.get_resource_catalog(ctx)]
        templates = await nothing.get_resource_template_catalog(ctx)
        catalogs["templates"] = [t.uri_template for t in templates]
        catalogs["prompts"] = [p.name for p in await nothing.get_prompt_catalog(ctx)]
        catalogs["tools"] = [t.name for t in await nothing.get_tool_catalog(ctx)]

    async with Client(mcp) as client:
        assert await client.list_resources() == []
        assert await client.list_resource_templates() == []
        assert await client.list_prompts() == []
        await client.call_tool("look")

    assert catalogs == {
        "resources": ["data://x"],
        "templates": ["data://{y}"],
        "prompts": ["hello"],
        "tools": ["add", "secret", "look"],
    }


@pytest.mark.parametrize("level", ["server", "provider"])
async def test_a_list_that_is_asked_for_while_the_catalog_is_read_is_covered(level: str) -> None:
    """Reading what there is uncovers nothing for others, not even within the same request."""

    class Covering(CatalogTransform):
        async def transform_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
            return []

    covering = Covering()
    mcp = server()
    (mcp if level == "server" else mcp.local_provider).add_transform(covering)

    @mcp.tool
    async def both(ctx: Context) -> list[int]:
        read, listed = await asyncio.gather(
            covering.get_tool_catalog(ctx), ctx.fastmcp.list_tools()
        )
        return [len(read), len(listed)]

    async with Client(mcp) as client:
        assert (await client.call_tool("both")).data == [3, 0]


def test_what_is_no_transform_is_refused() -> None:
    """The class in the place of an instance, too."""
    for wrong in (TagFilter, object()):
        with pytest.raises(ConfigurationError, match="is no transform"):
            FastMCP("x", transforms=[wrong])  # type: ignore[list-item]
