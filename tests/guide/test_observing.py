"""Observing: what is logged of a server, how errors are handled, and the audit log."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import served

import fastmcp
from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError

OVER = pytest.mark.parametrize("over", ["memory", "http"])


async def through(over: str, mcp: FastMCP, tool: str, **arguments: Any) -> Any:
    """The data of a call, over HTTP or in memory."""
    if over == "memory":
        async with Client(mcp) as client:
            return (await client.call_tool(tool, arguments)).data
    with served(mcp.http_app()) as base:
        async with Client(f"{base}/mcp") as client:
            return (await client.call_tool(tool, arguments)).data


def said(caplog: pytest.LogCaptureFixture, logger: str) -> list[str]:
    """What a logger said of calls."""
    found = [each.getMessage() for each in caplog.records if each.name == logger]
    return [text for text in found if "tools/call" in text or "'forecast'" in text]


@OVER
async def test_each_request_is_logged(over: str, caplog: pytest.LogCaptureFixture) -> None:
    """As text and as JSON, with what was asked and how long it took."""
    caplog.set_level("INFO", "fastmcp")
    # snippet: logging
    import logging

    from fastmcp import FastMCP
    from fastmcp.server.middleware.logging import LoggingMiddleware, StructuredLoggingMiddleware
    from fastmcp.server.middleware.timing import DetailedTimingMiddleware, TimingMiddleware

    logging.basicConfig(level=logging.INFO)

    mcp = FastMCP("Weather")
    mcp.add_middleware(StructuredLoggingMiddleware(include_payloads=True))
    mcp.add_middleware(LoggingMiddleware(methods=["tools/call"]))
    mcp.add_middleware(TimingMiddleware())
    mcp.add_middleware(DetailedTimingMiddleware())

    @mcp.tool
    def forecast(city: str, api_key: str = "") -> str:
        return f"{city}: sunny"

    # end
    assert await through(over, mcp, "forecast", city="Bern", api_key="k-123") == "Bern: sunny"

    began, ended = map(json.loads, said(caplog, "fastmcp.middleware.structured_logging"))
    assert began["tool"] == "forecast"
    assert json.loads(began["payload"])["arguments"] == {"city": "Bern", "api_key": "[redacted]"}
    assert ended["event"] == "request_success"
    assert len(said(caplog, "fastmcp.middleware.logging")) == 2
    assert said(caplog, "fastmcp.timing")[0].startswith("Request tools/call completed in ")
    assert said(caplog, "fastmcp.timing.detailed")[0].startswith("Tool 'forecast' completed in ")


@OVER
async def test_more_is_redacted(over: str, caplog: pytest.LogCaptureFixture) -> None:
    """Keys and patterns of one's own."""
    caplog.set_level("INFO", "fastmcp")
    mcp = FastMCP("Weather")
    # snippet: redaction
    from fastmcp.server.middleware.logging import LoggingMiddleware
    from fastmcp.server.middleware.redaction import SECRET_KEYS, SECRET_TEXTS, Redactor

    redactor = Redactor(
        keys=SECRET_KEYS | {"iban"},
        texts=[*SECRET_TEXTS, r"(customer )\d+"],  # what a first group matches stays
    )
    mcp.add_middleware(LoggingMiddleware(include_payloads=True, redact=redactor))

    # end
    @mcp.tool
    def pay(customer_iban: str, note: str) -> str:
        return "paid"

    await through(over, mcp, "pay", customer_iban="CH93", note="of customer 4711")

    assert '"customer_iban":"[redacted]","note":"of customer [redacted]"' in caplog.text


def test_a_program_sets_up_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    """With the format of the settings."""
    import logging

    with fastmcp.settings.temporarily(log_format="json"), undone(logging.getLogger("fastmcp")):
        # snippet: configure
        from fastmcp.utilities.logging import configure_logging, get_logger

        configure_logging("INFO")
        get_logger("weather").info("The station %s is up", "Bern", extra={"station": "Bern"})
        # end

    entry = json.loads(capsys.readouterr().err)
    assert (entry["logger"], entry["message"]) == ("fastmcp.weather", "The station Bern is up")
    assert entry["station"] == "Bern"


