"""Every row of the table: what is measured, how, and the aim.

A row's `open` starts what it needs for one contender (the stack stops it) and returns a probe;
one call of the probe is one sample. run.py lets the probes of all contenders take turns.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

import memory
import messages
import stdio
import tokens
from load import Target, drive
from peers import (
    EVERYONE,
    FASTMCP,
    Contender,
    Role,
    ServerSettings,
    count_node_packages,
    count_packages,
    install,
    python_of,
)
from process import (
    REPOSITORY,
    SERVERS,
    free_port,
    http_server,
    output_of,
    running,
    wait_until_listening,
)
from redis_process import redis_server

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Sample:
    value: float
    detail: str = ""
    per_cpu: float | None = None
    """Calls per CPU second of the process: what is left of a rate when others use the machine."""


def rate_sample(
    calls: float, seconds: float, cpu: float | None, detail: str = "", measured: str = "server"
) -> Sample:
    """A rate, with how much of a core the process had. Well under 100 % others were the limit."""
    if not cpu:
        return Sample(calls / seconds, detail)
    busy = f"{measured} busy {cpu / seconds:.0%}"
    return Sample(calls / seconds, f"{detail}, {busy}" if detail else busy, calls / cpu)


@dataclass(frozen=True)
class Settings:
    """How the whole run measures."""

    seconds: float
    rounds: int
    server: ServerSettings
    fresh_install: bool
    """Ours is this repository, so its packages are counted in a fresh install."""


Probe = Callable[[], Sample]
Open = Callable[[Contender, Settings, ExitStack], Probe | None]


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    better: Better
    aim: str
    open: Open
    rounds: int | None = None
    """Samples per contender, where the run's setting would be too many."""
    measured: str = "server"
    """Whose CPU time it is."""
    among: tuple[Role, ...] = FASTMCP
    """The contenders that can do it."""


def http(
    era: messages.Era,
    *,
    tool: str = "add",
    session: bool = False,
    json: bool = True,
    connections: int = 16,
    redis: bool = False,
) -> Open:
    """Calls over HTTP; with `redis`, in sessions that are kept there, which the peer has not."""

    def open_http(contender: Contender, settings: Settings, stack: ExitStack) -> Probe | None:
        options, extra = list(settings.server.options), {}
        if redis and contender.role == "peer":
            return None
        if redis and contender.role == "ours":
            extra["FASTMCP_SESSION_STORE"] = stack.enter_context(redis_server())
        script = SERVERS / "floor_http.py"
        if contender.role != "floor":
            script = contender.app
            options = ["http", *([] if session else ["--stateless"]), *options]
            options += ["--json"] if json else []
        server = stack.enter_context(
            http_server(contender.interpreter, script, *options, extra=extra)
        )
        return calls_to(Target(server[1], era, tool, session, server[0].pid), settings, connections)

    return open_http


def calls_to(target: Target, settings: Settings, connections: int = 16) -> Probe:
    """As many calls as a server answers."""

    def probe() -> Sample:
        load = drive(target, connections=connections, seconds=settings.seconds)
        detail = f"p50 {load.p50_ms:.1f} ms, p99 {load.p99_ms:.1f} ms"
        return rate_sample(load.calls, load.seconds, load.server_cpu, detail)

    return probe


def open_run(contender: Contender, settings: Settings, stack: ExitStack) -> Probe:
    """Calls to what `mcp.run` serves; the floor is uvicorn's."""
    if contender.role == "floor":
        probe = http("modern")(contender, settings, stack)
        assert probe is not None
        return probe
    port, options = free_port(), settings.server.options
    command: list[str | Path] = [SERVERS / "run_app.py", str(port), *options]
    program = stack.enter_context(running(contender.interpreter, *command))
    wait_until_listening(port, contender.role)
    return calls_to(Target(port, "modern", pid=program.pid), settings)


def open_verified(contender: Contender, settings: Settings, stack: ExitStack) -> Probe:
    """Calls over HTTP that have a signed token; the floor is ours without any."""
    token, python = "", contender.interpreter
    command: list[str | Path] = [SERVERS / "app.py", "http", "--stateless", "--json"]
    if contender.role != "floor":
        key = stack.enter_context(tokens.public_key())
        token, command = tokens.token(), [SERVERS / "auth_app.py", key]
    program, port = stack.enter_context(http_server(python, *command, *settings.server.options))
    return calls_to(Target(port, "modern", pid=program.pid, token=token), settings)


