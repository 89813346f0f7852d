"""Responses that a client remembers: which, for how long, for whom, and until when."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from key_value.aio.stores.memory import MemoryStore
from msgspec import Raw

from fastmcp import Client, Context, FastMCP
from fastmcp.client.caching import (
    MAX_TTL_MS,
    CacheConfig,
    CacheEntry,
    CacheKey,
    CacheMode,
    InMemoryResponseCacheStore,
    KeyValueResponseCacheStore,
)
from fastmcp.client.caching.response_cache import ResponseCache, response_cache
from fastmcp.exceptions import ConfigurationError, McpError
from fastmcp.wire.jsonrpc import Notification
from fastmcp.wire.revisions import LATEST_HANDSHAKE, LATEST_MODERN, Revision

from .scripted import HANDSHAKE, MODERN, ROUND, ScriptedServer, needs

TOOLS = "tools/list"
READ = "resources/read"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """A server that counts what it is asked, and says how long its answers hold."""

    def __init__(self, **members: Any) -> None:
        self.count = 0
        self.members: dict[str, Any] = {"ttlMs": 60_000, "tools": [], "contents": [], **members}
        self.gate: asyncio.Event | None = None

    async def __call__(self) -> Raw:
        self.count += 1
        number = self.count
        if self.gate is not None:
            await self.gate.wait()
        return Raw(json.dumps({"number": number, **self.members}).encode())


def cache_of(
    clock: Clock | None = None,
    url: str | None = "http://x/mcp",
    revision: Revision | None = LATEST_MODERN,
    **config: Any,
) -> ResponseCache:
    return ResponseCache(CacheConfig(clock=clock or Clock(), **config), url, lambda: revision)


async def number_of(
    cache: ResponseCache,
    ask: Callable[[], Awaitable[Raw]],
    method: str = TOOLS,
    mode: CacheMode = "use",
    **params: Any,
) -> int:
    """Which of the server's answers a request gets."""
    return json.loads(bytes(await cache.fetch(method, params, ask, mode)))["number"]


def run(main: Callable[[], Awaitable[Any]]) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(20):
            return await main()

    return asyncio.run(bounded())


def notification(method: str, **params: Any) -> Notification:
    return Notification(f"notifications/{method}", Raw(json.dumps(params).encode()))


def test_an_answer_is_used_as_long_as_the_server_says() -> None:
    """And asked for again once that time is over."""

    async def main() -> None:
        clock, ask = Clock(), Asked()
        cache = cache_of(clock)
        assert [await number_of(cache, ask) for _ in range(3)] == [1, 1, 1]
        clock.now += 59.9
        assert await number_of(cache, ask) == 1
        clock.now += 0.2
        assert [await number_of(cache, ask) for _ in range(2)] == [2, 2]

    run(main)


def test_no_answer_is_used_for_longer_than_a_day() -> None:
    """Whatever the server says."""

    async def main() -> None:
        clock, ask = Clock(), Asked(ttlMs=10**15)
        cache = cache_of(clock)
        await number_of(cache, ask)
        clock.now += MAX_TTL_MS / 1000 - 1
        assert await number_of(cache, ask) == 1
        clock.now += 2
        assert await number_of(cache, ask) == 2

    run(main)


FLEETING = [
    {"ttlMs": 0},
    {"ttlMs": -5},
    {"ttlMs": "60000"},
    {"ttlMs": True},
    {"ttlMs": None},
    {"resultType": "input_required"},
    {"resultType": 5},
]


@pytest.mark.parametrize("members", FLEETING, ids=str)
def test_what_says_nothing_of_its_time_is_not_kept(members: Any) -> None:
    """Nor what says it in no sensible way, or is no answer yet."""

    async def main() -> None:
        ask = Asked(**members)
        cache = cache_of()
        assert [await number_of(cache, ask) for _ in range(2)] == [1, 2]

    run(main)


