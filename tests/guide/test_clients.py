"""Clients: reaching a server, calling it, and what happens when something goes wrong."""

from pathlib import Path
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import Disconnected, ToolError
from fastmcp.server.middleware import Middleware

FILE = """
import os

from fastmcp import FastMCP

mcp = FastMCP("Weather")


@mcp.tool
def celsius(city: str) -> float:
    return 21.5


@mcp.tool
def leave() -> None:
    os._exit(1)


mcp.run(show_banner=False)
"""


def forecasts(**options: Any) -> FastMCP:
    """A server with a tool that fails for one of its arguments."""
    mcp = FastMCP("Weather", **options)

    @mcp.tool
    def forecast(city: str) -> dict[str, float]:
        if city == "Atlantis":
            raise ToolError("There is no weather in Atlantis")
        return {"celsius": 25.0}

    return mcp


async def test_data_is_the_value_again() -> None:
    """As objects, dates and numbers."""
    # snippet: first
    from datetime import date

    from pydantic import BaseModel

    from fastmcp import Client, FastMCP
    from fastmcp.exceptions import ToolError

    mcp = FastMCP("Weather", cache_ttl=60)

    class Forecast(BaseModel):
        day: date
        celsius: float

    @mcp.tool
    def forecast(city: str) -> list[Forecast]:
        if city == "Atlantis":
            raise ToolError("There is no weather in Atlantis")
        return [Forecast(day=date(2026, 7, 28), celsius=25)]

    async with Client(mcp) as client:
        result = await client.call_tool("forecast", {"city": "Bern"})

    [tomorrow] = result.data
    assert tomorrow.day == date(2026, 7, 28)
    assert tomorrow.celsius == 25.0
    assert result.structured_content == {"result": [{"day": "2026-07-28", "celsius": 25.0}]}
    # end


async def test_a_url_leads_to_a_server() -> None:
    """With a token for each request."""
    # snippet: url
    client = Client("https://weather.example/mcp", auth="a-token")
    # end
    assert not client.is_connected()

    class Tokens(Middleware):
        async def on_request(self, context: Any, call_next: Any) -> Any:
            headers = context.fastmcp_context.request_context.request.headers
            seen.add(headers.get("authorization"))
            return await call_next(context)

    seen: set[str | None] = set()
    with served(forecasts(middleware=[Tokens()]).http_app()) as base:
        async with Client(base + "/mcp", auth="a-token") as client:
            await client.call_tool("forecast", {"city": "Bern"})

    assert seen == {"Bearer a-token"}


async def test_errors_say_what_failed() -> None:
    """The tool, the request, or the way to the server."""
    mcp = forecasts()

    # snippet: errors
    from fastmcp.exceptions import ConnectFailed, McpError

    async with Client(mcp) as client:
        try:
            await client.call_tool("forecast", {"city": "Atlantis"})
        except ToolError as error:
            assert str(error) == "There is no weather in Atlantis"

        failed = await client.call_tool("forecast", {"city": "Atlantis"}, raise_on_error=False)
        assert failed.is_error

        try:
            await client.read_resource("weather://nowhere")
        except McpError as error:
            assert error.code == -32602

    try:
        async with Client("http://127.0.0.1:9/mcp") as client:
            await client.list_tools()
    except ConnectFailed as error:
        assert str(error).startswith("Connection to http://127.0.0.1:9/mcp failed")
    # end
    with pytest.raises(ConnectFailed):
        async with Client("http://127.0.0.1:9/mcp"):
            pass
    async with Client(mcp) as client:
        with pytest.raises(McpError, match="weather://nowhere"):
            await client.read_resource("weather://nowhere")


async def test_progress_starts_a_timeout_anew() -> None:
    """Silence is what ends a call."""
    mcp = forecasts()

    # snippet: timeouts
    import asyncio

    from fastmcp import Context
    from fastmcp.exceptions import TimedOut

    @mcp.tool
    async def download(ctx: Context) -> str:
        for step in range(20):
            await asyncio.sleep(0.05)
            await ctx.report_progress(step + 1, 20)
        return "done"

    @mcp.tool
    async def stare() -> None:
        await asyncio.sleep(3600)

    async with Client(mcp, timeout=0.5, max_total_timeout=600) as client:
        assert (await client.call_tool("download")).data == "done"
        try:
            await client.call_tool("stare", timeout=0.1)
        except TimedOut as error:
            assert "0.1 seconds" in str(error)
    # end
    async with Client(mcp, timeout=0.5, max_total_timeout=0.3) as client:
        with pytest.raises(TimedOut):
            await client.call_tool("download")


