"""stdio: calls through a raw pipe, one at a time or many in flight, and the cold start."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import messages
from process import BenchError, Program, environment, running

FIRST_ID = 1_000_000_000
WINDOW = 32


class Pipe:
    """The client's end of a stdio server."""

    def __init__(self, program: Program) -> None:
        self._program = program
        line = messages.encode(messages.call("handshake", FIRST_ID, "add", messages.ARGUMENTS))
        self._before, self._after = (line + b"\n").split(b"%d" % FIRST_ID)
        self._next_id = FIRST_ID

    def initialize(self) -> None:
        """Shake hands and check the answer of one call."""
        self._program.write(messages.encode(messages.initialize()) + b"\n")
        self._program.read_line()
        self._program.write(messages.encode(messages.initialized()) + b"\n")
        self.check()

    def check(self) -> None:
        self._send(1)
        try:
            messages.check_answer([json.loads(self._program.read_line())])
        except ValueError as error:
            raise BenchError(str(error)) from error

    def call(self, calls: int) -> None:
        """Make so many calls, one at a time."""
        for _ in range(calls):
            self._send(1)
            self._receive()

    def burst(self, seconds: float, window: int) -> tuple[int, float, float | None]:
        """Keep `window` calls in flight; return calls, seconds and the server's CPU seconds."""
        cpu_begin = self._program.cpu_seconds()
        begin = time.perf_counter()
        deadline = begin + seconds
        self._send(window)
        pending, done = window, 0
        while pending:
            arrived = self._receive()
            done += arrived
            pending -= arrived
            if time.perf_counter() < deadline:
                self._send(arrived)
                pending += arrived
        elapsed = time.perf_counter() - begin
        cpu_end = self._program.cpu_seconds()
        cpu = cpu_end - cpu_begin if cpu_end is not None and cpu_begin is not None else None
        return done, elapsed, cpu

    def progress(self, steps: int) -> tuple[int, float, float | None]:
        """One call that reports progress; return notifications, seconds and CPU seconds."""
        id, self._next_id = self._next_id, self._next_id + 1
        call = messages.call("handshake", id, "count", {"steps": steps}, progress=True)
        cpu_begin, begin = self._program.cpu_seconds(), time.perf_counter()
        self._program.write(messages.encode(call) + b"\n")
        told, answered = 0, False
        while not answered:
            for line in self._program.read_lines():
                if b'"notifications/progress"' in line:
                    told += 1
                elif messages.is_good(line):
                    answered = True
                else:
                    raise BenchError(f"the call failed: {line[:200]!r}")
        elapsed, cpu_end = time.perf_counter() - begin, self._program.cpu_seconds()
        if told != steps:
            raise BenchError(f"{told} of {steps} notifications came")
        cpu = cpu_end - cpu_begin if cpu_end is not None and cpu_begin is not None else None
        return told, elapsed, cpu

    def _send(self, calls: int) -> None:
        ids = range(self._next_id, self._next_id + calls)
        self._next_id += calls
        self._program.write(b"".join(b"%b%d%b" % (self._before, i, self._after) for i in ids))

    def _receive(self) -> int:
        lines = self._program.read_lines()
        for line in lines:
            if not messages.is_good(line):
                raise BenchError(f"a call failed: {line[:200]!r}")
        return len(lines)


def time_to_initialized(interpreter: Path, app: Path) -> float:
    """Seconds from the start of a stdio server to its answer to initialize."""
    begin = time.perf_counter()
    with running(interpreter, app, "stdio") as program:
        program.write(messages.encode(messages.initialize()) + b"\n")
        answer = json.loads(program.read_line())
        elapsed = time.perf_counter() - begin
    if "result" not in answer:
        raise BenchError(f"initialize failed: {answer}")
    return elapsed


def time_to_run(python: Path, code: str) -> float:
    """Seconds that `python -c code` takes."""
    begin = time.perf_counter()
    subprocess.run([str(python), "-c", code], check=True, env=environment())
    return time.perf_counter() - begin
