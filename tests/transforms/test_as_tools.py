"""Prompts and resources for clients that know tools only."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from apps import served
from callers import client_of, knows_callers

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.prompts import Message
from fastmcp.resources import ResourceContent, ResourceResult
from fastmcp.server.middleware import Middleware
from fastmcp.server.providers import LocalProvider
from fastmcp.server.transforms import Namespace, PromptsAsTools, ResourcesAsTools
from fastmcp.wire.content import ImageContent


def library() -> FastMCP:
    """A server with both transforms."""
    mcp = FastMCP("library")

    @mcp.prompt(description="A greeting")
    def greet(name: str, tone: str = "warm") -> str:
        return f"{tone} {name}"

    @mcp.prompt
    def picture() -> list[Any]:
        return [Message("Look", "assistant"), Message(ImageContent(data="YQ==", mime_type="a/b"))]

    @mcp.resource("data://cities", mime_type="application/json", description="All of them")
    def cities() -> list[str]:
        return ["Bern"]

    @mcp.resource("data://{city}/plan")
    def plan(city: str) -> bytes:
        return city.encode()

    @mcp.resource("data://both")
    def both() -> ResourceResult:
        return ResourceResult([ResourceContent("text"), ResourceContent(b"\x00", "a/b")])

    mcp.add_transform(PromptsAsTools(mcp))
    mcp.add_transform(ResourcesAsTools(mcp))
    return mcp


async def told(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.structured_content is None
    return result.content[0].text


async def test_prompts_are_listed_and_rendered() -> None:
    """As JSON; what is no text is an object."""
    async with Client(library()) as client:
        greet, picture = json.loads(await told(client, "list_prompts"))
        assert greet == {
            "name": "greet",
            "description": "A greeting",
            "arguments": [
                {"name": "name", "description": None, "required": True},
                {"name": "tone", "description": None, "required": False},
            ],
        }
        assert picture == {"name": "picture", "description": None, "arguments": []}
        rendered = await told(client, "get_prompt", name="greet", arguments={"name": "Ada"})
        assert json.loads(rendered) == {"messages": [{"role": "user", "content": "warm Ada"}]}
        pictured = json.loads(await told(client, "get_prompt", name="picture"))["messages"]
        assert pictured == [
            {"role": "assistant", "content": "Look"},
            {"role": "user", "content": {"type": "image", "data": "YQ==", "mimeType": "a/b"}},
        ]


async def test_resources_are_listed_and_read() -> None:
    """A resource has a URI, a template one with parameters; bytes come as base64."""
    async with Client(library()) as client:
        cities, both, plan = json.loads(await told(client, "list_resources"))
        assert cities == {
            "uri": "data://cities",
            "name": "cities",
            "description": "All of them",
            "mime_type": "application/json",
        }
        assert both["uri"] == "data://both"
        assert plan == {"uri_template": "data://{city}/plan", "name": "plan", "description": None}

        assert await told(client, "read_resource", uri="data://cities") == '["Bern"]'
        encoded = await told(client, "read_resource", uri="data://Bern/plan")
        assert base64.b64decode(encoded) == b"Bern"
        several = json.loads(await told(client, "read_resource", uri="data://both"))
        assert several == [
            {"content": "text", "mime_type": "text/plain"},
            {"content": "AA==", "mime_type": "a/b"},
        ]


async def test_reading_is_said_to_change_nothing() -> None:
    """Hosts may then let a model read unasked."""
    async with Client(library()) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}

    assert list(tools) == ["list_prompts", "get_prompt", "list_resources", "read_resource"]
    for name in ("list_resources", "read_resource"):
        assert tools[name].annotations.read_only_hint is True


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("get_prompt", {"name": "nobody"}, "Unknown prompt: 'nobody'"),
        ("get_prompt", {"name": "greet"}, "Invalid arguments for prompt 'greet': name"),
        ("read_resource", {"uri": "data://nowhere/at/all"}, "data://nowhere/at/all"),
    ],
)
async def test_a_model_is_told_what_it_got_wrong(
    tool: str, arguments: dict[str, Any], text: str
) -> None:
    """By a result of the tool: an error of the protocol would not reach it."""
    async with Client(library()) as client:
        result = await client.call_tool(tool, arguments, raise_on_error=False)

    assert result.is_error and text in result.content[0].text


async def test_only_the_highest_version_is_listed_once() -> None:
    """It is the one that a name means."""
    mcp = FastMCP("versions")
    for version in ("1", "2"):
        mcp.prompt(lambda version=version: version, name="p", version=version)
        mcp.resource("data://r", name="r", version=version)(lambda version=version: version)
    mcp.add_transform(PromptsAsTools(mcp))
    mcp.add_transform(ResourcesAsTools(mcp))

    async with Client(mcp) as client:
        assert len(json.loads(await told(client, "list_prompts"))) == 1
        assert len(json.loads(await told(client, "list_resources"))) == 1
        rendered = json.loads(await told(client, "get_prompt", name="p"))
        assert rendered["messages"][0]["content"] == "2"


async def test_what_a_caller_may_not_see_is_not_there() -> None:
    """The checks of components hold, and so does what a session hides from itself."""
    mcp = library()
    mcp.prompt(lambda: "keys", name="keys", auth=lambda context: context.token is not None)

    @mcp.tool
    async def hide(ctx: Context) -> None:
        await ctx.disable_components(names={"greet"})

    async def seen(base: str, user: str | None, hides: bool = False) -> list[str]:
        async with client_of(base, user) as client:
            if hides:
                await client.call_tool("hide")
                with pytest.raises(ToolError, match="Unknown prompt: 'greet'"):
                    await client.call_tool("get_prompt", {"name": "greet"})
            return [each["name"] for each in json.loads(await told(client, "list_prompts"))]

    with served(mcp.http_app(middleware=knows_callers())) as base:
        assert await seen(base, "ada") == ["greet", "picture", "keys"]
        assert await seen(base, None) == ["greet", "picture"]
        assert await seen(base, "ada", hides=True) == ["picture", "keys"]


async def test_middleware_of_prompts_and_resources_runs() -> None:
    """As if the client had asked itself."""
    methods: list[str | None] = []

    class Watching(Middleware):
        async def on_request(self, context: Any, call_next: Any) -> Any:
            methods.append(context.method)
            return await call_next(context)

    mcp = library()
    mcp.add_middleware(Watching())

    async with Client(mcp) as client:
        methods.clear()
        await client.call_tool("list_resources")
        await client.call_tool("read_resource", {"uri": "data://cities"})
        await client.call_tool("get_prompt", {"name": "picture"})

    assert methods == [
        "tools/call",
        "resources/list",
        "resources/templates/list",
        "tools/call",
        "resources/read",
        "tools/call",
        "prompts/get",
    ]


@pytest.mark.parametrize("mode", ["2025-11-25", "2026-07-28"])
async def test_a_prompt_that_asks_its_client_can_be_used_by_a_tool(mode: Any) -> None:
    """In both eras."""
    mcp = FastMCP("asking")

    @mcp.prompt
    async def ask(ctx: Context) -> str:
        return f"You said {(await ctx.elicit('What?', str)).data}"

    mcp.add_transform(PromptsAsTools(mcp))

    async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return {"value": "this"}

    async with Client(mcp, elicitation_handler=answer, mode=mode) as client:
        assert "You said this" in await told(client, "get_prompt", name="ask")


async def test_a_mounted_server_brings_its_tools_along() -> None:
    """Their names are in its namespace; what they use is called as it calls it itself."""
    main = FastMCP("main")
    main.mount(library(), "lib")
    main.prompt(lambda: "main", name="of_main")

    async with Client(main) as client:
        assert "lib_get_prompt" in [tool.name for tool in await client.list_tools()]
        listed = json.loads(await told(client, "lib_list_prompts"))
        assert [each["name"] for each in listed] == ["greet", "picture"]
        assert await told(client, "lib_read_resource", uri="data://cities") == '["Bern"]'


async def test_they_may_be_transforms_of_a_provider() -> None:
    """Its other transforms rename them."""
    mcp = FastMCP("main")
    mcp.prompt(lambda: "hi", name="hello")
    provider = LocalProvider()
    provider.add_transform(PromptsAsTools(mcp))
    provider.add_transform(Namespace("all"))
    mcp.add_provider(provider)

    async with Client(mcp) as client:
        assert [t.name for t in await client.list_tools()] == ["all_list_prompts", "all_get_prompt"]
        assert "hi" in await told(client, "all_get_prompt", name="hello")


def test_they_need_a_server() -> None:
    """The error says which."""
    for transform in (PromptsAsTools, ResourcesAsTools):
        with pytest.raises(TypeError, match=rf"{transform.__name__}\(mcp\)"):
            transform(LocalProvider())


async def test_a_name_that_is_taken_is_an_error_that_says_so() -> None:
    """In lists and calls of that name; other tools can be called."""
    mcp = FastMCP("taken")
    mcp.tool(lambda: "mine", name="get_prompt")
    mcp.tool(lambda: "other", name="other")
    mcp.add_transform(PromptsAsTools(mcp))

    async with Client(mcp) as client:
        for use in (client.list_tools, lambda: client.call_tool("get_prompt")):
            with pytest.raises(Exception, match="'get_prompt', and there is one already"):
                await use()
        assert (await client.call_tool("other")).data == "other"
        mcp.disable(names={"x"})
        mcp.remove_tool("get_prompt")
        assert len(await client.list_tools()) == 3


async def test_a_hidden_tool_takes_no_name() -> None:
    """It cannot be called."""
    mcp = FastMCP("hidden")
    mcp.tool(lambda: "mine", name="get_prompt")
    mcp.prompt(lambda: "hi", name="hello")
    mcp.disable(names={"get_prompt"})
    mcp.add_transform(PromptsAsTools(mcp))

    async with Client(mcp) as client:
        assert [t.name for t in await client.list_tools()] == ["list_prompts", "get_prompt"]
        assert "hi" in await told(client, "get_prompt", name="hello")
