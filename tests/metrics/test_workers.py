"""Several workers: whichever is asked tells what all of them counted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apps import Mcp, call, http, request
from left_behind import alive
from processes import HttpServer, free_port, http_server, listening
from settled import wait_until

from fastmcp import FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.metrics.record import Record, encode_record
from fastmcp.server.metrics.shared_records import SharedRecords

from .scraping import scrape

SERVER = """
    import os, threading
    from fastmcp import FastMCP
    from prometheus_client import Counter

    mcp = FastMCP("several")
    sold = Counter("sold", "Things that were sold")

    @mcp.tool
    async def pid() -> int:
        sold.inc()
        return os.getpid()

    app = mcp.http_app(metrics=True, stateless_http=True)

    if __name__ == "__main__":
        mcp.run_http(port=int(os.environ["PORT"]), workers=2, metrics=True, show_banner=False)
"""
Script = Callable[..., Path]


def base_of(server: HttpServer) -> str:
    return server.url.removesuffix("/mcp")


def call_once(server: HttpServer) -> int:
    """Call over a connection of its own; the process that answered."""
    with Mcp(base_of(server)) as client:
        answer = client.modern(call("pid")).json()
        return int(answer["result"]["content"][0]["text"])


def counted(server: HttpServer) -> float:
    return scrape(base_of(server))("fastmcp_requests_total", component="pid", outcome="ok")


@pytest.fixture(params=["by itself", "told", "uvicorn"])
def server(
    request: pytest.FixtureRequest, script: Script, log: Path, tmp_path: Path
) -> Iterator[HttpServer]:
    """Two workers: ours, ours that share a directory which the program was told, and uvicorn's."""
    path = script(SERVER, "several.py")
    shared = tmp_path / "shared"
    shared.mkdir()
    own = {"TMPDIR": str(shared)}
    told = own if request.param == "by itself" else {"PROMETHEUS_MULTIPROC_DIR": str(shared)}
    if request.param != "uvicorn":
        with http_server([path], log, env=told) as server:
            yield server
        return
    port = free_port()
    command = ["-m", "uvicorn", "several:app", "--workers", "2", "--port", str(port)]
    env = {**os.environ, **told}
    with listening([sys.executable, *command], log, port, env=env, cwd=tmp_path) as server:
        wait_until(lambda: server.output.count("Application startup complete") == 2)
        yield server


def test_any_worker_tells_the_sum(server: HttpServer) -> None:
    """Of what the server counts, and of what the program counts by itself."""
    answered: list[int] = []
    while len(set(answered)) < 2:
        answered.append(call_once(server))
        assert len(answered) < 200
    wait_until(lambda: counted(server) == len(answered))

    seen = {counted(server) for _ in range(10)}
    samples = scrape(base_of(server))
    assert seen == {len(answered)}
    assert samples("sold_total") == len(answered)
    assert samples("fastmcp_worker_threads_limit") == 2 * 256


def test_what_a_worker_counted_stays_when_it_is_killed(server: HttpServer) -> None:
    """A sum that shrinks would look like a restart of all; what it had open is gone with it."""
    calls = 0
    victim = call_once(server)
    calls += 1
    wait_until(lambda: counted(server) == calls)

    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: not alive(victim))
    while call_once(server) == victim:
        pass
    calls += 1
    wait_until(lambda: counted(server) >= calls)

    limit = "fastmcp_worker_threads_limit"
    wait_until(lambda: scrape(base_of(server))(limit) == 2 * 256)
    assert counted(server) >= calls


def test_what_workers_shared_is_gone_when_they_are(
    script: Script, log: Path, tmp_path: Path
) -> None:
    """They leave no directory."""
    folder = tmp_path / "own"
    folder.mkdir()
    with http_server([script(SERVER)], log, env={"TMPDIR": str(folder)}) as server:
        call_once(server)
        wait_until(lambda: counted(server) == 1)
        assert len(list(folder.iterdir())) == 1
        assert server.stop() == 0

    assert list(folder.iterdir()) == []


DYING = """
import sys
from pathlib import Path
from fastmcp.server.metrics.record import Now, Record, encode_record
from fastmcp.server.metrics.shared_records import SharedRecords

record = Record(requests={("ping", "", "ok"): 1}, now=Now(sessions=1))
for server in ("one", "other"):
    shared = SharedRecords(Path(sys.argv[1]), server, lambda: encode_record(record), print)
    shared.publish()
print(shared.total().now.sessions)
"""


def test_workers_that_have_ended_leave_numbers_and_no_files(tmp_path: Path) -> None:
    """However many there were; another server of the same directory has its own."""
    ended: list[int] = []
    for _ in range(3):
        run = subprocess.run(
            [sys.executable, "-c", DYING, tmp_path], capture_output=True, text=True, timeout=20
        )
        assert run.returncode == 0, run.stderr
        assert run.stdout.splitlines()[-1] == "1"

    mine = Record(requests={("ping", "", "ok"): 1})
    shared = SharedRecords(tmp_path, "one", lambda: encode_record(mine), ended.append)
    shared.publish()
    total = shared.total()

    assert total.requests == {("ping", "", "ok"): 4}
    assert total.now.sessions == 0
    assert len(ended) == 3
    assert len(list(tmp_path.glob("*.record"))) == 2
    assert shared.total().requests == total.requests


def test_a_directory_that_goes_away_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One, and the server goes on."""
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    mcp = FastMCP("left")
    app = mcp.http_app(metrics=True)
    shutil.rmtree(folder)
    with http(app) as server:
        wait_until(lambda: "Other workers do not learn" in caplog.text)

        assert server.modern(request("tools/list")).status_code == 200
    assert caplog.text.count("Other workers do not learn") == 1


def test_a_directory_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the application is made."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "none"))

    with pytest.raises(ConfigurationError, match=r"PROMETHEUS_MULTIPROC_DIR=.*is no directory"):
        FastMCP("x").http_app(metrics=True)
