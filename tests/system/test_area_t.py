"""Area T: fastmcp.json and settings, row by row."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import initialize
from jsonschema import Draft202012Validator
from processes import free_port, http_server, run_python
from run_command import TELLER, run_command, running, told, write

from fastmcp import Client
from fastmcp.configuration.schema import FILE


def document(folder: Path, **parts: Any) -> Path:
    """A server and its fastmcp.json in a folder."""
    write(folder)
    path = folder / "fastmcp.json"
    path.write_text(json.dumps({"source": {"path": "server.py"}, **parts}))
    return path


async def test_s297_the_schema_is_accepted_and_validates(tmp_path: Path) -> None:
    """`$schema` is for editors; the one that comes with this package describes the file."""
    path = document(tmp_path, **{"$schema": "https://example.org/v1.json"})

    Draft202012Validator(json.loads(FILE.read_text())).validate(json.loads(path.read_text()))
    assert await told(running(tmp_path), "argv") == [str(tmp_path / "server.py")]


async def test_s298_the_path_is_that_from_the_file(tmp_path: Path) -> None:
    """Wherever it is run from; without it there is no server."""
    path = document(tmp_path / "project")

    argv = await told(running(tmp_path, "project/fastmcp.json"), "argv")
    path.write_text('{"source": {"entrypoint": "mcp"}}')
    done = run_command(tmp_path, path)

    assert argv == [str(tmp_path / "project" / "server.py")]
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"fastmcp: {path}: source.path is missing\n"


@pytest.mark.parametrize("entrypoint", [None, "mcp", "make"])
async def test_s299_an_entrypoint_is_found_or_named(tmp_path: Path, entrypoint: str | None) -> None:
    """An instance, or a function that makes one."""
    document(tmp_path, source={"path": "server.py", "entrypoint": entrypoint})
    write(tmp_path, TELLER + "\n    def make():\n        return mcp\n")

    assert await told(running(tmp_path), "argv") == [str(tmp_path / "server.py")]


@pytest.mark.parametrize(
    "environment",
    [
        {"python": f">={sys.version_info[0]}.{sys.version_info[1]}"},
        {"dependencies": []},
        {"dependencies": ["msgspec", "fastmcp>=2.0"]},
    ],
    ids=str,
)
async def test_s301_nothing_is_prepared_that_is_there(
    tmp_path: Path, environment: dict[str, Any]
) -> None:
    """Also no uv is needed."""
    document(tmp_path, environment=environment)

    _, prefix = await told(running(tmp_path, env={"PATH": "/nowhere"}), "python")

    assert prefix == sys.prefix


def test_s301_a_missing_uv_says_how_to_get_it(tmp_path: Path) -> None:
    """Where it is needed."""
    document(tmp_path, environment={"dependencies": ["no-such-package"]})

    done = run_command(tmp_path, env={"PATH": "/nowhere", "UV": ""})

    assert (done.returncode, done.stdout) == (1, "")
    assert "`pip install uv` installs it" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("transport", ["http", "streamable-http", "sse"])
async def test_s302_the_transport_is_that_of_the_file(
    tmp_path: Path, log: Path, transport: str
) -> None:
    """It serves HTTP."""
    port = free_port()
    path = document(tmp_path, deployment={"transport": transport, "port": port})
    where = f"http://127.0.0.1:{port}/{'sse' if transport == 'sse' else 'mcp'}"

    with http_server(["-m", "fastmcp", "run", path], log, port=port):
        assert await told(Client(where), "argv") == [str(tmp_path / "server.py")]


async def test_s302_the_command_line_wins_over_the_file_and_that_over_settings(
    tmp_path: Path, log: Path
) -> None:
    """--transport stdio leaves what the file says of HTTP unused; a flag beats it."""
    given, said, set_ = free_port(), free_port(), free_port()
    path = document(tmp_path, deployment={"transport": "http", "port": said, "path": "/file"})
    env = {"FASTMCP_PORT": str(set_), "FASTMCP_STREAMABLE_HTTP_PATH": "/settings"}
    command = ["-m", "fastmcp", "run", path]

    assert await told(running(tmp_path, path, "-t", "stdio"), "argv")
    with http_server(command, log, port=said, env=env):
        assert httpx2.post(f"http://127.0.0.1:{said}/file", json=initialize()).status_code == 200
    with http_server([*command, "-p", str(given), "--path", "/flag"], log, port=given, env=env):
        assert httpx2.post(f"http://127.0.0.1:{given}/flag", json=initialize()).status_code == 200


def test_s303_host_and_port_are_those_of_the_file(tmp_path: Path, log: Path) -> None:
    """The port may be a variable, as platforms that host programs have it."""
    port = free_port()
    deployment = {"transport": "http", "host": "localhost", "port": "${PORT}"}
    path = document(tmp_path, deployment=deployment)

    with http_server(["-m", "fastmcp", "run", path], log, port=port) as process:
        assert httpx2.post(process.url, json=initialize()).status_code == 200


def test_s304_the_log_level_is_applied(tmp_path: Path, log: Path) -> None:
    """DEBUG logs what INFO does not; the command line wins."""
    port = free_port()
    path = document(tmp_path, deployment={"transport": "http", "port": port, "log_level": "DEBUG"})
    write(
        tmp_path,
        """
        import logging
        from contextlib import asynccontextmanager
        from fastmcp import FastMCP

        @asynccontextmanager
        async def lifespan(server):
            logging.getLogger("fastmcp.mine").debug("deep inside")
            yield {}

        mcp = FastMCP("x", lifespan=lifespan)
        """,
    )

    with http_server(["-m", "fastmcp", "run", path], log, port=port) as process:
        process.wait_for("deep inside")
    log.write_text("")
    with http_server(["-m", "fastmcp", "run", path, "-l", "INFO"], log, port=port) as process:
        process.wait_for(str(port))
        assert "deep inside" not in process.output


async def test_s305_variables_are_set_before_the_program_is_imported(tmp_path: Path) -> None:
    """Made of those of the host; one that is not set stays as it is, and is warned of."""
    variables = {"GREETING": "Hello ${WHOM}", "OTHER": "${NOBODY_SETS}"}
    document(tmp_path, deployment={"env": variables, "args": ["${GREETING}"]})
    client = running(tmp_path, env={"WHOM": "Ada"})
    lines: list[str] = []
    client.transport.stderr_handler = lines.append

    async with client:
        greeting = (await client.call_tool("at_import")).data
        other = (await client.call_tool("variable", {"name": "OTHER"})).data
        argv = (await client.call_tool("argv")).data

    assert (greeting, other) == ("Hello Ada", "${NOBODY_SETS}")
    assert argv[1:] == ["Hello Ada"]
    assert any("NOBODY_SETS, which is not set" in line for line in lines)


async def test_s306_arguments_and_working_folder_are_those_of_the_file(tmp_path: Path) -> None:
    """`path` is tested with S302. The folder is relative to the file; `--` replaces arguments."""
    path = document(tmp_path / "project", deployment={"cwd": "data", "args": ["--verbose"]})
    (tmp_path / "project" / "data").mkdir()
    program = str(tmp_path / "project" / "server.py")

    assert await told(running(tmp_path, path), "folder") == str(tmp_path / "project" / "data")
    assert await told(running(tmp_path, path), "argv") == [program, "--verbose"]
    assert await told(running(tmp_path, path, "--", "-q"), "argv") == [program, "-q"]


def test_s306_a_working_folder_that_is_missing_is_one_line(tmp_path: Path) -> None:
    """With its place in the file."""
    document(tmp_path, deployment={"cwd": "nowhere"})

    done = run_command(tmp_path)

    assert done.returncode == 1
    assert done.stderr.endswith(f"deployment.cwd: {tmp_path}/nowhere: No such file or directory\n")


@pytest.mark.parametrize("value", ["true", "1"])
def test_s307_the_environment_switches_sessions_off(tmp_path: Path, log: Path, value: str) -> None:
    """FASTMCP_STATELESS_HTTP, as a variable and in .env."""
    path = write(tmp_path)
    (tmp_path / "settings.env").write_text(f"FASTMCP_STATELESS_HTTP={value}\n")

    for env in (
        {"FASTMCP_STATELESS_HTTP": value},
        {"FASTMCP_ENV_FILE": str(tmp_path / "settings.env")},
    ):
        port = free_port()
        command = ["-m", "fastmcp", "run", path, "-t", "http", "-p", str(port)]
        with http_server(command, log, port=port, env=env) as process:
            answer = httpx2.post(process.url, json=initialize())
            assert (answer.status_code, "mcp-session-id" in answer.headers) == (200, False)


def test_s308_tasks_are_kept_where_the_environment_says(tmp_path: Path) -> None:
    """FASTMCP_DOCKET_URL, from the variables of a fastmcp.json; the rest of it is area P's."""
    path = document(
        tmp_path, deployment={"env": {"FASTMCP_DOCKET_URL": f"sqlite:///{tmp_path}/tasks.db"}}
    )
    write(tmp_path, "from fastmcp import FastMCP\nmcp = FastMCP('x', tasks=True)")

    done = run_python("-m", "fastmcp", "tasks", "list", str(path))

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tasks.db").exists()


