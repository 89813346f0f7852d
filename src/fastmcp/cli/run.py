"""`fastmcp run`: serve the server in a file, or a proxy to servers elsewhere."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import TRANSPORTS, settings

NAMES = ("mcp", "server", "app")


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "run",
        help="serve a FastMCP server from a Python file, or a proxy to a URL or a configuration",
        allow_abbrev=False,
    )
    parser.add_argument(
        "spec",
        metavar="FILE[:OBJECT] | URL | CONFIG.json",
        help="the file, and the server in it; or the server, or servers, to be proxied",
    )
    parser.add_argument("-t", "--transport", choices=TRANSPORTS)
    parser.add_argument("--host", help="address to bind (default 127.0.0.1)")
    parser.add_argument("-p", "--port", type=int, help="port to bind (default 8000)")
    parser.add_argument("--path", help="path of the endpoint (default /mcp, or /sse)")
    parser.add_argument("-l", "--log-level", type=str.lower, help="how much is logged")
    parser.add_argument("--stateless", action="store_true", help="HTTP without sessions")
    parser.add_argument("--workers", type=int, help="processes that serve HTTP (default 1)")
    parser.add_argument("--no-banner", action="store_true", help="say nothing at the start")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Serve until the end."""
    http = {
        name: getattr(options, name)
        for name in ("host", "port", "path", "workers")
        if getattr(options, name) is not None
    }
    if options.stateless:
        http["stateless_http"] = True
    transport = options.transport or settings.transport
    if transport == "stdio" and http:
        given = ", ".join(f"--{name.removesuffix('_http')}" for name in http)
        verb = "needs" if len(http) == 1 else "need"
        raise ConfigurationError(f"{given} {verb} --transport http")
    both = {"log_level": options.log_level, "show_banner": False if options.no_banner else None}
    with _prints_to_stderr() if transport == "stdio" else contextlib.nullcontext():
        server = load_server(options.spec)
    server.run(transport, **http, **both)
    return 0


def load_server(spec: str) -> Any:
    """The server that `FILE[:OBJECT]` names; OBJECT may be a function that makes one. Of a URL, and
    of a `.json` file with `mcpServers`, a proxy.

    Raises:
        ConfigurationError: there is no such file, or no server in it.
    """
    if spec.lower().startswith(("http://", "https://")) or Path(spec).suffix == ".json":
        from fastmcp.server import create_proxy

        return create_proxy(spec)
    path, name = _split(spec)
    if not path.is_file():
        raise ConfigurationError(f"There is no file {path}")
    namespace = _execute(path)
    if name is not None:
        if name not in namespace:
            raise ConfigurationError(f"{path} has no {name!r}")
        found = namespace[name]
    else:
        found = next((namespace[n] for n in NAMES if _is_server(namespace.get(n))), None)
        if found is None:
            servers = [value for value in namespace.values() if _is_server(value)]
            if len(servers) != 1:
                what = "no FastMCP server" if not servers else "several FastMCP servers"
                raise ConfigurationError(f"{path} has {what}; name one: {path}:NAME")
            found = servers[0]
    if not _is_server(found) and callable(found):
        found = found()
    if not _is_server(found):
        raise ConfigurationError(f"{path}:{name} is {type(found).__name__}, not a FastMCP server")
    return found


def _split(spec: str) -> tuple[Path, str | None]:
    head, colon, tail = spec.rpartition(":")
    if colon and tail.isidentifier() and not Path(spec).exists():
        return Path(head), tail
    return Path(spec), None


def _is_server(value: Any) -> bool:
    from fastmcp.server.server import FastMCP

    return isinstance(value, FastMCP)


def _execute(path: Path) -> dict[str, Any]:
    """Import the file as a module of its own name, with its folder importable."""
    from importlib.util import module_from_spec, spec_from_file_location

    sys.path.insert(0, str(path.resolve().parent))
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{path} is not a Python file")
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return vars(module)


@contextlib.contextmanager
def _prints_to_stderr() -> Generator[None]:
    """What the file prints while it is loaded must not reach the client."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
