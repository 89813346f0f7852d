"""Area A: the package and the server object, row by row."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx2
import mcp as official
import pytest
from apps import enveloped, http, initialize, messages, request, served
from processes import HttpServer, http_server, run_python, stdio_server
from starlette.applications import Starlette
from starlette.routing import Mount

import fastmcp
from fastmcp import Client, FastMCP
from fastmcp.client.transports import PythonStdioTransport
from fastmcp.exceptions import ToolError

IDENTITY = """
    import os
    from fastmcp import FastMCP

    mcp = FastMCP("Über 🚀", version="1.0.0", description="Knows the weather")
    mcp.server_info.update({"author": "Your Name", "license": "MIT", "homepage": "https://e.com"})

    if __name__ == "__main__":
        port = os.environ.get("PORT")
        mcp.run("http", port=int(port)) if port else mcp.run()
"""


@pytest.fixture
def over_http(script: Callable[..., Path], log: Path) -> Iterator[HttpServer]:
    """The server of `IDENTITY` in a process that speaks HTTP."""
    with http_server([script(IDENTITY)], log) as server:
        yield server


@pytest.fixture(params=["stdio", "http"])
def target(request: pytest.FixtureRequest, script: Callable[..., Path]) -> Any:
    """How to reach the server of `IDENTITY`, once for each transport."""
    if request.param == "stdio":
        return PythonStdioTransport(script(IDENTITY))
    return request.getfixturevalue("over_http").url


def of_client(target: Any, mode: str, look: Callable[[Client], Any]) -> Any:
    async def main() -> Any:
        async with Client(target, mode=mode, timeout=20) as client:
            return look(client)

    return asyncio.run(main())


def test_s001_the_top_level_names_import_quickly_and_silently() -> None:
    """`from fastmcp import FastMCP, Context` prints nothing and works for less than a second."""
    program = (
        "import sys, time; start = time.process_time()\n"
        "from fastmcp import FastMCP, Context\n"
        "sys.exit(0 if time.process_time() - start < 1 else 3)"
    )

    runs = [run_python("-c", program) for _ in range(3)]

    assert [(run.stdout, run.stderr) for run in runs] == [("", "")] * 3
    assert 0 in [run.returncode for run in runs]


AUDIT = """
import sys
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith("socket.") else None)
import server
sys.exit(f"opened: {seen}" if seen else 0)
"""


def test_s002_a_server_module_imports_without_side_effects(script: Callable[..., Path]) -> None:
    """Construction and decoration open no socket (so no event loop either) and print nothing."""
    module = script(
        """
        from fastmcp import Context, FastMCP

        mcp = FastMCP("demo", docket="redis://nowhere:1", tasks=True)

        @mcp.tool
        async def greet(name: str, ctx: Context) -> str:
            return name

        @mcp.resource("config://{name}")
        def config(name: str) -> str:
            return name

        @mcp.prompt
        def ask(topic: str) -> str:
            return topic

        app = mcp.http_app()
        """
    )

    run = run_python("-c", AUDIT, cwd=module.parent)

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


NAMES = ["Demo Server ðŸš€", "Demo Server 🚀", 'Ünï "q" \\ 名前', "tab\tand\u2028line"]


@pytest.mark.parametrize("name", NAMES)
def test_s003_a_unicode_name_is_kept_byte_for_byte(name: str, script: Callable[..., Path]) -> None:
    """serverInfo.name is the constructor's text, over stdio and over HTTP."""
    program = script(
        f"from fastmcp import FastMCP\nFastMCP({name!r}).run()", "\N{SNOWMAN} server.py"
    )

    with stdio_server([program], env={"LC_ALL": "C", "PYTHONUTF8": "0"}) as server:
        over_stdio = server.ask(initialize())
        raw = server.raw[0]
    with http(FastMCP(name)) as client:
        over_http = client.post(initialize())

    assert over_stdio["result"]["serverInfo"]["name"] == name
    assert over_http.json()["result"]["serverInfo"]["name"] == name
    encoded = json.dumps(name, ensure_ascii=False).encode()
    assert encoded in raw
    assert encoded in over_http.content


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s004_the_version_is_reported(target: Any, mode: str) -> None:
    """version= comes back as serverInfo.version, in both eras."""
    assert of_client(target, mode, lambda client: client.server_info.version) == "1.0.0"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s005_the_description_is_reported(target: Any, mode: str) -> None:
    """description= is accepted and comes back as serverInfo.description, in both eras."""
    found = of_client(target, mode, lambda client: client.server_info.description)

    assert found == "Knows the weather"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s006_members_added_to_server_info_reach_the_client(target: Any, mode: str) -> None:
    """The user's own members of the mapping come back in get_server_info()."""
    info = of_client(target, mode, lambda client: client.get_server_info())

    assert info == {
        "name": "Über 🚀",
        "version": "1.0.0",
        "description": "Knows the weather",
        "author": "Your Name",
        "license": "MIT",
        "homepage": "https://e.com",
    }


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s006_added_members_do_not_disturb_the_official_client(
    over_http: HttpServer, mode: str
) -> None:
    """The official client still reads the identity of a server whose server_info was extended."""

    async def main() -> Any:
        async with official.Client(over_http.url, mode=mode) as client:
            return client.server_info

    info = asyncio.run(main())

    assert (info.name, info.version) == ("Über 🚀", "1.0.0")


