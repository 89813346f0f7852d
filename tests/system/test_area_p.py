"""Area P: background tasks, row by row, with real processes."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from processes import SECONDS
from redis_server import RedisServer, redis_server
from settled import wait_until
from task_processes import NO_WORKER, lines, shop, tasks_command, worker, write_shop

from fastmcp import Client, FastMCP


@pytest.fixture
def redis(tmp_path: Path) -> Generator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture(params=["redis", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of tasks that outlive their process."""
    if request.param == "redis":
        return request.getfixturevalue("redis").url
    return f"sqlite:///{tmp_path}/tasks.db"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_s246_a_call_becomes_a_task_which_works_and_is_completed(mode: Any) -> None:
    """Its handle comes at once, its status can be asked for, and then its result."""
    mcp = FastMCP("Shop", tasks=True)
    may_end = asyncio.Event()

    @mcp.tool
    async def add(a: int, b: int) -> int:
        await may_end.wait()
        return a + b

    async with Client(mcp, mode=mode, timeout=SECONDS) as client:
        task = await client.call_tool("add", {"a": 1, "b": 2}, task=True)
        polled = await task.status()
        may_end.set()
        result = await task.result()
        ended = await task.status()

    assert polled.status == "working"
    assert result.data == 3
    assert ended.status == "completed"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_s246_a_task_can_be_cancelled(mode: Any) -> None:
    """Its function is interrupted."""
    mcp = FastMCP("Shop", tasks=True)
    begun, interrupted = asyncio.Event(), asyncio.Event()

    @mcp.tool
    async def hang() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            interrupted.set()

    async with asyncio.timeout(SECONDS), Client(mcp, mode=mode) as client:
        task = await client.call_tool("hang", task=True)
        await begun.wait()
        await task.cancel()
        await interrupted.wait()
        status = await task.status()

    assert status.status == "cancelled"


