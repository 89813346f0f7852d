"""Code mode: a model's code calls tools, in sandboxes of two kinds."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from left_behind import children
from settled import wait_until
from transforms.process_sandbox import ProcessSandbox

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, ToolError
from fastmcp.experimental.transforms.code_mode import (
    CodeMode,
    GetSchemas,
    GetTags,
    ListTools,
    MontySandboxProvider,
    SandboxProvider,
    Search,
)
from fastmcp.server.middleware import Middleware
from fastmcp.tools.base import ToolResult


@pytest.fixture(params=["process", "monty"])
def sandbox(request: pytest.FixtureRequest) -> SandboxProvider:
    return ProcessSandbox() if request.param == "process" else MontySandboxProvider()


def shop(*transforms: Any, **options: Any) -> FastMCP:
    mcp = FastMCP("shop", transforms=list(transforms), **options)

    @mcp.tool(tags={"math"})
    def add(x: int, y: int) -> int:
        """Add two numbers."""
        return x + y

    @mcp.tool(tags={"text", "math"})
    def spell(number: int) -> str:
        """Spell a number."""
        return ["one", "two", "three"][number - 1]

    @mcp.tool
    def order(item: str, count: int = 1) -> dict[str, Any]:
        return {"item": item, "count": count}

    @mcp.tool
    def crash() -> None:
        raise RuntimeError("secret path")

    @mcp.tool
    def refuse() -> ToolResult:
        return ToolResult(content="not today", is_error=True)

    mcp.tool(lambda: "hidden", name="hidden", enabled=False)
    return mcp


async def executed(client: Client, code: str) -> Any:
    return await client.call_tool("execute", {"code": code}, raise_on_error=False)


async def failure(client: Client, code: str) -> str:
    result = await executed(client, code)
    assert result.is_error
    return result.content[0].text


async def test_code_chains_calls_in_one_request(sandbox: SandboxProvider) -> None:
    """A tool gives its structured content, or else its text."""
    code = """
sum = await call_tool("add", {"x": 1, "y": 2})
word = await call_tool("spell", {"number": sum["result"]})
return await call_tool("order", {"item": word})
"""
    async with Client(shop(CodeMode(sandbox_provider=sandbox))) as client:
        assert [t.name for t in await client.list_tools()] == ["search", "get_schema", "execute"]
        result = await executed(client, code)
        assert (await client.call_tool("add", {"x": 1, "y": 2})).data == 3

    assert not result.is_error
    assert json.loads(result.content[0].text) == {"item": "three", "count": 1}


async def test_code_may_go_on_after_a_failure(sandbox: SandboxProvider) -> None:
    """Errors of tools, of arguments and of names are told, and can be caught."""
    code = """
said = []
for name, params in [("refuse", {}), ("add", {"x": "q"}), ("nobody", {}), ("hidden", {})]:
    try:
        await call_tool(name, params)
    except Exception as error:
        said.append(str(error))
return said
"""
    async with Client(shop(CodeMode(sandbox_provider=sandbox))) as client:
        result = await executed(client, code)

    refused, misfit, unknown, hidden = json.loads(result.content[0].text)
    assert refused == "call_tool('refuse') failed: not today"
    assert misfit.startswith("call_tool('add') failed: x: Input should be a valid integer")
    assert misfit.endswith("Parameters of add (* = required): x*, y*")
    assert (unknown, hidden) == ("Unknown tool: 'nobody'", "Unknown tool: 'hidden'")


@pytest.mark.parametrize("masked", [True, False])
async def test_details_of_a_crash_are_told_unless_they_are_masked(
    sandbox: SandboxProvider, masked: bool
) -> None:
    """What the code did wrong is told in either case."""
    mcp = shop(CodeMode(sandbox_provider=sandbox), mask_error_details=masked)

    async with Client(mcp) as client:
        crashed = await failure(client, "await call_tool('crash', {})")
        own = await failure(client, "return 1 / 0")

    assert "call_tool('crash') failed: " in crashed
    assert ("secret path" in crashed) is not masked
    assert "ZeroDivisionError: division by zero" in own


async def test_one_run_may_call_so_often(sandbox: SandboxProvider) -> None:
    """Each run anew; without a limit when it is None."""
    code = """
for each in range(3):
    last = await call_tool("add", {"x": each, "y": 0})