@contextmanager
def undone(logger: Any) -> Any:
    """Have a logger as it was after the block."""
    before = logger.level, logger.propagate, list(logger.handlers)
    yield
    logger.setLevel(before[0])
    logger.propagate, logger.handlers[:] = before[1:]


@OVER
async def test_errors_are_handled(over: str, caplog: pytest.LogCaptureFixture) -> None:
    """Told of, counted, and made errors of the protocol."""
    mcp = FastMCP("Weather")
    pages: list[str] = []
    # snippet: errors
    from fastmcp.server.middleware.error_handling import ErrorHandlingMiddleware

    def page_somebody(error, context):
        pages.append(f"{context.method}: {error!r}")

    errors = ErrorHandlingMiddleware(include_traceback=True, error_callback=page_somebody)
    mcp.add_middleware(errors)

    @mcp.tool
    def forecast(city: str) -> str:
        raise ValueError(f"{city} is nowhere")

    # end
    with pytest.raises(ToolError) as caught:
        await through(over, mcp, "forecast", city="Atlantis")

    assert str(caught.value) == (
        "Invalid params: Error calling tool 'forecast': Atlantis is nowhere"
    )
    assert pages == ["tools/call: ValueError('Atlantis is nowhere')"]
    # snippet: stats
    print(errors.get_error_stats())  # {'ValueError:tools/call': 1}
    # end
    assert errors.get_error_stats() == {"ValueError:tools/call": 1}


@OVER
async def test_what_failed_for_now_is_tried_again(over: str) -> None:
    """Some kinds of errors, a few times."""
    mcp = FastMCP("Weather")
    # snippet: retry
    from fastmcp.server.middleware.error_handling import RetryMiddleware

    mcp.add_middleware(
        RetryMiddleware(max_retries=3, base_delay=0.1, retry_exceptions=(ConnectionError,))
    )

    # end
    tries = 0

    @mcp.tool
    def forecast() -> str:
        nonlocal tries
        tries += 1
        if tries < 2:
            raise ConnectionError("not yet")
        return "sunny"

    assert await through(over, mcp, "forecast") == "sunny"
    assert tries == 2


@OVER
async def test_each_use_is_in_the_audit_log(
    over: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line says who did what, and what came of it."""
    monkeypatch.chdir(tmp_path)
    # snippet: audit
    from fastmcp import FastMCP
    from fastmcp.server.middleware.audit import AuditMiddleware

    audit = AuditMiddleware("audit.jsonl")
    mcp = FastMCP("Weather", middleware=[audit])

    # end
    @mcp.tool
    def forecast(city: str) -> str:
        return f"{city}: sunny"

    await through(over, mcp, "forecast", city="Bern")

    assert audit.flush()
    (line,) = (tmp_path / "audit.jsonl").read_text("utf-8").splitlines()
    entry = json.loads(line)
    assert entry["target"] == "forecast"
    assert entry["outcome"] == "ok"
    assert entry["arguments"]["names"] == ["city"]
    assert list(entry) == [
        *("time", "method", "target", "version", "outcome", "error", "duration_ms", "server"),
        *("principal", "client", "session", "request", "transport", "arguments"),
    ]


@OVER
async def test_the_audit_log_goes_anywhere(over: str) -> None:
    """To a function, for instance."""
    entries: list[Any] = []

    class Queue:
        async def put(self, entry: Any) -> None:
            entries.append(entry)

    from fastmcp.server.middleware.audit import AuditMiddleware

    queue = Queue()
    mcp = FastMCP("Weather")

    # snippet: sink
    async def refused(entry: dict) -> None:
        if entry["outcome"] == "refused":
            await queue.put(entry)

    mcp.add_middleware(AuditMiddleware(refused, include_arguments=True, digest_key="pepper"))
    # end
    with pytest.raises(ToolError):
        await through(over, mcp, "nothing", token="x", city="Bern")

    (entry,) = entries
    assert entry["arguments"]["values"] == {"token": "[redacted]", "city": "Bern"}
    assert entry["arguments"]["digest"].startswith("hmac-sha256:")
