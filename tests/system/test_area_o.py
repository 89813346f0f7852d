"""Area O: background services and the life cycle, row by row."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import Mcp, call, http, initialize
from processes import (
    HttpServer,
    StdioServer,
    free_port,
    http_server,
    run_python,
    stdio_server,
)
from redis_server import redis_server
from starlette.applications import Starlette

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import PythonStdioTransport
from fastmcp.server.middleware import Middleware, MiddlewareContext

Script = Callable[..., Path]


def text_of(answer: Any) -> str:
    """The text of a tool's answer, as JSON-RPC has it."""
    return answer["result"]["content"][0]["text"]


# S237: a lifespan with tasks


def wrap_lifespan_with_background_task(app: Starlette, work: Callable[[], Any]) -> None:
    """What applications do to run a task beside their server."""
    original = app.router.lifespan_context

    @asynccontextmanager
    async def wrapped(app: Starlette) -> AsyncIterator[Any]:
        async with original(app) as state:
            task = asyncio.create_task(work())
            try:
                yield state
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    app.router.lifespan_context = wrapped


class Log(list[str]):
    """What happened, in order."""

    async def life(self, server: FastMCP) -> AsyncIterator[None]:
        self.append("server opens")
        yield
        self.append("server closes")

    async def work(self) -> None:
        self.append("task begins")
        try:
            await asyncio.Event().wait()
        finally:
            self.append("task ends")


IN_ORDER = ["server opens", "task begins", "task ends", "server closes"]


def test_s237_a_wrapped_lifespan_runs_its_task_inside_of_the_servers() -> None:
    """The task starts after the server's lifespan and ends before it."""
    log = Log()
    app = FastMCP("x", lifespan=log.life).http_app()
    wrap_lifespan_with_background_task(app, log.work)

    with http(app) as client:
        client.open()

    assert log == IN_ORDER


def test_s237_a_declared_task_runs_inside_of_the_servers_lifespan() -> None:
    """The same order, without wrapping anything."""
    log = Log()
    mcp = FastMCP("x", lifespan=log.life)
    mcp.background(log.work)

    with http(mcp) as client:
        client.open()

    assert log == IN_ORDER


# S238: a task manager

MANAGED = """
    import asyncio, os, time
    from contextlib import asynccontextmanager
    from fastmcp import FastMCP

    async def stuck():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass

    async def slow_to_end():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(60)

    class TaskManager:
        def __init__(self):
            self.tasks = []

        def start(self, work):
            self.tasks.append(asyncio.create_task(work()))

        async def stop_all(self, timeout):
            for task in self.tasks:
                task.cancel()
            await asyncio.wait(self.tasks, timeout=timeout)

    MANAGER

    @asynccontextmanager
    async def lifespan(server):
        tasks.start(WORK)
        await asyncio.sleep(0)
        yield
        began = time.monotonic()
        await tasks.stop_all(timeout=5)
        print("stopped after", time.monotonic() - began, flush=True)

    mcp = FastMCP("managed", lifespan=lifespan)
    mcp.run(transport="http", host="127.0.0.1", port=int(os.environ["PORT"]))
"""


@pytest.mark.parametrize(
    ("manager", "work"),
    [
        pytest.param("tasks = TaskManager()", "slow_to_end", id="the user's own"),
        pytest.param(
            "from fastmcp.server.background import BackgroundTasks; tasks = BackgroundTasks()",
            "stuck",
            id="BackgroundTasks",
        ),
    ],
)
def test_s238_a_stuck_task_does_not_hold_up_the_end(
    manager: str, work: str, script: Script, log: Path
) -> None:
    """stop_all(timeout=5) returns in less than six seconds, and the process ends."""
    program = script(MANAGED.replace("MANAGER", manager).replace("WORK", work))

    with http_server([program], log) as server:
        assert server.stop() == 0, server.output

    [line] = [line for line in server.output.splitlines() if line.startswith("stopped after")]
    assert 4.9 < float(line.split()[-1]) < 6


# S239-S241: an indexer that tools use

INDEXER = """
    import asyncio

    class Indexer:
        def __init__(self):
            self.queue = asyncio.Queue()
            self.documents = {}
            self.runs = 0
            self.task = None

        async def start(self):
            self.task = asyncio.create_task(self.work())

        async def stop(self):
            await self.queue.put(None)
            await self.task

        async def work(self):
            while (job := await self.queue.get()) is not None:
                name, text = job
                self.documents[name] = len(text.split())
                self.runs += 1
                self.queue.task_done()

        async def add(self, name, text):
            await self.queue.put((name, text))
            await self.queue.join()
"""


