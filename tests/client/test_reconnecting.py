"""What a client does when a connection breaks: what it asks again, and when it gives up."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.client import RetryPolicy
from fastmcp.exceptions import (
    ClientError,
    ConnectFailed,
    Disconnected,
    McpError,
    SessionExpired,
    TimedOut,
    UnexpectedResponse,
)

from .failing import HANDSHAKE, MODERN, FailingServer
from .scripted import text

SOON = RetryPolicy(delay=0.001)
TOOLS = [
    {"name": "look", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}},
    {"name": "set", "inputSchema": {"type": "object"}, "annotations": {"idempotentHint": True}},
    {"name": "pay", "inputSchema": {"type": "object"}},
]

CONNECT = ConnectFailed("Connection to x failed")
LOST = Disconnected("lost")
EXPIRED = SessionExpired("forgotten")


def status(code: int, retry_after: float | None = None) -> UnexpectedResponse:
    return UnexpectedResponse(f"Connection to x failed: {code}", code, retry_after)


async def answer(message: Any) -> Any:
    match message["method"]:
        case "tools/list":
            return {"tools": TOOLS}
        case "tools/call":
            return text("done")
        case "prompts/list":
            return {"prompts": []}
        case _:
            return {}


def server(*failures: Exception | None, revision: str = MODERN) -> FailingServer:
    made = FailingServer(answer, revision)
    made.failures.extend(failures)
    return made


@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
@pytest.mark.parametrize("failure", [CONNECT, LOST, EXPIRED, status(503), status(429), status(502)])
def test_what_may_be_asked_twice_is_asked_again(failure: Exception, revision: str) -> None:
    """A list does the same the second time, whatever became of the first."""
    to = server(failure, revision=revision)

    async def main() -> None:
        async with Client(to, retry=SOON) as client:
            assert [tool.name for tool in await client.list_tools()] == ["look", "set", "pay"]

    asyncio.run(main())
    assert to.tried.count("tools/list") == 2


@pytest.mark.parametrize("failure", [LOST, status(500), status(502), status(504)])
@pytest.mark.parametrize(("tool", "again"), [("look", True), ("set", True), ("pay", False)])
def test_a_call_that_may_have_been_carried_out_is_not_repeated(
    failure: Exception, tool: str, again: bool
) -> None:
    """Unless the tool is annotated as read-only or idempotent, and the client has seen that."""
    to = server(None, failure)

    async def main() -> None:
        async with Client(to, retry=SOON) as client:
            await client.list_tools()
            if again:
                assert (await client.call_tool(tool)).data == "done"
            else:
                with pytest.raises(ClientError) as caught:
                    await client.call_tool(tool)
                assert caught.value is failure

    asyncio.run(main())
    assert to.tried.count("tools/call") == (2 if again else 1)


@pytest.mark.parametrize("failure", [CONNECT, EXPIRED, status(503), status(429)])
def test_a_call_that_was_certainly_not_carried_out_is_repeated(failure: Exception) -> None:
    """The server was not reached, or has refused to do it now."""
    to = server(failure)

    async def main() -> None:
        async with Client(to, retry=SOON) as client:
            assert (await client.call_tool("pay")).data == "done"

    asyncio.run(main())
    assert to.tried.count("tools/call") == 2


def test_a_method_of_nobodys_is_not_repeated() -> None:
    """What it does is not known."""
    to = server(LOST)

    async def main() -> None:
        async with Client(to, retry=SOON) as client:
            with pytest.raises(Disconnected):
                await client.request("acme/do")
            await client.request("acme/do")

    asyncio.run(main())
    assert to.tried.count("acme/do") == 2


@pytest.mark.parametrize(
    "failure", [status(401), status(404), status(200), McpError(code=-32603, message="no")]
)
def test_other_failures_are_final(failure: Exception) -> None:
    """Asking again would give the same."""
    to = server(failure)

    async def main() -> None:
        async with Client(to, retry=SOON) as client:
            with pytest.raises(type(failure)) as caught:
                await client.list_tools()
            assert caught.value is failure

    asyncio.run(main())
    assert to.tried.count("tools/list") == 1


def test_trying_ends_after_the_attempts() -> None:
    """Three by default; the last failure is what is raised."""
    to = server(LOST, CONNECT, status(503), None)

    async def main() -> None:
        async with Client(to, retry=SOON) as client:
            with pytest.raises(UnexpectedResponse, match="503"):
                await client.list_tools()
            await client.list_tools()

    asyncio.run(main())
    assert to.tried.count("tools/list") == 4


def test_a_policy_says_otherwise() -> None:
    """By class of error, the nearest first, and by status; one attempt is no retry."""
    never = RetryPolicy(attempts=1)
    odd = RetryPolicy(
        delay=0.001,
        errors={Disconnected: "always", SessionExpired: "never"},
        statuses={404: "safe"},
    )

    async def tries(policy: RetryPolicy, failure: Exception, method: str) -> int:
        to = server(failure)
        async with Client(to, retry=policy) as client:
            try:
                await client.request(method, {"name": "pay"})
            except ClientError as error:
                assert error is failure
        return to.tried.count(method)

    async def main() -> None:
        assert await tries(never, CONNECT, "tools/list") == 1
        assert await tries(odd, LOST, "tools/call") == 2
        assert await tries(odd, EXPIRED, "tools/list") == 1
        assert await tries(odd, status(404), "tools/list") == 2
        assert await tries(odd, status(404), "tools/call") == 1
        assert await tries(odd, status(503), "tools/list") == 1

    asyncio.run(main())


def test_a_policy_that_cannot_be_is_refused() -> None:
    """No attempt, or a time before now."""
    for wrong in ({"attempts": 0}, {"delay": -1}, {"max_delay": -1}):
        with pytest.raises(ValueError, match="RetryPolicy"):
            RetryPolicy(**wrong)  # type: ignore[arg-type]


def test_a_server_that_wants_to_be_asked_later_is() -> None:
    """Retry-After is obeyed, up to the longest delay and within the request's timeout."""
    wait = RetryPolicy(delay=0.0, max_delay=5.0)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with Client(server(status(429, 0.2)), retry=wait) as client:
            begun = loop.time()
            await client.call_tool("pay")
            assert loop.time() - begun >= 0.2
        for failure, timeout in ((status(429, 6.0), None), (status(503, 3.0), 1.0)):
            async with Client(server(failure), retry=wait) as client:
                begun = loop.time()
                with pytest.raises(UnexpectedResponse) as caught:
                    await client.call_tool("pay", timeout=timeout)
                assert caught.value.retry_after == failure.retry_after
                assert loop.time() - begun < 2.5

    asyncio.run(main())


