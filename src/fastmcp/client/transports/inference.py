"""From what a user writes to a transport."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError

from .transport import ClientTransport

NODE = (".js", ".mjs", ".cjs")
SCRIPTS = (".py", *NODE)
FILES = (*SCRIPTS, ".json", ".ts")
_SSE = re.compile(r"/sse(/|\?|&|$)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):/+")  # one letter is a drive
_HOST = re.compile(r"(localhost|[\w\-]+(\.[\w\-]+)+|[\w\-]+(?=:\d))(:\d+)?(/\S*)?", re.ASCII)


def infer_transport(target: Any) -> ClientTransport:
    """The transport for a `FastMCP` server, a URL, the path of a script, a command line, a
    configuration of servers (or the path of its `.json` file), or for a transport, which is itself.

    Raises:
        ValueError: `target` is none of them; the text says what it may be.
    """
    if isinstance(target, ClientTransport):
        return target
    if hasattr(target, "lifespan") and hasattr(target, "connect"):
        from .memory import FastMCPTransport

        return FastMCPTransport(target)
    if isinstance(target, Mapping) or hasattr(target, "mcpServers"):
        from .config import MCPConfigTransport

        return MCPConfigTransport(cast("Any", target))
    if isinstance(target, Path):
        return _from_path(target)
    if isinstance(target, str):
        return _from_text(target)
    if hasattr(target, "host"):  # a URL object: pydantic's, httpx's, yarl's
        return _from_url(str(target))
    raise _unknown(repr(target), _foreign(target))


def infer_transport_type_from_url(url: Any) -> Literal["http", "sse"]:
    """`"sse"` for a URL whose path has a part `sse`, else `"http"`, which is streamable HTTP.

    Raises:
        ValueError: it is no http(s) URL.
    """
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https"):
        raise ConfigurationError(f"Invalid URL: {str(url).partition('?')[0]!r} is not http(s)://…")
    return "sse" if _SSE.search(parts.path) else "http"


def _from_text(text: str) -> ClientTransport:
    text = text.strip()
    if not text:
        raise _unknown("''", "it is empty")
    scheme = _SCHEME.match(text)
    if scheme is not None:
        if scheme[1].lower() in ("http", "https"):
            return _from_url(text)
        raise _unknown(repr(text), _scheme_hint(text, scheme[1], scheme.end()))
    path = Path(text)
    if path.suffix in FILES and _is_file(path):
        return _from_path(path)
    return _from_command(text) or _from_path(path)


def _from_url(url: str) -> ClientTransport:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ConfigurationError(f"{url!r} is no URL: {error}") from None
    if not usable:
        raise ConfigurationError(f"{url!r} is no URL of a server: it names no host")
    url = parts.scheme + url[len(parts.scheme) :]  # in small letters
    if infer_transport_type_from_url(url) == "sse":
        from .sse import SSETransport

        return SSETransport(url)
    from .http import StreamableHttpTransport

    return StreamableHttpTransport(url)


def _from_path(path: Path) -> ClientTransport:
    if not _is_file(path):
        if path.suffix in FILES and len(_words(str(path))) < 2:
            raise ConfigurationError(f"Cannot reach {str(path)!r}: there is no such file")
        raise _unknown(repr(str(path)), _missing(path))
    if path.suffix == ".py":
        from .launchers import PythonStdioTransport

        return PythonStdioTransport(path)
    if path.suffix in NODE:
        from .launchers import NodeStdioTransport

        return NodeStdioTransport(path)
    if path.suffix == ".json":
        from .config import MCPConfigTransport

        return MCPConfigTransport(path)
    hint = "it is a file of none of these kinds"
    if path.suffix in (".ts", ".mts"):
        hint = f"run TypeScript by a command, such as 'npx -y tsx {path}'"
    raise _unknown(repr(str(path)), hint)


def _from_command(text: str) -> ClientTransport | None:
    """What runs a command line; None unless its first word is a program."""
    import shutil

    words = _words(text)
    if not words or shutil.which(words[0]) is None:
        return None
    from .stdio import StdioTransport

    return StdioTransport(words[0], words[1:])


def _words(text: str) -> list[str]:
    """The words of a command line."""
    import shlex

    if sys.platform != "win32":
        try:
            return shlex.split(text)
        except ValueError:  # a quotation without an end
            return []
    # There backslashes are part of paths, and quotation marks stay on the words.
    words = shlex.split(text, posix=False)
    return [word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word for word in words]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a path, or with a null byte
        return False


def _scheme_hint(text: str, scheme: str, end: int) -> str:
    if scheme.lower() in ("ws", "wss"):
        return "MCP is not spoken over WebSockets; its server has an http(s) URL"
    if scheme.lower() == "file":
        return "give the path of the file without file://"
    near = nearest(scheme, ("http", "https"))
    if near is None:
        return f"a server is reached by http:// or https://, not by {scheme}://"
    return f"did you mean {near + '://' + text[end:]!r}?"


def _missing(path: Path) -> str:
    text = str(path)
    words = _words(text)
    if _HOST.fullmatch(text):
        return f"did you mean 'http://{text}'?"
    if path.is_dir():
        return "it is a directory"
    if len(words) > 1 and words[0].endswith(SCRIPTS) and _is_file(Path(words[0])):
        program = "python" if words[0].endswith(".py") else "node"
        return f"give a script with arguments as a command: {f'{program} {text}'!r}"
    if words:
        return f"there is no such file, and no program {words[0]!r} on PATH"
    return "there is no such file"


def _foreign(target: Any) -> str | None:
    kind = cast("type[Any]", target if isinstance(target, type) else type(target))
    if kind.__module__.partition(".")[0] == "mcp":
        return (
            "a server of the official SDK is not reached in memory; run it over stdio or HTTP and "
            "give its command or URL"
        )
    return None


def _unknown(shown: str, hint: str | None) -> ConfigurationError:
    cause = f"{shown}: {hint}" if hint else shown
    end = "" if cause.endswith("?") else "."
    return ConfigurationError(
        f"Cannot tell how to reach {cause}{end} Give a FastMCP server, an "
        "http(s) URL, the path of a .py or .js file or of a .json configuration, a command whose "
        "program is on PATH, a dict with mcpServers, or a transport"
    )
