"""What is seen on standard error while a server is waited for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final, Self

from ..terminal import print_aside, shown_in_line

if TYPE_CHECKING:
    from fastmcp.client.logging import LogMessage

PATIENCE: Final = 1.0
"""How long nothing is seen, in seconds."""
_PAUSE: Final = 0.1
_BAR: Final = 24
_TO_BEGIN: Final = "\r\x1b[K"


class Waiting:
    """On a terminal, a line that tells how far `what` is, once that takes longer than a second;
    anywhere, the lines that the server says meanwhile.
    """

    def __init__(self, what: str) -> None:
        self._what = shown_in_line(what)
        self._is_seen = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._began = time.monotonic()
        self._far = ""
        self._drawn = False
        self._asking = False
        self._drawing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._is_seen:
            self._drawing = asyncio.create_task(self._draw_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
        self._wipe()

    def say(self, line: str) -> None:
        """Print a line of the server's."""
        self._wipe()
        print_aside(line)

    def hear(self, message: LogMessage) -> None:
        """Print a log message, unless it is for debugging."""
        if message.level != "debug":
            source = f" {message.logger}" if message.logger else ""
            self.say(f"{message.level}{source}: {_text(message.data)}")

    def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Note how far it is."""
        self._far = _far(progress, total)
        if message:
            self._far += f"  {shown_in_line(message)}"

    @contextlib.contextmanager
    def asking(self) -> Generator[None]:
        """Leave the terminal to a question."""
        self._wipe()
        self._asking = True
        try:
            yield
        finally:
            self._asking = False

    async def _draw_on(self) -> None:
        await asyncio.sleep(PATIENCE)
        while True:
            if not self._asking:
                self._draw()
            await asyncio.sleep(_PAUSE)

    def _draw(self) -> None:
        seconds = f"{time.monotonic() - self._began:.0f}s"
        line = "  ".join(part for part in (self._what, seconds, self._far) if part)
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(_TO_BEGIN + line[:width])
        sys.stderr.flush()
        self._drawn = True

    def _wipe(self) -> None:
        if self._drawn:
            sys.stderr.write(_TO_BEGIN)
            sys.stderr.flush()
            self._drawn = False


def _far(progress: float, total: float | None) -> str:
    if not total:
        return f"{progress:g}"
    part = min(max(progress / total, 0), 1)
    done = round(part * _BAR)
    return f"[{'#' * done}{'.' * (_BAR - done)}] {part:4.0%}"


def _text(data: Any) -> str:
    """What was logged; of servers of this family, which wrap it, the text alone."""
    match data:
        case str():
            return data
        case {"msg": str(text), "extra": None}:
            return text
        case _:
            from msgspec import json

            return json.encode(data).decode()
