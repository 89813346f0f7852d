"""Namespace, ToolTransform, Visibility and VersionFilter: on providers, on servers, in chains."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, InvalidSignature, McpError
from fastmcp.server.providers import LocalProvider
from fastmcp.server.transforms import (
    Namespace,
    ToolTransform,
    VersionFilter,
    VersionSpec,
    Visibility,
)
from fastmcp.tools import Tool
from fastmcp.tools.tool_transform import ToolTransformConfig


def source() -> LocalProvider:
    """A provider with one of each."""
    provider = LocalProvider()

    @provider.tool(tags={"math"})
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @provider.tool
    def say(text: str) -> str:
        return text

    @provider.resource("data://cities")
    def cities() -> str:
        return "Bern"

    @provider.resource("data://cities/{city}")
    def city(city: str) -> str:
        return city.upper()

    @provider.prompt
    def greet(name: str) -> str:
        return f"Hello {name}"

    return provider


def versions() -> LocalProvider:
    """A provider with a tool in three versions, and one without any."""
    provider = LocalProvider()
    for number in ("1.0", "2.0", "3.0"):

        def f(number: str = number) -> str:
            return number

        provider.tool(f, name="f", version=number)

    @provider.tool
    def plain() -> str:
        return "plain"

    return provider


def host(*transforms: Any, provider: LocalProvider | None = None) -> FastMCP:
    """A server of that provider, with these transforms."""
    return FastMCP("host", providers=[provider or source()], transforms=list(transforms))


async def names(client: Client) -> list[str]:
    return [tool.name for tool in await client.list_tools()]


async def test_a_namespace_is_part_of_every_name_and_uri() -> None:
    """What it lists can be used by the names that it lists."""
    async with Client(host(Namespace("geo"))) as client:
        assert await names(client) == ["geo_add", "geo_say"]
        assert [str(each.uri) for each in await client.list_resources()] == ["data://geo/cities"]
        templates = await client.list_resource_templates()
        assert [each.uri_template for each in templates] == ["data://geo/cities/{city}"]
        assert [each.name for each in await client.list_prompts()] == ["geo_greet"]

        assert (await client.call_tool("geo_add", {"a": 1, "b": 2})).data == 3
        read = await client.read_resource("data://geo/cities/bern")
        assert read[0].text == "BERN"
        rendered = await client.get_prompt("geo_greet", {"name": "Ada"})
        assert rendered.messages[0].content.text == "Hello Ada"


async def test_names_from_before_a_namespace_lead_nowhere() -> None:
    """Also those that are in another one."""
    provider = source()
    provider.add_transform(Namespace("geo"))

    assert await provider.get_tool("add") is None
    assert await provider.get_tool("gro_add") is None
    assert await provider.get_resource("data://cities") is None
    assert await provider.get_resource_template("data://cities/bern") is None
    assert await provider.get_prompt("greet") is None


@pytest.mark.parametrize("prefix", ["", "a b", "a/b", "ä", "x" * 65, None])
def test_a_namespace_that_can_be_no_part_of_a_name_is_refused(prefix: Any) -> None:
    """The error names it."""
    with pytest.raises(ConfigurationError, match="namespace"):
        Namespace(prefix)


async def test_namespaces_add_up_from_the_inside_out() -> None:
    """The last one added is the first part of the name."""
    provider = source()
    provider.add_transform(Namespace("inner"))

    async with Client(host(Namespace("outer"), provider=provider)) as client:
        assert await names(client) == ["outer_inner_add", "outer_inner_say"]
        assert (await client.call_tool("outer_inner_say", {"text": "x"})).data == "x"


async def test_a_tool_is_transformed_by_the_name_that_it_has_in_the_source() -> None:
    """Its own name, texts and arguments change; the old name is gone, other tools stay."""
    change = ToolTransformConfig(
        name="plus", description="Sum up", arguments={"a": {"name": "first"}}
    )

    async with Client(host(ToolTransform({"add": change}))) as client:
        plus, say = await client.list_tools()
        assert (plus.name, plus.description, say.name) == ("plus", "Sum up", "say")
        assert list(plus.input_schema["properties"]) == ["first", "b"]
        assert (await client.call_tool("plus", {"first": 1, "b": 2})).data == 3
        with pytest.raises(McpError, match="Unknown tool"):
            await client.call_tool("add", {"a": 1, "b": 2})


def test_two_tools_cannot_be_given_the_same_name() -> None:
    """The error names both, and the name."""
    with pytest.raises(ConfigurationError, match="'add' and 'say' the same name 'x'"):
        ToolTransform({"add": {"name": "x"}, "say": {"name": "x"}})


async def test_a_tool_that_is_given_the_name_of_another_hides_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Lists and calls agree on which is meant, and the log says so once."""
    mcp = host(ToolTransform({"add": ToolTransformConfig(name="say")}))

    with caplog.at_level(logging.WARNING, "fastmcp.server"):
        async with Client(mcp) as client:
            assert await names(client) == ["say"]
            assert await names(client) == ["say"]
            assert (await client.call_tool("say", {"a": 1, "b": 2})).data == 3

    assert [r.message for r in caplog.records if "hides another tool" in r.message] == [
        "ToolTransform(['add']) calls 'add' 'say', which hides another tool"
    ]