def test_a_time_of_ones_own_is_for_answers_that_say_none() -> None:
    """Of servers of both eras; the hints of a handshake server are none."""

    async def main() -> None:
        silent = Asked()
        del silent.members["ttlMs"]
        for revision in (LATEST_MODERN, LATEST_HANDSHAKE):
            cache = cache_of(revision=revision, default_ttl_ms=1000)
            assert len({await number_of(cache, silent) for _ in range(2)}) == 1
        told, hasty = Asked(), Asked(ttlMs=0)
        old = cache_of(revision=LATEST_HANDSHAKE)
        assert [await number_of(old, told) for _ in range(2)] == [1, 2]
        own = cache_of(default_ttl_ms=1000)
        assert [await number_of(own, hasty) for _ in range(2)] == [1, 2]

    run(main)


UNKEPT = [
    ("tools/call", {"name": "x"}),
    ("prompts/get", {"name": "x"}),
    ("server/discover", {}),
    ("tools/list", {"cursor": ""}),
    ("resources/read", {"uri": "a:b", "inputResponses": {}}),
    ("resources/read", {}),
    ("x/own", {}),
]


@pytest.mark.parametrize(("method", "params"), UNKEPT, ids=str)
def test_only_first_pages_and_resources_are_kept(method: str, params: Any) -> None:
    """Of what the protocol lets one keep; a discovery is asked for to see the server."""

    async def main() -> None:
        cache, ask = cache_of(), Asked()
        assert [await number_of(cache, ask, method, **params) for _ in range(2)] == [1, 2]

    run(main)


def test_each_list_and_each_resource_has_its_own_answer() -> None:
    """Keyed by method and URI."""

    async def main() -> None:
        cache, ask = cache_of(), Asked()
        first = [await number_of(cache, ask, READ, uri=uri) for uri in ("a:1", "a:2", "a:1")]
        lists = [await number_of(cache, ask, m) for m in (TOOLS, "prompts/list", TOOLS)]
        assert (first, lists) == ([1, 2, 1], [3, 4, 3])

    run(main)


def test_the_modes_take_and_keep() -> None:
    """`refresh` replaces what is kept, `bypass` leaves it alone."""

    async def main() -> None:
        cache, ask = cache_of(), Asked()
        modes: list[CacheMode] = ["bypass", "use", "use", "refresh", "use", "bypass", "use"]
        assert [await number_of(cache, ask, mode=m) for m in modes] == [1, 2, 2, 3, 3, 4, 3]
        ask.members["ttlMs"] = 0
        assert [await number_of(cache, ask, mode=m) for m in ("refresh", "use")] == [5, 6]

    run(main)


def test_who_uses_an_answer_cannot_spoil_it_for_others() -> None:
    """Each use decodes objects of its own."""
    mcp = FastMCP("x", cache_ttl=60)
    mcp.tool(lambda: 1, name="a")

    async def main() -> None:
        async with Client(mcp, cache=True) as client:
            first, second = await client.list_tools_mcp(), await client.list_tools_mcp()
            assert first.tools[0] is not second.tools[0]
            first.tools[0].name = "spoilt"
            first.tools.clear()
            assert [tool.name for tool in await client.list_tools()] == ["a"]

    run(main)


EVICTIONS = [
    ("tools/list_changed", {}, [TOOLS]),
    ("prompts/list_changed", {}, ["prompts/list"]),
    ("resources/list_changed", {}, ["resources/list", "resources/templates/list"]),
    ("resources/updated", {"uri": "a:1"}, [READ]),
    ("resources/updated", {"uri": "a:2"}, []),
    ("resources/updated", {"uri": 5}, []),
    ("message", {"level": "info", "data": 1}, []),
]


