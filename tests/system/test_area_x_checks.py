"""Area X: what is only named, conventions and checklists, row by row.

S347, to look up exact signatures before writing code, is advice that no program can follow.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from apps import served
from processes import SECONDS, environment, free_port, http_server, run_python

from fastmcp import Client, Context, FastMCP
from fastmcp.client.auth.headless import HeadlessOAuth
from fastmcp.client.transports import StdioTransport
from fastmcp.prompts import Prompt
from fastmcp.resources import Resource, ResourceTemplate
from fastmcp.server import create_proxy
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.testing import create_async_test_client
from fastmcp.tools import Tool

ANYBODY = ClientRegistrationOptions(enabled=True)


def write(folder: Path, source: str, name: str = "server.py") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source), "utf-8")
    return path


# S342


async def test_s342_a_client_has_a_bearer_token() -> None:
    """With it a call is served, without it it is not."""
    mcp = FastMCP("x", auth={"s3cret": {"user": "ann"}})

    @mcp.tool
    def who(ctx: Context) -> str:
        return ctx.user_info["user"]

    with served(mcp.http_app()) as base:
        async with Client(f"{base}/mcp", auth="s3cret") as client:
            assert (await client.call_tool("who")).data == "ann"
        with pytest.raises(ConnectionError, match="401"):
            await Client(f"{base}/mcp").__aenter__()


async def test_s342_a_client_signs_in_by_oauth() -> None:
    """Discovery, registration, consent, the code and the token: the whole way."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    mcp = FastMCP(
        "x", auth=InMemoryOAuthProvider(base_url=base, client_registration_options=ANYBODY)
    )

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    serving = asyncio.create_task(mcp.run_http_async(port=port, show_banner=False))
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                except OSError:
                    await asyncio.sleep(0.02)
            async with Client(f"{base}/mcp", auth=HeadlessOAuth(f"{base}/mcp")) as client:
                assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


# S343


async def test_s343_servers_are_composed_and_proxied() -> None:
    """A server that is mounted on another, which is reached through a proxy behind a socket."""
    inner, outer = FastMCP("inner"), FastMCP("outer")

    @inner.tool
    def add(a: int, b: int) -> int:
        return a + b

    outer.mount(inner, "sums")
    with (
        served(outer.http_app()) as base,
        served(create_proxy(f"{base}/mcp").http_app()) as front,
    ):
        async with Client(f"{front}/mcp") as client:
            assert [tool.name for tool in await client.list_tools()] == ["sums_add"]
            assert (await client.call_tool("sums_add", {"a": 1, "b": 2})).data == 3


# S344


async def test_s344_components_are_objects() -> None:
    """Each kind is made of a function, changed, and added."""

    def add(a: int, b: int) -> int:
        return a + b

    def config() -> str:
        return "green"

    def user(id: str) -> str:
        return f"user {id}"

    def ask(topic: str) -> str:
        return topic

    mcp = FastMCP("x")
    tool = Tool.from_function(add, name="plus", description="Add two numbers.")
    mcp.add_tool(tool)
    mcp.add_resource(Resource.from_function(config, uri="config://app"))
    mcp.add_template(ResourceTemplate.from_function(user, uri_template="user://{id}"))
    mcp.add_prompt(Prompt.from_function(ask))

    assert (tool.name, tool.description) == ("plus", "Add two numbers.")
    async with Client(mcp) as client:
        assert (await client.call_tool("plus", {"a": 1, "b": 2})).data == 3
        assert (await client.read_resource("config://app"))[0].text == "green"
        assert (await client.read_resource("user://7"))[0].text == "user 7"
        prompt = await client.get_prompt("ask", {"topic": "tea"})
        assert prompt.messages[0].content.text == "tea"


# S345


async def test_s345_one_file_says_how_a_server_is_run(tmp_path: Path) -> None:
    """Its program, object, variables and arguments, of a fastmcp.json."""
    write(
        tmp_path,
        """
        import os, sys
        from fastmcp import FastMCP

        tea = FastMCP("tea")

        @tea.tool
        def told() -> list[str]:
            return [os.environ["COLOR"], *sys.argv[1:]]
        """,
        "src/shop.py",
    )
    document = {
        "source": {"path": "src/shop.py", "entrypoint": "tea"},
        "deployment": {"env": {"COLOR": "${SHADE} green"}, "args": ["--fast"]},
    }
    tmp_path.joinpath("fastmcp.json").write_text(json.dumps(document))

    run = ["-m", "fastmcp", "run", "fastmcp.json"]
    env = environment({"SHADE": "dark"})
    async with Client(StdioTransport(sys.executable, run, env=env, cwd=tmp_path)) as client:
        assert (await client.call_tool("told")).data == ["dark green", "--fast"]


# S346


async def test_s346_a_server_is_tested_in_process_and_tried_from_the_shell(tmp_path: Path) -> None:
    """The same server, by `fastmcp.testing` and by `fastmcp call`."""
    program = write(
        tmp_path,
        """
        from fastmcp import FastMCP

        mcp = FastMCP("x")

        @mcp.tool
        def add(a: int, b: int) -> int:
            return a + b
        """,
    )
    namespace: dict[str, Any] = {}
    exec(program.read_text(), namespace)

    async with create_async_test_client(namespace["mcp"]) as client:
        assert await client.call_tool("add", {"a": 1, "b": 2}) == 3
    run = await asyncio.to_thread(
        run_python, "-m", "fastmcp", "call", str(program), "add", "a=1", "b=2"
    )
    assert (run.returncode, run.stdout) == (0, "3\n")


