"""Rate limits in one process: a token bucket, and a sliding window."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import call, http, request, served
from callers import client_of, knows_callers
from limited import Clock, limited, outcome, outcomes
from reaching import Reach, used

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, ToolError
from fastmcp.server.middleware import MiddlewareContext
from fastmcp.server.middleware.rate_limiting import (
    RateLimitError,
    RateLimitingMiddleware,
    SlidingWindowRateLimiter,
    SlidingWindowRateLimitingMiddleware,
    TokenBucketRateLimiter,
)

CALLS = ["tools/call"]


def bucket(rate: float = 1, burst: int = 2, **options: Any) -> RateLimitingMiddleware:
    return RateLimitingMiddleware(rate, burst, **{"methods": CALLS, **options})


def window(most: int = 2, **options: Any) -> SlidingWindowRateLimitingMiddleware:
    return SlidingWindowRateLimitingMiddleware(most, **{"methods": CALLS, **options})


@pytest.mark.parametrize("make", [bucket, window])
def test_a_refusal_is_an_error_that_says_when_to_come_again(reach: Reach, make: Any) -> None:
    """For a tool, too, it is an error of the protocol, and its data has the seconds."""
    clock = Clock()

    async def use(client: Client) -> None:
        assert await outcomes(client, "echo", "echo") == ["hello", "hello"]
        error = await outcome(client, "echo")
        assert error.code == -32000
        assert "ate limit exceeded" in error.message
        assert "try again in" in error.message
        wait = error.data["retry_after"]
        clock.wait(wait - 0.01)
        assert isinstance(await outcome(client, "echo"), McpError)
        clock.wait(0.01)
        assert await outcome(client, "echo") == "hello"

    used(reach(limited(make(clock=clock))), use)


@pytest.mark.parametrize("make", [bucket, window])
def test_a_refused_call_is_a_tool_error_for_those_who_catch_that(make: Any) -> None:
    """As it is in FastMCP."""

    async def use(client: Client) -> None:
        await outcomes(client, "echo", "echo")
        with pytest.raises(ToolError, match="Rate limit exceeded"):
            await client.call_tool("echo")

    used(limited(make()), use)


def test_every_request_is_counted_by_default() -> None:
    """Whatever its method, and whether or not it can be served."""
    mcp = limited(SlidingWindowRateLimitingMiddleware(4))
    with http(mcp) as client:
        answers = [
            client.modern(message).json()
            for message in (
                request("tools/list"),
                request("prompts/list"),
                request("nothing/known"),
                call("echo"),
                call("echo"),
                request("resources/list"),
            )
        ]

    codes = [answer.get("error", {}).get("code") for answer in answers]
    assert codes == [None, None, -32601, None, -32000, -32000]


def test_a_bucket_fills_up_to_its_capacity() -> None:
    """Whoever was away for long has a burst, and no more."""
    clock = Clock()

    async def use(client: Client) -> None:
        assert await outcomes(client, *["echo"] * 5) == ["hello"] * 3 + [{"retry_after": 0.1}] * 2
        clock.wait(0.25)
        assert await outcomes(client, *["echo"] * 3) == ["hello"] * 2 + [{"retry_after": 0.05}]
        clock.wait(3600)
        assert await outcomes(client, *["echo"] * 4) == ["hello"] * 3 + [{"retry_after": 0.1}]

    used(limited(bucket(10, 3, clock=clock)), use)


def test_a_window_slides() -> None:
    """What leaves it makes room, one by one, and never all at once."""
    clock = Clock()

    async def use(client: Client) -> None:
        assert await outcomes(client, "echo") == ["hello"]
        clock.wait(40)
        assert await outcomes(client, "echo", "echo") == ["hello", {"retry_after": 20.0}]
        clock.wait(20)
        assert await outcomes(client, "echo", "echo") == ["hello", {"retry_after": 40.0}]

    used(limited(window(window_minutes=1, clock=clock)), use)


def test_a_window_may_be_of_seconds() -> None:
    """The error names it in the largest unit that is whole."""

    async def use(client: Client) -> str:
        await outcome(client, "echo")
        return (await outcome(client, "echo")).message

    short = used(limited(window(1, window_seconds=10)), use)
    long = used(limited(window(1, window_minutes=5)), use)

    assert short.startswith("Rate limit exceeded: 1 requests per 10 seconds for client: global;")
    assert long.startswith("Rate limit exceeded: 1 requests per 5 minutes for client: global;")


def test_a_client_over_http_is_its_address() -> None:
    """A new session is no new client; in memory it is the connection."""
    mcp = limited(window(1, per="client"))
    with http(mcp) as client:
        first, second = client.open(), client.open()
        assert "result" in client.post(call("echo"), first).json()
        assert client.post(call("echo"), second).json()["error"]["code"] == -32000
        assert client.modern(call("echo")).json()["error"]["code"] == -32000

    async def twice() -> list[Any]:
        async with Client(mcp) as one, Client(mcp) as two:
            return [*await outcomes(one, "echo", "echo"), *await outcomes(two, "echo")]

    first_call, refused, of_another = asyncio.run(twice())
    assert (first_call, of_another) == ("hello", "hello")
    assert refused["retry_after"] > 59


def test_behind_a_proxy_a_client_is_the_address_that_the_proxy_names() -> None:
    """If the server of the application believes it, as uvicorn does on loopback."""
    mcp = limited(window(1, per="client"))
    with http(mcp) as client:
        codes = [
            client.modern(call("echo"), {"x-forwarded-for": address}).json().get("error", {})
            for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1")
        ]

    assert [each.get("code") for each in codes] == [None, None, -32000]


@pytest.mark.parametrize("per", ["client", "principal"])
def test_a_caller_who_is_known_has_a_limit_of_its_own(per: Any) -> None:
    """By the token, over whichever connections."""
    mcp = limited(window(1, per=per))

    async def call_as(base: str, user: str | None) -> Any:
        async with client_of(base, user) as client:
            return await outcome(client, "echo")

    with served(mcp.http_app(middleware=knows_callers())) as base:
        found = [asyncio.run(call_as(base, user)) for user in ("a", "b", "a", None, None)]

    assert [isinstance(each, McpError) for each in found] == [False, False, True, False, True]


def test_each_tool_has_a_limit_of_its_own(reach: Reach) -> None:
    """Other requests are not counted."""

    async def use(client: Client) -> None:
        for _ in range(3):
            await client.list_tools()
        assert await outcomes(client, "echo", "other") == ["hello", "other"]
        refused = await outcome(client, "echo")
        assert refused.message.startswith("Rate limit exceeded for tool: echo;")

    used(reach(limited(RateLimitingMiddleware(0.1, 1, per="tool"))), use)


def test_a_call_that_cannot_be_served_is_a_call_of_the_tool() -> None:
    """Parameters that do not fit do not go round the limit, and need not name a tool."""
    message = request("tools/call", name="echo", inputResponses=5)
    with http(limited(RateLimitingMiddleware(0.1, 1, per="tool"))) as client:
        answers = [
            client.modern(each).json()["error"]["code"]
            for each in (message, message, request("tools/call"), request("tools/call", name=[]))
        ]

    assert answers == [-32602, -32000, -32602, -32000]


def test_a_version_of_a_tool_is_the_same_tool() -> None:
    """There is no way around its limit by naming one."""
    mcp = FastMCP("x", middleware=[bucket(0.1, 1, per="tool", clock=Clock())])

    @mcp.tool(version="1")
    def add() -> int:
        return 1

    async def use(client: Client) -> list[Any]:
        return await outcomes(client, "add@1", "add")

    assert used(mcp, use) == [1, {"retry_after": 10.0}]


def test_only_some_tools_can_be_limited() -> None:
    """Those that are named."""

    async def use(client: Client) -> list[Any]:
        return await outcomes(client, "other", "other", "echo", "echo")

    found = used(limited(RateLimitingMiddleware(0.1, 1, tools=["echo"], clock=Clock())), use)

    assert found == ["other", "other", "hello", {"retry_after": 10.0}]


async def by_argument(context: MiddlewareContext[Any]) -> str:
    await asyncio.sleep(0)
    return context.message.arguments["text"]


@pytest.mark.parametrize(
    "options",
    [
        {"per": by_argument},
        {"get_client_id": by_argument},
        {"get_client_id": lambda context: context.message.arguments["text"]},
    ],
)
def test_a_function_names_who_is_limited(options: Any) -> None:
    """Async or plain; the error names it, too."""

    async def use(client: Client) -> list[Any]:
        return [await outcome(client, "echo", {"text": text}) for text in "aba"]

    first, second, third = used(limited(bucket(0.1, 1, **options)), use)

    assert (first, second) == ("a", "b")
    assert third.message.startswith("Rate limit exceeded for client: a;")


def test_one_limit_for_all_can_be_asked_for_in_two_ways() -> None:
    """`global_limit` is what FastMCP calls it."""

    async def use(client: Client) -> str:
        await outcome(client, "echo")
        return (await outcome(client, "echo")).message

    assert used(limited(bucket(0.1, 1, global_limit=True)), use).startswith(
        "Global rate limit exceeded"
    )
    assert used(limited(bucket(0.1, 1, per="global")), use).startswith("Rate limit exceeded")


def test_a_rate_of_zero_refuses_everything() -> None:
    """There is no time after which to come again."""

    async def use(client: Client) -> McpError:
        return await outcome(client, "echo")

    error = used(limited(RateLimitingMiddleware(0, methods=CALLS)), use)

    assert (error.code, error.data) == (-32000, None)


def test_only_so_many_clients_are_remembered() -> None:
    """Those that were seen last."""
    middleware = bucket(0.1, 1, per=by_argument, max_keys=2)

    async def use(client: Client) -> list[bool]:
        found = [await outcome(client, "echo", {"text": text}) for text in "abacab"]
        return [isinstance(each, McpError) for each in found]

    assert used(limited(middleware), use) == [False, False, True, False, True, False]
    assert list(middleware.limiters) == ["a", "b"]


def test_a_server_that_runs_again_keeps_its_limits() -> None:
    """In another event loop."""
    mcp = limited(window(3, window_minutes=60))

    async def use(client: Client) -> list[Any]:
        return await outcomes(client, "echo", "echo")

    assert used(mcp, use) == ["hello", "hello"]
    assert isinstance(used(mcp, use)[1], dict)


def test_it_counts_right_in_many_threads() -> None:
    """The limiters are what several event loops share."""
    limiters = [TokenBucketRateLimiter(500, 0), SlidingWindowRateLimiter(500, 3600)]

    async def take(limiter: Any) -> int:
        loop = asyncio.get_running_loop()
        works = [
            loop.run_in_executor(None, lambda: sum(limiter.take() == 0 for _ in range(200)))
            for _ in range(8)
        ]
        return sum(await asyncio.gather(*works))

    assert [asyncio.run(take(limiter)) for limiter in limiters] == [500, 500]


def test_the_limiters_can_be_used_alone() -> None:
    """As FastMCP's can."""

    async def main() -> list[bool]:
        tokens, requests = TokenBucketRateLimiter(2, 0.001), SlidingWindowRateLimiter(1, 60)
        return [
            await tokens.consume(2),
            await tokens.consume(),
            await requests.is_allowed(),
            await requests.is_allowed(),
        ]

    assert asyncio.run(main()) == [True, False, True, False]


