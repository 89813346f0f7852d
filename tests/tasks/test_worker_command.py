"""`fastmcp tasks worker`, as a process: what it takes, how it ends, and what it says when it
cannot work.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest
from processes import free_port
from redis_server import redis_server
from settled import wait_until
from task_processes import NO_WORKER, lines, shop, tasks_command, worker, write_shop


@pytest.fixture(params=["redis", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    """Where the tasks are."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/tasks.db"
        return
    with redis_server(tmp_path) as server:
        yield server.url


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The URL of a file of tasks."""
    return f"sqlite:///{tmp_path}/tasks.db"


def test_a_worker_that_is_told_to_end_gives_back_what_it_runs(
    url: str, tmp_path: Path, log: Path
) -> None:
    """In order, with exit code 0, and at once: others do it, long before it is redelivered."""
    program, path, docket = write_shop(tmp_path), tmp_path / "done", {"FASTMCP_DOCKET_URL": url}

    with shop(program, log, **docket, **NO_WORKER) as server:
        with worker(tmp_path / "1.log", program, **docket) as first:
            id = server.submit("hang", path=str(path))
            wait_until(lambda: lines(path))
            assert first.stop() == 0
            assert first.output.splitlines()[-1] == "closed"
        assert lines(path) == ["begun", "ended"]
        assert server.status(id) == "working"
        (tmp_path / "done.go").touch()
        with worker(tmp_path / "2.log", program, **docket):
            server.wait_for(id, "completed")


def test_the_lifespan_of_the_server_is_around_the_work(file: str, tmp_path: Path) -> None:
    """Entered before anything runs, left at the end."""
    with worker(tmp_path / "1.log", write_shop(tmp_path), FASTMCP_DOCKET_URL=file) as found:
        assert found.stop() == 0

    opened, said, closed = found.output.splitlines()
    assert (opened, closed) == ("opened", "closed")
    assert said.startswith(f"Shop: tasks of fastmcp:Shop from {file}, 10 at once, as ")


def test_options_go_before_the_environment_and_the_constructor(tmp_path: Path) -> None:
    """Where, how many, and by which name."""
    program = write_shop(tmp_path, docket=f"sqlite:///{tmp_path}/constructor.db")
    variables = {
        "FASTMCP_DOCKET_URL": f"sqlite:///{tmp_path}/environment.db",
        "FASTMCP_DOCKET_CONCURRENCY": "3",
        "FASTMCP_DOCKET_WORKER_NAME": "environment",
    }
    options = ["--docket-url", f"sqlite:///{tmp_path}/option.db"]
    options += ["--concurrency", "2", "--name", "option"]

    with worker(tmp_path / "1.log", program, *options, **variables) as found:
        assert f"from sqlite:///{tmp_path}/option.db, 2 at once, as option" in found.output
    assert not (tmp_path / "constructor.db").exists()
    assert not (tmp_path / "environment.db").exists()


def test_what_it_says_is_json_where_the_log_is(file: str, tmp_path: Path) -> None:
    """Line by line, for whoever reads nothing else."""
    program = write_shop(tmp_path)
    program.write_text(program.read_text("utf-8").replace("lifespan=lifespan, ", ""), "utf-8")

    with worker(
        tmp_path / "1.log", program, FASTMCP_DOCKET_URL=file, FASTMCP_LOG_FORMAT="json"
    ) as found:
        assert found.stop() == 0

    [said] = map(json.loads, found.output.splitlines())
    assert "10 at once" in said["message"]


def test_a_worker_stops_what_is_cancelled_elsewhere(url: str, tmp_path: Path, log: Path) -> None:
    """By the command or by the client, in whichever process."""
    program, docket = write_shop(tmp_path), {"FASTMCP_DOCKET_URL": url}
    first, second = tmp_path / "first", tmp_path / "second"

    with (
        shop(program, log, **docket, **NO_WORKER) as server,
        worker(tmp_path / "1.log", program, **docket),
    ):
        by_command, by_client = (server.submit("hang", path=str(path)) for path in (first, second))
        wait_until(lambda: lines(first) and lines(second))
        tasks_command("cancel", by_command, program, **docket)
        wait_until(lambda: lines(first) == ["begun", "ended"])
        server.ask("tasks/cancel", taskId=by_client)
        wait_until(lambda: lines(second) == ["begun", "ended"])

        assert server.status(by_command) == server.status(by_client) == "cancelled"


def test_who_runs_a_task_is_known_while_it_runs(file: str, tmp_path: Path, log: Path) -> None:
    """And since when."""
    program, docket = write_shop(tmp_path), {"FASTMCP_DOCKET_URL": file}

    with (
        shop(program, log, **docket, **NO_WORKER) as server,
        worker(tmp_path / "1.log", program, "--name", "one", **docket),
    ):
        id = server.submit("meet", path=str(tmp_path / "met"))  # it reports no progress

        def shown() -> dict[str, str]:
            return json.loads(tasks_command("show", "--json", id, program, **docket).stdout)

        wait_until(lambda: shown()["worker"] == "one")
        known = shown()
    assert known["status"] == "working"
    assert known["created_at"] <= known["started_at"] <= known["updated_at"]


def refused(*arguments: str | Path, cwd: Path | None = None, **variables: str) -> str:
    """What it says when it exits with 1, without working."""
    run = tasks_command("worker", *arguments, cwd=cwd, **variables)
    assert (run.returncode, run.stdout) == (1, "opened\n" if "opened" in run.stdout else "")
    assert "Traceback" not in run.stderr
    return run.stderr


def test_redis_that_cannot_be_reached_is_the_reason_of_its_end(tmp_path: Path) -> None:
    """Without the password."""
    url = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    run = tasks_command("worker", write_shop(tmp_path), FASTMCP_DOCKET_URL=url)

    assert run.returncode == 1
    assert "fastmcp: Redis: Error 111 connecting to 127.0.0.1" in run.stderr
    assert "hunter2" not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--concurrency", "0"], "a concurrency of 0 runs no task"),
        (["--concurrency", "-1"], "--concurrency -1: it must be a number, 0 or more"),
        (["--docket-url", "ftp://host"], "docket= takes no ftp://, but "),
    ],
)
def test_options_that_mean_nothing_are_refused(
    options: list[str], reason: str, file: str, tmp_path: Path
) -> None:
    """By what is wrong with them."""
    assert reason in refused(write_shop(tmp_path), *options, FASTMCP_DOCKET_URL=file)


def test_a_server_without_tasks_needs_no_worker(file: str, tmp_path: Path) -> None:
    """It says how there would be some."""
    program = tmp_path / "plain.py"
    program.write_text("from fastmcp import FastMCP\nmcp = FastMCP('Plain')\n", "utf-8")

    said = refused(program, FASTMCP_DOCKET_URL=file)

    assert "'Plain' has no tasks: FastMCP(tasks=True)" in said


def test_a_server_has_to_be_found(tmp_path: Path) -> None:
    """In the directory, or where the argument says."""
    assert "none of fastmcp.json, server.py, main.py, app.py in" in refused(cwd=tmp_path)
    assert "There is no file" in refused(tmp_path / "none.py")
    (tmp_path / "fastmcp.json").write_text("{}", "utf-8")
    assert "fastmcp.json: source is missing" in refused(cwd=tmp_path)


def test_a_task_is_run_again_though_it_takes_its_time_to_be_cancelled(
    url: str, tmp_path: Path, log: Path
) -> None:
    """By the same worker: what was cancelled has to end first."""
    program, path, docket = write_shop(tmp_path), tmp_path / "done", {"FASTMCP_DOCKET_URL": url}

    with (
        shop(program, log, **docket, **NO_WORKER) as server,
        worker(tmp_path / "1.log", program, **docket),
    ):
        id = server.submit("linger", path=str(path))
        wait_until(lambda: lines(path))
        server.ask("tasks/cancel", taskId=id)
        wait_until(lambda: lines(path) == ["begun", "cancelled"])
        tasks_command("retry", id, program, **docket)
        (tmp_path / "done.go").touch()
        server.wait_for(id, "completed")

    assert lines(path) == ["begun", "cancelled", "begun"]
