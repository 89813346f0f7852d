"""`fastmcp tasks list`, `show`, `cancel`, `retry` and `watch`, as processes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import request
from conversation import Conversation, conversation
from processes import SECONDS, environment, run_python
from settled import wait_until
from task_processes import NO_WORKER, tasks_command, write_shop

from fastmcp import Context, FastMCP
from fastmcp.settings import settings


def shop(url: str) -> FastMCP:
    """A server whose tasks are at this URL."""
    mcp = FastMCP("Shop", tasks=True, docket=url)

    @mcp.tool
    async def add(a: int, b: int, password: str = "") -> str:
        return f"{a + b}, password=hunter2"

    @mcp.tool
    async def fail() -> None:
        raise ValueError("out of paper\x1b[31m, password=hunter2")

    @mcp.tool
    async def hang(ctx: Context) -> None:
        await ctx.report_progress(1, 10, "begun")
        await asyncio.Event().wait()

    @mcp.resource("stock://{item}")
    async def stock(item: str) -> str:
        return f"{item}: 3"

    return mcp


async def ask(client: Conversation, method: str, **params: Any) -> Any:
    client.send(request(method, method, **params))
    while (message := await client.receive()).get("id") != method:
        pass
    return message["result"]


async def submit(client: Conversation, tool: str, **arguments: Any) -> str:
    made = await ask(client, "tools/call", name=tool, arguments=arguments, task={})
    return made["task"]["taskId"]


async def until(client: Conversation, id: str, status: str) -> None:
    async with asyncio.timeout(SECONDS):
        while (await ask(client, "tasks/get", taskId=id))["status"] != status:
            await asyncio.sleep(0.01)


class Place:
    """A file with tasks, one of each kind, and how commands are told of it."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/tasks.db"
        self.program = write_shop(folder, docket=self.url)
        asyncio.run(self._fill())

    async def _fill(self) -> None:
        mcp = shop(self.url)
        async with mcp.lifespan.use(), conversation(mcp) as client:
            self.added = await submit(client, "add", a=1, b=2, password="hunter2")
            self.failed = await submit(client, "fail")
            self.hanging = await submit(client, "hang")
            self.cancelled = await submit(client, "hang")
            await ask(client, "tasks/cancel", taskId=self.cancelled)
            await until(client, self.added, "completed")
            await until(client, self.failed, "failed")
            async with asyncio.timeout(SECONDS):
                service = mcp._parts.tasks.service()
                while (found := await service.store.get(self.hanging)) and found.progress is None:
                    await asyncio.sleep(0.01)

    def run(self, command: str, *arguments: str | Path, **variables: str) -> str:
        """What a command prints."""
        run = tasks_command(command, *arguments, self.program, **variables)
        assert (run.returncode, run.stderr) == (0, ""), run.stderr
        return run.stdout

    def refusal(self, command: str, *arguments: str | Path) -> str:
        """Why a command does not do it."""
        run = tasks_command(command, *arguments, self.program)
        assert (run.returncode, run.stdout) == (1, "")
        return run.stderr


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place that no test changes."""
    return Place(tmp_path_factory.mktemp("tasks"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place of the test's own."""
    return Place(tmp_path)


def test_list_shows_the_tasks_in_columns(read_only: Place) -> None:
    """The latest first; what was said of them is on their line, without secrets or commands to
    the terminal.
    """
    heads, *rows = read_only.run("list").splitlines()

    assert heads.split() == ["ID", "STATUS", "TARGET", "CREATED", "TOOK", "WORKER", "PROGRESS"]
    ids = [read_only.cancelled, read_only.hanging, read_only.failed, read_only.added]
    assert [row.split()[:3] for row in rows] == [
        [id, status, target]
        for id, status, target in zip(
            ids,
            ["cancelled", "working", "failed", "completed"],
            ["hang", "hang", "fail", "add"],
            strict=True,
        )
    ]
    assert rows[1].endswith("1/10 begun")
    assert re.search(r"\d\.\ds +\S+#\d+ ", rows[1])
    assert "hunter2" not in "".join(rows)
    assert "\x1b" not in "".join(rows)