def has_session(mcp: FastMCP, **options: Any) -> bool:
    with http(mcp, **options) as client:
        response = client.post(initialize())
        assert response.status_code == 200
        return "mcp-session-id" in response.headers


def test_s007_stateless_http_in_the_constructor_is_the_default_of_the_app() -> None:
    """With stateless_http=True the answer to initialize carries no session id."""
    assert not has_session(FastMCP("x", stateless_http=True))
    assert has_session(FastMCP("x", stateless_http=False))
    assert has_session(FastMCP("x"))


def test_s007_an_argument_wins_over_the_constructor() -> None:
    """http_app(stateless_http=...) decides when both are given."""
    assert has_session(FastMCP("x", stateless_http=True), stateless_http=False)
    assert not has_session(FastMCP("x", stateless_http=False), stateless_http=True)


def test_s007_the_environment_is_below_the_constructor(monkeypatch: pytest.MonkeyPatch) -> None:
    """FASTMCP_STATELESS_HTTP counts only where the constructor says nothing."""
    monkeypatch.setenv("FASTMCP_STATELESS_HTTP", "true")

    assert not has_session(FastMCP("x"))
    assert has_session(FastMCP("x", stateless_http=False))


def test_s007_the_constructor_decides_for_run_too(script: Callable[..., Path], log: Path) -> None:
    """run() of a server made with stateless_http=True opens no sessions either."""
    program = script(
        """
        import os
        from fastmcp import FastMCP
        FastMCP("x", stateless_http=True).run("http", port=int(os.environ["PORT"]))
        """
    )

    with http_server([program], log) as server:
        headers = {"accept": "application/json, text/event-stream"}
        response = httpx2.post(server.url, json=initialize(), headers=headers)

    assert response.status_code == 200
    assert "mcp-session-id" not in response.headers


def reporting(**options: Any) -> FastMCP:
    mcp = FastMCP("x", **options)

    @mcp.tool
    async def work(ctx: fastmcp.Context) -> str:
        await ctx.report_progress(1, 2)
        return "done"

    return mcp


def types_of_answers(mcp: FastMCP) -> list[str]:
    with http(mcp) as client:
        session = client.open()
        work = request("tools/call", name="work", arguments={}, _meta={"progressToken": "t"})
        answers = [
            client.post(initialize()),
            client.post(work, session),
            client.post(
                enveloped(work, progressToken="t"),
                {
                    "mcp-protocol-version": "2026-07-28",
                    "mcp-method": "tools/call",
                    "mcp-name": "work",
                },
            ),
        ]
    assert [messages(answer)[-1]["id"] for answer in answers] == [0, 1, 1]
    return [answer.headers["content-type"].partition(";")[0] for answer in answers]