async def test_a_tool_keeps_a_name_that_is_meant_for_one_that_is_not_there() -> None:
    """In lists, by index and by asking."""
    transform = ToolTransform({"absent": {"name": "say"}})
    provider = source()
    provider.add_transform(transform)

    found = await provider.get_tool("say")
    assert found is not None and found.name == "say"
    async with Client(host(transform)) as client:
        assert await names(client) == ["add", "say"]
        assert (await client.call_tool("say", {"text": "x"})).data == "x"


async def test_a_change_that_does_not_fit_leaves_out_its_tool_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It cannot be used unchanged either; the log names transform, tool and argument, once."""
    mcp = host(ToolTransform({"add": {"name": "plus", "arguments": {"aa": {"hide": True}}}}))

    async with Client(mcp) as client:
        assert await names(client) == ["say"]
        assert await names(client) == ["say"]
        assert (await client.call_tool("say", {"text": "x"})).data == "x"
        for name in ("add", "plus"):
            with pytest.raises(McpError, match="Unknown tool"):
                await client.call_tool(name, {"a": 1, "b": 2})

    [record] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    for said in ("ToolTransform(['add'])", "'add'", "'aa'", "nearest is a"):
        assert said in record.getMessage()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nme": "y"}, "ToolTransform: add: unknown key 'nme'; did you mean 'name'?"),
        ({"zzz": 1}, "ToolTransform: add: unknown key 'zzz'; use name,"),
        (
            {"arguments": {"a": {"hidden": True}}},
            "ToolTransform: add.arguments.a: unknown key 'hidden'; did you mean 'hide'?",
        ),
        ({"name": 5}, "ToolTransform: add: "),
        ("plus", "ToolTransform: add: "),
    ],
)
def test_a_change_that_cannot_be_read_is_refused(change: Any, said: str) -> None:
    """The error names the tool, and the key that was probably meant."""
    with pytest.raises(ConfigurationError) as caught:
        ToolTransform({"add": change})
    assert str(caught.value).startswith(said)


async def test_a_change_of_a_tool_that_is_not_there_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With the nearest name; it may come, and is changed then."""
    mcp = host(ToolTransform({"addd": {"name": "plus"}}))

    async with Client(mcp) as client:
        assert await names(client) == ["add", "say"]
        mcp.add_tool(Tool.from_function(lambda: 1, name="addd"))
        assert sorted(await names(client)) == ["add", "plus", "say"]
        mcp.remove_tool("addd")
        assert await names(client) == ["add", "say"]

    [record] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert record.getMessage() == (
        "ToolTransform(['addd']) changes 'addd', and there is no such tool; did you mean 'add'?"
    )


