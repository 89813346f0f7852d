"""Several processes that serve on one port, and the one that keeps them.

Each worker is this program started again, from its beginning, so it has threads, connections and
event loops of its own; a fork would have what is left of its parent's. It is given the sockets, so
none of them loses a connection that waits when another one dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from typing import Any, Final

from msgspec import json

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import Settings, flag

from ...event_loop import loop_factory
from ...logged import logged
from ...service import serving
from ..servable import HttpServable
from .http_server import announce, create_run_app, sockets_for
from .run_options import HttpRun
from .worker import READY, STOP, VARIABLE, Terms, name_of, serve_as_worker, take_post

logger: Final = logging.getLogger("fastmcp.workers")

# How long to wait before a worker is started again that could not serve, at first and at most, in
# seconds.
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
# How long a worker that has ended is listened to, in seconds.
LAST_WORDS: Final = 0.5


def run_workers(server: HttpServable, how: HttpRun) -> None:
    """Serve with several workers until the end; in a worker, be one, and end with it.

    Raises:
        ConfigurationError: this program, or what is to be served, cannot have several.
    """
    with logged(how.log_level, uvicorn=how.logs_uvicorn):
        if (post := take_post()) is not None:
            with asyncio.Runner(loop_factory=loop_factory(how.loop)) as runner:
                runner.run(serve_as_worker(server, how, post))
            raise SystemExit(0)
        command = _this_program()
        _require_sharable(how)
        with contextlib.suppress(KeyboardInterrupt), asyncio.Runner() as runner:
            runner.run(_supervise(server, how, command))


async def _supervise(server: HttpServable, how: HttpRun, command: Sequence[str]) -> None:
    stateless = not _has_shared_sessions(server)
    app = create_run_app(server, how)
    if stateless and not _is_stateless(server, how):
        server.logger.warning(
            "%d workers without a session store serve every request by itself: "
            "FastMCP(session_store='redis://...') shares sessions between them, and "
            "stateless_http=True says that there are to be none",
            how.workers,
        )
    with contextlib.ExitStack() as opened:
        sockets = sockets_for(how, opened)
        assert sockets is not None
        if flag(how.app.get("metrics"), "metrics"):
            from ...metrics.shared_records import shared_by_workers

            opened.enter_context(shared_by_workers())
        terms = Terms([s.fileno() for s in sockets], secrets.token_bytes(32), stateless)
        supervisor = Supervisor(command, how.workers, terms)
        with serving(server, supervisor.stop) as service:
            service.kill = supervisor.kill
            supervisor.on_ready = lambda: announce(
                server, how, app.state.path, sockets, [f"{how.workers} workers"]
            )
            await supervisor.run()


class Supervisor:
    """Keeps `count` workers: one that dies is replaced, and SIGHUP replaces them one by one."""

    def __init__(self, command: Sequence[str], count: int, terms: Terms) -> None:
        self._command = command
        self._count = count
        self._terms = terms
        self._workers: set[Worker] = set()
        self._keepers: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()
        self._failure: Exception | None = None
        self._served = False
        self._renewal: asyncio.Task[None] | None = None
        self.on_ready: Any = lambda: None

    async def run(self) -> None:
        """Until `stop`, or until no worker could serve at all.

        Raises:
            RuntimeError: it ended by itself.
        """
        with self._hanging_up():
            for _ in range(self._count):
                self._keep()
            try:
                while self._keepers:
                    await asyncio.wait(self._keepers)
            except asyncio.CancelledError:
                self.stop()
                while self._keepers:
                    await asyncio.wait(self._keepers)
                raise
        if self._failure is None and not self._ending.is_set():
            self._failure = RuntimeError("No worker is left, and none is being started")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End all workers in order."""
        self._ending.set()
        if self._renewal is not None:
            self._renewal.cancel()
        for worker in self._workers:
            worker.retire()

    def kill(self) -> None:
        """End all workers at once."""
        for worker in list(self._workers):
            worker.kill()

    def _keep(self, worker: Worker | None = None) -> None:
        task = asyncio.get_running_loop().create_task(self._kept(worker))
        self._keepers.add(task)
        task.add_done_callback(self._keepers.discard)

    async def _kept(self, worker: Worker | None) -> None:
        """Have a worker, and after it another one, until one is retired."""
        pause = 0.0
        while not self._ending.is_set():
            try:
                worker = worker or await self._start()
            except OSError as error:  # the system has no room for it now
                served, trouble = False, f"A worker could not be started ({error})"
            else:
                code = await worker.ended()
                self._workers.discard(worker)
                served, trouble = worker.was_ready, _end_of(worker, code)
                if worker.retired or (worker.on_trial and not served) or self._ending.is_set():
                    return
            worker = None
            if served:
                pause = 0.0
                logger.warning("%s; starting another", trouble)
            elif not self._served:
                self._fail(trouble)
            else:
                pause = min(max(FIRST_PAUSE, 2 * pause), LONGEST_PAUSE)
                logger.error("%s; the next one starts in %g s", trouble, pause)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), pause)

    def _fail(self, trouble: str) -> None:
        if self._failure is None:
            text = f"No worker could be started: {trouble}; what it said stands above"
            self._failure = RuntimeError(text)
        self.stop()

    async def _start(self) -> Worker:
        worker = await Worker.start(self._command, self._terms)
        worker.on_ready, worker.on_stop = self._ready, self.stop
        self._workers.add(worker)
        if self._ending.is_set():
            worker.retire()
        return worker

    def _ready(self) -> None:
        if not self._served:
            self._served = True
            self.on_ready()

    async def _renew(self) -> None:
        """Replace the workers one by one, each when its successor is ready."""
        for worker in list(self._workers):
            try:
                successor = await self._start()
            except OSError as error:
                logger.error("No new worker could be started (%s); the others are kept", error)
                return
            successor.on_trial = True
            self._keep(successor)
            await successor.settled.wait()
            if not successor.was_ready:
                logger.error("The new worker could not serve; the others are kept")
                return
            successor.on_trial = False
            # One that has ended meanwhile has another successor already.
            replaced = worker if worker in self._workers else successor
            replaced.retire()
        logger.info("All workers were replaced")

    @contextlib.contextmanager
    def _hanging_up(self) -> Any:
        """SIGHUP replaces the workers, unless it is the terminal that hangs up."""
        loop = asyncio.get_running_loop()
        if not hasattr(signal, "SIGHUP") or (sys.stdin is not None and sys.stdin.isatty()):
            yield
            return

        def renew() -> None:
            if self._renewal is None or self._renewal.done():
                self._renewal = loop.create_task(self._renew())

        try:
            loop.add_signal_handler(signal.SIGHUP, renew)
        except (RuntimeError, ValueError):
            yield  # not in the main thread
            return
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)