def test_all_attempts_share_one_timeout() -> None:
    """The second one has what is left of it."""

    async def slow(message: Any) -> Any:
        await asyncio.sleep(60)

    to = FailingServer(slow)
    to.failures.append(status(503))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with Client(to, retry=RetryPolicy(delay=1.9)) as client:
            begun = loop.time()
            with pytest.raises(TimedOut):
                await client.request("tools/list", timeout=2)
            assert loop.time() - begun < 2.9

    asyncio.run(main())


@pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])
def test_a_connection_that_broke_is_opened_by_the_next_request(revision: str) -> None:
    """In the same block, once for all who ask, and the block's end closes the new one."""
    to = server(revision=revision)

    async def main() -> None:
        client = Client(to)
        async with client:
            await client.list_tools()
            to.lose()
            assert not client.is_connected()
            await asyncio.gather(*[client.list_tools() for _ in range(5)])
            assert client.is_connected()
            assert to.openings == 2
        assert not client.is_connected()
        with pytest.raises(RuntimeError, match="async with"):
            await client.list_tools()

    asyncio.run(main())


def test_a_session_that_was_forgotten_is_opened_anew_once() -> None:
    """By whoever is told; a server that forgets the new one, too, is believed."""
    to = server(EXPIRED, EXPIRED, revision=HANDSHAKE)

    async def main() -> None:
        async with Client(to, retry=RetryPolicy(attempts=9)) as client:
            with pytest.raises(SessionExpired):
                await client.list_tools()
            assert len(await client.list_tools()) == 3

    asyncio.run(main())
    assert to.tried.count("initialize") == 3