SETTINGS = {
    "FASTMCP_TRANSPORT": ("transport", "http"),
    "FASTMCP_HOST": ("host", "localhost"),
    "FASTMCP_PORT": ("port", 9876),
    "FASTMCP_LOG_LEVEL": ("log_level", "ERROR"),
    "FASTMCP_JSON_RESPONSE": ("json_response", True),
    "FASTMCP_SSE_PATH": ("sse_path", "/events"),
    "FASTMCP_MESSAGE_PATH": ("message_path", "/post/"),
    "FASTMCP_STREAMABLE_HTTP_PATH": ("streamable_http_path", "/endpoint"),
    "FASTMCP_MASK_ERROR_DETAILS": ("mask_error_details", True),
}


@pytest.mark.parametrize("variable", SETTINGS)
def test_s309_a_setting_is_read_from_the_environment_and_from_a_file(
    tmp_path: Path, variable: str
) -> None:
    """A variable wins over `.env`, which FASTMCP_ENV_FILE may name; what is assigned wins over
    both.
    """
    name, value = SETTINGS[variable]
    text = str(value)
    code = f"import fastmcp; print(repr(fastmcp.settings.{name}))"
    (tmp_path / ".env").write_text(f"{variable}='{text}'\n")
    named = {"FASTMCP_ENV_FILE": str(tmp_path / ".env")}
    (tmp_path / "elsewhere").mkdir()

    printed = [
        run_python("-c", code, cwd=folder, env=env).stdout
        for folder, env in (
            (tmp_path, {}),
            (tmp_path / "elsewhere", named),
            (tmp_path / "elsewhere", {variable: text}),
            (tmp_path / "elsewhere", {}),
        )
    ]

    assert printed[:3] == [f"{value!r}\n"] * 3
    assert printed[3] != printed[0]