class Worker:
    """One worker, as the supervisor sees it."""

    def __init__(self, process: Process, line: socket.socket) -> None:
        self._process = process
        self._line = line
        self.pid: int = process.pid
        self.retired: bool = False
        self.on_trial = False
        self.was_ready: bool = False
        self.settled: asyncio.Event = asyncio.Event()
        self.on_ready: Any = None
        self.on_stop: Any = None

    @classmethod
    async def start(cls, command: Sequence[str], terms: Terms) -> Worker:
        """Start one, in a process group of its own: a terminal's CTRL+C is ours to pass on."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                ours.sendall(json.encode(terms) + b"\n")
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=DEVNULL,
                    pass_fds=(theirs.fileno(), *terms.sockets),
                    process_group=0,
                    env={**os.environ, VARIABLE: name_of(theirs)},
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        return cls(process, ours)

    async def ended(self) -> int:
        """Wait for its end, and hear meanwhile what it says; the exit code."""
        hearing = asyncio.get_running_loop().create_task(self._hear())
        try:
            return await self._process.wait()
        finally:
            # A child that it forked may still have its end of the line.
            await asyncio.wait([hearing], timeout=LAST_WORDS)
            hearing.cancel()
            self.settled.set()

    async def _hear(self) -> None:
        reader, writer = await asyncio.open_connection(sock=self._line)
        try:
            while word := await reader.readline():
                if word == READY:
                    self.was_ready = True
                    self.settled.set()
                    self.on_ready()
                elif word == STOP:
                    self.on_stop()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def retire(self) -> None:
        """Have it end in order; nobody replaces it."""
        self.retired = True
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.retired = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def _this_program() -> list[str]:
    """The command that starts this program again."""
    if os.name != "posix":
        raise ConfigurationError(
            "workers= needs a POSIX system; on Windows start the program several times, each on a "
            "port of its own, behind a proxy"
        )
    arguments = sys.orig_argv[1:]
    multiprocessing = sys.modules.get("multiprocessing.process")
    child = multiprocessing is not None and multiprocessing.parent_process() is not None
    if threading.current_thread() is not threading.main_thread():
        raise ConfigurationError(
            "workers= starts this program again for each worker, so it belongs in the main thread"
        )
    if not arguments or arguments[-1] == "-" or hasattr(sys, "ps1") or child:
        raise ConfigurationError(
            "workers= starts this program again for each worker, so it has to be one: a file, a "
            "module or a command, not an interactive session or a child of another program"
        )
    return [sys.executable, *arguments]


def _require_sharable(how: HttpRun) -> None:
    if how.transport == "sse":
        raise ConfigurationError(
            "HTTP+SSE keeps a client at the process that has its stream, so it takes one worker; "
            "use transport='http'"
        )
    if how.uvicorn.get("uds") is not None or how.uvicorn.get("fd") is not None:
        raise ConfigurationError(
            "workers= shares the sockets of host= and port=, or those of sockets=, not uds= or fd="
        )


def _has_shared_sessions(server: HttpServable) -> bool:
    from ...backplane.encrypted import EncryptedBackplane
    from ...backplane.memory import MemoryBackplane

    if server._parts.cluster is None:
        return False
    backplane = server._parts.cluster.backplane
    while isinstance(backplane, EncryptedBackplane):
        backplane = backplane.inner
    return not isinstance(backplane, MemoryBackplane)


def _is_stateless(server: HttpServable, how: HttpRun) -> bool:
    said = (how.app.get("stateless_http"), server._parts.http_defaults.stateless_http)
    return Settings.stateless_http.chosen(*said)


def _end_of(worker: Worker, code: int) -> str:
    reason = f"signal {-code}" if code < 0 else f"exit code {code}"
    early = "" if worker.was_ready else " before it could serve"
    return f"Worker {worker.pid} ended ({reason}){early}"