@pytest.mark.parametrize(("method", "params", "evicted"), EVICTIONS, ids=str)
def test_a_notification_makes_stale_what_it_is_about(
    method: str, params: Any, evicted: list[str]
) -> None:
    """At once, and nothing else."""

    async def main() -> None:
        cache, ask = cache_of(), Asked()
        kept = [(m, {}) for m in (TOOLS, "prompts/list", "resources/list")]
        kept += [("resources/templates/list", {}), (READ, {"uri": "a:1"})]
        before = {m: await number_of(cache, ask, m, **p) for m, p in kept}
        cache.take(notification(method, **params))
        after = {m: await number_of(cache, ask, m, **p) for m, p in kept}
        assert [m for m in before if before[m] != after[m]] == evicted
        await cache.close()

    run(main)


@pytest.mark.parametrize("mode", ["use", "refresh"])
def test_an_answer_that_was_overtaken_is_not_kept(mode: CacheMode) -> None:
    """The notification came while it was under way: it may be that of before."""

    async def main() -> None:
        cache, ask = cache_of(), Asked()
        ask.gate = asyncio.Event()
        under_way = asyncio.ensure_future(number_of(cache, ask, mode=mode))
        await asyncio.sleep(0)
        cache.take(notification("tools/list_changed"))
        ask.gate.set()
        assert await under_way == 1
        assert [await number_of(cache, ask) for _ in range(2)] == [2, 2]
        await cache.close()

    run(main)


class SlowStore(InMemoryResponseCacheStore):
    """Puts things away in its own time."""

    def __init__(self) -> None:
        super().__init__()
        self.putting = asyncio.Event()
        self.go_on = asyncio.Event()

    async def set(self, key: CacheKey, entry: CacheEntry) -> None:
        self.putting.set()
        await self.go_on.wait()
        await super().set(key, entry)


@pytest.mark.parametrize("cancelled", [False, True])
def test_an_answer_overtaken_while_it_is_put_away_is_taken_out_again(cancelled: bool) -> None:
    """Also when its caller has given up."""

    async def main() -> None:
        store, ask = SlowStore(), Asked()
        cache = cache_of(store=store, partition="p")
        under_way = asyncio.ensure_future(number_of(cache, ask))
        await store.putting.wait()
        cache.take(notification("tools/list_changed"))
        if cancelled:
            under_way.cancel()
        store.go_on.set()
        await asyncio.wait([under_way])
        await cache.close()
        assert store._entries == {}
        assert await number_of(cache, ask) == 2

    run(main)


def test_a_refused_cursor_means_that_the_list_has_changed() -> None:
    """Its first page is asked for again."""

    async def main() -> None:
        cache, ask = cache_of(), Asked()

        async def refuse() -> Raw:
            raise McpError(code=-32602, message="Invalid cursor")

        await number_of(cache, ask)
        with pytest.raises(McpError):
            await cache.fetch(TOOLS, {"cursor": "old"}, refuse)
        assert await number_of(cache, ask) == 2
        await cache.close()

    run(main)


def test_errors_are_not_kept() -> None:
    """The next request goes to the server."""

    async def main() -> None:
        cache, ask = cache_of(), Asked()

        async def fail() -> Raw:
            raise McpError(code=-32603, message="no")

        for _ in range(2):
            with pytest.raises(McpError):
                await cache.fetch(TOOLS, {}, fail)
        assert await number_of(cache, ask) == 1

    run(main)


# Sharing


@pytest.mark.parametrize(
    ("scope", "share_public", "shared"),
    [
        ("private", False, False),
        ("private", True, False),
        ("public", False, False),
        ("public", True, True),
        (None, True, False),
    ],
)
def test_an_answer_is_shared_only_if_both_sides_say_so(
    scope: str | None, share_public: bool, shared: bool
) -> None:
    """The server calls it public, and the client trusts that."""

    async def main() -> None:
        store, ask = InMemoryResponseCacheStore(), Asked(cacheScope=scope)
        of = {
            who: cache_of(store=store, partition=who, share_public=share_public)
            for who in ("ann", "bob")
        }
        assert await number_of(of["ann"], ask) == 1
        assert await number_of(of["bob"], ask) == (1 if shared else 2)
        assert await number_of(of["ann"], ask) == 1

    run(main)


