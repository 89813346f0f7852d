"""Showing a person where to sign in: in a browser, or as a text to be copied."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from fastmcp.exceptions import OAuthFlowError

from .exchange import shown

# How long a browser may take to start before it counts as started.
PATIENCE = 5.0
_LONGEST = 8192


def checked_page(url: str) -> str:
    """A URL that may be handed to a browser.

    Raises:
        OAuthFlowError: it is of another scheme than http(s), or no URL.
    """
    parts = urlsplit(url)
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \"'$<>\\^`{|}")
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise OAuthFlowError(
            f"The page to sign in at, {shown(url)}, is not opened: only http(s) URLs are"
        )
    if len(url) > _LONGEST:
        raise OAuthFlowError(f"The page to sign in at, {shown(url)}, has a URL that is too long")
    return url


def has_browser() -> bool:
    """Whether there is a display that a browser could show a page on."""
    if sys.platform in ("win32", "darwin") or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def open_browser(url: str) -> bool:
    """Open a page in the user's browser; whether that went well. No shell has a part in it."""
    import webbrowser

    page = checked_page(url)
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[bool] = loop.create_future()

    def done(result: bool) -> None:
        if not opened.done():
            opened.set_result(result)

    def run() -> None:
        try:
            result = webbrowser.open(page)
        except Exception:
            result = False
        try:
            loop.call_soon_threadsafe(done, result)
        except RuntimeError:
            pass  # the loop has ended meanwhile

    # Some browsers are only back when they are closed.
    threading.Thread(target=run, name="fastmcp-browser", daemon=True).start()
    try:
        async with asyncio.timeout(PATIENCE):
            return await opened
    except TimeoutError:
        return True


def tell(url: str, *, can_paste: bool) -> None:
    """Write on standard error where to sign in; standard output may be a protocol's."""
    lines = [f"Sign in at: {checked_page(url)}"]
    if can_paste:
        lines.append("If that browser is on another machine, paste here the URL that it ends at:")
    print("\n".join(lines), file=sys.stderr, flush=True)


def is_terminal() -> bool:
    """Whether a person sits at standard input; anything else there belongs to somebody else."""
    try:
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    except ValueError:
        return False  # it is closed


class PastedLines:
    """Lines that a person types while it is entered; each is given to `take`."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._begun = b""
        self._descriptor: int | None = None

    def __enter__(self) -> PastedLines:
        try:
            descriptor = sys.stdin.fileno()
            asyncio.get_running_loop().add_reader(descriptor, self._read, descriptor)
            self._descriptor = descriptor
        except (NotImplementedError, OSError, ValueError):
            pass  # this loop, or this system, cannot wait for a terminal
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._descriptor = None

    def _read(self, descriptor: int) -> None:
        piece = os.read(descriptor, _LONGEST)
        *lines, self._begun = (self._begun + piece).split(b"\n")
        self._begun = self._begun[-_LONGEST:]
        for line in lines:
            if text := line.decode("utf-8", "replace").strip():
                self._take(text)
        if not piece:
            self.__exit__()
