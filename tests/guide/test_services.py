"""Services: what lives as long as the server does, or as a session."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from apps import Mcp, call, initialize, served
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ToolError


async def test_lifespans_open_what_a_server_needs() -> None:
    """Each function yields once; `|` makes one of several."""
    # snippet: lifespans
    from collections.abc import AsyncIterator

    from fastmcp import Context, FastMCP
    from fastmcp.server.lifespan import lifespan

    @lifespan
    async def archive(server: FastMCP) -> AsyncIterator[dict[str, list[float]]]:
        readings = [11.5, 12.0]
        yield {"readings": readings}
        readings.clear()  # when the server stops

    @lifespan
    async def units(server: FastMCP) -> AsyncIterator[dict[str, str]]:
        yield {"unit": "°C"}

    mcp = FastMCP("Weather", lifespan=archive | units)

    @mcp.tool
    def latest(ctx: Context) -> str:
        opened = ctx.lifespan_context
        return f"{opened['readings'][-1]} {opened['unit']}"

    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("latest")).data == "12.0 °C"
    assert mcp.lifespan.result == {}


async def test_applications_start_what_they_host() -> None:
    """An application has one lifespan, so its own and the server's are combined."""
    mcp = FastMCP("Weather")
    # snippet: host
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from fastmcp.utilities.lifespan import combine_lifespans

    began: list[str] = []

    async def own(app: Starlette) -> AsyncIterator[None]:
        began.append("application")
        yield

    mcp_app = mcp.http_app()
    app = Starlette(
        routes=[Mount("/weather", mcp_app)],  # serves /weather/mcp
        lifespan=combine_lifespans(own, mcp_app.lifespan),
    )
    # end
    with served(app) as base, Mcp(base) as client:
        assert client.post(initialize(), path="/weather/mcp").status_code == 200
    assert began == ["application"]


async def test_sessions_have_lifespans_of_their_own() -> None:
    """Opened by the first call that may need it, closed with the session."""

    # snippet: session
    async def watchlist(server: FastMCP) -> AsyncIterator[dict[str, list[str]]]:
        watched: list[str] = []
        yield {"watched": watched}

    mcp = FastMCP("Weather", session_lifespan=watchlist)

    @mcp.tool
    def watch(place: str, ctx: Context) -> list[str]:
        ctx.session_context["watched"].append(place)
        return ctx.session_context["watched"]

    # end
    async with Client(mcp) as one, Client(mcp) as two:
        await one.call_tool("watch", {"place": "Oslo"})
        assert (await one.call_tool("watch", {"place": "Rome"})).data == ["Oslo", "Rome"]
        assert (await two.call_tool("watch", {"place": "Lima"})).data == ["Lima"]


async def test_work_runs_beside_the_requests() -> None:
    """A declared task starts and stops with the server; what it became tells how it is doing."""
    # snippet: background
    import asyncio

    mcp = FastMCP("Weather")
    readings: list[float] = []

    @mcp.background(every=60)
    async def measure() -> None:
        readings.append(12.5)

    @mcp.background
    async def archive(server: FastMCP) -> None:
        while True:
            await asyncio.sleep(3600)
            server.logger.info("%d readings", len(readings))

    @mcp.tool
    def health() -> dict[str, str]:
        return {task.name: task.status for task in mcp.background.tasks}

    # end
    async with Client(mcp) as client:
        health_now = (await client.call_tool("health")).data
        assert health_now == {"measure": "waiting", "archive": "running"}
    assert readings == [12.5]


async def test_tasks_can_be_started_one_by_one() -> None:
    """Whoever starts them stops them together."""
    # snippet: tasks
    from fastmcp.server.background import BackgroundTasks

    async def jobs(server: FastMCP) -> AsyncIterator[dict[str, BackgroundTasks]]:
        async with BackgroundTasks() as tasks:
            yield {"jobs": tasks}

    mcp = FastMCP("Weather", lifespan=jobs)

    async def compute(place: str) -> None:
        await asyncio.sleep(0.01)

    @mcp.tool
    async def forecast(place: str, ctx: Context) -> str:
        job = ctx.lifespan_context["jobs"].start(compute(place), name=f"forecast of {place}")
        return f"{job.name}: {job.status}"

    # end
    async with Client(mcp) as client:
        result = await client.call_tool("forecast", {"place": "Oslo"})
    assert result.data == "forecast of Oslo: running"


async def test_functions_send_http_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain functions wait for the response, async ones await it."""
    mcp = FastMCP("Weather")

    # snippet: http
    import os

    @mcp.tool
    def plain(ctx: Context) -> float:
        return float(ctx.http.get(os.environ["WEATHER_URL"]).text)

    @mcp.tool
    async def awaiting(ctx: Context) -> float:
        response = await ctx.http.get(os.environ["WEATHER_URL"], timeout=10)
        return float(response.raise_for_status().text)

    # end
    async def now(request: object) -> PlainTextResponse:
        return PlainTextResponse("12.5")

    with served(Starlette(routes=[Route("/now", now)])) as station:
        monkeypatch.setenv("WEATHER_URL", f"{station}/now")
        async with Client(mcp) as client:
            for tool in ("plain", "awaiting"):
                assert (await client.call_tool(tool)).data == 12.5


async def test_what_surprises(caplog: pytest.LogCaptureFixture) -> None:
    """Redirects and cookies, requests that stand alone, and applications without the lifespan."""

    async def numbered(server: FastMCP) -> AsyncIterator[dict[str, int]]:
        numbers.append(len(numbers))
        yield {"number": numbers[-1]}

    async def moved(request: object) -> PlainTextResponse:
        return PlainTextResponse("", 302, {"location": "/elsewhere"})

    numbers: list[int] = []
    mcp = FastMCP("Weather", session_lifespan=numbered)

    @mcp.tool
    def number(ctx: Context) -> int:
        return ctx.session_context["number"]

    @mcp.tool
    async def forgets(ctx: Context, url: str) -> int:
        return ctx.http.get(url).status_code

    @mcp.tool
    async def fetch(ctx: Context, url: str) -> int:
        return (await ctx.http.get(url)).status_code

    parent = Starlette(routes=[Route("/moved", moved), Mount("/", mcp.http_app())])
    with served(parent) as base, Mcp(base) as client:
        alone = [client.modern(call("number")).status_code for _ in range(2)]
    assert (alone, numbers) == ([200, 200], [0, 1])
    assert len(caplog.records) == 1

    with served(parent) as base:
        async with Client(mcp) as local:
            url = {"url": f"{base}/moved"}
            assert (await local.call_tool("fetch", url)).data == 302
            with pytest.raises(ToolError, match=r"await ctx\.http\.get"):
                await local.call_tool("forgets", url)