@pytest.mark.parametrize("variables", [{}, {"FASTMCP_DOCKET_URL": "memory://"}], ids=str)
def test_s247_a_worker_in_another_process_cannot_have_what_is_in_memory(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """It says so, and what to do, and exits with 1; memory is the default."""
    run = tasks_command("worker", write_shop(tmp_path), **variables)

    assert (run.returncode, run.stdout) == (1, "")
    assert "memory://" in run.stderr
    assert "FASTMCP_DOCKET_URL=redis://" in run.stderr
    assert "Traceback" not in run.stderr


def test_s247_memory_needs_no_service(tmp_path: Path, log: Path) -> None:
    """The server runs its tasks itself."""
    with shop(write_shop(tmp_path), log) as server:
        assert server.value(server.submit("add", a=1, b=2)) == 3


def test_s248_the_tasks_of_a_server_are_spread_over_workers(
    redis: RedisServer, tmp_path: Path, log: Path
) -> None:
    """Two tasks that wait for each other end, on two workers with room for one each."""
    program, url, met = write_shop(tmp_path), {"FASTMCP_DOCKET_URL": redis.url}, tmp_path / "met"

    with (
        shop(program, log, **url, **NO_WORKER) as server,
        worker(tmp_path / "1.log", program, "--concurrency", "1", **url) as first,
        worker(tmp_path / "2.log", program, "--concurrency", "1", **url) as second,
    ):
        ids = [server.submit("meet", path=str(met)) for _ in range(2)]
        by = {server.value(id) for id in ids}

    assert by == {first.process.pid, second.process.pid}


def test_s248_redis_keeps_tasks_while_nobody_runs(
    redis: RedisServer, tmp_path: Path, log: Path
) -> None:
    """Neither server nor worker: both are started anew."""
    program, url = write_shop(tmp_path), {"FASTMCP_DOCKET_URL": redis.url}
    with shop(program, log, **url, **NO_WORKER) as server:
        id = server.submit("add", a=1, b=2)
        assert server.server.stop() == 0

    with worker(tmp_path / "1.log", program, **url), shop(program, log, **url) as server:
        assert server.value(id) == 3


def test_s249_sqlite_keeps_a_task_whose_server_was_killed(tmp_path: Path, log: Path) -> None:
    """A worker that is started then does it."""
    program = write_shop(tmp_path)
    url = {"FASTMCP_DOCKET_URL": f"sqlite:///{tmp_path}/tasks.db"}
    with shop(program, log, **url, **NO_WORKER) as server:
        id = server.submit("add", a=1, b=2)
        server.server.stop(signal.SIGKILL)

    with worker(tmp_path / "1.log", program, **url) as by:
        wait_until(lambda: "completed" in tasks_command("show", id, program, **url).stdout)
        with shop(program, log, **url, **NO_WORKER) as server:
            assert server.value(id) == 3
    assert by.process.returncode is not None


def test_s250_a_worker_finds_its_server_and_does_what_waits(
    place: str, tmp_path: Path, log: Path
) -> None:
    """server.py of the directory that it is started in; it says what it works for."""
    program, url = write_shop(tmp_path), {"FASTMCP_DOCKET_URL": place}

    with shop(program, log, **url, **NO_WORKER) as server:
        id = server.submit("add", a=1, b=2)
        with worker(tmp_path / "1.log", cwd=tmp_path, **url) as found:
            assert server.value(id) == 3
            assert f"tasks of fastmcp:Shop from {place}, 10 at once, as " in found.output
            assert found.stop(signal.SIGINT) == 0


def test_s250_a_worker_finds_its_server_in_fastmcp_json(tmp_path: Path) -> None:
    """Its `source` goes before server.py."""
    (tmp_path / "shop").mkdir()
    write_shop(tmp_path / "shop", "program.py")
    (tmp_path / "server.py").write_text("raise RuntimeError('not this one')", "utf-8")
    source = {"path": "shop/program.py", "entrypoint": "mcp"}
    (tmp_path / "fastmcp.json").write_text(json.dumps({"source": source}), "utf-8")
    url = f"sqlite:///{tmp_path}/tasks.db"

    with worker(tmp_path / "1.log", cwd=tmp_path, FASTMCP_DOCKET_URL=url) as found:
        assert "tasks of fastmcp:Shop" in found.output


def test_s251_each_task_is_run_once_by_one_of_several_workers(
    place: str, tmp_path: Path, log: Path
) -> None:
    """20 tasks, 2 workers, 20 executions."""
    program, url, path = write_shop(tmp_path), {"FASTMCP_DOCKET_URL": place}, tmp_path / "done"

    with (
        shop(program, log, **url, **NO_WORKER) as server,
        worker(tmp_path / "1.log", program, "--concurrency", "2", **url),
        worker(tmp_path / "2.log", program, "--concurrency", "2", **url),
    ):
        ids = [server.submit("note", path=str(path), text=str(number)) for number in range(20)]
        for id in ids:
            server.wait_for(id, "completed")

    assert sorted(map(int, lines(path))) == list(range(20))


def test_s252_what_the_constructor_says_goes_before_the_environment(
    tmp_path: Path, log: Path
) -> None:
    """FASTMCP_DOCKET_URL=memory://, docket="sqlite:///...": they are in the file."""
    url = f"sqlite:///{tmp_path}/tasks.db"
    program, memory = write_shop(tmp_path, docket=url), {"FASTMCP_DOCKET_URL": "memory://"}

    with shop(program, log, **memory, **NO_WORKER) as server:
        id = server.submit("add", a=1, b=2)
        with worker(tmp_path / "1.log", program, **memory) as found:
            assert server.value(id) == 3
            assert f"from {url}," in found.output
    assert (tmp_path / "tasks.db").is_file()


def test_s253_with_a_concurrency_of_one_tasks_run_one_after_the_other(
    place: str, tmp_path: Path, log: Path
) -> None:
    """FASTMCP_DOCKET_CONCURRENCY of the worker."""
    program, url = write_shop(tmp_path), {"FASTMCP_DOCKET_URL": place}
    path, go = tmp_path / "done", tmp_path / "done.go"

    with (
        shop(program, log, **url, **NO_WORKER) as server,
        worker(tmp_path / "1.log", program, FASTMCP_DOCKET_CONCURRENCY="1", **url),
    ):
        ids = [server.submit("hang", path=str(path)) for _ in range(3)]
        wait_until(lambda: lines(path))
        go.touch()
        for id in ids:
            server.wait_for(id, "completed")

    assert lines(path) == ["begun", "ended"] * 3


def test_s253_the_queue_and_the_worker_have_the_names_that_are_set(
    tmp_path: Path, log: Path
) -> None:
    """FASTMCP_DOCKET_NAME is part of the name of the queue, so that others have no part in it."""
    program, url = write_shop(tmp_path), {"FASTMCP_DOCKET_URL": f"sqlite:///{tmp_path}/tasks.db"}
    named = {**url, "FASTMCP_DOCKET_NAME": "market"}

    with (
        shop(program, log, **named, **NO_WORKER) as server,
        worker(tmp_path / "1.log", program, FASTMCP_DOCKET_WORKER_NAME="one", **named) as found,
        worker(tmp_path / "2.log", program, FASTMCP_DOCKET_WORKER_NAME="two", **url),
    ):
        id = server.submit("add", a=1, b=2)
        assert server.value(id) == 3
        assert f"tasks of market:Shop from {url['FASTMCP_DOCKET_URL']}, 10 at once, as one" in (
            found.output
        )
        shown = json.loads(tasks_command("show", "--json", id, program, **named).stdout)
        elsewhere = tasks_command("show", id, program, **url)
    assert shown["worker"] == "one"
    assert (elsewhere.returncode, elsewhere.stdout) == (1, "")


def test_s253_what_a_worker_leaves_is_delivered_again_after_the_time_that_is_set(
    place: str, tmp_path: Path, log: Path
) -> None:
    """FASTMCP_DOCKET_REDELIVERY_TIMEOUT, when it was killed."""
    program, path = write_shop(tmp_path), tmp_path / "done"
    url = {"FASTMCP_DOCKET_URL": place, "FASTMCP_DOCKET_REDELIVERY_TIMEOUT": "1"}

    with shop(program, log, **url, **NO_WORKER) as server:
        with worker(tmp_path / "1.log", program, **url) as first:
            id = server.submit("hang", path=str(path))
            wait_until(lambda: lines(path))
            assert first.stop(signal.SIGKILL) == -signal.SIGKILL
        (tmp_path / "done.go").touch()
        with worker(tmp_path / "2.log", program, **url):
            server.wait_for(id, "completed")

    assert lines(path) == ["begun", "begun", "ended"]


def test_s253_a_worker_that_has_lost_redis_tries_again_after_the_time_that_is_set(
    tmp_path: Path, log: Path
) -> None:
    """FASTMCP_DOCKET_RECONNECTION_DELAY, until it is back. So does the server: who calls it before
    is told to try again.
    """
    program = write_shop(tmp_path)

    with redis_server(tmp_path) as redis:
        url = {"FASTMCP_DOCKET_URL": redis.url, "FASTMCP_DOCKET_RECONNECTION_DELAY": "0.2"}
        port = int(redis.url.rpartition(":")[2])
        with (
            worker(tmp_path / "1.log", program, **url) as found,
            shop(program, log, **url, **NO_WORKER) as server,
        ):
            assert server.value(server.submit("add", a=1, b=2)) == 3
            redis.process.kill()
            redis.process.wait()
            with redis_server(tmp_path, port=port):
                wish = {"name": "add", "arguments": {"a": 2, "b": 2}, "task": {}}
                wait_until(lambda: "task" in server.ask("tools/call", **wish))
                assert server.value(server.submit("add", a=2, b=2)) == 4
            assert found.process.poll() is None
