"""Area R: testing, row by row."""

from __future__ import annotations

import asyncio
import smtplib
import sys
import threading
import time
import traceback
import types
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
from processes import free_port, run_python

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.testing import MockContext, create_async_test_client, create_test_client


def calculator() -> FastMCP:
    """The server that the examples test."""
    mcp = FastMCP("calculator")

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    def divide(a: float, b: float) -> float:
        if b == 0:
            raise ValueError("Cannot divide by zero")
        return a / b

    @mcp.tool
    def names() -> list[str]:
        return ["a", "b"]

    @mcp.tool
    def profile() -> dict[str, Any]:
        return {"name": "Ada", "age": 36}

    @mcp.resource("test/data")
    def data() -> str:
        return "Test data content"

    @mcp.prompt
    def review(code: str) -> str:
        return f"Review: {code}"

    return mcp


mcp = FastMCP("admin")


@mcp.tool
def admin_only_tool(action: str) -> dict[str, Any]:
    """What only administrators may do."""
    user = Context.current().user_info
    if user.get("role") != "admin":
        return {"authorized": False}
    return {"authorized": True, "action": action, "by": user["user"]}


def test_s262_a_test_client_is_made_in_one_line() -> None:
    """It is synchronous, needs no network and no closing, and is a context manager, too."""
    client = create_test_client(calculator())
    assert client.call_tool("add", {"a": 5, "b": 3}) == 8

    with create_test_client(calculator()) as other:
        assert other.call_tool("add", {"a": 1, "b": 1}) == 2
    assert not other.is_connected()


def test_s262_it_has_the_identity_and_the_handlers_that_it_is_given() -> None:
    """`user_info`, `sampling_handler` and `elicitation_handler`."""
    server = FastMCP("x")

    @server.tool
    def ask(ctx: Context) -> list[Any]:
        name: Any = ctx.elicit("Who?", str)
        return [ctx.user_info["role"], ctx.sample("Hi").text, name.data]  # type: ignore[attr-defined]

    client = create_test_client(
        server,
        user_info={"role": "admin"},
        sampling_handler=lambda *_: "Hello",
        elicitation_handler=lambda *_: "Ada",
    )

    assert client.call_tool("ask") == ["admin", "Hello", "Ada"]


def test_s263_a_call_gives_the_plain_value() -> None:
    """Numbers, lists and dicts; nothing has to be unpacked."""
    client = create_test_client(calculator())

    assert client.call_tool("add", {"a": 5, "b": 3}) == 8
    assert client.call_tool("divide", {"a": 1, "b": 4}) == 0.25
    assert client.call_tool("names") == ["a", "b"]
    assert client.call_tool("profile") == {"name": "Ada", "age": 36}


def test_s264_what_the_tool_raised_is_raised() -> None:
    """With its type and the line that raised it; a ToolError where that is wanted."""
    with pytest.raises(ValueError, match="Cannot divide by zero") as caught:
        create_test_client(calculator()).call_tool("divide", {"a": 1, "b": 0})
    assert type(caught.value) is ValueError
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.name, Path(last.filename).name) == ("divide", Path(__file__).name)

    with pytest.raises(ToolError, match="Cannot divide by zero"):
        client = create_test_client(calculator(), raise_exceptions=False)
        client.call_tool("divide", {"a": 1, "b": 0})


def test_s264_the_async_client_raises_it_too() -> None:
    """Awaited, with and without `async with`."""

    async def main() -> None:
        client = create_async_test_client(calculator())
        with pytest.raises(ValueError, match="Cannot divide by zero"):
            await client.call_tool("divide", {"a": 1, "b": 0})
        async with client:
            assert await client.call_tool("add", {"a": 5, "b": 3}) == 8

    asyncio.run(main())


def test_s265_a_resource_is_its_text() -> None:
    """By its name without a scheme, and by its URI."""
    client = create_test_client(calculator())

    assert client.get_resource("test/data") == "Test data content"
    assert client.get_resource("resource://test/data") == "Test data content"