def test_what_a_handshake_server_was_told_is_told_to_its_successor() -> None:
    """The level of its log messages, and the resources that are watched."""
    to = server(revision=HANDSHAKE)

    async def main() -> None:
        async with Client(to, mode="legacy") as client:
            await client.set_logging_level("error")
            for uri in ("a://a", "b://b"):
                await client.subscribe_resource(uri)
            await client.unsubscribe_resource("b://b")
            to.sent.clear()
            to.lose()
            await client.list_tools()

    asyncio.run(main())
    assert [each["method"] for each in to.sent] == [
        "initialize",
        "notifications/initialized",
        "resources/subscribe",
        "logging/setLevel",
        "tools/list",
    ]
    assert to.requests("resources/subscribe")[0]["params"] == {"uri": "a://a"}


def test_who_hears_all_hears_again_without_asking() -> None:
    """A client with a handler for messages opens a lost connection at once, and is told."""
    to = server(revision=HANDSHAKE)
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def main() -> None:
        async with Client(to, message_handler=heard.put, retry=SOON) as client:
            to.refusals.append(CONNECT)
            to.lose()
            async with asyncio.timeout(20):
                assert isinstance(await heard.get(), Disconnected)
                while not client.is_connected():
                    await asyncio.sleep(0.001)
                to.tell(method="notifications/tools/list_changed")
                assert (await heard.get()).method == "notifications/tools/list_changed"
        assert to.openings == 3

    asyncio.run(main())


def test_opening_is_not_tried_again() -> None:
    """A wrong address is told at once."""
    to = server()
    to.refusals.append(CONNECT)

    async def main() -> None:
        client = Client(to)
        with pytest.raises(ConnectFailed):
            await client.__aenter__()
        async with client:
            await client.list_tools()

    asyncio.run(main())
    assert to.openings == 2


def test_a_server_that_no_longer_answers_pings_is_gone() -> None:
    """What waits fails, rather than for ever."""
    silent = asyncio.Event()

    async def deaf(message: Any) -> Any:
        if message["method"] == "tools/call" or silent.is_set():
            silent.set()
            await asyncio.sleep(60)
        return {}

    async def main() -> None:
        async with Client(FailingServer(deaf, HANDSHAKE), ping_interval=0.05) as client:
            with pytest.raises(Disconnected, match="did not answer a ping"):
                await client.call_tool("slow")

    asyncio.run(main())


def test_a_server_that_answers_pings_is_left_alone() -> None:
    """Whatever it answers: that it knows no ping is an answer."""

    async def refuses(message: Any) -> Any:
        if message["method"] == "ping":
            raise McpError(code=-32601, message="Method not found")
        while len(to.requests("ping")) < 3:
            await asyncio.sleep(0.001)
        return text("done")

    to = FailingServer(refuses, HANDSHAKE)

    async def main() -> None:
        async with Client(to, ping_interval=timedelta(milliseconds=10)) as client:
            assert (await client.call_tool("slow")).data == "done"

    asyncio.run(main())
    assert to.openings == 1


def test_who_gives_up_opening_does_not_disturb_others() -> None:
    """The first user is cancelled while the second waits for the same connection."""
    go = asyncio.Event()

    class Slow(FailingServer):
        async def start(self, session: Any) -> None:
            await super().start(session)
            await go.wait()

    to = Slow(answer)

    async def use(client: Client) -> int:
        async with client:
            return len(await client.list_tools())

    async def main() -> None:
        client = Client(to)
        first, second = (asyncio.create_task(use(client)) for _ in range(2))
        while not to.openings:
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait((first,))
        go.set()
        assert await second == 3
        assert first.cancelled()
        assert to.openings == 1
        assert not client.is_connected()

    asyncio.run(main())


def test_any_task_may_open_and_close() -> None:
    """Not only the one that did the other."""

    async def main() -> None:
        client = Client(server())
        await asyncio.create_task(client.__aenter__())
        assert len(await client.list_tools()) == 3
        await asyncio.create_task(client.close())
        assert not client.is_connected()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_a_kept_connection_outlives_its_block() -> None:
    """The next block goes on with it; close() ends it."""
    to = server()
    to.keep_alive = True

    async def main() -> None:
        client = Client(to)
        for _ in range(2):
            async with client:
                await client.list_tools()
            assert client.is_connected()
        assert to.openings == 1
        await client.close()
        assert not client.is_connected()
        async with client:
            assert to.openings == 2
        await client.close()

    asyncio.run(main())