async def test_nothing_is_said_of_names_before_there_are_tools(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A transform may be added before what it changes."""
    mcp = FastMCP("x", transforms=[ToolTransform({"late": {"name": "later"}})])
    mcp.disable(tags={"hidden"})
    mcp.add_tool(Tool.from_function(lambda: 1, name="late"))

    assert [tool.name for tool in await mcp.list_tools()] == ["later"]
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


async def test_a_name_that_no_tool_can_have_is_refused() -> None:
    """As the decorator refuses it."""
    with pytest.raises(InvalidSignature, match="'bad name' cannot be called"):
        ToolTransform({"add": {"name": "bad name"}})


async def test_a_single_text_is_one_tag() -> None:
    """And not its letters."""
    mcp = host()
    mcp.disable(tags="math")
    assert [tool.name for tool in await mcp.list_tools()] == ["say"]


def test_a_key_that_fits_nothing_is_told() -> None:
    """Where it was written, with the form of a key; right ones are not."""
    mcp = host()
    text = r"keys=\{'add'\}: a key is 'tool:add@'.*names="
    with pytest.warns(UserWarning, match=text) as told:
        mcp.disable(keys={"add", "tool:say@"})
    assert [each.filename for each in told] == [__file__]
    with pytest.warns(UserWarning, match=r"'tool:add'.*is 'tool:add@'"):
        Visibility(False, keys={"tool:add"})
    Visibility(False, keys={"tool:add@", "tool:add@2", "resource:data://cities@"})


async def test_what_is_not_visible_is_not_listed_and_cannot_be_used() -> None:
    """The last transform that fits decides."""
    mcp = host(Visibility(False, match_all=True), Visibility(True, tags={"math"}))

    async with Client(mcp) as client:
        assert await names(client) == ["add"]
        assert await client.list_resources() == []
        with pytest.raises(McpError, match="Unknown tool"):
            await client.call_tool("say", {"text": "x"})


async def test_providers_list_what_is_hidden_as_such() -> None:
    """An outer transform can show it again."""
    provider = source()
    provider.add_transform(Visibility(False, names={"say", "data://cities"}))

    assert [t.enabled for t in await provider.list_tools()] == [True, False]
    assert [r.enabled for r in await provider.list_resources()] == [False]
    async with Client(host(Visibility(True, components={"tool"}), provider=provider)) as client:
        assert await names(client) == ["add", "say"]
        assert await client.list_resources() == []


async def test_a_visibility_goes_by_the_names_that_it_sees() -> None:
    """Those after the transforms that were there before it."""
    mcp = host(Namespace("geo"), Visibility(False, names={"add", "geo_say"}))

    async with Client(mcp) as client:
        assert await names(client) == ["geo_add"]


def test_a_visibility_without_criteria_fits_nothing_and_an_unknown_one_is_refused() -> None:
    """A misspelt criterion would otherwise show what is to be hidden."""
    with pytest.raises(ConfigurationError, match="knows no tag: use components, keys, names"):
        Visibility(False, tag={"x"})  # type: ignore[call-arg]

    assert repr(Visibility(False)) == "Visibility(False)"


async def test_a_version_filter_passes_a_window_of_versions() -> None:
    """Up to and without its end; what has no version passes, too."""
    async with Client(
        host(VersionFilter(version_gte="2.0", version_lt="3.0"), provider=versions())
    ) as client:
        assert await names(client) == ["f", "plain"]
        assert (await client.call_tool("f")).data == "2.0"
        assert (await client.call_tool("f", version="2.0")).data == "2.0"
        for hidden in ("1.0", "3.0"):
            with pytest.raises(McpError, match="Unknown tool"):
                await client.call_tool("f", version=hidden)


async def test_a_version_filter_can_leave_out_what_has_no_version() -> None:
    """In lists and by name."""
    provider = versions()
    provider.add_transform(VersionFilter(version_lt="9", include_unversioned=False))

    assert {tool.name for tool in await provider.list_tools()} == {"f"}
    assert await provider.get_tool("plain") is None
    newest = await provider.get_tool("f", VersionSpec(lt="3.0"))
    assert newest is not None and newest.version == "2.0"


def test_a_version_filter_without_a_window_is_refused() -> None:
    """It would filter nothing."""
    with pytest.raises(ConfigurationError, match="version_gte=, version_lt="):
        VersionFilter()


async def test_two_servers_show_one_provider_in_different_versions() -> None:
    """Each has its own filter; the provider is shared."""
    provider = versions()
    old = host(VersionFilter(version_lt="2.0"), provider=provider)
    new = host(VersionFilter(version_gte="2.0"), provider=provider)

    async with Client(old) as client:
        assert (await client.call_tool("f")).data == "1.0"
    async with Client(new) as client:
        assert (await client.call_tool("f")).data == "3.0"


async def test_a_version_is_selected_through_other_transforms() -> None:
    """By `name@version`, too."""
    mcp = host(Namespace("n"), ToolTransform({"n_f": {"name": "g"}}), provider=versions())

    async with Client(mcp) as client:
        assert (await client.call_tool("g", version="1.0")).data == "1.0"
        assert (await client.call_tool("g@2.0")).data == "2.0"
        assert (await client.call_tool("g")).data == "3.0"


async def test_a_chain_is_applied_in_the_order_in_which_it_was_added() -> None:
    """Those of a provider first, then those of the server; a name is taken back in reverse."""
    provider = source()
    provider.add_transform(ToolTransform({"add": {"name": "plus"}}))
    provider.add_transform(Namespace("in"))
    mcp = host(
        ToolTransform({"in_plus": {"name": "sum"}}),
        Visibility(False, names={"in_plus", "in_say"}),
        provider=provider,
    )

    async with Client(mcp) as client:
        assert await names(client) == ["sum"]
        assert (await client.call_tool("sum", {"a": 2, "b": 3})).data == 5
        with pytest.raises(McpError, match="Unknown tool"):
            await client.call_tool("in_plus", {"a": 2, "b": 3})
