"""Children that misbehave: each ends in a result or a named error in time, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from left_behind import alive, nothing_left
from small_servers import old

from fastmcp import Client
from fastmcp.client.transports import PythonStdioTransport, StdioTransport, child
from fastmcp.exceptions import Disconnected, McpError, TimedOut

Script = Callable[..., Path]

RESULT = 'answer["result"] = {"content": []}'


@pytest.fixture(autouse=True)
def all_is_freed() -> Iterator[None]:
    """No process, no descriptor and no thread outlives a test, whatever the child did."""
    with nothing_left():
        yield


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a child less time to leave than it has by default."""
    monkeypatch.setattr(child, "PATIENCE", 0.3)


def used(
    transport: StdioTransport, use: Callable[[Client], Awaitable[Any]] = Client.ping, **options: Any
) -> Any:
    """What `use` gives, with a client that is open."""

    async def main() -> Any:
        async with asyncio.timeout(30), Client(transport, mode="legacy", **options) as client:
            return await use(client)

    return asyncio.run(main())


def failure(program: Path | list[str], mode: str = "auto", **options: Any) -> str:
    """The one line that opening fails with."""

    async def main() -> None:
        async with Client(transport, mode=mode, **options):
            raise AssertionError("it opened")

    if isinstance(program, Path):
        transport = PythonStdioTransport(program)
        transport.probe_timeout = 0.2
    else:
        transport = StdioTransport(program[0], program[1:])
    with pytest.raises((Disconnected, TimedOut, McpError)) as caught:
        asyncio.run(main())
    text = str(caught.value)
    assert "\n" not in text
    return text


# Children that end


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("raise SystemExit(4)", "the process ended with exit code 4 before it answered"),
        ("import no_such_module", "last words: ModuleNotFoundError: No module named 'no_such_m"),
        (
            "import sys; sys.exit('Give me a KEY')",
            "exit code 1 before it answered; its last words: ",
        ),
        ("import sys; print('Error: no key', file=sys.stderr); sys.exit('bye')", "Error: no key"),
        ("print('no MCP here')", "before it answered; it is no MCP server: it wrote 'no MCP here'"),
        ("import sys; sys.stdin.read(1); sys.exit(5)", "the process ended with exit code 5 before"),
        ("import os; os.kill(os.getpid(), 9)", "the process was killed by SIGKILL before it answ"),
        ("import os, time; os.close(1); time.sleep(600)", "the process closed its output before"),
    ],
)
def test_a_child_that_ends_at_the_start_says_why(
    script: Script, program: str, words: str, mode: str
) -> None:
    """How it ended, and the line of its standard error that tells most."""
    text = failure(script(program), mode)

    assert re.match(r"Connection to '.*server\.py' failed: the process ", text)
    assert words in text


def test_the_last_words_are_found_in_a_log_file(script: Script, tmp_path: Path) -> None:
    """Those of this process."""
    log = tmp_path / "log"
    log.write_text("Error: of yesterday\n")
    program = script("import sys; sys.exit('of today')")

    with log.open("a") as file:
        for log_file in (log, file):
            with pytest.raises(Disconnected, match="its last words: of today"):
                used(PythonStdioTransport(program, log_file=log_file))

    assert log.read_text() == "Error: of yesterday\nof today\nof today\n"


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("os.kill(os.getpid(), 9)", "lost: the process was killed by SIGKILL"),
        ("os._exit(3)", "lost: the process ended with exit code 3"),
        ("raise KeyError('mine')", "exit code 1; its last words: KeyError: 'mine'"),
        ("os.close(1); time.sleep(600)", "lost: the process closed its output"),
    ],
)
def test_a_child_that_ends_in_the_middle_fails_all_calls(
    script: Script, end: str, words: str
) -> None:
    """Disconnected, with how it ended; the next request has a new child."""
    program = old(f"if message['params']['name'] == 'end':\n    {end}\ncontinue")

    async def use(client: Client) -> list[Any]:
        calls = [client.call_tool(name) for name in ("wait", "wait", "end")]
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert await client.ping()
        return found

    for error in used(PythonStdioTransport(script(program)), use):
        assert isinstance(error, Disconnected)
        assert words in str(error)


def test_a_child_that_somebody_kills_fails_what_waits_for_it(script: Script) -> None:
    """At once, with the signal."""
    program = """
        if message["params"]["name"] == "wait":
            continue
        answer["result"] = {"content": [], "_meta": {"pid": os.getpid()}}
    """

    async def use(client: Client) -> int:
        pid = (await client.call_tool("pid")).meta["pid"]
        waiting = asyncio.create_task(client.call_tool("wait"))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(Disconnected, match="the process was killed by SIGKILL"):
            await waiting
        return pid

    assert not alive(used(PythonStdioTransport(script(old(textwrap.dedent(program)))), use))


