"""`run_http(workers=...)`: several processes on one port, and the one that keeps them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import Mcp, call, enveloped, initialize, messages, modern_headers
from left_behind import alive
from processes import SECONDS, HttpServer, free_port, http_server, run_python

from fastmcp import Client
from fastmcp.server.http.serving import workers
from fastmcp.server.http.serving.worker import Terms
from fastmcp.server.http.serving.workers import Supervisor

Script = Callable[..., Path]

SERVER = """
    import asyncio, os
    from contextlib import asynccontextmanager
    from fastmcp import Context, FastMCP

    @asynccontextmanager
    async def lifespan(server):
        print("lifespan began in", os.getpid(), flush=True)
        yield {}
        print("lifespan ended in", os.getpid(), flush=True)

    mcp = FastMCP("several", lifespan=lifespan)
    PORT = int(os.environ.get("PORT", 0))

    @mcp.tool
    async def pid() -> int:
        return os.getpid()

    @mcp.tool
    async def nap(seconds: float) -> int:
        print("napping", flush=True)
        await asyncio.sleep(seconds)
        return os.getpid()

    @mcp.tool
    def stop() -> str:
        mcp.stop()
        return "stopping"

    @mcp.tool
    async def ask(ctx: Context) -> list[int]:
        began = await ctx.once("began", os.getpid)
        await ctx.elicit(f"{began} asks", str)
        return [began, os.getpid()]
"""
RUN = """
    print("set up in", os.getpid(), flush=True)
    try:
        mcp.run_http(port=PORT, workers=2, log_level="warning")
    finally:
        print("finally in", os.getpid(), flush=True)
    print("after in", os.getpid(), flush=True)
"""


def source(lines: str = RUN) -> str:
    return textwrap.dedent(SERVER) + textwrap.dedent(lines)


def pids_after(text: str, server: HttpServer) -> set[int]:
    """The processes that printed a line that begins so."""
    lines = server.output.splitlines()
    return {int(line.rpartition(" ")[2]) for line in lines if line.startswith(text)}


def workers_of(server: HttpServer, count: int = 2) -> set[int]:
    """The workers that are there, once there are so many that have begun to serve."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = {pid for pid in pids_after("lifespan began", server) if alive(pid)}
        if len(found) == count:
            return found
        assert time.monotonic() < deadline, server.output
        time.sleep(0.02)


def answering_pid(server: HttpServer) -> int:
    """The worker that a connection of its own comes to."""
    with Mcp(server.url.removesuffix("/mcp")) as client:
        [answer] = messages(client.post(call("pid")))
        return int(answer["result"]["content"][0]["text"])


def wait_until(condition: Callable[[], Any], server: HttpServer) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, server.output
        time.sleep(0.02)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    """Two workers that go through several of the tests."""
    folder = tmp_path_factory.mktemp("workers")
    (folder / "server.py").write_text(source(), "utf-8")
    with http_server([folder / "server.py"], folder / "log") as server:
        workers_of(server)
        yield server


def test_each_worker_is_the_program_started_again(server: HttpServer) -> None:
    """With all that stands before run_http, and nothing that stands after it."""
    workers = workers_of(server)

    assert pids_after("set up in", server) == {*workers, server.process.pid}
    assert pids_after("after in", server) == set()


def test_without_a_session_store_it_is_stateless_and_says_so_once(server: HttpServer) -> None:
    """A session would be at one worker; so there are none, and one warning."""
    with Mcp(server.url.removesuffix("/mcp")) as client:
        opened = client.post(initialize())

    assert "mcp-session-id" not in opened.headers
    assert server.output.count("without a session store") == 1


def test_connections_that_come_at_once_are_spread(server: HttpServer) -> None:
    """No worker takes all that are waiting, so none stays idle beside a busy one."""

    async def main() -> list[int]:
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(64)]
        body = b'{"method":"tools/call","params":{"name":"pid"}}'
        head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        found = []
        for _, writer in opened:
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        for reader, writer in opened:
            text = await reader.readuntil(b'"structuredContent":{"result":')
            assert text.startswith(b"HTTP/1.1 200")
            found.append(int((await reader.readuntil(b"}"))[:-1]))
            writer.close()
        return found

    found = asyncio.run(main())

    assert min(found.count(pid) for pid in workers_of(server)) >= 8


