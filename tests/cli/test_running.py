"""`fastmcp run`: which server is served, how, and what it says when there is none."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from apps import initialize, request
from processes import SECONDS, free_port, http_server, run_python, stdio_server
from run_command import TELLER, run_command, running, told, write

from fastmcp import Client

Script = Callable[..., Path]

SERVER = """
    from fastmcp import FastMCP
    import neighbour

    print("loading")
    mcp = FastMCP("first", version="1")
    other = FastMCP("second")

    def make():
        return FastMCP("made")

    async def make_later():
        return FastMCP("made later")

    def make_nothing():
        return 5

    def fail():
        raise RuntimeError("mine")

    number = 5

    @mcp.tool
    def greet(name: str) -> str:
        return f"Hello, {name}!"

    if __name__ == "__main__":
        print("as a program")
        mcp.run()
"""


@pytest.fixture
def server(script: Script) -> Path:
    script("", "neighbour.py")
    return script(SERVER)


# Which server


@pytest.mark.parametrize(
    ("object", "name"),
    [
        ("", "first"),
        (":mcp", "first"),
        (":other", "second"),
        (":make", "made"),
        (":make_later", "made later"),
    ],
)
def test_the_server_of_a_file_is_served_over_stdio(server: Path, object: str, name: str) -> None:
    """By convention, by name, or made by a function; what loading prints is not on the wire."""
    with stdio_server(["-m", "fastmcp", "run", f"{server}{object}"]) as process:
        answer = process.ask(initialize())
        code = process.finish()

    assert answer["result"]["serverInfo"]["name"] == name
    assert code == 0
    assert "loading" in process.errors
    assert "as a program" not in process.errors


@pytest.mark.parametrize("name", ["mcp", "server", "app", "anything"])
def test_a_server_is_found_by_its_usual_names(script: Script, name: str) -> None:
    """mcp, server or app come first; the only server of a file may have any name."""
    source = f"from fastmcp import FastMCP\n{name} = FastMCP('found')\n"
    if name != "anything":
        source += "another = FastMCP('another')\n"

    with stdio_server(["-m", "fastmcp", "run", script(source)]) as process:
        assert process.ask(initialize())["result"]["serverInfo"]["name"] == "found"


def test_a_file_is_a_program_of_its_own(server: Path) -> None:
    """`python FILE` runs what stands under __main__."""
    with stdio_server([server]) as process:
        process.write(b"")
        lines = [process._lines.get(timeout=SECONDS) for _ in range(2)]
        answer = process.ask(initialize())
        code = process.finish()

    assert lines == [b"loading\n", b"as a program\n"]
    assert answer["result"]["serverInfo"]["name"] == "first"
    assert code == 0


async def test_a_file_may_be_called_as_a_module_of_the_standard_library(tmp_path: Path) -> None:
    """It does not take that module's place."""
    write(tmp_path, name="types.py")

    argv = await told(running(tmp_path.parent, tmp_path / "types.py"), "argv")

    assert argv == [str(tmp_path / "types.py")]


async def test_a_file_of_the_home_is_found_without_a_shell(tmp_path: Path) -> None:
    """Programs that start servers pass a tilde on as it is."""
    path = write(tmp_path / "home")
    home = {"HOME": str(path.parent)}

    assert await told(running(tmp_path, "~/server.py", env=home), "argv") == [str(path)]


@pytest.mark.parametrize("name", ["server.py", "main.py", "app.py"])
async def test_without_a_server_the_folder_is_looked_at(tmp_path: Path, name: str) -> None:
    """server.py, main.py or app.py, in this order."""
    write(tmp_path, name=name)
    write(tmp_path, "raise SystemExit('the wrong one')", "other.py")

    assert await told(running(tmp_path), "argv") == [name]


async def test_a_module_serves_by_itself(tmp_path: Path) -> None:
    """`-m` is `python -m`; what its `run` leaves open is as the command line says."""
    write(tmp_path, TELLER + "\n    if __name__ == '__main__':\n        mcp.run()\n", "a/b.py")

    argv = await told(running(tmp_path, "-m", "a.b", "--", "-x"), "argv")

    assert argv == [str(tmp_path / "a" / "b.py"), "-x"]


def test_a_module_that_serves_by_itself_listens_where_it_is_told(script: Script, log: Path) -> None:
    """--transport, --port and --path."""
    program = script("from fastmcp import FastMCP\nFastMCP('x').run()", "serving_itself.py")
    port = free_port()
    options = ["-m", "-t", "http", "-p", str(port), "--path", "/x"]

    with http_server(
        ["-m", "fastmcp", "run", program.stem, *options],
        log,
        port=port,
        env={"PYTHONPATH": str(program.parent)},
    ) as process:
        asked = httpx2.post(f"http://127.0.0.1:{port}/x", json=initialize())
        assert asked.json()["result"]["serverInfo"]["name"] == "x"
        assert process.stop(signal.SIGTERM) == 0