def test_what_a_child_leaves_running_holds_nobody_up(script: Script, tmp_path: Path) -> None:
    """A grandchild that keeps the pipes open is no sign of life, and it is ended."""
    pid = tmp_path / "pid"
    start = f"""
        import os, subprocess
        open({str(pid)!r}, "w").write(str(subprocess.Popen(["sleep", "600"]).pid))
        os._exit(3)
    """

    text = failure(script(start), init_timeout=20)

    assert "exit code 3" in text
    assert not alive(int(pid.read_text()))


# Children that do not end


def stubborn(pids: Path) -> str:
    """A server that heeds neither the end of its input nor SIGTERM, and whose child is like it."""
    before = f"""
        import os, signal, subprocess
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pid = subprocess.Popen(["sleep", "600"]).pid
        open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{pid}}")
    """
    after = "\nwhile True:\n    time.sleep(600)\n"
    return textwrap.dedent(before) + textwrap.dedent(old()) + after


@pytest.mark.usefixtures("impatient")
def test_a_stubborn_child_and_its_children_are_killed(script: Script, tmp_path: Path) -> None:
    """None of them outlives the client."""
    pids = tmp_path / "pids"

    assert used(PythonStdioTransport(script(stubborn(pids)))) is True

    assert not any(alive(int(pid)) for pid in pids.read_text().split())


@pytest.mark.usefixtures("impatient")
def test_a_stubborn_child_does_not_outlive_the_loop(script: Script, tmp_path: Path) -> None:
    """Also when nobody has closed the client."""
    pids = tmp_path / "pids"
    program = script(stubborn(pids))

    async def main() -> None:
        await Client(PythonStdioTransport(program), mode="legacy").__aenter__()

    asyncio.run(main())

    assert not any(alive(int(pid)) for pid in pids.read_text().split())


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("program", "says"),
    [
        (["sleep", "600"], "not ready within"),
        (["sh", "-c", "echo Welcome; exec sleep 600"], "it wrote 'Welcome'"),
        (
            ["sh", "-c", "while read line; do echo 'sh: command not found'; done"],
            "it wrote 'sh: command not found'",
        ),
        (["cat"], "it writes back what it is sent"),
        (["sh", "-c", "yes 'not JSON'"], "it wrote 'not JSON'"),
    ],
    ids=["silent", "greeter", "shell", "echo", "babbler"],
)
def test_a_program_that_is_no_server_is_given_up(program: list[str], says: str) -> None:
    """In the time for opening, with what it printed instead."""
    began = time.monotonic()

    text = failure(program, "legacy", init_timeout=0.5)

    assert text.startswith("Connection to ")
    assert says in text
    assert time.monotonic() - began < 10


def test_a_server_that_stops_answering_fails_the_call_alone(script: Script) -> None:
    """TimedOut after the timeout of the call; the child goes on with the next one."""
    program = script(old("continue"))

    async def use(client: Client) -> Any:
        with pytest.raises(TimedOut):
            await client.call_tool("x", timeout=0.2)
        return await client.ping()

    assert used(PythonStdioTransport(program), use) is True


@pytest.mark.usefixtures("impatient")
def test_a_child_that_does_not_read_blocks_nobody(script: Script) -> None:
    """Calls end at their timeouts, and what was never sent is kept nowhere."""
    program = script(old("time.sleep(600)"))
    text = {"text": "x" * 1_000_000}

    async def use(client: Client) -> None:
        calls = [client.call_tool("x", text, timeout=0.3) for _ in range(20)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(each) for each in found} == {TimedOut}
        for _ in range(200):
            with pytest.raises(TimedOut):
                await client.call_tool("x", text, timeout=0.001)

    before = peak_memory()
    used(PythonStdioTransport(program), use)

    assert peak_memory() - before < 100_000_000


@pytest.mark.usefixtures("impatient")
def test_closing_lets_go_who_waits_for_a_child_to_read(script: Script) -> None:
    """With Disconnected."""
    program = script(old("time.sleep(600)"))

    async def use(client: Client) -> list[Any]:
        calls = [client.call_tool("x", {"text": "x" * 1_000_000}) for _ in range(3)]
        waiting = asyncio.gather(*calls, return_exceptions=True)
        await asyncio.wait((waiting,), timeout=0.1)
        await client.close()
        return await waiting

    found = used(PythonStdioTransport(program), use)

    assert {type(each) for each in found} == {Disconnected}


@pytest.mark.usefixtures("impatient")
def test_a_child_that_hangs_up_is_asked_no_more(script: Script) -> None:
    """What is asked afterwards fails at once."""
    program = script(old("os.close(0); time.sleep(600)"))

    async def use(client: Client) -> None:
        with pytest.raises(TimedOut):
            await client.call_tool("x", timeout=0.3)
        with pytest.raises(Disconnected, match="the process no longer reads"):
            await client.call_tool("x", timeout=20)

    used(PythonStdioTransport(program), use)


