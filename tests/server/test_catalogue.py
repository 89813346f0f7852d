"""What a server offers: versions, visibility, duplicates, pages, authorization."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, call, request
from conversation import ask

from fastmcp import Client, FastMCP
from fastmcp.exceptions import (
    AuthorizationError,
    ConfigurationError,
    InvalidSignature,
    McpError,
    NotFoundError,
    ToolError,
)
from fastmcp.tools import Tool


def names(mcp: FastMCP, method: str = "tools/list", **params: Any) -> list[str]:
    """The names of one page of a list, as a modern client sees it."""
    result = ask(mcp, request(method, **params), MODERN)["result"]
    return [entry["name"] for entry in result[method.partition("/")[0]]]


def entry(mcp: FastMCP, name: str, revision: str = MODERN) -> dict[str, Any]:
    tools = ask(mcp, request("tools/list"), revision)["result"]["tools"]
    return next(tool for tool in tools if tool["name"] == name)


def versioned(*versions: str) -> FastMCP:
    mcp = FastMCP("x", on_duplicate="error")
    for version in versions:
        mcp.tool(lambda version=version: version, name="which", version=version)
    return mcp


def called(mcp: FastMCP, name: str, **options: Any) -> Any:
    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.call_tool(name, **options)).data

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("versions", "highest"),
    [
        (["1.0", "2.0"], "2.0"),
        (["10", "9"], "10"),
        (["2.0", "1.0"], "2.0"),
        (["1.0rc1", "1.0"], "1.0"),
        (["v1.9", "v1.10"], "v1.10"),
        (["alpha", "beta"], "beta"),
        (["2025-01-01", "2024-12-31"], "2025-01-01"),
    ],
)
def test_the_highest_version_is_served(versions: list[str], highest: str) -> None:
    """By PEP 440 where the versions are such, else as text."""
    mcp = versioned(*versions)

    assert called(mcp, "which") == highest
    assert names(mcp) == ["which"]


def test_lists_tell_of_all_versions() -> None:
    """`_meta.fastmcp` has the version shown and the others, the highest first."""
    meta = entry(versioned("1.0", "3.0", "2.0"), "which")["_meta"]

    assert meta["fastmcp"] == {"version": "3.0", "versions": ["3.0", "2.0", "1.0"]}


def test_a_client_asks_for_a_version() -> None:
    """By `version=`, by `_meta.fastmcp.version`, or by name@version."""
    mcp = versioned("1.0", "2.0")

    assert called(mcp, "which", version="1.0") == "1.0"
    assert called(mcp, "which", meta={"fastmcp": {"version": "1"}}) == "1.0"
    assert called(mcp, "which@1.0") == "1.0"
    with pytest.raises(ToolError, match=r"Unknown tool: 'which'"):
        called(mcp, "which", version="7")
    with pytest.raises(ToolError, match=r"Unknown tool: 'which@7'"):
        called(mcp, "which@7")


def test_resources_and_prompts_have_versions() -> None:
    """The same choice for all kinds."""
    mcp = FastMCP("x")
    for version in ("1", "2"):
        mcp.resource("data://a", name="a", version=version)(lambda version=version: version)
        mcp.resource("data://{x}/b", name="b", version=version)(lambda x, version=version: version)
        mcp.prompt(lambda version=version: version, name="p", version=version)

    async def main() -> list[str]:
        async with Client(mcp) as client:
            found: list[str] = []
            for version in (None, "1"):
                for uri in ("data://a", "data://x/b"):
                    found.append((await client.read_resource(uri, version=version))[0].text)
                prompt = await client.get_prompt("p", version=version)
                found.append(prompt.messages[0].content.text)
            return found

    assert asyncio.run(main()) == ["2", "2", "2", "1", "1", "1"]


def test_one_name_is_versioned_or_not() -> None:
    """A mixture could not be told apart by a version."""
    mcp = versioned("1.0")

    with pytest.raises(ConfigurationError, match=r"test_catalogue\.py:\d+.*every one.*or none"):
        mcp.tool(lambda: 1, name="which")
    with pytest.raises(InvalidSignature, match='has no "@"'):
        mcp.tool(lambda: 1, name="other", version="1@2")
    with pytest.raises(InvalidSignature, match="text or a number"):
        mcp.tool(lambda: 1, name="other", version=True)  # type: ignore[arg-type]


def test_a_version_is_removed_alone() -> None:
    """The others stay; without a version all go."""
    mcp = versioned("1.0", "2.0", "3.0")

    mcp.remove_tool("which", version="3.0")
    assert called(mcp, "which") == "2.0"
    assert entry(mcp, "which")["_meta"]["fastmcp"]["versions"] == ["2.0", "1.0"]
    mcp.remove_tool("which")
    assert names(mcp) == []
    for error in (NotFoundError, KeyError):
        with pytest.raises(error, match="Unknown tool: 'which'"):
            mcp.remove_tool("which")


@pytest.mark.parametrize(
    ("policy", "served", "warned"),
    [("warn", 2, True), ("replace", 2, False), ("ignore", 1, False)],
)
def test_what_happens_to_a_duplicate_is_chosen(
    policy: Any, served: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """`on_duplicate` says which one stays, and whether it is mentioned."""
    mcp = FastMCP("x", on_duplicate=policy)
    mcp.tool(lambda: 1, name="a")
    mcp.tool(lambda: 2, name="a")

    assert called(mcp, "a") == str(served)
    assert ("registered already" in caplog.text) is warned


def test_a_duplicate_can_be_an_error() -> None:
    """It names the line of the second function."""
    mcp = FastMCP("x", on_duplicate="error")
    mcp.tool(lambda: 1, name="a")

    with pytest.raises(ConfigurationError, match=r"test_catalogue\.py:\d+: tool 'a' is registered"):
        mcp.tool(lambda: 2, name="a")


def zoo() -> FastMCP:
    mcp = FastMCP("zoo")
    mcp.tool(lambda: "lion", name="lion", tags={"cat", "big"})
    mcp.tool(lambda: "lynx", name="lynx", tags={"cat"})
    mcp.tool(lambda: "wolf", name="wolf", tags={"dog", "big"})
    mcp.resource("zoo://map", name="map", tags={"big"})(lambda: "map")
    mcp.prompt(lambda: "feed", name="feed", tags={"big"})
    return mcp


ALL = ["lion", "lynx", "wolf"]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda mcp: mcp.disable(names={"lion"}), ["lynx", "wolf"]),
        (lambda mcp: mcp.disable(names="lion"), ["lynx", "wolf"]),
        (lambda mcp: mcp.disable(tags={"cat"}), ["wolf"]),
        (lambda mcp: mcp.disable(tags={"cat"}, names={"lynx", "wolf"}), ["lion", "wolf"]),
        (lambda mcp: mcp.disable(keys={"tool:wolf@"}), ["lion", "lynx"]),
        (lambda mcp: mcp.disable(components={"prompt"}), ALL),
        (lambda mcp: mcp.disable(components={"tool"}), []),
        (lambda mcp: mcp.disable(version="1.0"), ALL),
        (lambda mcp: mcp.disable(), ALL),
        (lambda mcp: mcp.disable(tags={"cat"}).enable(names={"lion"}), ["lion", "wolf"]),
        (lambda mcp: mcp.enable(names={"lion"}).disable(tags={"cat"}), ["wolf"]),
        (lambda mcp: mcp.enable(tags={"dog"}, only=True), ["wolf"]),
        (lambda mcp: mcp.local_provider.disable(tags={"cat"}), ["wolf"]),
        (
            lambda mcp: (mcp.local_provider.disable(tags={"cat"}), mcp.enable(names={"lynx"})),
            ["lynx", "wolf"],
        ),
    ],
)
def test_rules_show_and_hide(change: Any, left: list[str]) -> None:
    """All criteria of a rule have to fit, and the last rule that fits decides."""
    mcp = zoo()

    change(mcp)

    assert names(mcp) == left
    for hidden in set(ALL) - set(left):
        with pytest.raises(ToolError, match="Unknown tool"):
            called(mcp, hidden)


def test_rules_hold_for_every_kind() -> None:
    """A hidden resource or prompt is neither listed nor found; a later component, too."""
    mcp = zoo()
    mcp.disable(tags={"big"})
    mcp.tool(lambda: "bear", name="bear", tags={"big"})

    assert names(mcp) == ["lynx"]
    assert names(mcp, "resources/list") == names(mcp, "prompts/list") == []

    async def main() -> None:
        async with Client(mcp) as client:
            with pytest.raises(McpError, match="zoo://map"):
                await client.read_resource("zoo://map")
            with pytest.raises(McpError, match="feed"):
                await client.get_prompt("feed")
        assert await mcp.get_tool("lion") is None
        assert await mcp.get_resource("zoo://map") is None
        assert await mcp.get_prompt("feed") is None
        assert [tool.name for tool in await mcp.list_tools()] == ["lynx"]

    asyncio.run(main())


def test_a_hidden_version_leaves_the_next_one() -> None:
    """Rules speak of versions, too."""
    mcp = versioned("1.0", "2.0")

    mcp.disable(version="2.0")

    assert called(mcp, "which") == "1.0"


def test_a_component_can_be_registered_hidden() -> None:
    """`enabled=False` is a rule that a later one may undo."""
    mcp = FastMCP("x")
    mcp.tool(lambda: 1, name="a", enabled=False)

    assert names(mcp) == []
    mcp.enable(names={"a"})
    assert names(mcp) == ["a"]


def test_components_are_got_by_name_uri_and_version() -> None:
    """What is not there is None."""
    mcp = versioned("1.0", "2.0")
    mcp.resource("data://{x}", name="t")(lambda x: x)

    async def main() -> None:
        tool = await mcp.get_tool("which")
        assert tool is not None and tool.version == "2.0"
        older = await mcp.get_tool("which", version="1.0")
        assert older is not None and older.key == "tool:which@1.0"
        template = await mcp.get_resource_template("data://anything")
        assert template is not None and template.name == "t"
        assert await mcp.get_tool("nope") is None
        assert await mcp.get_resource("data://a") is None
        assert await mcp.get_resource_template("other://a") is None
        assert await mcp.get_prompt("nope") is None
        assert [t.version for t in await mcp.list_tools()] == ["1.0", "2.0"]

    asyncio.run(main())


def test_a_list_comes_in_pages() -> None:
    """Opaque cursors lead through all of it; a made-up one is refused."""
    mcp = FastMCP("x", list_page_size=2)
    for name in "abcde":
        mcp.tool(lambda: 1, name=name)

    found: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        result = ask(mcp, request("tools/list", **cursor), MODERN)["result"]
        found.append([tool["name"] for tool in result["tools"]])
        if "nextCursor" not in result:
            break
        cursor = {"cursor": result["nextCursor"]}

    assert found == [["a", "b"], ["c", "d"], ["e"]]
    for wrong in ("", "zzz", "MQ=="):
        answer = ask(mcp, request("tools/list", cursor=wrong), MODERN)
        assert answer["error"]["code"] == -32602 and "cursor" in answer["error"]["message"]


def test_what_a_list_shows_follows_the_component() -> None:
    """Setting a member of a listed component changes the next list."""
    mcp = FastMCP("x")
    tool = mcp.add_tool(Tool.from_function(lambda: 1, name="a", description="old"))
    assert entry(mcp, "a")["description"] == "old"

    tool.description = "new"
    assert entry(mcp, "a")["description"] == "new"
    tool.tags = {"t"}
    assert entry(mcp, "a")["_meta"] == {"fastmcp": {"tags": ["t"]}}


def test_a_list_has_only_what_its_revision_knows() -> None:
    """The same component is written once for each revision."""
    mcp = FastMCP("x")
    mcp.tool(lambda: 1, name="a", title="A", icons=[{"src": "data:image/png;base64,AA=="}])

    assert entry(mcp, "a", MODERN).keys() >= {"title", "icons"}
    assert entry(mcp, "a", HANDSHAKE).keys() >= {"title", "icons"}
    assert entry(mcp, "a", "2025-06-18").keys() >= {"title"}
    assert "icons" not in entry(mcp, "a", "2025-06-18")
    assert not entry(mcp, "a", "2024-11-05").keys() & {"title", "icons"}


@pytest.mark.parametrize(
    "bad", ["", "a b", "a\tb", "tab\n", "x" * 129], ids=["empty", "space", "tab", "end", "long"]
)
def test_a_name_that_no_model_can_call_is_refused(bad: str) -> None:
    """At registration, with the line and the cure."""
    with pytest.raises(InvalidSignature, match=r"1 to 128 of the characters.*title="):
        FastMCP("x").add_tool(Tool(name=bad))
    if bad:
        with pytest.raises(InvalidSignature, match=r"test_catalogue\.py:\d+: The tool name"):
            FastMCP("x").tool(lambda: 1, name=bad)


def test_a_name_that_some_clients_refuse_is_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    """SEP-986 has fewer characters than servers use; such a tool works."""
    mcp = FastMCP("x")

    with caplog.at_level(logging.WARNING):
        mcp.tool(lambda: 1, name="wetter_zürich")

    assert "Some clients refuse the tool name 'wetter_zürich'" in caplog.text
    assert called(mcp, "wetter_zürich") == "1"


def checked(check: Any) -> FastMCP:
    mcp = FastMCP("x")
    mcp.tool(lambda: 1, name="a", auth=check)
    mcp.tool(lambda: 2, name="open")
    mcp.resource("data://a", name="r", auth=check)(lambda: "r")
    mcp.resource("data://{x}/t", name="t", auth=check)(lambda x: x)
    mcp.prompt(lambda: "p", name="p", auth=check)
    return mcp


async def never(_: Any) -> bool:
    return False


def refusing(_: Any) -> bool:
    raise AuthorizationError("no")


@pytest.mark.parametrize("check", [lambda _: False, never, refusing, [lambda _: True, never]])
def test_a_component_whose_check_fails_is_not_there(check: Any) -> None:
    """It is neither listed nor found, and the answer is that of one that does not exist."""
    mcp = checked(check)

    assert names(mcp) == ["open"]
    assert names(mcp, "resources/list") == names(mcp, "prompts/list") == []
    assert (
        ask(mcp, request("resources/templates/list"), MODERN)["result"]["resourceTemplates"] == []
    )
    unknown = ask(mcp, call("nope"), MODERN)["error"]["message"].replace("nope", "a")
    assert ask(mcp, call("a"), MODERN)["error"]["message"] == unknown
    for uri in ("data://a", "data://x/t"):
        assert (
            "not found" in ask(mcp, request("resources/read", uri=uri), MODERN)["error"]["message"]
        )
    assert (
        "Unknown prompt" in ask(mcp, request("prompts/get", name="p"), MODERN)["error"]["message"]
    )


def test_a_check_decides_by_token_and_component() -> None:
    """It gets both; without authentication there is no token."""
    seen: list[tuple[Any, str]] = []

    def check(context: Any) -> bool:
        seen.append((context.token, context.component.key))
        return "tool" in context.component.key

    mcp = checked(check)

    assert names(mcp) == ["a", "open"]
    assert called(mcp, "a") == "1"
    assert seen[0] == (None, "tool:a@")
    assert names(mcp, "prompts/list") == []


def test_the_program_itself_is_not_checked() -> None:
    """Outside of a request there is no caller."""
    mcp = checked(never)

    async def main() -> list[str]:
        return [tool.name for tool in await mcp.list_tools()]

    assert asyncio.run(main()) == ["a", "open"]
