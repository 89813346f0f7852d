"""What tools return: content for the model, structured content for programs."""

import base64
from pathlib import Path
from typing import Any

import mcp_types as official
import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError

PNG = b"\x89PNG\r\n"


async def test_data_is_sent_twice_and_text_once() -> None:
    """Data as text and as data, with a schema; text as text."""
    # snippet: first
    from fastmcp import Client, FastMCP

    mcp = FastMCP("Weather")

    @mcp.tool
    def temperature(city: str) -> dict[str, float]:
        return {"celsius": 21.5}

    @mcp.tool
    def summary(city: str) -> str:
        return "Warm and dry"

    async with Client(mcp) as client:
        data = await client.call_tool("temperature", {"city": "Bern"})
        text = await client.call_tool("summary", {"city": "Bern"})

    assert data.content[0].text == '{"celsius":21.5}'
    assert data.structured_content == {"celsius": 21.5}
    assert text.content[0].text == text.data == "Warm and dry"
    assert text.structured_content is None
    # end


async def test_the_return_annotation_is_a_promise() -> None:
    """It becomes the output schema; what does not fit is made to fit, or is an error."""
    mcp = FastMCP("Weather")

    # snippet: models
    from datetime import date

    from pydantic import BaseModel

    class Forecast(BaseModel):
        day: date
        celsius: float

    @mcp.tool
    def forecast(city: str) -> list[Forecast]:
        return [Forecast(day=date(2026, 7, 28), celsius=25)]

    async with Client(mcp) as client:
        result = await client.call_tool("forecast", {"city": "Bern"})

    assert result.structured_content == {"result": [{"day": "2026-07-28", "celsius": 25.0}]}
    [tomorrow] = result.data
    assert tomorrow.day == date(2026, 7, 28)
    assert tomorrow.celsius == 25.0
    # end

    @mcp.tool
    def sloppy() -> Forecast:
        return {"day": "2026-07-28", "celsius": "25"}  # type: ignore[return-value]

    @mcp.tool
    def broken() -> Forecast:
        return {"day": "soon"}  # type: ignore[return-value]

    async with Client(mcp) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
        sent = (await client.call_tool("sloppy")).structured_content
        assert sent == {"day": "2026-07-28", "celsius": 25.0}
        with pytest.raises(ToolError, match="day: Input should be a valid date"):
            await client.call_tool("broken")
    promised: Any = tools["forecast"].output_schema
    assert promised["properties"]["result"]["items"]["required"] == ["day", "celsius"]


async def test_media_and_blocks_are_for_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go out as content, and no structured content beside them."""
    mcp = FastMCP("Weather")
    monkeypatch.chdir(tmp_path)
    Path("radar.png").write_bytes(PNG)
    Path("siren.mp3").write_bytes(b"ID3")

    # snippet: media
    from fastmcp.types import ResourceLink
    from fastmcp.utilities.types import Audio, File, Image

    @mcp.tool
    def radar() -> Image:
        return Image("radar.png")

    @mcp.tool
    def report() -> list[str | Audio | File | ResourceLink]:
        return [
            "There is a storm.",
            Audio("siren.mp3"),
            File(data=b"12:00 rain", format="plain", name="log"),
            ResourceLink(uri="weather://archive", name="archive"),
        ]

    # end
    async with Client(mcp) as client:
        [image] = (await client.call_tool("radar")).content
        result = await client.call_tool("report")

    assert (image.type, image.mime_type) == ("image", "image/png")
    assert base64.b64decode(image.data) == PNG
    text, audio, file, link = result.content
    assert (text.text, audio.mime_type) == ("There is a storm.", "audio/mpeg")
    assert (file.resource.text, file.resource.mime_type) == ("12:00 rain", "text/plain")
    assert (link.type, str(link.uri)) == ("resource_link", "weather://archive")
    assert result.structured_content is None


async def test_a_tool_result_says_it_all() -> None:
    """Content, structured content, `_meta` and whether it is an error are the author's."""
    mcp = FastMCP("Weather")

    # snippet: tool-result
    from fastmcp.tools import ToolResult

    @mcp.tool
    def compare(city: str, other: str) -> ToolResult:
        if city == other:
            return ToolResult("Give two different cities.", is_error=True)
        return ToolResult(
            content=f"{city} is warmer than {other}.",
            structured_content={"warmer": city, "by": 2.5},
            meta={"com.example/source": "radar"},
        )

    # end
    async with Client(mcp) as client:
        result = await client.call_tool("compare", {"city": "Rome", "other": "Bern"})
        with pytest.raises(ToolError, match="two different cities"):
            await client.call_tool("compare", {"city": "Rome", "other": "Rome"})

    assert result.text() == "Rome is warmer than Bern."
    assert result.data == {"warmer": "Rome", "by": 2.5}
    assert result.meta is not None and result.meta["com.example/source"] == "radar"


