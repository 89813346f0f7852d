"""Faults between a client and a server over HTTP: each ends in a result or in an error that names
it, in time, and nothing is left open.
"""

from __future__ import annotations

import asyncio
import textwrap
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from faults.proxy import Fault, Proxy, answered, ended, lost, raw, reset, silent, slow
from left_behind import nothing_left
from processes import HttpServer, free_port, http_server

from fastmcp import Client
from fastmcp.client.retrying import RetryPolicy
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import (
    ClientError,
    ConnectFailed,
    Disconnected,
    TimedOut,
    UnexpectedResponse,
)

SERVER = """
    import asyncio, os, sys
    from fastmcp import Context, FastMCP
    from fastmcp.server.event_store import EventStore

    mcp = FastMCP("x")
    calls = []

    @mcp.tool
    def count(name: str) -> int:
        calls.append(name)
        return calls.count(name)

    @mcp.tool(annotations={"readOnlyHint": True})
    def look(name: str) -> int:
        return calls.count(name)

    @mcp.tool
    async def work(ctx: Context, steps: int = 4) -> str:
        for step in range(steps):
            await ctx.report_progress(step + 1, steps)
        return "done"

    @mcp.tool
    async def wait(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "waited"

    @mcp.tool
    async def grow(ctx: Context) -> None:
        mcp.tool(lambda: None, name=f"new{len(calls)}")
        calls.append("")

    store = EventStore() if "store" in sys.argv else None
    mcp.run(
        "http",
        port=int(os.environ["PORT"]),
        log_level="warning",
        event_store=store,
        retry_interval=10 if store else None,
    )
"""
MODES = ["auto", "legacy"]
QUICK = RetryPolicy(delay=0.01)