def test_s008_json_response_in_the_constructor_keeps_every_answer_json() -> None:
    """A call that reports progress is an event stream, unless the constructor said JSON."""
    assert types_of_answers(reporting(json_response=True)) == ["application/json"] * 3
    assert types_of_answers(reporting()) == ["application/json", *["text/event-stream"] * 2]


@pytest.mark.parametrize(
    "line",
    [
        'FastMCP("my-server", tasks=True, docket="redis://localhost:6379")',
        'FastMCP("worker-server", tasks=True, docket="memory://")',
        'FastMCP("my-server", tasks=False)',
    ],
)
def test_s009_tasks_and_docket_are_taken_without_connecting(
    line: str, script: Callable[..., Path]
) -> None:
    """Construction opens no socket. Running a call as a background task comes with the issue
    that builds tasks.
    """
    module = script(f"from fastmcp import FastMCP\nmcp = {line}")

    run = run_python("-c", AUDIT, cwd=module.parent)

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def failing(**options: Any) -> FastMCP:
    mcp = FastMCP("x", **options)

    @mcp.tool
    def f() -> str:
        raise ValueError("secret")

    @mcp.tool
    def g() -> str:
        raise ToolError("say it aloud")

    return mcp


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_s010_masking_hides_unexpected_exceptions_only(mode: str) -> None:
    """With mask_error_details a ValueError's text stays inside; a ToolError's goes out."""

    async def texts(mcp: FastMCP) -> list[str]:
        async with Client(mcp, mode=mode) as client:
            found = [await client.call_tool(name, raise_on_error=False) for name in "fg"]
        assert [result.is_error for result in found] == [True, True]
        return [result.text() for result in found]

    crash, said = asyncio.run(texts(failing(mask_error_details=True)))
    open_crash, _ = asyncio.run(texts(failing()))

    assert "secret" not in crash
    assert "'f'" in crash
    assert said == "say it aloud"
    assert "secret" in open_crash


@pytest.mark.parametrize(
    ("keyword", "replacement"),
    [
        ("host", "run("),
        ("port", "run("),
        ("sse_path", "path="),
        ("message_path", "message_path="),
        ("streamable_http_path", "path="),
        ("debug", "FASTMCP_LOG_LEVEL"),
        ("log_level", "FASTMCP_LOG_LEVEL"),
        ("on_duplicate_tools", "on_duplicate="),
        ("on_duplicate_resources", "on_duplicate="),
        ("on_duplicate_prompts", "on_duplicate="),
        ("tool_serializer", "ToolResult"),
        ("include_tags", "enable("),
        ("exclude_tags", "disable("),
        ("tool_transformations", "add_transform("),
    ],
)
def test_s011_a_removed_keyword_is_refused_with_its_replacement(
    keyword: str, replacement: str
) -> None:
    """Each keyword of the second major version raises a TypeError that says what to write."""
    with pytest.raises(TypeError) as caught:
        FastMCP("x", **{keyword: None})

    assert f"{keyword}=" in str(caught.value)
    assert replacement in str(caught.value)


def test_s012_an_unknown_keyword_is_refused_by_name() -> None:
    """An unknown keyword is a TypeError with its name, and the nearest known one."""
    with pytest.raises(TypeError, match="'foo'"):
        FastMCP("x", foo=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="mask_error_details="):
        FastMCP("x", mask_errors_details=True)  # type: ignore[call-arg]


def test_s013_several_servers_of_one_process_share_nothing() -> None:
    """Mounted in one application, each lists its own tools and knows its own sessions only."""
    chat, api = FastMCP("chat"), FastMCP("api")

    @chat.tool
    def send_message(text: str) -> str:
        return text

    @api.tool
    def api_status() -> str:
        return "up"

    apps = [chat.http_app(), api.http_app()]

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        async with AsyncExitStack() as stack:
            for inner in apps:
                await stack.enter_async_context(inner.lifespan(app))
            yield

    whole = Starlette(
        routes=[Mount("/chat", apps[0]), Mount("/api", apps[1])],
        lifespan=lifespan,
    )

    async def names(base: str) -> list[list[str]]:
        async with Client(f"{base}/chat/mcp") as one, Client(f"{base}/api/mcp") as two:
            return [[tool.name for tool in await c.list_tools()] for c in (one, two)]

    with served(whole) as base:
        assert asyncio.run(names(base)) == [["send_message"], ["api_status"]]
        headers = {"accept": "application/json, text/event-stream"}
        opened = httpx2.post(f"{base}/chat/mcp", json=initialize(), headers=headers)
        headers["mcp-session-id"] = opened.headers["mcp-session-id"]
        listed = [
            httpx2.post(f"{base}/{name}/mcp", json=request("tools/list"), headers=headers)
            for name in ("chat", "api")
        ]

    assert [response.status_code for response in listed] == [200, 404]