def test_a_question_is_answered_at_another_worker_than_asked_it(server: HttpServer) -> None:
    """They share the key that seals the state of a modern request between its rounds; here the
    worker that asked is killed before it gets the answer.
    """

    async def main() -> list[int]:
        async def answer(message: str, *_: Any) -> dict[str, str]:
            os.kill(began := int(message.split()[0]), signal.SIGKILL)
            await asyncio.to_thread(server.wait_for, f"Worker {began} ended")
            return {"value": "yes"}

        async with Client(server.url, elicitation_handler=answer, timeout=SECONDS) as client:
            return (await client.call_tool("ask")).data

    began, ended = asyncio.run(main())

    assert began != ended
    assert ended in workers_of(server)


def test_a_worker_that_dies_is_replaced(server: HttpServer) -> None:
    """The others serve meanwhile, and nobody waits for the new one."""
    before = workers_of(server)
    victim = min(before)

    os.kill(victim, signal.SIGKILL)
    served = [answering_pid(server) for _ in range(20)]
    after = workers_of(server)

    assert set(served) <= before | after
    assert victim not in after
    assert len(after & before) == 1
    assert f"Worker {victim} ended (signal 9); starting another" in server.output


def test_sighup_replaces_all_workers_and_loses_no_call(server: HttpServer) -> None:
    """One by one, each when its successor serves; a call under way is finished."""
    before = workers_of(server)

    async def main() -> int:
        async with Client(server.url, timeout=SECONDS) as client:
            nap = asyncio.create_task(client.call_tool("nap", {"seconds": 1}))
            await asyncio.to_thread(server.wait_for, "napping")
            server.process.send_signal(signal.SIGHUP)
            return (await nap).data

    napped = asyncio.run(main())
    served: set[int] = set()
    wait_until(lambda: served.add(answering_pid(server)) or not any(map(alive, before)), server)

    assert napped in before
    assert not workers_of(server) & before
    assert served


WORKER = f"""#!{sys.executable}
import os, signal, socket, sys, time

number, _, _ = os.environ["FASTMCP_WORKER"].partition(":")
post = socket.socket(fileno=int(number))
while not os.path.exists("open"):
    time.sleep(0.01)
post.send(b"ready\\n")
signal.sigwait([signal.SIGTERM])
"""


@contextmanager
def in_folder(folder: Path) -> Iterator[Path]:
    """A program that is a worker and nothing else, ready when there is the file `open`."""
    program = folder / "worker"
    program.write_text(WORKER, "utf-8")
    program.chmod(0o755)
    (folder / "open").touch()
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield program
    finally:
        os.chdir(before)


async def serving_workers(supervisor: Supervisor, count: int) -> set[int]:
    """The processes of a supervisor's workers, once so many serve and no more."""
    async with asyncio.timeout(SECONDS):
        while True:
            ready = {each.pid for each in supervisor._workers if each.was_ready}
            if len(ready) == len(supervisor._workers) == count:
                return ready
            await asyncio.sleep(0.01)


def test_a_worker_that_dies_while_all_are_replaced_has_one_successor(tmp_path: Path) -> None:
    """There are as many as before, whoever replaced it first."""

    async def scenario(program: Path) -> None:
        supervisor = Supervisor([str(program)], 2, Terms([], b"", False))
        running = asyncio.create_task(supervisor.run())
        before = await serving_workers(supervisor, 2)
        program.with_name("open").unlink()
        os.kill(os.getpid(), signal.SIGHUP)
        while len(supervisor._workers) < 3:
            await asyncio.sleep(0.01)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        while before & {each.pid for each in supervisor._workers}:
            await asyncio.sleep(0.01)
        program.with_name("open").touch()
        assert supervisor._renewal is not None
        await supervisor._renewal

        assert not before & await serving_workers(supervisor, 2)
        supervisor.stop()
        await running

    with in_folder(tmp_path) as program:
        asyncio.run(asyncio.wait_for(scenario(program), SECONDS))


