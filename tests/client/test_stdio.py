"""The client and its child process: how it starts, what it may say, and how it ends."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from left_behind import alive, nothing_left
from small_servers import old

from fastmcp import Client
from fastmcp.client.transports import PythonStdioTransport, StdioTransport
from fastmcp.exceptions import ClientError, ConnectFailed, Disconnected, McpError

Script = Callable[..., Path]

SERVER = """
    import os, sys
    from fastmcp import FastMCP

    mcp = FastMCP("x")

    @mcp.tool
    def end(code: int) -> str:
        os._exit(code)

    @mcp.tool
    def about() -> dict:
        print("said to stderr")
        return {
            "pid": os.getpid(),
            "cwd": os.getcwd(),
            "names": sorted(os.environ),
            "extra": os.environ.get("EXTRA"),
        }

    mcp.run()
"""


def used(transport: Any, use: Callable[[Client], Any], **options: Any) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(30), Client(transport, **options) as client:
            return await use(client)

    return asyncio.run(main())


async def about(client: Client) -> Any:
    return (await client.call_tool("about")).data


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_child_that_exits_fails_what_waits(script: Script, mode: str) -> None:
    """Disconnected, also as a ConnectionError, with the exit code; the next request starts anew."""
    transport = PythonStdioTransport(script(SERVER))

    async def main() -> None:
        client = Client(transport, mode=mode)
        async with client:
            with pytest.raises(Disconnected, match="exit code 3") as caught:
                await client.call_tool("end", {"code": 3})
            assert isinstance(caught.value, ConnectionError)
            assert not client.is_connected()
            assert (await about(client))["cwd"] == os.getcwd()
            assert client.is_connected()

    asyncio.run(main())


def test_a_child_gets_few_variables_and_what_is_given(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets of ours stay ours; env= comes on top of what a program needs."""
    monkeypatch.setenv("MY_SECRET", "s")

    found = used(PythonStdioTransport(script(SERVER), env={"EXTRA": "e"}), about)

    assert found["extra"] == "e"
    assert "MY_SECRET" not in found["names"]
    assert "PATH" in found["names"]


def test_a_child_runs_where_it_is_told_and_logs_where_it_is_told(
    script: Script, tmp_path: Path
) -> None:
    """cwd= and log_file=."""
    folder = tmp_path / "folder"
    folder.mkdir()
    log = tmp_path / "log"

    found = used(PythonStdioTransport(script(SERVER), cwd=folder, log_file=log), about)

    assert found["cwd"] == str(folder)
    assert "said to stderr" in log.read_text()


def test_a_child_ends_with_its_block(script: Script) -> None:
    """The process is gone when the block is left, also by an exception."""
    transport = PythonStdioTransport(script(SERVER))
    pids: list[int] = []

    async def use(client: Client) -> None:
        pids.append((await about(client))["pid"])
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        used(transport, use)

    assert not alive(pids[0])


@pytest.mark.parametrize(
    "other",
    [
        'answer["error"] = {"code": -32601, "message": "no such method"}',
        'answer["error"] = {"code": -32602, "message": "bad params"}',
        'answer["error"] = {"code": -32600, "message": "initialize first"}',
        'answer["error"] = {"code": -32000, "message": "whatever"}',
        'answer["result"] = {}',
        'answer["result"] = {"supportedVersions": ["2099-01-01"], "capabilities": {}}',
        'answer["result"] = "nonsense"',
        """answer["error"] = {
                    "code": -32022,
                    "message": "no",
                    "data": {"supported": ["2025-11-25"], "requested": "x"},
                }""",
    ],
)
def test_a_server_of_the_handshake_era_is_recognized(script: Script, other: str) -> None:
    """However it answers the probe, the client falls back to initialize."""

    async def use(client: Client) -> tuple[str, str]:
        await client.ping()
        return client.server_info.name, client.protocol_version

    found = used(PythonStdioTransport(script(old(other))), use)

    assert found == ("old", "2025-11-25")


def test_a_server_that_is_silent_to_the_probe_is_of_the_handshake_era(script: Script) -> None:
    """Some old servers do not answer what comes before initialize."""
    transport = PythonStdioTransport(script(old("continue")))
    transport.probe_timeout = 0.2

    assert used(transport, Client.ping) is True


def test_a_server_that_leaves_at_the_probe_is_started_again(script: Script, tmp_path: Path) -> None:
    """Those built on older Rust SDKs do; the transport remembers it."""
    starts = tmp_path / "starts"
    note = f"open({str(starts)!r}, 'a').write('.')"
    program = script(note + "\n" + textwrap.dedent(old("sys.exit(1)")))
    transport = PythonStdioTransport(program)

    with nothing_left():
        assert used(transport, Client.ping) is True
        assert starts.read_text() == ".."
        assert used(transport, Client.ping) is True

    assert starts.read_text() == "..."


