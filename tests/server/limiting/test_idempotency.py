"""A call that is made twice with the same key is done once."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from apps import HANDSHAKE, call, served
from callers import client_of, knows_callers
from cluster.workers import workers
from limited import Clock, outcome
from reaching import Reach, used
from redis_server import RedisServer

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, StoreUnavailable, ToolError
from fastmcp.server.backplane import MemoryBackplane
from fastmcp.server.middleware.idempotency import IdempotencyMiddleware
from fastmcp.tools import ToolResult
from fastmcp.types import TextContent


class Shop:
    """Orders that are counted, by every kind of tool."""

    def __init__(self, *middleware: Any) -> None:
        self.mcp = mcp = FastMCP("Shop", middleware=middleware)
        self.orders: list[str] = []
        self.gate: asyncio.Event | None = None
        self.fails = 0

        @mcp.tool
        async def order(item: str, key: str | None = None) -> dict[str, Any]:
            self.orders.append(item)
            if self.gate is not None:
                await self.gate.wait()
            if self.fails:
                self.fails -= 1
                raise ToolError("sold out")
            return {"number": len(self.orders), "item": item}

        @mcp.tool(annotations={"idempotentHint": True})
        def cancel(number: int) -> int:
            self.orders.append(f"-{number}")
            return len(self.orders)

        @mcp.tool
        def label(item: str) -> ToolResult:
            self.orders.append(item)
            blocks = [TextContent(text="text"), TextContent(text="more")]
            return ToolResult(blocks, {"n": len(self.orders)}, meta={"shop": "corner"})

        @mcp.tool
        async def confirm(item: str, ctx: Context) -> str:
            answer = await ctx.elicit(f"Order {item}?")
            self.orders.append(item)
            return f"{answer.action} {len(self.orders)}"

    async def wait_for(self, number: int) -> None:
        async with asyncio.timeout(20):
            while len(self.orders) < number:
                await asyncio.sleep(0.001)


def keyed(key: Any) -> dict[str, Any]:
    return {"meta": {"idempotencyKey": key}}


def test_the_same_key_gives_the_same_answer(reach: Reach) -> None:
    """Other keys, and calls without one, are done."""
    shop = Shop(IdempotencyMiddleware())

    async def use(client: Client) -> None:
        first = await outcome(client, "order", {"item": "tea"}, **keyed("a"))
        assert first == {"number": 1, "item": "tea"}
        assert await outcome(client, "order", {"item": "tea"}, **keyed("a")) == first
        assert (await outcome(client, "order", {"item": "tea"}, **keyed("b")))["number"] == 2
        assert (await outcome(client, "order", {"item": "tea"}))["number"] == 3

    used(reach(shop.mcp), use)


def test_an_answer_is_kept_as_a_whole(reach: Reach) -> None:
    """Content, structured content and what is in its `_meta`."""
    shop = Shop(IdempotencyMiddleware())

    async def use(client: Client) -> list[Any]:
        return [
            await client.call_tool_mcp("label", {"item": "tea"}, **keyed("a")) for _ in range(2)
        ]

    first, second = used(reach(shop.mcp), use)

    assert [block.text for block in second.content] == ["text", "more"]
    assert second.structured_content == {"n": 1}
    assert second.meta["shop"] == "corner"
    assert second == first


def test_a_twin_waits_for_the_first(reach: Reach) -> None:
    """And has its answer."""
    shop = Shop(IdempotencyMiddleware())
    shop.gate = asyncio.Event()

    async def use(client: Client) -> None:
        assert shop.gate is not None
        calls = [
            asyncio.ensure_future(client.call_tool("order", {"item": "tea"}, **keyed("a")))
            for _ in range(5)
        ]
        await shop.wait_for(1)
        await asyncio.sleep(0.05)
        shop.gate.set()
        assert [(await each).data["number"] for each in calls] == [1] * 5

    used(shop.mcp, use)
    assert shop.orders == ["tea"]


def test_a_key_may_be_an_argument() -> None:
    """The tool has it, too."""
    shop = Shop(IdempotencyMiddleware(argument="key"))

    async def use(client: Client) -> list[Any]:
        return [
            (await outcome(client, "order", {"item": "tea", "key": key}))["number"]
            for key in ("a", "a", "b", None, None)
        ]

    assert used(shop.mcp, use) == [1, 1, 2, 3, 4]


def test_arguments_are_the_key_of_a_tool_that_says_so() -> None:
    """Where that is asked for; what is not annotated is called each time."""
    shop = Shop(IdempotencyMiddleware(annotated=True))

    async def use(client: Client) -> list[Any]:
        cancels = [await outcome(client, "cancel", {"number": n}) for n in (7, 7, 8)]
        orders = [(await outcome(client, "order", {"item": "tea"}))["number"] for _ in range(2)]
        return [*cancels, *orders]

    assert used(shop.mcp, use) == [1, 1, 2, 3, 4]

    shop = Shop(IdempotencyMiddleware())

    async def use_again(client: Client) -> list[Any]:
        return [await outcome(client, "cancel", {"number": 7}) for _ in range(2)]

    assert used(shop.mcp, use_again) == [1, 2]


@pytest.mark.parametrize("options", [{}, {"annotated": True}])
def test_nobody_has_the_answer_of_somebody_else(options: Any) -> None:
    """The same key is another one for another principal."""
    shop = Shop(IdempotencyMiddleware(**options))
    extra = {} if options else keyed("a")

    async def cancel_as(base: str, user: str | None) -> int:
        async with client_of(base, user) as client:
            return await outcome(client, "cancel", {"number": 1}, **extra)

    with served(shop.mcp.http_app(middleware=knows_callers())) as base:
        found = [asyncio.run(cancel_as(base, user)) for user in ("x", "y", "x", "y")]

    assert found == [1, 2, 1, 2]


def test_a_key_belongs_to_one_call() -> None:
    """For another tool or other arguments it is an error; the order of arguments says nothing."""
    shop = Shop(IdempotencyMiddleware())

    async def use(client: Client) -> None:
        await outcome(client, "order", {"item": "tea", "key": "x"}, **keyed("a"))
        again = await outcome(client, "order", {"key": "x", "item": "tea"}, **keyed("a"))
        assert again["number"] == 1
        for tool, arguments in (("order", {"item": "milk"}), ("cancel", {"number": 1})):
            error = await outcome(client, tool, arguments, **keyed("a"))
            assert error.code == -32602
            assert "was used for another tool, or other arguments" in error.message

    used(shop.mcp, use)
    assert shop.orders == ["tea"]


@pytest.mark.parametrize("key", ["", "x" * 256, 5, ["a"]])
def test_what_is_no_key_is_refused(key: Any) -> None:
    """It is not taken for a call without one."""
    shop = Shop(IdempotencyMiddleware())

    async def use(client: Client) -> McpError:
        return await outcome(client, "order", {"item": "tea"}, **keyed(key))

    error = used(shop.mcp, use)
    assert (error.code, error.message) == (
        -32602,
        "An idempotency key is a text of 1 to 255 characters",
    )
    assert shop.orders == []


def test_a_failure_is_not_kept() -> None:
    """The same key tries again; a twin that waited tries as well."""
    shop = Shop(IdempotencyMiddleware())
    shop.gate, shop.fails = asyncio.Event(), 1

    async def use(client: Client) -> None:
        assert shop.gate is not None

        async def order() -> Any:
            return await client.call_tool(
                "order", {"item": "tea"}, raise_on_error=False, **keyed("a")
            )

        first = asyncio.ensure_future(order())
        await shop.wait_for(1)
        second = asyncio.ensure_future(order())
        shop.gate.set()
        assert (await first).is_error
        assert (await second).data["number"] == 2
        assert (await order()).data["number"] == 2

    used(shop.mcp, use)


def test_a_twin_takes_over_from_a_first_that_is_cancelled() -> None:
    """Whoever lost its connection may ask again at once."""
    shop = Shop(IdempotencyMiddleware())
    shop.gate = asyncio.Event()

    async def use(client: Client) -> None:
        assert shop.gate is not None
        calls = [
            asyncio.ensure_future(client.call_tool("order", {"item": "tea"}, **keyed("a")))
            for _ in range(3)
        ]
        await shop.wait_for(1)
        calls[0].cancel()
        await shop.wait_for(2)
        shop.gate.set()
        assert [(await each).data["number"] for each in calls[1:]] == [2, 2]

    used(shop.mcp, use)


def test_a_twin_that_is_cancelled_is_all_that_ends() -> None:
    """The first goes on."""
    shop = Shop(IdempotencyMiddleware())
    shop.gate = asyncio.Event()

    async def use(client: Client) -> None:
        assert shop.gate is not None
        first, second = (
            asyncio.ensure_future(client.call_tool("order", {"item": "tea"}, **keyed("a")))
            for _ in range(2)
        )
        await shop.wait_for(1)
        second.cancel()
        await asyncio.wait([second])
        shop.gate.set()
        assert (await first).data["number"] == 1
        assert (await outcome(client, "order", {"item": "tea"}, **keyed("a")))["number"] == 1

    used(shop.mcp, use)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_call_that_asks_its_user_is_kept_when_it_has_the_answer(mode: str) -> None:
    """Each round of it has the same key."""
    shop = Shop(IdempotencyMiddleware())
    asked: list[str] = []

    async def answer(message: str, *_: Any) -> Any:
        asked.append(message)
        return {}

    async def use(client: Client) -> list[Any]:
        return [await outcome(client, "confirm", {"item": "tea"}, **keyed("a")) for _ in range(2)]

    found = used(shop.mcp, use, mode=mode, elicitation_handler=answer)

    assert found == ["accept 1"] * 2
    assert asked == ["Order tea?"]


def test_answers_are_forgotten_in_time() -> None:
    """After the ttl, and the oldest when there are too many."""
    clock = Clock()
    shop = Shop(IdempotencyMiddleware(60, max_entries=2, clock=clock))

    async def use(client: Client) -> None:
        async def number(key: str) -> int:
            return (await outcome(client, "order", {"item": "tea"}, **keyed(key)))["number"]

        assert [await number(key) for key in "aab"] == [1, 1, 2]
        clock.wait(59)
        assert await number("a") == 1
        clock.wait(1)
        assert [await number(key) for key in "ab"] == [3, 4]
        assert [await number(key) for key in "ca"] == [5, 6]

    used(shop.mcp, use)


def test_only_some_tools_can_have_keys() -> None:
    """Those that are named; the key may be called otherwise."""
    shop = Shop(IdempotencyMiddleware(tools=["order"], meta_key="shop.example/once"))

    async def use(client: Client) -> list[Any]:
        meta = {"meta": {"shop.example/once": "a"}}
        orders = [await outcome(client, "order", {"item": "tea"}, **meta) for _ in range(2)]
        cancels = [await outcome(client, "cancel", {"number": 1}, **meta) for _ in range(2)]
        return [each["number"] for each in orders] + cancels

    assert used(shop.mcp, use) == [1, 1, 2, 3]


def test_twins_in_several_threads_are_one() -> None:
    """A server may be served in several event loops at once."""
    mcp = FastMCP("x", middleware=[IdempotencyMiddleware()])
    runs: list[str] = []

    @mcp.tool
    async def order(item: str) -> int:
        runs.append(item)
        await asyncio.sleep(0.01)
        return len(runs)

    async def use(client: Client) -> list[Any]:
        works = [outcome(client, "order", {"item": str(n)}, **keyed(str(n))) for n in range(20)]
        return await asyncio.gather(*works)

    with ThreadPoolExecutor() as pool:
        several = [pool.submit(used, mcp, use) for _ in range(3)]

    assert len(runs) == 20
    assert all(each.result() == several[0].result() for each in several)


STORES = ["redis", "sqlite", "memory"]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """What several servers share."""
    if request.param == "redis":
        return request.getfixturevalue("redis").url
    return f"sqlite:///{tmp_path}/keys.db" if request.param == "sqlite" else MemoryBackplane()


def test_servers_that_share_a_store_share_the_answers(store: Any) -> None:
    """A call that comes again is answered by any of them, and twins at both are one."""
    shops: list[Shop] = []

    def make() -> FastMCP:
        shops.append(Shop(IdempotencyMiddleware(store=store)))
        return shops[-1].mcp

    def message(number: int) -> dict[str, Any]:
        asked = call("order", number, item="tea")
        asked["params"]["_meta"] = {"idempotencyKey": "a"}
        return asked

    async def twins(url: str) -> list[int]:
        async def order(key: str) -> int:
            async with Client(url, timeout=20) as client:
                found = await outcome(client, "order", {"item": "tea"}, **keyed(key))
                return found["number"]

        return await asyncio.gather(*(order("b") for _ in range(6)))

    with workers(make, stateless_http=True) as two:
        speaks = {"mcp-protocol-version": HANDSHAKE}
        answers = [two[index].post(message(index), speaks).json() for index in range(2)]
        assert [each["result"]["structuredContent"] for each in answers] == [
            {"number": 1, "item": "tea"}
        ] * 2
        assert len(set(asyncio.run(twins(two.url)))) == 1

    assert sum(len(shop.orders) for shop in shops) == 2


def test_a_call_goes_on_elsewhere_when_it_is_cancelled(redis: RedisServer) -> None:
    """Another process need not wait until the first one's claim is over."""
    shops = [Shop(IdempotencyMiddleware(store=redis.url)) for _ in range(2)]
    shops[0].gate = asyncio.Event()

    async def main() -> None:
        async with Client(shops[0].mcp) as one, Client(shops[1].mcp) as two:
            first = asyncio.ensure_future(one.call_tool("order", {"item": "tea"}, **keyed("a")))
            await shops[0].wait_for(1)
            second = asyncio.ensure_future(two.call_tool("order", {"item": "tea"}, **keyed("a")))
            await asyncio.sleep(0.05)
            assert not second.done()
            first.cancel()
            assert (await second).data == {"number": 1, "item": "tea"}

    asyncio.run(main())


