"""How commands reach the server that they are about, as processes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import SECONDS, environment, free_port, http_server

Run = Callable[..., subprocess.CompletedProcess[str]]

GREET = ("greet", "name=Ada")
COMMAND = f"{shlex.quote(sys.executable)} -m fastmcp run server.py"


def greets(made: subprocess.CompletedProcess[str]) -> bool:
    return (made.returncode, made.stdout, made.stderr) == (0, "Hello, Ada!\n", "")


@pytest.mark.parametrize("transport", ["http", "sse"])
def test_a_url(run: Run, example: Path, log: Path, transport: str) -> None:
    """What is spoken there is told by -t, and by the URL where it is not."""
    port = free_port()
    command = ["-m", "fastmcp", "run", example / "server.py", "-t", transport, "-p", str(port)]
    path = "sse" if transport == "sse" else "mcp"

    with http_server(command, log, port=port) as process:
        url = f"http://127.0.0.1:{process.port}/{path}"
        guessed = run("call", url, *GREET)
        told = run("call", url, *GREET, "-t", transport)

    assert greets(guessed)
    assert greets(told)


def test_a_token_and_headers_go_to_a_url(run: Run, script: Callable[..., Path], log: Path) -> None:
    """--auth is sent as a bearer token, and each --header as it is; without the token the server's
    refusal is told.
    """
    port = free_port()
    server = script(
        f"""
        from fastmcp import FastMCP
        from fastmcp.server.auth.providers.jwt import StaticTokenVerifier
        from fastmcp.server.dependencies import get_http_headers

        tokens = {{"secret": {{"client_id": "ada", "scopes": []}}}}
        mcp = FastMCP("x", auth=StaticTokenVerifier(tokens=tokens))

        @mcp.tool
        def color() -> str:
            return get_http_headers()["x-color"]

        mcp.run("http", port={port})
        """
    )

    with http_server([server], log, port=port) as process:
        taken = run("call", process.url, "color", "--auth", "secret", "--header", "X-Color: red")
        refused = run("call", process.url, "color")

    assert (taken.returncode, taken.stdout) == (0, "red\n")
    assert refused.returncode == 1
    assert "401" in refused.stderr and len(refused.stderr.splitlines()) == 1


def test_a_command(run: Run) -> None:
    """--command starts it; then the first word is the target."""
    assert greets(run("call", "--command", COMMAND, *GREET))
    assert "greet(" in run("list", "--command", COMMAND).stdout


def test_an_object_of_a_file_and_a_function_that_makes_one(run: Run, example: Path) -> None:
    """FILE:OBJECT, as for `fastmcp run`."""
    example.joinpath("server.py").write_text(
        "from fastmcp import FastMCP\n"
        "mcp, other = FastMCP('first'), FastMCP('second')\n"
        "def make(): return FastMCP('made')\n"
    )

    assert run("list", "server.py:other").stdout.startswith("second ")
    assert run("list", "server.py:make").stdout.startswith("made ")


def test_files_with_configurations(run: Run, example: Path) -> None:
    """A fastmcp.json is served; servers of a file with mcpServers are reached as it says."""
    example.joinpath("fastmcp.json").write_text('{"source": {"path": "server.py"}}')
    entry = {"command": sys.executable, "args": ["-m", "fastmcp", "run", "server.py"]}
    example.joinpath("mcp.json").write_text(json.dumps({"mcpServers": {"shop": entry}}))

    assert greets(run("call", "fastmcp.json", *GREET))
    assert run("list", "mcp.json").stdout.startswith("shop 1 ")


def test_one_of_several_servers_that_cannot_be_reached_is_told(run: Run, example: Path) -> None:
    """The others are used; standard output has nothing of it."""
    servers = {
        "gone": {"command": "there-is-no-such-command"},
        "odd": {"command": sys.executable, "args": ["odd.py"]},
    }
    example.joinpath("two.json").write_text(json.dumps({"mcpServers": servers}))

    made = run("list", "two.json", "--tools", "--json")

    assert made.returncode == 0
    assert len(json.loads(made.stdout)["tools"]) > 1
    assert made.stderr.startswith("fastmcp: The server 'gone' is left out: Connection to")
    assert len(made.stderr.splitlines()) == 1


def test_a_name_that_is_no_server_is_told_with_the_nearest(run: Run, example: Path) -> None:
    """Of those that programs on this computer use."""
    entry = {"mcpServers": {"weather": {"command": "x"}}}
    example.joinpath(".mcp.json").write_text(json.dumps(entry))

    near = run("call", "wether", "greet", "name=Ada")
    far = run("list", "something-else")

    assert (near.returncode, far.returncode) == (1, 1)
    assert near.stderr.startswith("fastmcp: There is no server 'wether': no file, no command")
    assert near.stderr.endswith("did you mean 'weather'?\n")
    assert far.stderr.endswith("fastmcp discover lists the names that there are\n")


def test_a_name_of_a_server_that_is_configured_on_this_computer(run: Run, example: Path) -> None:
    """By its name, where a program or this project has it."""
    entry = {"command": sys.executable, "args": ["-m", "fastmcp", "run", "server.py"]}
    example.joinpath(".mcp.json").write_text(json.dumps({"mcpServers": {"teashop": entry}}))

    assert greets(run("call", "teashop", *GREET, HOME=str(example)))


def test_the_variables_of_the_caller_reach_its_own_file(run: Run, example: Path) -> None:
    """As they would by `fastmcp run`: keys of services are often in them."""
    example.joinpath("server.py").write_text(
        "import os\n"
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('x')\n"
        "@mcp.tool\n"
        "def key() -> str: return os.environ['API_KEY']\n"
    )

    assert run("call", "key", API_KEY="k1").stdout == "k1\n"


def test_the_python_that_runs_starts_it(run: Run, example: Path) -> None:
    """No `fastmcp` that is found on PATH has a part in it."""
    wrong = example / "bin" / "fastmcp"
    wrong.parent.mkdir()
    wrong.write_text("#!/bin/sh\nexit 7\n")
    wrong.chmod(0o755)

    assert greets(run("call", "server.py", *GREET, PATH=f"{wrong.parent}:/usr/bin:/bin"))


@pytest.mark.parametrize("command", [["list"], ["call", "SERVER", "greet"], ["inspect"]], ids=str)
@pytest.mark.parametrize("server", ["http://127.0.0.1:1/mcp", "absent.py", "nonsense", "no.json"])
def test_a_server_that_cannot_be_reached_is_one_line(
    run: Run, command: list[str], server: str
) -> None:
    """It has what was asked for."""
    words = [server if word == "SERVER" else word for word in command]

    made = run(*words, *([] if "SERVER" in command else [server]))

    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr.startswith("fastmcp: ")
    assert server in made.stderr
    assert len(made.stderr.splitlines()) == 1


def test_an_error_in_the_file_has_its_own_traceback(run: Run, example: Path) -> None:
    """Once, with the author's frames alone, and then one line that says what became of it."""
    example.joinpath("server.py").write_text("x = 1\nraise RuntimeError('mine')\n")

    made = run("list", "server.py")

    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr.count("Traceback (most recent call last)") == 1
    assert made.stderr.count('server.py", line 2') == 1
    assert "fastmcp/cli" not in made.stderr
    assert made.stderr.splitlines()[-1].startswith("fastmcp: ")
    assert made.stderr.count("fastmcp: ") == 1