def test_a_child_that_hung_up_and_ends_says_why(script: Script, tmp_path: Path) -> None:
    """What is asked in between waits for how it ends, which tells more."""
    go = tmp_path / "go"
    end = f"os.close(0)\nwhile not os.path.exists({str(go)!r}): time.sleep(0.001)\nos._exit(4)"

    async def use(client: Client) -> None:
        with pytest.raises(TimedOut):
            await client.call_tool("x", timeout=0.3)
        asking = asyncio.create_task(client.call_tool("x", timeout=20))
        await asyncio.sleep(0)
        go.touch()
        with pytest.raises(Disconnected, match="lost: the process ended with exit code 4"):
            await asking

    used(PythonStdioTransport(script(old(end))), use)


# Too much


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


FLOOD = "sys.stderr.write(('x' * 99 + '\\n') * 1_000_000); "


@pytest.mark.parametrize("where", ["ours", "handler", "file"])
def test_a_flood_on_standard_error_is_drained(script: Script, tmp_path: Path, where: str) -> None:
    """100 MB, wherever they go, hold back no answer and stay in no memory."""
    program = script(old(FLOOD + RESULT))
    lines: list[int] = [0]

    def count(line: str) -> None:
        lines[0] += 1

    options: dict[str, Any] = {
        "ours": {},
        "handler": {"stderr_handler": count},
        "file": {"log_file": tmp_path / "log"},
    }
    before = peak_memory()

    result = used(PythonStdioTransport(program, **options[where]), lambda c: c.call_tool("flood"))

    assert result.content == []
    assert peak_memory() - before < 30_000_000
    if where == "handler":
        assert lines == [1_000_000]
    if where == "file":
        assert (tmp_path / "log").stat().st_size == 100_000_000


def test_our_own_standard_error_is_not_waited_for(script: Script) -> None:
    """A child may flood it, though who reads ours reads nothing at all."""
    program = f"""
        import asyncio, sys
        from fastmcp import Client
        from fastmcp.client.transports import PythonStdioTransport

        async def main():
            transport = PythonStdioTransport({str(script(old(FLOOD + RESULT), "child.py"))!r})
            async with Client(transport, mode="legacy", timeout=20) as client:
                await client.call_tool("flood")
            print("done", flush=True)

        asyncio.run(main())
    """

    process = subprocess.Popen(
        [sys.executable, script(program, "parent.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.read() == b"done\n"


@pytest.mark.parametrize(
    "garbage",
    [
        "print('Loading...\\n\\n{\"a\": 1}\\n[1]\\nnull\\n{')",
        "sys.stdout.buffer.write(os.urandom(1_000_000) + b'\\n')",
        "print('{\"' + 'x' * 20_000_000 + '\"}')",
        "print('[' * 1_000_000)",
    ],
    ids=["noise", "random", "large", "deep"],
)
def test_garbage_on_standard_output_is_skipped(script: Script, garbage: str) -> None:
    """It is taken for no message, and the answer after it is found."""
    program = script(old(f"{garbage}\nsys.stdout.flush()\n{RESULT}"))

    result = used(PythonStdioTransport(program), lambda client: client.call_tool("x", timeout=20))

    assert result.content == []


DEEP = "'[' * 100_000 + ']' * 100_000"


@pytest.mark.parametrize(
    "answer",
    [
        """'{"jsonrpc": "2.0", "id": %s, "result": {"x": ' + DEEP + '}}'""",
        """'{"id":%s,"jsonrpc":"2.0","error":{"x":' + DEEP + '}}'""",
        """'{"result":{"x":' + DEEP + '},"jsonrpc":"2.0","id":%s}'""",
        """'{"jsonrpc": "2.0", "id": %s, "result": {"x": '""",
    ],
    ids=["official", "failure", "result_first", "cut_off"],
)
def test_an_answer_that_cannot_be_read_fails_its_request(script: Script, answer: str) -> None:
    """Nobody waits for it, and the connection goes on."""
    text = answer.replace("DEEP", DEEP)
    program = script(
        old(f"print(({text}).replace('%s', str(message['id'])), flush=True)\ncontinue")
    )

    async def use(client: Client) -> bool:
        with pytest.raises(McpError, match="The answer cannot be read: Parse error: "):
            await client.call_tool("x", timeout=20)
        return await client.ping()

    assert used(PythonStdioTransport(program), use) is True


def test_a_large_answer_arrives(script: Script) -> None:
    """40 MB on one line."""
    text = "answer['result'] = {'content': [{'type': 'text', 'text': 'x' * 40_000_000}]}"

    result = used(PythonStdioTransport(script(old(text))), lambda client: client.call_tool("x"))

    assert len(result.text()) == 40_000_000


def test_an_answer_that_is_too_large_ends_the_connection(script: Script) -> None:
    """Who waits for it cannot be told, so nobody does."""
    text = "answer['result'] = {'content': [{'type': 'text', 'text': 'x' * 70_000_000}]}"

    with pytest.raises(Disconnected, match="longer than 67108864 bytes"):
        used(PythonStdioTransport(script(old(text))), lambda client: client.call_tool("x"))
