"""Area S: `fastmcp run`, row by row."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import initialize
from processes import SECONDS, environment, free_port, http_server, run_python
from run_command import TELLER, run_command, running, told, write

from fastmcp import Client

PACKAGE = "sortedcontainers"
"""Something small, which is not installed with us."""
WITH_PACKAGE = f"""
    import sys
    import fastmcp
    import {PACKAGE}
    from fastmcp import FastMCP

    mcp = FastMCP("x")

    @mcp.tool
    def where() -> list[str]:
        return [{PACKAGE}.__version__, fastmcp.__file__, sys.version.split()[0], *sys.argv]
"""


@cache
def other_python() -> str:
    """The version of a Python that is not this one; uv gets it when there is none."""
    command = ["uv", "python", "list", "--only-installed", "--output-format", "json"]
    found = subprocess.run(command, capture_output=True, timeout=SECONDS)
    for each in json.loads(found.stdout):
        parts = each["version_parts"]
        version = (parts["major"], parts["minor"], parts["patch"])
        if version >= (3, 11) and version != sys.version_info[:3] and "shims" not in each["path"]:
            return str(each["version"])
    return "3.13" if sys.version_info[:2] != (3, 13) else "3.12"


async def test_s274_a_file_is_served_on_stdio(tmp_path: Path) -> None:
    """`fastmcp run server.py`."""
    write(tmp_path)

    async with running(tmp_path, "server.py") as client:
        assert "argv" in [tool.name for tool in await client.list_tools()]


async def test_s275_options_of_the_command_line_win_over_the_code(
    tmp_path: Path, log: Path
) -> None:
    """--transport, --host, --port, --path and --log-level; what the code runs is not run."""
    port = free_port()
    path = write(tmp_path, TELLER + "\n    if __name__ == '__main__':\n        mcp.run(port=1)\n")
    options = ["--transport", "http", "--host", "127.0.0.1", "--port", str(port)]
    command = ["-m", "fastmcp", "run", path, *options, "--path", "/x", "--log-level", "error"]

    with http_server(command, log, port=port) as process:
        assert httpx2.post(f"http://127.0.0.1:{port}/x", json=initialize()).status_code == 200
        assert process.stop(signal.SIGTERM) == 0

    assert "Uvicorn" not in process.output


async def test_s276_what_stands_under_main_is_not_run(tmp_path: Path) -> None:
    """The module is imported, and the server is run by the command."""
    block = "\n    if __name__ == '__main__':\n        raise SystemExit('as a program')\n"
    write(tmp_path, TELLER + block)

    assert await told(running(tmp_path, "server.py"), "argv") == ["server.py"]


@pytest.mark.parametrize(
    ("names", "found"),
    [(["app", "server", "mcp"], "mcp"), (["app", "server"], "server"), (["other", "app"], "app")],
)
async def test_s277_the_usual_names_are_looked_for_in_order(
    tmp_path: Path, names: list[str], found: str
) -> None:
    """mcp, server, app."""
    lines = [f"{name} = FastMCP('{name}')" for name in names]
    write(tmp_path, "\n".join(["from fastmcp import FastMCP", *lines]))

    async with running(tmp_path, "server.py") as client:
        assert client.server_info is not None
        assert client.server_info.name == found


def test_s277_a_file_without_a_server_is_a_clear_error(tmp_path: Path) -> None:
    """Or with several of other names."""
    write(tmp_path, "from fastmcp import FastMCP\na, b = FastMCP('a'), FastMCP('b')")

    done = run_command(tmp_path, "server.py")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "fastmcp: server.py has several FastMCP servers (a, b); name one: server.py:b, or call "
        "it mcp\n"
    )


@pytest.mark.parametrize("object", ["my_instance", "make", "make_later"])
async def test_s278_the_object_is_named_behind_a_colon(tmp_path: Path, object: str) -> None:
    """An instance, or a function that makes one."""
    more = """
        def make():
            return mcp

        async def make_later():
            return mcp

        my_instance = mcp
    """
    write(tmp_path, TELLER + more.replace("\n    ", "\n"))

    assert await told(running(tmp_path, f"server.py:{object}"), "argv") == ["server.py"]


async def test_s279_reload_serves_what_was_edited(tmp_path: Path, log: Path) -> None:
    """The new tool is listed."""
    port = free_port()
    path = write(tmp_path)
    options = ["--transport", "http", "--port", str(port), "--reload"]

    async def listed(client: Client) -> list[str]:
        return [tool.name for tool in await client.list_tools()]

    with http_server(["-m", "fastmcp", "run", path, *options], log, port=port) as process:
        async with Client(process.url) as client:
            assert "added" not in await listed(client)
        write(tmp_path, TELLER + "\n    @mcp.tool\n    def added() -> int:\n        return 1\n")
        process.wait_for("starting again")
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    async with Client(process.url, timeout=2) as client:
                        if "added" in await listed(client):
                            break
                except Exception:
                    await asyncio.sleep(0.02)  # between two servers, nobody listens


@pytest.mark.timeout(300)
@pytest.mark.parametrize("option", ["--with", "--with-requirements"])
async def test_s280_s281_packages_are_there_that_are_asked_for(tmp_path: Path, option: str) -> None:
    """In an environment of uv's, in which this package is the one that runs here; `fastmcp` among
    the requirements means it.
    """
    import fastmcp

    write(tmp_path, WITH_PACKAGE)
    (tmp_path / "requirements.txt").write_text(f"fastmcp>=2\n{PACKAGE}\n")
    value = PACKAGE if option == "--with" else "requirements.txt"

    client = running(tmp_path, "server.py", option, value, "--", "-v")
    version, home, _, *argv = await told(client, "where")

    assert version
    assert home == fastmcp.__file__
    assert argv == ["server.py", "-v"]


@pytest.mark.timeout(300)
def test_s280_a_package_that_needs_the_other_distribution_is_told(tmp_path: Path) -> None:
    """Its files would be run in the place of ours."""
    theirs = wheel(tmp_path, "fastmcp", "fastmcp/__main__.py", "print('theirs')")
    needy = wheel(tmp_path, "needy", "needy.py", "", f"fastmcp @ {theirs.as_uri()}")
    write(tmp_path)

    command = ["-m", "fastmcp", "run", "server.py", "--with", f"needy @ {needy.as_uri()}"]
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, env=environment(), capture_output=True
    )

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.splitlines()[-1].startswith(
        b"fastmcp: something that was asked for requires the distribution fastmcp, "
    )


def wheel(folder: Path, name: str, file: str, source: str, *requires: str) -> Path:
    """A package of one file, as uv installs it."""
    path = folder / f"{name}-9.0-py3-none-any.whl"
    about = f"{name}-9.0.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 9.0"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(file, source)
        archive.writestr(f"{about}/METADATA", "\n".join(metadata) + "\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", f"{file},,\n{about}/METADATA,,\n{about}/RECORD,,\n")
    return path


@pytest.mark.timeout(300)
async def test_s282_s300_the_python_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    """By --python, and by a fastmcp.json."""
    write(tmp_path)
    version = other_python()
    document = {"source": {"path": "server.py"}, "environment": {"python": version}}
    (tmp_path / "fastmcp.json").write_text(json.dumps(document))

    by_option = await told(running(tmp_path, "server.py", "--python", version), "python")
    by_file = await told(running(tmp_path), "python")
    as_it_is = await told(running(tmp_path, "--skip-env"), "python")

    assert by_option[0].startswith(version)
    assert by_file[0].startswith(version)
    assert as_it_is == [sys.version.split()[0], sys.prefix]


@pytest.mark.timeout(300)
async def test_s301_an_environment_can_be_prepared(tmp_path: Path) -> None:
    """`project prepare` installs it once; then `run --project` takes no uv, and no network."""
    write(tmp_path, WITH_PACKAGE)
    document = {"source": {"path": "server.py"}, "environment": {"dependencies": [PACKAGE]}}
    (tmp_path / "fastmcp.json").write_text(json.dumps(document))
    command = ["-m", "fastmcp", "project", "prepare", "fastmcp.json", "--output-dir", "env"]

    for _ in range(2):
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment(), capture_output=True
        )
        assert done.returncode == 0, done.stderr.decode()
    client = running(tmp_path, "fastmcp.json", "--project", "env", env={"PATH": "/nowhere"})
    version, *_ = await told(client, "where")

    assert version
    assert b"fastmcp run fastmcp.json --project env" in done.stdout


def test_s301_a_project_of_somebody_elses_is_not_written_into(tmp_path: Path) -> None:
    """It is left as it is."""
    write(tmp_path)
    (tmp_path / "fastmcp.json").write_text('{"source": {"path": "server.py"}}')
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'mine'\n")

    done = run_python("-m", "fastmcp", "project", "prepare", "fastmcp.json", ".", cwd=tmp_path)

    assert done.returncode == 1
    assert "has a pyproject.toml of its own" in done.stderr
    assert (tmp_path / "pyproject.toml").read_text() == "[project]\nname = 'mine'\n"


ARGUMENTS = """
    import argparse
    from fastmcp import FastMCP

    parser = argparse.ArgumentParser()
    parser.add_argument("--config", default="none")
    parser.add_argument("--debug", action="store_true")
    options = parser.parse_args()
    mcp = FastMCP("x")

    @mcp.tool
    def told() -> list:
        return [options.config, options.debug]
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--", "--config", "config.json", "--debug"], ["config.json", True]),
        (["--no-banner", "--", "--debug"], ["none", True]),
        (["--"], ["none", False]),
        (["--no-banner"], ["none", False]),
        ([], ["none", False]),
    ],
)
async def test_s283_arguments_behind_two_dashes_are_the_servers(
    tmp_path: Path, arguments: list[str], expected: list[Any]
) -> None:
    """Its argparse sees those alone, also when there are none."""
    write(tmp_path, ARGUMENTS)

    assert await told(running(tmp_path, "server.py", *arguments), "told") == expected


