"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import json
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import run_python

Run = Callable[..., subprocess.CompletedProcess[str]]

CONFTEST = """
import pytest
from fastmcp import FastMCP

@pytest.fixture(scope="session")
def mcp_server():
    mcp = FastMCP("suite")
    calls = iter(range(1, 100))

    @mcp.tool
    def count() -> int:
        return next(calls)

    @mcp.tool
    def fail() -> int:
        raise ZeroDivisionError("by design")

    return mcp
"""


@pytest.fixture
def suite(tmp_path: Path) -> Run:
    """Write a test module and run pytest on it, with no plugin but ours and those named."""

    def run(
        module: str, *options: str, conftest: str = CONFTEST, ini: str = ""
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "conftest.py").write_text(conftest, "utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n" + ini, "utf-8")
        (tmp_path / "test_suite.py").write_text(textwrap.dedent(module), "utf-8")
        command = ["-m", "pytest", "-W", "error", "-p", "fastmcp.testing.pytest_plugin"]
        return run_python(
            *command,
            *("-p", "no:cacheprovider", *options),
            cwd=tmp_path,
            env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )

    return run


def passed(run: subprocess.CompletedProcess[str], number: int) -> None:
    """All tests passed, and there were that many."""
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{number} passed" in run.stdout


def test_loading_it_costs_nothing() -> None:
    """Neither the server nor the client is imported before a test wants them."""
    program = (
        "import sys, fastmcp.testing.pytest_plugin;"
        "print(*(name for name in sys.modules"
        " if name.startswith(('fastmcp.', 'pydantic', 'msgspec', 'httpx2', 'starlette'))))"
    )
    found = run_python("-c", program).stdout.split()

    assert set(found) == {"fastmcp._lazy", "fastmcp.testing", "fastmcp.testing.pytest_plugin"}


def test_a_suite_names_its_server_and_gets_a_client(suite: Run) -> None:
    """Plain values, original exceptions, and a new client for each test."""
    run = suite(
        """
        import pytest

        seen = []

        def test_value(mcp_client):
            assert isinstance(mcp_client.call_tool("count"), int)
            seen.append(mcp_client)

        def test_failure(mcp_client):
            with pytest.raises(ZeroDivisionError, match="by design"):
                mcp_client.call_tool("fail")
            assert mcp_client is not seen[0]
            assert not seen[0].is_connected()
        """
    )

    passed(run, 2)


@pytest.mark.parametrize("scope", ["module", "session"])
def test_the_client_has_the_scope_of_the_ini_option(suite: Run, scope: str) -> None:
    """One connection for all tests, async ones among them."""
    run = suite(
        """
        import asyncio

        seen = []

        def test_one(mcp_client):
            mcp_client.call_tool("count")
            seen.append(mcp_client)

        def test_two(mcp_client):
            assert mcp_client is seen[0]
            assert mcp_client.is_connected()

        def test_three(mcp_client):
            async def main():
                return await asyncio.to_thread(mcp_client.call_tool, "count")
            assert asyncio.run(main()) == 2
        """,
        ini=f"mcp_client_scope = {scope}\n",
    )

    passed(run, 3)


def test_an_unknown_scope_is_refused(suite: Run) -> None:
    """With those that there are."""
    run = suite("def test(mcp_client): pass", ini="mcp_client_scope = week\n")

    assert run.returncode != 0
    assert "mcp_client_scope = week: use one of function, class" in run.stdout + run.stderr


def test_without_a_server_the_suite_is_told_what_to_define(suite: Run) -> None:
    """The name of the fixture, and where it belongs."""
    run = suite("def test(mcp_client): pass", conftest="")

    assert run.returncode != 0
    assert "Define a fixture mcp_server that returns your FastMCP server" in run.stdout


