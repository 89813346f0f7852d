"""The client over HTTP: sessions lost, servers gone, answers that are not MCP, dropped streams."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import served
from processes import free_port, http_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    Response,
    StreamingResponse,
)

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import (
    ClientError,
    Disconnected,
    McpError,
    SessionExpired,
    TimedOut,
    UnexpectedResponse,
)
from fastmcp.server.event_store import EventStore

from .scripted_http import failure, initialized, result, scripted, used

SERVER = """
    import os
    from fastmcp import Context, FastMCP

    mcp = FastMCP("x")

    @mcp.tool
    def session(ctx: Context) -> str:
        return f"{os.getpid()} {ctx.session_id}"

    mcp.run("http", port=int(os.environ["PORT"]), log_level="warning")
"""


async def session(client: Client) -> str:
    return (await client.call_tool("session")).data


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_restarted_server_is_found_again(
    script: Callable[..., Path], log: Path, mode: str
) -> None:
    """On 404 the client initializes once for all calls under way, and repeats them."""
    port = free_port()
    program = script(SERVER)

    async def main() -> tuple[str, set[str], str]:
        client = Client(f"http://127.0.0.1:{port}/mcp", mode=mode, timeout=20)
        with http_server([program], log, port=port):
            await client.__aenter__()
            first = await session(client)
        with http_server([program], log, port=port):
            several = set(await asyncio.gather(*[session(client) for _ in range(5)]))
            after = await session(client)
            await client.close()
        return first, several, after

    first, several, after = asyncio.run(main())

    assert several == {after}
    assert first != after


def test_a_server_that_is_gone_is_disconnected(script: Callable[..., Path], log: Path) -> None:
    """The call fails with the URL, and works again when the server is back."""
    port = free_port()
    program = script(SERVER)
    url = f"http://127.0.0.1:{port}/mcp"

    async def main() -> None:
        client = Client(url, timeout=20)
        with http_server([program], log, port=port):
            await client.__aenter__()
            await session(client)
        with pytest.raises(Disconnected, match=f"^Connection to {url} failed"):
            await session(client)
        with http_server([program], log, port=port):
            assert await session(client)
            await client.close()

    asyncio.run(main())


def test_a_url_where_nothing_listens_is_one_line() -> None:
    """Recognisable by its beginning, as a ConnectionError, and without a traceback in it."""
    url = f"http://127.0.0.1:{free_port()}/mcp"

    for mode in ("auto", "legacy"):
        with pytest.raises(ClientError) as caught:
            used(url, session, mode=mode)
        assert str(caught.value).startswith(f"Connection to {url} failed")
        assert isinstance(caught.value, ConnectionError)
        assert "\n" not in str(caught.value)


PAGE = "<!doctype html><html><body>\n<h1>Welcome</h1>\n</body></html>"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_html_page_is_one_line(mode: str, status: int) -> None:
    """The error has the URL, the status and the beginning of the page, in one line."""
    with (
        scripted(lambda request, message: HTMLResponse(PAGE, status)) as url,
        pytest.raises(UnexpectedResponse) as caught,
    ):
        used(url, session, mode=mode)

    assert caught.value.status == status
    assert url in str(caught.value)
    assert "Welcome" in str(caught.value)
    assert "\n" not in str(caught.value)


PROBES: list[tuple[str, Callable[[Any], Response]]] = [
    ("400 without a body", lambda message: Response(status_code=400)),
    ("404 without a body", lambda message: Response(status_code=404)),
    ("405 without a body", lambda message: Response(status_code=405)),
    ("400 with text", lambda message: Response("Bad Request: no session", 400)),
    ("400 with an error", lambda message: failure(message, -32000, 400)),
    ("404 with -32601", lambda message: failure(message, -32601, 404)),
    ("200 with -32601", lambda message: failure(message, -32601)),
    ("an unusable result", lambda message: result(message, {})),
    (
        "-32022 with a handshake version",
        lambda message: failure(message, -32022, 400, {"supported": ["2025-11-25"]}),
    ),
]


@pytest.mark.parametrize("probe", [row[1] for row in PROBES], ids=[row[0] for row in PROBES])
def test_a_server_of_the_handshake_era_is_recognized(probe: Callable[[Any], Response]) -> None:
    """However it refuses the probe, initialize follows, without the probe's headers."""
    seen: list[dict[str, str]] = []

    def handler(request: Request, message: Any) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        if message["method"] == "initialize":
            seen.append(dict(request.headers))
            return initialized(message)
        if message["method"] == "ping":
            return result(message, {})
        return probe(message) if "id" in message else Response(status_code=202)

    with scripted(handler) as url:
        assert used(url, Client.ping) is True

    assert len(seen) == 1
    assert not seen[0].keys() & {"mcp-method", "mcp-name", "mcp-protocol-version"}


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_other_refusals_of_the_probe_are_errors(status: int) -> None:
    """They say nothing of the era, so no handshake is tried."""
    methods: list[str] = []

    def handler(request: Request, message: Any) -> Response:
        methods.append(message["method"])
        return Response("no", status)

    with scripted(handler) as url, pytest.raises(UnexpectedResponse) as caught:
        used(url, Client.ping)

    assert caught.value.status == status
    assert methods == ["server/discover"]