async def test_the_server_of_a_module_is_served(tmp_path: Path) -> None:
    """-m MODULE:OBJECT is not run as `__main__`, and takes every option."""
    write(tmp_path, TELLER + "\n    assert __name__ == 'a.b'\n", "a/b.py")

    argv = await told(running(tmp_path, "a.b:mcp", "-m", "--no-banner"), "argv")

    assert argv == [str(tmp_path / "a" / "b.py")]


async def test_what_a_coroutine_function_makes_belongs_to_the_loop_that_serves(
    tmp_path: Path,
) -> None:
    """A server is made in the loop in which it is served."""
    source = """
        import asyncio
        from fastmcp import FastMCP

        async def make():
            mcp, made_in = FastMCP("x"), asyncio.get_running_loop()

            @mcp.tool
            async def same() -> bool:
                return asyncio.get_running_loop() is made_in

            return mcp
        """
    write(tmp_path, source)

    assert await told(running(tmp_path, "server.py:make"), "same")


def test_loading_a_file_takes_little_more_than_the_file(tmp_path: Path) -> None:
    """Configurations, environments and proxies are loaded where they are asked for."""
    write(tmp_path)
    code = (
        "import sys; import server; before = set(sys.modules);"
        "from fastmcp.cli.loading import load_server; load_server('server.py');"
        "print(*sorted(set(sys.modules) - before))"
    )

    loaded = run_python("-c", code, cwd=tmp_path).stdout.split()

    ours = {name for name in loaded if not name.startswith("fastmcp.cli")}
    assert ours == {
        "server_in_server",
        *("fastmcp.configuration", "fastmcp.configuration.program"),
        *("fastmcp.server.event_loop", "fastmcp.server.running"),
    }


# How


async def test_http_is_served_where_it_is_told(server: Path, log: Path) -> None:
    """--transport, --host, --port and --path; SIGTERM ends it with exit code 0."""
    port = free_port()
    options = ["--transport", "http", "--host", "127.0.0.1", "--port", str(port), "--path", "/x"]

    with http_server(["-m", "fastmcp", "run", server, *options], log, port=port) as process:
        async with Client(f"http://127.0.0.1:{port}/x", timeout=20) as client:
            assert [tool.name for tool in await client.list_tools()] == ["greet"]
        assert process.stop(signal.SIGTERM) == 0

    assert "Traceback" not in process.output


def test_the_system_may_choose_the_port(server: Path, log: Path) -> None:
    """--port 0 is a port that is given."""
    command = ["-m", "fastmcp", "run", server, "-t", "http", "-p", "0"]

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        http_server(command, log, port=listener.getsockname()[1]) as process,
    ):
        process.wait_for("Uvicorn running on http://127.0.0.1:")
        assert "127.0.0.1:8000" not in process.output


@pytest.mark.parametrize("object", ["", ":make_later"])
def test_http_can_be_stateless_quiet_and_probed(server: Path, log: Path, object: str) -> None:
    """No session is handed out, no log is printed, and probes are told how it is."""
    port = free_port()
    options = ["-t", "http", "-p", str(port), "--stateless", "-l", "warning", "--health"]
    command = ["-m", "fastmcp", "run", f"{server}{object}", *options, "--no-banner"]

    with http_server(command, log, port=port) as process:
        headers = {"accept": "application/json, text/event-stream"}
        opened = httpx2.post(process.url, json=initialize(), headers=headers)
        listed = httpx2.post(process.url, json=request("tools/list"), headers=headers)
        base = process.url.removesuffix("/mcp")
        probed = [httpx2.get(f"{base}/{path}").json()["status"] for path in ("health", "ready")]

    assert probed == ["healthy", "ready"]
    assert (opened.status_code, listed.status_code) == (200, 200)
    assert "mcp-session-id" not in opened.headers
    assert process.output == "loading\n"


async def test_workers_find_the_file_from_another_working_folder(tmp_path: Path, log: Path) -> None:
    """Each runs the same command again, in the folder that the first one went to."""
    write(tmp_path)
    (tmp_path / "data").mkdir()
    port = free_port()
    document = {"source": {"path": "server.py"}, "deployment": {"cwd": "data", "port": port}}
    path = tmp_path / "fastmcp.json"
    path.write_text(json.dumps(document))
    options = ["-t", "http", "--workers", "2", "--stateless"]

    with http_server(["-m", "fastmcp", "run", path, *options], log, port=port) as process:
        process.wait_for("2 workers")
        assert await told(Client(process.url), "folder") == str(tmp_path / "data")


