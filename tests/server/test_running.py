"""Running: options and where they come from, what is said, and how one or several services end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import Mcp, call, http, initialize, messages, request
from certificates import certificate_for
from left_behind import nothing_left
from processes import SECONDS, free_port, http_server, run_python, stdio_server

import fastmcp
from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.http.application.manager import SessionManager
from fastmcp.server.http.serving import http_server as http_server_module
from fastmcp.server.http.serving.listening import listen_on
from fastmcp.server.logged import logged
from fastmcp.settings import MCP_LOG_LEVELS, Settings
from fastmcp.transports import HttpTransport, StdioTransport
from fastmcp.wire.lifecycle import LOGGING_LEVELS

SERVER = """
    import asyncio, logging, os, socket
    from contextlib import asynccontextmanager
    from fastmcp import FastMCP

    @asynccontextmanager
    async def lifespan(server):
        print("lifespan began", flush=True)
        yield {}
        print("lifespan ended", flush=True)

    mcp = FastMCP("running", lifespan=lifespan)
    PORT = int(os.environ.get("PORT", 0))

    @mcp.tool
    async def hello() -> str:
        logging.getLogger("fastmcp.mine").debug("said hello")
        return "hello"

    @mcp.tool
    def stop() -> str:
        mcp.stop()
        return "stopping"
