"""Fixtures: the peers' environments, our server over HTTP, and a home where programs may write."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import free_port

from .environments import NodePackages, npm_packages, python_packages
from .processes import HttpServer, serving

HERE = Path(__file__).parent
OUR_SERVER = [sys.executable, str(HERE / "server.py")]


@pytest.fixture(scope="session")
def node_packages() -> NodePackages:
    """Install the peers that run on Node."""
    return npm_packages(HERE)


@pytest.fixture(scope="session")
def sdk1_python() -> str:
    """Install the official Python SDK 1.x; return its interpreter."""
    return python_packages("mcp1", "mcp==1.30.0")


@pytest.fixture(scope="session")
def server_commands(
    node_packages: NodePackages, sdk1_python: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """How the servers of others are started; they serve stdio, or with `http PORT` HTTP."""
    # Node looks for packages from where a program lies.
    home = shutil.copytree(HERE / "servers", tmp_path_factory.mktemp("home") / "servers")
    (home / "node_modules").symlink_to(node_packages.modules)
    node = node_packages.node(22)
    everything = "@modelcontextprotocol/server-everything/dist/index.js"
    framework = str(home / "framework.py")
    return {
        "fastmcp-3": [python_packages("fastmcp3", "fastmcp==3.4.10"), framework],
        "fastmcp-4": [python_packages("fastmcp4", "fastmcp==4.1.2"), framework],
        "python-sdk-1": [sdk1_python, str(home / "sdk1.py")],
        "python-sdk-2": [sys.executable, str(home / "sdk2.py")],
        "typescript-sdk-1": [node, str(home / "ts_sdk1.mjs")],
        "typescript-sdk-2": [node, str(home / "ts_sdk2.mjs")],
        "everything": [node, node_packages.program(everything)],
    }


@pytest.fixture
def home(tmp_path: Path, node_packages: NodePackages) -> Path:
    """Return a home with the client programs in it, from where Node finds the npm packages."""
    shutil.copytree(HERE / "clients", tmp_path, dirs_exist_ok=True)
    (tmp_path / "node_modules").symlink_to(node_packages.modules)
    return tmp_path


@pytest.fixture(scope="module")
def our_http_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    """Serve `server.py` over HTTP for all tests of a module."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    with serving([*OUR_SERVER, "http", str(port)], port, log) as server:
        yield server


@pytest.fixture(params=["stdio", "http"])
def our_server(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Return how a client program is told to reach our server, once for each transport."""
    if request.param == "stdio":
        yield ["stdio", *OUR_SERVER]
        return
    server: HttpServer = request.getfixturevalue("our_http_server")
    seen = server.log.stat().st_size
    yield ["http", server.url]
    print(server.log.read_bytes()[seen:].decode(errors="replace"), file=sys.stderr)
