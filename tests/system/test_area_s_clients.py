"""Area S: the commands that speak to servers, row by row."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from processes import SECONDS, environment, free_port, run_python
from settled import wait_until

import fastmcp
from fastmcp._version import VERSION

EXAMPLE = Path(__file__).parents[1] / "cli" / "example"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a server.py that has tools, resources and prompts."""
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLE, folder)
    return folder


def fastmcp_in(
    project: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Our command in that folder, to its end."""
    return run_python("-m", "fastmcp", *arguments, cwd=project, env=variables)


@contextmanager
def developing(project: Path, *arguments: str, **variables: str) -> Generator[Path]:
    """`fastmcp dev` in that folder, ended by an interrupt; the file that has what it printed."""
    log = project / "dev.log"
    # A shell that starts tests in the background has its children ignore the signal.
    heeding = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from fastmcp.cli import main; sys.exit(main())"
    )
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-c", heeding, "dev", *arguments],
            cwd=project,
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            yield log
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) in (0, 130)
        finally:
            process.kill()


@pytest.mark.parametrize("spelling", [["inspector"], []], ids=["S284", "S285"])
def test_s284_s285_dev_prints_where_the_inspector_is(project: Path, spelling: list[str]) -> None:
    """`fastmcp dev inspector server.py`, and the older `fastmcp dev server.py`: it is served."""
    port = free_port()
    flags = ["server.py", "--no-open", "--ui-port", str(port)]

    with developing(project, *spelling, *flags) as log:
        wait_until(lambda: f"http://127.0.0.1:{port}/" in log.read_text())
        page = httpx2.get(f"http://127.0.0.1:{port}/")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


def test_s284_the_official_inspector_is_started_by_npx(project: Path) -> None:
    """With the server's command as words of a list; no shell reads them."""
    programs = project / "bin"
    programs.mkdir()
    npx = programs / "npx"
    npx.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$SAID"\n')
    npx.chmod(0o755)
    said = project / "said"
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"

    made = fastmcp_in(
        project, "dev", "inspector", "server.py", "--official", PATH=path, SAID=str(said)
    )

    assert made.returncode == 0, made.stderr
    words = said.read_text().splitlines()
    assert words[:2] == ["-y", "@modelcontextprotocol/inspector"]
    assert words[2:] == [
        *(sys.executable, "-P", "-m", "fastmcp", "run", "server.py", "--transport", "stdio"),
        "--no-banner",
    ]


def test_s286_list_names_all_three_kinds(project: Path) -> None:
    """Of a file; --json has the same."""
    printed = fastmcp_in(project, "list", "server.py").stdout
    found = json.loads(fastmcp_in(project, "list", "server.py", "--json").stdout)

    for text in ("greet(", "config://app", "user://{id}", "ask("):
        assert text in printed
    assert found["tools"] and found["resources"] and found["prompts"]


@pytest.mark.parametrize("configured", [False, True], ids=["server.py", "fastmcp.json"])
def test_s287_list_without_a_server_takes_the_folders(project: Path, configured: bool) -> None:
    """Its fastmcp.json, or its server.py."""
    if configured:
        project.joinpath("server.py").rename(project / "tea.py")
        project.joinpath("fastmcp.json").write_text('{"source": {"path": "tea.py"}}')

    made = fastmcp_in(project, "list")

    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("shop 1 ")


def test_s288_call_takes_a_json_object(project: Path) -> None:
    """And pairs, URIs of resources, and names of prompts."""
    project.joinpath("server.py").write_text(
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('x')\n"
        "@mcp.tool\n"
        "def add(a: int, b: int) -> int: return a + b\n"
        "@mcp.resource('config://app')\n"
        "def config() -> str: return 'green'\n"
        "@mcp.prompt\n"
        "def ask(topic: str) -> str: return topic\n"
    )

    def called(*words: str) -> str:
        made = fastmcp_in(project, "call", "server.py", *words)
        assert (made.returncode, made.stderr) == (0, "")
        return made.stdout

    assert called("add", '{"a":1,"b":2}') == "3\n"
    assert called("add", "a=1", "b=2") == "3\n"
    assert called("config://app") == "green\n"
    assert called("ask", "topic=tea", "--prompt") == "user: tea\n"


def test_s289_discover_with_a_file_is_a_full_inspection(project: Path) -> None:
    """Components with their schemas, the same as `inspect` tells."""
    found = json.loads(fastmcp_in(project, "discover", "server.py", "--format", "fastmcp").stdout)
    inspected = json.loads(fastmcp_in(project, "inspect", "server.py", "-f", "fastmcp").stdout)

    greet = next(tool for tool in found["tools"] if tool["name"] == "greet")
    assert greet["input_schema"]["required"] == ["name"]
    assert found == inspected


def test_s291_a_tasks_worker_says_whose_tasks_it_runs(project: Path) -> None:
    """`fastmcp tasks worker server.py`; what it does is told by the rows of area P."""
    project.joinpath("server.py").write_text(
        "from fastmcp import FastMCP\n"
        f"mcp = FastMCP('Shop', tasks=True, docket='sqlite:///{project}/tasks.db')\n"
    )
    log = project / "worker.log"

    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "fastmcp", "tasks", "worker", "server.py"],
            cwd=project,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            wait_until(lambda: "tasks of fastmcp:Shop" in log.read_text())
            process.terminate()
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["list", "absent.py"], "absent.py"),
        (["call", "empty.py", "x"], "no FastMCP server"),
        (["inspect", "ftp://x"], "not by ftp://"),
    ],
    ids=str,
)
def test_s294_errors_are_one_clear_message(project: Path, words: list[str], told: str) -> None:
    """Exit code not 0, on stderr."""
    project.joinpath("empty.py").touch()

    made = fastmcp_in(project, *words)

    assert (made.returncode, made.stdout) == (1, "")
    assert told in made.stderr
    assert len(made.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [["list", "server.py"], ["call", "server.py", "nothing"]])
@pytest.mark.parametrize("another", [False, True])
def test_s295_the_command_need_not_be_on_path(
    project: Path, tmp_path_factory: pytest.TempPathFactory, words: list[str], another: bool
) -> None:
    """Started by its whole path, with PATH=/usr/bin; one of somebody else's there is not run."""
    command = Path(sys.executable).parent / "fastmcp"
    folder = tmp_path_factory.mktemp("bin")
    if another:
        foreign = folder / "fastmcp"
        foreign.write_text("#!/bin/sh\necho foreign >&2; exit 9\n")
        foreign.chmod(0o755)

    made = subprocess.run(
        [command, *words],
        cwd=project,
        env=environment({"PATH": f"{folder}:/usr/bin"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    assert (made.returncode, made.stderr) == (0, "")


def test_s296_version_asks_nobody(project: Path) -> None:
    """`fastmcp version` and `--version` work where every connection would be an error."""
    project.joinpath("sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(*_, **__): raise RuntimeError('a connection was tried')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
    )
    paths = os.pathsep.join(filter(None, [str(project), os.environ.get("PYTHONPATH")]))

    told = fastmcp_in(project, "version", PYTHONPATH=paths)
    alone = fastmcp_in(project, "--version", PYTHONPATH=paths)

    assert (told.returncode, told.stderr) == (0, "")
    assert f"peregrine-mcp: {VERSION}" in told.stdout
    assert (alone.returncode, alone.stdout) == (0, f"{fastmcp.__version__}\n")
