"""What a server, a provider or a tool shows, and which names it leaves to subclasses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.server.providers import Provider
from fastmcp.tools import Tool, ToolResult

API = """
    add_completion_handler add_middleware add_prompt add_provider add_resource add_template
    add_tool add_tool_transformation add_transform as_provider as_proxy auth background
    call_tool client_log_level completion configure_oauth_storage connect custom_route
    dereference_schemas disable docket enable experimental_capabilities failures from_fastapi
    from_openapi get_prompt get_resource get_resource_template get_tool http_app icons
    import_server instructions lifespan limits list_page_size list_prompts
    list_resource_templates list_resources list_tools local_provider logger middleware mount
    name notify_resource_updated prompt providers read_resource remove_provider remove_tool
    remove_tool_transformation render_prompt resource run run_async run_http run_http_async
    run_sse run_stdio_async run_tool run_with_transport server_info session_manager sse_app
    stop streamable_http_app tool transforms version website_url
"""


def test_a_server_shows_what_users_may_use_and_nothing_else() -> None:
    """Members that only this package needs are not offered as if they were for everybody."""
    assert {name for name in dir(FastMCP("shown")) if not name.startswith("_")} == set(API.split())


async def test_a_subclass_may_call_its_own_things_as_it_likes() -> None:
    """Common words are free: they are not what the server itself works with."""

    class Shop(FastMCP):
        def __init__(self) -> None:
            super().__init__("shop")
            self.tasks = self.sources = self.catalogue = self.audience = self.cluster = None
            self.chain = self.capabilities = self.dispatcher = self.completes = "mine"
            self.tool(lambda: "ours", name="whose")

    shop, main = Shop(), FastMCP("main")
    main.mount(shop, "shop")
    for mcp, name in ((shop, "whose"), (main, "shop_whose")):
        async with Client(mcp) as client:
            assert [tool.name for tool in await client.list_tools()] == [name]
            assert (await client.call_tool(name)).data == "ours"


async def test_a_provider_may_call_its_own_things_as_it_likes() -> None:
    """Common words are free: a provider of one's own keeps what it needs under them."""

    class Remote(Provider):
        def __init__(self) -> None:
            super().__init__()
            self.servers: Any = ["https://a.example"]
            self.known = self.fixed = self._known = {"one"}
            self.edition = "2026-07"
            self.watch = self.forget = self.apply = None

        async def _list_tools(self) -> Sequence[Tool]:
            return [Tool.from_function(lambda: self.edition, name=each) for each in self.known]

    remote, main = Remote(), FastMCP("main")
    outer = FastMCP("outer")
    main.add_provider(remote, namespace="r")
    outer.mount(main, "m")
    remote.disable(names={"two"})

    for mcp, name in ((main, "r_one"), (outer, "m_r_one")):
        async with Client(mcp) as client:
            assert [tool.name for tool in await client.list_tools()] == [name]
            assert (await client.call_tool(name)).data == "2026-07"
            remote.changed("tools")
    main.remove_provider(main.providers[1])


@pytest.mark.parametrize("word", ["address", "derived", "encoded_entry", "entry", "mirrors"])
async def test_a_tool_may_have_fields_of_its_own_by_common_names(word: str) -> None:
    """What such a field says is the tool's own, and what the tool is known by stays."""

    async def run(self: Any, arguments: dict[str, Any]) -> ToolResult:
        return ToolResult(content=getattr(self, word))

    fields: dict[str, Any] = {"__annotations__": {word: str}, word: "mine", "run": run}
    mine: Any = type("Mine", (Tool,), {**fields, "__module__": __name__})
    inner, outer = FastMCP("inner"), FastMCP("outer")
    inner.add_tool(mine(name="own", parameters={"type": "object", "properties": {}}))
    outer.mount(inner, "in")

    for mcp, name in ((inner, "own"), (outer, "in_own")):
        async with Client(mcp) as client:
            assert [tool.name for tool in await client.list_tools()] == [name]
            assert (await client.call_tool(name)).content[0].text == "mine"
