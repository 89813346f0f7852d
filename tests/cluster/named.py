"""Modern clients that name their session, and what they are told of tools."""

from __future__ import annotations

from typing import Any

from apps import enveloped, messages, modern_headers

from fastmcp.wire.shapes import META_SESSION

from .workers import Worker

# A text that is nobody else's.
NAMED = "a0b1c2d3e4f5a6b7c8d9"


def of_named(message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A request of such a client: its body and its headers."""
    whole = enveloped(message, **{META_SESSION: NAMED})
    return whole, modern_headers(whole)


def named(worker: Worker, message: dict[str, Any]) -> Any:
    """The answer that it gets."""
    return worker.post(*of_named(message))


def listed(response: Any) -> list[str]:
    """The names of the tools in an answer, to whatever client."""
    return [tool["name"] for tool in messages(response)[-1]["result"]["tools"]]