return last
"""
    async with Client(shop(CodeMode(sandbox_provider=sandbox, max_tool_calls=2))) as client:
        assert "One run may call tools 2 times" in await failure(client, code)
        assert "One run may call tools 2 times" in await failure(client, code)
    async with Client(shop(CodeMode(sandbox_provider=sandbox, max_tool_calls=None))) as client:
        assert not (await executed(client, code)).is_error


async def test_code_cannot_reach_the_tools_of_code_mode(sandbox: SandboxProvider) -> None:
    """They are not in the catalog."""
    async with Client(shop(CodeMode(sandbox_provider=sandbox))) as client:
        for name in ("execute", "search"):
            said = await failure(client, f"await call_tool('{name}', {{'code': '1'}})")
            assert f"Unknown tool: '{name}'" in said


async def test_middleware_runs_around_each_call(sandbox: SandboxProvider) -> None:
    """As if the client had called the tools itself."""
    names: list[str] = []

    class Watching(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            names.append(context.message.name)
            return await call_next(context)

    mcp = shop(CodeMode(sandbox_provider=sandbox), middleware=[Watching()])
    async with Client(mcp) as client:
        await executed(client, "await call_tool('add', {'x': 1, 'y': 1})")

    assert names == ["execute", "add"]


@pytest.mark.parametrize("mode", ["2025-11-25", "2026-07-28"])
async def test_a_tool_may_ask_the_client_from_within_code(
    sandbox: SandboxProvider, mode: Any
) -> None:
    """In both eras; in the modern one the code runs again with the answer."""
    mcp = shop(CodeMode(sandbox_provider=sandbox))

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return f"You said {(await ctx.elicit('What?', str)).data}"

    async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return {"value": "this"}

    async with Client(mcp, elicitation_handler=answer, mode=mode) as client:
        result = await executed(client, "return await call_tool('ask', {})")

    assert result.content[0].text == "You said this"


def running() -> set[int]:
    """The processes that this one has started; not those that wait to be seen off."""
    found: set[int] = set()
    for child in children():
        with suppress(OSError):
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
            found.update([child] if state != "Z" else [])
    return found


async def test_code_ends_with_the_request(sandbox: SandboxProvider) -> None:
    """So do its calls, and nothing of the sandbox stays."""
    mcp = shop(CodeMode(sandbox_provider=sandbox))
    ended = asyncio.Event()
    begun = asyncio.Event()

    @mcp.tool
    async def wait() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    before = running()
    async with Client(mcp) as client:
        call = asyncio.ensure_future(executed(client, "await call_tool('wait', {})"))
        await asyncio.wait_for(begun.wait(), 20)
        call.cancel()
        await asyncio.wait([call])
        await asyncio.wait_for(ended.wait(), 20)

        endless = asyncio.ensure_future(executed(client, "while True: pass"))
        await asyncio.to_thread(wait_until, lambda: running() - before)
        endless.cancel()
        await asyncio.wait([endless])
        await asyncio.to_thread(wait_until, lambda: not running() - before)


async def told(client: Client, tool: str, **arguments: Any) -> str:
    return (await client.call_tool(tool, arguments)).data


async def test_a_model_finds_out_what_there_is() -> None:
    """In as much detail as it asks for, by search, by name, by tag, or all of it."""
    discovery = [Search(), GetSchemas(), GetTags(), ListTools()]
    mcp = shop(CodeMode(sandbox_provider=ProcessSandbox(), discovery_tools=discovery))

    async with Client(mcp) as client:
        names = [tool.name for tool in await client.list_tools()]
        assert names == ["search", "get_schema", "tags", "list_tools", "execute"]

        assert await told(client, "search", query="numbers") == (
            "1 of 5 tools:\n\n- add: Add two numbers."
        )
        assert await told(client, "search", query="number", tags=["untagged"]) == (
            "0 of 5 tools:\n\nNo tools matched the query."
        )
        both = await told(client, "search", query="add spell", tags=["text", "math"], limit=1)
        assert both.startswith("1 of 5 tools:\n\n- ")
        full = json.loads(await told(client, "search", query="numbers", detail="full"))
        assert [each["name"] for each in full] == ["add"]

        assert await told(client, "get_schema", tools=["order", "none"]) == (
            "### order\n\n**Parameters**\n- `item` (string, required)\n"
            "- `count` (integer, default 1)\n\n**Returns**\n- `value` (object)\n\n"
            "Tools not found: none"
        )
        assert await told(client, "get_schema", tools=["none"]) == "Tools not found: none"
        listed = json.loads(await told(client, "get_schema", tools=["add", "no"], detail="full"))
        assert listed[1] == {"not_found": ["no"]}

        assert await told(client, "tags") == (
            "- math (2 tools)\n- text (1 tool)\n- untagged (3 tools)"
        )
        assert (await told(client, "tags", detail="full")).startswith(
            "### math\n- add: Add two numbers.\n- spell: Spell a number.\n\n### text\n"
        )
        assert (await told(client, "list_tools")).count("\n- ") == 4


async def test_discovery_tools_have_names_and_details_of_ones_own() -> None:
    """And a search of one's own, too."""

    async def first(tools: Any, query: str) -> Any:
        return tools[:1]

    discovery = [
        Search(name="look", search_fn=first, default_detail="detailed"),
        GetSchemas(name="schemas", default_detail="brief"),
    ]
    transform = CodeMode(
        sandbox_provider=ProcessSandbox(),
        discovery_tools=discovery,  # type: ignore[arg-type]
        execute_tool_name="run",
        execute_description="Run it",
    )
    async with Client(shop(transform)) as client:
        look, schemas, run = await client.list_tools()
        assert [look.name, schemas.name, run.name] == ["look", "schemas", "run"]
        assert run.description == "Run it"
        assert "- `x` (integer, required)" in await told(client, "look", query="any")
        assert await told(client, "schemas", tools=["add"]) == "- add: Add two numbers."


