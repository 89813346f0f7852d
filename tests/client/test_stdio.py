"""The client and its child process: how it starts, what it may say, and how it ends."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.client.transports import PythonStdioTransport, StdioTransport
from fastmcp.client.transports import stdio as stdio_transport
from fastmcp.exceptions import ClientError, Disconnected, McpError, TimedOut

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

# A server of the handshake era, whose answer to anything else is left open.
OLD = """
    import json, sys

    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        match message["method"]:
            case "initialize":
                version = message["params"]["protocolVersion"]
                answer["result"] = {
                    "protocolVersion": version,
                    "capabilities": {},
                    "serverInfo": {"name": "old", "version": "0"},
                }
            case "ping":
                answer["result"] = {}
            case _:
                ELSE
        print(json.dumps(answer), flush=True)
"""


def old(other: str) -> str:
    return OLD.replace("ELSE", other)


def used(transport: Any, use: Callable[[Client], Any], **options: Any) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(30), Client(transport, **options) as client:
            return await use(client)

    return asyncio.run(main())


async def about(client: Client) -> Any:
    return (await client.call_tool("about")).data


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


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


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("raise SystemExit(4)", "exit code 4"),
        ("print('no MCP here')", "exit code 0"),
        ("import sys; sys.stdin.read(1); sys.exit(5)", "exit code 5"),
    ],
)
def test_a_program_that_is_no_server_is_one_line(script: Script, program: str, words: str) -> None:
    """It ended before the handshake: the error says so, with the exit code."""
    with pytest.raises(Disconnected, match=words) as caught:
        used(PythonStdioTransport(script(program)), about)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("command", ["no-such-command-here", "/etc/hostname", ""])
def test_a_command_that_cannot_start_is_one_line(command: str) -> None:
    """ClientError with the command."""
    with pytest.raises(ClientError) as caught:
        used(StdioTransport(command), about)

    assert repr(command) in str(caught.value)
    assert "\n" not in str(caught.value)


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


def test_a_stubborn_child_and_its_children_are_killed(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that heeds neither the end of its input nor SIGTERM does not outlive the client."""
    monkeypatch.setattr(stdio_transport, "PATIENCE", 0.2)
    pids = tmp_path / "pids"
    stubborn = f"""
        import os, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "600"])
        open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
    """
    program = textwrap.dedent(stubborn) + textwrap.dedent(old('answer["error"] = 5'))
    program += "\nwhile True:\n    time.sleep(600)\n"

    assert used(PythonStdioTransport(script(program)), Client.ping, mode="legacy") is True

    own, child = (int(pid) for pid in pids.read_text().split())
    assert not alive(own)
    state = Path(f"/proc/{child}/stat")
    assert not alive(child) or " Z " in state.read_text()


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


def test_a_server_that_never_answers_is_given_up(script: Script) -> None:
    """init_timeout bounds the opening."""
    silent = "import sys\nfor line in sys.stdin: pass"

    with pytest.raises(TimedOut, match="initialize"):
        used(PythonStdioTransport(script(silent)), about, mode="legacy", init_timeout=0.3)


def test_an_agreed_version_that_is_unknown_is_refused(script: Script) -> None:
    """The error names both sides' versions."""
    program = old('answer["error"] = {"code": -32601, "message": "no"}').replace(
        'message["params"]["protocolVersion"]', '"1999-01-01"'
    )

    with pytest.raises(ClientError, match=r"1999-01-01.*2025-11-25"):
        used(PythonStdioTransport(script(program)), about)


def test_noise_on_the_childs_stdout_is_skipped(script: Script) -> None:
    """Prints of a careless server are not taken for messages."""
    program = old('answer["error"] = {"code": -32601, "message": "no"}').replace(
        "print(json.dumps(answer)",
        "print('Loading...\\n\\n{\"a\": 1}\\n[1]\\nnull'); print(json.dumps(answer)",
    )

    assert used(PythonStdioTransport(script(program)), Client.ping) is True


def test_answers_that_nobody_asked_for_are_dropped(script: Script) -> None:
    """Unknown ids, and a second answer, change nothing."""
    program = old('answer["error"] = {"code": -32601, "message": "no"}').replace(
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


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    """A transport for Python scripts takes no other file."""
    with pytest.raises(ClientError, match=r"\.py"):
        PythonStdioTransport(tmp_path / "server.rb")


def test_the_interpreter_can_be_chosen(script: Script, tmp_path: Path) -> None:
    """python_cmd= runs the script."""
    found = used(PythonStdioTransport(script(SERVER), python_cmd=sys.executable), about)

    assert found["cwd"] == os.getcwd()