def test_the_session_and_the_version_go_with_every_request() -> None:
    """After initialize each request names both, and DELETE ends the session."""
    seen: list[tuple[str, Any, Any]] = []

    def handler(request: Request, message: Any) -> Response:
        if request.method == "GET":
            return Response(status_code=405)
        names = ("mcp-session-id", "mcp-protocol-version")
        kind = request.method if message is None else message["method"]
        seen.append((kind, *(request.headers.get(name) for name in names)))
        if message is None:
            return Response(status_code=200)
        if message["method"] == "initialize":
            return initialized(message, **{"mcp-session-id": "s-1"})
        return result(message, {}) if "id" in message else Response(status_code=202)

    with scripted(handler) as url:
        used(url, Client.ping, mode="legacy")

    assert seen == [
        ("initialize", None, None),
        ("notifications/initialized", "s-1", "2025-11-25"),
        ("ping", "s-1", "2025-11-25"),
        ("DELETE", "s-1", "2025-11-25"),
    ]


def test_a_server_that_forgets_every_session_is_given_up() -> None:
    """One new session is tried, not one after the other."""
    opened: list[int] = []

    def handler(request: Request, message: Any) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        if message["method"] == "initialize":
            opened.append(1)
            return initialized(message, **{"mcp-session-id": f"s-{len(opened)}"})
        return Response(status_code=404) if "id" in message else Response(status_code=202)

    with scripted(handler) as url, pytest.raises(SessionExpired):
        used(url, Client.ping, mode="legacy")

    assert len(opened) == 2


def test_a_server_that_hangs_times_out_and_leaves_the_client_usable() -> None:
    """The call is given up; the next one is answered."""
    mcp = FastMCP("x")

    @mcp.tool
    async def hang(forever: bool) -> str:
        if forever:
            await asyncio.sleep(600)
        return "quick"

    async def use(client: Client) -> str:
        with pytest.raises(TimedOut):
            await client.call_tool("hang", {"forever": True}, timeout=0.2)
        return (await client.call_tool("hang", {"forever": False})).data

    with served(mcp.http_app()) as base:
        for mode in ("legacy", "auto"):
            assert used(f"{base}/mcp", use, mode=mode) == "quick"


def test_headers_and_the_http_client_are_the_users() -> None:
    """headers= go out with every request; httpx_client_factory= makes the client."""
    made: list[Any] = []

    def factory(**options: Any) -> httpx2.AsyncClient:
        made.append(options)
        return httpx2.AsyncClient(headers={"x-factory": "f"})

    mcp = FastMCP("x")

    @mcp.tool
    def headers(ctx: Context) -> list[str | None]:
        assert ctx.request is not None
        return [ctx.request.headers.get(name) for name in ("x-own", "x-factory")]

    async def use(client: Client) -> Any:
        return (await client.call_tool("headers")).data

    with served(mcp.http_app()) as base:
        transport = StreamableHttpTransport(
            f"{base}/mcp", headers={"X-Own": "o"}, httpx_client_factory=factory
        )
        for mode in ("legacy", "auto"):
            assert used(transport, use, mode=mode) == ["o", "f"]

    assert len(made) == 2