def test_a_worker_that_cannot_be_started_for_a_while_is_started_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others serve meanwhile; as when the system has no room for a process."""
    monkeypatch.setattr(workers, "FIRST_PAUSE", 0.05)

    async def scenario(program: Path) -> None:
        supervisor = Supervisor([str(program)], 2, Terms([], b"", False))
        running = asyncio.create_task(supervisor.run())
        before = await serving_workers(supervisor, 2)
        away = program.rename(program.with_name("away"))
        os.kill(min(before), signal.SIGKILL)
        await serving_workers(supervisor, 1)
        os.kill(os.getpid(), signal.SIGHUP)
        while supervisor._renewal is None or not supervisor._renewal.done():
            await asyncio.sleep(0.01)
        supervisor._renewal.result()
        assert not running.done()
        away.rename(program)

        assert max(before) in await serving_workers(supervisor, 2)
        supervisor.stop()
        await running

    with in_folder(tmp_path) as program:
        asyncio.run(asyncio.wait_for(scenario(program), SECONDS))


def test_when_no_worker_can_be_started_at_all_it_is_an_error(tmp_path: Path) -> None:
    """Not an end as if all had gone well."""
    supervisor = Supervisor([str(tmp_path / "missing")], 2, Terms([], b"", False))
    with pytest.raises(RuntimeError, match=r"No worker could be started: .*missing"):
        asyncio.run(asyncio.wait_for(supervisor.run(), SECONDS))


def test_a_signal_ends_all_in_order(script: Script, log: Path) -> None:
    """What is under way is finished, every lifespan ends, what follows run_http runs in the first
    process alone, and its exit code is 0.
    """
    with http_server([script(source())], log) as server:
        workers = workers_of(server)
        with Mcp(server.url.removesuffix("/mcp")) as client:
            message = call("nap", seconds=1)

            async def during() -> Any:
                posting = asyncio.to_thread(
                    client.post, enveloped(message), modern_headers(message)
                )
                answer = asyncio.create_task(posting)
                await asyncio.to_thread(server.wait_for, "napping")
                server.process.send_signal(signal.SIGTERM)
                return messages(await answer)[-1]

            answer = asyncio.run(during())
        code = server.wait()

    assert answer["result"]["structuredContent"]["result"] in workers
    assert code == 0, server.output
    assert pids_after("lifespan ended", server) == workers
    assert pids_after("finally in", server) == {*workers, server.process.pid}
    assert pids_after("after in", server) == {server.process.pid}
    assert "Traceback" not in server.output


def test_stop_in_a_worker_ends_the_whole_service(script: Script, log: Path) -> None:
    """mcp.stop() of a tool is heard by the first process, which ends every worker."""
    with http_server([script(source())], log) as server:
        workers = workers_of(server)
        with Mcp(server.url.removesuffix("/mcp")) as client:
            [answer] = messages(client.post(call("stop")))
        code = server.wait()

    assert answer["result"]["content"][0]["text"] == "stopping"
    assert code == 0, server.output
    assert pids_after("lifespan ended", server) == workers
    assert "Traceback" not in server.output


def test_a_second_signal_ends_all_at_once(script: Script, log: Path) -> None:
    """Nobody waits for the call under way, and the process ends by the signal."""
    run = "mcp.run_http(port=PORT, workers=2, timeout_graceful_shutdown=60)"

    with http_server([script(source(run))], log) as server:
        workers = workers_of(server)
        with subprocess.Popen(
            [sys.executable, "-c", NAP, server.url], stderr=subprocess.DEVNULL
        ) as caller:
            server.wait_for("napping")
            server.process.send_signal(signal.SIGINT)
            server.wait_for("Shutting down")
            code = server.stop(signal.SIGINT)
            caller.kill()

    assert code == -signal.SIGINT
    wait_until(lambda: not any(map(alive, workers)), server)
    assert "Traceback" not in server.output


NAP = """
import asyncio, sys
from fastmcp import Client
async def main():
    async with Client(sys.argv[1]) as client:
        await client.call_tool("nap", {"seconds": 300})
