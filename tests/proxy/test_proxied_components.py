"""What a proxy offers, and what using it gives: as the server behind has it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, ToolError
from fastmcp.server import create_proxy
from fastmcp.server.middleware import Middleware
from fastmcp.server.providers.proxy import (
    FastMCPProxy,
    ProxyClient,
    ProxyPrompt,
    ProxyProvider,
    ProxyResource,
    ProxyTemplate,
    ProxyTool,
    StatefulProxyClient,
)
from fastmcp.tools import Tool
from fastmcp.types import CallToolResult, PromptReference, ResourceTemplateReference

from .counting import counted


def test_lists_are_those_of_the_server_behind() -> None:
    """Names, descriptions, schemas, tags and types."""

    async def main() -> None:
        behind, _ = counted()
        async with Client(create_proxy(behind)) as client, Client(behind) as direct:
            assert await client.list_tools() == await direct.list_tools()
            assert await client.list_resources() == await direct.list_resources()
            assert await client.list_resource_templates() == await direct.list_resource_templates()
            assert await client.list_prompts() == await direct.list_prompts()

    asyncio.run(main())


def test_components_are_of_classes_of_their_own() -> None:
    """As FastMCP calls them; tags are theirs, too."""

    async def main() -> None:
        behind, _ = counted()
        proxy = create_proxy(behind)
        tools = {tool.name: tool for tool in await proxy.list_tools()}
        assert all(isinstance(tool, ProxyTool) for tool in tools.values())
        assert tools["add"].tags == {"sums"}
        assert isinstance(await proxy.get_tool("add"), ProxyTool)
        assert isinstance(await proxy.get_resource("data://note"), ProxyResource)
        assert isinstance(await proxy.get_resource_template("data://row/1"), ProxyTemplate)
        assert isinstance(await proxy.get_prompt("review"), ProxyPrompt)
        assert await proxy.get_tool("nothing") is None

    asyncio.run(main())


def test_using_them_is_using_the_server_behind() -> None:
    """Calls with structured content, failures that stay results, reads, prompts, completions."""

    async def main() -> None:
        behind, _ = counted()
        front = FastMCP("front")
        front.mount(create_proxy(behind), namespace="ns")
        async with Client(front) as client:
            result = await client.call_tool("ns_add", {"a": 1, "b": 2})
            assert (result.data, result.structured_content) == (3, {"result": 3})
            failed = await client.call_tool("ns_fail", raise_on_error=False)
            assert failed.is_error and "out of paper" in failed.content[0].text
            [note] = await client.read_resource("data://ns/note")
            assert (note.uri, note.mime_type) == ("data://ns/note", "text/markdown")
            [row] = await client.read_resource("data://ns/row/7")
            assert (row.uri, row.text) == ("data://ns/row/7", '{"row":7}')
            [message] = (await client.get_prompt("ns_review", {"code": "x"})).messages
            assert message.content.text == "Review x"
            prompt = PromptReference(name="ns_review")
            typed = {"name": "code", "value": "y"}
            assert (await client.complete(prompt, typed)).values == ["y = 2"]
            template = ResourceTemplateReference(uri="data://ns/row/{number}")
            typed = {"name": "number", "value": ""}
            assert (await client.complete(template, typed)).values == ["1", "2"]

    asyncio.run(main())


def test_errors_of_the_protocol_are_those_of_the_server_behind() -> None:
    """Their code, text and data; arguments are judged there, too."""

    async def main() -> None:
        behind = FastMCP("behind")

        @behind.tool
        def refuse() -> str:
            raise McpError(code=-31999, message="closed", data={"until": "noon"})

        @behind.tool
        def double(n: int) -> int:
            return 2 * n

        async with Client(create_proxy(behind)) as client:
            with pytest.raises(McpError, match="closed") as refused:
                await client.call_tool_mcp("refuse")
            assert (refused.value.code, refused.value.data) == (-31999, {"until": "noon"})
            with pytest.raises(ToolError, match="Invalid arguments"):
                await client.call_tool("double", {"n": "many"})
            with pytest.raises(McpError, match="nothing"):
                await client.read_resource("data://nothing")

    asyncio.run(main())


def test_results_are_relayed_as_they_came() -> None:
    """Also those that do not fit the tool's own schema: that is for the client to find."""
    result = {
        "content": [{"type": "text", "text": "no"}, {"type": "odd", "n": 1}],
        "structuredContent": {"wrong": [1, 2]},
        "_meta": {"org.example/a": 1},
    }

    class Odd(Tool, kw_only=True):
        async def run(self, arguments: dict[str, Any]) -> Any:
            return CallToolResult.model_validate(result)

    async def main() -> None:
        behind = FastMCP("behind")
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        behind.add_tool(Odd(name="odd", output_schema=schema))
        async with Client(create_proxy(behind)) as client:
            got = await client.call_tool_mcp("odd")
            assert got.structured_content == {"wrong": [1, 2]}
            assert [dict(b) if isinstance(b, dict) else b.text for b in got.content] == [
                "no",
                {"type": "odd", "n": 1},
            ]
            assert got.meta["org.example/a"] == 1

    asyncio.run(main())


