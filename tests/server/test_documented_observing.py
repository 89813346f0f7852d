"""What FastMCP's documentation shows of logging, timing, errors and retries, run as it stands."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from apps import served
from reaching import used

from fastmcp import Client


@pytest.mark.parametrize("over", ["memory", "http"])
def test_the_documented_middleware_runs_together(
    over: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A call that works, one that is tried again, and one that fails."""
    caplog.set_level(logging.INFO, "fastmcp")
    errors: list[Exception] = []

    def my_error_callback(error: Exception, context: Any) -> None:
        errors.append(error)

    from fastmcp import FastMCP
    from fastmcp.server.middleware.error_handling import ErrorHandlingMiddleware, RetryMiddleware
    from fastmcp.server.middleware.logging import LoggingMiddleware, StructuredLoggingMiddleware
    from fastmcp.server.middleware.timing import DetailedTimingMiddleware, TimingMiddleware

    mcp = FastMCP("Production Server")
    mcp.add_middleware(
        ErrorHandlingMiddleware(
            include_traceback=True, transform_errors=True, error_callback=my_error_callback
        )
    )
    mcp.add_middleware(
        RetryMiddleware(max_retries=3, retry_exceptions=(ConnectionError, TimeoutError))
    )
    mcp.add_middleware(TimingMiddleware())
    mcp.add_middleware(DetailedTimingMiddleware())
    mcp.add_middleware(LoggingMiddleware(include_payloads=True, max_payload_length=1000))
    mcp.add_middleware(StructuredLoggingMiddleware(include_payloads=True))

    @mcp.tool
    def my_tool(data: str) -> str:
        if data == "bad":
            raise ValueError("no such data")
        return f"Processed: {data}"

    async def use(client: Client) -> tuple[str, bool]:
        good = await client.call_tool("my_tool", {"data": "good"})
        try:
            await client.call_tool("my_tool", {"data": "bad"})
        except Exception as error:
            return good.data, "no such data" in str(error)
        return good.data, False

    if over == "memory":
        assert used(mcp, use) == ("Processed: good", True)
    else:
        with served(mcp.http_app()) as base:
            assert used(f"{base}/mcp", use) == ("Processed: good", True)

    assert [type(error) for error in errors] == [ValueError]
    names = {record.name for record in caplog.records if "tools/call" in record.getMessage()} | {
        record.name for record in caplog.records if "'my_tool'" in record.getMessage()
    }
    assert names >= {
        "fastmcp.errors",
        "fastmcp.timing",
        "fastmcp.timing.detailed",
        "fastmcp.middleware.logging",
        "fastmcp.middleware.structured_logging",
    }
