"""What is disturbed: workers behind nginx, and the Redis that they share, as processes."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import redis

# The tests start the same programs.
sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from nginx_server import NginxServer, nginx_server
from peers.environments import python_packages
from process import SERVERS, BenchError, environment
from processes import free_port
from redis_server import RedisServer, redis_server

ENDING = 20.0
"""Seconds in which a worker that is told to end has to."""
STARTING = 60.0


def official_python() -> str:
    """A Python with the official SDK, which is installed on first use."""
    return python_packages("mcp1", "mcp==1.30.0")


class Worker:
    """One process of the server, which is started again on the same port."""

    def __init__(self, number: int, folder: Path, env: dict[str, str]) -> None:
        self.number = number
        self.port = free_port()
        self.log = folder / f"worker{number}.log"
        self._command = [sys.executable, SERVERS / "chaos_app.py", str(self.port)]
        self._command.append(str(folder / "journal"))
        self._env = env
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return self.process

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        self.process.kill()
        self.process.wait()

    async def terminate(self) -> str | None:
        """As whoever deploys does; what was wrong with its end."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.to_thread(self.process.wait, ENDING)
        except subprocess.TimeoutExpired:
            self.kill()
            return f"worker {self.number} did not end within {ENDING:g} s of SIGTERM"
        return None if code == 0 else f"worker {self.number} ended with {code} after SIGTERM"

    def misses_redis(self) -> bool:
        """Whether the last thing that it said is that: a server with tasks there ends then."""
        return "StoreUnavailable: Redis" in self.log.read_text("utf-8", "replace")[-400:]

    async def debug(self) -> dict[str, Any]:
        """Its vital signs, asked for past nginx."""
        async with httpx2.AsyncClient(timeout=10) as http:
            return (await http.get(f"http://127.0.0.1:{self.port}/debug")).json()

    async def ready(self) -> bool:
        try:
            await self.debug()
        except (httpx2.HTTPError, OSError):
            return False
        return True


class Site:
    """Redis, workers and nginx; the first worker is never told to end."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        self.journal = folder / "journal"
        self._stack = ExitStack()
        self._number = workers
        self._redis_port = free_port()
        self._redis: RedisServer
        self.workers: list[Worker] = []
        self.nginx: NginxServer

    async def __aenter__(self) -> Site:
        self.journal.touch()
        await asyncio.to_thread(self._start_redis)
        url = self.redis_url
        env = environment() | {
            "FASTMCP_SESSION_STORE": url,
            "FASTMCP_DOCKET_URL": url,
            "FASTMCP_DOCKET_REDELIVERY_TIMEOUT": "5",
            "FASTMCP_DOCKET_RECONNECTION_DELAY": "0.5",
            "PYTHONUNBUFFERED": "1",
        }
        self.workers = [Worker(number, self.folder, env) for number in range(self._number)]
        ports = [worker.port for worker in self.workers]
        self.nginx = self._stack.enter_context(nginx_server(self.folder, ports))
        await self.all_ready()
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()
        self._stack.close()

    async def all_ready(self) -> None:
        """Wait until every worker answers."""
        async with asyncio.timeout(STARTING):
            for worker in self.workers:
                while not await worker.ready():
                    if worker.process.poll() is not None:
                        raise BenchError(f"a worker ended: {worker.log.read_text()[-2000:]}")
                    await asyncio.sleep(0.1)

    # Redis

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self._redis_port}"

    @property
    def redis_process(self) -> subprocess.Popen[bytes]:
        return self._redis.process

    def redis(self) -> redis.Redis:
        """A client of it."""
        return redis.Redis.from_url(self.redis_url)

    def _start_redis(self) -> None:
        folder = self.folder / "redis"
        folder.mkdir(exist_ok=True)
        running = redis_server(folder, port=self._redis_port, durable=True)
        self._redis = self._stack.enter_context(running)

    async def restart_redis(self, pause: float, *, empty: bool) -> None:
        """Kill it and start it again after a pause, with what it had written or without."""
        self._redis.process.kill()
        self._redis.process.wait()
        if empty:
            shutil.rmtree(self.folder / "redis" / "appendonlydir", ignore_errors=True)
        await asyncio.sleep(pause)
        await asyncio.to_thread(self._start_redis)