asyncio.run(main())
"""


def test_workers_end_with_the_process_that_keeps_them(script: Script, log: Path) -> None:
    """When that is killed they see it, and end in order."""
    with http_server([script(source())], log) as server:
        workers = workers_of(server)
        server.process.kill()
        server.wait()
        wait_until(lambda: not any(map(alive, workers)), server)

    assert pids_after("lifespan ended", server) == workers


def test_a_program_whose_workers_cannot_serve_ends_with_an_error(script: Script) -> None:
    """It does not start them again and again; what they said is there to read."""
    lines = """
        import sys

        @asynccontextmanager
        async def broken(server):
            raise LookupError("no database")
            yield

        mcp = FastMCP("broken", lifespan=broken)
        mcp.run_http(port=PORT, workers=2)
    """
    run = run_python(str(script(source(lines))), env={"PORT": str(free_port())})

    assert run.returncode == 1
    assert "LookupError: no database" in run.stderr
    assert run.stderr.splitlines()[-1].startswith("RuntimeError: No worker could be started")


@pytest.mark.parametrize("way", ["module", "command"])
def test_modules_and_commands_are_started_again_as_they_were(
    way: str, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m package.module` and `fastmcp run` have workers as a script has."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "module.py").write_text(source(RUN if way == "module" else ""), "utf-8")
    monkeypatch.chdir(tmp_path)
    port = free_port()
    options = ["-t", "http", "-p", str(port), "--workers", "2", "-l", "error"]
    commands = {
        "module": ["-m", "package.module"],
        "command": ["-m", "fastmcp", "run", "package/module.py", *options],
    }

    with http_server(commands[way], log, port=port) as server:
        workers = workers_of(server)
        assert answering_pid(server) in workers
        assert server.stop() == 0


def test_a_store_in_memory_is_no_session_store_also_where_it_is_encrypted(
    script: Script, log: Path
) -> None:
    """Each worker has its own, so there are no sessions, and that is said."""
    lines = """
        from fastmcp.server.backplane import EncryptedBackplane, MemoryBackplane
        store = EncryptedBackplane(MemoryBackplane(), "a key that is long enough to be one")
        FastMCP("apart", session_store=store).run_http(port=PORT, workers=2, log_level="warning")
    """
    with (
        http_server([script(source(lines))], log) as server,
        Mcp(server.url.removesuffix("/mcp")) as client,
    ):
        opened = client.post(initialize())

    assert "mcp-session-id" not in opened.headers
    assert server.output.count("without a session store") == 1


def test_with_a_session_store_sessions_are_shared(script: Script, log: Path) -> None:
    """Then it is stateful, without a warning, and every worker serves every session."""
    lines = """
        mcp = FastMCP("shared", session_store="sqlite:///sessions.db")

        @mcp.tool
        async def count(ctx: Context) -> list[int]:
            number = (await ctx.get_state("number") or 0) + 1
            await ctx.set_state("number", number)
            return [number, os.getpid()]

        os.chdir(os.path.dirname(os.path.abspath(__file__)))
        mcp.run_http(port=PORT, workers=2, log_level="warning")
    """
    with http_server([script(source(lines))], log) as server:
        base = server.url.removesuffix("/mcp")
        numbers, pids = [], set[int]()
        with Mcp(base) as client:
            session = client.open()
        deadline = time.monotonic() + SECONDS
        while len(pids) < 2 and time.monotonic() < deadline:
            with Mcp(base) as client:
                answer = messages(client.post(call("count", len(numbers)), session))[-1]
            number, pid = answer["result"]["structuredContent"]["result"]
            numbers.append(number)
            pids.add(pid)

    assert len(pids) == 2
    assert numbers == list(range(1, len(numbers) + 1))
    assert "without a session store" not in server.output


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("mcp.run_http(workers=2, transport='sse')", "HTTP+SSE keeps a client at the process"),
        ("mcp.run_http(workers=2, uds='/tmp/x')", "not uds= or fd="),
        ("mcp.run_http(workers=0)", "workers=0: it must be a whole number from 1"),
        (
            "import threading\n"
            "threading.excepthook = lambda hook: print(hook.exc_type.__name__, hook.exc_value)\n"
            "thread = threading.Thread(target=lambda: mcp.run_http(workers=2))\n"
            "thread.start(); thread.join(); raise SystemExit(1)",
            "belongs in the main thread",
        ),
    ],
)
def test_what_cannot_have_workers_says_why(line: str, reason: str, script: Script) -> None:
    """Before anything is started, in one line."""
    run = run_python("-W", "ignore", str(script(source().split('print("set up')[0] + line)))

    assert run.returncode == 1
    last = (run.stdout + run.stderr).strip().splitlines()[-1]
    assert "ConfigurationError" in last
    assert reason in last


def test_a_program_on_standard_input_cannot_have_workers() -> None:
    """It could not be read a second time."""
    program = "from fastmcp import FastMCP\nFastMCP('x').run_http(workers=2)\n"
    run = subprocess.run(
        [sys.executable, "-"], input=program, capture_output=True, text=True, timeout=SECONDS
    )

    assert run.returncode == 1
    assert "not an interactive session" in run.stderr.splitlines()[-1]


def test_run_async_has_no_workers() -> None:
    """It lives in the loop of its caller, and says what does have them."""
    from fastmcp import FastMCP

    with pytest.raises(TypeError, match=r"use run_http\(\)"):
        asyncio.run(FastMCP("x").run_async("http", workers=2))