Use = Callable[[Client], Awaitable[Any]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("server") / "server.py"
    path.write_text(textwrap.dedent(SERVER), "utf-8")
    return path


@pytest.fixture(scope="module")
def server(program: Path) -> Iterator[HttpServer]:
    """A server whose streams cannot be resumed."""
    with http_server([program], program.with_name("plain.log")) as server:
        yield server


@pytest.fixture(scope="module")
def storing(program: Path) -> Iterator[HttpServer]:
    """A server whose streams of the handshake era can be resumed."""
    with http_server([program, "store"], program.with_name("storing.log")) as server:
        yield server


@pytest.fixture(autouse=True)
def all_is_freed(server: HttpServer, storing: HttpServer) -> Iterator[None]:
    """No process, no descriptor and no thread outlives a test."""
    with nothing_left():
        yield


@pytest.fixture
def proxy(server: HttpServer, all_is_freed: None) -> Iterator[Proxy]:
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def resuming(storing: HttpServer, all_is_freed: None) -> Iterator[Proxy]:
    """A proxy before the server whose streams can be resumed."""
    with Proxy(storing.port) as proxy:
        yield proxy


def used(target: Any, use: Use, *, retry: RetryPolicy = QUICK, **options: Any) -> Any:
    """What `use` gives, with an open client; it leaves no task behind."""

    async def main() -> Any:
        async with asyncio.timeout(30), Client(target, retry=retry, **options) as client:
            result = await use(client)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(main())


async def counted(client: Client, name: str) -> int:
    return (await client.call_tool("look", {"name": name})).data


# A connection that breaks

BREAKS: list[Any] = [
    pytest.param(reset(), id="before the answer"),
    pytest.param(reset(b"HTTP/1.1 200 OK"), id="in the head"),
    pytest.param(reset(b'"jsonrpc"'), id="in the body"),
    pytest.param(ended(b'"jsonrpc"'), id="in the body, orderly"),
    pytest.param(ended(), id="before the answer, orderly"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", BREAKS)
def test_a_call_that_may_have_been_carried_out_is_not_repeated(
    proxy: Proxy, mode: str, fault: Fault, request: pytest.FixtureRequest
) -> None:
    """The tool has run once, and the caller is told that the answer is lost."""
    name = request.node.name

    async def use(client: Client) -> int:
        proxy.meet(fault)
        with pytest.raises(Disconnected, match=r"^Connection to http://[^ ]+/mcp was lost: ") as e:
            await client.call_tool("count", {"name": name})
        assert "\n" not in str(e.value)
        return await counted(client, name)

    assert used(proxy.url, use, mode=mode) == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", BREAKS)
def test_a_call_that_does_no_harm_is_repeated(proxy: Proxy, mode: str, fault: Fault) -> None:
    """A tool that only reads, by its annotations, is asked again."""

    async def use(client: Client) -> int:
        await client.list_tools()
        proxy.meet(fault, times=2)
        return await counted(client, "nobody")

    assert used(proxy.url, use, mode=mode) == 0
    assert proxy.count() == 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["tools/list", "prompts/list", "resources/list"])
def test_lists_survive_a_broken_connection(proxy: Proxy, mode: str, method: str) -> None:
    """Asking for them is safe, whatever became of the first request."""

    async def use(client: Client) -> None:
        proxy.meet(reset(), method, times=2)
        await client.request(method)

    used(proxy.url, use, mode=mode)
    assert proxy.count(method) == 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", [lost("reset"), lost("end")])
def test_an_opening_that_is_cut_off_is_tried_again_or_named(
    proxy: Proxy, mode: str, fault: Fault
) -> None:
    """Either is right; what counts is that it comes at once and is clear."""
    proxy.meet(fault, "*", times=100)

    with pytest.raises(Disconnected, match=f"^Connection to {proxy.url} was lost: "):
        used(proxy.url, Client.ping, mode=mode)


# Streams that break

PRIMED = b"data: \r\n\r\n"
"""The end of the event that says from where a stream can be resumed."""


@pytest.mark.parametrize("fault", [reset, ended], ids=["reset", "ended"])
@pytest.mark.parametrize("after", [PRIMED, b'"progress":2', b'"progress":4'])
def test_a_stream_that_breaks_is_resumed(
    resuming: Proxy, fault: Callable[[bytes], Fault], after: bytes
) -> None:
    """The caller sees every step once, and the result, whether it broke or was closed."""
    steps: list[float] = []

    async def on_progress(done: float, *_: Any) -> None:
        steps.append(done)

    async def use(client: Client) -> str:
        resuming.meet(fault(after))
        return (await client.call_tool("work", progress_handler=on_progress)).data

    assert used(resuming.url, use, mode="legacy") == "done"
    assert steps == [1, 2, 3, 4]
    assert resuming.count() == 1


def test_a_stream_may_break_again_and_again(resuming: Proxy) -> None:
    """As long as each part brings something, it is taken up again."""

    async def use(client: Client) -> str:
        resuming.meet(reset(PRIMED))
        for step in (1, 2, 3):
            resuming.meet(reset(b'"progress":%d' % step), "GET")
        resuming.meet(answered(503), "GET")
        return (await client.call_tool("work", progress_handler=ignore)).data

    assert used(resuming.url, use, mode="legacy") == "done"
    assert resuming.count() == 1


async def ignore(*_: Any) -> None:
    """A handler of progress, so that it is reported."""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", [reset, ended], ids=["reset", "ended"])
def test_a_stream_that_cannot_be_resumed_is_lost(
    proxy: Proxy, mode: str, fault: Callable[[bytes], Fault]
) -> None:
    """The caller is told, and the connection is used again."""

    async def use(client: Client) -> None:
        proxy.meet(fault(b'"progress":2'))
        with pytest.raises(Disconnected, match="was lost: "):
            await client.call_tool("work", progress_handler=ignore)
        assert await client.ping()

    used(proxy.url, use, mode=mode)
    assert proxy.count() == 1


@pytest.mark.parametrize("status", [400, 404, 405])
def test_a_stream_that_the_server_has_forgotten_is_lost(resuming: Proxy, status: int) -> None:
    """It may have carried out the call, so this is no session to be opened anew for it."""

    async def use(client: Client) -> None:
        resuming.meet(answered(status), "GET", times=3)
        resuming.meet(reset(PRIMED))
        with pytest.raises(Disconnected, match=f"cannot be taken up again: .* {status} ") as caught:
            await client.call_tool("count", {"name": "forgotten"}, progress_handler=ignore)
        assert type(caught.value) is Disconnected

    used(resuming.url, use, mode="legacy")
    assert resuming.count() == 1


def test_what_is_said_to_nobody_is_heard_again_after_a_break(resuming: Proxy) -> None:
    """The listening stream is opened anew, and goes on where it broke."""

    async def main() -> None:
        changed = asyncio.Event()

        async def on_message(message: Any) -> None:
            if "list_changed" in str(message):
                changed.set()

        client = Client(resuming.url, mode="legacy", message_handler=on_message, retry=QUICK)
        async with asyncio.timeout(20), client:
            for _ in range(2):
                changed.clear()
                await client.call_tool("grow")
                await changed.wait()
                resuming.refuse()
                resuming.listen()
            changed.clear()
            await client.call_tool("grow")
            await changed.wait()

    asyncio.run(main())
    assert resuming.count("initialize") == 1


# Connections over which nothing comes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "fault", [silent(), silent(b'"jsonrpc"'), lost("silence")], ids=["head", "body", "request"]
)
def test_a_call_over_a_dead_connection_ends_in_time(proxy: Proxy, mode: str, fault: Fault) -> None:
    """Its timeout ends the exchange and frees the connection; the next call goes over another."""

    async def use(client: Client) -> None:
        began = time.monotonic()
        proxy.meet(fault, "tools/call")
        with pytest.raises(TimedOut):
            await client.call_tool("count", {"name": "dead"}, timeout=0.3)
        assert time.monotonic() - began < 5
        assert (await client.call_tool("wait", {"seconds": 0})).data == "waited"
        kept = 2 if mode == "auto" else 3  # those that idle, and the listening stream
        async with asyncio.timeout(5):
            while proxy.open > kept:
                await asyncio.sleep(0.01)

    used(proxy.url, use, mode=mode)


def test_silence_in_a_stream_is_a_break_when_it_is_too_long(resuming: Proxy) -> None:
    """With sse_read_timeout the stream is resumed over a new connection."""

    async def use(client: Client) -> str:
        resuming.meet(silent(b'"progress":2'))
        return (await client.call_tool("work", progress_handler=ignore)).data

    transport = StreamableHttpTransport(resuming.url, sse_read_timeout=timedelta(seconds=0.3))
    assert used(transport, use, mode="legacy") == "done"
    assert resuming.count() == 1


@pytest.mark.parametrize("mode", MODES)
def test_silence_is_named_where_nothing_can_be_resumed(proxy: Proxy, mode: str) -> None:
    """The text says what was too short."""

    async def use(client: Client) -> None:
        proxy.meet(silent())
        with pytest.raises(Disconnected, match=r"was lost: it was silent .* \(sse_read_timeout"):
            await client.call_tool("count", {"name": "silence"})

    used(StreamableHttpTransport(proxy.url, sse_read_timeout=0.3), use, mode=mode)


@pytest.mark.parametrize(
    ("option", "said"),
    [("timeout", "its timeout of 1.5 "), ("max_total_timeout", "its total timeout of 1.5 ")],
)
def test_a_limit_is_for_all_attempts_together(proxy: Proxy, option: str, said: str) -> None:
    """A request that is sent again has what is left of it, and the error tells the whole."""

    async def lost_at_first(client: Client) -> None:
        proxy.meet(reset(), "tools/list")
        proxy.meet(silent(), "tools/list")
        with pytest.raises(TimedOut, match=said):
            await client.list_tools()

    async def lost_always(client: Client) -> None:
        proxy.meet(reset(), "tools/list", times=1000)
        with pytest.raises((Disconnected, TimedOut)):  # whichever the last attempt met
            await client.list_tools()

    used(proxy.url, lost_at_first, **{option: 1.5})
    tireless = RetryPolicy(attempts=200, delay=0.05, max_delay=0.05)
    used(proxy.url, lost_always, retry=tireless, **{option: 1.5})

    assert proxy.count("tools/list") < 100


def test_a_server_that_does_not_say_whether_it_tells_of_changes_is_named(proxy: Proxy) -> None:
    """Its silence is not taken for a refusal."""

    async def use(client: Client) -> None:
        proxy.meet(silent(), "subscriptions/listen")
        with pytest.raises(TimedOut, match=r"did not say within 0\.3 seconds .* data://one"):
            await client.subscribe_resource("data://one")

    used(proxy.url, use, mode="auto", timeout=0.3)


def test_a_ping_tells_that_the_server_is_gone(proxy: Proxy) -> None:
    """A call that has no timeout ends when the connection is seen to be dead."""

    async def use(client: Client) -> None:
        proxy.meet(silent())
        proxy.meet(silent(), "server/discover", times=10)
        with pytest.raises(Disconnected):
            await client.call_tool("count", {"name": "ping"})

    used(proxy.url, use, mode="auto", ping_interval=0.2)


@pytest.mark.parametrize("mode", MODES)
def test_a_server_that_never_answers_is_not_opened(proxy: Proxy, mode: str) -> None:
    """Opening ends at init_timeout."""
    proxy.meet(lost("silence"), "*", times=100)
    began = time.monotonic()

    with pytest.raises(TimedOut, match="timeout"):
        used(proxy.url, Client.ping, mode=mode, init_timeout=0.3)

    assert time.monotonic() - began < 5


def test_closing_does_not_wait_for_a_dead_server(proxy: Proxy) -> None:
    """The session's end is told with a short deadline."""

    async def main() -> float:
        async with Client(proxy.url, mode="legacy") as client:
            await client.ping()
            proxy.meet(lost("silence"), "*", times=100)
            began = time.monotonic()
        return time.monotonic() - began

    assert asyncio.run(main()) < 5
    assert proxy.count("DELETE") == 1


@pytest.mark.parametrize("mode", MODES)
def test_slow_bytes_are_put_together(proxy: Proxy, mode: str) -> None:
    """An answer and a stream may come byte by byte."""

    async def use(client: Client) -> None:
        proxy.meet(slow(), "*", times=3)
        assert (await client.call_tool("wait", {"seconds": 0})).data == "waited"
        assert (await client.call_tool("work", progress_handler=ignore)).data == "done"

    used(proxy.url, use, mode=mode)


# Refusals


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_burst_of_failures_passes(proxy: Proxy, mode: str, status: int) -> None:
    """What is safe is asked again."""

    async def use(client: Client) -> None:
        proxy.meet(answered(status), "tools/list", times=2)
        await client.list_tools()

    used(proxy.url, use, mode=mode)
    assert proxy.count("tools/list") == 3


@pytest.mark.parametrize("mode", MODES)
def test_failures_that_do_not_pass_are_told(proxy: Proxy, mode: str) -> None:
    """After some attempts, with the status, and with what stands on the page."""

    async def use(client: Client) -> None:
        page = "<html><head><style>b{}</style></head><body><h1>Down for repair</h1></body></html>"
        proxy.meet(answered(503, page), times=100)
        with pytest.raises(UnexpectedResponse) as caught:
            await client.call_tool("count", {"name": "down"})
        assert caught.value.status == 503
        assert str(caught.value) == (
            f"Connection to {proxy.url} failed: 503 Service Unavailable. It says: Down for repair"
        )

    used(proxy.url, use, mode=mode)
    assert proxy.count() == QUICK.attempts


@pytest.mark.parametrize("mode", MODES)
def test_a_call_that_failed_within_the_server_is_not_repeated(proxy: Proxy, mode: str) -> None:
    """500 does not say whether the tool has run."""

    async def use(client: Client) -> None:
        proxy.meet(answered(500, "oops"))
        with pytest.raises(UnexpectedResponse, match=r"500 Internal Server Error. It says: oops"):
            await client.call_tool("count", {"name": "oops"})

    used(proxy.url, use, mode=mode)
    assert proxy.count() == 1


def later() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("wait", [lambda: "1", later], ids=["seconds", "date"])
def test_a_server_that_is_asked_too_often_is_left_alone(
    proxy: Proxy, mode: str, wait: Callable[[], str]
) -> None:
    """Retry-After is obeyed, for calls of tools as well: they were not carried out."""

    async def use(client: Client) -> float:
        proxy.meet(answered(429, retry_after=wait()))
        began = time.monotonic()
        assert (await client.call_tool("wait", {"seconds": 0})).data == "waited"
        return time.monotonic() - began

    assert 0.7 < used(proxy.url, use, mode=mode) < 10
    assert proxy.count() == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_long_wait_is_the_callers_to_decide(proxy: Proxy, mode: str) -> None:
    """The error says how long the server wants."""

    async def use(client: Client) -> None:
        proxy.meet(answered(429, retry_after="3600"))
        with pytest.raises(UnexpectedResponse, match=r"429 Too Many Requests.* 3600 s") as caught:
            await client.call_tool("wait", {"seconds": 0})
        assert caught.value.retry_after == 3600

    used(proxy.url, use, mode=mode)


# Answers that are not MCP

EVENTS = "text/event-stream"
NONSENSE: list[Any] = [
    pytest.param(
        answered(200, "<h1>Hi</h1>", content_type="text/html"), "HTML page.*: Hi", id="page"
    ),
    pytest.param(
        answered(200, '{"a": 1}', content_type="application/json"),
        'JSON of something else.*: {"a": 1}',
        id="JSON",
    ),
    pytest.param(
        answered(200, "data: {}", content_type="text/plain"), "text/plain.*: data: {}", id="type"
    ),
    pytest.param(answered(200, b"\x00\xff" * 99), "an untyped body, which is not MCP", id="bytes"),
    pytest.param(answered(200), "nothing, which is not MCP", id="nothing"),
    pytest.param(answered(202), "nothing, which is not MCP", id="accepted"),
    pytest.param(
        answered(200, "data: so\n\ndata: what\n\n", content_type=EVENTS),
        "text/event-stream, which is not MCP.*: data: so data: what",
        id="events",
    ),
    pytest.param(
        answered(200, b"\x00\xff\n" * 99, content_type=EVENTS),
        "text/event-stream, which is not MCP",
        id="no events",
    ),
    pytest.param(
        answered(200, "data: [" * 100000 + "\n\n", content_type=EVENTS),
        "text/event-stream, which is not MCP",
        id="nested events",
    ),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("fault", "text"), NONSENSE)
def test_an_answer_that_is_not_mcp_is_described(
    proxy: Proxy, mode: str, fault: Fault, text: str
) -> None:
    """When the connection is opened and later, in one line that says what came."""
    start = f"^Connection to {proxy.url} failed: it answered 20[02] with .*"

    async def use(client: Client) -> None:
        proxy.meet(fault)
        with pytest.raises(UnexpectedResponse, match=start + text) as caught:
            await client.call_tool("count", {"name": "x"})
        assert str(caught.value).isprintable()
        proxy.meet(fault, "*", times=100)

    used(proxy.url, use, mode=mode)
    with pytest.raises(UnexpectedResponse, match=start + text):
        used(proxy.url, Client.ping, mode=mode)


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 2000 what\r\n\r\n", b"\x15\x03\x01\x00\x02"]
)
def test_a_server_that_does_not_speak_http_is_named(proxy: Proxy, answer: bytes) -> None:
    """As a connection that was lost, with what the HTTP library makes of it."""
    proxy.meet(raw(answer), "*", times=100)

    with pytest.raises(Disconnected, match=f"^Connection to {proxy.url} was lost: .") as caught:
        used(proxy.url, Client.ping)

    assert str(caught.value).isprintable()