def test_list_gives_programs_one_object_a_line(read_only: Place) -> None:
    """With the names of their members."""
    listed = [json.loads(line) for line in read_only.run("list", "--json").splitlines()]

    assert [each["id"] for each in listed][-1] == read_only.added
    assert listed[1]["progress"] == {"progress": 1, "total": 10, "message": "begun"}
    assert set(listed[0]) == {
        *("id", "status", "method", "target", "version", "worker", "leg", "attempts"),
        *("created_at", "started_at", "updated_at", "progress", "error"),
    }


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--status", "failed"], ["failed"]),
        (["--status", "failed", "--status", "completed"], ["failed", "added"]),
        (["--limit", "2"], ["cancelled", "hanging"]),
        (["--status", "input_required"], []),
    ],
    ids=str,
)
def test_list_shows_what_is_wanted(options: list[str], found: list[str], read_only: Place) -> None:
    """Of some statuses, and so many."""
    rows = read_only.run("list", *options).splitlines()[1:]

    assert [row.split()[0] for row in rows] == [getattr(read_only, name) for name in found]


def test_show_tells_all_of_a_task_but_secrets(read_only: Place) -> None:
    """What it was given, and what it gave, as logs would show it."""
    text = read_only.run("show", read_only.added)
    known = json.loads(read_only.run("show", "--json", read_only.added))

    assert re.search(r"^status +completed$", text, re.M)
    assert re.search(r'^arguments +\{"a":1,"b":2,"password":"\[redacted\]"\}$', text, re.M)
    assert known["arguments"] == {"a": 1, "b": 2, "password": "[redacted]"}
    assert known["result"]["content"] == [{"type": "text", "text": "3, password=[redacted]"}]
    assert (known["method"], known["target"]) == ("tools/call", "add")
    assert (known["leg"], known["attempts"]) == (1, 0)
    assert known["created_at"] <= known["started_at"] <= known["updated_at"]
    assert "hunter2" not in text + str(known)


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_so_many_tasks_have_to_be_a_number_of_them(limit: str, read_only: Place) -> None:
    """It is said before any is looked for."""
    run = tasks_command("list", "--limit", limit, read_only.program)

    assert (run.returncode, run.stdout) == (2, "")
    assert f"{limit} is no whole number above 0" in run.stderr


def test_options_may_stand_between_the_task_and_its_server(read_only: Place) -> None:
    """Wherever, they mean the same."""
    between = read_only.run("show", read_only.added, "--json")

    assert between == read_only.run("show", "--json", read_only.added)
    assert json.loads(between)["id"] == read_only.added


def test_cancel_and_retry_say_what_has_become_of_a_task(place: Place) -> None:
    """A task that hangs is cancelled; one that has ended so, or failed, is run once more."""
    assert place.run("cancel", place.hanging) == f"{place.hanging} is cancelled\n"
    assert f"{place.hanging} has ended: it is cancelled" in place.refusal("cancel", place.hanging)
    assert place.run("retry", place.hanging) == f"{place.hanging} is run once more\n"
    assert place.run("retry", place.failed) == f"{place.failed} is run once more\n"
    assert f"{place.failed} is working" in place.refusal("retry", place.failed)
    assert f"{place.added} is completed" in place.refusal("retry", place.added)
    listed = [json.loads(line) for line in place.run("list", "--json").splitlines()]
    again = {each["id"]: (each["status"], each["worker"], each["leg"]) for each in listed}

    assert again[place.hanging] == again[place.failed] == ("working", None, 2)


@pytest.mark.parametrize("command", ["show", "cancel", "retry"])
def test_a_task_has_to_be_there(command: str, read_only: Place) -> None:
    """Else the command says where it is not."""
    assert "There is no task none in fastmcp:Shop" in read_only.refusal(command, "none")


def test_tasks_are_found_without_the_code_of_their_server(read_only: Place) -> None:
    """By the URL and the name of the queue, as a worker says them."""
    where = ["--docket-url", read_only.url, "--queue", "fastmcp:Shop"]

    run = tasks_command("list", *where)
    both = tasks_command("list", *where, read_only.program)

    assert (run.returncode, len(run.stdout.splitlines())) == (0, 5)
    assert both.returncode == 1
    assert "one will do" in both.stderr


