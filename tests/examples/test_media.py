"""The example media.py: what it makes is what it says."""

from __future__ import annotations

import struct
import wave
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

WHITE = (255, 255, 255)


def pixels(path: Path) -> list[list[tuple[int, ...]]]:
    """The rows of a PNG of eight bits and three colours, each of whose rows is as it was."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + length
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert rest == [8, 2, 0, 0, 0]
    assert chunks[b"IEND"] == b""
    raw = zlib.decompress(chunks[b"IDAT"])
    rows = [raw[n : n + 3 * width + 1] for n in range(0, len(raw), 3 * width + 1)]
    assert len(rows) == height and {row[0] for row in rows} == {0}
    return [list(zip(*[iter(row[1:])] * 3, strict=True)) for row in rows]


def test_a_bar_is_as_high_as_its_value(example: Callable[[str], Any]) -> None:
    """By the pixels of the picture that the command line has written."""
    media = example("media.py")
    media.ask("""fastmcp call media.py chart 'values={"a": 1, "b": 4, "c": 2}' -o chart.png""")
    columns = Counter(
        colour
        for row in pixels(media.folder / "chart.png")
        for colour in set(row)
        if colour != WHITE
    )

    assert sorted(columns.values()) == [50, 100, 200]


def test_a_tone_is_a_sound(example: Callable[[str], Any]) -> None:
    """As long as it was asked for."""
    media = example("media.py")
    media.ask("fastmcp call media.py tone seconds=0.25 --output tone.wav")

    with wave.open(str(media.folder / "tone.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() == 0.25
        assert max(struct.unpack(f"<{sound.getnframes()}h", sound.readframes(9_999))) == 20_000


def test_what_cannot_be_drawn_is_refused(example: Callable[[str], Any]) -> None:
    """With a text for the model."""
    done = example("media.py").run("""fastmcp call media.py chart 'values={"a": -1}'""")

    assert done.returncode == 1
    assert "not negative" in done.stderr
