"""How commands reach the server that they are about, as its clients."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastmcp.exceptions import ConfigurationError, ConnectFailed

from .failing import WrongUsage
from .terminal import print_aside

if TYPE_CHECKING:
    from fastmcp.client.client import Client
    from fastmcp.client.transports.transport import ClientTransport

SERVER = (
    "a URL, FILE[:OBJECT], fastmcp.json, a .json file with mcpServers, a .js file, a command, or "
    "the NAME of a server that `fastmcp discover` finds; without it fastmcp.json, server.py, "
    "main.py or app.py in this folder"
)
ENDING = () if sys.platform == "win32" else (signal.SIGTERM, signal.SIGHUP)
_COMPLAINT = "fastmcp: "
_NAME: Final = re.compile(r"[\w.:@-]+")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Say = Callable[[str], None]
"""Is told each line that the server's process writes to its standard error."""


def add_server_arguments(
    parser: argparse.ArgumentParser, *, positional: bool = True, patience: float | None = 30.0
) -> None:
    """Add the arguments that say which server is meant, and how it is reached.

    `patience` is the `--timeout` that there is by default.
    """
    if positional:
        parser.add_argument("server", metavar="SERVER", nargs="?", help=SERVER)
    how = parser.add_argument_group("the server")
    how.add_argument("--command", metavar="LINE", help="the command that starts it, over stdio")
    how.add_argument(
        "-t", "--transport", choices=("http", "sse"), help="what is spoken at a URL (default: http)"
    )
    how.add_argument(
        "--auth",
        metavar="oauth|TOKEN|none",
        help="for a URL: sign in, send a bearer token, or do neither (default: sign in when asked "
        "to, if this is a terminal)",
    )
    how.add_argument(
        "--header",
        metavar="'NAME: VALUE'",
        action="append",
        default=[],
        help="for a URL: send this with every request; may be repeated",
    )
    how.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=patience,
        help="how long the server may be silent (default: "
        + ("any time, but 30 to begin with)" if patience is None else f"{patience:g})"),
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if seconds > 0:
        return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")


@contextlib.asynccontextmanager
async def connected(
    options: argparse.Namespace, *, run: Sequence[str] = (), say: Say | None = None, **handlers: Any
) -> AsyncGenerator[Client]:
    """A client of the server that is meant, connected; `handlers` are keywords of `Client`.

    A file is served by `fastmcp run` with this interpreter, to which `run` is passed on.

    Raises:
        ConfigurationError: no server is meant, or its file could not be loaded.
        ClientError: it cannot be reached.
    """
    from fastmcp.client.client import Client

    say = say or print_aside
    complaints = _Complaints(say)
    transport = transport_of(options, run, complaints.hear)
    client = Client(transport, timeout=options.timeout, init_timeout=options.timeout, **handlers)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_ended_in_order())
        stack.enter_context(_warned(say))
        try:
            await stack.enter_async_context(client)
        except ConnectFailed as error:
            raise complaints.instead_of(error) from None
        finally:
            complaints.pass_on()
        yield client


@contextlib.contextmanager
def _ended_in_order() -> Generator[None]:
    """Have the signals to end do what an interrupt does: the server's process ends first."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    numbers = [each for each in ENDING if signal.getsignal(each) is signal.SIG_DFL]
    told: list[int] = []

    def restore() -> None:
        while numbers:
            loop.remove_signal_handler(numbers.pop())

    def end(number: int) -> None:
        restore()  # a second one ends at once
        told.append(number)
        assert task is not None
        task.cancel()

    for each in numbers:
        loop.add_signal_handler(each, end, each)
    try:
        yield
    except asyncio.CancelledError:
        if told:
            raise SystemExit(128 + told[0]) from None
        raise
    finally:
        restore()


@contextlib.contextmanager
def _warned(say: Say) -> Generator[None]:
    """Have the client's warnings told, such as that one of several servers is left out."""
    handler = _Warnings(say)
    logger = logging.getLogger("fastmcp")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Warnings(logging.Handler):
    def __init__(self, say: Say) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(f"{_COMPLAINT}{record.getMessage()}")


