"""Searching tools: what both kinds of search have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from apps import served
from callers import client_of, knows_callers

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, ToolError
from fastmcp.server.middleware import Middleware
from fastmcp.server.providers import LocalProvider
from fastmcp.server.transforms import Namespace, ToolTransform, VersionFilter, Visibility
from fastmcp.server.transforms.search import (
    BM25SearchTransform,
    RegexSearchTransform,
    serialize_tools_for_output_markdown,
)
from fastmcp.server.transforms.search.base import BaseSearchTransform
from fastmcp.tools.base import Tool, ToolResult
from fastmcp.wire.content import ImageContent

KINDS: list[Any] = [BM25SearchTransform, RegexSearchTransform]


def office(*transforms: Any, **options: Any) -> FastMCP:
    mcp = FastMCP("office", transforms=list(transforms), **options)
    fill(mcp)
    return mcp


def fill(mcp: FastMCP | LocalProvider) -> None:
    @mcp.tool(annotations={"readOnlyHint": True}, tags={"mail"})
    def send_email(to: str, subject: str = "none") -> dict[str, str]:
        """Send an email to a recipient."""
        return {"to": to, "subject": subject}

    @mcp.tool(tags={"records"})
    def delete_record(record_id: int) -> bool:
        """Delete a record from the database."""
        return record_id > 0

    @mcp.tool(tags={"records"})
    def search_database(query: str, limit: int = 10) -> list[str]:
        """Search the database for records that match."""
        return [query] * limit

    @mcp.tool
    def status() -> str:
        """How everything is."""
        return "fine"

    @mcp.tool
    def divide(a: float, b: float) -> float:
        return a / b


async def listed(client: Client) -> list[str]:
    return [tool.name for tool in await client.list_tools()]


async def found(client: Client, word: str, tool: str = "search_tools") -> list[str]:
    """The names that a search for a word gives, whatever it is called by."""
    tools = {each.name: each for each in await client.list_tools()}
    (parameter,) = tools[tool].input_schema["properties"]
    result = await client.call_tool(tool, {parameter: word})
    return [each["name"] for each in result.structured_content["result"]]


async def called(client: Client, name: str, **arguments: Any) -> Any:
    return await client.call_tool(
        "call_tool", {"name": name, "arguments": arguments}, raise_on_error=False
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_tools_are_found_and_called_by_two_that_stand_for_them(kind: Any) -> None:
    """The others are not listed, and can be called by their names all the same."""
    async with Client(office(kind())) as client:
        assert await listed(client) == ["search_tools", "call_tool"]
        assert await found(client, "email") == ["send_email"]
        result = await called(client, "send_email", to="ada")
        assert result.structured_content == {"to": "ada", "subject": "none"}
        assert (await client.call_tool("delete_record", {"record_id": 1})).data is True


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_found_is_as_a_list_shows_it(kind: Any) -> None:
    """With its schemas and annotations, so that it can be called at once."""
    async with Client(office()) as client:
        shown = {each.name: each for each in await client.list_tools()}
    async with Client(office(kind())) as client:
        search = (await client.list_tools())[0]
        (parameter,) = search.input_schema["properties"]
        result = await client.call_tool("search_tools", {parameter: "email"})

    (entry,) = result.structured_content["result"]
    assert entry == shown["send_email"].model_dump(exclude_none=True)
    assert entry["inputSchema"]["required"] == ["to"]


@pytest.mark.parametrize("kind", KINDS)
async def test_some_tools_stay_listed_and_are_not_searched(kind: Any) -> None:
    """Those that are always visible, before the two."""
    async with Client(office(kind(always_visible=["status", "absent"]))) as client:
        assert await listed(client) == ["status", "search_tools", "call_tool"]
        assert await found(client, "everything") == []
        assert (await client.call_tool("status")).data == "fine"


@pytest.mark.parametrize("kind", KINDS)
async def test_the_two_tools_may_be_called_something_else(kind: Any) -> None:
    """And find fewer at a time."""
    transform = kind(search_tool_name="find", call_tool_name="run", max_results=1)

    async with Client(office(transform)) as client:
        assert await listed(client) == ["find", "run"]
        assert len(await found(client, "database", "find")) == 1
        assert (await client.call_tool("run", {"name": "status"})).content[0].text == "fine"
        assert "find" in (await client.list_tools())[1].description


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plain", [True, False])
async def test_results_are_written_as_a_serializer_writes_them(kind: Any, plain: bool) -> None:
    """Plain or async."""

    def names(tools: Sequence[Tool]) -> str:
        return " ".join(tool.name for tool in tools)

    async def later(tools: Sequence[Tool]) -> str:
        await asyncio.sleep(0)
        return names(tools)

    transform = kind(search_result_serializer=names if plain else later)
    async with Client(office(transform)) as client:
        (parameter,) = (await client.list_tools())[0].input_schema["properties"]
        result = await client.call_tool("search_tools", {parameter: "email"})

    assert result.data == "send_email"


async def test_results_may_be_markdown() -> None:
    """In about a third of the length; none are told of, too."""
    transform = BM25SearchTransform(search_result_serializer=serialize_tools_for_output_markdown)

    async with Client(office(transform)) as client:
        one = await client.call_tool("search_tools", {"query": "email"})
        none = await client.call_tool("search_tools", {"query": "zebra"})

    assert one.data == (
        "### send_email\n\nSend an email to a recipient.\n\n**Parameters**\n"
        '- `to` (string, required)\n- `subject` (string, default "none")\n\n'
        "**Returns**\n- `value` (object)"
    )
    assert none.data == "No tools matched the query."


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("send_email", {"to": "ada"}),
        ("divide", {"a": 1, "b": 0}),
        ("divide", {"a": "one"}),
        ("search_database", {"query": "x", "limit": 2}),
        ("picture", {}),
        ("refuse", {}),
        ("protocol", {}),
    ],
)
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("mode", ["2025-06-18", "2026-07-28"])
async def test_a_call_by_way_of_call_tool_gives_what_a_direct_one_gives(
    name: str, arguments: dict[str, Any], masked: bool, mode: Any
) -> None:
    """Content, structured content, metadata and failures."""
    mcp = office(BM25SearchTransform(), mask_error_details=masked)

    @mcp.tool
    def picture() -> ToolResult:
        content = [ImageContent(data="YQ==", mime_type="image/png")]
        return ToolResult(content=content, structured_content={"n": 1}, meta={"m": 2})

    @mcp.tool
    def refuse() -> None:
        raise ToolError("not today")

    @mcp.tool
    def protocol() -> None:
        raise McpError(code=-32050, message="no", data={"why": 1})

    async def outcome(client: Client, tool: str, given: dict[str, Any]) -> Any:
        try:
            result = await client.call_tool(tool, given, raise_on_error=False)
        except McpError as error:
            return error.code, error.message, error.data
        return result.is_error, result.content, result.structured_content, result.meta

    async with Client(mcp, mode=mode) as client:
        direct = await outcome(client, name, arguments)
        through = await outcome(client, "call_tool", {"name": name, "arguments": arguments})

    assert through == direct


@pytest.mark.parametrize("mode", ["2025-11-25", "2026-07-28"])
async def test_a_tool_that_asks_its_client_can_be_called_through_call_tool(mode: Any) -> None:
    """In both eras."""
    mcp = office(BM25SearchTransform())

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return f"You said {(await ctx.elicit('What?', str)).data}"

    async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return {"value": "this"}

    async with Client(mcp, elicitation_handler=answer, mode=mode) as client:
        assert (await called(client, "ask")).content[0].text == "You said this"


@pytest.mark.parametrize("name", ["call_tool", "search_tools"])
async def test_call_tool_does_not_call_itself_nor_the_search(name: str) -> None:
    """The error says that they are called directly."""
    async with Client(office(BM25SearchTransform())) as client:
        result = await called(client, name)

    assert result.is_error
    assert result.content[0].text == f"{name!r} is called directly, and not by 'call_tool'"


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_hidden_is_neither_found_nor_called(kind: Any) -> None:
    """By a transform before or after the search, by registration, by a filter of versions."""
    mcp = FastMCP("office", transforms=[Visibility(False, tags={"mail"})])
    fill(mcp)
    mcp.tool(lambda: "secret", name="secret_database", enabled=False)
    mcp.tool(lambda: "old", name="old_database", version="1")
    mcp.add_transform(VersionFilter(version_gte="2"))
    mcp.add_transform(kind())
    mcp.disable(names={"delete_record"})

    async with Client(mcp) as client:
        assert await found(client, "database") == ["search_database"]
        assert await found(client, "email") == []
        for hidden in ("send_email", "delete_record", "secret_database", "old_database", "none"):
            result = await called(client, hidden)
            assert result.content[0].text == f"Unknown tool: {hidden!r}"
        mcp.enable(names={"delete_record"})
        assert "delete_record" in await found(client, "database")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", ["server", "provider"])
async def test_everybody_finds_what_they_may_use(kind: Any, level: str) -> None:
    """By the checks of components, and by what a session hides from itself."""
    mcp = office()
    mcp.tool(lambda: "keys", name="keys", auth=lambda context: context.token is not None)

    @mcp.tool
    async def hide(ctx: Context) -> None:
        await ctx.disable_components(names={"status"})

    transform = kind(max_results=50)
    mcp.add_transform(transform) if level == "server" else mcp.local_provider.add_transform(
        transform
    )

    with served(mcp.http_app(middleware=knows_callers())) as base:
        async with client_of(base, "ada") as ada, client_of(base) as nobody:
            assert await found(ada, "keys") == ["keys"]
            assert (await called(ada, "keys")).content[0].text == "keys"
            assert await found(nobody, "keys") == []
            assert (await called(nobody, "keys")).content[0].text == "Unknown tool: 'keys'"
            await nobody.call_tool("hide")
            assert await found(nobody, "status") == []
            assert (await called(nobody, "status")).is_error
            assert await found(ada, "status") == ["status"]


async def test_middleware_of_lists_and_calls_runs_within_search_and_call() -> None:
    """What it leaves out of a list cannot be found, and not be called through `call_tool`."""
    seen: list[tuple[str | None, str | None]] = []

    class Narrow(Middleware):
        async def on_list_tools(self, context: Any, call_next: Any) -> Any:
            return [tool for tool in await call_next(context) if tool.name != "delete_record"]

        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            seen.append((context.method, context.message.name))
            return await call_next(context)

    async with Client(office(BM25SearchTransform(), middleware=[Narrow()])) as client:
        assert await found(client, "record database") == ["search_database"]
        assert (await called(client, "delete_record", record_id=1)).is_error
        seen.clear()
        await called(client, "status")

    assert seen == [("tools/call", "call_tool"), ("tools/call", "status")]


async def test_tools_for_the_interfaces_of_apps_are_not_for_the_model() -> None:
    """No host looks through what a search gives."""
    mcp = office(BM25SearchTransform())
    for visible in (["app"], ["app", "model"]):
        app = {"resourceUri": "ui://x", "visibility": visible}
        mcp.tool(lambda: "x", name="_".join(["panel", *visible]), app=app)

    async with Client(mcp) as client:
        assert await found(client, "panel") == ["panel_app_model"]
        assert (await called(client, "panel_app")).is_error
        assert (await client.call_tool("panel_app")).data == "x"


@pytest.mark.parametrize("kind", KINDS)
async def test_of_several_versions_the_highest_is_found(kind: Any) -> None:
    """Another one is called by `name@version`."""
    mcp = FastMCP("versions", transforms=[kind()])
    for version in ("1", "10", "9"):
        mcp.tool(lambda version=version: version, name="thing", version=version)

    async with Client(mcp) as client:
        assert await found(client, "thing") == ["thing"]
        assert (await called(client, "thing")).content[0].text == "10"
        assert (await called(client, "thing@9")).content[0].text == "9"
        assert (await called(client, "thing@8")).is_error


@pytest.mark.parametrize("kind", KINDS)
async def test_a_search_sees_what_changes(kind: Any) -> None:
    """Tools that come and go, and texts that are set."""
    mcp = office(kind())

    async with Client(mcp) as client:
        assert await found(client, "zebra") == []
        zebra = mcp.tool(lambda: "stripes", name="zebra")
        assert await found(client, "zebra") == ["zebra"]
        mcp.remove_tool("zebra")
        assert await found(client, "zebra") == []
        tool = await mcp.get_tool("status")
        assert tool is not None and zebra is not None
        tool.description = "Counts every zebra"
        assert await found(client, "zebra") == ["status"]


@pytest.mark.parametrize("kind", KINDS)
async def test_names_are_those_after_the_other_transforms(kind: Any) -> None:
    """What is found can be called as it is called there."""
    mcp = office(Namespace("o"), kind(), ToolTransform({"o_status": {"name": "health"}}))

    async with Client(mcp) as client:
        assert await listed(client) == ["search_tools", "call_tool"]
        assert await found(client, "everything") == ["health"]
        assert (await called(client, "health")).content[0].text == "fine"
        assert (await called(client, "o_divide", a=1, b=2)).structured_content == {"result": 0.5}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_mounted_server_may_have_a_search(kind: Any) -> None:
    """Of its own tools, in its namespace; what it does not list can be called there, too."""
    main = FastMCP("main")
    main.mount(office(kind()), "office")
    main.tool(lambda: "mine", name="email_of_main")

    async with Client(main) as client:
        assert await listed(client) == [
            "email_of_main",
            "office_search_tools",
            "office_call_tool",
        ]
        assert await found(client, "email", "office_search_tools") == ["send_email"]
        result = await client.call_tool(
            "office_call_tool", {"name": "send_email", "arguments": {"to": "a"}}
        )
        assert result.structured_content == {"to": "a", "subject": "none"}
        assert (await client.call_tool("office_status")).data == "fine"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_searches_what_is_mounted_on_it(kind: Any) -> None:
    """As far as that is listed: not what a search of its own covers."""
    main = FastMCP("main", transforms=[kind()])
    main.mount(office(), "open")
    main.mount(office(kind()), "covered")

    async with Client(main) as client:
        assert await found(client, "email") == ["open_send_email"]
        assert sorted(await found(client, "covered")) == [
            "covered_call_tool",
            "covered_search_tools",
        ]
        assert (await called(client, "open_status")).content[0].text == "fine"
        assert (await called(client, "covered_status")).is_error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("namespace", ["", "in"])
async def test_a_search_of_a_provider_finds_what_the_server_has(kind: Any, namespace: str) -> None:
    """By the names that it has in the server; only the provider's tools are covered."""
    provider = LocalProvider()
    fill(provider)
    provider.add_transform(kind())
    mcp = FastMCP("main")
    mcp.tool(lambda: "mine", name="email_of_main")
    mcp.add_provider(provider, namespace=namespace)
    prefix = f"{namespace}_" if namespace else ""

    async with Client(mcp) as client:
        search = f"{prefix}search_tools"
        assert await listed(client) == ["email_of_main", search, f"{prefix}call_tool"]
        assert sorted(await found(client, "email", search)) == sorted(
            ["email_of_main", f"{prefix}send_email"]
        )
        result = await client.call_tool(f"{prefix}call_tool", {"name": f"{prefix}status"})
        assert result.content[0].text == "fine"