def indexer_of(script: Script) -> Any:
    """An indexer, from the source that the processes of other tests import."""
    names: dict[str, Any] = {}
    exec(script(INDEXER, "indexer.py").read_text("utf-8"), names)
    return names["Indexer"]()


class Bridge(Middleware):
    """Hands a service to tools, as code of every major version does: without await."""

    def __init__(self, indexer: Any) -> None:
        self.indexer = indexer

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        assert context.fastmcp_context is not None
        context.fastmcp_context.set_state("indexer", self.indexer)
        return await call_next(context)


def indexing(indexer: Any) -> FastMCP:
    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncIterator[dict[str, Any]]:
        await indexer.start()
        yield {"indexer": indexer}
        await indexer.stop()

    mcp = FastMCP("indexing", lifespan=lifespan, middleware=[Bridge(indexer)])

    @mcp.tool
    async def trigger_index(name: str, text: str, ctx: Context) -> str:
        await ctx.lifespan_context["indexer"].add(name, text)
        return f"indexed {name}"

    @mcp.tool
    async def word_count(name: str, ctx: Context) -> int:
        indexer = ctx.get_state("indexer")
        return indexer.documents[name]

    @mcp.tool
    def status(ctx: Context) -> dict[str, Any]:
        indexer = ctx.get_state("indexer")
        return {
            "running": not indexer.task.done(),
            "runs": indexer.runs,
            "documents": sorted(indexer.documents),
            "size": len(indexer.documents),
        }

    return mcp


def test_s239_an_indexer_serves_tools_from_start_to_stop(script: Script) -> None:
    """It starts with the server, works off its queue, and ends by its poison pill."""
    indexer = indexer_of(script)

    async def main() -> Any:
        async with Client(indexing(indexer)) as client:
            await client.call_tool("trigger_index", {"name": "a", "text": "one two"})
            return (await client.call_tool("status")).data

    assert asyncio.run(main())["running"] is True
    assert indexer.task.done() and indexer.task.exception() is None
    assert indexer.queue.empty()


def test_s240_a_tool_triggers_the_indexer(script: Script) -> None:
    """When the call is answered, what it asked for is done."""
    with http(indexing(indexer_of(script))) as client:
        answers = [
            client.post(call("trigger_index", name=name, text="x")).json() for name in ("a", "b")
        ]
        status = json.loads(text_of(client.post(call("status")).json()))

    assert [text_of(answer) for answer in answers] == ["indexed a", "indexed b"]
    assert (status["runs"], status["documents"]) == (2, ["a", "b"])


@pytest.mark.parametrize("transport", ["memory", "http"])
def test_s241_tools_read_what_a_bridge_middleware_hands_them(
    transport: str, script: Script
) -> None:
    """`set_state` and `get_state` without await, in tools of both kinds."""
    mcp = indexing(indexer_of(script))

    async def main(target: Any) -> tuple[Any, Any]:
        async with Client(target) as client:
            await client.call_tool("trigger_index", {"name": "a", "text": "one two three"})
            words = await client.call_tool("word_count", {"name": "a"})
            return words.data, (await client.call_tool("status")).data

    with ExitStack() as stack:
        target = mcp if transport == "memory" else stack.enter_context(http(mcp)).url
        words, status = asyncio.run(main(target))

    assert words == 3
    assert status == {"running": True, "runs": 1, "documents": ["a"], "size": 1}


# S242: one service behind HTTP, many clients

BACKEND = """
    import os
    from contextlib import asynccontextmanager
    from fastmcp import FastMCP
    from indexer import Indexer

    indexer = Indexer()

    @asynccontextmanager
    async def lifespan(server):
        print("indexer starts", flush=True)
        await indexer.start()
        yield
        await indexer.stop()
        print("indexer stopped", flush=True)

    mcp = FastMCP("backend", lifespan=lifespan)

    @mcp.tool
    async def add_document(name: str, text: str) -> int:
        await indexer.add(name, text)
        return len(indexer.documents)

    @mcp.tool
    def document_count() -> int:
        return len(indexer.documents)

    mcp.run(transport="http", host="127.0.0.1", port=int(os.environ["PORT"]))
"""

PROXY_BY_CLIENT = """
    import os
    from fastmcp import Client, FastMCP

    mcp = FastMCP("proxy")

    async def ask(tool, **arguments):
        async with Client(os.environ["BACKEND"]) as backend:
            return (await backend.call_tool(tool, arguments)).data

    @mcp.tool
    async def add_document(name: str, text: str) -> int:
        return await ask("add_document", name=name, text=text)

    @mcp.tool
    async def document_count() -> int:
        return await ask("document_count")

    mcp.run()
"""

