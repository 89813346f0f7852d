"""The document of a server's REST view, read back, is a server that does the same."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from fastmcp import Client, FastMCP
from fastmcp.testing import asgi_server


class Place(BaseModel):
    name: str
    near: list[Place] = []


def weather() -> FastMCP:
    mcp = FastMCP("Weather", version="7")

    @mcp.tool
    def temperature(city: str, days: int = 1) -> dict[str, float]:
        """The temperature in a city."""
        return {"celsius": 20.5 + days}

    @mcp.tool
    def summary(city: str) -> str:
        return f"{city}: warm"

    @mcp.tool
    def nearest(place: Place) -> Place:
        return place.near[0]

    @mcp.tool(name="odd/name.x")
    def odd(numbers: list[int]) -> int:
        return sum(numbers)

    @mcp.resource("weather://{city}/today")
    def today(city: str) -> str:
        return f"# {city}"

    @mcp.prompt
    def forecast(city: str) -> str:
        return f"Forecast for {city}"

    return mcp


async def test_every_tool_does_the_same() -> None:
    """With the schemas of the first, those that contain themselves among them."""
    mcp = weather()
    async with asgi_server(mcp, rest=True) as server, server.http_client() as http:
        spec = (await http.get("/openapi.json")).json()
        again = FastMCP.from_openapi(spec, http, name="Again")
        async with Client(mcp) as first, Client(again) as second:
            before = {tool.name: tool for tool in await first.list_tools()}
            after = {tool.name: tool for tool in await second.list_tools()}
            place = {"name": "A", "near": [{"name": "B", "near": []}]}
            calls: list[tuple[str, str, dict[str, Any]]] = [
                ("temperature", "call_temperature", {"city": "Bern", "days": 2}),
                ("nearest", "call_nearest", {"place": place}),
                ("odd/name.x", "call_oddname_x", {"numbers": [1, 2]}),
            ]
            for name, called, arguments in calls:
                assert after[called].description == (before[name].description or name)
                old, new = before[name].input_schema, after[called].input_schema
                assert new["properties"].keys() == old["properties"].keys()
                assert new.get("required") == old.get("required")
                told = await first.call_tool(name, arguments)
                assert (await second.call_tool(called, arguments)).structured_content == (
                    told.structured_content
                )
            text = await second.call_tool("call_summary", {"city": "Bern"})
            read = await second.call_tool("fill_weathercitytoday", {"city": "Bern"})
            listed = await second.call_tool("list_tools")
            refused = await second.call_tool("call_oddname_x", {}, raise_on_error=False)

    assert text.structured_content == {"result": "Bern: warm"}
    assert read.content[0].text == "# Bern"
    assert {tool["name"] for tool in listed.structured_content["result"]} == before.keys()
    assert refused.is_error