def test_options_of_the_client_are_a_fixture(suite: Run) -> None:
    """And further clients have options of their own."""
    run = suite(
        """
        import pytest
        from fastmcp import Context, FastMCP
        from fastmcp.testing import create_mcp_client_fixture

        mcp = FastMCP("own")

        @mcp.tool
        def role(ctx: Context) -> str:
            return ctx.user_info.get("role", "nobody")

        @pytest.fixture(scope="session")
        def mcp_server():
            return mcp

        @pytest.fixture(scope="session")
        def mcp_client_options():
            return {"user_info": {"role": "user"}}

        admin = create_mcp_client_fixture(scope="module", user_info={"role": "admin"})
        guest = create_mcp_client_fixture(mcp)
        named = create_mcp_client_fixture(mcp, name="somebody")

        def test(mcp_client, admin, guest, somebody):
            roles = [c.call_tool("role") for c in (mcp_client, admin, guest, somebody)]
            assert roles == ["user", "admin", "nobody", "nobody"]
        """
    )

    passed(run, 1)


ASYNC = """
    import asyncio
    import pytest

    MARK

    async def test_one(async_mcp_client, mcp_server):
        loops = []

        @mcp_server.tool
        async def where() -> str:
            loops.append(asyncio.get_running_loop())
            return "here"

        assert await async_mcp_client.call_tool("where") == "here"
        assert loops == [asyncio.get_running_loop()]
        with pytest.raises(ZeroDivisionError):
            await async_mcp_client.call_tool("fail")

    async def test_two(async_mcp_client, mcp_client):
        calls = [async_mcp_client.call_tool("count") for _ in range(5)]
        assert len(set(await asyncio.gather(*calls))) == 5
        assert await asyncio.to_thread(mcp_client.call_tool, "count") == 6
        async with async_mcp_client as same:
            assert await same.ping()
"""


ANYIO = """pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend():
        return "asyncio"
"""


def test_async_tests_have_a_client_in_their_loop_under_anyio(suite: Run) -> None:
    """Functions of the server run where the test does."""
    passed(suite(ASYNC.replace("MARK", ANYIO), "-p", "anyio"), 2)


def test_async_tests_have_a_client_in_their_loop_under_pytest_asyncio(suite: Run) -> None:
    """In its automatic mode."""
    ini = "asyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"

    passed(suite(ASYNC.replace("MARK", ""), "-p", "pytest_asyncio.plugin", ini=ini), 2)


SNAPSHOT = """
    def test_catalogue(mcp_server, mcp_snapshot):
        mcp_snapshot(mcp_server)

    def test_named(mcp_server, mcp_snapshot):
        mcp_snapshot(mcp_server, "kept/catalogue.json")

    def test_compatible(mcp_server, mcp_snapshot):
        mcp_snapshot.assert_compatible(mcp_server)
"""


def test_a_snapshot_is_written_compared_and_updated(suite: Run, tmp_path: Path) -> None:
    """Named after its test, or as the test says; only with the option is it written anew."""
    passed(suite(SNAPSHOT), 3)
    kept = tmp_path / "__snapshots__" / "test_suite" / "test_catalogue.json"
    assert [tool["name"] for tool in json.loads(kept.read_text("utf-8"))["tools"]] == [
        "count",
        "fail",
    ]
    assert (tmp_path / "kept" / "catalogue.json").exists()
    passed(suite(SNAPSHOT), 3)

    changed = CONFTEST.replace("def count() -> int", "def count(step: int = 1) -> int")
    run = suite(SNAPSHOT, conftest=changed)
    assert "2 failed, 1 passed" in run.stdout
    assert "+ tools.count.inputSchema.properties.step" in run.stdout
    passed(suite(SNAPSHOT, "--mcp-snapshot-update", conftest=changed), 3)
    passed(suite(SNAPSHOT, conftest=changed), 3)

    broken = CONFTEST.replace("def count() -> int", "def count(step: int) -> int")
    run = suite(SNAPSHOT, conftest=broken)
    assert "3 failed" in run.stdout
    assert "tool 'count': the argument 'step' is required now" in run.stdout


def test_a_suite_leaves_no_thread(suite: Run) -> None:
    """Pytest ends by itself, soon, whatever the scope of its clients."""
    run = suite(
        """
        import threading

        def test(mcp_client):
            mcp_client.ping()

        def test_after():
            assert "fastmcp-portal" not in {t.name for t in threading.enumerate()}
        """
    )

    passed(run, 2)