class Cutting:
    """ASGI middleware that cuts the first event stream of a POST after some events."""

    def __init__(self, app: Any, events: int) -> None:
        self.app = app
        self.events = events
        self.cut = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or self.cut:
            await self.app(scope, receive, send)
            return
        sent = 0
        streaming = False

        async def cutting(message: Any) -> None:
            nonlocal sent, streaming
            if message["type"] == "http.response.start":
                kinds = dict(message["headers"])
                streaming = kinds.get(b"content-type") == b"text/event-stream"
            elif streaming:
                sent += message.get("body", b"").count(b"data: ")
                if sent > self.events and not self.cut:
                    self.cut = True
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                if self.cut:
                    return
            await send(message)

        await self.app(scope, receive, cutting)


def working() -> FastMCP:
    mcp = FastMCP("x")

    @mcp.tool
    async def work(ctx: Context) -> str:
        for step in range(4):
            await ctx.report_progress(step + 1, 4)
        return "done"

    return mcp


@pytest.mark.parametrize("events", [1, 2, 4])
def test_a_dropped_stream_is_resumed(events: int) -> None:
    """The caller sees every step once and the answer, and no error."""
    app = working().http_app(event_store=EventStore(), retry_interval=10)
    cutting = Cutting(app, events)
    steps: list[float] = []

    async def use(client: Client) -> str:
        def on_progress(done: float, *_: Any) -> None:
            steps.append(done)

        return (await client.call_tool("work", progress_handler=on_progress)).data

    with served(cutting) as base:
        assert used(f"{base}/mcp", use, mode="legacy", timeout=10) == "done"

    assert cutting.cut
    assert steps == [1, 2, 3, 4]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_dropped_stream_that_cannot_be_resumed_is_disconnected(mode: str) -> None:
    """Without event ids nobody knows what was lost, so the call fails."""
    cutting = Cutting(working().http_app(), 1)

    async def use(client: Client) -> None:
        with pytest.raises(Disconnected, match="ended the stream"):
            await client.call_tool("work", progress_handler=lambda *_: None)
        assert await client.ping()

    with served(cutting) as base:
        used(f"{base}/mcp", use, mode=mode, timeout=10)


def test_an_error_of_the_server_keeps_its_code_and_data() -> None:
    """Whatever the status."""
    mcp = FastMCP("x")

    @mcp.tool
    def fail() -> str:
        raise McpError(code=-32602, message="mine", data={"a": [1]})

    async def use(client: Client) -> Any:
        with pytest.raises(McpError) as caught:
            await client.call_tool_mcp("fail")
        return caught.value.code, caught.value.message, caught.value.data

    with served(mcp.http_app()) as base:
        for mode in ("legacy", "auto"):
            assert used(f"{base}/mcp", use, mode=mode) == (-32602, "mine", {"a": [1]})


# What servers say


REFUSALS = [
    (401, "401 Unauthorized; it wants to know who calls, by a token that it takes"),
    (403, "403 Forbidden; it does not allow this to whom the credentials belong"),
]


@pytest.mark.parametrize(("status", "text"), REFUSALS)
@pytest.mark.parametrize("form", ["text", "error of MCP"])
def test_missing_credentials_are_named(status: int, text: str, form: str) -> None:
    """With what to do, however the server says it, when opening and later."""
    refuse = False

    def handler(request: Request, message: Any) -> Response:
        if not refuse and message is not None:
            return initialized(message) if "id" in message else Response(status_code=202)
        if form == "text":
            return Response("no", status)
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "no"}}
        return JSONResponse(error, status)

    async def use(client: Client) -> None:
        nonlocal refuse
        refuse = True
        await client.ping()

    with scripted(handler) as url:
        for _ in range(2):  # at first after the opening, then in it
            with pytest.raises(UnexpectedResponse, match=text) as caught:
                used(url, use, mode="legacy")
            assert caught.value.status == status


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/", "(is the path right? many servers are at /mcp)"),
        ("/sse", "(for a server of the HTTP+SSE era use SSETransport)"),
        ("/mcp", "(is that the URL of an MCP server?)"),
    ],
)
def test_a_path_where_nothing_is_gets_a_hint(path: str, hint: str) -> None:
    """A URL without /mcp is the commonest mistake."""
    with served(Starlette()) as base, pytest.raises(UnexpectedResponse) as caught:
        used(StreamableHttpTransport(base + path), Client.ping)

    assert f"404 Not Found {hint}. It says: Not Found" in str(caught.value)