def test_a_server_of_an_unknown_modern_version_is_refused(script: Script) -> None:
    """There is no revision in common, and the handshake must not be tried."""
    error = """answer["error"] = {
                    "code": -32022,
                    "message": "Unsupported",
                    "data": {"supported": ["2099-01-01"], "requested": "x"},
                }"""

    with pytest.raises(McpError) as caught:
        used(PythonStdioTransport(script(old(error))), Client.ping)

    assert caught.value.code == -32022


def test_an_agreed_version_that_is_unknown_is_refused(script: Script) -> None:
    """The error names both sides' versions."""
    program = old().replace('message["params"]["protocolVersion"]', '"1999-01-01"')

    with pytest.raises(ClientError, match=r"1999-01-01.*2025-11-25"):
        used(PythonStdioTransport(script(program)), about)


def test_answers_that_nobody_asked_for_are_dropped(script: Script) -> None:
    """Unknown ids, and a second answer, change nothing."""
    program = old().replace(
        "print(json.dumps(answer)",
        'print(json.dumps({"jsonrpc": "2.0", "id": 999, "result": {}}));'
        "print(json.dumps(answer)); print(json.dumps(answer)",
    )

    assert used(PythonStdioTransport(script(program)), Client.ping) is True


def test_a_servers_own_requests_are_answered(script: Script) -> None:
    """ping with a result, what is not offered with -32601."""
    program = """
        import json, sys

        def read():
            return json.loads(sys.stdin.readline())

        def write(**message):
            print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)

        opening = read()
        info = {"name": "asker", "version": "0"}
        version = opening["params"]["protocolVersion"]
        result = {"protocolVersion": version, "capabilities": {}, "serverInfo": info}
        write(id=opening["id"], result=result)
        read()
        write(id="a", method="ping")
        write(id="b", method="roots/list")
        answers = sorted([read(), read(), read()], key=lambda m: str(m["id"]))
        call = next(m for m in answers if "method" in m)
        told = [m for m in answers if "method" not in m]
        text = json.dumps([told[0].get("result"), told[1].get("error", {}).get("code")])
        write(id=call["id"], result={"content": [{"type": "text", "text": text}]})
        sys.stdin.read()
    """

    async def use(client: Client) -> str:
        return (await client.call_tool("told")).text()

    assert used(PythonStdioTransport(script(program)), use, mode="legacy") == "[{}, -32601]"


def test_a_list_without_an_end_is_stopped(script: Script) -> None:
    """A server that invents a new cursor for every page is not followed for ever."""
    other = 'answer["result"] = {"tools": [], "nextCursor": str(message["id"])}'

    with pytest.raises(ClientError, match="pages"):
        used(PythonStdioTransport(script(old(other))), Client.list_tools, mode="legacy")


def test_a_repeated_cursor_ends_the_list(script: Script) -> None:
    """Going round in circles gives nothing new."""
    other = 'answer["result"] = {"tools": [], "nextCursor": "same"}'

    assert used(PythonStdioTransport(script(old(other))), Client.list_tools, mode="legacy") == []


@pytest.mark.parametrize("result", ["5", "null", "[]", '{"tools": 5}', '{"tools": [{}]}'])
def test_an_unreadable_answer_is_a_client_error(script: Script, result: str) -> None:
    """The error names the method, on one line."""
    program = old(f"answer['result'] = {result.replace('null', 'None')}")

    with pytest.raises(ClientError, match="tools/list") as caught:
        used(PythonStdioTransport(script(program)), Client.list_tools, mode="legacy")

    assert "\n" not in str(caught.value)


def test_the_interpreter_can_be_chosen(script: Script, tmp_path: Path) -> None:
    """python_cmd= runs the script."""
    found = used(PythonStdioTransport(script(SERVER), python_cmd=sys.executable), about)

    assert found["cwd"] == os.getcwd()


NOT_STARTED = [
    (["no-such-command-here"], {}, "there is no command 'no-such-command-here' on PATH; install"),
    (["pythom3"], {}, "there is no command 'pythom3' on PATH; did you mean 'python3'"),
    (["sh"], {"env": {"PATH": "/nowhere"}}, "there is no command 'sh' on PATH"),
    (["./no-file"], {}, "there is no file './no-file'"),
    (["/etc"], {}, "'/etc' is a directory"),
    (["/etc/passwd"], {}, "'/etc/passwd' is not executable"),
    ([""], {}, "the command is empty"),
    (["sh"], {"cwd": "/nowhere"}, "its working directory '/nowhere' does not exist"),
    (["sh"], {"cwd": "/etc/passwd"}, "its working directory '/etc/passwd' is not a directory"),
    (["sh"], {"log_file": "/nowhere/log"}, "its log_file cannot be opened: "),
    (["sh", ["-c", "a\0b"]], {}, "embedded null byte"),
]