def test_s309_arguments_win_over_variables_and_these_over_the_file(
    tmp_path: Path, log: Path
) -> None:
    """Port by port."""
    path = write(tmp_path)
    in_file, variable, argument = free_port(), free_port(), free_port()
    (tmp_path / "my.env").write_text(f"FASTMCP_TRANSPORT=http\nFASTMCP_PORT={in_file}\n")
    command = ["-m", "fastmcp", "run", path]
    env = {"FASTMCP_ENV_FILE": str(tmp_path / "my.env")}
    more = {**env, "FASTMCP_PORT": str(variable)}

    for port, arguments, given in (
        (in_file, [], env),
        (variable, [], more),
        (argument, ["-p", str(argument)], more),
    ):
        with http_server([*command, *arguments], log, port=port, env=given) as process:
            assert httpx2.post(process.url, json=initialize()).status_code == 200


def test_s309_what_means_nothing_in_a_file_is_told(tmp_path: Path) -> None:
    """With the nearest name, and so is a file that is missing, and a value that cannot be."""
    code = "import fastmcp; print(fastmcp.settings.unread()); fastmcp.settings.port"
    (tmp_path / ".env").write_text("FASTMCP_PROT=1\nOTHER=2\nFASTMCP_PORT=many\n")

    here = run_python("-c", code, cwd=tmp_path)
    absent = run_python("-c", code, env={"FASTMCP_ENV_FILE": "no.env"})

    assert here.stdout == (
        "['.env: FASTMCP_PROT is set, and there is no such setting; did you mean FASTMCP_PORT?']\n"
    )
    assert ".env: FASTMCP_PORT='many': it must be a port" in here.stderr
    assert absent.stdout == "['FASTMCP_ENV_FILE names no.env, and there is no such file']\n"