def test_s266_the_other_methods_are_there() -> None:
    """Lists of dicts, rendered prompts, and closing."""
    client = create_test_client(calculator())

    assert {tool["name"] for tool in client.list_tools()} == {"add", "divide", "names", "profile"}
    assert [each["uri"] for each in client.list_resources()] == ["resource://test/data"]
    assert [prompt["name"] for prompt in client.list_prompts()] == ["review"]
    assert client.get_prompt("review", {"code": "x = 1"})["messages"] == [
        {"role": "user", "content": "Review: x = 1"}
    ]
    client.close()
    client.close()


@pytest.mark.parametrize(("role", "authorized"), [("admin", True), ("user", False)])
def test_s267_a_function_is_called_with_a_context_that_the_test_makes(
    role: str, authorized: bool
) -> None:
    """`Context.current()` is that one; nothing of a client or a server is running."""
    with MockContext(user_info={"role": role, "user": "a"}):
        assert admin_only_tool("x")["authorized"] is authorized
    with pytest.raises(RuntimeError, match="No request is being served"):
        admin_only_tool("x")


def test_s267_it_records_and_plays_what_the_test_says() -> None:
    """State, logs, HTTP and sampling."""

    def report(city: str) -> str:
        ctx: Any = Context.current()
        ctx.logger.info("asking for %s", city)
        weather = ctx.http.get("https://weather.test", params={"city": city}).json()
        ctx.set_state("asked", [*(ctx.get_state("asked") or []), city])
        return ctx.sample(f"Describe {weather['sky']}").text

    responses = {"https://weather.test": {"sky": "grey"}}
    with MockContext(
        session_id="s1", state={"asked": ["Rome"]}, http=responses, sample=["A grey sky"]
    ) as ctx:
        assert report("Oslo") == "A grey sky"

    assert ctx.session_id == "s1"
    assert ctx.get_state("asked") == ["Rome", "Oslo"]
    assert [(each.level, each.message) for each in ctx.logs] == [("info", "asking for Oslo")]
    assert ctx.samples[0].messages[0].content.text == "Describe grey"
    assert str(ctx.http_requests[0].url) == "https://weather.test?city=Oslo"


def test_s268_patches_apply_to_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool runs in the process of the test, in whatever thread."""
    server = FastMCP("x")
    requests = types.ModuleType("requests")
    requests.get = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "requests", requests)

    @server.tool
    def fetch(url: str) -> dict[str, Any]:
        import requests

        return requests.get(url).json()

    @server.tool
    def mail(to: str) -> str:
        with smtplib.SMTP("mail.test") as smtp:
            smtp.sendmail("a@b.test", to, "hello")
        return "sent"

    @server.tool
    async def page(url: str) -> str:
        return urllib.request.urlopen(url).read().decode()

    client = create_test_client(server)
    with patch("requests.get") as get:
        get.return_value.json.return_value = {"ok": True}
        assert client.call_tool("fetch", {"url": "https://api.test"}) == {"ok": True}
        get.assert_called_once_with("https://api.test")
    with patch("smtplib.SMTP") as smtp:
        assert client.call_tool("mail", {"to": "c@d.test"}) == "sent"
        sent: MagicMock = smtp.return_value.__enter__.return_value.sendmail
        sent.assert_called_once_with("a@b.test", "c@d.test", "hello")
    with patch("urllib.request.urlopen") as urlopen:
        urlopen.return_value.read.return_value = b"page"
        assert client.call_tool("page", {"url": "https://page.test"}) == "page"


def test_s269_ten_threads_use_one_client() -> None:
    """Each gets its own answers, also when some fail."""
    client = create_test_client(calculator())
    begin = threading.Barrier(10)

    def use(number: int) -> list[int]:
        begin.wait(20)
        with pytest.raises(ValueError, match="Cannot divide by zero"):
            client.call_tool("divide", {"a": number, "b": 0})
        return [client.call_tool("add", {"a": number, "b": n}) for n in range(20)]

    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(use, range(10), timeout=40))

    assert outcomes == [[number + n for n in range(20)] for number in range(10)]


def test_s270_the_first_call_takes_less_than_a_second() -> None:
    """Of work, with the making of the client."""
    begun = time.process_time()
    assert create_test_client(calculator()).call_tool("add", {"a": 1, "b": 1}) == 2

    assert time.process_time() - begun < 1


SERVED = """
import threading, time
import httpx2, starlette.applications, uvicorn
from fastmcp import FastMCP

