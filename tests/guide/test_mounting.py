"""Mounting: servers made of servers."""

import re
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.exceptions import ConfigurationError

PAGE = Path(__file__, "../../../docs/guide/mounting.md").resolve()


async def test_a_server_is_mounted() -> None:
    """Under a namespace."""
    # snippet: mount
    from fastmcp import FastMCP

    weather = FastMCP("Weather")

    @weather.tool
    def forecast(city: str) -> str:
        return f"Sunshine in {city}"

    @weather.resource("data://cities")
    def cities() -> list[str]:
        return ["Bern", "Oslo"]

    main = FastMCP("Main")
    main.mount(weather, namespace="weather")
    # the tool weather_forecast, the resource data://weather/cities
    # end
    async with Client(main) as client:
        result = await client.call_tool("weather_forecast", {"city": "Bern"})
        assert result.data == "Sunshine in Bern"
        assert (await client.read_resource("data://weather/cities"))[0].text == '["Bern","Oslo"]'

    # snippet: live
    @weather.tool
    def wind(city: str) -> str:  # main offers it at once, as weather_wind
        return f"None in {city}"

    # end
    async with Client(main) as client:
        assert (await client.call_tool("weather_wind", {"city": "Bern"})).data == "None in Bern"

    # snippet: names
    main.mount(weather, tool_names={"forecast": "predict", "wind": "blow"})
    # end
    async with Client(main) as client:
        names = {each.name for each in await client.list_tools()}
        assert names == {"weather_forecast", "weather_wind", "predict", "blow"}

    # snippet: copy
    async def copy(main: FastMCP, weather: FastMCP) -> None:
        await main.import_server(weather, prefix="copied")

    # end
    await copy(main, weather)
    assert await main.get_tool("copied_wind") is not None

    with pytest.raises(ConfigurationError):
        weather.mount(main)


async def test_providers_are_written() -> None:
    """What a source of one's own has to say."""
    # snippet: provider
    from collections.abc import Sequence

    from fastmcp import FastMCP
    from fastmcp.server.providers import Provider
    from fastmcp.tools import Tool
    from fastmcp.utilities.versions import VersionSpec

    rows = {"greet": "Hello", "part": "Goodbye"}

    def phrase(name: str) -> Tool:
        def say(to: str) -> str:
            return f"{rows[name]}, {to}"

        return Tool.from_function(say, name=name)

    class Phrases(Provider):
        async def _list_tools(self) -> Sequence[Tool]:
            return [phrase(name) for name in rows]

        async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Tool | None:
            return phrase(name) if name in rows else None

    mcp = FastMCP("Phrases", providers=[Phrases()])
    mcp.add_provider(Phrases(), namespace="formal")
    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("greet", {"to": "you"})).data == "Hello, you"
        assert (await client.call_tool("formal_part", {"to": "you"})).data == "Goodbye, you"
        assert len(await client.list_tools()) == 4

    # snippet: failures
    def report(mcp: FastMCP) -> list[str]:
        return [f"{provider!r} {how}" for provider, how in mcp.failures.items()]

    # end
    assert report(mcp) == []


async def test_transforms_are_applied() -> None:
    """To everything of a source, or of the server."""
    from fastmcp import FastMCP

    # snippet: transforms
    from fastmcp.server.providers import FastMCPProvider
    from fastmcp.server.transforms import Namespace, ToolTransform, VersionFilter
    from fastmcp.tools.tool_transform import ArgTransformConfig, ToolTransformConfig

    weather = FastMCP("Weather")

    @weather.tool(version="2.0")
    def forecast(q: str, internal: bool = False) -> str:
        return f"Sunshine in {q}"

    clearer = ToolTransformConfig(
        name="weather_in",
        arguments={
            "q": ArgTransformConfig(name="city"),
            "internal": ArgTransformConfig(hide=True, default=False),
        },
    )
    main = FastMCP("Main")
    provider = main.add_provider(FastMCPProvider(weather))
    provider.add_transform(ToolTransform({"forecast": clearer}))
    main.add_transform(Namespace("v2"))
    main.add_transform(VersionFilter(version_gte="2.0"))
    # end
    async with Client(main) as client:
        result = await client.call_tool("v2_weather_in", {"city": "Bern"})
        assert result.data == "Sunshine in Bern"


async def test_the_page_is_one_program() -> None:
    """Whoever copies it from top to bottom gets what its last example says."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "mounting"}
    exec("\n".join(blocks), names)
    async with Client(names["main"]) as client:
        [tool] = await client.list_tools()
        assert (tool.name, list(tool.input_schema["properties"])) == ("v2_weather_in", ["city"])