def test_what_is_in_memory_cannot_be_looked_at(tmp_path: Path) -> None:
    """Not from another process, and it says so."""
    run = tasks_command("list", write_shop(tmp_path))

    assert (run.returncode, run.stdout) == (1, "")
    assert "no other process can reach them" in run.stderr


def test_tasks_that_are_encrypted_need_the_key(tmp_path: Path) -> None:
    """Who has none, or another one, is told so."""
    with settings.temporarily(tasks_encryption_key="k" * 32):
        place = Place(tmp_path)

    assert "FASTMCP_TASKS_ENCRYPTION_KEY" in place.refusal("list")
    other = tasks_command("list", place.program, FASTMCP_TASKS_ENCRYPTION_KEY="j" * 32)
    assert other.returncode == 1
    shown = place.run("show", place.added, FASTMCP_TASKS_ENCRYPTION_KEY="k" * 32)
    assert re.search(r"^status +completed$", shown, re.M)


@contextmanager
def watching(place: Place, *options: str, stdout: int) -> Generator[subprocess.Popen[bytes]]:
    """`fastmcp tasks watch`, until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "fastmcp", "tasks", "watch", *options, place.program],
        env=environment({**NO_WORKER, "TERM": "xterm", "COLUMNS": "200"}),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        start_new_session=True,
        # Whoever runs the tests may ignore it, which is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_watch_prints_each_change_on_a_line(place: Place, log: Path) -> None:
    """What there is at first, the oldest first; then what changes, until it is interrupted."""
    with log.open("wb") as output, watching(place, "--json", stdout=output.fileno()) as process:

        def told() -> list[tuple[str, str]]:
            read = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
            return [(each["id"], each["status"]) for each in read]

        wait_until(lambda: len(told()) == 4)
        place.run("cancel", place.hanging)
        wait_until(lambda: len(told()) == 5)
        place.run("retry", place.hanging)
        wait_until(lambda: len(told()) == 6)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0

    assert told() == [
        (place.added, "completed"),
        (place.failed, "failed"),
        (place.hanging, "working"),
        (place.cancelled, "cancelled"),
        (place.hanging, "cancelled"),
        (place.hanging, "working"),
    ]


def test_watch_once_shows_them_as_they_are(read_only: Place) -> None:
    """As `list` does."""
    assert read_only.run("watch", "--once", "--status", "failed") == read_only.run(
        "list", "--status", "failed"
    )


def test_on_a_terminal_watch_is_a_table_that_stays_in_its_place(place: Place) -> None:
    """Drawn anew with each change, with how many there are of each kind."""
    ours, theirs = os.openpty()
    seen = bytearray()
    with watching(place, stdout=theirs) as process:
        os.close(theirs)

        def shows(text: str) -> None:
            while text not in re.sub(
                r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode("utf-8", "replace")
            ):
                seen.extend(os.read(ours, 65536))

        shows("1 cancelled, 1 completed, 1 failed, 1 working")
        place.run("cancel", place.hanging)
        shows("2 cancelled, 1 completed, 1 failed")
        process.send_signal(signal.SIGINT)
        while True:
            try:
                if not os.read(ours, 65536):
                    break
            except OSError:  # the other end is closed
                break
        assert process.wait(SECONDS) == 0
    os.close(ours)
    assert place.hanging in seen.decode("utf-8", "replace")


def test_a_worker_has_what_the_project_asks_for(tmp_path: Path) -> None:
    """It goes on in an environment of uv's, as the server does."""
    (tmp_path / "server.py").write_text("from fastmcp import FastMCP\nmcp = FastMCP(tasks=True)\n")
    needs = {"dependencies": ["a-package-that-nobody-has"]}
    project = {"source": {"path": "server.py"}, "environment": needs}
    (tmp_path / "fastmcp.json").write_text(json.dumps(project))
    (tmp_path / "uv").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "uv").chmod(0o755)

    run = run_python(
        *("-m", "fastmcp", "tasks", "worker", "--concurrency", "3"),
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )

    words = run.stdout.split()
    assert (run.returncode, words[0]) == (0, "run")
    assert "a-package-that-nobody-has" in words
    assert words[-5:] == ["tasks", "worker", "--skip-env", "--concurrency", "3"]
