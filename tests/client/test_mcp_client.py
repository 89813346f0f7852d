"""MCPClient: the same client for code that is not asynchronous."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from apps import served
from left_behind import alive, nothing_left
from processes import free_port, http_server, run_python
from settled import wait_until

from fastmcp import Context, FastMCP
from fastmcp.client import AsyncMCPClient, MCPClient
from fastmcp.exceptions import ConnectFailed, Disconnected, ToolError

SECONDS = 20


def server() -> FastMCP:
    mcp = FastMCP("plain")
    cancelled = threading.Event()

    @mcp.tool
    async def add(a: int, b: int = 1) -> int:
        """Add."""
        return a + b

    @mcp.tool
    def fail() -> str:
        raise ToolError("out of paper")

    @mcp.tool
    async def session(ctx: Context) -> str:
        return ctx.session_id

    @mcp.tool
    async def slow(ctx: Context) -> str:
        await ctx.report_progress(0)
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "late"

    @mcp.tool
    def was_cancelled() -> bool:
        return cancelled.wait(SECONDS)

    @mcp.tool
    async def advice(ctx: Context) -> str:
        return (await ctx.sample("What now?")).text

    @mcp.resource("config/database")
    def database() -> str:
        return "db"

    @mcp.prompt
    def ask(topic: str) -> str:
        return f"What is {topic}?"

    return mcp


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(server().http_app()) as base:
        yield base


def test_calls_wait_for_their_answers(url: str) -> None:
    """Values are those of the asynchronous client."""
    with MCPClient(url) as client:
        assert client.call_tool("add", {"a": 1, "b": 2}) == 3
        assert client.get_resource("config/database") == "db"
        assert (
            client.get_prompt("ask", {"topic": "tea"})["messages"][0]["content"] == "What is tea?"
        )
        assert {tool["name"] for tool in client.list_tools()} > {"add", "fail"}
        assert client.get_server_info()["name"] == "plain"
        assert client.protocol_version and client.is_connected()
        with pytest.raises(ToolError, match=r"^out of paper$"):
            client.call_tool("fail")
    assert not client.is_connected()


def test_it_has_every_method_of_the_asynchronous_client() -> None:
    """With the same parameters and docstrings, but not as coroutines."""
    names = {name for name in dir(AsyncMCPClient) if not name.startswith("_")}
    assert names - set(dir(MCPClient)) == {"home"}  # it belongs to no event loop of its user's

    for name in names - {"home", "transport", "protocol_version", "new", "close"}:
        method, model = getattr(MCPClient, name), getattr(AsyncMCPClient, name)
        assert inspect.signature(method) == inspect.signature(model), name
        assert method.__doc__ == model.__doc__ and method.__doc__, name
        assert not inspect.iscoroutinefunction(method), name
        assert method.__qualname__ == f"MCPClient.{model.__name__}", name
    assert inspect.signature(MCPClient) == inspect.signature(AsyncMCPClient)


def test_the_traceback_leads_to_the_call(url: str) -> None:
    """Past a few lines of ours: no futures, no event loop."""
    with MCPClient(url) as client, pytest.raises(ToolError) as caught:
        client.call_tool("fail")

    files = [Path(str(entry.path)).name for entry in caught.traceback]
    assert files[0] == Path(__file__).name and len(files) <= 6
    assert {"tasks.py", "base_events.py", "_base.py"}.isdisjoint(files)


def test_ten_threads_share_a_client(url: str) -> None:
    """One connection for all of them, and each gets its own answers."""
    with MCPClient(url, mode="legacy") as client, ThreadPoolExecutor(10) as pool:
        sums = pool.map(lambda n: client.call_tool("add", {"a": n, "b": n}), range(200))
        assert list(sums) == [2 * n for n in range(200)]
        sessions = pool.map(lambda _: client.call_tool("session"), range(20))
        assert len(set(sessions)) == 1


def test_first_calls_and_closings_may_come_at_once(url: str) -> None:
    """Each call has its answer, or is told that the client was closed; no thread is left."""
    client = MCPClient(url)

    def use(number: int) -> Any:
        try:
            return client.call_tool("add", {"a": number}) == number + 1
        except Disconnected:
            return True
        finally:
            if number % 7 == 0:
                client.close()

    with nothing_left():
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(use, range(120)))
        client.close()


def test_nothing_is_left_of_it(url: str) -> None:
    """However often it is opened and closed; also without a call, and twice."""
    with nothing_left():
        MCPClient(url).close()
    with nothing_left():
        client = MCPClient(url)
        for _ in range(3):
            client.open()
            assert client.call_tool("add", {"a": 1}) == 2
            client.close()
            client.close()


def test_blocks_may_be_nested(url: str) -> None:
    """The outermost one closes."""
    with nothing_left():
        with MCPClient(url) as client:
            with client as same:
                assert same is client
            assert client.is_connected()
        assert not client.is_connected()


def test_a_client_that_is_lost_is_closed(url: str) -> None:
    """By itself: no descriptor, no thread is left."""
    with nothing_left():
        for _ in range(5):
            client = MCPClient(url)
            assert client.call_tool("add", {"a": 1}) == 2
            del client


def test_a_failed_opening_is_tried_again_by_the_next_call(log: Path, script: Any) -> None:
    """The constructor connects to nothing; the server may come later."""
    program = script("""
        import os
        from fastmcp import FastMCP

        mcp = FastMCP("late")
        mcp.tool(lambda: "here", name="where")
        mcp.run("http", port=int(os.environ["PORT"]), log_level="warning")
    """)
    port = free_port()
    client = MCPClient(f"http://127.0.0.1:{port}")
    for _ in range(2):
        with pytest.raises(ConnectFailed):
            client.call_tool("where")
    with http_server([program], log, port=port):
        assert client.call_tool("where") == "here"
        client.close()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Interrupts are heard, also where this was started in the background by a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_call_is_cancelled_at_the_server(url: str) -> None:
    """Ctrl-C ends the wait, and the client can be used on."""
    main = threading.main_thread().ident
    assert main is not None

    def interrupt(*_: Any) -> None:
        signal.pthread_kill(main, signal.SIGINT)

    with MCPClient(url) as client:
        with pytest.raises(KeyboardInterrupt):
            client.call_tool("slow", progress_handler=interrupt)
        assert client.call_tool("was_cancelled") is True


def test_a_handler_may_use_the_client(url: str) -> None:
    """A plain one that answers runs in a worker thread, so it waits for nobody who waits for it."""

    def sample(*_: Any) -> str:
        return f"It is {client.call_tool('add', {'a': 20, 'b': 22})}"

    with MCPClient(url, sampling_handler=sample) as client:
        assert client.call_tool("advice") == "It is 42"


def test_a_server_object_is_served_in_the_thread_of_the_client() -> None:
    """Its plain tools run in worker threads, and may use clients themselves."""
    inner = server()
    outer = FastMCP("outer")

    @outer.tool
    def total(numbers: list[int]) -> int:
        with MCPClient(inner) as client:
            result = 0
            for number in numbers:
                result = client.call_tool("add", {"a": result, "b": number})
            return result

    @outer.tool
    async def hasty() -> str:
        try:
            MCPClient(inner).ping()
        except RuntimeError as error:
            return str(error)
        return "deadlock"

    with MCPClient(outer) as client:
        assert client.call_tool("total", {"numbers": [1, 2, 3]}) == 6
        assert "Await the asynchronous client" in client.call_tool("hasty")


def test_a_server_may_be_served_elsewhere_at_the_same_time() -> None:
    """One lifespan for both; the server that began it goes on when the client leaves."""
    begun: list[str] = []

    async def lifespan(mcp: FastMCP) -> Any:
        begun.append("begun")
        yield {"begun": len(begun)}
        begun.append("ended")

    mcp = FastMCP("shared", lifespan=lifespan)

    @mcp.tool
    async def which(ctx: Context) -> int:
        return ctx.lifespan_context["begun"]

    with served(mcp.http_app()) as base, MCPClient(base) as over_http:
        with MCPClient(mcp) as here:
            assert here.call_tool("which") == over_http.call_tool("which") == 1
        assert over_http.call_tool("which") == 1
        assert begun == ["begun"]
    assert begun == ["begun", "ended"]


def test_it_works_where_an_event_loop_runs(url: str) -> None:
    """The loop stands still meanwhile, but nothing hangs."""

    async def main() -> int:
        with MCPClient(url) as client:
            return client.call_tool("add", {"a": 1})

    assert asyncio.run(main()) == 2


CHILD = """
import asyncio
from fastmcp import FastMCP
mcp = FastMCP("child")

