"""EventBus in one process."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.events import Event, EventBus
from fastmcp.exceptions import ConfigurationError, OperationError


def types_of(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def test_a_script_publishes_to_plain_and_async_functions() -> None:
    """When `publish` returns they have run, the plain ones in the same thread."""
    bus = EventBus()
    heard: list[Any] = []

    @bus.subscribe("user.created")
    def plain(event: Event) -> None:
        heard.append((event.data["name"], threading.current_thread()))

    @bus.subscribe("user.created")
    async def later(event: Event) -> None:
        await asyncio.sleep(0)
        heard.append(event.id)

    event = bus.publish("user.created", {"name": "Ann"})

    assert heard == [("Ann", threading.current_thread()), event.id]
    assert event.timestamp.endswith("+00:00")


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("user.created", ["user.created"]),
        ("user.*", ["user.created", "user.deleted", "user.role.added"]),
        ("*.created", ["user.created", "order.created"]),
        ("*", ["user.created", "order.created", "user.deleted", "user.role.added", "User.x"]),
        ("user.?eleted", ["user.deleted"]),
        ("[ou]*.created", ["user.created", "order.created"]),
    ],
)
def test_a_pattern_selects_events(pattern: str, fitting: list[str]) -> None:
    """Case counts; a star stands for dots, too."""
    bus = EventBus()
    heard: list[Event] = []
    bus.subscribe(pattern, heard.append)

    for type in ("user.created", "order.created", "user.deleted", "user.role.added", "User.x"):
        bus.publish(type)

    assert types_of(heard) == fitting
    assert types_of(bus.history(pattern)) == fitting


async def published(bus: EventBus, *types: str) -> None:
    for type in types:
        await bus.publish(type)


def test_async_code_waits_for_handlers_by_await() -> None:
    """They run whether it does or not; a plain one does not block the loop."""
    bus = EventBus()
    heard: list[str] = []
    gate = threading.Event()

    def blocking(event: Event) -> None:
        assert gate.wait(20)
        heard.append(event.type)

    bus.subscribe("*", blocking)

    async def main() -> None:
        event = bus.publish("a")
        assert types_of(bus.history()) == ["a"]
        await asyncio.sleep(0)
        assert heard == []
        gate.set()
        assert await event is event
        assert heard == ["a"]

    asyncio.run(main())


@pytest.mark.parametrize("is_async", [False, True])
def test_what_a_handler_raises_is_logged_and_others_go_on(
    is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the publisher nor other handlers suffer from it."""
    bus = EventBus()
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError("no disk")

    async def cancelled(event: Event) -> None:
        raise asyncio.CancelledError

    bus.subscribe("x", broken)
    bus.subscribe("x", cancelled)
    bus.subscribe("x", heard.append)
    if is_async:
        asyncio.run(published(bus, "x"))
    else:
        bus.unsubscribe(cancelled)
        bus.publish("x")

    assert types_of(heard) == ["x"]
    assert "broken failed at the event 'x'" in caplog.text
    assert "RuntimeError: no disk" in caplog.text
    assert ("cancelled failed" in caplog.text) is is_async


def test_a_subscription_ends() -> None:
    """By itself, by its function, or for one pattern of it."""
    bus = EventBus()
    heard: list[Event] = []
    wild, exact = bus.subscribe("a*", heard.append), bus.subscribe("a", heard.append)

    assert (wild.cancel(), wild.cancel()) == (True, False)
    bus.publish("a")
    assert bus.unsubscribe(heard.append, "b") is False
    assert bus.unsubscribe(heard.append) is True
    bus.publish("a")

    assert types_of(heard) == ["a"]
    assert (exact.cancel(), bus.subscriptions) == (False, [])


def test_history_is_bounded_and_types_are_known() -> None:
    """The latest events are kept, as many as was said."""
    bus = EventBus(history=3)
    bus.subscribe("never", print)
    for number in range(5):
        bus.publish(f"n{number}", number)

    assert [event.data for event in bus.history()] == [2, 3, 4]
    assert [event.data for event in bus.history(limit=2)] == [3, 4]
    assert bus.history(limit=0) == bus.history("other") == []
    assert bus.types == ["n2", "n3", "n4", "never"]
    assert EventBus(history=0).publish("x").type == "x"