def pipe(*, window: int) -> Open:
    def open_pipe(contender: Contender, settings: Settings, stack: ExitStack) -> Probe:
        command: list[str | Path] = [contender.interpreter, SERVERS / "floor_pipe.py"]
        if contender.role != "floor":
            command = [contender.interpreter, contender.app, "stdio"]
        driver = stdio.Pipe(stack.enter_context(running(*command)))
        driver.initialize()
        return lambda: rate_sample(*driver.burst(settings.seconds, window))

    return open_pipe


def open_progress(contender: Contender, settings: Settings, stack: ExitStack) -> Probe | None:
    if contender.role == "floor":
        return None
    driver = stdio.Pipe(stack.enter_context(running(contender.interpreter, contender.app, "stdio")))
    driver.initialize()
    return lambda: rate_sample(*driver.progress(2_000))


def in_memory(
    mode: str,
    *,
    scale: int = 1,
    floor: tuple[str, str] | None = None,
    each: bool = False,
    script: str = "in_memory.py",
) -> Open:
    """A rate, or with `each` the seconds that one takes; `floor` is another script and mode."""

    def open_in_memory(contender: Contender, settings: Settings, stack: ExitStack) -> Probe:
        chosen, wanted = script, mode
        if contender.role == "floor":
            chosen, wanted = floor or ("floor_in_memory.py", mode)
        program = stack.enter_context(running(contender.interpreter, SERVERS / chosen, wanted))
        program.read_line()

        def probe() -> Sample:
            program.write(b"%f\n" % settings.seconds)
            rate = float(program.read_line())
            return Sample(1 / rate if each else rate * scale)

        return probe

    return open_in_memory


def client(what: str, *, floor: tuple[str, str] | None = None, peer: bool = True) -> Open:
    """A rate of a client that speaks HTTP to a server of ours, whoever's the client is."""

    def open_client(contender: Contender, settings: Settings, stack: ExitStack) -> Probe | None:
        script, wanted = "client_calls.py", what
        if contender.role == "floor":
            script, wanted = floor or ("floor_client.py", what)
        elif contender.role == "peer" and not peer:
            return None
        options = ["http", "--json", *settings.server.options]
        ours = Path(sys.executable)
        _, port = stack.enter_context(http_server(ours, SERVERS / "app.py", *options))
        target = str(port) if script == "floor_client.py" else f"http://127.0.0.1:{port}/mcp"
        program = stack.enter_context(
            running(contender.interpreter, SERVERS / script, wanted, target)
        )
        program.read_line()

        def probe() -> Sample:
            begin, before = perf_counter(), program.cpu_seconds()
            program.write(b"%f\n" % settings.seconds)
            rate = float(program.read_line())
            seconds, after = perf_counter() - begin, program.cpu_seconds()
            cpu = None if before is None or after is None else after - before
            return rate_sample(rate * seconds, seconds, cpu, measured="client")

        return probe

    return open_client


def open_and_close_in_memory(
    contender: Contender, settings: Settings, stack: ExitStack
) -> Probe | None:
    if contender.role == "floor":
        return None
    return in_memory("open-close-memory", script="client_calls.py")(contender, settings, stack)


def open_cold_start(contender: Contender, settings: Settings, stack: ExitStack) -> Probe:
    def probe() -> Sample:
        if contender.role == "floor":
            code = "import asyncio, msgspec, pydantic"
            return Sample(stdio.time_to_run(contender.interpreter, code))
        return Sample(stdio.time_to_initialized(contender.interpreter, contender.app))

    probe()  # the first start also compiles the modules
    return probe


def open_import(contender: Contender, settings: Settings, stack: ExitStack) -> Probe | None:
    if contender.role == "floor":
        return None

    def probe() -> Sample:
        seconds, modules, pydantic = output_of(
            contender.interpreter, *contender.timed_import
        ).split()
        note = "with" if pydantic == "True" else "without"
        return Sample(float(seconds), f"{modules} modules, {note} pydantic")

    probe()
    return probe


def open_memory(contender: Contender, settings: Settings, stack: ExitStack) -> Probe:
    def probe() -> Sample:
        if contender.role == "floor":
            return Sample(memory.of_import(contender.interpreter, "pydantic"))
        return Sample(memory.of_stdio_server(contender.interpreter, contender.app))

    return probe


def open_packages(contender: Contender, settings: Settings, stack: ExitStack) -> Probe | None:
    if contender.role == "floor":
        return None
    if contender.role == "ts":
        return lambda: Sample(count_node_packages(contender.app))
    python = contender.interpreter
    if contender.role == "ours" and settings.fresh_install:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "fresh"
        install(home, str(REPOSITORY))
        python = python_of(home)
    return lambda: Sample(count_packages(python))


CLIENT_AIM = "≥ 3x peer"
CALL_AIM = "≥ 0.70 of floor, ≥ 15x peer"
SSE_AIM = "≥ 15x peer"