PROXY_BY_POST = """
    import os
    from fastmcp import Context, FastMCP

    mcp = FastMCP("proxy")

    def ask(ctx, tool, **arguments):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": tool, "arguments": arguments}}
        answer = ctx.http.post(os.environ["BACKEND"], json=body).json()
        return int(answer["result"]["content"][0]["text"])

    @mcp.tool
    def add_document(name: str, text: str, ctx: Context) -> int:
        return ask(ctx, "add_document", name=name, text=text)

    @mcp.tool
    def document_count(ctx: Context) -> int:
        return ask(ctx, "document_count")

    mcp.run()
"""


def stdio_call(server: StdioServer, tool: str, **arguments: Any) -> str:
    return text_of(server.ask(call(tool, **arguments)))


def http_call(server: HttpServer, tool: str, **arguments: Any) -> str:
    with Mcp(server.url.removesuffix("/mcp")) as client:
        return text_of(client.post(call(tool, **arguments)).json())


def test_s242_stdio_proxies_and_http_clients_share_one_indexer(script: Script, log: Path) -> None:
    """What one of them adds, all of them count; the indexer runs once, in the backend."""
    script(INDEXER, "indexer.py")
    backend_program = script(BACKEND, "backend.py")
    programs = [script(PROXY_BY_CLIENT, "one.py"), script(PROXY_BY_POST, "two.py")]

    with http_server([backend_program], log) as backend, ExitStack() as stack:
        proxies = [
            stack.enter_context(stdio_server([program], {"BACKEND": backend.url}))
            for program in programs
        ]
        for number, proxy in enumerate(proxies):
            proxy.ask(initialize())
            stdio_call(proxy, "add_document", name=f"proxy {number}", text="some words")
        http_call(backend, "add_document", name="http", text="more words")
        counts = [
            *[stdio_call(proxy, "document_count") for proxy in proxies],
            http_call(backend, "document_count"),
        ]
        assert [proxy.finish() for proxy in proxies] == [0, 0]
        assert backend.stop() == 0

    assert counts == ["3", "3", "3"]
    assert backend.output.count("indexer starts") == 1
    assert backend.output.count("indexer stopped") == 1


# S243: one module of logic, two servers

SERVICE = """
    def greet(name):
        return f"Hello, {name}!"
"""

OVER_IT = """
    import os
    from fastmcp import FastMCP
    import service

    mcp = FastMCP("greeter")

    @mcp.tool
    def greet(name: str) -> str:
        return service.greet(name)
"""


def test_s243_a_stdio_and_an_http_server_share_their_logic(script: Script, log: Path) -> None:
    """Two processes over one module, at the same time."""
    script(SERVICE, "service.py")
    over_stdio = script(OVER_IT + "    mcp.run()\n", "over_stdio.py")
    run = '    mcp.run(transport="http", host="127.0.0.1", port=int(os.environ["PORT"]))\n'
    over_http = script(OVER_IT + run, "over_http.py")

    with http_server([over_http], log) as web, stdio_server([over_stdio]) as local:
        local.ask(initialize())
        said = [stdio_call(local, "greet", name="Ada"), http_call(web, "greet", name="Ada")]

    assert said == ["Hello, Ada!"] * 2


# S244: state that processes share

SHARED = """
    import os
    import redis.asyncio
    from fastmcp import FastMCP

    mcp = FastMCP("shared")
    store = redis.asyncio.from_url(os.environ["REDIS_URL"], decode_responses=True)

    @mcp.tool
    async def remember(key: str, value: str) -> str:
        await store.set(key, value)
        return "done"

    @mcp.tool
    async def recall(key: str) -> str:
        return await store.get(key) or "nothing"

    @mcp.tool
    async def count() -> int:
        return await store.incr("count")

    mcp.run()
"""


def test_s244_stdio_processes_share_state_in_redis(script: Script, tmp_path: Path) -> None:
    """The asynchronous client was made at import, before any loop ran."""
    program = script(SHARED)

    with redis_server(tmp_path) as store:
        environment = {"REDIS_URL": store.url}
        with (
            stdio_server([program], environment) as one,
            stdio_server([program], environment) as two,
        ):
            for server in (one, two):
                server.ask(initialize())
            stdio_call(one, "remember", key="tea", value="green")
            recalled = stdio_call(two, "recall", key="tea")
            counts = [stdio_call(server, "count") for server in (one, two, two, one)]
            codes = [one.finish(), two.finish()]

    assert recalled == "green"
    assert counts == ["1", "2", "3", "4"]
    assert codes == [0, 0]


