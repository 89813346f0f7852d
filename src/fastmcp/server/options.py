"""The constructor's keywords that are no longer, or not yet, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from msgspec import Struct

from fastmcp._spelling import unexpected_keyword
from fastmcp.exceptions import ConfigurationError

if TYPE_CHECKING:
    from .auth.provider import AuthProvider

REMOVED = {
    "host": "pass it to run(): mcp.run(transport='http', host=...)",
    "port": "pass it to run(): mcp.run(transport='http', port=...)",
    "log_level": "pass it to run(), or set FASTMCP_LOG_LEVEL",
    "debug": "set FASTMCP_LOG_LEVEL=DEBUG",
    "sse_path": "pass path= to run(transport='sse') or http_app(transport='sse')",
    "message_path": "pass message_path= to run(transport='sse')",
    "streamable_http_path": "pass path= to run(transport='http') or http_app()",
    "on_duplicate_tools": "use on_duplicate=",
    "on_duplicate_resources": "use on_duplicate=",
    "on_duplicate_prompts": "use on_duplicate=",
    "tool_serializer": "return a ToolResult from the tool",
    "include_tags": "call mcp.enable(tags=..., only=True)",
    "exclude_tags": "call mcp.disable(tags=...)",
    "tool_transformations": "call mcp.add_transform(ToolTransform(...))",
}


class HttpDefaults(Struct, frozen=True):
    """What the constructor says of HTTP; an argument of `run` or `http_app` wins over it."""

    stateless_http: bool | None = None
    json_response: bool | None = None
    session_store: Any = None


class SamplingFallback(Struct, frozen=True):
    """The server's own model: `handler` answers where the client cannot, or always."""

    handler: Callable[..., Any] | None = None
    behavior: Literal["always", "fallback"] | None = None

    def __post_init__(self) -> None:
        if self.behavior not in ("always", "fallback", None):
            raise ConfigurationError(
                f"sampling_handler_behavior={self.behavior!r}: use 'always' or 'fallback'"
            )
        if self.always and self.handler is None:
            raise ConfigurationError("sampling_handler_behavior='always' needs sampling_handler=")

    @property
    def always(self) -> bool:
        """Whether no client is ever asked."""
        return self.behavior == "always"


def reject_unknown(others: Mapping[str, Any], known: Iterable[str]) -> None:
    """TypeError for a keyword that FastMCP() does not take; `known` are those that it does."""
    for name in others:
        if name in REMOVED:
            raise TypeError(f"FastMCP() no longer takes {name}=; {REMOVED[name]}")
        raise unexpected_keyword("FastMCP()", name, known)


def listed(keyword: str, given: Any) -> list[Any]:
    """What a keyword was given, as a list.

    Raises:
        ConfigurationError: it is a single thing.
    """
    if given is None:
        return []
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise ConfigurationError(f"{keyword}={given!r}: give a list, {keyword}=[...]")
    return list(cast("Iterable[Any]", given))


def provider_given(auth: Any) -> AuthProvider | None:
    """The provider that `auth=` is or describes; None for none.

    Raises:
        ConfigurationError: it is nothing of the kind.
    """
    if auth is None:
        return None
    from .auth.given import provider_of

    return provider_of(auth)