async def test_common_values_need_no_care() -> None:
    """What JSON does not know is written as pydantic writes it."""
    mcp = FastMCP("Weather")

    # snippet: values
    from datetime import UTC, datetime
    from decimal import Decimal
    from enum import Enum
    from typing import Any
    from uuid import UUID

    class Sky(Enum):
        CLEAR = "clear"

    @mcp.tool
    def observation() -> dict[str, Any]:
        return {
            "at": datetime(2026, 7, 28, 12, tzinfo=UTC),
            "rain": Decimal("0.50"),
            "sky": Sky.CLEAR,
            "station": UUID(int=5),
            "wind": {3},
        }

    async with Client(mcp) as client:
        result = await client.call_tool("observation")

    assert result.data == {
        "at": "2026-07-28T12:00:00Z",
        "rain": "0.50",
        "sky": "clear",
        "station": "00000000-0000-0000-0000-000000000005",
        "wind": [3],
    }
    # end


async def test_a_generator_is_a_list() -> None:
    """It is run to its end, whether it is async or not."""
    mcp = FastMCP("Weather")

    # snippet: generators
    from collections.abc import AsyncIterator

    @mcp.tool
    async def hours() -> AsyncIterator[float]:
        for hour in range(3):
            yield 20.0 + hour

    # end
    async with Client(mcp) as client:
        result = await client.call_tool("hours")

    assert result.data == [20.0, 21.0, 22.0]


async def test_the_schema_can_be_given_refused_and_checked() -> None:
    """`output_schema=` replaces what the annotation says; None promises nothing."""
    from datetime import UTC, datetime

    mcp = FastMCP("Weather")

    # snippet: schemas
    wind = {
        "type": "object",
        "properties": {"knots": {"type": "integer", "minimum": 0}},
        "required": ["knots"],
    }

    @mcp.tool(output_schema=wind, validate_output=True)
    def measure_wind() -> dict[str, Any]:
        return {"knots": -1}

    @mcp.tool(output_schema=None)
    def sunset() -> datetime:
        return datetime(2026, 7, 28, 19, 5, tzinfo=UTC)

    # end
    async with Client(mcp) as client:
        schemas = {tool.name: tool.output_schema for tool in await client.list_tools()}
        with pytest.raises(ToolError, match="knots"):
            await client.call_tool("measure_wind")
        result = await client.call_tool("sunset")

    assert schemas == {"measure_wind": wind, "sunset": None}
    assert (result.structured_content, result.text()) == (None, '"2026-07-28T19:05:00Z"')


async def test_text_can_be_sent_as_data_too() -> None:
    """For one tool, or for all tools of a server: FastMCP(structured_text=True)."""
    mcp = FastMCP("Weather")

    # snippet: structured-text
    @mcp.tool(structured_text=True)
    def station() -> str:
        return "BRN"

    # end
    async with Client(mcp) as client:
        result = await client.call_tool("station")

    assert result.structured_content == {"result": "BRN"}
    assert result.text() == "BRN"


async def test_the_text_of_data_can_be_written_otherwise() -> None:
    """The structured content stays as it is."""
    mcp = FastMCP("Weather")

    # snippet: serializer
    def as_table(values: dict[str, float]) -> str:
        return "\n".join(f"{name:10}{value:5}" for name, value in values.items())

    @mcp.tool(serializer=as_table)
    def extremes() -> dict[str, float]:
        return {"Rome": 31.0, "Bern": 21.5}

    # end
    async with Client(mcp) as client:
        result = await client.call_tool("extremes")

    assert result.text() == "Rome       31.0\nBern       21.5"
    assert result.data == {"Rome": 31.0, "Bern": 21.5}


async def test_what_surprises() -> None:
    """Without annotations nothing is promised; blocks are objects, of whatever make."""
    mcp = FastMCP("Weather")
    block = official.TextContent(type="text", text="theirs")
    whole = official.CallToolResult(content=[block], is_error=False)

    for name, value in {
        "number": 3,
        "mapping": {"a": 1},
        "alike": {"type": "text", "text": "data"},
        "nothing": None,
        "block": [block],
        "whole": whole,
        "utf8": b"text",
        "bytes": b"\xff",
        "array": {"of numpy": Numpy()},
    }.items():
        mcp.tool(lambda value=value: value, name=name, exclude_args=["value"])

    async with Client(mcp) as client:
        found = {tool.name: await client.call_tool(tool.name) for tool in await client.list_tools()}

    assert found["number"].data == "3"
    assert found["mapping"].data == {"a": 1}
    assert found["alike"].data == {"type": "text", "text": "data"}
    assert found["nothing"].content == []
    assert found["block"].text() == found["whole"].text() == "theirs"
    assert (found["utf8"].data, found["bytes"].data) == ("text", "/w==")
    assert found["array"].data == {"of numpy": [1, 2]}


class Numpy:
    """Has the shape of numpy's arrays."""

    def tolist(self) -> list[int]:
        return [1, 2]