@pytest.mark.parametrize(
    "options",
    [
        {"discovery_tools": [Search(name="x"), GetTags(name="x")]},
        {"discovery_tools": [Search(name="execute")]},
        {"execute_tool_name": "add"},
    ],
)
async def test_names_that_clash_are_an_error_that_names_them(options: dict[str, Any]) -> None:
    """Among themselves, and with a tool that is there."""
    async with Client(shop(CodeMode(**options))) as client:
        with pytest.raises(Exception, match=r"two tools called|there is one already"):
            await client.list_tools()


def test_a_negative_number_of_calls_is_refused() -> None:
    """None is for without end."""
    with pytest.raises(ConfigurationError, match="max_tool_calls=-1"):
        CodeMode(max_tool_calls=-1)


async def test_monty_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command that installs it, when code is to run."""
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    async with Client(shop(CodeMode())) as client:
        said = await failure(client, "return 1")

    assert "pip install 'peregrine-mcp[code-mode]'" in said


class TestMonty:
    """What Monty keeps code from."""

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("open('/etc/passwd').read()", "PermissionError"),
            ("import socket", "ModuleNotFoundError"),
            ("import os\nos.listdir('/')", "PermissionError"),
            ("x = (", "SyntaxError"),
            ("'a' * 10**10", "MemoryError"),
        ],
    )
    async def test_code_cannot_get_out(self, code: str, said: str) -> None:
        """It is told so, with the line."""
        async with Client(shop(CodeMode())) as client:
            assert said in await failure(client, code)

    async def test_limits_are_ones_own(self) -> None:
        """By the names of Monty, old and new; of the defaults each has a copy."""
        for name in ("max_feed_duration_secs", "max_duration_secs"):
            with pytest.raises(ToolError, match="TimeoutError"):
                await MontySandboxProvider(limits={name: 0.2}).run("while True: pass")
        with pytest.raises(ConfigurationError, match="'max_wishes': use gc_interval"):
            await MontySandboxProvider(limits={"max_wishes": 3}).run("1")
        default = MontySandboxProvider()
        assert default.limits == {"max_feed_duration_secs": 30.0, "max_memory": 100_000_000}
        assert default.limits is not MontySandboxProvider().limits
        assert await MontySandboxProvider(limits=None).run("1 + 1") == 2

    async def test_code_has_inputs_and_plain_functions(self) -> None:
        """By their names."""
        value = await MontySandboxProvider().run(
            "await double(n)", inputs={"n": 4}, external_functions={"double": lambda n: 2 * n}
        )
        assert value == 8

    async def test_calls_may_run_at_the_same_time(self) -> None:
        """By `asyncio.gather`, as in Python."""
        code = """
import asyncio
found = await asyncio.gather(*[call_tool("add", {"x": n, "y": n}) for n in range(5)])
return [each["result"] for each in found]
"""
        async with Client(shop(CodeMode())) as client:
            assert (await executed(client, code)).content[0].text == "[0,2,4,6,8]"

    async def test_what_code_prints_goes_nowhere(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Standard output may be the protocol's."""
        assert await MontySandboxProvider().run("print('loud')\n1") == 1
        assert capfd.readouterr().out == ""