class _Complaints:
    """What a server's process says: at once, but for why it could not begin, which is the error.

    What follows on that is held back, too: a client that knows nothing of a server starts it again
    when it ends at once, for another era of the protocol, only to hear all of it once more.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._held: list[str] = []
        self._begins = True

    def hear(self, line: str) -> None:
        if self._begins and (self._held or line.startswith(_COMPLAINT)):
            self._held.append(line)
        else:
            self._say(line)

    def pass_on(self) -> None:
        """It has begun, or is given up."""
        self._begins = False
        for line in self._held:
            self._say(line)

    def instead_of(self, error: ConnectFailed) -> Exception:
        """The error, if it could not begin."""
        causes = [line for line in self._held if line.startswith(_COMPLAINT)]
        if not causes:
            return error
        del self._held[self._held.index(causes[-1]) :]
        return ConfigurationError(causes[-1].removeprefix(_COMPLAINT))


def transport_of(options: argparse.Namespace, run: Sequence[str], hear: Say) -> ClientTransport:
    from .loading import is_url, target_of

    server: str | None = options.server
    if options.command is not None:
        if server is not None:
            raise WrongUsage(
                f"--command starts the server, and {server!r} names one as well: one will do"
            )
        _refuse_for_url(options, "a command")
        return _of_command(options.command, hear)
    if server is not None and is_url(server):
        return _of_url(server, options)
    _refuse_for_url(options, "this folder's server" if server is None else repr(server))
    if server is None or _is_loaded(server):
        return _of_file(target_of(server).spec, run, hear)
    from .install.discovery import configured_server

    if (entry := configured_server(server)) is not None:
        from fastmcp.client.transports.config import MCPConfigTransport

        return MCPConfigTransport({"mcpServers": entry})
    from fastmcp.client.transports.inference import infer_transport

    try:
        return infer_transport(server)
    except ConfigurationError:
        if _NAME.fullmatch(server) is None or Path(server).exists():
            raise
        raise _no_server(server) from None


def _no_server(name: str) -> ConfigurationError:
    from fastmcp._spelling import nearest

    from .install.discovery import configured_servers

    known = {each.name for each in configured_servers(complain=lambda text: None)}
    near = nearest(name, known)
    hint = "fastmcp discover lists the names that there are"
    return ConfigurationError(
        f"There is no server {name!r}: no file, no command on PATH, and nothing that a program on "
        f"this computer uses; {hint if near is None else f'did you mean {near!r}?'}"
    )


def _refuse_for_url(options: argparse.Namespace, what: str) -> None:
    given = {
        "--transport": options.transport,
        "--auth": options.auth not in (None, "none"),
        "--header": options.header,
    }
    if wrong := [name for name, value in given.items() if value]:
        verb = "is" if len(wrong) == 1 else "are"
        raise WrongUsage(f"{', '.join(wrong)} {verb} for a URL, and {what} is none")


def _of_command(line: str, hear: Say) -> ClientTransport:
    import shlex

    from fastmcp.client.transports.stdio import StdioTransport

    try:
        words = shlex.split(line, posix=sys.platform != "win32")
    except ValueError as error:
        raise WrongUsage(f"--command {line!r}: {error}") from None
    if not words:
        raise WrongUsage("--command is empty: give a command line, such as 'npx -y …'")
    return StdioTransport(words[0], words[1:], stderr_handler=hear)


def _of_url(url: str, options: argparse.Namespace) -> ClientTransport:
    from fastmcp.client.transports.http import StreamableHttpTransport
    from fastmcp.client.transports.inference import infer_transport_type_from_url
    from fastmcp.client.transports.sse import SSETransport

    try:
        kind = options.transport or infer_transport_type_from_url(url)
    except ValueError as error:
        raise WrongUsage(f"{url!r} is no URL: {error}") from None
    made = SSETransport if kind == "sse" else StreamableHttpTransport
    return made(url, headers=_headers(options.header), auth=_auth(options.auth))


def _headers(given: Sequence[str]) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or _HEADER.fullmatch(name.strip()) is None:
            raise WrongUsage(f"--header {text!r} is not 'NAME: VALUE'")
        headers[name.strip()] = value.strip()
    return headers


def _auth(given: str | None) -> Any:
    if given is None:
        given = "oauth" if sys.stdin.isatty() and sys.stderr.isatty() else "none"
    if given == "none":
        return None
    if given != "oauth":
        return given
    from fastmcp.client.auth.file_storage import FileTokenStorage
    from fastmcp.client.auth.oauth import OAuth

    return OAuth(token_storage=FileTokenStorage())


def _is_loaded(server: str) -> bool:
    """Whether `fastmcp run` serves it: what ends in .py, an object in that, or a fastmcp.json."""
    from .loading import split, target_of

    path = Path(split(server)[0])
    if path.suffix == ".json":
        return target_of(server).document is not None
    return path.suffix == ".py"


def _of_file(server: str, run: Sequence[str], hear: Say) -> ClientTransport:
    from fastmcp.client.transports.stdio import StdioTransport

    line = ["-P", "-m", "fastmcp", "run", server, "--transport", "stdio", "--no-banner", *run]
    transport = StdioTransport(sys.executable, line, env=os.environ, stderr_handler=hear)
    transport.probes_again = False
    return transport