def test_an_answer_that_becomes_private_is_no_longer_shared() -> None:
    """Nor does a private one hide a public one that came later."""

    async def main() -> None:
        store, ask, clock = InMemoryResponseCacheStore(), Asked(cacheScope="public"), Clock()
        ann, bob = (
            cache_of(clock, store=store, partition=who, share_public=True) for who in ("ann", "bob")
        )
        await number_of(ann, ask)
        ask.members["cacheScope"] = "private"
        assert await number_of(ann, ask, mode="refresh") == 2
        assert await number_of(bob, ask) == 3
        ask.members["cacheScope"] = "public"
        clock.now += 120
        assert await number_of(bob, ask) == 4
        assert await number_of(ann, ask) == 4

    run(main)


def test_servers_and_revisions_are_kept_apart() -> None:
    """In one store, whoever uses it; credentials in a URL make no difference."""

    async def main() -> None:
        store, ask = InMemoryResponseCacheStore(), Asked()

        def at(url: str | None, revision: Revision = LATEST_MODERN, **more: Any) -> Any:
            return cache_of(
                url=url, revision=revision, store=store, partition="p", default_ttl_ms=1000, **more
            )

        assert await number_of(at("http://x/mcp"), ask) == 1
        assert await number_of(at("http://u:secret@x/mcp"), ask) == 1
        assert await number_of(at("http://y/mcp"), ask) == 2
        assert await number_of(at("http://x/mcp", LATEST_HANDSHAKE), ask) == 3
        assert await number_of(at("http://x/mcp", target_id="z"), ask) == 4
        assert await number_of(at(None, target_id="z"), ask) == 4
        assert "secret" not in str(store._entries)

    run(main)


def test_a_configuration_that_would_share_too_much_or_nothing_is_refused() -> None:
    """The message says what is missing."""
    store = InMemoryResponseCacheStore()

    for options in ({"store": store}, {"target_id": ""}, {"default_ttl_ms": -1}):
        with pytest.raises(ValueError, match=r"partition=|target_id|default_ttl_ms"):
            CacheConfig(**options)
    with pytest.raises(ConfigurationError, match="target_id="):
        cache_of(url=None, store=store, partition="p")
    with pytest.raises(ConfigurationError, match="max_entries"):
        InMemoryResponseCacheStore(max_entries=-1)


# Stores


class Broken:
    """A store whose operations fail, apart from those that work."""

    def __init__(self, *working: str) -> None:
        self.working = set(working)
        self.inner = InMemoryResponseCacheStore()

    def __getattr__(self, name: str) -> Any:
        async def operate(*arguments: Any) -> Any:
            if name not in self.working:
                raise OSError(f"no {name}")
            return await getattr(self.inner, name)(*arguments)

        return operate