@mcp.tool
async def nap() -> None:
    await asyncio.sleep(600)

@mcp.tool
def pid() -> int:
    import os
    return os.getpid()

mcp.run(show_banner=False)
"""
EXITS = {
    "forgotten": "",
    "in a function that returned": "del client",
    "with a call under way": """
        import threading
        threading.Thread(target=client.call_tool, args=("nap",), daemon=True).start()
    """,
    "by an error": "sys.exit(3)",
}


@pytest.mark.parametrize("way", EXITS)
def test_a_program_that_forgets_to_close_ends_at_once(way: str, script: Any) -> None:
    """With its own exit code, without a word, and its server is gone."""
    program = script(CHILD)
    main = f"""
        import sys
        from fastmcp.client import MCPClient

        client = MCPClient({str(program)!r})
        print(client.call_tool("pid"), flush=True)
    """
    code = textwrap.dedent(main) + textwrap.dedent(EXITS[way])
    run = run_python("-W", "error", "-c", code)

    assert (run.returncode, run.stderr) == (3 if "error" in way else 0, "")
    wait_until(lambda: not alive(int(run.stdout)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_connects_for_itself(url: str) -> None:
    """With the same client object; the parent's connection is not touched."""
    code = f"""
        import os, sys, warnings
        from fastmcp.client import MCPClient, MultiServerClient

        warnings.simplefilter("ignore", DeprecationWarning)
        client, several = MCPClient({url!r}, mode="legacy"), MultiServerClient({{"a": {url!r}}})
        client.set_roots(["file:///home"])
        session = client.call_tool("session")
        several.call_tool("a", "add", {{"a": 1}})
        child = os.fork()
        if child == 0:
            assert client.call_tool("session") != session
            assert several.call_tool("a", "add", {{"a": 1}}) == 2
            client.close()
            several.close()
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert client.call_tool("session") == session
        client.close()
        several.close()
    """
    run = run_python("-W", "error", "-c", textwrap.dedent(code))

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_checkers_see_the_types_of_the_asynchronous_client(tmp_path: Path) -> None:
    """Parameters, their names and the types of results."""
    pyright = Path(sys.executable).with_name("pyright")
    program = tmp_path / "typed.py"
    program.write_text(
        textwrap.dedent("""
        # pyright: strict
        from typing import Any
        from typing_extensions import assert_type
        from fastmcp.client import AsyncMCPClient, MCPClient

        client = MCPClient("http://127.0.0.1", name="me", timeout=3, mode="legacy")
        assert_type(client, MCPClient)
        assert_type(client.list_tools(), list[dict[str, Any]])
        assert_type(client.ping(), bool)
        assert_type(client.is_connected(), bool)
        assert_type(client.complete({"type": "ref/prompt"}, {"name": "a"}), list[str])
        client.call_tool("f", {"a": 1}, timeout=2, version="1")

        async def main() -> None:
            async with AsyncMCPClient("http://127.0.0.1", timeout=3) as other:
                assert_type(await other.list_tools(), list[dict[str, Any]])

        client.list_tools(1)  # wrong
        client.call_tool(name=3)  # wrong
        MCPClient("http://127.0.0.1", tiemout=3)  # wrong
        """)
    )
    import subprocess

    run = subprocess.run(
        [pyright, "--pythonpath", sys.executable, program], capture_output=True, text=True
    )
    lines = program.read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    told = {int(each.split(":")[1]) for each in run.stdout.splitlines() if " error: " in each}

    assert told == wrong, run.stdout