def test_tools_publish_and_handlers_know_their_request() -> None:
    """From worker threads and from the loop; async handlers run on the server's loop."""
    bus = EventBus()
    mcp = FastMCP("x")
    heard: list[Any] = []

    @bus.subscribe("*")
    async def on_loop(event: Event) -> None:
        heard.append((event.type, Context.current().fastmcp.name, asyncio.get_running_loop()))

    @bus.subscribe("*")
    def in_thread(event: Event) -> None:
        heard.append((event.type, Context.current().fastmcp.name, None))

    @mcp.tool
    def plain() -> str:
        return bus.publish("plain").type

    @mcp.tool
    async def later() -> str:
        return (await bus.publish("later")).type

    @mcp.tool
    def told() -> list[Event]:
        return bus.history()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with Client(mcp) as client:
            for name in ("plain", "later"):
                assert (await client.call_tool(name)).data == name
                assert {*heard} == {(name, "x", loop), (name, "x", None)}
                heard.clear()
            [first, second] = (await client.call_tool("told")).structured_content["result"]
            assert (first["type"], second["type"]) == ("plain", "later")
            assert first.keys() == {"type", "data", "id", "time"}

    asyncio.run(main())


def test_a_plain_handler_may_publish_in_turn() -> None:
    """Without a deadlock, in however many threads."""
    bus = EventBus()
    heard: list[int] = []

    @bus.subscribe("step")
    def step(event: Event) -> None:
        heard.append(event.data)
        if event.data:
            bus.publish("step", event.data - 1)

    mcp = FastMCP("x")

    @mcp.tool
    def begin() -> None:
        bus.publish("step", 5)

    async def main() -> None:
        async with Client(mcp) as client:
            await asyncio.gather(*(client.call_tool("begin") for _ in range(20)))

    asyncio.run(main())

    assert sorted(heard) == sorted([5, 4, 3, 2, 1, 0] * 20)


def test_events_that_nobody_awaits_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The publisher is told before memory is full of them."""
    monkeypatch.setattr("fastmcp.events.event_bus.MAX_PENDING", 3)
    bus = EventBus()

    async def main() -> None:
        blocked = asyncio.Event()

        async def wait(event: Event) -> None:
            await blocked.wait()

        bus.subscribe("*", wait)
        async with bus:
            for _ in range(3):
                bus.publish("x")
            with pytest.raises(OperationError, match="await what publish"):
                bus.publish("x")
            blocked.set()

    asyncio.run(main())


def test_the_end_waits_for_handlers_that_run() -> None:
    """A server that stops leaves none of them in the middle."""
    bus = EventBus()
    heard: list[str] = []

    async def slow(event: Event) -> None:
        await asyncio.sleep(0.05)
        heard.append(event.type)

    bus.subscribe("*", slow)
    mcp = FastMCP("x", lifespan=bus.lifespan)

    @mcp.tool
    async def begin() -> None:
        bus.publish("begun")

    async def main() -> None:
        async with Client(mcp) as client:
            await client.call_tool("begin")
            assert heard == []

    for _ in range(2):
        asyncio.run(main())
        assert heard.pop() == "begun"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda bus: bus.subscribe(print), "or a pattern"),
        (lambda bus: bus.subscribe("", print), "or a pattern"),
        (lambda bus: bus.subscribe("x", 5), "takes a function, not 5"),
        (lambda bus: bus.publish(""), "takes the type"),
        (lambda bus: EventBus(history=-1), "0 or more"),
        (lambda bus: EventBus(backplane="mysql://x"), "backplane="),
        (lambda bus: EventBus(backplane="memory://").publish("x"), "not open"),
    ],
)
def test_what_cannot_be_is_refused(wrong: Any, said: str) -> None:
    """With the cure."""
    with pytest.raises(ConfigurationError, match=said):
        wrong(EventBus())