def test_s014_the_later_tool_of_a_name_wins_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One tool is listed, the second body runs, and the log says so."""
    mcp = FastMCP("x")

    @mcp.tool
    def search() -> str:
        return "first"

    @mcp.tool(name="search")
    def search_again() -> str:
        return "second"

    async def main() -> tuple[list[str], str]:
        async with Client(mcp) as client:
            listed = [tool.name for tool in await client.list_tools()]
            return listed, (await client.call_tool("search")).data

    assert asyncio.run(main()) == (["search"], "second")
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "'search'" in warnings[0].getMessage()


def test_s015_components_added_after_the_app_was_made_are_served() -> None:
    """Registration is live for an app made before, and for one that is serving."""
    mcp = FastMCP("x")
    app = mcp.http_app()

    @mcp.tool
    def early() -> str:
        return "early"

    async def names(client: Client) -> list[list[str]]:
        return [
            [tool.name for tool in await client.list_tools()],
            [resource.uri for resource in await client.list_resources()],
            [prompt.name for prompt in await client.list_prompts()],
        ]

    async def main(url: str) -> Any:
        async with Client(url) as client:
            before = await names(client)

            @mcp.tool
            def late() -> str:
                return "late"

            mcp.resource("data://late")(late)
            mcp.prompt(late)
            return before, await names(client), (await client.call_tool("late")).data

    with served(app) as base:
        before, after, value = asyncio.run(main(f"{base}/mcp"))

    assert before == [["early"], [], []]
    assert after == [["early", "late"], ["data://late"], ["late"]]
    assert value == "late"


def test_s016_decorators_return_the_function() -> None:
    """A decorated name stays the ordinary callable that it was, in every spelling."""
    mcp = FastMCP("x")

    def add_numbers(a: int, b: int) -> int:
        return a + b

    async def wait(a: int) -> int:
        return a

    assert mcp.tool(add_numbers) is add_numbers
    assert mcp.tool()(add_numbers) is add_numbers
    assert mcp.tool("named")(add_numbers) is add_numbers
    assert mcp.resource("sum://{a}/{b}")(add_numbers) is add_numbers
    assert mcp.prompt(add_numbers) is add_numbers
    assert mcp.prompt(name="named")(add_numbers) is add_numbers
    assert mcp.tool(wait) is wait
    assert add_numbers(1, 2) == 3
    assert asyncio.run(wait(4)) == 4


def test_s017_the_distribution_is_ours() -> None:
    """`fastmcp` imports from the distribution peregrine-mcp, and no other provides it here.
    Environments that the command builds with --with come with the issue that builds them.
    """
    distribution = metadata.distribution("peregrine-mcp")
    scripts = distribution.entry_points.select(group="console_scripts")
    commands = {entry.name: entry.value for entry in scripts}

    assert distribution.version == fastmcp.__version__
    assert commands["fastmcp"] == "fastmcp.cli:main"
    assert Path(fastmcp.__file__).parent == Path(__file__).parents[2] / "src" / "fastmcp"
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.distribution("fastmcp")


def test_s017_a_script_elsewhere_imports_ours(script: Callable[..., Path]) -> None:
    """A server file in another folder, run as a program, gets this package."""
    program = script("import fastmcp; print(fastmcp.__file__)")

    run = run_python(str(program), cwd=program.parent)

    assert run.stdout.strip() == fastmcp.__file__