# What is wrong


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.py"], "There is no file absent.py"),
        (["servr.py"], "There is no file servr.py; did you mean server.py?"),
        (["."], ". is a folder; name the file in it"),
        (["server.py:nothing_like_it"], "server.py has no 'nothing_like_it'"),
        (["server.py:othr"], "server.py has no 'othr'; did you mean 'other'?"),
        (["server.py:number"], "server.py:number is int, not a FastMCP server"),
        (["server.py:make_nothing"], "server.py:make_nothing is int, not a FastMCP server"),
        (["empty.py"], "empty.py has no FastMCP server, as in: mcp = FastMCP"),
        (["several.py"], "several FastMCP servers (a, b); name one: several.py:b, or call it"),
        (["several.py:third"], "several.py has no 'third'; its servers: a, b"),
        (["sdk.py"], "sdk.py:other is a server of the package mcp"),
        (["notes.txt"], "notes.txt is not a Python file"),
        (["-m", "no_such.module"], "There is no module no_such.module"),
        (["-m", "server.py"], "There is no module server.py; a file goes without -m"),
        (["server.py", "-l", "loud"], "it must be one of CRITICAL"),
        (["server.py", "--reload", "--reload-dir", "nowhere"], "there is no such folder"),
        (["broken.json"], "broken.json is not JSON"),
        (["dangling.py"], "dangling.py is a link to nothing.py, which is missing"),
        (["pipe.py"], "pipe.py is no regular file"),
        (["package.inner:mcp"], "There is no file package.inner; the module package.inner goes "),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_on_one_line(
    server: Path, script: Script, arguments: list[str], words: str
) -> None:
    """Exit code 1, nothing on stdout, no traceback."""
    script("", "empty.py")
    script("from fastmcp import FastMCP\na, b = FastMCP('a'), FastMCP('b')", "several.py")
    script("from mcp.server.mcpserver import MCPServer\nother = MCPServer('x')", "sdk.py")
    script("just text", "notes.txt")
    script("{", "broken.json")
    folder = server.parent
    write(folder / "package", "", "inner.py")
    folder.joinpath("dangling.py").symlink_to("nothing.py")
    os.mkfifo(folder / "pipe.py")

    done = run_command(server.parent, *arguments)

    assert (done.returncode, done.stdout) == (1, "")
    line = done.stderr.splitlines()[-1]
    assert line.startswith("fastmcp: ")
    assert words in line
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["server.py", "--port", "80"], "--port needs --transport http"),
        (["server.py", "--host", "x", "--path", "/y"], "--host, --path need --transport http"),
        (["server.py", "--stateless"], "--stateless needs --transport http"),
        (["server.py", "--health"], "--health needs --transport http"),
        (["-m", "neighbour", "-t", "http", "--health"], "--health needs MODULE:OBJECT"),
        (["-m"], "-m needs the name of a module"),
        (["-m", "neighbour", "-t", "http", "--workers", "2"], "--workers needs MODULE:OBJECT"),
    ],
    ids=str,
)
def test_options_that_mean_nothing_are_wrong_usage(
    server: Path, arguments: list[str], words: str
) -> None:
    """Exit code 2, and one line that says what they need."""
    done = run_command(server.parent, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"fastmcp: {words}" in done.stderr.splitlines()[-1]


def test_an_empty_folder_has_no_server(tmp_path: Path) -> None:
    """It is said what was looked for."""
    done = run_command(tmp_path)

    assert done.returncode == 1
    assert done.stderr == (
        "fastmcp: There is none of fastmcp.json, server.py, main.py, app.py in "
        f"{tmp_path}; name the server\n"
    )


@pytest.mark.parametrize("spec", [["server.py"], ["server.py:mcp"], ["-m", "server:mcp"]], ids=str)
def test_an_error_in_the_program_shows_where_it_is(script: Script, spec: list[str]) -> None:
    """The author's own traceback, without our frames, and a line that says it all."""
    program = script("def f():\n    raise RuntimeError('mine')\n\nf()\n")

    done = run_command(program.parent, *spec)

    assert (done.returncode, done.stdout) == (1, "")
    label = "server" if "-m" in spec else "server.py"
    assert done.stderr == (
        "Traceback (most recent call last):\n"
        f'  File "{program}", line 4, in <module>\n    f()\n'
        f"  File \"{program}\", line 2, in f\n    raise RuntimeError('mine')\n"
        "RuntimeError: mine\n"
        f"fastmcp: {label} could not be loaded: RuntimeError: mine\n"
    )


@pytest.mark.parametrize("object", ["fail", "fail_later"])
def test_an_error_in_what_makes_the_server_shows_where_it_is(script: Script, object: str) -> None:
    """Whether it is a coroutine function or not."""
    program = script(
        "def fail():\n    raise OSError('mine')\n\n\nasync def fail_later():\n    fail()\n"
    )

    done = run_command(program.parent, f"server.py:{object}")

    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[-1] == f"fastmcp: server.py:{object} could not be loaded: OSError: mine"
    assert all(str(program) in line for line in lines if line.startswith("  File "))


def test_an_error_in_a_module_that_serves_itself_shows_where_it_is(script: Script) -> None:
    """As in a file."""
    program = script("raise LookupError('mine')")

    done = run_command(program.parent, "-m", "server")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Traceback (most recent call last):\n"
        f"  File \"{program}\", line 1, in <module>\n    raise LookupError('mine')\n"
        "LookupError: mine\n"
        "fastmcp: server failed: LookupError: mine\n"
    )