def test_what_goes_wrong_at_the_end_is_raised_there() -> None:
    """By the block that closes the connection, and once."""

    class Clumsy(FailingServer):
        async def close(self) -> None:
            await super().close()
            raise OSError("the door is stuck")

    async def main() -> None:
        client = Client(Clumsy(answer))
        with pytest.raises(OSError, match="stuck"):
            async with client:
                await client.list_tools()
        await client.close()

    asyncio.run(main())


def test_what_goes_wrong_with_a_lost_connection_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for its end."""

    class Clumsy(FailingServer):
        async def close(self) -> None:
            await super().close()
            if self.openings == 1:
                raise OSError("the door is stuck")

    to = Clumsy(answer)

    async def main() -> None:
        async with Client(to) as client:
            to.lose()
            await client.list_tools()

    asyncio.run(main())
    assert [record.message for record in caplog.records if record.exc_info] != []


def test_what_was_known_of_tools_is_asked_again_of_a_successor() -> None:
    """A server that comes back may promise something else of its results."""
    day: dict[str, Any] = {"type": "string", "format": "date"}

    async def dated(message: Any) -> Any:
        if message["method"] == "tools/list":
            schema = {"type": "object", "properties": {"day": day}}
            return {"tools": [{"name": "today", "inputSchema": {}, "outputSchema": schema}]}
        return {**text("x"), "structuredContent": {"day": "2026-07-28"}}

    to = FailingServer(dated)

    async def main() -> None:
        async with Client(to) as client:
            assert (await client.call_tool("today")).data.day == date(2026, 7, 28)
            del day["format"]
            assert (await client.call_tool("today")).data.day == date(2026, 7, 28)
            to.lose()
            assert (await client.call_tool("today")).data.day == "2026-07-28"

    asyncio.run(main())


def test_an_opening_that_is_given_up_is_cleaned_up_undisturbed() -> None:
    """However often it is given up meanwhile."""
    steps: list[str] = []

    class Slow(FailingServer):
        async def start(self, session: Any) -> None:
            steps.append("opening")
            await asyncio.sleep(60)

        async def close(self) -> None:
            steps.append("closing")
            for _ in range(5):
                await asyncio.sleep(0)
            steps.append("closed")

    async def main() -> None:
        client = Client(Slow(answer))
        opening = asyncio.create_task(client.__aenter__())
        while not steps:
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait((opening,))
        while "closing" not in steps:
            await asyncio.sleep(0)
        await client.close()
        assert steps == ["opening", "closing", "closed"]

    asyncio.run(main())


def test_closing_ends_what_a_forgotten_session_still_waits_for() -> None:
    """A request of the old session that is never answered holds nothing up, and is not left."""
    hanging = asyncio.Event()

    async def hang(message: Any) -> Any:
        if message["method"] == "tools/call":
            hanging.set()
            await asyncio.sleep(60)
        return await answer(message)

    to = FailingServer(hang, HANDSHAKE)

    async def main() -> None:
        client = Client(to, mode="legacy", retry=SOON)
        async with client:
            waiting = asyncio.create_task(client.call_tool("pay"))
            async with asyncio.timeout(20):
                await hanging.wait()
                to.failures.append(EXPIRED)
                await client.list_tools()
                assert to.openings == 2
                assert not waiting.done()
                await client.close()
                with pytest.raises(Disconnected):
                    await waiting
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_closing_waits_for_the_end_of_a_connection_that_was_lost() -> None:
    """What it had is freed, though another one has taken its place."""
    begun: list[int] = []
    ended: list[int] = []

    class Slow(FailingServer):
        async def close(self) -> None:
            begun.append(len(begun))
            await super().close()
            for _ in range(1 if begun[1:] else 500):
                await asyncio.sleep(0)
            ended.append(len(ended))

    to = Slow(answer)

    async def main() -> None:
        async with Client(to) as client:
            to.lose()
            await client.list_tools()
        assert len(ended) == 2

    asyncio.run(main())