@pytest.mark.parametrize("arguments", [[], ["fastmcp.json"]])
async def test_s292_a_fastmcp_json_is_run(tmp_path: Path, arguments: list[str]) -> None:
    """That of the current folder, before a server.py, or the one that is named."""
    write(tmp_path, name="other.py")
    write(tmp_path, "raise SystemExit('the wrong one')")
    (tmp_path / "fastmcp.json").write_text('{"source": {"path": "other.py"}}')

    assert await told(running(tmp_path, *arguments), "argv") == [str(tmp_path / "other.py")]


async def test_s293_a_url_and_an_mcp_json_are_proxied(tmp_path: Path, log: Path) -> None:
    """stdio to HTTP; and to the servers that a file names."""
    path = write(tmp_path)
    port = free_port()
    command = ["-m", "fastmcp", "run", path, "-t", "http", "-p", str(port)]

    with http_server(command, log, port=port) as process:
        servers = {"mcpServers": {"there": {"url": process.url}}}
        (tmp_path / "mcp.json").write_text(json.dumps(servers))
        assert await told(running(tmp_path, process.url), "argv") == [str(path)]
        assert await told(running(tmp_path, "mcp.json"), "argv") == [str(path)]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["absent.py"], 1, "There is no file absent.py"),
        (["empty.py"], 1, "empty.py has no FastMCP server"),
        (["empty.py", "--transport", "pigeon"], 2, "invalid choice: 'pigeon'"),
    ],
)
def test_s294_what_is_wrong_is_one_clear_message(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    """On standard error, and the exit code is not 0."""
    write(tmp_path, "", "empty.py")

    done = run_command(tmp_path, *arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
