"""Run programs that are not ours: bounded in time, killed at the end, their output kept."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAM_SECONDS = 60
START_SECONDS = 30


class ProgramError(AssertionError):
    """A program ended with an unexpected exit code, or too late; the message has its output."""


@dataclass(frozen=True)
class HttpServer:
    """A running server: where it answers, and the file that its output goes to."""

    url: str
    log: Path


def output_of(command: list[str], *, home: Path, exit_code: int = 0) -> str:
    """Run `command` with `home` as its home and working directory; return its standard output."""
    process = subprocess.Popen(
        command,
        cwd=home,
        env={**os.environ, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=PROGRAM_SECONDS)
        outcome = f"ended with {process.returncode} instead of {exit_code}"
    except subprocess.TimeoutExpired:
        _kill(process)
        stdout, stderr = process.communicate()
        outcome = f"did not end within {PROGRAM_SECONDS} s"
    finally:
        _kill(process)
    if process.returncode != exit_code:
        raise ProgramError(f"{command}\n{outcome}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    return stdout


@contextmanager
def serving(command: list[str], port: int, log: Path) -> Generator[HttpServer]:
    """Run the HTTP server `command`, which listens on `port`, for the duration of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_listening(process, port, log)
        yield HttpServer(f"http://127.0.0.1:{port}/mcp", log)
    finally:
        _kill(process)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
            raise ProgramError(f"{process.args} ended with {process.returncode}\n{log.read_text()}")
    raise ProgramError(f"{process.args} does not listen on {port}\n{log.read_text()}")


def _kill(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
