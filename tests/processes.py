"""Servers in processes of their own: started, spoken to, signalled, and ended with their block."""

from __future__ import annotations

import fcntl
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SECONDS = 20
"""How long anything here is waited for."""

FIRST_PORT, LAST_PORT = 10_000, 32_000
PORTS = Path(tempfile.gettempdir(), f"fastmcp-tests-{os.getuid()}.port")
"""The port that was given last, by any process that runs tests on this machine."""


def free_port() -> int:
    """A loopback port that nothing listens on, and that no test beside this one is given.

    It is below those that the system gives to whoever asks for any.
    """
    with PORTS.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        last = int(file.read() or FIRST_PORT)
        port = next(filter(_is_free, range(last + 1, LAST_PORT)), None)
        port = port or next(filter(_is_free, range(FIRST_PORT, last)))
        file.truncate(0)
        file.write(str(port))
    return port


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, without what would configure a server, and with `extra`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FASTMCP_")}
    return {**ours, **(extra or {})}


def run_python(
    *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run this interpreter to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )


class StdioServer:
    """A server whose standard input and output are ours, line by line."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.raw: list[bytes] = []
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._errors = bytearray()
        self._threads = [
            threading.Thread(target=self._read_output),
            threading.Thread(target=self._read_errors),
        ]
        for thread in self._threads:
            thread.start()

    def _read_output(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.raw.append(line)
            self._lines.put(line)
        self._lines.put(b"")

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        while chunk := self.process.stderr.read1():
            self._errors += chunk

    @property
    def errors(self) -> str:
        """What it wrote to standard error so far; all of it once it has ended."""
        return bytes(self._errors).decode()

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, *messages: Any) -> None:
        """Write messages, each on a line, in one piece."""
        self.write(b"".join(json.dumps(m).encode() + b"\n" for m in messages))

    def receive(self) -> Any:
        """The next message; fails on anything that is not JSON, and when none comes."""
        line = self._lines.get(timeout=SECONDS)
        assert line, f"the server ended\n{self.errors}"
        return json.loads(line)

    def ask(self, message: Any) -> Any:
        """Send a request and take the next message for its answer."""
        self.send(message)
        return self.receive()

    def close(self) -> None:
        """End its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        code = self.process.wait(SECONDS)
        for thread in self._threads:
            thread.join(SECONDS)
        return code

    def finish(self) -> int:
        """End its input and wait for its end; the exit code."""
        self.close()
        return self.wait()


@contextmanager
def stdio_server(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None
) -> Generator[StdioServer]:
    """Run a command of this interpreter's as a stdio server."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        server = StdioServer(process)
        try:
            yield server
        finally:
            _kill(process)
            server.wait()
            with suppress(BrokenPipeError):
                server.close()


class HttpServer:
    """A server that listens at `url`; its output goes to the file `log`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}/mcp"
        self.log = log

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text("utf-8")

    def wait_for(self, text: str) -> None:
        """Wait until it has printed that."""
        deadline = time.monotonic() + SECONDS
        while text not in self.output:
            assert time.monotonic() < deadline, self.output
            time.sleep(0.01)

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait for its end; the exit code."""
        self.process.send_signal(number)
        return self.wait()


@contextmanager
def http_server(
    command: Sequence[str | Path],
    log: Path,
    *,
    port: int | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> Generator[HttpServer]:
    """Run a command of this interpreter's that listens on the port in the variable PORT."""
    port = free_port() if port is None else port
    env = environment({"PORT": str(port), "PYTHONUNBUFFERED": "1", **(env or {})})
    with listening([sys.executable, *command], log, port, stdin=stdin, env=env) as server:
        yield server


@contextmanager
def listening(
    command: Sequence[str | Path], log: Path, port: int, *, stdin: bytes = b"", **options: Any
) -> Generator[HttpServer]:
    """Run any program that listens on `port`; the options are those of `Popen`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **options,
        )
    with process:
        try:
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.close()
            server = HttpServer(process, port, log)
            _wait_until_listening(server)
            yield server
        finally:
            _kill(process)


def _wait_until_listening(server: HttpServer) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
            return
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(timeout=0.02)
            raise AssertionError(
                f"the server ended with {server.process.returncode}\n{server.output}"
            )
    raise AssertionError(f"the server does not listen\n{server.output}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
