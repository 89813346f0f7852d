"""Area U: images, orchestrators and replicas, row by row."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import threading
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import SECONDS
from deploying import DEPLOY, ROOT, documents, pinned, read, run
from images import Image, build, container, probe
from nginx_server import nginx_server
from processes import HttpServer, free_port, http_server
from redis_server import redis_server

from fastmcp import Client
from fastmcp.client import MCPClient
from fastmcp.client.transports import StdioTransport

DOCKERFILES = sorted(DEPLOY.glob("*Dockerfile"))


@pytest.fixture(scope="module")
def home() -> Generator[Path]:
    """A folder that every user of this machine can read."""
    path = Path(tempfile.mkdtemp(prefix="images-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture(scope="module")
def context(home: Path) -> Path:
    """The files of the project that go to the engine."""
    folder = home / "context"
    for name in read("context", ROOT):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place)
    return folder


@pytest.fixture(scope="module")
def by_uv(home: Path, context: Path) -> dict[str, Image]:
    """The images of `Dockerfile`."""
    return build(DEPLOY / "Dockerfile", context, home / "uv")


@pytest.fixture(scope="module")
def by_pip(home: Path, context: Path) -> Image:
    """The image of `pip.Dockerfile`."""
    return build(DEPLOY / "pip.Dockerfile", context, home / "pip")[""]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The documents of the Kubernetes manifest, by kind."""
    return {document["kind"]: document for document in documents(DEPLOY / "kubernetes.yaml")}


@contextmanager
def deployed(log: Path, settings: Mapping[str, str]) -> Generator[HttpServer]:
    """The server of the deployment files, by this interpreter."""
    port = free_port()
    env = {**settings, "FASTMCP_PORT": str(port)}
    with http_server([DEPLOY / "server.py"], log, port=port, env=env) as server:
        yield server


def add(server: HttpServer) -> int:
    """What a client gets from the server's tool."""
    with MCPClient(server.url) as client:
        return client.call_tool("add", {"a": 2, "b": 3})


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_s313_s314_s315_a_linter_has_nothing_to_say(path: Path) -> None:
    """hadolint knows Docker's syntax, the shell's, and what images should be like."""
    assert run(pinned("hadolint"), path) == ""


@pytest.mark.timeout(300)
def test_s313_the_image_by_uv_serves(by_uv: dict[str, Image], log: Path) -> None:
    """`uv sync --frozen` installs it; it runs as nobody, is healthy, and ends in order."""
    image = by_uv[""]
    assert image.user.split(":")[0] not in ("root", "0")
    answers: list[Any] = []

    async def count(server: HttpServer, heard: threading.Event) -> None:
        async def hear(*_: object) -> None:
            heard.set()

        async with Client(server.url, progress_handler=hear) as client:
            result = await client.call_tool("countdown", {"steps": 4, "seconds": 0.2})
            answers.append(result.data)

    with container(image, log) as server:
        assert probe(image, image.health, server.port) == 0
        assert add(server) == 5
        heard = threading.Event()
        counting = threading.Thread(target=lambda: asyncio.run(count(server, heard)))
        counting.start()
        assert heard.wait(SECONDS)

        assert server.stop() == 0

        counting.join(SECONDS)

    assert answers == ["lift-off"], "what was under way is answered"
    assert "Traceback" not in server.output
    assert probe(image, image.health, server.port) == 1
    assert not (image.root / "app" / "src").exists(), "what builds it is not part of it"


@pytest.mark.timeout(300)
def test_s314_the_image_by_pip_serves(by_pip: Image, log: Path) -> None:
    """uvicorn's own command serves the server object, and `/health` is there unasked."""
    assert by_pip.user.split(":")[0] not in ("root", "0")
    with container(by_pip, log) as server:
        assert probe(by_pip, by_pip.health, server.port) == 0
        assert add(server) == 5

        # uvicorn ends itself by the signal that it got, once it is done.
        assert server.stop() in (0, -signal.SIGTERM)

    assert "Finished server process" in server.output
    assert "Traceback" not in server.output