def test_a_folder_without_a_server_says_so(run: Run, example: Path) -> None:
    """And what it looked for."""
    example.joinpath("server.py").unlink()

    made = run("list")

    assert made.returncode == 1
    assert "There is none of fastmcp.json, server.py, main.py, app.py in" in made.stderr


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["list", "server.py", "--command", "x"], "'server.py' names one as well"),
        (["list", "--command", ""], "--command is empty"),
        (["list", "--command", "'x"], "No closing quotation"),
        (["list", "server.py", "--auth", "t"], "--auth is for a URL, and 'server.py' is none"),
        (["list", "--header", "a: b", "-t", "sse"], "--transport, --header are for a URL"),
        (["list", "http://127.0.0.1:1/mcp", "--header", "x"], "--header 'x' is not 'NAME: VALUE'"),
        (["list", "http://127.0.0.1:1/mcp", "--header", "a b: c"], "is not 'NAME: VALUE'"),
        (["list", "http://[::1/mcp"], "'http://[::1/mcp' is no URL: Invalid IPv6 URL"),
        (["call", "greet", b"name=\xff"], "'name=\\udcff' is not UTF-8"),
    ],
    ids=str,
)
def test_flags_that_cannot_go_together(run: Run, words: list[str], cause: str) -> None:
    """Exit code 2, and the reason in a line."""
    made = run(*map(os.fsdecode, words))

    assert (made.returncode, made.stdout) == (2, "")
    assert cause in made.stderr and len(made.stderr.splitlines()) == 1


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_a_timeout_is_a_number_of_seconds(run: Run, seconds: str) -> None:
    """Above zero: what is no time to wait at all is a slip."""
    made = run("list", f"--timeout={seconds}")

    assert (made.returncode, made.stdout) == (2, "")
    assert f"{seconds!r} is no number of seconds above 0" in made.stderr


STUCK = "import os, sys, time; print(os.getpid(), file=sys.stderr); time.sleep(1000)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_server_too(example: Path, number: signal.Signals) -> None:
    """Also a server that does not read what it is sent, and so would never notice."""
    (example / "stuck.py").write_text(STUCK)
    line = [sys.executable, "-m", "fastmcp", "list", "--command", f"{sys.executable} stuck.py"]
    with subprocess.Popen(
        line,
        cwd=example,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # What runs in the background inherits that some are ignored.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        child = int(process.stderr.readline())  # what the server's process says is passed on
        process.send_signal(number)
        _, more = process.communicate(timeout=SECONDS)

    assert (process.returncode, more) == (128 + number, b"")
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