@pytest.mark.parametrize(
    "refusal",
    [
        lambda message: Response(status_code=404),
        lambda message: failure(message, -32001, 404),
        lambda message: JSONResponse(
            {
                "jsonrpc": "2.0",
                "id": None,
                "error": {"code": -32000, "message": "Bad Request: No valid session ID provided"},
            },
            400,
        ),
    ],
    ids=["404", "404 with an error", "as the TypeScript SDK"],
)
def test_a_forgotten_session_is_recognized(refusal: Callable[[Any], Response]) -> None:
    """However the server says that it does not know it; another one is opened."""
    opened: list[str] = []

    def handler(request: Request, message: Any) -> Response:
        if message is None:
            return Response(status_code=405)
        if message["method"] == "initialize":
            opened.append(f"s-{len(opened)}")
            return initialized(message, **{"mcp-session-id": opened[-1]})
        if "id" not in message:
            return Response(status_code=202)
        if request.headers["mcp-session-id"] == "s-0":
            return refusal(message)
        return result(message, {})

    with scripted(handler) as url:
        assert used(url, Client.ping, mode="legacy") is True

    assert opened == ["s-0", "s-1"]


def test_a_listening_stream_tells_that_the_session_is_forgotten() -> None:
    """Without any request in between; the next one is sent in a new session."""
    opened: list[str] = []
    asked: list[str | None] = []

    def handler(request: Request, message: Any) -> Response:
        session = request.headers.get("mcp-session-id")
        if message is None:
            return Response(status_code=404 if session == "s-0" else 405)
        if message["method"] == "initialize":
            opened.append(f"s-{len(opened)}")
            return initialized(message, **{"mcp-session-id": opened[-1]})
        if "id" not in message:
            return Response(status_code=202)
        asked.append(session)
        return result(message, {})

    async def use(client: Client) -> None:
        while client.is_connected():
            await asyncio.sleep(0.01)
        await client.ping()

    with scripted(handler) as url:
        used(url, use, mode="legacy")

    assert asked == ["s-1"]


def test_a_cookie_is_sent_back() -> None:
    """Load balancers know by it to which server a session belongs."""
    seen: list[str | None] = []

    def handler(request: Request, message: Any) -> Response:
        if message is None:
            return Response(status_code=405)
        seen.append(request.headers.get("cookie"))
        if message["method"] == "initialize":
            return initialized(message, **{"set-cookie": "node=7; Path=/"})
        return result(message, {}) if "id" in message else Response(status_code=202)

    with scripted(handler) as url:
        used(url, Client.ping, mode="legacy")

    assert seen == [None, "node=7", "node=7"]


def test_a_stream_that_stays_open_after_the_answer_is_left() -> None:
    """The call has its answer at once, and its connection is freed soon."""
    left = threading.Event()

    async def events(message: Any) -> AsyncGenerator[str]:
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": {}}
        yield f"data: {json.dumps(answer)}\n\n"
        try:
            await asyncio.sleep(60)
        finally:
            left.set()

    def handler(request: Request, message: Any) -> Response:
        if message is None:
            return Response(status_code=405)
        if message["method"] == "initialize":
            return initialized(message)
        if "id" not in message:
            return Response(status_code=202)
        return StreamingResponse(events(message), media_type="text/event-stream")

    async def use(client: Client) -> None:
        assert await client.ping()
        while not left.is_set():
            await asyncio.sleep(0.01)

    with scripted(handler) as url:
        used(url, use, mode="legacy")
