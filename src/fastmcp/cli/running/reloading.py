"""A server that is started again whenever one of its files changes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Protocol

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.running import require_streams
from fastmcp.settings import settings

from ..loading import Target, is_url, split
from .ending import end, ended
from .watching import changes


class Servers(Protocol):
    """Runs one server after the other."""

    async def start(self) -> asyncio.subprocess.Process:
        """Start the next one."""
        ...

    async def stop(self, process: asyncio.subprocess.Process) -> None:
        """Have it end."""
        ...

    async def finished(self) -> None:
        """Wait until none is needed any more."""
        ...


class HttpServers:
    """Servers whose clients come by the network: without sessions, since those would be lost."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(*self._command)

    async def stop(self, process: asyncio.subprocess.Process) -> None:
        await end(process)

    async def finished(self) -> None:
        await asyncio.Event().wait()


def serve_again_and_again(target: Target, options: argparse.Namespace) -> int:
    """Serve until a signal, or the client, ends it; the exit code is that of the last server."""
    folders = _folders(target, options)
    command = [sys.executable, "-P", "-m", "fastmcp", *_again(sys.argv[1:])]
    transport = options.transport or _transport_of(target)
    if transport == "stdio":
        require_streams()
    try:
        return asyncio.run(_keep_serving(command, transport, folders))
    except KeyboardInterrupt:
        return 0


def _again(given: Sequence[str]) -> list[str]:
    """The same command line without `--reload`."""
    at = given.index("--") if "--" in given else len(given)
    own = [word for word in given[1:at] if word != "--reload"]
    return [given[0], "--no-reload", *own, *given[at:]]


def _transport_of(target: Target) -> str:
    said = None if target.document is None else target.document.deployment.transport
    return said or settings.transport


def _folders(target: Target, options: argparse.Namespace) -> list[Path]:
    """Where files are watched: the current folder when the server is in it, else the server's."""
    if options.reload_dir:
        folders = [Path(each).expanduser().resolve() for each in options.reload_dir]
        for folder in folders:
            if not folder.is_dir():
                raise ConfigurationError(f"--reload-dir {folder}: there is no such folder")
        return folders
    here = Path.cwd()
    if target.module or is_url(target.spec):
        return [here]
    files = [Path(split(target.spec)[0])]
    if target.document is not None:
        files.append(target.document.folder / target.document.source.path)
    folders = [file.expanduser().resolve().parent for file in files]
    too_much = here in (Path(os.path.expanduser("~")), Path(here.anchor))
    whole = [here if folder.is_relative_to(here) and not too_much else folder for folder in folders]
    return list(dict.fromkeys(whole))


async def _keep_serving(command: list[str], transport: str, folders: Sequence[Path]) -> int:
    if transport == "stdio":
        from .relay import StdioServers

        servers: Servers = StdioServers(command)
    else:
        sessions = [] if transport == "sse" else ["--stateless"]
        servers = HttpServers([*command[:5], *sessions, *command[5:]])
    over = asyncio.ensure_future(servers.finished())
    watched = changes(folders)
    await anext(watched)
    changed = asyncio.ensure_future(anext(watched))
    with _ended_by_signals(over) as signals:
        process = await servers.start()
        try:
            while True:
                left = asyncio.ensure_future(process.wait())
                await _first(over, changed, left)
                if not over.done() and not changed.done():
                    _say(
                        f"the server ended with exit code {left.result()}; it is started again "
                        "when a file changes"
                    )
                    await _first(over, changed)
                if over.done():
                    break
                _say(f"{_names(changed.result())} changed: starting again")
                changed = asyncio.ensure_future(anext(watched))
                await servers.stop(process)
                process = await servers.start()
        finally:
            changed.cancel()
            if signal.SIGINT in signals and _is_in_foreground():
                await ended(process)  # the terminal has told it, too: a second signal would be rude
            await servers.stop(process)
    return max(process.returncode or 0, 0)  # a signal was ours


async def _first(*awaited: asyncio.Future[Any]) -> None:
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)


@contextlib.contextmanager
def _ended_by_signals(over: asyncio.Future[None]) -> Generator[list[signal.Signals]]:
    """Give the signals that came."""
    loop = asyncio.get_running_loop()
    came: list[signal.Signals] = []

    def take(number: signal.Signals) -> None:
        came.append(number)
        over.cancel()

    numbers = _ending_signals()
    for number in numbers:
        loop.add_signal_handler(number, take, number)
    try:
        yield came
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _ending_signals() -> list[signal.Signals]:
    if sys.platform == "win32":
        return []
    is_hung_up = signal.getsignal(signal.SIGHUP) is signal.SIG_DFL  # nohup has it ignored
    return [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if is_hung_up else [])]


def _is_in_foreground() -> bool:
    """Whether an interrupt of the terminal reaches this process and its children."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _names(paths: Sequence[Path]) -> str:
    shown = ", ".join(path.name for path in paths[:3])
    return shown if len(paths) <= 3 else f"{shown} and {len(paths) - 3} more"


def _say(text: str) -> None:
    print(f"fastmcp: {text}", file=sys.stderr, flush=True)
