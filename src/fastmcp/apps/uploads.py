"""Files in memory, by whose they are."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError, ToolError

SHOWN_OF_BINARY: Final = 200
"""How much of what is no text is given, in characters of base64."""


class Upload(Struct, frozen=True):
    """A file; it `ends` at a moment of the monotonic clock."""

    name: str
    size: int
    type: str
    data: str
    uploaded_at: str
    ends: float | None

    def summary(self) -> dict[str, Any]:
        """What is told of it in a list."""
        return {
            "name": self.name,
            "type": self.type,
            "size": self.size,
            "size_display": readable_size(self.size),
            "uploaded_at": self.uploaded_at,
        }

    def whole(self) -> dict[str, Any]:
        """The file, as far as it can be shown."""
        told = {
            "name": self.name,
            "size": self.size,
            "type": self.type,
            "uploaded_at": self.uploaded_at,
        }
        try:
            text = base64.b64decode(self.data).decode()
        except UnicodeDecodeError:
            return {**told, "content_base64": f"{self.data[:SHOWN_OF_BINARY]}..."}
        return {**told, "content": text}


class Uploads:
    """At most `total` bytes, of everybody together; each file for `seconds`. None is no limit.

    Raises:
        ConfigurationError: a limit cannot be one.
    """

    def __init__(self, total: int | None, seconds: float | None) -> None:
        if total is not None and total < 0:
            raise ConfigurationError(f"max_total_size={total}: give bytes, 0 or more")
        if seconds is not None and not 0 < seconds < float("inf"):
            raise ConfigurationError(
                f"file_ttl_seconds={seconds}: give seconds, more than 0; None keeps files"
            )
        self._total = total
        self._seconds = seconds
        self._files: dict[str, dict[str, Upload]] = {}
        self._changing = threading.Lock()

    def store(self, owner: str, files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep files, in place of those with the same names: all of them, or none.

        Raises:
            ToolError: there is no room for them.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._changing:
            self._forget()
            ends = None if self._seconds is None else time.monotonic() + self._seconds
            added = {each["name"]: Upload(**each, uploaded_at=now, ends=ends) for each in files}
            kept = {**self._files.get(owner, {}), **added}
            others = [own for each, own in self._files.items() if each != owner]
            size = sum(file.size for own in (*others, kept) for file in own.values())
            if self._total is not None and size > self._total:
                raise ToolError(
                    f"There is no room: all files together would have {readable_size(size)}, and "
                    f"may have {readable_size(self._total)}"
                )
            self._files[owner] = kept
            return [each.summary() for each in kept.values()]

    def summaries(self, owner: str) -> list[dict[str, Any]]:
        """What there is."""
        return [each.summary() for each in self._own(owner).values()]

    def read(self, owner: str, name: str) -> dict[str, Any]:
        """A file.

        Raises:
            ToolError: there is none of that name.
        """
        own = self._own(owner)
        if name not in own:
            near = nearest(name, own)
            hint = f"; did you mean {near!r}?" if near else f"; there are: {sorted(own)}"
            raise ToolError(f"There is no file {name!r}{hint if own else ''}")
        return own[name].whole()

    def _own(self, owner: str) -> dict[str, Upload]:
        with self._changing:
            self._forget()
            return dict(self._files.get(owner, {}))

    def _forget(self) -> None:
        """Drop what has ended."""
        now = time.monotonic()
        for owner, own in list(self._files.items()):
            left = {name: f for name, f in own.items() if f.ends is None or f.ends > now}
            if left:
                self._files[owner] = left
            else:
                del self._files[owner]


def readable_size(size: int) -> str:
    """As people say it."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.1f} KB" if size < 1024 * 1024 else f"{size / (1024 * 1024):.1f} MB"