# S348


@pytest.mark.parametrize("command", [["list"], ["list", "server.py"], ["list", "fastmcp.json"]])
def test_s348_a_server_among_several_in_a_repository(tmp_path: Path, command: list[str]) -> None:
    """mcp/<name>/ with server.py, fastmcp.json and pyproject.toml, a member of a uv workspace, is
    served as it stands.
    """
    write(tmp_path, '[tool.uv.workspace]\nmembers = ["mcp/*"]\n', "pyproject.toml")
    folder = tmp_path / "mcp" / "weather"
    write(folder, "from fastmcp import FastMCP\nmcp = FastMCP('weather', version='1')\n")
    write(folder, '{"source": {"path": "server.py", "entrypoint": "mcp"}}', "fastmcp.json")
    write(folder, '[project]\nname = "weather"\nversion = "1"\n', "pyproject.toml")

    made = run_python("-m", "fastmcp", *command, cwd=folder)

    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("weather 1 ")


# S349


def test_s349_a_server_without_descriptions_is_found_wanting(tmp_path: Path) -> None:
    """`fastmcp inspect --check`: descriptions, types and annotations that are missing."""
    bare = write(
        tmp_path,
        """
        from fastmcp import FastMCP

        mcp = FastMCP("bare")

        @mcp.tool
        def add(a, b):
            return a
        """,
    )
    whole = write(
        tmp_path,
        '''
        from typing import Annotated
        from fastmcp import FastMCP

        mcp = FastMCP("whole")

        @mcp.tool(annotations={"readOnlyHint": True})
        def add(a: Annotated[int, "the first"], b: Annotated[int, "the second"]) -> int:
            """Add two numbers."""
            return a + b
        ''',
        "whole.py",
    )

    wanting = run_python("-m", "fastmcp", "inspect", str(bare), "--check")
    ready = run_python("-m", "fastmcp", "inspect", str(whole), "--check")

    assert wanting.returncode == 1
    for problem in ("has no description", "has no type", "whether it changes anything"):
        assert problem in wanting.stdout
    assert (ready.returncode, ready.stdout) == (0, "nothing is missing\n")


# S350


COUNTER = """
    import asyncio, os, sys
    from fastmcp import FastMCP

    mcp = FastMCP("counter")
    here = 0
    both = asyncio.Event()

    @mcp.tool
    def process() -> int:
        return os.getpid()

    @mcp.tool
    async def meet() -> int:
        global here
        here += 1
        if here == 2:
            both.set()
        await both.wait()
        return os.getpid()

    mcp.run(**({"transport": "http", "port": int(sys.argv[1])} if len(sys.argv) > 1 else {}))
"""


async def test_s350_stdio_has_a_process_for_each_client_which_ends_with_it(tmp_path: Path) -> None:
    """No network, one client, and the client's life."""
    program = write(tmp_path, COUNTER)
    command = StdioTransport(sys.executable, [str(program)])

    async with Client(command) as one, Client(command) as other:
        first, second = (
            (await one.call_tool("process")).data,
            (await other.call_tool("process")).data,
        )
        assert first != second
    for process in (first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


async def test_s350_http_serves_clients_at_once_and_outlives_them(
    tmp_path: Path, log: Path
) -> None:
    """Over a network: two calls that wait for each other, in one process, which stays."""
    port = free_port()
    program = write(tmp_path, COUNTER)

    with http_server([program, str(port)], log, port=port) as server:
        async with Client(server.url) as one, Client(server.url) as other:
            met = await asyncio.gather(one.call_tool("meet"), other.call_tool("meet"))
        async with Client(server.url) as later:
            assert (await later.call_tool("process")).data == met[0].data == met[1].data
        assert await asyncio.to_thread(server.stop, signal.SIGTERM) == 0


# S351


@pytest.mark.parametrize(
    "start",
    [
        "mcp.run('sse', port=PORT)",
        "mcp.run_sse(port=PORT)",
        "uvicorn.run(mcp.sse_app(), port=PORT)",
    ],
)
def test_s351_sse_is_served_with_a_notice_on_stderr(tmp_path: Path, start: str) -> None:
    """It works; that it is deprecated is said on standard error alone."""
    port = free_port()
    program = write(
        tmp_path,
        f"""
        import uvicorn
        from fastmcp import FastMCP

        mcp = FastMCP("old")

        @mcp.tool
        def add(a: int, b: int) -> int:
            return a + b

        {start.replace("PORT", str(port))}
        """,
    )

    with subprocess.Popen(
        [sys.executable, "-W", "always", program],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            added = asyncio.run(_add(f"http://127.0.0.1:{port}/sse"))
            process.terminate()
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()

    assert added == 3
    assert "HTTP+SSE is deprecated" in err
    assert "deprecated" not in out


async def _add(url: str) -> int:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                async with Client(url) as client:
                    return (await client.call_tool("add", {"a": 1, "b": 2})).data
            except ConnectionError:
                await asyncio.sleep(0.05)