@pytest.mark.parametrize("working", [(), ("get",), ("get", "set"), ("get", "delete"), ("set",)])
def test_a_store_that_fails_only_costs_the_cache(
    working: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Requests are answered, and a burst of failures is one warning of a kind."""

    async def main() -> None:
        ask = Asked()
        cache = cache_of(store=Broken(*working), partition="p")
        for _ in range(3):
            await number_of(cache, ask)
        cache.take(notification("tools/list_changed"))
        await cache.close()
        before = ask.count
        await number_of(cache, ask)
        assert ask.count == before + 1

    run(main)
    kinds = [record.args[0] for record in caplog.records]  # type: ignore[index]
    assert len(kinds) == len(set(kinds)) > 0


def test_an_entry_that_could_not_be_deleted_is_not_used() -> None:
    """A notification has made it stale."""

    async def main() -> None:
        ask, store = Asked(), Broken("get", "set", "delete")
        cache = cache_of(store=store, partition="p")
        await number_of(cache, ask)
        store.working = {"get"}
        cache.take(notification("tools/list_changed"))
        await cache.close()
        assert [await number_of(cache, ask) for _ in range(2)] == [2, 3]

    run(main)


ODD = ["{", "[]", '{"tools": 5}', 5, None, b"\xff"]


@pytest.mark.parametrize("value", ODD, ids=str)
def test_what_is_no_answer_is_not_used(value: Any) -> None:
    """A store that others write to can hold anything."""

    async def main() -> None:
        store, ask = InMemoryResponseCacheStore(), Asked()
        cache = cache_of(store=store, partition="p")
        await number_of(cache, ask)
        for key in list(store._entries):
            await store.set(key, CacheEntry(value, "private", 10**12))
        assert await number_of(cache, ask) == 2

    run(main)


def test_the_memory_forgets_what_was_not_used_for_longest() -> None:
    """By number and by size; an answer that is too large is not kept at all."""

    async def main() -> None:
        few = InMemoryResponseCacheStore(max_entries=2)
        for name in ("a", "b"):
            await few.set(CacheKey(name), CacheEntry(b"x", "private", None))
        await few.get(CacheKey("a"))
        await few.set(CacheKey("c"), CacheEntry(b"x", "private", None))
        assert [await few.get(CacheKey(n)) is not None for n in "abc"] == [True, False, True]

        small = InMemoryResponseCacheStore(max_bytes=100)
        for name, size in (("a", 60), ("b", 30), ("c", 30), ("d", 101)):
            await small.set(CacheKey(name), CacheEntry(b"x" * size, "private", None))
        kept = [await small.get(CacheKey(n)) is not None for n in "abcd"]
        assert kept == [False, True, True, False]
        await small.delete(CacheKey("b"))
        await small.set(CacheKey("e"), CacheEntry(b"x" * 70, "private", None))
        assert await small.get(CacheKey("c")) is not None
        await small.clear()
        assert await small.get(CacheKey("c")) is None

    run(main)


def test_any_store_of_py_key_value_keeps_responses() -> None:
    """Two clients share it, names in it tell nothing, and clearing concerns one collection."""

    async def main() -> None:
        storage, ask = MemoryStore(), Asked()

        def client(collection: str) -> ResponseCache:
            store = KeyValueResponseCacheStore(storage, collection=collection)
            return cache_of(clock, store=store, partition="p")

        clock = Clock()
        clock.now = time.time()
        first, second, other = client("one"), client("one"), client("two")
        numbers = [await number_of(c, ask, READ, uri="a:secret") for c in (first, second, other)]
        assert numbers == [1, 1, 2]
        assert "secret" not in str(await storage.keys(collection="one"))
        await KeyValueResponseCacheStore(storage, collection="one").clear()
        again = [await number_of(c, ask, READ, uri="a:secret") for c in (first, other)]
        assert again == [3, 2]

    run(main)


def test_a_store_that_cannot_be_cleared_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """What is in it goes when its time is over."""

    class Bare:
        async def get(self, key: str, *, collection: str | None = None) -> None: ...

    asyncio.run(KeyValueResponseCacheStore(Bare()).clear())  # type: ignore[arg-type]

    assert "neither list its keys" in caplog.text
    assert caplog.records[0].levelno == logging.WARNING


def test_a_store_without_storage_has_a_memory_of_its_own() -> None:
    """As FastMCP has it."""

    async def main() -> CacheEntry | None:
        store = KeyValueResponseCacheStore()
        await store.set(CacheKey("m"), CacheEntry(b"{}", "public", None))
        return await store.get(CacheKey("m"))

    assert run(main) == CacheEntry("{}", "public", None)


def test_nothing_is_kept_unless_one_asks_for_it() -> None:
    """None and False are off; True is the defaults."""
    for wanted, kept in ((None, False), (False, False), (True, True), (CacheConfig(), True)):
        assert (response_cache(wanted, None, lambda: LATEST_MODERN) is not None) is kept


# Through a client


def library(**options: Any) -> tuple[FastMCP, list[str]]:
    """A server that notes what it is asked for."""
    mcp = FastMCP("library", cache_ttl=60, **options)
    read: list[str] = []

    @mcp.resource("book://{name}")
    def book(name: str) -> str:
        read.append(name)
        return f"{name} {len(read)}"

    @mcp.tool
    async def rewrite(uri: str, ctx: Context) -> str:
        mcp.notify_resource_updated(uri)
        return "done"

    @mcp.tool
    def add_tool() -> None:
        mcp.tool(lambda: 1, name="new")

    return mcp, read


def test_a_client_asks_once_for_what_it_may_keep() -> None:
    """Unless told otherwise, by call or by the client's own options."""
    mcp, read = library()

    async def main() -> None:
        async with Client(mcp, cache=True) as client:
            for _ in range(3):
                assert (await client.read_resource("book://a"))[0].text == "a 1"
            await client.read_resource("book://a", cache_mode="refresh")
            assert (await client.read_resource("book://a"))[0].text == "a 2"
            await client.read_resource("book://a", cache_mode="bypass")
            assert (await client.read_resource("book://a"))[0].text == "a 2"
            await client.read_resource("book://a", meta={"mine": 1})
            assert len(read) == 4
        async with Client(mcp) as client:
            for _ in range(2):
                await client.read_resource("book://a")
        assert len(read) == 6

    run(main)


def test_a_client_forgets_what_the_server_says_has_changed() -> None:
    """Lists and resources, once the notification is there."""
    mcp, _ = library()

    async def main() -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()

        def hear(message: Any) -> None:
            heard.put_nowait(message.method)

        async with Client(mcp, cache=True, message_handler=hear) as client:
            await client.subscribe_resource("book://a")
            assert (await client.read_resource("book://a"))[0].text == "a 1"
            await client.call_tool("rewrite", {"uri": "book://a"})
            while await heard.get() != "notifications/resources/updated":
                pass
            assert (await client.read_resource("book://a"))[0].text == "a 2"
            before = len(await client.list_tools())
            await client.call_tool("add_tool")
            while await heard.get() != "notifications/tools/list_changed":
                pass
            assert len(await client.list_tools()) == before + 1
        assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []

    run(main)


def test_an_answer_that_took_rounds_of_input_is_not_kept() -> None:
    """It is the answer to what the user said, not to the request."""

    async def serve(message: Any) -> Any:
        if "requestState" not in message["params"]:
            return needs("s", name=ROUND)
        return {"contents": [{"uri": "a:1", "text": "x"}], "ttlMs": 60_000}

    async def main() -> int:
        server = ScriptedServer(serve, MODERN)

        def answer(*_: Any) -> Any:
            return {"name": "me"}

        async with Client(server, cache=True, elicitation_handler=answer) as client:
            for _ in range(2):
                await client.read_resource("a:1")
        return len(server.requests(READ))

    assert run(main) == 4


def test_what_it_would_replace_is_not_kept_either() -> None:
    """An answer after rounds of input says that the one before it is old."""

    async def main() -> None:
        cache, ask = cache_of(), Asked()
        await number_of(cache, ask)
        await cache.fetch(TOOLS, {}, ask, "refresh", keeps=lambda: False)
        assert await number_of(cache, ask) == 3

    run(main)


def test_a_handshake_servers_hints_are_none() -> None:
    """Its members of that name mean something else, if anything."""

    async def serve(message: Any) -> Any:
        return {"tools": [], "ttlMs": 60_000, "cacheScope": "public"}

    async def main() -> int:
        server = ScriptedServer(serve, HANDSHAKE)
        async with Client(server, cache=True) as client:
            for _ in range(2):
                await client.list_tools()
        return len(server.requests(TOOLS))

    assert run(main) == 2


def test_a_closed_client_serves_nothing() -> None:
    """What it remembers is for when it is open."""
    mcp, _ = library()

    async def main() -> None:
        client = Client(mcp, cache=True)
        async with client:
            await client.read_resource("book://a")
        with pytest.raises(RuntimeError, match="not connected"):
            await client.read_resource("book://a")
        async with client:
            assert (await client.read_resource("book://a"))[0].text == "a 1"

    run(main)