@pytest.mark.timeout(300)
def test_s315_the_hybrid_image_speaks_stdio_unless_told(by_uv: dict[str, Image], log: Path) -> None:
    """The same command serves both, by MCP_TRANSPORT; stdio answers as for a desktop host."""
    image = by_uv["hybrid"]
    variables = image.variables()
    program = shutil.which(image.command[0], path=variables["PATH"])
    assert program is not None and program.startswith(str(image.root))
    transport = StdioTransport(
        program, image.command[1:], env=variables, cwd=str(image.inside("")), keep_alive=False
    )
    with MCPClient(transport) as client:
        assert client.call_tool("add", {"a": 2, "b": 3}) == 5

    image.environment["MCP_TRANSPORT"] = "http"
    with container(image, log) as server:
        assert add(server) == 5


def test_s316_no_secret_gets_into_an_image(tmp_path: Path) -> None:
    """Only what is named goes to the engine, and nothing that is made or hidden in there."""
    shutil.copy(ROOT / ".dockerignore", tmp_path)
    wanted = {"LICENSE", "README.md", "pyproject.toml", "uv.lock", "deploy/server.py", "src/a/b.py"}
    for name in (
        *wanted,
        *(".env", ".git/config", ".venv/bin/python", "id_rsa", "deploy/.env", "tests/test_a.py"),
        *("src/a/.env", "src/a/.env.local", "src/a/__pycache__/b.pyc"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert set(read("context", tmp_path)) - {".dockerignore"} == wanted


@pytest.mark.timeout(300)
def test_s317_s318_the_probes_of_kubernetes_pass(
    by_uv: dict[str, Image], manifest: dict[str, Any], log: Path
) -> None:
    """A pod's container, asked as the kubelet asks: by the address of the pod."""
    [spec] = manifest["Deployment"]["spec"]["template"]["spec"]["containers"]
    [port] = spec["ports"]
    assert by_uv[""].ports == [str(port["containerPort"])] == ["8000"]
    [service] = manifest["Service"]["spec"]["ports"]
    assert (service["port"], service["targetPort"]) == (80, port["name"])
    probes = [spec[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert [each["path"] for each in probes] == ["/health", "/health", "/ready"]
    assert {each["port"] for each in probes} == {port["name"]}

    with container(by_uv[""], log) as server:
        for each in probes:
            url = f"http://127.0.0.1:{server.port}{each['path']}"
            answer = httpx2.get(url, headers={"host": "10.1.2.3:8000"})
            assert answer.status_code == 200, answer.text
        assert httpx2.get(url.replace("/ready", "/health")).json()["status"] == "healthy"


@pytest.mark.parametrize("shared", [False, True], ids=["stateless", "redis"])
def test_s319_replicas_serve_one_client_in_turn(tmp_path: Path, shared: bool) -> None:
    """Without sessions, or with sessions in Redis, it does not matter which one is reached."""
    settings = {"MCP_TRANSPORT": "http", "FASTMCP_HOST": "127.0.0.1"}

    async def ask(url: str) -> Counter[int]:
        async with Client(url, mode="legacy") as client:
            return Counter([(await client.call_tool("who")).data for _ in range(20)])

    with ExitStack() as stack:
        if shared:
            settings["FASTMCP_SESSION_STORE"] = stack.enter_context(redis_server(tmp_path)).url
        else:
            settings["FASTMCP_STATELESS_HTTP"] = "true"
        servers = [stack.enter_context(deployed(tmp_path / f"{n}.log", settings)) for n in range(3)]
        nginx = stack.enter_context(nginx_server(tmp_path, [server.port for server in servers]))

        answered = asyncio.run(ask(nginx.url))

    assert set(answered) == {server.process.pid for server in servers}
    assert max(answered.values()) - min(answered.values()) <= 1
