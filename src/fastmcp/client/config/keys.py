"""The keys of a configuration's entries: ours, those of editors, and slips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastmcp._spelling import nearest

URL_ALIASES = ("httpUrl", "serverUrl")

KEYS = (
    "command",
    "args",
    "env",
    "cwd",
    "keep_alive",
    "url",
    "headers",
    "auth",
    "sse_read_timeout",
    "transport",
    "type",
    "timeout",
    "mode",
    "description",
    "icon",
    "authentication",
    "tools",
    "include_tags",
    "exclude_tags",
)
# What editors and registries write into their own entries, as far as it is like a key of ours.
OTHERS = {
    *URL_ALIASES,
    "authorization",
    "excludeTools",
    "exclude_tools",
    "icons",
    "includeTools",
    "include_tools",
    "initTimeout",
    "model",
    "oauth",
    "timeoutMs",
    "timeout_ms",
    "tool",
}


def misspelt(key: str) -> str | None:
    """The key that was meant by an unknown one, if it is most likely a slip."""
    if key in KEYS or key in OTHERS:
        return None
    turned = [known for known in KEYS if sorted(known) == sorted(key)]
    return turned[0] if turned else nearest(key, KEYS, cutoff=0.8)


def is_entry(value: Any) -> bool:
    """Whether something is a server's entry, be it misspelt."""
    if not isinstance(value, Mapping):
        return False
    return any(
        key in ("command", "url", *URL_ALIASES) or misspelt(key) in ("command", "url")
        for key in map(str, value)  # pyright: ignore[reportUnknownArgumentType]
    )
