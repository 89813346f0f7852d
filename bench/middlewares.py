"""What each built-in middleware adds to a call in memory, in microseconds of CPU time.

    python bench/middlewares.py [ROUNDS]

A server for each, called in turns, so that none has the processor's caches for itself; the least of
the rounds, less that of a server with a middleware that only hands on. What is logged is formatted
and written to nowhere. The cached answer takes the place of the call.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from time import thread_time
from typing import Any

from fastmcp import Client, FastMCP
from fastmcp.server.middleware import AuthMiddleware, Middleware, PingMiddleware
from fastmcp.server.middleware.audit import AuditMiddleware
from fastmcp.server.middleware.caching import ResponseCachingMiddleware
from fastmcp.server.middleware.circuit_breaker import CircuitBreakerMiddleware
from fastmcp.server.middleware.concurrency import ConcurrencyLimitMiddleware
from fastmcp.server.middleware.dereference import DereferenceRefsMiddleware
from fastmcp.server.middleware.error_handling import ErrorHandlingMiddleware, RetryMiddleware
from fastmcp.server.middleware.idempotency import IdempotencyMiddleware
from fastmcp.server.middleware.logging import LoggingMiddleware, StructuredLoggingMiddleware
from fastmcp.server.middleware.rate_limiting import (
    RateLimitingMiddleware,
    SlidingWindowRateLimitingMiddleware,
)
from fastmcp.server.middleware.response_limiting import ResponseLimitingMiddleware
from fastmcp.server.middleware.timeouts import TimeoutMiddleware
from fastmcp.server.middleware.timing import DetailedTimingMiddleware, TimingMiddleware
from fastmcp.server.middleware.validation import RequestValidationMiddleware

CALLS = 100


class HandsOn(Middleware):
    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        return await call_next(context)


class Says(Middleware):
    """What the logging of Python takes for so many lines, with nothing to be found out for them."""

    def __init__(self, logger: logging.Logger, lines: int) -> None:
        self.logger, self.lines = logger, lines

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        for _ in range(self.lines):
            self.logger.info("A line of some length, %s", "with an argument")
        return await call_next(context)


def quiet(name: str) -> logging.Logger:
    """A logger that nobody hears."""
    logger = logging.getLogger(f"bench.{name}")
    logger.setLevel(logging.CRITICAL)
    return logger


def written(name: str) -> logging.Logger:
    """A logger whose lines are formatted, and go nowhere."""
    logger = logging.getLogger(f"bench.{name}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(open("/dev/null", "w")))  # noqa: SIM115 - until the end
    return logger


def built_in(folder: Path) -> dict[str, Any]:
    return {
        "one line of Python's logging": Says(written("one"), 1),
        "two lines of Python's logging": Says(written("two"), 2),
        "audit, to a file": AuditMiddleware(folder / "audit.log"),
        "authorization": AuthMiddleware(auth=lambda context: True),
        "caching, a hit": ResponseCachingMiddleware(),
        "circuit breaker": CircuitBreakerMiddleware(),
        "concurrency": ConcurrencyLimitMiddleware(100),
        "dereference": DereferenceRefsMiddleware(),
        "detailed timing, off": DetailedTimingMiddleware(quiet("detailed")),
        "error handling": ErrorHandlingMiddleware(),
        "idempotency, without a key": IdempotencyMiddleware(),
        "logging, off": LoggingMiddleware(logger=quiet("logging")),
        "logging, written": LoggingMiddleware(logger=written("written")),
        "ping": PingMiddleware(),
        "rate limit, bucket": RateLimitingMiddleware(1e9, 1_000_000_000),
        "rate limit, window": SlidingWindowRateLimitingMiddleware(10_000_000),
        "response limiting": ResponseLimitingMiddleware(),
        "retry": RetryMiddleware(),
        "structured logging, off": StructuredLoggingMiddleware(logger=quiet("structured")),
        "structured logging, written": StructuredLoggingMiddleware(logger=written("lines")),
        "timeouts": TimeoutMiddleware(10),
        "timing, off": TimingMiddleware(quiet("timing")),
        "timing, written": TimingMiddleware(written("timed")),
        "validation": RequestValidationMiddleware(),
    }


def server(middleware: Any) -> FastMCP:
    mcp = FastMCP("bench", middleware=[middleware])

    @mcp.tool
    async def add(a: int, b: int) -> int:
        return a + b

    return mcp


async def measure(rounds: int, folder: Path) -> None:
    kinds = {"hands on": HandsOn(), **built_in(folder)}
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(Client(server(each)))
            for name, each in kinds.items()
        }
        least = dict.fromkeys(kinds, float("inf"))
        for _ in range(rounds):
            for name, client in clients.items():
                begin = thread_time()
                for _ in range(CALLS):
                    await client.call_tool("add", {"a": 1, "b": 2})
                least[name] = min(least[name], (thread_time() - begin) / CALLS * 1e6)
    floor = least.pop("hands on")
    print(f"{'hands on':30}{floor:6.1f} µs a call")
    for name, spent in least.items():
        print(f"{name:30}{spent - floor:+6.1f} µs")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100, Path(made)))
