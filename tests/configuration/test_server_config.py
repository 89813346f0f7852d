"""fastmcp.json as an object: read, made of keywords, and served."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import initialize
from processes import free_port, http_server
from run_command import TELLER, write

from fastmcp import Client, configuration
from fastmcp.configuration import Deployment, FileSystemSource, MCPServerConfig, UVEnvironment
from fastmcp.configuration.program import NotLoaded
from fastmcp.exceptions import ConfigurationError

WHOLE: dict[str, Any] = {
    "$schema": "https://example.org/schema.json",
    "source": {"type": "filesystem", "path": "server.py", "entrypoint": "mcp"},
    "environment": {
        "type": "uv",
        "python": "3.12",
        "dependencies": ["httpx"],
        "requirements": "requirements.txt",
        "project": ".",
        "editable": ["../other"],
    },
    "deployment": {
        "transport": "http",
        "host": "0.0.0.0",
        "port": 9000,
        "path": "/x",
        "log_level": "DEBUG",
        "cwd": "data",
        "env": {"A": "b"},
        "args": ["--verbose"],
    },
}


def file(folder: Path, text: Any, name: str = "fastmcp.json") -> Path:
    path = folder / name
    path.write_text(text if isinstance(text, str) else json.dumps(text), "utf-8")
    return path


def test_all_that_a_file_says_is_read(tmp_path: Path) -> None:
    """And written as it was."""
    config = MCPServerConfig.from_file(file(tmp_path, WHOLE))

    assert config.source == FileSystemSource(path="server.py", entrypoint="mcp")
    assert config.environment.dependencies == ["httpx"]
    assert config.deployment.port == 9000
    assert config.model_dump(exclude_none=True) == WHOLE
    assert config.path == tmp_path / "fastmcp.json"


def test_little_has_to_be_said(tmp_path: Path) -> None:
    """Comments and commas at the end are no fault."""
    config = MCPServerConfig.from_file(
        file(tmp_path, '{"source": {"path": "server.py:app",}, // that is all\n}')
    )

    assert config.source == FileSystemSource(path="server.py", entrypoint="app")
    assert config.environment.is_empty
    assert config.deployment == Deployment()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no object"),
        ({}, "source is missing"),
        ({"sorce": {"path": "x"}}, "source is missing; did you mean it by 'sorce'?"),
        ({"source": {"pth": "x"}}, "source.path is missing; did you mean it by 'pth'?"),
        ({"source": "server.py"}, "source: expected object, got str"),
        ({"source": {"path": 5}}, "source.path: expected str, got int"),
        (
            {"source": {"path": "x"}, "deployment": {"transport": "htpp"}},
            "deployment.transport: invalid enum value 'htpp', it is one of stdio, http, sse, "
            "streamable-http; did you mean 'http'?",
        ),
        (
            {"source": {"path": "x"}, "deployment": {"log_level": "debug"}},
            "did you mean 'DEBUG'?",
        ),
        ({"source": {"path": "x"}, "deployment": {"port": 70000}}, "deployment.port: expected int"),
        (
            {"source": {"path": "x"}, "environment": {"dependencies": "httpx"}},
            "environment.dependencies: expected array | null, got str",
        ),
        (
            {"source": {"path": "x"}, "environment": {"dependencies": [1]}},
            "environment.dependencies[0]: expected str, got int",
        ),
        (
            {"source": {"path": "x"}, "environment": {"python": 3.12}},
            "environment.python: expected str | null, got float; write it in quotes",
        ),
        (
            {"source": {"path": "x"}, "environment": {"editable": "."}},
            "environment.editable: expected array | null, got str; write it in [ ]",
        ),
        (
            {"source": {"path": "x"}, "deployment": {"env": {"A": "1", "PORT": 80}}},
            "deployment.env.PORT: expected str, got int; write it in quotes",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: Any, words: str) -> None:
    """The file, the key, and what was meant."""
    path = file(tmp_path, text)

    with pytest.raises(ConfigurationError) as caught:
        MCPServerConfig.from_file(path)

    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_a_file_that_is_missing_has_a_near_one(tmp_path: Path) -> None:
    """As a FileNotFoundError."""
    file(tmp_path, WHOLE)

    with pytest.raises(FileNotFoundError, match=r"fastmpc\.json; did you mean .*fastmcp\.json\?"):
        MCPServerConfig.from_file(tmp_path / "fastmpc.json")


def test_keys_that_nothing_reads_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With their place and what was meant; the rest is read."""
    text = {
        "source": {"path": "server.py"},
        "deploymnt": {},
        "environment": {"pyton": "3.12", "colour": "red"},
    }

    MCPServerConfig.from_file(file(tmp_path, text))

    told = [record.getMessage().partition(": ")[2] for record in caplog.records]
    assert told == [
        "there is no key deploymnt; did you mean 'deployment'?",
        "there is no key environment.pyton; did you mean 'python'?",
        "there is no key environment.colour",
    ]


