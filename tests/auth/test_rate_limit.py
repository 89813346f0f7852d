"""rate_limit: how often a function may be called, by whom."""

from __future__ import annotations

from typing import Any

import pytest
from apps import call, http

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, ToolError
from fastmcp.security import APIKeys, rate_limit, require_auth
from fastmcp.server.middleware.rate_limiting import RateLimitError


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_callers_are_counted_by_their_keys() -> None:
    """Each has its own number of calls, whatever session or address they come from."""
    clock, keys = Clock(), APIKeys()
    mcp = FastMCP("x", auth=keys)

    @mcp.tool
    @rate_limit(2, seconds=60, clock=clock)
    def work(n: int, ctx: Context) -> int:
        return n

    one, two = keys.create("one").key, keys.create("two").key
    with http(mcp) as client:

        def refused(key: str) -> Any:
            answer = client.post(call("work", 1, n=1), {"x-api-key": key}).json()
            return answer.get("error")

        assert [refused(one), refused(one), refused(two)] == [None, None, None]
        error = refused(one)
        assert error["code"] == -32000
        assert error["data"]["retry_after"] == 60
        assert "work() may be called 2 times in 60 seconds" in error["message"]
        assert one not in error["message"]
        assert refused(two) is None
        clock.now += 60
        assert refused(one) is None


async def test_calls_are_counted_by_a_parameter() -> None:
    """Such as a key that users of a tool give, across sessions."""
    mcp = FastMCP("x")

    @mcp.tool
    @rate_limit(1, by="api_key")
    async def search(query: str, api_key: str = "none") -> str:
        return query

    async def ask(**arguments: Any) -> str:
        async with Client(mcp) as client:
            try:
                return (await client.call_tool("search", {"query": "q", **arguments})).data
            except (ToolError, RateLimitError) as error:
                return str(error)

    assert [await ask(api_key="a"), await ask(api_key="b"), await ask()] == ["q", "q", "q"]
    for arguments in ({"api_key": "a"}, {"api_key": "none"}, {}):
        assert "may be called 1 times" in await ask(**arguments)


def test_calls_are_counted_by_what_a_function_says() -> None:
    """Without any server, too."""
    tenant = "one"

    @rate_limit(1, by=lambda: tenant)
    def work() -> str:
        return tenant

    @rate_limit(1)
    def alone() -> str:
        return "alone"

    assert (work(), alone()) == ("one", "alone")
    for function in (work, alone):
        with pytest.raises(RateLimitError):
            function()
    tenant = "two"
    assert work() == "two"


def test_callers_are_bounded() -> None:
    """Those that were not seen for the longest time are forgotten."""
    key = ""

    @rate_limit(1, by=lambda: key, max_keys=10)
    def work() -> str:
        return key

    for number in range(11):
        key = str(number)
        assert work() == key
    key = "0"
    assert work() == "0"


async def test_who_may_not_call_is_not_counted() -> None:
    """Decorators have their order: what stands above comes first."""
    mcp = FastMCP("x")

    @mcp.tool
    @require_auth
    @rate_limit(1)
    def work() -> str:
        return "worked"

    async with Client(mcp) as client:
        for _ in range(3):
            with pytest.raises(ToolError, match="authenticated callers"):
                await client.call_tool("work")


@pytest.mark.parametrize(
    "options", [{"requests": 0}, {"requests": 1, "seconds": 0}, {"requests": 1, "max_keys": 0}]
)
def test_numbers_are_positive(options: Any) -> None:
    """Nothing would be let through."""
    with pytest.raises(ConfigurationError, match="positive"):
        rate_limit(**options)


def test_a_parameter_has_to_be_there() -> None:
    """Otherwise all would be counted together."""
    with pytest.raises(ConfigurationError, match="no such parameter"):

        @rate_limit(1, by="key")
        def work(api_key: str) -> None:
            pass