@pytest.mark.parametrize("type", ["application/json", EVENTS])
def test_an_endless_answer_is_not_kept(proxy: Proxy, type: str) -> None:
    """Of a message that is too long the memory sees no more than the limit."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {type}\r\n\r\ndata: ".encode()

    async def use(client: Client) -> None:
        proxy.meet(raw(head + b"a" * (80 * 2**20)))
        with pytest.raises(UnexpectedResponse, match="a message of more than 64 MiB"):
            await client.call_tool("count", {"name": "endless"})
        assert await client.ping()

    used(proxy.url, use)


# Servers that go and come


@pytest.mark.parametrize("mode", MODES)
def test_nothing_listens(mode: str) -> None:
    """Nothing was sent, and that is said."""
    url = f"http://127.0.0.1:{free_port()}/mcp"

    with pytest.raises(ConnectFailed) as caught:
        used(url, Client.ping, mode=mode)

    assert str(caught.value) == f"Connection to {url} failed: Connection refused"


def test_a_host_that_is_not_known_is_named() -> None:
    """Which may be a typing error in the URL, so the host is quoted."""
    url = "http://no-such-host.invalid/mcp"

    with pytest.raises(ConnectFailed, match=f"^Connection to {url} failed: .*no-such-host.invalid"):
        used(url, Client.ping)


@pytest.mark.parametrize("mode", MODES)
def test_a_server_is_found_again_when_it_is_back(proxy: Proxy, mode: str) -> None:
    """Calls fail in between, and not before the policy has had its attempts."""

    async def use(client: Client) -> str:
        proxy.refuse()
        with pytest.raises(ClientError, match=r"^Connection to "):
            await client.call_tool("wait", {"seconds": 0})
        proxy.listen()
        return (await client.call_tool("wait", {"seconds": 0})).data

    assert used(proxy.url, use, mode=mode) == "waited"


@pytest.mark.parametrize("mode", MODES)
def test_a_restarted_server_is_used_on(
    program: Path, log: Path, all_is_freed: None, mode: str
) -> None:
    """Its new session is opened without a word, and what it says to nobody is heard again."""
    port = free_port()

    async def main() -> None:
        changed = asyncio.Event()

        async def on_message(message: Any) -> None:
            if "list_changed" in str(message):
                changed.set()

        client = Client(f"http://127.0.0.1:{port}/mcp", mode=mode, message_handler=on_message)
        async with asyncio.timeout(40):
            with http_server([program], log, port=port):
                await client.__aenter__()
                await client.call_tool("grow")
                await changed.wait()
            with http_server([program], log, port=port):
                changed.clear()
                while not changed.is_set():
                    await client.call_tool("grow")
                    await asyncio.sleep(0.05)
                await client.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


# Many at once


@pytest.mark.parametrize("mode", MODES)
def test_more_calls_than_a_pool_holds_go_at_once(server: HttpServer, mode: str) -> None:
    """Streams that are listened to, and calls that take their time, keep no others waiting."""

    async def use(client: Client) -> None:
        async def one(seconds: float) -> str:
            return (await client.call_tool("wait", {"seconds": seconds})).data

        waiting = [asyncio.create_task(one(600)) for _ in range(120)]
        assert await asyncio.gather(*[one(0) for _ in range(50)]) == ["waited"] * 50
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        assert await client.ping()

    used(server.url, use, mode=mode, message_handler=ignore)


@pytest.mark.parametrize("mode", MODES)
def test_who_gives_up_disturbs_nobody(proxy: Proxy, mode: str) -> None:
    """Every other call of many is cancelled; the rest are answered, and nothing hangs on."""

    async def use(client: Client) -> None:
        calls = [asyncio.create_task(client.call_tool("wait", {"seconds": s})) for s in [0.5] * 20]
        async with asyncio.timeout(10):
            while proxy.count() < 20:
                await asyncio.sleep(0.01)
        for call in calls[::2]:
            call.cancel()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in done[::2]] == [asyncio.CancelledError] * 10
        assert [result.data for result in done[1::2]] == ["waited"] * 10

    used(proxy.url, use, mode=mode)
