"""Charts, sounds and files as a server gives them, made by the standard library alone.

    fastmcp call media.py chart 'values={"Mon": 3, "Tue": 5, "Wed": 2}' --output chart.png
    fastmcp call media.py tone hertz=440 --output tone.wav
    fastmcp call media.py report 'values={"Mon": 3, "Tue": 5}'              # Tue has most: 5
    fastmcp call media.py media://legend.png --output legend.png

With matplotlib, `figure.savefig(buffer, format="png")` makes the bytes, and with Pillow
`image.save(buffer, "png")`; what is done with them stays as it is here.
"""

import io
import math
import struct
import wave
import zlib
from itertools import cycle

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.tools import ToolResult
from fastmcp.types import ResourceLink, TextContent
from fastmcp.utilities.types import Audio, File, Image

COLOURS = [(66, 103, 172), (221, 132, 82), (85, 168, 104), (196, 78, 82), (129, 114, 179)]
WHITE = (255, 255, 255)
WIDTH, HEIGHT = 360, 200

mcp = FastMCP("Media")


def png(rows: list[bytes]) -> bytes:
    """A picture of rows of pixels, three bytes each."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def bars(heights: list[float]) -> bytes:
    """A picture of one bar for each height, from 0 to 1."""
    each = WIDTH // len(heights)
    gap = bytes(WHITE) * (each // 10)
    rows: list[bytes] = []
    for y in range(HEIGHT, 0, -1):
        row = b""
        for height, colour in zip(heights, cycle(COLOURS), strict=False):
            bar = bytes(colour if y <= height * HEIGHT else WHITE) * (each - 2 * (each // 10))
            row += gap + bar + gap
        rows.append(row)
    return png(rows)


def drawn(values: dict[str, float]) -> Image:
    """The chart of some values."""
    if not values or min(values.values()) < 0 or len(values) > WIDTH // 5:
        raise ToolError(f"Give 1 to {WIDTH // 5} values that are not negative")
    most = max(values.values()) or 1
    return Image(data=bars([value / most for value in values.values()]), format="png")


@mcp.tool
def chart(values: dict[str, float]) -> Image:
    """Draw a bar chart."""
    return drawn(values)


@mcp.tool
def tone(hertz: float = 440, seconds: float = 0.5) -> Audio:
    """Play a tone."""
    if not 20 <= hertz <= 4000 or not 0 < seconds <= 10:
        raise ToolError("A tone has 20 to 4000 hertz, and lasts up to 10 seconds")
    buffer, rate = io.BytesIO(), 8000
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        turns = (math.sin(math.tau * hertz * n / rate) for n in range(int(seconds * rate)))
        sound.writeframes(b"".join(struct.pack("<h", round(20_000 * turn)) for turn in turns))
    return Audio(data=buffer.getvalue(), format="wav")


@mcp.tool
def report(values: dict[str, float]) -> ToolResult:
    """Report on values: a text and a chart for the model, a table, and data for programs."""
    picture = drawn(values)
    top = max(values, key=lambda name: values[name])
    table = "".join(f"{name},{value:g}\n" for name, value in values.items())
    return ToolResult(
        content=[
            TextContent(text=f"{top} has most: {values[top]:g}"),
            picture,
            File(data=table.encode(), format="csv", name="values"),
            ResourceLink(uri="media://legend.png", name="legend", mime_type="image/png"),
        ],
        structured_content={"top": top, "total": sum(values.values())},
    )


@mcp.resource("media://legend.png", mime_type="image/png")
def legend() -> bytes:
    """The colours of the charts, in their order."""
    return bars([1.0] * len(COLOURS))


if __name__ == "__main__":
    mcp.run()
