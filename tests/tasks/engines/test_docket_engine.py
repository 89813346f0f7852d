"""The engine that is Docket's: what happens when Redis goes away, and what it leaves alone."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import free_port, run_python
from redis_server import redis_server

from fastmcp.exceptions import ConfigurationError, StoreUnavailable
from fastmcp.server.tasks.engines.docket_engine import DocketEngine
from fastmcp.server.tasks.opening import backend_of

from .working import Runs, make_engine, opened, until, working


async def test_legs_are_run_again_once_redis_is_back(tmp_path: Path) -> None:
    """What was enqueued in time is run, although Redis was killed; enqueuing fails meanwhile; what
    ran meanwhile has gone on, once, and others do not wait for its end.
    """
    port, runs = free_port(), Runs()
    runs.held = {"long"}
    engine = make_engine(f"redis://127.0.0.1:{port}", "q")
    with redis_server(tmp_path, port=port, durable=True) as first:
        async with opened(engine), working(engine, runs):
            await engine.enqueue("long", 1)
            await engine.enqueue("later", 1, 1)
            await until(lambda: runs.begun)
            first.process.kill()
            first.process.wait()
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match=rf"Redis at 127\.0\.0\.1:{port}: "):
                await engine.enqueue("lost", 1)
            assert time.monotonic() - began < 6
            with redis_server(tmp_path, port=port, durable=True):
                await until(lambda: ("later", 1) in runs.ended)
                await engine.enqueue("new", 1)
                await until(lambda: ("new", 1) in runs.ended)
                assert runs.cancelled == []
                runs.held.clear()
                await until(lambda: ("long", 1) in runs.ended)

    assert runs.begun.count(("long", 1)) == 1


async def test_what_ran_when_redis_went_away_is_delivered_again(tmp_path: Path) -> None:
    """Its end could not be told: the leg comes again once Redis is back, however long the lease."""
    port, runs = free_port(), Runs()
    runs.held = {"a"}
    engine = make_engine(f"redis://127.0.0.1:{port}", "q", redelivery_timeout=300)
    with redis_server(tmp_path, port=port, durable=True) as first:
        async with opened(engine), working(engine, runs):
            await engine.enqueue("a", 1)
            await until(lambda: runs.begun)
            first.process.kill()
            first.process.wait()
            runs.held.clear()
            await until(lambda: runs.ended)
            with redis_server(tmp_path, port=port, durable=True):
                await until(lambda: len(runs.ended) == 2)

    assert runs.begun == [("a", 1), ("a", 1)]


async def test_a_leg_that_fails_while_redis_is_away_is_told_of_and_delivered_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As one whose outcome could not be kept; in one line, not as a task that nobody awaited."""
    port, runs = free_port(), Runs()
    runs.held, runs.failing = {"a"}, {"a": 1}
    engine = make_engine(f"redis://127.0.0.1:{port}", "q")
    with redis_server(tmp_path, port=port, durable=True) as first:
        async with opened(engine), working(engine, runs):
            await engine.enqueue("a", 1)
            await until(lambda: runs.begun)
            first.process.kill()
            first.process.wait()
            await until(lambda: "Redis is unavailable, retrying" in caplog.text)
            runs.held.clear()
            await until(lambda: not runs.failing["a"])
            with redis_server(tmp_path, port=port, durable=True):
                await until(lambda: runs.ended)
    gc.collect()

    assert "Task a is delivered again: no store" in caplog.messages
    assert "never retrieved" not in caplog.text


async def test_an_unreachable_redis_is_told_when_the_engine_is_opened() -> None:
    """With its place and without its password; it can be opened later."""
    port = free_port()
    engine = make_engine(f"redis://user:secret@127.0.0.1:{port}/3", "q")
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        await engine.open()

    assert time.monotonic() - began < 6
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(asyncio.all_tasks()) == 1


async def test_a_redis_that_does_not_answer_is_one_that_cannot_be_reached(
    tmp_path: Path,
) -> None:
    """It is stopped, not gone: nothing waits for it without an end."""
    with redis_server(tmp_path) as server:
        async with opened(make_engine(server.url, "q")) as engine:
            await engine.enqueue("a", 1)
            server.process.send_signal(signal.SIGSTOP)
            try:
                with pytest.raises(StoreUnavailable, match=r"no answer within|[Tt]imeout"):
                    await engine.enqueue("b", 1)
            finally:
                server.process.send_signal(signal.SIGCONT)


async def test_the_objects_of_docket_are_those_that_deliver(tmp_path: Path) -> None:
    """What functions are given that ask for the current Docket or worker; what others give to it is
    run beside the legs.
    """
    from docket import Docket, Worker

    done: list[str] = []

    async def greet(name: str) -> None:
        done.append(name)

    with redis_server(tmp_path) as server:
        engine = make_engine(server.url, "q")
        assert isinstance(engine, DocketEngine)
        assert engine.docket is None
        async with opened(engine), working(engine, Runs()):
            docket, worker = await engine.lend("docket"), await engine.lend("worker")
            assert isinstance(docket, Docket) and docket.name == "q" and engine.docket is docket
            assert isinstance(worker, Worker) and worker.docket is docket
            await docket.add(greet)("Ada")
            await until(lambda: done)
        assert engine.docket is None

    assert done == ["Ada"]


async def test_nothing_is_said_at_info_and_signals_stay_with_the_program(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A worker begins, runs and ends in silence."""
    caplog.set_level(logging.INFO)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    runs = Runs()
    runs.held = {"b"}
    with redis_server(tmp_path) as server:
        async with opened(make_engine(server.url, "q")) as engine, working(engine, runs):
            await engine.enqueue("a", 1)
            await engine.enqueue("b", 1)
            await until(lambda: len(runs.begun) == 2)
            assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before

    assert [r.getMessage() for r in caplog.records if r.name.startswith("fastmcp")] == []
    assert capfd.readouterr() == ("", "")


def test_docket_is_loaded_when_the_engine_is_opened(
    tmp_path: Path, script: Callable[..., Path]
) -> None:
    """Not when a server is made, nor when the engine is."""
    with redis_server(tmp_path) as redis:
        path = script(f"""
            import asyncio, sys
            from fastmcp import FastMCP
            from fastmcp.server.tasks.engines.docket_engine import DocketEngine

            FastMCP("a")
            engine = DocketEngine(
                "{redis.url}", "q",
                redelivery_timeout=1, reconnection_delay=1, minimum_check_interval=1,
            )
            print("docket" in sys.modules)
            asyncio.run(engine.open())
            print("docket" in sys.modules)
        """)
        assert run_python(str(path)).stdout.split() == ["False", "True"]


def test_without_docket_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that installs it, when a server makes its backend."""
    monkeypatch.setitem(sys.modules, "docket", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'peregrine-mcp\[tasks\]'"):
        backend_of("a", "redis://localhost")