async def test_what_is_sent_again_can_be_chosen() -> None:
    """The policy is asked about every failure."""
    # snippet: retry
    from fastmcp.client import RetryPolicy

    patient = RetryPolicy(attempts=5, max_delay=10)  # seconds between two of them
    Client("https://weather.example/mcp", retry=patient, ping_interval=30)

    RetryPolicy(attempts=1)  # nothing is sent twice
    # end
    from fastmcp.exceptions import ConnectFailed

    lost = Disconnected("lost")
    assert patient.pause(ConnectFailed("refused"), 4, safe=False) is not None
    assert patient.pause(lost, 1, safe=True) is not None
    assert patient.pause(lost, 1, safe=False) is None
    assert RetryPolicy(attempts=1).pause(lost, 1, safe=True) is None


async def test_a_program_is_started_for_each_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With variables, a directory and somebody who reads its standard error."""
    monkeypatch.chdir(tmp_path)

    # snippet: program
    import sys
    from pathlib import Path

    Path("weather.py").write_text(
        "import sys\n"
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('Weather')\n"
        "@mcp.tool\n"
        "def celsius(city: str) -> float:\n"
        "    print('asked for', city, file=sys.stderr)\n"
        "    return 21.5\n"
        "mcp.run(show_banner=False)\n"
    )

    from fastmcp.client.transports import StdioTransport

    lines: list[str] = []
    weather = StdioTransport(
        sys.executable,
        ["weather.py"],
        env={"UNITS": "metric"},
        cwd=".",
        stderr_handler=lines.append,
        keep_alive=True,  # until client.close()
    )

    client = Client(weather)
    async with client:
        assert (await client.call_tool("celsius", {"city": "Bern"})).data == 21.5
    async with client:  # the same process
        await client.list_tools()
    await client.close()

    assert "asked for Bern" in lines
    # end


async def test_a_lost_connection_is_opened_anew(tmp_path: Path) -> None:
    """Within the block, when something is asked next."""
    script = tmp_path / "weather.py"
    script.write_text(FILE)

    async with Client(script) as client:
        with pytest.raises(Disconnected, match="exit code 1"):
            await client.call_tool("leave")
        assert (await client.call_tool("celsius", {"city": "Bern"})).data == 21.5


async def test_a_configuration_is_one_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its servers stand before the names of what they have."""
    import sys

    monkeypatch.chdir(tmp_path)
    Path("weather.py").write_text(FILE)

    # snippet: configuration
    config = {
        "mcpServers": {
            "bern": {"command": sys.executable, "args": ["weather.py"], "timeout": 30_000},
            "oslo": {
                "command": sys.executable,
                "args": ["weather.py"],
                "env": {"UNITS": "${UNITS:-metric}"},
            },
            "rome": {"url": "https://weather.example/mcp", "disabled": True},
        }
    }

    async with Client(config) as client:
        names = {tool.name for tool in await client.list_tools()}
        assert {"bern_celsius", "oslo_celsius"} <= names
        assert (await client.call_tool("oslo_celsius", {"city": "Oslo"})).data == 21.5
    # end
    assert not any(name.startswith("rome") for name in names)


async def test_a_group_keeps_its_clients_apart() -> None:
    """Their tools have one list."""
    mcp = forecasts()

    # snippet: group
    from fastmcp.client import ClientGroup

    news = FastMCP("News")

    @news.tool
    def headline() -> str:
        return "Sun until Friday"

    async with ClientGroup({"weather": Client(mcp), "news": Client(news, timeout=5)}) as group:
        assert (await group.call_tool("news_headline")).data == "Sun until Friday"
        assert "weather_forecast" in {tool.name for tool in await group.list_tools()}
        await group.clients["weather"].call_tool("forecast", {"city": "Bern"})
    # end


async def test_what_a_server_lets_be_kept_is_not_asked_twice() -> None:
    """Unless it is to be asked anew."""

    class Counting(Middleware):
        async def on_list_tools(self, context: Any, call_next: Any) -> Any:
            asked.append(1)
            return await call_next(context)

    asked: list[int] = []
    mcp = forecasts(cache_ttl=60, middleware=[Counting()])

    # snippet: cache
    async with Client(mcp, cache=True) as client:
        await client.list_tools()
        await client.list_tools()  # not asked for again
        await client.list_tools(cache_mode="refresh")
    # end
    assert len(asked) == 2


async def test_a_client_has_twins() -> None:
    """With the same handlers and a connection of their own."""
    heard: list[Any] = []
    mcp = FastMCP("Weather")

    @mcp.tool
    async def measure(ctx: Context) -> None:
        await ctx.report_progress(1, 2)

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total))

    client = Client(mcp, progress_handler=hear)

    # snippet: new
    twin = client.new()
    async with client, twin:
        assert client.is_connected() and twin.is_connected()
    # end
    async with twin:
        await twin.call_tool("measure")
        assert not client.is_connected()
    assert heard == [(1, 2)]