def test_a_subclass_can_decide_for_itself() -> None:
    """Code that uses the limiters by name goes on doing so."""

    class OnlyCalls(SlidingWindowRateLimitingMiddleware):
        async def on_request(self, context: Any, call_next: Any) -> Any:
            return await call_next(context)

        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            client_id = await self._get_client_identifier(context)
            if not await self.limiters[client_id].is_allowed():
                raise RateLimitError(f"{self.max_requests} in {self.window_seconds // 60} minutes")
            return await call_next(context)

    async def use(client: Client) -> Any:
        for _ in range(3):
            await client.list_tools()
        await outcome(client, "echo")
        return await outcome(client, "echo")

    error = used(limited(OnlyCalls(max_requests=1, get_client_id=lambda context: "one")), use)

    assert (error.code, error.message, error.data) == (-32000, "1 in 1 minutes", None)


WRONG = [
    (lambda: RateLimitingMiddleware(-1), "negative"),
    (lambda: RateLimitingMiddleware(1, -1), "negative"),
    (lambda: RateLimitingMiddleware(1, per="user"), "per='user'"),  # type: ignore[arg-type]
    (lambda: RateLimitingMiddleware(1, per="tool", get_client_id=str), "give one"),
    (lambda: RateLimitingMiddleware(1, per="tool", global_limit=True), "give one"),
    (lambda: RateLimitingMiddleware(1, tools="echo"), r"tools=\['echo'\]"),
    (lambda: RateLimitingMiddleware(1, methods="tools/call"), r"methods=\['tools/call'\]"),
    (lambda: RateLimitingMiddleware(1, max_keys=0), "max_keys=0"),
    (lambda: RateLimitingMiddleware(1, store="http://x"), "store= takes no http://"),
    (lambda: RateLimitingMiddleware(1, store=5), "store= takes no int"),
    (
        lambda: RateLimitingMiddleware(1, on_store_failure="hope"),  # type: ignore[arg-type]
        "on_store_failure='hope'",
    ),
    (lambda: SlidingWindowRateLimitingMiddleware(0), "max_requests=0"),
    (lambda: SlidingWindowRateLimitingMiddleware(1, 0), "window_minutes=0"),
    (lambda: SlidingWindowRateLimitingMiddleware(1, window_seconds=-1), "window_seconds=-1"),
]


@pytest.mark.parametrize(("make", "text"), WRONG)
def test_wrong_options_are_refused(make: Any, text: str) -> None:
    """The error names the option."""
    with pytest.raises(ConfigurationError, match=text):
        make()