"""

Script = Callable[..., Path]


def source(lines: str) -> str:
    return textwrap.dedent(SERVER) + textwrap.dedent(lines)


def hello(target: Any) -> Any:
    async def main() -> Any:
        async with Client(target, timeout=SECONDS) as client:
            return (await client.call_tool("hello")).data

    return asyncio.run(main())


def greeter(name: str = "greeter", **options: Any) -> FastMCP:
    mcp = FastMCP(name, **options)

    @mcp.tool
    def hello() -> str:
        return "hello"

    @mcp.tool
    def stop() -> str:
        mcp.stop()
        return "stopping"

    return mcp


@contextmanager
def running(
    run: Callable[..., Any], *arguments: Any, **options: Any
) -> Generator[threading.Thread]:
    """A blocking run in a thread of this process, which has ended when the block does."""
    thread = threading.Thread(target=run, args=arguments, kwargs=options)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(SECONDS)
        assert not thread.is_alive()


def listening(port: int) -> str:
    """The URL of a server on that port, once it listens."""
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return f"http://127.0.0.1:{port}/mcp"
        except ConnectionRefusedError:
            threading.Event().wait(0.01)
    raise AssertionError("it does not listen")


# Where options come from


def test_a_variable_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at import; what is assigned goes before it, and an empty one is none."""
    assert (fastmcp.settings.port, fastmcp.settings.transport) == (8000, "stdio")
    monkeypatch.setenv("FASTMCP_PORT", "9001")
    monkeypatch.setenv("FASTMCP_LOG_LEVEL", "debug")
    monkeypatch.setenv("FASTMCP_STATELESS_HTTP", "Yes")
    monkeypatch.setenv("FASTMCP_HTTP_ALLOWED_HOSTS", "a.example, b.example")
    monkeypatch.setenv("FASTMCP_HTTP_ALLOWED_ORIGINS", '["https://a.example"]')
    monkeypatch.setenv("FASTMCP_HTTP_SESSION_IDLE_TIMEOUT", "none")
    monkeypatch.setenv("FASTMCP_HOST", "")

    assert fastmcp.settings.port == 9001
    assert fastmcp.settings.log_level == "DEBUG"
    assert fastmcp.settings.stateless_http is True
    assert fastmcp.settings.http_allowed_hosts == ("a.example", "b.example")
    assert fastmcp.settings.http_allowed_origins == ("https://a.example",)
    assert fastmcp.settings.http_session_idle_timeout is None
    assert fastmcp.settings.host == "127.0.0.1"
    with fastmcp.settings.temporarily(port=9002, host="::1"):
        assert (fastmcp.settings.port, fastmcp.settings.host) == (9002, "::1")
    with fastmcp.settings.temporarily(host="[::1]"):
        assert fastmcp.settings.host == "::1"
    assert fastmcp.settings.port == 9001


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("port", "abc", "a port, 0 to 65535"),
        ("port", "70000", "a port, 0 to 65535"),
        ("transport", "websocket", "one of stdio, http, sse, streamable-http"),
        ("json_response", "maybe", "true or false"),
        ("log_level", "loud", "one of CRITICAL"),
        ("streamable_http_path", "mcp", "a path that begins with a slash"),
        ("http_host_origin_protection", "sometimes", '"auto", true or false'),
        ("http_session_idle_timeout", "-1", "seconds greater than 0"),
        ("http_allowed_hosts", "[1]", "a list of texts"),
    ],
)
def test_a_malformed_variable_is_named_with_what_it_may_be(
    name: str, text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FASTMCP_PORT=abc is one line; assigning the same is refused at once."""
    monkeypatch.setenv(f"FASTMCP_{name.upper()}", text)

    with pytest.raises(ConfigurationError, match=f"^FASTMCP_{name.upper()}=") as read:
        getattr(Settings(), name)
    with pytest.raises(ConfigurationError, match=rf"^settings\.{name} = ") as assigned:
        setattr(Settings(), name, text)

    for caught in (read, assigned):
        assert repr(text) in str(caught.value)
        assert expected in str(caught.value)


def test_a_setting_that_is_none_is_no_attribute() -> None:
    """A slip would be silent otherwise."""
    with pytest.raises(AttributeError, match="did you mean 'port'"):
        fastmcp.settings.prot = 9000  # type: ignore[attr-defined]
    assert not hasattr(fastmcp.settings, "prot")


def test_the_settings_are_the_module_that_they_are_in() -> None:
    """However they are imported, it is one object."""
    program = (
        "import fastmcp; from fastmcp import settings as a; from fastmcp.settings import settings"
        " as b, Settings; import fastmcp.settings as c; assert a is b is c is fastmcp.settings;"
        " fastmcp.settings.port = 9000; assert a.port == 9000 and isinstance(a, Settings)"
    )

    assert run_python("-c", program).stderr == ""


def test_an_argument_goes_before_a_setting_and_that_before_a_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Port and path, each from where it is said first."""
    mcp = greeter()
    first, second, third = free_port(), free_port(), free_port()
    monkeypatch.setenv("FASTMCP_PORT", str(first))
    monkeypatch.setenv("FASTMCP_STREAMABLE_HTTP_PATH", "/from-variable")
    monkeypatch.setenv("FASTMCP_SHOW_SERVER_BANNER", "false")
    monkeypatch.setenv("FASTMCP_LOG_LEVEL", "error")

    with running(mcp.run, "http"):
        assert hello(listening(first).replace("/mcp", "/from-variable")) == "hello"
        mcp.stop()
    with fastmcp.settings.temporarily(port=second):
        with running(mcp.run, "http"):
            assert hello(listening(second).replace("/mcp", "/from-variable")) == "hello"
            mcp.stop()
        with running(mcp.run, "http", port=third, path="/given"):
            assert hello(listening(third).replace("/mcp", "/given")) == "hello"
            mcp.stop()


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"port": 70000}, ConfigurationError, "port=70000: it must be a port"),
        ({"log_level": "loud"}, ConfigurationError, "log_level='loud': it must be one of"),
        ({"stateless": "never"}, ConfigurationError, "stateless='never': it must be true or false"),
        ({"show_banner": "big"}, ConfigurationError, "show_banner='big': it must be true or false"),
        ({"loop": "trio"}, ConfigurationError, "loop='trio': it must be one of auto"),
        ({"loop": "uvloop"}, ConfigurationError, "pip install"),
        ({"timeout_graceful_shutdown": "soon"}, ConfigurationError, "it must be seconds"),
        ({"host": "no.such.host.invalid"}, ConfigurationError, "is no address here"),
        ({"host": "192.0.2.1", "port": 0}, OSError, "is no address of this machine"),
        ({"uvicorn_config": {"prot": 1}}, TypeError, "uvicorn_config="),
        ({"uvicorn_config": {"path": "/x"}}, ConfigurationError, "a keyword of run("),
        ({"uvicorn_config": {"stateless_http": 1}}, ConfigurationError, "a keyword of run("),
        ({"max_request_size": 0}, ConfigurationError, "greater than 0"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_listens(
    options: dict[str, Any], error: type[Exception], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its name, and what it may be."""
    monkeypatch.setitem(sys.modules, "uvloop", None)  # as if it were not installed
    with nothing_left(), pytest.raises(error) as caught:
        greeter().run("http", **{"port": free_port(), **options})

    assert text in str(caught.value)


def test_an_option_of_http_is_none_of_stdio() -> None:
    """A TypeError names the call."""
    with pytest.raises(TypeError, match=r"run\(transport='stdio'\) got an .* 'port'"):
        greeter().run("stdio", port=8000)


def test_a_port_in_use_is_told_in_one_line() -> None:
    """With what to do; the error is the system's, so `except OSError` has it."""
    with socket.create_server(("127.0.0.1", 0)) as taken, nothing_left():
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"Port {port} of 127.0.0.1 is in use; end what listens"):
            greeter().run_http(port=port)


def test_what_a_lifespan_raises_is_raised_by_run(capsys: pytest.CaptureFixture[str]) -> None:
    """As it is, and nothing is said to be served."""

    async def broken(server: FastMCP) -> Any:
        raise LookupError("no database")
        yield

    with nothing_left(), pytest.raises(LookupError, match="no database"):
        greeter(lifespan=broken).run_http(port=free_port())
    assert capsys.readouterr().err == ""


# What is said


def test_the_banner_says_where_it_is_and_who_may_come(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, when it listens; none if there is to be none."""
    mcp = greeter("greeter")

    for options in ({}, {"host": "0.0.0.0"}, {"show_banner": False}):
        port = free_port()
        with running(mcp.run_http, port=port, log_level="error", **options):
            listening(port)
            mcp.stop()
        printed = capsys.readouterr()
        assert printed.out == ""
        assert (
            f"greeter: http://{options.get('host', '127.0.0.1')}:{port}/mcp" in printed.err
        ) is (options != {"show_banner": False})
        assert ("it asks for no credentials" in printed.err) is ("host" in options)


def test_port_0_is_the_one_that_the_system_chose(script: Script, log: Path) -> None:
    """And the banner says which."""
    with log.open("w") as output:
        program = script(source("mcp.run_http(port=0)"))
        with subprocess.Popen([sys.executable, program], stdout=output, stderr=output) as process:
            try:
                for _ in range(2000):
                    lines = log.read_text().splitlines()
                    if found := [line for line in lines if line.startswith("running: http://")]:
                        break
                    threading.Event().wait(0.01)
                url = found[0].split()[1]
                assert not url.endswith(":0/mcp")
                assert hello(url) == "hello"
            finally:
                process.terminate()
                assert process.wait(SECONDS) == 0


def test_a_log_level_is_that_of_the_servers_own_log_too(script: Script, log: Path) -> None:
    """Over HTTP and over stdio; it is put back afterwards, and nobody's handlers are touched."""
    lines = """
        mcp.run(log_level="debug")
        log = logging.getLogger("fastmcp")
        print(log.level, all(isinstance(each, logging.NullHandler) for each in log.handlers))
        logging.getLogger("fastmcp.mine").debug("not any more")
    """

    with stdio_server([script(source(lines))]) as server:
        server.ask(initialize())
        server.ask(call("hello"))
        assert server.finish() == 0
    assert server.raw[-1] == b"0 True\n"
    assert "DEBUG: fastmcp.mine: said hello" in server.errors
    assert "not any more" not in server.errors

    run = 'mcp.run("http", port=PORT, log_level="debug")'
    with http_server([script(source(run))], log) as http:
        hello(http.url)
        http.wait_for("DEBUG: fastmcp.mine: said hello")


def test_logging_that_is_set_up_already_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A level is taken; handlers stay those of the program."""
    mcp, port = greeter(), free_port()
    handlers = list(logging.getLogger("fastmcp").handlers)

    with running(mcp.run, "http", port=port, log_level="warning", show_banner=False):
        listening(port)
        assert logging.getLogger("fastmcp").handlers == handlers
        assert logging.getLogger("fastmcp").level == logging.WARNING
        mcp.stop()

    assert logging.getLogger("fastmcp").level == logging.NOTSET


def test_log_enabled_false_sets_up_no_logging_at_all(script: Script, log: Path) -> None:
    """Neither ours nor uvicorn's."""
    run = 'mcp.run("http", port=PORT, log_level="debug")'
    env = {"FASTMCP_LOG_ENABLED": "false"}

    with http_server([script(source(run))], log, env=env) as server:
        hello(server.url)
        assert server.stop() == 0

    assert [line.split(":")[0] for line in server.output.splitlines()] == [
        "lifespan began",
        "running",
        "lifespan ended",
    ]


# How it is reached


def test_tls_is_served_with_a_certificate(tmp_path: Path, capsys: Any) -> None:
    """ssl_keyfile and ssl_certfile make it https, in the banner as well."""
    mcp, port = greeter(), free_port()
    certificate, key = certificate_for("localhost", tmp_path)
    context = ssl.create_default_context(cafile=certificate)
    options = {"ssl_certfile": certificate, "ssl_keyfile": key, "log_level": "error"}

    with running(mcp.run_http, port=port, **options):
        listening(port)
        health = httpx2.get(f"https://localhost:{port}/health", verify=context)
        mcp.stop()

    assert health.status_code == 200
    assert f"greeter: https://127.0.0.1:{port}/mcp" in capsys.readouterr().err


def test_a_unix_socket_is_served(tmp_path: Path) -> None:
    """uds=, as uvicorn has it."""
    mcp, path = greeter(), tmp_path / "mcp.sock"

    with running(mcp.run_http, uds=str(path), log_level="error", show_banner=False):
        while not path.exists():
            threading.Event().wait(0.01)
        transport = httpx2.HTTPTransport(uds=str(path), retries=5)
        with httpx2.Client(transport=transport) as client:
            assert client.get("http://localhost/health").status_code == 200
        mcp.stop()


def test_every_address_of_a_host_is_served() -> None:
    """localhost is 127.0.0.1, and ::1 where the machine has it."""
    mcp, port = greeter(), free_port()
    addresses = {info[4][0] for info in socket.getaddrinfo("localhost", port)}

    with running(mcp.run_http, host="localhost", port=port, log_level="error", show_banner=False):
        listening(port)
        for address in addresses:
            host = f"[{address}]" if ":" in str(address) else address
            assert httpx2.get(f"http://{host}:{port}/health").status_code == 200
        mcp.stop()


def test_an_address_that_the_machine_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose localhost has an address of IPv6, which the container has not."""
    there = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
    lacking = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))
    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", lambda *_, **__: [lacking, there])
        sockets = listen_on("localhost", 0)

    assert [each.getsockname()[0] for each in sockets] == ["127.0.0.1"]
    for each in sockets:
        each.close()


def test_a_connection_that_never_agrees_on_tls_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one that breaks off; both had connected, and were not accepted yet."""
    mcp, port = greeter(), free_port()
    certificate, key = certificate_for("localhost", tmp_path)
    options = {"ssl_certfile": certificate, "ssl_keyfile": key, "log_level": "error"}
    late: list[socket.socket] = []
    dismiss = SessionManager.dismiss

    def connect_and_dismiss(manager: SessionManager) -> None:
        late.extend(socket.create_connection(("127.0.0.1", port)) for _ in range(2))
        late[0].close()
        dismiss(manager)

    monkeypatch.setattr(SessionManager, "dismiss", connect_and_dismiss)
    monkeypatch.setattr(http_server_module, "HANDSHAKE", 0.2)
    with running(mcp.run_http, port=port, show_banner=False, **options):
        listening(port)
        begun = time.monotonic()
        mcp.stop()

    assert time.monotonic() - begun < 5
    assert len(late) == 2
    late[1].close()


# How it ends


def test_stop_ends_it_from_another_thread_and_leaves_nothing() -> None:
    """run_http returns; and it can be called again."""
    mcp = greeter()
    with running(mcp.run_http, port=(port := free_port()), log_level="error", show_banner=False):
        listening(port)
        mcp.stop()

    with nothing_left():
        for _ in range(2):
            port = free_port()
            with running(mcp.run_http, port=port, log_level="error", show_banner=False):
                assert hello(listening(port)) == "hello"
                mcp.stop()


def test_stop_without_anything_that_runs_does_nothing() -> None:
    """Neither does a second one."""
    mcp = greeter()
    mcp.stop()
    mcp.stop()


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_a_tool_may_stop_its_server_and_is_answered(
    transport: str, script: Script, log: Path
) -> None:
    """Then the lifespan ends, run returns, and the exit code is 0."""
    if transport == "stdio":
        with stdio_server([script(source("mcp.run()\nprint('returned')"))]) as server:
            server.ask(initialize())
            answer = server.ask(call("stop"))
            assert server.wait() == 0
        assert server.raw[-1] == b"returned\n"
    else:
        lines = "mcp.run('http', port=PORT)\nprint('returned')"
        with http_server([script(source(lines))], log) as http:
            with Mcp(http.url.removesuffix("/mcp")) as client:
                [answer] = messages(client.post(call("stop")))
            assert http.wait() == 0
        assert http.output.splitlines()[-1] == "returned"
    assert answer["result"]["content"][0]["text"] == "stopping"


def test_stop_ends_this_server_and_no_other() -> None:
    """Two servers in one process each have their own end."""
    one, two = greeter("one"), greeter("two")
    ports = free_port(), free_port()
    quiet = {"log_level": "error", "show_banner": False}

    with running(two.run_http, port=ports[1], **quiet):
        with running(one.run_http, port=ports[0], **quiet):
            listening(ports[0]), listening(ports[1])
            one.stop()
        assert hello(listening(ports[1])) == "hello"
        two.stop()


BOTH = """
    async def main():
        await asyncio.gather(
            mcp.run_async("stdio"),
            mcp.run_async("http", port=PORT, log_level="warning"),
        )
        print("both ended", flush=True)

    asyncio.run(main())
"""


@pytest.mark.parametrize("way", ["signal", "stop"])
def test_stdio_and_http_of_one_server_share_its_lifespan(way: str, script: Script) -> None:
    """In one program; a signal and `stop` end both, in order."""
    port = free_port()

    with stdio_server([script(source(BOTH))], env={"PORT": str(port)}) as server:
        server.ask(initialize())
        assert hello(listening(port)) == "hello"
        if way == "signal":
            server.process.send_signal(signal.SIGTERM)
        else:
            assert server.ask(call("stop"))["result"]["content"][0]["text"] == "stopping"
        code = server.wait()

    said = (server.errors + b"".join(server.raw).decode()).splitlines()
    assert code == 0, said
    assert said.count("lifespan began") == said.count("lifespan ended") == 1
    assert "both ended" in said
    assert "Traceback" not in server.errors


def test_the_end_of_stdio_does_not_end_http(script: Script) -> None:
    """Its client leaves; those of HTTP are served on, with what the lifespan opened."""
    port = free_port()

    with stdio_server([script(source(BOTH))], env={"PORT": str(port)}) as server:
        server.ask(initialize())
        url = listening(port)
        server.close()
        for _ in range(3):
            assert hello(url) == "hello"
        assert "lifespan ended" not in server.errors
        server.process.send_signal(signal.SIGINT)
        assert server.wait() == 0


def test_the_end_of_http_does_not_end_stdio(script: Script) -> None:
    """Nor a call under way there."""
    port = free_port()
    lines = """
        @mcp.tool
        async def end_http() -> str:
            http.cancel()
            await asyncio.wait([http])
            return f"cancelled: {http.cancelled()}"

        async def main():
            global http
            http = asyncio.create_task(mcp.run_async("http", port=PORT, log_level="warning"))
            await mcp.run_async("stdio")

        asyncio.run(main())
    """

    with stdio_server([script(source(lines))], env={"PORT": str(port)}) as server:
        server.ask(initialize())
        listening(port)
        ended = server.ask(call("end_http"))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        again = server.ask(request("ping", 2))
        assert server.finish() == 0

    assert ended["result"]["content"][0]["text"] == "cancelled: True"
    assert again["result"] == {}


def test_handlers_of_the_program_are_put_back_and_its_own_is_called(script: Script) -> None:
    """A program's handler of SIGTERM has its turn when the service has ended in order."""
    lines = """
        import signal

        def mine(number, frame):
            print("mine", flush=True)

        signal.signal(signal.SIGTERM, mine)
        before = signal.getsignal(signal.SIGINT)
        signal.set_wakeup_fd(-1)
        mcp.run(transport="stdio")
        print(signal.getsignal(signal.SIGTERM) is mine, signal.getsignal(signal.SIGINT) is before)
    """

    with stdio_server([script(source(lines))]) as server:
        server.ask(initialize())
        server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 0

    assert server.raw[-2:] == [b"mine\n", b"True True\n"]


def test_run_async_returns_when_a_signal_ends_it(script: Script) -> None:
    """What follows it in the program's own loop runs; the exit code is the program's."""
    lines = """
        async def end():
            while await asyncio.sleep(0.01, True):
                try:
                    socket.create_connection(("127.0.0.1", PORT)).close()
                except OSError:
                    continue
                return os.kill(os.getpid(), 15)

        async def main():
            ending = asyncio.create_task(end())
            await mcp.run_async("http", port=PORT, log_level="error", show_banner=False)
            await ending
            print("returned")
            return 7

        raise SystemExit(asyncio.run(main()))
    """
    run = run_python(str(script(source(lines))), env={"PORT": str(free_port())})

    assert (run.returncode, run.stderr) == (7, "")
    assert run.stdout.split("\n") == ["lifespan began", "lifespan ended", "returned", ""]


def test_a_task_of_ours_ends_with_its_cancellation() -> None:
    """Cancelling run_async is no stop: the cancellation is passed on."""

    async def main() -> None:
        mcp, port = greeter(), free_port()
        for transport in ("http", "sse"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", fastmcp.FastMCPDeprecationWarning)
                run = mcp.run_async(transport, port=port, log_level="error", show_banner=False)
                task = asyncio.create_task(run)
                await asyncio.to_thread(listening, port)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_runs_that_overlap_leave_the_log_level_as_it_was() -> None:
    """Whichever ends first."""
    logger = logging.getLogger("fastmcp")
    before = logger.level
    first, second = logged("error"), logged("debug")

    first.__enter__()
    second.__enter__()
    assert logger.level == logging.DEBUG
    first.__exit__(None, None, None)
    assert logger.level == logging.DEBUG
    second.__exit__(None, None, None)

    assert logger.level == before


# What the settings say of servers, and what is said of what is none of them


def crash(mcp: FastMCP, **arguments: Any) -> str:
    @mcp.tool
    def half(number: int) -> float:
        raise LookupError("the password is 1234")

    async def main() -> str:
        async with Client(mcp) as client:
            return (await client.call_tool("half", arguments, raise_on_error=False)).text()

    return asyncio.run(main())


def test_the_constructors_defaults_are_settings_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read when a server is made; what its code says goes before them."""
    monkeypatch.setenv("FASTMCP_MASK_ERROR_DETAILS", "true")
    monkeypatch.setenv("FASTMCP_STRICT_INPUT_VALIDATION", "true")
    monkeypatch.setenv("FASTMCP_CLIENT_LOG_LEVEL", "Warning")
    settled, said = FastMCP("x"), FastMCP("x", mask_error_details=False, client_log_level="debug")

    assert "1234" not in crash(settled, number=1)
    assert "valid integer" in crash(settled, number="1")
    assert "1234" in crash(said, number=1)
    assert (settled.client_log_level, said.client_log_level) == ("warning", "debug")
    monkeypatch.delenv("FASTMCP_MASK_ERROR_DETAILS")
    with fastmcp.settings.temporarily(strict_input_validation=False):
        assert "1234" in crash(FastMCP("x"), number="1")


def test_a_store_of_the_environment_is_a_setting_too() -> None:
    """An assignment goes before the variable, as with every other."""
    with fastmcp.settings.temporarily(session_store="memory://"):
        assert FastMCP("x")._parts.cluster is not None
    assert FastMCP("x")._parts.cluster is None


def test_levels_for_clients_are_those_of_the_protocol() -> None:
    """The settings know them without loading it."""
    assert MCP_LOG_LEVELS == LOGGING_LEVELS


STRANGE = {
    "FASTMCP_MASK_ERRORS": "true",
    "FASTMCP_ALLOWED_HOSTS": "a.example",
    "fastmcp_json_response": "true",
    "FASTMCP_CHECK_FOR_UPDATES": "off",  # as FastMCP has it, and needless here
    "FASTMCP_DOCKET": "false",
    "FASTMCP_STATELESS_HTTP": "true",
}


@pytest.mark.parametrize("way", ["stdio", "http", "workers", "uvicorn"])
def test_variables_that_nobody_reads_are_named_once(way: str, script: Script, log: Path) -> None:
    """With the setting that was probably meant; however it is served, and not by each worker."""
    runs = {
        "stdio": "mcp.run()",
        "http": 'mcp.run("http", port=PORT)',
        "workers": "mcp.run_http(port=PORT, workers=2)",
        "uvicorn": 'import uvicorn; uvicorn.run(mcp, port=PORT, log_level="warning")',
    }
    program = script(source("if __name__ == '__main__':\n    " + runs[way]))
    if way == "stdio":
        with stdio_server([program], env=STRANGE) as process:
            process.ask(initialize())
            assert process.finish() == 0
        text = process.errors
    else:
        with http_server([program], log, env=STRANGE) as server:
            assert hello(server.url) == "hello"
            assert server.stop() in (0, -signal.SIGTERM)
        text = server.output

    for line in (
        "FASTMCP_MASK_ERRORS is set, and there is no such setting; "
        "did you mean FASTMCP_MASK_ERROR_DETAILS?",
        "FASTMCP_ALLOWED_HOSTS is set, and there is no such setting; "
        "did you mean FASTMCP_HTTP_ALLOWED_HOSTS?",
        "fastmcp_json_response is set, and there is no such setting; "
        "did you mean FASTMCP_JSON_RESPONSE?",
        "FASTMCP_DOCKET is set, and there is no such setting",
    ):
        assert text.count(line) == 1, text
    assert text.count("there is no such setting") == 4


def test_the_level_of_the_settings_holds_by_default(script: Script) -> None:
    """INFO, on standard error; unless the program has set up logging as it likes."""
    tool = """
        @mcp.tool
        def note() -> None:
            mcp.logger.info("a note")
            mcp.logger.debug("no note")

    """

    def errors(run: str) -> str:
        with stdio_server([script(source(tool) + run)]) as server:
            server.ask(initialize())
            server.ask(call("note"))
            assert server.finish() == 0
        return server.errors

    assert "INFO: fastmcp.server.running: a note\n" in errors("mcp.run()")
    assert "no note" not in errors("mcp.run()")
    assert "a note" not in errors("logging.basicConfig(level='WARNING'); mcp.run()")
    assert "a note" not in errors("logging.getLogger('fastmcp').setLevel('ERROR'); mcp.run()")


def test_a_stop_that_ends_nothing_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """As under an ASGI server of somebody else's, which ends by itself only."""
    mcp = greeter("elsewhere")

    with http(mcp) as client:
        client.post(call("stop"))
        assert client.post(initialize()).status_code == 200

    assert "stop() found nothing to end: 'elsewhere' is served by no run()" in caplog.text


@pytest.mark.parametrize(
    ("run", "instead"),
    [
        (lambda mcp: mcp.run(), "run_async(...)"),
        (lambda mcp: mcp.run_sse(), "run_async('sse')"),
        (lambda mcp: mcp.run_http(), "run_http_async(rest=True, health=True, ...)"),
        (
            lambda mcp: mcp.run_with_transport(HttpTransport()),
            "run_http_async(rest=True, health=True, ...)",
        ),
        (lambda mcp: mcp.run_with_transport(StdioTransport()), "run_async('stdio', ...)"),
    ],
)
def test_what_is_named_for_a_running_loop_serves_the_same(
    run: Callable[[FastMCP], None], instead: str
) -> None:
    """With the routes beside the endpoint, where there would have been some."""

    async def main() -> None:
        run(FastMCP("x"))

    with pytest.raises(RuntimeError) as caught:
        asyncio.run(main())

    assert str(caught.value).endswith(f"use `await mcp.{instead}`")


@pytest.mark.parametrize(("descriptor", "name"), [(0, "stdin"), (1, "stdout")])
def test_a_program_with_a_closed_stream_is_told(script: Script, descriptor: int, name: str) -> None:
    """Before it does anything."""
    program = script(source("mcp.run()"))
    closing = f"import os, sys; os.close({descriptor}); os.execv(sys.executable, sys.argv[1:])"

    run = run_python("-c", closing, sys.executable, str(program))

    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        f"fastmcp.exceptions.ConfigurationError: {name} is closed, by which a client would be "
        "served; the transport http serves without it"
    )
