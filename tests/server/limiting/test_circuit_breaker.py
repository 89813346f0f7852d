"""A tool that keeps failing is left alone for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from limited import Clock, outcome
from reaching import Reach, used

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, ToolError
from fastmcp.server.middleware.circuit_breaker import CircuitBreakerMiddleware
from fastmcp.server.middleware.concurrency import ConcurrencyLimitMiddleware
from fastmcp.server.middleware.timeouts import TimeoutMiddleware


class Flaky:
    """A server with a tool that does what it is told: `fate` is called for each run."""

    def __init__(self, breaker: CircuitBreakerMiddleware, *inner: Any) -> None:
        self.mcp = mcp = FastMCP("Flaky", middleware=[breaker, *inner])
        self.runs = 0
        self.fate: Callable[[], Any] = fail

        @mcp.tool
        async def flaky(n: int = 0) -> str:
            self.runs += 1
            made = self.fate()
            return await made if asyncio.iscoroutine(made) else made

        @mcp.tool
        def sound() -> str:
            return "sound"


def fail() -> Any:
    raise RuntimeError("the service is down")


def succeed() -> str:
    return "well"


async def calls(client: Client, number: int, **arguments: Any) -> list[str]:
    """What becomes of calls: a value, `failed`, or `open`."""
    found: list[str] = []
    for _ in range(number):
        try:
            result = await client.call_tool("flaky", arguments, raise_on_error=False)
            found.append("failed" if result.is_error else result.data)
        except McpError as error:
            assert error.code == -32000
            found.append("open")
    return found


def test_a_tool_that_keeps_failing_is_called_no_more(reach: Reach) -> None:
    """The error says when it will be; other tools are called."""
    clock = Clock()
    breaker = CircuitBreakerMiddleware(3, recovery_timeout=30, clock=clock)
    flaky = Flaky(breaker)

    async def use(client: Client) -> None:
        assert await calls(client, 3) == ["failed"] * 3
        assert breaker.state("flaky") == "open"
        clock.wait(10)
        error = await outcome(client, "flaky")
        assert error.code == -32000
        assert error.data == {"retry_after": 20.0}
        assert error.message == (
            "The tool 'flaky' has failed 3 times in a row, and is not called for now; "
            "try again in 20 seconds"
        )
        assert await outcome(client, "sound") == "sound"
        assert breaker.state("sound") == "closed"

    used(reach(flaky.mcp), use)
    assert flaky.runs == 3


def test_a_success_starts_the_count_anew() -> None:
    """Only failures in a row open the circuit."""
    flaky = Flaky(CircuitBreakerMiddleware(2))

    async def use(client: Client) -> None:
        for _ in range(3):
            flaky.fate = fail
            assert await calls(client, 1) == ["failed"]
            flaky.fate = succeed
            assert await calls(client, 1) == ["well"]

    used(flaky.mcp, use)


def test_after_a_while_it_is_tried_again() -> None:
    """A failure opens the circuit once more, a success closes it."""
    clock = Clock()
    breaker = CircuitBreakerMiddleware(2, recovery_timeout=30, clock=clock)
    flaky = Flaky(breaker)

    async def use(client: Client) -> None:
        await calls(client, 2)
        clock.wait(30)
        assert breaker.state("flaky") == "half-open"
        assert await calls(client, 2) == ["failed", "open"]
        clock.wait(30)
        flaky.fate = succeed
        assert await calls(client, 2) == ["well", "well"]
        assert breaker.state("flaky") == "closed"
        flaky.fate = fail
        assert await calls(client, 3) == ["failed", "failed", "open"]

    used(flaky.mcp, use)


def test_only_so_many_try_at_a_time() -> None:
    """The others are still refused, until one is through."""
    clock = Clock()
    breaker = CircuitBreakerMiddleware(
        1, recovery_timeout=30, half_open_calls=2, success_threshold=2, clock=clock
    )
    flaky = Flaky(breaker)

    async def use(client: Client) -> None:
        await calls(client, 1)
        clock.wait(30)
        gate = asyncio.Event()

        async def wait() -> str:
            await gate.wait()
            return "well"

        flaky.fate = wait
        trials = [asyncio.ensure_future(calls(client, 1)) for _ in range(2)]
        while flaky.runs < 3:
            await asyncio.sleep(0)
        error = await outcome(client, "flaky")
        assert error.data == {"retry_after": 1.0}
        gate.set()
        assert [await trial for trial in trials] == [["well"], ["well"]]
        assert breaker.state("flaky") == "closed"

    used(flaky.mcp, use)


def test_a_trial_that_is_cancelled_makes_room_for_another() -> None:
    """It says nothing of the tool."""
    clock = Clock()
    breaker = CircuitBreakerMiddleware(1, recovery_timeout=30, clock=clock)
    flaky = Flaky(breaker)

    async def use(client: Client) -> None:
        await calls(client, 1)
        clock.wait(30)
        flaky.fate = lambda: asyncio.sleep(3600)
        trial = asyncio.ensure_future(calls(client, 1))
        while flaky.runs < 2:
            await asyncio.sleep(0)
        trial.cancel()
        await asyncio.wait([trial])
        flaky.fate = succeed
        found = await calls(client, 1)
        while found == ["open"]:  # the cancellation is on its way
            found = await calls(client, 1)
        assert found == ["well"]

    used(flaky.mcp, use)


def test_mistakes_of_the_caller_are_no_failures() -> None:
    """Arguments that do not fit, tools that are not there, and what the tool itself says is one."""
    breaker = CircuitBreakerMiddleware(1)
    flaky = Flaky(breaker)

    def invalid() -> Any:
        raise McpError(code=-32602, message="not like this")

    async def use(client: Client) -> None:
        flaky.fate = invalid
        assert [(await outcome(client, "flaky")).code for _ in range(2)] == [-32602] * 2
        await client.call_tool("flaky", {"n": "many"}, raise_on_error=False)
        await outcome(client, "nothing")
        flaky.fate = succeed
        assert await calls(client, 1) == ["well"]
        assert [breaker.state(name) for name in ("flaky", "nothing")] == ["closed"] * 2

    used(flaky.mcp, use)


def test_a_question_to_the_user_is_no_failure() -> None:
    """In either era."""
    breaker = CircuitBreakerMiddleware(1)
    mcp = FastMCP("x", middleware=[breaker])

    @mcp.tool
    async def ask(ctx: Context) -> str:
        answer = await ctx.elicit("Go on?")
        return answer.action

    async def answer(message: str, *_: Any) -> Any:
        return {}

    async def use(client: Client) -> Any:
        return await outcome(client, "ask")

    for mode in ("auto", "legacy"):
        assert used(mcp, use, elicitation_handler=answer, mode=mode) == "accept"
        assert breaker.state("ask") == "closed"


def test_which_exceptions_are_failures_can_be_said() -> None:
    """By their classes."""
    flaky = Flaky(
        CircuitBreakerMiddleware(1, failures=(OSError, ToolError), ignored=BrokenPipeError)
    )

    def raising(error: Exception) -> Callable[[], Any]:
        def fate() -> Any:
            raise error

        return fate

    async def use(client: Client) -> None:
        for error in (ValueError("x"), BrokenPipeError("x")):
            flaky.fate = raising(error)
            assert await calls(client, 2) == ["failed"] * 2
        flaky.fate = raising(ToolError("x"))
        assert await calls(client, 2) == ["failed", "open"]

    used(flaky.mcp, use)


def test_a_tool_that_takes_too_long_has_failed() -> None:
    """What ends it is inside of the circuit breaker; one that is only busy has not."""
    breaker = CircuitBreakerMiddleware(1)
    flaky = Flaky(breaker, TimeoutMiddleware(0.01))
    flaky.fate = lambda: asyncio.sleep(3600)

    async def use(client: Client) -> None:
        assert "took longer" in (await outcome(client, "flaky")).message
        assert "failed 1 times" in (await outcome(client, "flaky")).message

    used(flaky.mcp, use)

    breaker = CircuitBreakerMiddleware(1)
    busy = Flaky(breaker, ConcurrencyLimitMiddleware(1, max_queue=0))
    busy.fate = lambda: asyncio.sleep(3600)

    async def use_busy(client: Client) -> None:
        first = asyncio.ensure_future(client.call_tool("flaky"))
        while not busy.runs:
            await asyncio.sleep(0)
        assert "Too many" in (await outcome(client, "flaky")).message
        assert breaker.state("flaky") == "closed"
        first.cancel()
        await asyncio.wait([first])

    used(busy.mcp, use_busy)


def test_a_circuit_can_be_closed_by_hand() -> None:
    """One, or all."""
    breaker = CircuitBreakerMiddleware(1)
    flaky = Flaky(breaker)

    async def use(client: Client) -> None:
        for tool in ("flaky", None):
            assert await calls(client, 2) == ["failed", "open"]
            breaker.reset(tool)

    used(flaky.mcp, use)


def test_only_some_tools_can_be_watched() -> None:
    """Those that are named."""
    flaky = Flaky(CircuitBreakerMiddleware(1, tools=["sound"]))

    async def use(client: Client) -> list[str]:
        return await calls(client, 3)

    assert used(flaky.mcp, use) == ["failed"] * 3


WRONG = [
    ({"failure_threshold": 0}, "failure_threshold=0"),
    ({"recovery_timeout": 0}, "recovery_timeout=0"),
    ({"half_open_calls": 0}, "half_open_calls=0"),
    ({"success_threshold": 0}, "success_threshold=0"),
    ({"failures": (ValueError, "x")}, "failures= takes classes of exceptions, not 'x'"),
    ({"ignored": KeyboardInterrupt}, "ignored= takes classes of exceptions"),
    ({"tools": "echo"}, r"tools=\['echo'\]"),
]


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_wrong_options_are_refused(options: Any, text: str) -> None:
    """The error names the option."""
    with pytest.raises(ConfigurationError, match=text):
        CircuitBreakerMiddleware(**options)