@pytest.mark.parametrize(("arguments", "options", "cause"), NOT_STARTED)
def test_what_cannot_be_started_is_told_on_one_line(
    arguments: list[Any], options: dict[str, Any], cause: str
) -> None:
    """ConnectFailed with the command, the cause, and where there is one the cure."""
    with pytest.raises(ConnectFailed) as caught:
        used(StdioTransport(*arguments, **options), about)

    assert re.match(f"Connection to '{arguments[0]}[^']*' failed: {cause}", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever may do everything may enter everything")
def test_a_directory_that_may_not_be_entered_is_told(tmp_path: Path) -> None:
    """The cause is the directory, not the command."""
    tmp_path.chmod(0o600)
    try:
        with pytest.raises(ConnectFailed, match="may not be entered"):
            used(StdioTransport("sh", cwd=tmp_path), about)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("print(1)", "is no program: its first line must name one"),
        ("#!/no/such/interpreter\n", "the program that the first line of"),
    ],
)
def test_a_file_that_is_no_program_is_told(tmp_path: Path, text: str, cause: str) -> None:
    """Executable, but for nobody."""
    path = tmp_path / "server"
    path.write_text(text)
    path.chmod(0o700)

    with pytest.raises(ConnectFailed, match=cause):
        used(StdioTransport(str(path)), about)


def test_secrets_in_arguments_are_in_no_error(script: Script) -> None:
    """A command is called by its program and the first word after it."""
    transport = PythonStdioTransport(script("raise SystemExit(1)"), args=["--token", "s3cret"])

    with pytest.raises(Disconnected) as caught:
        used(transport, about)

    assert "server.py" in str(caught.value)
    assert "s3cret" not in str(caught.value) + repr(transport)


def test_standard_error_goes_where_ours_goes(
    script: Script, capfd: pytest.CaptureFixture[str]
) -> None:
    """Unless it is given somewhere else to go."""
    program = script(
        old().replace("import json", "import sys; sys.stderr.write('Grüezi\\n')\n    import json")
    )

    used(PythonStdioTransport(program), Client.ping)

    assert "Grüezi\n" in capfd.readouterr().err


SAYS = old(
    "sys.stderr.write('eins\\n\\nzwei ü\\r\\ndrei'); sys.stderr.flush(); " + 'answer["result"] = {}'
)


@pytest.mark.parametrize("kind", ["path", "text", "bytes", "StringIO", "BytesIO"])
@pytest.mark.parametrize("handled", [True, False])
def test_standard_error_goes_to_any_kind_of_file(
    script: Script, tmp_path: Path, kind: str, handled: bool
) -> None:
    """A path, an open file, and what only looks like one; also beside a handler."""
    path = tmp_path / "log"
    path.write_text("before\n")
    files: dict[str, Callable[[], Any]] = {
        "path": lambda: path,
        "text": lambda: path.open("a", encoding="utf-8"),
        "bytes": lambda: path.open("ab"),
        "StringIO": io.StringIO,
        "BytesIO": io.BytesIO,
    }
    file = files[kind]()
    lines: list[str] = []
    handler = lines.append if handled else None
    transport = PythonStdioTransport(script(SAYS), log_file=file, stderr_handler=handler)

    used(transport, Client.ping)

    if kind.endswith("IO"):
        logged = file.getvalue()
    else:
        if kind != "path":
            file.close()
        logged = path.read_bytes().decode().removeprefix("before\n")
    text = logged.decode() if isinstance(logged, bytes) else logged
    assert text == "eins\n\nzwei ü\r\ndrei"
    assert lines == (["eins", "", "zwei ü", "drei"] if handled else [])


