"""Which tool a request calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from fastmcp.exceptions import ConfigurationError

from .middleware import MiddlewareContext


def called_tool(context: MiddlewareContext[Any]) -> str:
    """The name of the tool that a `tools/call` is for, as it was registered; `add@1` is `add`."""
    message: Any = context.message
    name: Any = getattr(message, "name", None)
    if isinstance(message, dict):  # as its sender wrote it, since no handler can take it
        name = cast("dict[str, Any]", message).get("name")
    if type(name) is not str:
        return ""
    if "@" in name and context.fastmcp_context is not None:
        tool = context.fastmcp_context.catalogue.tools.find(name)
        return name if tool is None else tool.name
    return name


def names_of(keyword: str, given: Iterable[str] | None) -> frozenset[str] | None:
    """A set of names that somebody gave, or None.

    Raises:
        ConfigurationError: it is a single text, whose letters are no names.
    """
    if isinstance(given, str):
        raise ConfigurationError(f"{keyword}={given!r} is one text; write {keyword}=[{given!r}]")
    return None if given is None else frozenset(given)