def test_middleware_sees_and_changes_relayed_results() -> None:
    """They are read when somebody looks."""

    class Shouting(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            result = await call_next(context)
            result.content[0].text = result.content[0].text.upper()
            return result

        async def on_read_resource(self, context: Any, call_next: Any) -> Any:
            result = await call_next(context)
            result.contents[0].content += "!"
            return result

    async def main() -> None:
        behind, _ = counted()
        proxy = create_proxy(behind, middleware=[Shouting()])
        async with Client(proxy) as client:
            assert (await client.call_tool("greet")).content[0].text == "HELLO 2"
            assert (await client.read_resource("data://note"))[0].text == "# A note!"

    asyncio.run(main())


def test_a_version_is_chosen_behind() -> None:
    """By the client's `_meta`, or by name."""

    async def main() -> None:
        behind, _ = counted()
        async with Client(create_proxy(behind)) as client:
            assert (await client.call_tool("greet")).data == "hello 2"
            assert (await client.call_tool("greet", version="1")).data == "hello 1"
            with pytest.raises(ToolError):
                await client.call_tool("greet", version="3")

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("front", ["legacy", "auto"])
def test_meta_goes_on_but_for_what_is_of_the_connection(mode: str, front: str) -> None:
    """The context of a trace, and what is the application's own."""

    async def main() -> None:
        behind = FastMCP("behind")
        seen: dict[str, Any] = {}

        @behind.tool
        def look(ctx: Context) -> str:
            seen.update(ctx.request_context.meta or {})
            seen["client"] = ctx.client_id
            return "looked"

        sent = {
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "org.example/own": [1, 2],
        }
        async with Client(create_proxy(behind, mode=mode), mode=front, name="ann") as client:
            await client.call_tool("look", meta=sent)
        assert {name: seen[name] for name in sent} == sent
        assert seen["client"] != "ann"

    asyncio.run(main())


@pytest.mark.parametrize("identity", ["proxy", "upstream"])
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_server_behind_is_told_of(identity: Any, mode: str) -> None:
    """Its instructions, where the proxy has none; its name where that is wanted."""

    async def main() -> None:
        behind, _ = counted()
        proxy = create_proxy(behind, name="front", identity=identity)
        async with Client(proxy, mode=mode) as client:
            assert client.instructions == "Be kind."
            expected = ("behind", "7") if identity == "upstream" else ("front", proxy.version)
            assert (client.server_info.name, client.server_info.version) == expected
        async with Client(create_proxy(behind, instructions="Mine."), mode=mode) as client:
            assert client.instructions == "Mine."

    asyncio.run(main())


def test_every_target_can_be_proxied() -> None:
    """Servers, clients that are connected or not, URLs, configurations of one and of several."""

    async def main() -> None:
        behind, elsewhere = counted()[0], counted()[0]
        with served(elsewhere.http_app()) as base:
            url = base + "/mcp"
            async with Client(behind) as connected:
                targets: list[tuple[Any, str]] = [
                    (behind, ""),
                    (url, ""),
                    (Client(url), ""),
                    (connected, ""),
                    (ProxyClient(url), ""),
                    ({"mcpServers": {"a": {"url": url}}}, ""),
                    ({"mcpServers": {"a": {"url": url}, "b": {"url": url}}}, "b_"),
                ]
                for target, prefix in targets:
                    async with Client(create_proxy(target)) as client:
                        result = await client.call_tool(f"{prefix}add", {"a": 1, "b": 2})
                        assert result.data == 3, target

    asyncio.run(main())


def test_a_client_factory_is_asked_for_each_request() -> None:
    """It may be plain or async, and see whose request it is for."""

    async def main() -> None:
        behind, _ = counted()
        seen: list[str] = []

        async def make() -> Client:
            seen.append(Context.current().exchange.method)
            return ProxyClient(behind)

        proxy = FastMCPProxy(client_factory=make, name="front")
        async with Client(proxy, mode="legacy") as client:
            assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3
        assert seen[0] == "initialize"
        assert seen[-1] == "tools/call"
        plain = FastMCP("front", providers=[ProxyProvider(lambda: ProxyClient(behind))])
        assert await plain.call_tool("add", {"a": 1, "b": 2}) == 3

    asyncio.run(main())


def test_a_target_that_cannot_be_is_refused_with_the_reason() -> None:
    """When the proxy is made."""
    with pytest.raises(ValueError, match="did you mean 'http"):
        create_proxy("localhost:8000/mcp")
    with pytest.raises(ValueError, match="mode="):
        create_proxy("http://localhost/mcp", mode="newest")
    with pytest.raises(ValueError, match="identity="):
        create_proxy("http://localhost/mcp", identity="both")


@pytest.mark.parametrize(
    "make", [FastMCPProxy, lambda client_factory: ProxyProvider(client_factory)]
)
def test_a_client_in_place_of_a_function_is_refused(make: Any) -> None:
    """With what to give."""
    behind, _ = counted()
    with pytest.raises(ConfigurationError, match=r"is a Client, not a function.*`lambda: client`"):
        make(client_factory=Client(behind))
    with pytest.raises(ConfigurationError, match="is None, not a function"):
        make(client_factory=None)


def test_a_call_of_new_stateful_where_there_is_no_request_is_refused() -> None:
    """It was to be given, and not to be called."""
    behind, _ = counted()
    with pytest.raises(RuntimeError, match=r"give the method itself, without \(\)"):
        FastMCPProxy(client_factory=StatefulProxyClient(behind).new_stateful())


def test_old_paths_lead_to_the_same() -> None:
    """Those of FastMCP 2 and 3."""
    import fastmcp.server
    import fastmcp.server.proxy as old

    assert old.FastMCPProxy is FastMCPProxy
    assert old.ProxyClient is ProxyClient
    assert fastmcp.server.create_proxy is create_proxy


def test_as_proxy_is_the_earlier_name_of_create_proxy() -> None:
    """With the same keywords."""
    proxy = FastMCP.as_proxy("http://localhost/mcp", name="x")

    assert isinstance(proxy, FastMCPProxy) and proxy.name == "x"