def test_a_handler_gets_the_lines_of_standard_error(
    script: Script, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """One by one, and nowhere else; a very long one in pieces, and what the handler raises is
    logged.
    """
    lines: list[str] = []

    def handle(line: str) -> None:
        lines.append(line)
        if line == "eins":
            raise KeyError("mine")

    program = SAYS.replace("drei'", "' + 'x' * 40000")
    used(PythonStdioTransport(script(program), stderr_handler=handle), Client.ping)

    assert lines[:3] == ["eins", "", "zwei ü"]
    assert "".join(lines[3:]) == "x" * 40000
    assert max(map(len, lines)) < 20000
    assert capfd.readouterr().err == ""
    assert "KeyError" in caplog.text


def test_a_process_is_kept_between_blocks_on_request(script: Script) -> None:
    """keep_alive=True: until the client is closed."""

    async def main() -> list[int]:
        client = Client(PythonStdioTransport(script(SERVER), keep_alive=True))
        pids: list[int] = []
        for _ in range(2):
            async with client:
                pids.append((await about(client))["pid"])
        assert alive(pids[0])
        await client.close()
        return pids

    with nothing_left():
        first, second = asyncio.run(main())

    assert first == second
    assert not alive(first)


def test_a_process_ends_with_its_loop(script: Script) -> None:
    """A client that nobody closed leaves neither process nor warning."""

    async def main() -> int:
        client = Client(PythonStdioTransport(script(SERVER)))
        await client.__aenter__()
        return (await about(client))["pid"]

    with nothing_left():
        pid = asyncio.run(main())

    assert not alive(pid)


@pytest.mark.parametrize("moment", range(0, 40, 4))
def test_opening_can_be_cancelled_at_any_moment(script: Script, moment: int) -> None:
    """Nothing of the child is left."""
    program = script(old())

    async def main() -> None:
        client = Client(PythonStdioTransport(program))
        opening = asyncio.create_task(client.__aenter__())
        for _ in range(moment):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait((opening,))
        await client.close()

    with nothing_left():
        asyncio.run(main())


def test_closing_can_be_cancelled(script: Script) -> None:
    """The child ends all the same."""
    lingering = old() + "\n    time.sleep(1)\n"

    async def main() -> None:
        client = Client(PythonStdioTransport(script(lingering)))
        await client.__aenter__()
        closing = asyncio.create_task(client.close())
        await asyncio.wait((closing,), timeout=0.1)
        closing.cancel()
        await asyncio.wait((closing,))

    with nothing_left():
        asyncio.run(main())


def test_messages_of_many_tasks_do_not_mix(script: Script) -> None:
    """Each is written as a whole, however large, to a child that is slow to read."""
    echo = """
        import json, sys, time

        time.sleep(0.3)
        for line in sys.stdin:
            message = json.loads(line)
            answer = {"jsonrpc": "2.0", "id": message.get("id")}
            if message["method"] == "initialize":
                answer["result"] = {
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": {},
                    "serverInfo": {"name": "echo", "version": "0"},
                }
            elif "id" in message:
                text = message["params"]["arguments"]["text"]
                said = f"{len(text)} {text[:1]}"
                answer["result"] = {"content": [{"type": "text", "text": said}]}
            else:
                continue
            print(json.dumps(answer), flush=True)
    """

    async def use(client: Client) -> list[str]:
        texts = [chr(97 + n % 26) * (n * 10_000) for n in range(40)]
        calls = [client.call_tool("echo", {"text": text}) for text in texts]
        return [result.text() for result in await asyncio.gather(*calls)]

    said = used(PythonStdioTransport(script(echo)), use, mode="legacy")

    assert said == [f"{n * 10_000} {chr(97 + n % 26) if n else ''}" for n in range(40)]


def test_numbers_and_paths_are_taken_as_text(script: Script, tmp_path: Path) -> None:
    """As configuration files have them."""
    program = script("import json, os, sys; open(sys.argv[1], 'w').write(os.environ['PORT'])")
    arguments: Any = [program, tmp_path / "out"]
    port: Any = {"PORT": 8080}

    with pytest.raises(Disconnected, match="exit code 0"):
        used(StdioTransport(sys.executable, arguments, env=port), about)

    assert json.loads((tmp_path / "out").read_text()) == 8080


SLOW = """
    import json, sys

    def read():
        return json.loads(sys.stdin.readline())

    def answer(message, **members):
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **members}), flush=True)

    discover, initialize = read(), read()  # as one that takes long to start
    assert [discover["method"], initialize["method"]] == ["server/discover", "initialize"]
    FIRST
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            assert MODERN == ("_meta" in message["params"])
            answer(message, result={"tools": [], "resultType": "complete"})
"""
SUPPORTED = """answer(discover, result={
        "resultType": "complete", "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {}}, "ttlMs": 0, "cacheScope": "private",
    })
    answer(initialize, error={"code": -32600, "message": "no handshake here"})"""
BEGUN = """answer(initialize, result={
        "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
        "serverInfo": {"name": "slow", "version": "1"},
    })"""


@pytest.mark.parametrize(("first", "revision"), [(SUPPORTED, "2026-07-28"), (BEGUN, "2025-11-25")])
def test_a_server_that_starts_slowly_is_spoken_to_as_it_answers(
    script: Script, first: str, revision: str
) -> None:
    """It has been asked for both eras by then; its first answer counts."""
    source = SLOW.replace("FIRST", first).replace("MODERN", str(revision >= "2026"))
    transport = PythonStdioTransport(script(source))
    transport.probe_timeout = 0.2

    async def use(client: Client) -> Any:
        assert await client.list_tools() == []
        return client.protocol_version

    assert used(transport, use) == revision