async def test_a_name_that_is_taken_is_an_error_that_says_what_to_do() -> None:
    """In lists and calls of it; other tools can be called."""
    mcp = office(BM25SearchTransform())
    mcp.add_tool(Tool.from_function(lambda: 1, name="search_tools"))

    async with Client(mcp) as client:
        for use in (client.list_tools, lambda: client.call_tool("search_tools", {"query": "x"})):
            with pytest.raises(Exception, match=r"'search_tools'.*already: give search_tool_name="):
                await use()
        assert (await client.call_tool("status")).data == "fine"


def test_two_searches_of_the_same_names_are_refused_when_the_second_is_added() -> None:
    """The error says which keywords to give; what stands between them may have renamed some."""
    cure = r"'search_tools' and 'call_tool'.*search_tool_name= and call_tool_name="
    with pytest.raises(ConfigurationError, match=cure):
        office(BM25SearchTransform(), RegexSearchTransform())
    mcp = office(BM25SearchTransform())
    with pytest.raises(ConfigurationError, match=r"'call_tool'.*call_tool_name="):
        mcp.add_transform(BM25SearchTransform(search_tool_name="find"))
    assert len(mcp.transforms) == 1
    mcp.add_transform(Namespace("x"))
    mcp.add_transform(RegexSearchTransform())


@pytest.mark.parametrize(
    "options", [{"max_results": 0}, {"search_tool_name": "x", "call_tool_name": "x"}]
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    """The error names them."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        BM25SearchTransform(**options)


async def test_a_search_of_ones_own_says_what_it_takes_and_what_it_finds() -> None:
    """By the two methods that FastMCP's own searches have."""

    class Letters(BaseSearchTransform):
        def _make_search_tool(self) -> Tool:
            async def search_tools(first: str, ctx: Context = None) -> Any:  # type: ignore[assignment]
                tools = await self._get_visible_tools(ctx)
                return await self._render_results(await self._search(tools, first))

            return Tool.from_function(fn=search_tools, name=self._search_tool_name)

        async def _search(self, tools: Sequence[Tool], query: str) -> Sequence[Tool]:
            return [tool for tool in tools if tool.name.startswith(query)][: self._max_results]

    transform = Letters(
        max_results=2, search_result_serializer=lambda tools: [t.name for t in tools]
    )
    async with Client(office(transform)) as client:
        result = await client.call_tool("search_tools", {"first": "s"})

    assert result.content[0].text == '["send_email","search_database"]'