class Gone(MemoryBackplane):
    """Cannot be reached."""

    async def open(self) -> None:
        raise StoreUnavailable("it is gone")


@pytest.mark.parametrize("on_store_failure", ["refuse", "allow"])
def test_without_the_store_it_does_what_it_was_told(on_store_failure: Any) -> None:
    """A call without a key does not need it."""
    shop = Shop(IdempotencyMiddleware(store=Gone(), on_store_failure=on_store_failure))

    async def use(client: Client) -> list[Any]:
        assert (await outcome(client, "order", {"item": "tea"}))["number"] == 1
        return [await outcome(client, "order", {"item": "tea"}, **keyed("a")) for _ in range(2)]

    first, second = used(shop.mcp, use)

    if on_store_failure == "allow":
        assert (first["number"], second["number"]) == (2, 3)
    else:
        assert (first.code, first.data) == (-32000, {"retry_after": 1.0})
        assert "cannot be told now whether this call was made before" in second.message


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says so."""

    class Full(MemoryBackplane):
        async def put(self, key: str, value: bytes, ttl: float | None = None) -> None:
            raise StoreUnavailable("it is full")

    shop = Shop(IdempotencyMiddleware(store=Full()))

    async def use(client: Client) -> Any:
        return await outcome(client, "order", {"item": "tea"}, **keyed("a"))

    with caplog.at_level(logging.ERROR, logger="fastmcp.server.middleware"):
        assert used(shop.mcp, use) == {"number": 1, "item": "tea"}
    assert [record.getMessage() for record in caplog.records] == [
        "The answer to a call with a key is not kept: it is full"
    ]


WRONG = [
    ({"ttl": 0}, "ttl=0"),
    ({"max_entries": 0}, "max_entries=0"),
    ({"meta_key": ""}, "meta_key=''"),
    ({"tools": "order"}, r"tools=\['order'\]"),
    ({"store": "http://x"}, "store= takes no http://"),
    ({"on_store_failure": "hope"}, "on_store_failure='hope'"),
]


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_wrong_options_are_refused(options: Any, text: str) -> None:
    """The error names the option."""
    with pytest.raises(ConfigurationError, match=text):
        IdempotencyMiddleware(**options)
