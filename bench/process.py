"""Start, watch and stop the programs that are measured."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

BENCH = Path(__file__).resolve().parent
SERVERS = BENCH / "servers"
REPOSITORY = BENCH.parent
PATIENCE = 120.0
"""Seconds after which a program that should have answered counts as hung."""


class BenchError(Exception):
    """A measurement could not be made, or what was measured did not work."""


def environment() -> dict[str, str]:
    """Quiet children, and nothing inherited that changes what they import or how they write."""
    inherited = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    return inherited | {"FASTMCP_LOG_LEVEL": "WARNING"}


class Program:
    """A running child with unbuffered pipes; what it prints to stderr explains a failure."""

    def __init__(
        self, command: Sequence[str | Path], extra: Mapping[str, str] | None = None
    ) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        self._buffer = b""
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            env=environment() | dict(extra or {}),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self.pid = self._process.pid
        self._stdin = self._process.stdin.fileno()
        self._stdout = self._process.stdout.fileno()

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._stdin, data) :]

    def read_lines(self) -> list[bytes]:
        """Wait for at least one complete line; return all there are."""
        while True:
            if not select.select([self._stdout], [], [], PATIENCE)[0]:
                raise self.failure(f"silent for {PATIENCE:.0f} s")
            data = os.read(self._stdout, 2**18)
            if not data:
                raise self.failure("ended")
            *lines, self._buffer = (self._buffer + data).split(b"\n")
            if lines:
                return lines

    def read_line(self) -> bytes:
        """Wait for one line, where only one is to come."""
        lines = self.read_lines()
        if len(lines) != 1:
            raise self.failure(f"printed {len(lines)} lines where one was due: {lines[:3]}")
        return lines[0]

    def failure(self, what: str) -> BenchError:
        self._errors.seek(0)
        tail = self._errors.read().decode(errors="replace").strip().splitlines()[-3:]
        return BenchError(f"{what}: " + (" | ".join(tail) or "nothing on stderr"))

    def cpu_seconds(self) -> float | None:
        return cpu_seconds(self.pid)

    def stop(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


@contextmanager
def running(*command: str | Path, extra: Mapping[str, str] | None = None) -> Generator[Program]:
    """A program, with `extra` variables in its environment."""
    program = Program(command, extra)
    try:
        yield program
    finally:
        program.stop()


@contextmanager
def http_server(
    *command: str | Path, extra: Mapping[str, str] | None = None
) -> Generator[tuple[Program, int]]:
    """A server that listens on a free port and prints the port on its first line.

    It listens before it prints, so whoever connects next waits in the accept queue: nothing has
    to be polled.
    """
    with running(*command, extra=extra) as program:
        yield program, int(program.read_line())


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until_listening(port: int, name: str) -> None:
    """Wait until somebody accepts connections there, for programs that do not say so."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise BenchError(f"{name} does not listen") from None
            time.sleep(0.02)


def output_of(*command: str | Path) -> str:
    """Run to the end and return stdout."""
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, env=environment())
    if done.returncode:
        tail = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise BenchError(f"{Path(arguments[0]).name} failed ({done.returncode}): {tail}")
    return done.stdout


def cpu_seconds(pid: int) -> float | None:
    """CPU time used so far by a process; None where there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> float:
    """Peak resident memory of a process in MiB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError as error:
        raise BenchError("peak memory needs /proc") from error
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields["VmHWM"].split()[0]) / 1024


def log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
