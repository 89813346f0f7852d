"""The real nginx, with the configuration that is shipped, in front of two processes."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import SECONDS, Mcp, call, enveloped, modern_headers, request
from deploying import DEPLOY
from nginx_server import NginxServer, nginx_server
from processes import HttpServer, free_port, http_server
from settled import wait_until

# How a client learns of the end of a stream that is not finished.
CUT = (httpx2.RemoteProtocolError, AssertionError)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what all tests share writes."""
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def servers(program: Path, folder: Path) -> Generator[list[HttpServer]]:
    """Two stateless ones."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(http_server([program], folder / f"{n}.log", env={"STATELESS": "1"}))
            for n in range(2)
        ]


@pytest.fixture(scope="module")
def nginx(servers: list[HttpServer], folder: Path) -> Generator[NginxServer]:
    """In front of both."""
    with nginx_server(folder, [server.port for server in servers]) as nginx:
        yield nginx


@pytest.fixture
def mcp(nginx: NginxServer) -> Generator[Mcp]:
    """A client of what is behind nginx."""
    with Mcp(nginx.base) as client:
        yield client


def text(answer: Any) -> str:
    """The text of a tool's result."""
    return answer["result"]["content"][0]["text"]


def value(response: httpx2.Response) -> str:
    """The text of the result in a finished response."""
    assert response.status_code == 200, response.text
    data = [line[5:] for line in response.text.splitlines() if line.startswith("data:")]
    return text(json.loads(data[-1]) if data else response.json())


def with_progress(message: dict[str, Any]) -> dict[str, Any]:
    """The same request, whose sender wants to hear how far it is."""
    message["params"]["_meta"] = {"progressToken": 1}
    return message


def test_calls_are_spread_over_the_servers(mcp: Mcp, servers: list[HttpServer]) -> None:
    """Each gets its turn, on whatever connection of nginx's."""
    answered = Counter(value(mcp.post(call("who"))) for _ in range(20))

    assert answered == {str(server.process.pid): 10 for server in servers}


def test_connections_to_the_servers_are_kept(tmp_path: Path) -> None:
    """Calls that come one after the other share one."""
    opened = []

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            opened.append(self.client_address)
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        with nginx_server(tmp_path, [server.server_port]) as nginx, Mcp(nginx.base) as mcp:
            assert {mcp.post(call("x")).status_code for _ in range(5)} == {202}
        server.shutdown()
        serving.join(SECONDS)

    assert len(opened) == 5
    assert len(set(opened)) == 1


def test_events_arrive_as_they_are_sent(mcp: Mcp, tmp_path: Path) -> None:
    """The tool goes on only when its client has seen what it reported."""
    with mcp.stream(with_progress(call("steps", folder=str(tmp_path)))) as events:
        for step in range(3):
            assert events.message()["params"]["progress"] == step
            (tmp_path / str(step)).touch()
        assert int(text(events.message()))


def test_the_host_that_a_client_named_arrives(mcp: Mcp) -> None:
    """The servers listen on loopback, and refuse names that they were not told of."""
    assert value(mcp.post(call("size", text="x"), {"host": "mcp.example.com"})) == "1"
    assert mcp.post(call("size", text="x"), {"host": "elsewhere.example"}).status_code == 421


def test_a_body_may_be_as_large_as_the_servers_take(mcp: Mcp) -> None:
    """4 MiB, to the byte; nginx refuses what is larger."""
    limit = 4 * 1024 * 1024
    frame = len(json.dumps(call("size", text="")))
    body = json.dumps(call("size", text="x" * (limit - frame))).encode()
    assert len(body) == limit

    assert value(mcp.post(body)) == str(limit - frame)
    assert mcp.post(body + b" ").status_code == 413


def test_a_client_that_leaves_is_noticed(mcp: Mcp, tmp_path: Path) -> None:
    """What runs for it is cancelled behind nginx, too."""
    message = enveloped(call("wait", folder=str(tmp_path)), progressToken=1)
    with mcp.stream(message, modern_headers(message)) as events:
        events.message()
        assert not (tmp_path / "left").exists()

    wait_until((tmp_path / "left").exists)


def test_a_stream_that_is_quiet_stays(program: Path, tmp_path: Path) -> None:
    """Longer than nginx would wait, had it not been told how long calls take."""
    shipped = (DEPLOY / "nginx" / "site.conf").read_text("utf-8")
    hasty = shipped.replace("proxy_read_timeout 1h", "proxy_read_timeout 1s")
    assert hasty != shipped
    (tmp_path / "hasty").mkdir()
    with (
        http_server([program], tmp_path / "log") as server,
        nginx_server(tmp_path, [server.port]) as nginx,
        nginx_server(tmp_path / "hasty", [server.port], site=hasty) as other,
        Mcp(nginx.base) as mcp,
        Mcp(other.base) as cut,
    ):
        session = mcp.open()
        mcp.post(request("resources/subscribe", uri="test://news"), session)
        with mcp.stream(headers=session) as events:
            with cut.stream(headers=cut.open()) as short, pytest.raises(CUT):
                short.message()
            mcp.post(call("announce"), session)
            assert events.message()["params"] == {"uri": "test://news"}


def test_a_server_that_dies_is_noticed(program: Path, tmp_path: Path) -> None:
    """Its client's stream ends at once; the next call is another server's."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                http_server([program], tmp_path / f"{n}.log", env={"STATELESS": "1"})
            )
            for n in range(2)
        ]
        ports = {server.process.pid: server for server in servers}
        nginx = stack.enter_context(nginx_server(tmp_path, [s.port for s in servers]))
        mcp = stack.enter_context(Mcp(nginx.base))
        message = with_progress(call("wait", folder=str(tmp_path)))
        with mcp.stream(message) as events:
            dead = ports.pop(int(events.message()["params"]["progress"]))
            dead.stop(signal.SIGKILL)
            with pytest.raises(CUT):
                events.message()

        answered = {value(mcp.post(call("who"))) for _ in range(6)}

    assert answered == {str(pid) for pid in ports}


def test_servers_that_restart_lose_no_call(program: Path, tmp_path: Path) -> None:
    """Each finishes what it has begun; the other has the rest, also right after its own turn."""
    ports = [free_port(), free_port()]
    done, failed = [], []
    over = threading.Event()

    def use(base: str) -> None:
        with Mcp(base) as mcp:
            while not over.is_set():
                response = mcp.post(call("who", seconds=0.01))
                (done if response.status_code == 200 else failed).append(response.text)

    with ExitStack() as stack:

        def start(name: str, port: int) -> HttpServer:
            log = tmp_path / f"{name}.log"
            serving = http_server([program], log, port=port, env={"STATELESS": "1"})
            return stack.enter_context(serving)

        servers = [start(f"old-{port}", port) for port in ports]
        nginx = stack.enter_context(nginx_server(tmp_path, ports))
        clients = [threading.Thread(target=use, args=(nginx.base,)) for _ in range(8)]
        with ExitStack() as using:
            using.callback(lambda: [client.join(SECONDS) for client in clients])
            using.callback(over.set)
            for client in clients:
                client.start()
            for port, server in zip(ports, servers, strict=True):
                wait_until(lambda pid=str(server.process.pid): any(pid in x for x in done[-20:]))
                assert server.stop() == 0
                start(f"new-{port}", port)

    assert failed == []
    assert len(done) > 100