def test_a_package_that_is_missing_has_a_cure(script: Script) -> None:
    """It can be had for this run."""
    program = script("import no_such_package")

    done = run_command(program.parent, program.name)

    assert done.stderr.splitlines()[-1] == (
        "fastmcp: server.py could not be loaded: ModuleNotFoundError: "
        "No module named 'no_such_package'; --with PACKAGE installs one"
    )


def test_a_file_of_a_package_has_a_cure(tmp_path: Path) -> None:
    """It cannot know which package that is."""
    write(tmp_path / "package", "from . import other", "inner.py")

    done = run_command(tmp_path, "package/inner.py")

    assert done.stderr.splitlines()[-1] == (
        "fastmcp: package/inner.py could not be loaded: ImportError: attempted relative import "
        "with no known parent package; a module of a package goes with -m, as in "
        "-m PACKAGE.MODULE:OBJECT"
    )


def test_a_port_in_use_is_one_line(server: Path) -> None:
    """With the port, and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        done = run_command(server.parent, "server.py", "-t", "http", "-p", port, "--no-banner")

    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 is in use" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("reload", [[], ["--reload"]], ids=str)
@pytest.mark.parametrize(("descriptor", "name"), [(0, "stdin"), (1, "stdout")])
def test_a_stream_that_is_closed_is_told(
    server: Path, descriptor: int, name: str, reload: list[str]
) -> None:
    """As services have them that nobody talks to."""
    closing = f"import os, sys; os.close({descriptor}); os.execv(sys.executable, sys.argv[1:])"
    command = [sys.executable, "-m", "fastmcp", "run", "server.py", *reload]

    done = run_python("-c", closing, *command, cwd=server.parent)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"fastmcp: {name} is closed, by which a client would be served; the transport http serves "
        "without it"
    )


@pytest.mark.parametrize("call", ["mcp.run()", 'mcp.run("http")', "mcp.run_http()"])
def test_a_program_that_serves_while_it_is_loaded_is_told(script: Script, call: str) -> None:
    """Who runs it would serve it twice."""
    path = script(f"from fastmcp import FastMCP\nmcp = FastMCP('x')\n{call}\n")

    done = run_python("-m", "fastmcp", "run", path.name, cwd=path.parent)

    assert done.returncode == 1
    name = call.partition("(")[0].removeprefix("mcp.")
    assert done.stderr.splitlines()[-1] == (
        f"fastmcp: server.py could not be loaded: ConfigurationError: {name}() was called while "
        "server.py was loaded for its server, which is run then; put the call below "
        "`if __name__ == '__main__':`"
    )


def test_a_folder_that_is_gone_is_told(server: Path) -> None:
    """As it happens to a terminal whose folder was made anew."""
    gone = "import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); "
    main = "from fastmcp.cli import main; sys.exit(main(['run']))"

    done = run_python("-c", gone + main, cwd=server.parent)

    assert done.returncode == 1
    assert done.stderr == "fastmcp: the current folder is gone; go to one that is there\n"


@pytest.mark.parametrize(
    "arguments", [["run", "x.py", "--transport", "pigeon"], ["run", "x", "--y"], ["run", "x", "y"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    """As other commands have it, with the usage on stderr."""
    done = run_python("-m", "fastmcp", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: fastmcp")
