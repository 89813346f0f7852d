"""What tests of every kind use."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import signal
import textwrap
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A busy machine makes an example slow, and no property false.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


def pytest_configure() -> None:
    """Heed Ctrl+C, also where the tests were started in the background: programs that they start
    would not, either.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Keep the thousands of tests, which live until the end, out of every search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine function in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """What a process that runs tests tells of one goes to the one that prints, where it is text:
    not every text that was printed or logged by a test can be sent.
    """
    return _sendable((yield))


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {name: _sendable(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_sendable, value))
    return value


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Path]:
    """Write Python source to a file of that name; its path."""

    def write(source: str, name: str = "server.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(source), "utf-8")
        return path

    return write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a server's output goes."""
    return tmp_path / "output.log"


@pytest.fixture(autouse=True)
def same_log_level() -> Generator[None]:
    """Find the test that leaves less to be logged to all that come after it."""
    logger = logging.getLogger("fastmcp")
    before = logger.level
    yield
    after, logger.level = logger.level, before
    assert after == before


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep variables that configure a server out of every test."""
    import os

    for name in [name for name in os.environ if name.startswith("FASTMCP_")]:
        monkeypatch.delenv(name)
