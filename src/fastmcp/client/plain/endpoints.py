"""Where a server may be: what a target leaves open is tried out when the client connects (C06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from fastmcp.exceptions import UnexpectedResponse

from ..transports.http_errors import shown

PATHS = ("/mcp", "/", "/sse")
BY_TRANSPORT: dict[str, tuple[str, ...]] = {
    "http": PATHS[:2],
    "streamable-http": PATHS[:2],
    "sse": ("/sse", "/"),
}

# What is answered where there is no MCP endpoint: by a router, or by a web site.
_ELSEWHERE = (404, 405, 406, 410, 415, 501)


class Endpoint(Struct, frozen=True):
    """What a `Client` may be given; `url` is there for one of several at the same host."""

    target: Any
    url: str = ""


def endpoints_of(target: Any, said: dict[str, Any]) -> list[Endpoint]:
    """What a `Client` is to be given, in the order in which that is tried.

    A URL without a path may be that of the host of an MCP server. An entry of a configuration
    (`{"url": …}`, `{"command": …}`) is one server, and so is a configuration of one; the options of
    a client that it has (`timeout`, `mode`) are put into `said`.

    Raises:
        ConfigurationError: the entry has a mistake; the text names the key.
    """
    entry = _entry(target)
    if entry is not None:
        return _endpoints_of_entry(entry, said)
    urls: list[str] = []
    if isinstance(target, str) or hasattr(target, "host"):
        urls = _completed(str(target), PATHS)
    return [Endpoint(url, url) for url in urls] or [Endpoint(target)]


def _entry(target: Any) -> Any:
    """The entry that a target is, or the only one of a configuration; None without any."""
    if hasattr(target, "to_transport"):
        return target
    config: Any = target
    if isinstance(target, Mapping):
        from ..config.keys import is_entry
        from ..config.mcp_config import MCPConfig

        given = cast("Mapping[str, Any]", target)
        config = MCPConfig.from_dict(
            {"mcpServers": {"server": given}} if is_entry(given) else given
        )
    elif not hasattr(target, "mcpServers"):
        return None
    entries = [each for each in config.mcpServers.values() if not each.is_disabled]
    return entries[0] if len(entries) == 1 else None


def _endpoints_of_entry(entry: Any, said: dict[str, Any]) -> list[Endpoint]:
    from ..config.entries import transport_name

    options = {"timeout": entry.patience, "mode": entry.mode}
    said.update({name: value for name, value in options.items() if value is not None})
    named = transport_name(entry.transport or entry.type or "")
    urls = _completed(getattr(entry, "url", ""), BY_TRANSPORT.get(named, PATHS))
    placed = [(entry.model_copy(update={"url": url}), url) for url in urls] or [(entry, "")]
    return [Endpoint(each.to_transport(), url) for each, url in placed]


def _completed(url: str, paths: tuple[str, ...]) -> list[str]:
    """A URL without a path, with each of these; none for another one."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
        return []
    return [urlunsplit(parts._replace(path=path)) for path in paths]


def is_elsewhere(error: Exception) -> bool:
    """Whether an opening failed because something else than an MCP server is at that URL."""
    if not isinstance(error, UnexpectedResponse):
        return False
    return error.status < 300 or error.status in _ELSEWHERE


def nowhere(endpoints: Sequence[Endpoint], failures: Sequence[Exception]) -> UnexpectedResponse:
    """The error for a host that answers, and has no MCP server as far as one can see."""
    tried = ", ".join(
        f"{urlsplit(endpoint.url).path} ({_brief(failure)})"
        for endpoint, failure in zip(endpoints, failures, strict=True)
    )
    host = shown(urlunsplit(urlsplit(endpoints[0].url)._replace(path="", query="")))
    first = failures[0]
    return UnexpectedResponse(
        f"Connection to {host} failed: no MCP server was found there at {tried}; give the whole "
        "URL of its endpoint",
        first.status if isinstance(first, UnexpectedResponse) else 404,
    )


def _brief(error: Exception) -> str:
    return str(error.status) if isinstance(error, UnexpectedResponse) else type(error).__name__
