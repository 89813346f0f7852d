"""Which backend is chosen: as often as the strategy says, whoever is there."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.proxy import Asked, Backend, Random, ServerProxy, Strategy

from .replicas import chi_square, replica, replicas, tally

CRITICAL = {2: 13.8, 3: 16.3, 4: 18.5}
"""Of chi-square, by degrees of freedom: chance alone exceeds it once in a thousand times."""


def used(proxy: FastMCP, calls: int, **options: Any) -> Counter[Any]:
    async def use() -> Counter[Any]:
        async with Client(proxy) as client:
            return await tally(client, calls, **options)

    return asyncio.run(use())


def test_round_robin_takes_each_in_turn() -> None:
    """In the order in which they were given."""
    proxy = ServerProxy("x", backends=replicas(3))

    async def use() -> list[int]:
        async with Client(proxy) as client:
            return [(await client.call_tool("who")).data for _ in range(7)]

    assert asyncio.run(use()) == [0, 1, 2, 0, 1, 2, 0]


def test_round_robin_is_even_whatever_else_is_called() -> None:
    """A tool that one backend has alone does not shift the others' turns."""
    backends = replicas(2)
    backends[0].tool(lambda: "only", name="only")
    proxy = ServerProxy("x", backends=backends)

    async def use() -> Counter[Any]:
        found: Counter[Any] = Counter()
        async with Client(proxy) as client:
            for _ in range(100):
                found[(await client.call_tool("who")).data] += 1
                assert (await client.call_tool("only")).data == "only"
        return found

    found = asyncio.run(use())
    assert found[1] >= 50
    assert found[0] + found[1] == 100


def test_random_is_as_even_as_chance() -> None:
    """By the weights, if there are any."""
    chance = random.Random(7)
    even = ServerProxy("x", backends=replicas(5), strategy=Random(chance))
    weighted = ServerProxy(
        "y",
        backends=[Backend(replica(i), weight=i + 1) for i in range(3)],
        strategy=Random(chance),
    )

    assert chi_square(used(even, 2000), dict.fromkeys(range(5), 1.0)) < CRITICAL[4]
    assert chi_square(used(weighted, 2000), {0: 1, 1: 2, 2: 3}) < CRITICAL[2]


def test_weighted_is_exact_and_evenly_spread() -> None:
    """Three of four, and never four in a row."""
    proxy = ServerProxy(
        "x",
        backends=[Backend(replica(0), weight=3), Backend(replica(1), weight=1)],
        strategy="weighted",
    )

    async def use() -> list[int]:
        async with Client(proxy) as client:
            return [(await client.call_tool("who")).data for _ in range(40)]

    taken = asyncio.run(use())
    assert Counter(taken) == {0: 30, 1: 10}
    assert "0000" not in "".join(map(str, taken))


def test_least_connections_goes_where_least_is_under_way() -> None:
    """A slow backend gets what it can take."""
    slow, quick = FastMCP("slow"), FastMCP("quick")
    hold = asyncio.Event()

    @slow.tool(name="work")
    async def slow_work() -> str:
        await hold.wait()
        return "slow"

    @quick.tool(name="work")
    async def quick_work() -> str:
        return "quick"

    proxy = ServerProxy("x", backends=[slow, quick], strategy="least_connections")

    async def use() -> list[str]:
        async with Client(proxy) as client:
            held = asyncio.create_task(client.call_tool("work"))
            while proxy.backends[0].in_flight == 0:
                await asyncio.sleep(0)
            taken = [(await client.call_tool("work")).data for _ in range(20)]
            hold.set()
            return [*taken, (await held).data]

    taken = asyncio.run(use())
    assert taken == ["quick"] * 20 + ["slow"]


def test_least_connections_is_even_when_nothing_is_under_way() -> None:
    """It does not always take the first."""
    proxy = ServerProxy("x", backends=replicas(4), strategy="least-connections")

    assert used(proxy, 400) == dict.fromkeys(range(4), 100)


def test_sticky_stays_with_a_session() -> None:
    """And spreads the sessions."""
    proxy = ServerProxy("x", backends=replicas(3), strategy="sticky")

    async def use() -> list[set[Any]]:
        seen: list[set[Any]] = []
        for _ in range(40):
            async with Client(proxy) as client:
                seen.append(set(await tally(client, 5)))
        return seen

    seen = asyncio.run(use())
    assert all(len(each) == 1 for each in seen)
    assert set.union(*seen) == {0, 1, 2}


def test_sticky_takes_turns_where_there_are_no_sessions() -> None:
    """From a script, for one."""
    proxy = ServerProxy("x", backends=replicas(2), strategy="sticky")

    assert [proxy.call_tool("who") for _ in range(4)] == [0, 1, 0, 1]


def test_a_strategy_can_be_written() -> None:
    """It is told what is asked for."""

    class ByName:
        def __init__(self) -> None:
            self.asked: list[Asked] = []

        def choose(self, backends: Sequence[Backend], asked: Asked) -> Backend:
            self.asked.append(asked)
            wanted = "second" if asked.method == "tools/call" else "first"
            return next(each for each in backends if each.name == wanted)

    strategy = ByName()
    assert isinstance(strategy, Strategy)
    backends = {"first": replica(1), "second": replica(2)}
    proxy = ServerProxy("x", backends=backends, strategy=strategy)

    assert proxy.call_tool("who") == 2
    assert proxy.read_resource("data://number").contents[0].content == "1"  # type: ignore[attr-defined]
    assert strategy.asked == [
        Asked("tools/call", "who", True),
        Asked("resources/read", "data://number", True),
    ]


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ("round-robbin", "did you mean 'round_robin'"),
        (Random, "give a name or an object"),
        (object(), "give a name or an object"),
    ],
)
def test_a_strategy_that_cannot_be_is_refused(strategy: Any, message: str) -> None:
    """With what it may be."""
    with pytest.raises(ConfigurationError, match=message):
        ServerProxy("x", strategy=strategy)