def test_a_configuration_can_be_made_of_keywords() -> None:
    """Of plain objects, too, and of what a command line says."""
    made = MCPServerConfig(
        source={"path": "server.py:mcp"},  # pyright: ignore[reportArgumentType]
        deployment={"port": 9000},  # pyright: ignore[reportArgumentType]
    )
    said = MCPServerConfig.from_cli_args(
        FileSystemSource(path="server.py"),
        transport="streamable-http",
        port=9000,
        dependencies=["httpx"],
        editable="../other",
        args=["-v"],
    )

    assert made.source.entrypoint == "mcp"
    assert (said.deployment.transport, said.deployment.port) == ("http", 9000)
    assert said.environment == UVEnvironment(dependencies=["httpx"], editable=["../other"])


def test_the_file_of_a_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default that of the current one."""
    assert MCPServerConfig.find_config(tmp_path) is None
    path = file(tmp_path, WHOLE)
    monkeypatch.chdir(tmp_path)

    assert MCPServerConfig.find_config() == MCPServerConfig.find_config(tmp_path) == path


async def test_a_source_loads_its_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the current folder; what fails in it is the cause."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["before"])
    monkeypatch.setattr("sys.path", list(sys.path))
    write(tmp_path, TELLER, "a_teller.py")
    write(tmp_path, "async def make():\n    raise KeyError('mine')", "a_failing_server.py")

    server = await FileSystemSource(path="a_teller.py").load_server()
    async with Client(server) as client:
        argv = (await client.call_tool("argv")).data
    with pytest.raises(NotLoaded) as caught:
        await FileSystemSource(path="a_failing_server.py:make").load_server()

    assert argv == [str(tmp_path / "a_teller.py")]
    assert repr(caught.value.__cause__) == "KeyError('mine')"


def test_a_configuration_serves_itself(tmp_path: Path, log: Path) -> None:
    """What it says, where the caller says nothing; the program may be in its working folder."""
    port = free_port()
    write(tmp_path / "inner", TELLER)
    path = file(
        tmp_path,
        {
            "source": {"path": "server.py"},
            "deployment": {"cwd": "inner", "transport": "stdio", "path": "/x", "port": 1},
        },
    )
    program = write(
        tmp_path,
        f"""
        import asyncio
        from fastmcp.utilities.mcp_server_config import MCPServerConfig

        config = MCPServerConfig.from_file({str(path)!r})
        asyncio.run(config.run_server(transport="http", port={port}))
        """,
        "program.py",
    )

    with http_server([program], log, port=port):
        answer = httpx2.post(f"http://127.0.0.1:{port}/x", json=initialize())

    assert answer.json()["result"]["serverInfo"]["name"] == "teller"


def test_variables_stand_for_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every text of a deployment; a port may be one."""
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.delenv("HOST", raising=False)
    deployment = Deployment(port="${PORT}", host="${HOST:-0.0.0.0}", args=["--port=${PORT}"])

    assert deployment.run_options() == {"port": 8123, "host": "0.0.0.0"}
    assert deployment.arguments() == ["--port=8123"]
    monkeypatch.setenv("PORT", "many")
    with pytest.raises(ConfigurationError, match=r"deployment\.port is 'many'"):
        deployment.run_options()


def test_variables_are_set_in_order(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each may be made of those before it; one that is not set stays as it is, with a warning."""
    for name in ("A_NAME", "A_GREETING", "A_STRANGER"):
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)
    env = {"A_NAME": "Ada", "A_GREETING": "Hello ${A_NAME}", "A_STRANGER": "${A_NOBODY}"}

    Deployment(env=env).apply_runtime_settings()

    assert os.environ["A_GREETING"] == "Hello Ada"
    assert os.environ["A_STRANGER"] == "${A_NOBODY}"
    assert "deployment.env.A_STRANGER needs the environment variable A_NOBODY" in caplog.text


@pytest.mark.parametrize("env", [{"A=B": "x"}, {"": "x"}, {"A\0": "x"}, {"A": "\0"}], ids=ascii)
def test_a_variable_that_cannot_be_is_named(tmp_path: Path, env: dict[str, str]) -> None:
    """With the file and the key."""
    path = tmp_path / "fastmcp.json"

    with pytest.raises(ConfigurationError) as caught:
        Deployment(env=env).apply_runtime_settings(path)

    assert f"{path}: deployment.env: {next(iter(env))!r}: " in str(caught.value)


def test_a_port_may_be_a_text(tmp_path: Path) -> None:
    """As files have it that were written for FastMCP."""
    document = {"source": {"path": "server.py"}, "deployment": {"port": "9000"}}

    config = MCPServerConfig.from_file(file(tmp_path, document))

    assert config.deployment.run_options() == {"port": 9000}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("", "MCPServerConfig"),
        ("", "Environment"),
        ("", "Source"),
        (".v1.mcp_server_config", "generate_schema"),
        (".v1.mcp_server_config", "Deployment"),
        (".v1.environments.uv", "UVEnvironment"),
        (".v1.sources.filesystem", "FileSystemSource"),
    ],
)
def test_the_names_are_where_users_import_them_from(module: str, name: str) -> None:
    """The paths of FastMCP, with the versions of the file in between."""
    found = import_module(f"fastmcp.utilities.mcp_server_config{module}")

    assert getattr(found, name) is getattr(configuration, name)
