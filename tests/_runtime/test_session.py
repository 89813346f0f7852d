"""Sessions: a client's and a server's, joined by a pipe that hands messages straight across."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from msgspec import Raw

from fastmcp._runtime.interruption import was_interrupted
from fastmcp._runtime.session import Session
from fastmcp.exceptions import Disconnected, McpError, TimedOut
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Request

SECONDS = 5


class Pipe:
    """A channel to another session; it keeps what went through, and can be blocked."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.forgotten: list[Any] = []
        self.deliver: Callable[[bytes], None] = lambda message: None
        self.room = asyncio.Event()
        self.room.set()
        self.error: Exception | None = None

    def refuse(self, message: bytes) -> None:
        self.sent.append(json.loads(message))
        self.deliver(message)

    async def send(self, message: bytes, related: Any) -> None:
        if self.error is not None:
            raise self.error
        await self.room.wait()
        self.refuse(message)

    async def reply(self, id: Any, message: bytes) -> None:
        await self.send(message, id)

    async def call(
        self, id: Any, method: str, params: Any, message: bytes, related: Any = None
    ) -> None:
        await self.send(message, None)

    def abandon(self, id: Any, message: bytes) -> None:
        self.refuse(message)

    def forget(self, id: Any) -> None:
        self.forgotten.append(id)

    def release(self, id: Any) -> None:
        pass

    @property
    def methods(self) -> list[str]:
        """The methods of what was sent."""
        return [message["method"] for message in self.sent if "method" in message]


Serve = Callable[[Request], Awaitable[bytes | None]]


class Pair:
    """Two sessions, joined."""

    def __init__(self, serve: Serve, answer: Serve | None = None, **options: Any) -> None:
        self.up, self.down = Pipe(), Pipe()
        self.client = Session(self.up, answer or nothing, **options)
        self.server = Session(self.down, serve)
        self.up.deliver = self.server.feed
        self.down.deliver = self.client.feed


async def nothing(request: Request) -> bytes | None:
    """Answer nothing to anything."""
    return None


async def echo(request: Request) -> bytes:
    """Answer with the parameters."""
    return jsonrpc.encode_result(request.id, request.params)


class Slow:
    """Serves requests that take until they are let go; knows what became of them."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.ended = asyncio.Event()
        self.cancelled: list[Any] = []

    async def __call__(self, request: Request) -> bytes:
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(request.id)
            raise
        finally:
            self.ended.set()
        return jsonrpc.encode_result(request.id, {})


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario within bounds; what a task failed with and nobody saw is a failure."""
    unseen: list[Any] = []

    async def bounded() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, event: unseen.append(event))
        async with asyncio.timeout(SECONDS):
            await scenario

    asyncio.run(bounded())
    assert unseen == []


