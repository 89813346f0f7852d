"""Testing: what a server's author writes tests with."""
# ruff: noqa: F841 - a fixture is used by its name

import re
from pathlib import Path
from textwrap import dedent

import pytest
from processes import run_python

from fastmcp import FastMCP


def bakery() -> FastMCP:
    # snippet: server
    from fastmcp import Context, FastMCP

    mcp = FastMCP("Bakery")

    @mcp.tool
    def price(loaves: int) -> float:
        if loaves < 1:
            raise ValueError("Less than a loaf is not sold")
        return loaves * 2.5

    @mcp.tool
    async def order(loaves: int, ctx: Context) -> str:
        await ctx.info(f"{loaves} loaves")
        name = await ctx.elicit("For whom?", str)
        return f"{loaves} loaves for {name.data}"

    @mcp.tool
    def close_shop() -> str:
        if Context.current().user_info.get("role") != "baker":
            return "Only the baker may do that"
        return "closed"

    @mcp.resource("menu/today")
    def menu() -> str:
        return "rye, wheat"

    # end
    mcp.order, mcp.close_shop = order, close_shop  # type: ignore[attr-defined]
    return mcp


def test_a_client_for_plain_tests() -> None:
    """Values come plain, and failures as they were raised."""
    mcp = bakery()

    # snippet: client
    import pytest

    from fastmcp.testing import create_test_client

    client = create_test_client(mcp)

    assert client.call_tool("price", {"loaves": 2}) == 5.0
    assert client.get_resource("menu/today") == "rye, wheat"
    with pytest.raises(ValueError, match="Less than a loaf"):
        client.call_tool("price", {"loaves": 0})
    # end

    # snippet: options
    client = create_test_client(
        mcp,
        user_info={"sub": "ada", "role": "baker"},
        elicitation_handler=lambda *question: "Ada",
    )

    assert client.call_tool("close_shop") == "closed"
    assert client.call_tool("order", {"loaves": 2}) == "2 loaves for Ada"
    # end

    # snippet: as_clients_see_it
    from fastmcp.exceptions import ToolError

    client = create_test_client(mcp, raise_exceptions=False)

    with pytest.raises(ToolError, match="Less than a loaf"):
        client.call_tool("price", {"loaves": 0})
    # end


async def test_a_client_for_async_tests() -> None:
    """The same, awaited."""
    mcp = bakery()

    # snippet: async_client
    from fastmcp.testing import create_async_test_client

    async with create_async_test_client(mcp) as client:
        assert await client.call_tool("price", {"loaves": 2}) == 5.0
    # end


async def test_functions_are_called_directly() -> None:
    """In a context that the test makes."""
    mcp = bakery()
    order, close_shop = mcp.order, mcp.close_shop  # type: ignore[attr-defined]

    # snippet: context
    from fastmcp.testing import MockContext

    with MockContext(user_info={"role": "baker"}):
        assert close_shop() == "closed"

    async with MockContext(elicit=["Ada"]) as ctx:
        assert await order(2, ctx) == "2 loaves for Ada"

    assert [log.message for log in ctx.logs] == ["2 loaves"]
    assert ctx.elicitations[0].message == "For whom?"
    # end


async def test_what_a_context_is_given() -> None:
    """Everything that a function may ask for."""

    # snippet: services
    from fastmcp import Context
    from fastmcp.testing import MockContext

    def forecast(city: str, ctx: Context) -> str:
        sky = ctx.http.get("https://weather.test", params={"city": city}).json()["sky"]
        return ctx.sample(f"Describe a {sky} sky").text

    async with MockContext(
        http={"https://weather.test": {"sky": "grey"}},
        sample=["It looks like rain."],
        state={"unit": "°C"},
    ) as ctx:
        assert await ctx.call(forecast, "Oslo") == "It looks like rain."
        assert await ctx.get_state("unit") == "°C"

    assert ctx.http_requests[0].url.params["city"] == "Oslo"
    # end


def suite(mcp: FastMCP) -> None:
    """What stands in files of the reader's own."""
    # snippet: conftest
    import pytest

    @pytest.fixture(scope="session")
    def mcp_server():
        return mcp  # imported from the module that has it

    # end
    # snippet: tests
    def test_price(mcp_client):
        assert mcp_client.call_tool("price", {"loaves": 2}) == 5.0

    def test_catalogue(mcp_server, mcp_snapshot):
        mcp_snapshot(mcp_server)

    # end
    # snippet: fixture
    from fastmcp.testing import create_mcp_client_fixture

    baker = create_mcp_client_fixture(scope="module", user_info={"role": "baker"})

    def test_closing(baker):
        assert baker.call_tool("close_shop") == "closed"

    # end


def shown(*names: str) -> str:
    """Snippets of this file."""
    source = Path(__file__).read_text("utf-8")
    parts = (re.search(rf"( *)#\s+snippet: {name}\n(.*?)# end", source, re.S) for name in names)
    return "\n".join(dedent(part[2].rstrip(" ")) for part in parts if part is not None)


def test_fixtures_and_snapshots(tmp_path: Path) -> None:
    """The plugin gives a suite the client of its server, and compares its catalogue."""
    (tmp_path / "bakery.py").write_text(shown("server"), "utf-8")
    (tmp_path / "conftest.py").write_text("from bakery import mcp\n" + shown("conftest"), "utf-8")
    (tmp_path / "test_bakery.py").write_text(shown("tests", "fixture"), "utf-8")
    command = ["-m", "pytest", "-p", "fastmcp.testing.pytest_plugin", "-p", "no:cacheprovider"]

    run = run_python(*command, cwd=tmp_path, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})

    assert "3 passed" in run.stdout, run.stdout + run.stderr
    assert (tmp_path / "__snapshots__" / "test_bakery" / "test_catalogue.json").exists()


def test_what_breaks_clients() -> None:
    """Found by comparing two catalogues."""
    # snippet: breaking
    from fastmcp import FastMCP
    from fastmcp.testing import breaking_changes

    before, after = FastMCP("Bakery"), FastMCP("Bakery")

    @before.tool(name="price")
    def price(loaves: int) -> float: ...

    @after.tool(name="price")
    def price_of(loaves: int, kind: str) -> float: ...

    assert breaking_changes(before, after) == ["tool 'price': the argument 'kind' is required now"]
    # end


async def test_conversations_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And played again without the server."""
    monkeypatch.chdir(tmp_path)
    mcp = bakery()

    # snippet: transcript
    from fastmcp import Client
    from fastmcp.testing import use_transcript

    transport = use_transcript(mcp, "price.jsonl")  # or a URL, or a command

    async with Client(transport) as client:
        assert (await client.call_tool("price", {"loaves": 2})).data == 5.0
    # end

    async with Client(use_transcript("gone.py", "price.jsonl")) as client:
        assert (await client.call_tool("price", {"loaves": 2})).data == 5.0
        with pytest.raises(LookupError, match="nearest is tools/call"):
            await client.call_tool("price", {"loaves": 3})


async def test_http_without_a_socket() -> None:
    """The real application, in the loop of the test."""
    mcp = bakery()

    # snippet: http
    from fastmcp.testing import asgi_server

    async with asgi_server(mcp) as server:
        async with server.client(headers={"X-Shop": "1"}) as client:
            assert (await client.call_tool("price", {"loaves": 2})).data == 5.0
        async with server.http_client() as http:
            assert (await http.get("/elsewhere")).status_code == 404
    # end