# S245: the server's lifespan

LIVING = """
    import os, sys
    from contextlib import asynccontextmanager
    from fastmcp import Context, FastMCP

    def note(what):
        print(what, file=sys.stderr, flush=True)

    @asynccontextmanager
    async def lifespan(server):
        note("opens")
        try:
            yield {"database": "postgres"}
        finally:
            note("closes")

    mcp = FastMCP("living", lifespan=lifespan)

    @mcp.tool
    def query(ctx: Context) -> str:
        note("used")
        return ctx.lifespan_context["database"]

    if __name__ == "__main__":
        if "PORT" in os.environ:
            mcp.run(transport="http", host="127.0.0.1", port=int(os.environ["PORT"]))
        else:
            mcp.run()
"""
ORDER = ["opens", "used", "used", "used", "closes"]


def noted(output: str) -> list[str]:
    return [line for line in output.splitlines() if line in ORDER]


def query(client: Client[Any]) -> Any:
    return client.call_tool("query")


def ask_twice_and_once(target: Any) -> list[str]:
    """What two clients get, one of which asks twice."""

    async def main() -> list[str]:
        async with Client(target) as one, Client(target) as two:
            return [(await query(client)).data for client in (one, two, one)]

    return asyncio.run(main())


def test_s245_the_lifespan_is_entered_once_in_memory() -> None:
    """However many clients there are at a time."""
    log: list[str] = []

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncIterator[dict[str, str]]:
        log.append("opens")
        yield {"database": "postgres"}
        log.append("closes")

    mcp = FastMCP("living", lifespan=lifespan)

    @mcp.tool(name="query")
    def find(ctx: Context) -> str:
        log.append("used")
        return ctx.lifespan_context["database"]

    assert ask_twice_and_once(mcp) == ["postgres"] * 3
    assert log == ORDER


@pytest.mark.parametrize("end", ["end of input", "SIGTERM", "SIGINT"])
def test_s245_the_lifespan_is_entered_once_over_stdio(end: str, script: Script) -> None:
    """It is left at the end of the input as well as by a signal, with exit code 0."""
    with stdio_server([script(LIVING)]) as server:
        server.ask(initialize())
        answers = [stdio_call(server, "query") for _ in range(3)]
        if end == "end of input":
            server.close()
        else:
            server.process.send_signal(getattr(signal, end))
        code = server.wait()

    assert answers == ["postgres"] * 3
    assert (code, noted(server.errors)) == (0, ORDER)


@pytest.mark.parametrize("how", ["run", "uvicorn"])
def test_s245_the_lifespan_is_entered_once_over_http(how: str, script: Script, log: Path) -> None:
    """For all sessions and clients; it is left when the process is told to end."""
    program = script(LIVING, "living.py")
    command: list[str | Path] = [program]
    if how == "uvicorn":
        start = "import os, uvicorn; uvicorn.run('living:mcp', port=int(os.environ['PORT']))"
        command = ["-c", start]

    with http_server(command, log, env={"PYTHONPATH": str(program.parent)}) as server:
        answers = ask_twice_and_once(server.url)
        code = server.stop()

    assert answers == ["postgres"] * 3
    assert noted(server.output) == ORDER
    # uvicorn's own command ends by the signal that it was sent.
    assert code == (0 if how == "run" else -signal.SIGTERM)


def test_s245_a_client_of_a_process_sees_its_lifespan(script: Script) -> None:
    """Two processes of one program have a lifespan each."""

    async def main() -> list[str]:
        transports = [PythonStdioTransport(script(LIVING)) for _ in range(2)]
        async with Client(transports[0]) as one, Client(transports[1]) as two:
            return [(await query(client)).data for client in (one, two)]

    assert asyncio.run(main()) == ["postgres"] * 2


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_s245_a_lifespan_that_cannot_start_ends_the_process(transport: str, script: Script) -> None:
    """The reason is on standard error, and nothing hangs."""
    program = script(
        """
        import os, sys
        from fastmcp import FastMCP

        async def lifespan(server):
            raise ConnectionError("no database")
            yield

        options = {"port": int(os.environ["PORT"])} if sys.argv[1] == "http" else {}
        FastMCP("broken", lifespan=lifespan).run(transport=sys.argv[1], **options)
        """
    )

    run = run_python(str(program), transport, env={"PORT": str(free_port())})

    assert run.returncode != 0
    assert "ConnectionError: no database" in run.stderr