async def turns(count: int = 5) -> None:
    """Let everything that is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)


# Asking and answering


def test_a_request_is_answered() -> None:
    """With the raw result."""

    async def scenario() -> None:
        pair = Pair(echo)

        result = await pair.client.request("x", {"a": 1})

        assert json.loads(bytes(result)) == {"a": 1}
        assert pair.client.connection.outgoing == pair.server.connection.incoming == set()

    run(scenario())


def test_requests_run_at_the_same_time() -> None:
    """None waits for another, in either direction."""

    async def scenario() -> None:
        arrived: list[Any] = []
        everybody = asyncio.Event()

        async def meet(request: Request) -> bytes:
            arrived.append(request.id)
            if len(arrived) == 20:
                everybody.set()
            await everybody.wait()
            return jsonrpc.encode_result(request.id, {"id": request.id})

        pair = Pair(meet, meet)
        ours = [pair.client.request("x") for _ in range(10)]
        theirs = [pair.server.request("y") for _ in range(10)]
        results = await asyncio.gather(*ours, *theirs)

        assert [json.loads(bytes(result))["id"] for result in results] == [*range(1, 11)] * 2

    run(scenario())


def test_a_refusal_is_raised_with_its_members() -> None:
    """Code, message and data."""

    async def refuse(request: Request) -> bytes:
        return jsonrpc.encode_failure(request.id, McpError(code=7, message="no", data=[1]))

    async def scenario() -> None:
        with pytest.raises(McpError) as caught:
            await Pair(refuse).client.request("x")

        assert (caught.value.code, caught.value.message, caught.value.data) == (7, "no", [1])

    run(scenario())


def test_a_session_that_answers_nothing_knows_no_method() -> None:
    """Without an `answer` of its own every request is -32601."""

    async def scenario() -> None:
        pair = Pair(echo)
        pair.client = Session(pair.up)
        pair.down.deliver = pair.client.feed

        with pytest.raises(McpError) as caught:
            await pair.server.request("ping")

        assert caught.value.code == -32601

    run(scenario())


def test_a_late_answer_is_dropped() -> None:
    """As is one to nothing at all."""

    async def scenario() -> None:
        client = Session(Pipe())

        client.feed(jsonrpc.encode_result(99, {}))
        client.feed(jsonrpc.encode_failure(None, McpError(code=-32700, message="what?")))
        client.feed(jsonrpc.encode_failure("99", McpError(code=1, message="late")))

    run(scenario())


def test_a_request_whose_parameters_cannot_be_written_leaves_nothing_behind() -> None:
    """Nothing was sent, so nothing is in flight."""

    async def scenario() -> None:
        pair = Pair(echo)

        with pytest.raises(TypeError):
            await pair.client.request("x", {"a": object()}, on_progress=print)

        assert pair.client.connection.outgoing == set()
        assert pair.client._progress == pair.client._waiting == {}

    run(scenario())


def test_a_request_that_cannot_be_sent_leaves_nothing_behind() -> None:
    """The channel's error is the request's."""

    async def scenario() -> None:
        pair = Pair(echo)
        pair.up.error = Disconnected("gone")

        with pytest.raises(Disconnected, match="gone"):
            await pair.client.request("x")

        assert pair.client.connection.outgoing == set()
        pair.client.close()

    run(scenario())


# Malformed messages


def test_what_is_no_message_is_answered() -> None:
    """By a server."""

    async def scenario() -> None:
        pipe = Pipe()
        Session(pipe).feed(b"{")

        assert [message["error"]["code"] for message in pipe.sent] == [-32700]

    run(scenario())


def test_what_is_no_message_is_ignored_where_nothing_may_answer_it() -> None:
    """By a client: the server would take the answer for a request of ours."""

    async def scenario() -> None:
        pipe = Pipe()
        Session(pipe, answers_malformed=False).feed(b"{")

        assert pipe.sent == []

    run(scenario())


def test_batches_are_taken_once_they_are_allowed() -> None:
    """Each member is served by itself."""

    async def scenario() -> None:
        pair = Pair(echo)
        batch = b"[" + jsonrpc.encode_request("a", "x") + b"," + jsonrpc.encode_request("b", "x")

        pair.server.feed(batch + b"]")
        pair.server.batches = True
        pair.server.feed(batch + b"]")
        await pair.server.wait_tasks(SECONDS)

        assert [message["id"] for message in pair.down.sent] == [None, "a", "b"]

    run(scenario())


def test_an_id_in_flight_is_refused_and_its_request_goes_on() -> None:
    """Both are answered, the second at once."""

    async def scenario() -> None:
        slow = Slow()
        pair = Pair(slow)
        pair.server.feed(jsonrpc.encode_request("a", "x"))
        await slow.begun.wait()

        pair.server.feed(jsonrpc.encode_request("a", "x"))
        slow.go.set()
        await pair.server.wait_tasks(SECONDS)

        assert ["error" in message for message in pair.down.sent] == [True, False]

    run(scenario())


# Cancelling


def test_giving_up_a_request_of_ours_stops_it_over_there() -> None:
    """The peer is told, its task ends, and nothing is answered."""

    async def scenario() -> None:
        slow = Slow()
        pair = Pair(slow)
        asking = asyncio.ensure_future(pair.client.request("x"))
        await slow.begun.wait()

        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await slow.ended.wait()

        assert pair.up.methods == ["x", "notifications/cancelled"]
        assert pair.up.sent[1]["params"] == {"requestId": 1, "reason": "cancelled"}
        assert slow.cancelled == pair.down.forgotten == [1]
        assert pair.down.sent == []
        assert not pair.server.has_task(1)

    run(scenario())


def test_the_server_gives_up_a_request_of_its_own_the_same_way() -> None:
    """The roles are alike."""

    async def scenario() -> None:
        slow = Slow()
        pair = Pair(echo, slow)
        asking = asyncio.ensure_future(pair.server.request("sampling/createMessage"))
        await slow.begun.wait()

        asking.cancel()
        await asyncio.wait([asking])
        await slow.ended.wait()

        assert pair.down.methods == ["sampling/createMessage", "notifications/cancelled"]
        assert slow.cancelled == [1] and pair.up.sent == []

    run(scenario())


def test_a_request_that_may_not_be_cancelled_is_given_up_in_silence() -> None:
    """As `initialize` is: the peer hears nothing of it."""

    async def scenario() -> None:
        slow = Slow()
        pair = Pair(slow)
        asking = asyncio.ensure_future(pair.client.request("initialize", cancellable=False))
        await slow.begun.wait()

        asking.cancel()
        await asyncio.wait([asking])

        assert pair.up.methods == ["initialize"]
        pair.server.close()

    run(scenario())


def test_cancelling_what_is_answered_does_nothing() -> None:
    """The message came too late."""

    async def scenario() -> None:
        pair = Pair(echo)
        await pair.client.request("x")

        pair.server.feed(jsonrpc.encode_notification("notifications/cancelled", {"requestId": 1}))

        assert pair.down.forgotten == []
        assert json.loads(bytes(await pair.client.request("x", {}))) == {}

    run(scenario())


def test_a_request_that_ignores_its_cancellation_answers_nothing() -> None:
    """Not even the later request that took over its id."""

    async def scenario() -> None:
        slow = Slow()
        stubborn = True

        async def serve(request: Request) -> bytes:
            nonlocal stubborn
            if not stubborn:
                return await slow(request)
            stubborn = False
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await slow.begun.wait()
            return jsonrpc.encode_result(request.id, {"answer": "to the first"})

        pair = Pair(serve)
        pair.server.feed(jsonrpc.encode_request("a", "x"))
        (first,) = pair.server._tasks.values()
        await turns()
        pair.server.feed(jsonrpc.encode_notification("notifications/cancelled", {"requestId": "a"}))
        pair.server.feed(jsonrpc.encode_request("a", "x"))
        await asyncio.wait([first])
        slow.go.set()
        await pair.server.wait_tasks(SECONDS)

        assert [message["result"] for message in pair.down.sent] == [{}]

    run(scenario())


def test_notifications_of_a_cancelled_request_are_dropped() -> None:
    """Others, and those of requests in flight, are sent."""

    async def scenario() -> None:
        slow = Slow()
        pair = Pair(slow)
        pair.server.feed(jsonrpc.encode_request("a", "x"))
        await slow.begun.wait()

        await pair.server.send(jsonrpc.encode_notification("one"), "a")
        pair.server.cancel_theirs("a")
        await pair.server.send(jsonrpc.encode_notification("two"), "a")
        await pair.server.send(jsonrpc.encode_notification("three"))

        assert pair.down.methods == ["one", "three"]
        await slow.ended.wait()

    run(scenario())


# Timeouts


def test_a_timeout_raises_and_tells_the_peer() -> None:
    """With the method and the time in the text; a late answer is dropped."""

    async def scenario() -> None:
        slow = Slow()
        pair = Pair(slow)

        with pytest.raises(TimedOut, match=r"x within its timeout of 0\.01 seconds"):
            await pair.client.request("x", timeout=0.01)

        assert pair.up.methods == ["x", "notifications/cancelled"]
        assert pair.up.sent[1]["params"]["reason"] == "timeout"
        assert pair.client.connection.outgoing == set()
        await slow.ended.wait()
        assert slow.cancelled == [1]
        pair.client.feed(jsonrpc.encode_result(1, {}))

    run(scenario())


def test_a_timeout_holds_while_the_channel_has_no_room() -> None:
    """A peer that does not read cannot keep us waiting."""

    async def scenario() -> None:
        pair = Pair(echo)
        pair.up.room.clear()

        with pytest.raises(TimedOut):
            await pair.client.request("x", timeout=0.01)

        assert pair.client.connection.outgoing == set()

    run(scenario())


def test_an_answer_in_time_ends_the_timeout() -> None:
    """No timer is left behind that would tell the peer anything."""

    async def scenario() -> None:
        pair = Pair(echo)

        await pair.client.request("x", timeout=0.01)
        await asyncio.sleep(0.03)

        assert pair.up.methods == ["x"]

    run(scenario())


def test_a_request_that_a_transport_fails_raises_what_it_says() -> None:
    """Also when that is a timeout of its own."""

    async def scenario() -> None:
        slow = Slow()
        pair = Pair(slow)
        for error in (Disconnected("cut"), TimedOut("the transport's")):
            asking = asyncio.ensure_future(pair.client.request("x", timeout=SECONDS))
            await turns()
            (id,) = pair.client.connection.outgoing

            pair.client.fail(id, error)
            with pytest.raises(type(error), match=str(error)):
                await asking

        assert pair.up.methods == ["x", "x"]
        pair.server.close()

    run(scenario())


# Closing


def test_closing_fails_whoever_waits_and_stops_whatever_is_served() -> None:
    """With the reason; nothing more is sent."""

    async def scenario() -> None:
        slow, far = Slow(), Slow()
        pair = Pair(far, slow)
        asking = [asyncio.ensure_future(pair.client.request("x")) for _ in range(3)]
        pair.client.feed(jsonrpc.encode_request("s", "y"))
        await slow.begun.wait()
        await far.begun.wait()
        sent = len(pair.up.sent)

        pair.client.close(Disconnected("the server ended"))
        await pair.client.wait_tasks(SECONDS)
        outcomes = await asyncio.gather(*asking, return_exceptions=True)

        assert [type(outcome) for outcome in outcomes] == [Disconnected] * 3
        assert all("the server ended" in str(outcome) for outcome in outcomes)
        assert slow.cancelled == ["s"]
        assert len(pair.up.sent) == sent and pair.client.closed
        pair.server.close()

    run(scenario())


def test_a_closed_session_takes_and_sends_nothing() -> None:
    """Asking raises, notifying is dropped, requests are not begun; closing again is nothing."""

    async def scenario() -> None:
        pair = Pair(echo)
        pair.server.close()
        pair.server.close(Disconnected("again"))

        with pytest.raises(Disconnected):
            await pair.server.request("x")
        await pair.server.send(jsonrpc.encode_notification("n"))
        pair.server.feed(jsonrpc.encode_request(1, "x"))
        await turns()

        assert pair.down.sent == [] and not pair.server.has_task(1)

    run(scenario())


def test_waiting_for_tasks_is_bounded() -> None:
    """It returns when they are done, or when the time is over."""

    async def scenario() -> None:
        slow = Slow()
        pair = Pair(slow)
        await pair.server.wait_tasks(SECONDS)
        pair.server.feed(jsonrpc.encode_request(1, "x"))

        await pair.server.wait_tasks(0.01)
        assert pair.server.has_task(1)
        slow.go.set()
        await pair.server.wait_tasks(SECONDS)

        assert not pair.server.has_task(1)

    run(scenario())


# The end of the server


def test_a_request_that_arrives_as_the_server_ends_is_answered() -> None:
    """It has not begun by then, and hears why it will not be served."""

    async def scenario() -> None:
        async def serve(request: Request) -> bytes:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                assert was_interrupted()
            return jsonrpc.encode_result(request.id, {"interrupted": True})

        pair = Pair(serve)
        pair.server.feed(jsonrpc.encode_request(1, "x"))
        pair.server.interrupt()
        await pair.server.wait_tasks(SECONDS)

        assert [message["result"] for message in pair.down.sent] == [{"interrupted": True}]

    run(scenario())


def test_an_answer_on_its_way_is_not_interrupted() -> None:
    """A client that reads slowly gets it all the same."""

    async def scenario() -> None:
        pair = Pair(echo)
        pair.down.room.clear()
        pair.server.feed(jsonrpc.encode_request(1, "x", {"a": 1}))
        await turns()
        pair.server.interrupt()
        await turns()
        pair.down.room.set()
        await pair.server.wait_tasks(SECONDS)

        assert [message["result"] for message in pair.down.sent] == [{"a": 1}]

    run(scenario())


def test_a_request_that_ends_without_an_answer_is_forgotten() -> None:
    """Whatever waits for it, such as a response over HTTP, is let go."""

    async def scenario() -> None:
        async def serve(request: Request) -> bytes:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)
            raise AssertionError

        pair = Pair(serve)
        pair.server.feed(jsonrpc.encode_request(1, "x"))
        await pair.server.wait_tasks(SECONDS)

        assert pair.down.forgotten == [1] and pair.down.sent == []

    run(scenario())


# Progress and notifications


def test_progress_reaches_the_request_it_is_about() -> None:
    """Its id is the token; each request has its own callback, for as long as it waits."""

    async def scenario() -> None:
        async def report(request: Request) -> bytes:
            token = json.loads(bytes(request.params))["_meta"]["progressToken"]
            assert token == request.id
            params = {"progressToken": token, "progress": request.id}
            await pair.server.send(
                jsonrpc.encode_notification("notifications/progress", params), request.id
            )
            return jsonrpc.encode_result(request.id, {})

        pair = Pair(report)
        heard: dict[str, list[Any]] = {"a": [], "b": []}

        def hear(name: str) -> Callable[[Raw], None]:
            return lambda params: heard[name].append(json.loads(bytes(params))["progress"])

        await asyncio.gather(
            *(pair.client.request("x", {"_meta": {"k": 1}}, on_progress=hear(n)) for n in "ab")
        )
        late = {"progressToken": 1, "progress": 99}
        pair.client.feed(jsonrpc.encode_notification("notifications/progress", late))

        assert heard == {"a": [1], "b": [2]}
        assert pair.up.sent[0]["params"]["_meta"] == {"k": 1, "progressToken": 1}
        assert pair.client._progress == {}

    run(scenario())


def test_other_notifications_go_to_whoever_asked_for_them() -> None:
    """Nobody needs to."""

    async def scenario() -> None:
        heard: list[str] = []
        pair = Pair(echo, on_notification=lambda notice: heard.append(notice.method))

        await pair.server.send(jsonrpc.encode_notification("notifications/message", {"a": 1}))
        await pair.client.send(jsonrpc.encode_notification("notifications/initialized"))

        assert heard == ["notifications/message"]

    run(scenario())
