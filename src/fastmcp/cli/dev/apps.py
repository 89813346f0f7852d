"""`fastmcp dev apps`: the interfaces of a server's tools, in a page that shows them as hosts do."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastmcp.exceptions import ConfigurationError

from ..failing import WrongUsage
from ..parsing import show_examples

if TYPE_CHECKING:
    from fastmcp.inspector.target import Target

VIEW: Final = "apps"
FOLDED: Final = "&dock=folded"
PATIENCE: Final = 30.0
"""How long a server may take to listen, and to end, in seconds."""
STEP: Final = 0.05


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "server",
        metavar="SERVER",
        nargs="?",
        help="FILE[:OBJECT], a fastmcp.json, or a URL; by default what is in this folder",
    )
    parser.add_argument(
        "--dev-port",
        "--ui-port",
        type=int,
        metavar="PORT",
        help="of the page (default: 6274, or a free one)",
    )
    parser.add_argument("--no-open", action="store_true", help="only print the page's address")
    parser.add_argument(
        "--log-panel",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show what is sent and received (default)",
    )
    parser.add_argument(
        "--reload",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="start the server anew when its files change (default)",
    )
    served = parser.add_argument_group("the server, for others than the page, too")
    served.add_argument(
        "--mcp-port", type=int, metavar="PORT", help="serve it over HTTP (default: over stdio)"
    )
    served.add_argument("--host", help="with --mcp-port: at this address (default: 127.0.0.1)")
    show_examples(
        parser, "fastmcp dev apps server.py", "fastmcp dev apps server.py --mcp-port 8000"
    )
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Serve the page until the end."""
    from fastmcp.inspector.serving import serve

    from ..running.watching import changes

    if options.host is not None and options.mcp_port is None:
        raise WrongUsage("--host needs --mcp-port: without it the server listens nowhere")
    with _target(options) as (target, watched):
        serve(
            target,
            watched=watched,
            watch=changes,
            port=options.dev_port,
            opens=not options.no_open,
            view=VIEW if options.log_panel else VIEW + FOLDED,
        )
    return 0


@contextlib.contextmanager
def _target(options: argparse.Namespace) -> Generator[tuple[Target, list[Path]]]:
    """The server as the page reaches it, and the folders in which changes start it anew."""
    from fastmcp.inspector.target import Target

    from ..loading import is_url, split, target_of

    meant = target_of(options.server)
    if is_url(meant.spec):
        if options.mcp_port is not None:
            raise WrongUsage("--mcp-port is for a server that is started, and a URL is of another")
        yield Target("http", url=meant.spec, spec=meant.spec), []
        return
    file = Path(split(meant.spec)[0])
    if not file.is_file():
        raise ConfigurationError(f"There is no file {file}")
    run = [sys.executable, "-P", "-m", "fastmcp", "run", meant.spec, "--no-banner"]
    if options.mcp_port is None:
        target = Target("stdio", shlex.join(run), inherits=True, spec=meant.spec)
        yield target, [file.resolve().parent] if options.reload else []
        return
    host = options.host or "127.0.0.1"
    reload = "--reload" if options.reload else "--no-reload"
    at = ["--transport", "http", "--host", host, "--port", str(options.mcp_port)]
    with _running([*run, *at, "--path", "/mcp", reload], host, options.mcp_port):
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{_reachable(shown)}:{options.mcp_port}/mcp"
        yield Target("http", url=url, spec=meant.spec), []


@contextlib.contextmanager
def _running(command: list[str], host: str, port: int) -> Generator[None]:
    """A server that listens.

    Raises:
        ConfigurationError: it does not.
    """
    if _listens(_reachable(host), port):
        raise ConfigurationError(
            f"Port {port} of {host} is in use; end what listens there, or choose another --mcp-port"
        )
    # Whoever serves the page raises the signal that ended it once more.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with subprocess.Popen(command) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not _listens(_reachable(host), port):
                if process.poll() is not None:
                    raise ConfigurationError(f"The server ended with {process.returncode}")
                if time.monotonic() > deadline:
                    raise ConfigurationError(f"The server does not listen at {host}:{port}")
                time.sleep(STEP)
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _listens(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), STEP):
        return True
    return False


def _reachable(host: str) -> str:
    """An address at which what is bound to another one is reached from here."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "[::1]"}.get(host, host)