ROWS = [
    Row(
        "http-json-modern",
        "HTTP stateless, JSON, 2026-07-28",
        "calls/s",
        "higher",
        CALL_AIM,
        http("modern"),
        among=EVERYONE,
    ),
    Row(
        "http-json-handshake",
        "HTTP stateless, JSON, 2025-11-25",
        "calls/s",
        "higher",
        CALL_AIM,
        http("handshake"),
        among=EVERYONE,
    ),
    Row(
        "http-json-sync",
        "the same, 2026-07-28, `def` tool",
        "calls/s",
        "higher",
        "-",
        http("modern", tool="add_sync"),
    ),
    Row(
        "http-run",
        "the first, as `mcp.run` serves it; floor: on plain uvicorn",
        "calls/s",
        "higher",
        CALL_AIM,
        open_run,
    ),
    Row(
        "http-jwt",
        "the first with a signed token each, seen before; floor: ours without auth",
        "calls/s",
        "higher",
        "≥ 0.60 of floor",
        open_verified,
    ),
    Row(
        "http-sse-modern",
        "HTTP stateless, SSE, 2026-07-28",
        "calls/s",
        "higher",
        SSE_AIM,
        http("modern", tool="add_with_progress", json=False),
    ),
    Row(
        "http-sse-handshake",
        "HTTP stateless, SSE, 2025-11-25",
        "calls/s",
        "higher",
        SSE_AIM,
        http("handshake", tool="add_with_progress", json=False),
    ),
    Row(
        "http-session",
        "HTTP with sessions, JSON, 2025-11-25",
        "calls/s",
        "higher",
        "≥ 0.60 of floor",
        http("handshake", session=True),
        among=EVERYONE,
    ),
    Row(
        "http-session-redis",
        "the same, with sessions kept in Redis",
        "calls/s",
        "higher",
        "≥ 0.30 of floor",
        http("handshake", session=True, redis=True),
    ),
    Row(
        "http-session-sse",
        "HTTP with sessions, SSE, 2025-11-25",
        "calls/s",
        "higher",
        "-",
        http("handshake", session=True, tool="add_with_progress", json=False),
    ),
    Row(
        "http-session-sse-redis",
        "the same, with sessions and resumable streams kept in Redis",
        "calls/s",
        "higher",
        "-",
        http("handshake", session=True, tool="add_with_progress", json=False, redis=True),
    ),
    Row(
        "stdio-sequential",
        "stdio, one call at a time",
        "calls/s",
        "higher",
        "≥ 10x peer",
        pipe(window=1),
        among=EVERYONE,
    ),
    Row(
        "stdio-pipelined",
        f"stdio, {stdio.WINDOW} calls in flight",
        "calls/s",
        "higher",
        "≥ 25x peer",
        pipe(window=stdio.WINDOW),
        among=EVERYONE,
    ),
    Row(
        "stdio-progress",
        "stdio, progress in one call",
        "messages/s",
        "higher",
        "≥ 10x peer",
        open_progress,
    ),
    Row(
        "memory-call",
        "`Client(mcp).call_tool` in memory",
        "calls/s",
        "higher",
        "≥ 30x peer",
        in_memory("call"),
    ),
    Row(
        "memory-call-among",
        "the same, one tool of 10,000; floor: ours with one tool",
        "calls/s",
        "higher",
        "≥ 0.91 of floor",
        in_memory("call-among-many", floor=("in_memory.py", "call")),
    ),
    Row(
        "middleware",
        "the same through five built-in middlewares; floor: ours without",
        "calls/s",
        "higher",
        "≥ 10x peer",
        in_memory("call-through-five", floor=("in_memory.py", "call")),
    ),
    Row(
        "mounted-call-1",
        "the same, of a server mounted 1 deep; floor: ours not mounted",
        "calls/s",
        "higher",
        "≥ 0.83 of floor",
        in_memory("call-at-1", floor=("in_memory.py", "call")),
    ),
    Row(
        "mounted-call-3",
        "the same, of a server mounted 3 deep; floor: ours not mounted",
        "calls/s",
        "higher",
        "≥ 0.83 of floor",
        in_memory("call-at-3", floor=("in_memory.py", "call")),
    ),
    Row(
        "mounted-call-10",
        "the same, of a server mounted 10 deep; floor: ours not mounted",
        "calls/s",
        "higher",
        "≥ 0.83 of floor",
        in_memory("call-at-10", floor=("in_memory.py", "call")),
    ),
    Row(
        "parallel",
        "100 `def` tools of 0.5 s at once, in memory",
        "s",
        "lower",
        "≤ 0.7 s",
        in_memory("parallel", each=True),
    ),
    Row(
        "memory-list",
        "list 1,000 tools in memory",
        "lists/s",
        "higher",
        "≥ 20x peer",
        in_memory("list"),
    ),
    Row(
        "mounted-list",
        "list 200 tools of a server mounted 3 deep; floor: ours not mounted",
        "lists/s",
        "higher",
        "≥ 20x peer",
        in_memory("list-at-3", floor=("in_memory.py", "list-of-200")),
    ),
    Row(
        "tool-search",
        "search among 10,000 tools, in memory; floor: a call of ours",
        "searches/s",
        "higher",
        "≥ 10x peer",
        in_memory("search", script="tool_search.py", floor=("tool_search.py", "direct")),
    ),
    Row(
        "tool-search-call",
        "call of a tool that was found; floor: ours called directly",
        "calls/s",
        "higher",
        "≥ 20x peer",
        in_memory("call", script="tool_search.py", floor=("tool_search.py", "direct")),
    ),
    Row(
        "openapi",
        "a server of 1,000 plain operations, made of an OpenAPI document and listed",
        "s",
        "lower",
        "≤ 0.1 of peer",
        in_memory(
            "made",
            each=True,
            script="openapi_servers.py",
            floor=("openapi_servers.py", "floor-made"),
        ),
    ),
    Row(
        "openapi-github",
        "the same of GitHub's 1,223 operations",
        "s",
        "lower",
        "≤ 0.1 of peer",
        in_memory(
            "github",
            each=True,
            script="openapi_servers.py",
            floor=("openapi_servers.py", "floor-github"),
        ),
        rounds=3,
    ),
    Row(
        "register",
        "register 1,000 tools",
        "tools/s",
        "higher",
        "≥ 5x peer",
        in_memory("register", scale=1000),
    ),
    Row(
        "register-and-list",
        "register 1,000 tools, first list",
        "tools/s",
        "higher",
        "≥ 5x peer",
        in_memory("register-and-list", scale=1000),
    ),
    Row(
        "client-call",
        "`Client(url).call_tool`, one call at a time",
        "calls/s",
        "higher",
        CLIENT_AIM,
        client("call"),
        measured="client",
    ),
    Row(
        "client-concurrent",
        "`Client(url).call_tool`, 50 calls in flight",
        "calls/s",
        "higher",
        CLIENT_AIM,
        client("concurrent"),
        measured="client",
    ),
    Row(
        "client-open-close",
        "`async with Client(url)`, opened and closed",
        "connections/s",
        "higher",
        "≥ 5x peer",
        client("open-close"),
        measured="client",
    ),
    Row(
        "client-open-close-memory",
        "the same, `Client(mcp)`",
        "connections/s",
        "higher",
        "≥ 5x peer",
        open_and_close_in_memory,
    ),
    Row(
        "client-sync",
        "`MCPClient(url).call_tool`; floor: our `Client`",
        "calls/s",
        "higher",
        "≥ 0.70 of floor",
        client("sync", floor=("client_calls.py", "call"), peer=False),
        measured="client",
    ),
    Row(
        "proxied-call",
        "a call through a mounted proxy to a server over HTTP, one after the other",
        "calls/s",
        "higher",
        "≥ 20x peer, ≥ 0.40 of floor (no proxy)",
        client("proxied-call", floor=("client_calls.py", "call")),
        measured="client",
    ),
    Row(
        "proxied-concurrent",
        "the same, 50 calls in flight",
        "calls/s",
        "higher",
        "≥ 20x peer, ≥ 0.40 of floor (no proxy)",
        client("proxied-concurrent", floor=("client_calls.py", "concurrent")),
        measured="client",
    ),
    Row(
        "proxied-list",
        "the tools behind a mounted proxy, listed",
        "lists/s",
        "higher",
        "≥ 20x peer",
        client("proxied-list", floor=("client_calls.py", "list")),
        measured="client",
    ),
    Row(
        "cold-start",
        "stdio: spawn → initialize answered",
        "s",
        "lower",
        "≤ 1.5x floor",
        open_cold_start,
        among=EVERYONE,
    ),
    Row(
        "import",
        "`from fastmcp import FastMCP`, or what an SDK has",
        "s",
        "lower",
        "≤ 0.25 s",
        open_import,
        among=EVERYONE,
    ),
    Row(
        "peak-memory",
        "stdio server, after 1,000 calls",
        "MiB",
        "lower",
        "≤ 50 MiB",
        open_memory,
        rounds=2,
        among=EVERYONE,
    ),
    Row(
        "packages",
        "packages in the base install",
        "packages",
        "lower",
        "≤ 25",
        open_packages,
        rounds=1,
        among=EVERYONE,
    ),
]