mcp = FastMCP("http")

@mcp.tool
def add(a: int, b: int) -> int:
    return a + b

options = {"transport": "http", "host": "127.0.0.1", "port": PORT, "log_level": "error"}
begun = time.perf_counter()
threading.Thread(target=mcp.run, kwargs=options, daemon=True).start()
call = {
    "jsonrpc": "2.0", "id": 1, "method": "tools/call",
    "params": {"name": "add", "arguments": {"a": 1, "b": 2}},
}
while True:
    try:
        response = httpx2.post("http://127.0.0.1:PORT/mcp", json=call)
        break
    except httpx2.ConnectError:
        assert time.perf_counter() - begun < 15
        time.sleep(0.01)
assert response.status_code == 200, response.text
assert '"3"' in response.text, response.text
print(time.perf_counter() - begun)
"""


def test_s271_a_server_in_a_thread_is_ready_in_two_seconds(script: Callable[..., Path]) -> None:
    """`run(transport="http")` beside the test, which speaks plain HTTP to it."""
    seconds: list[float] = []
    for _ in range(3):  # the machine may be busy with something else
        run = run_python(str(script(SERVED.replace("PORT", str(free_port())))))
        assert run.returncode == 0, run.stderr
        seconds.append(float(run.stdout))
        if seconds[-1] < 2:
            break

    assert min(seconds) < 2


SUITE = """
import asyncio
import pytest
from fastmcp import Client, FastMCP
from fastmcp.testing import MockContext, create_async_test_client, create_test_client

MARK
mcp = FastMCP("suite")

@mcp.tool
async def where(n: int) -> int:
    await asyncio.sleep(0)
    return n

def test_plain():
    assert create_test_client(mcp).call_tool("where", {"n": 1}) == 1

async def test_client():
    async with Client(mcp) as client:
        assert (await client.call_tool("where", {"n": 2})).data == 2

async def test_async_test_client():
    client = create_async_test_client(mcp)
    assert await client.call_tool("where", {"n": 3}) == 3

async def test_context():
    async with MockContext() as ctx:
        await ctx.info("hello")
        assert await where(4) == 4
    assert ctx.logs[0].message == "hello"

async def test_blocking_client():
    assert create_test_client(mcp).call_tool("where", {"n": 5}) == 5
"""
ANYIO = """
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
AUTO = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"


@pytest.mark.parametrize(
    ("plugin", "mark", "ini"),
    [("anyio", ANYIO, "[pytest]\n"), ("pytest_asyncio.plugin", "", AUTO)],
    ids=["anyio", "pytest-asyncio"],
)
def test_s272_async_tests_work_under_either_plugin(
    plugin: str, mark: str, ini: str, script: Callable[..., Path]
) -> None:
    """Clients, test clients and contexts, without a warning."""
    path = script(SUITE.replace("MARK", mark), "test_suite.py")
    script(ini, "pytest.ini")

    run = run_python(
        *("-m", "pytest", "-W", "error", "-p", plugin, "-p", "no:cacheprovider"),
        cwd=path.parent,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "5 passed" in run.stdout


def test_s273_a_test_file_runs_as_a_script(script: Callable[..., Path]) -> None:
    """Its tests are functions, and nothing is left that would hold up the end or complain."""
    path = script(
        """
        import sys
        from fastmcp import Context, FastMCP
        from fastmcp.testing import MockContext, create_test_client

        mcp = FastMCP("script")

        @mcp.tool
        def add(a: int, b: int) -> int:
            return a + b

        @mcp.tool
        def role() -> str:
            return Context.current().user_info["role"]

        def test_add():
            assert client.call_tool("add", {"a": 1, "b": 2}) == 3

        def test_role():
            with MockContext(user_info={"role": "admin"}) as ctx:
                ctx.info("hello")
                assert role() == "admin"

        client = create_test_client(mcp)
        if __name__ == "__main__":
            test_add()
            test_role()
            assert "pytest" not in sys.modules
            print("all passed")
        """,
        "test_script.py",
    )

    run = run_python("-W", "error", "-X", "dev", str(path))

    assert (run.returncode, run.stdout) == (0, "all passed\n"), run.stderr
    assert run.stderr == ""
