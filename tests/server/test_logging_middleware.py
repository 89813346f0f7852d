"""Logging and timing: what is written of each message, and what is not."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from apps import http, notification, request
from conversation import Conversation, ask, conversation
from settled import wait_until

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, McpError, ToolError
from fastmcp.server.middleware import Middleware
from fastmcp.server.middleware.logging import (
    LoggingMiddleware,
    StructuredLoggingMiddleware,
    default_serializer,
)
from fastmcp.server.middleware.redaction import Redactor
from fastmcp.server.middleware.timing import DetailedTimingMiddleware, TimingMiddleware

PLAIN = "fastmcp.middleware.logging"
STRUCTURED = "fastmcp.middleware.structured_logging"


@pytest.fixture(autouse=True)
def hears(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fastmcp")


def lines(caplog: pytest.LogCaptureFixture, name: str, method: str = "tools/call") -> list[str]:
    found = [each.getMessage() for each in caplog.records if each.name == name]
    return [line for line in found if method in line]


def server(*middleware: Middleware) -> FastMCP:
    mcp = FastMCP("logged", middleware=middleware)

    @mcp.tool
    def login(user: str, password: str) -> str:
        if password == "wrong":
            raise ValueError("password=wrong is not that of jane@example.com\nat all")
        return "in"

    @mcp.tool
    async def confirm(ctx: Context) -> str:
        answer: Any = await ctx.elicit("Really?", bool)
        return str(answer.data)

    @mcp.tool
    async def rest() -> None:
        await asyncio.sleep(60)

    @mcp.resource("data://{key}")
    def data(key: str) -> str:
        return key

    @mcp.prompt
    def greet(name: str) -> str:
        return name

    return mcp


def log_in(mcp: FastMCP, password: str = "x", **options: Any) -> Any:
    async def main() -> Any:
        async with Client(mcp, **options) as client:
            return await client.call_tool("login", {"user": "jane", "password": password})

    return asyncio.run(main())


def test_a_line_when_a_message_comes_and_one_when_it_is_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each pair of name and value is found where the lines of FastMCP have it."""
    log_in(server(LoggingMiddleware()))

    began, ended = lines(caplog, PLAIN)
    assert began == "event=request_start method=tools/call source=client tool=login"
    assert re.fullmatch(
        r"event=request_success method=tools/call source=client tool=login duration_ms=[\d.]+",
        ended,
    )


def test_a_payload_is_logged_without_what_is_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Its length is that of the whole."""
    options = {
        "include_payloads": True,
        "include_payload_length": True,
        "estimate_payload_tokens": True,
    }
    log_in(server(LoggingMiddleware(**options), StructuredLoggingMiddleware(**options)))

    (plain, _), (structured, _) = lines(caplog, PLAIN), lines(caplog, STRUCTURED)
    entry = json.loads(structured)
    payload = json.loads(entry["payload"])
    assert payload["name"] == "login"
    assert payload["arguments"] == {"user": "jane", "password": "[redacted]"}
    assert entry["payload_type"] == "CallToolRequestParams"
    assert entry["payload_tokens"] == entry["payload_length"] // 4 > 10
    assert f"payload={entry['payload']} payload_type=CallToolRequestParams" in plain
    assert "hunter2" not in caplog.text


def test_redaction_is_switched_off_or_changed(caplog: pytest.LogCaptureFixture) -> None:
    """`redact=` takes a bool or a redactor."""
    only_users = Redactor(keys=["user"], texts=())
    log_in(
        server(
            LoggingMiddleware(include_payloads=True, redact=False),
            StructuredLoggingMiddleware(include_payloads=True, redact=only_users),
        ),
        "hunter2",
    )

    assert '"arguments":{"user":"jane","password":"hunter2"}' in lines(caplog, PLAIN)[0]
    payload = json.loads(json.loads(lines(caplog, STRUCTURED)[0])["payload"])
    assert payload["arguments"] == {"user": "[redacted]", "password": "hunter2"}


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_payload_is_cut(size: int, caplog: pytest.LogCaptureFixture) -> None:
    """After as many characters as are asked for, and somewhere if nobody asks."""
    mcp = server(
        LoggingMiddleware(include_payloads=True, max_payload_length=60),
        StructuredLoggingMiddleware(include_payloads=True),
    )

    async def main() -> None:
        async with Client(mcp, mode="legacy") as client:
            await client.call_tool("login", {"user": "x" * size, "password": "y"})

    asyncio.run(main())

    payload = json.loads(lines(caplog, STRUCTURED)[0])["payload"]
    cut = lines(caplog, PLAIN)[0].partition(" payload=")[2].rpartition(" payload_type=")[0]
    assert cut == f"{payload[:60]}..."
    assert payload.endswith("..." if size > 10_000 else "}") and len(payload) < 20_000


def test_a_serializer_of_the_users_is_used_and_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    """What it says is redacted, too; where it fails, the message is logged all the same."""

    def serializer(message: Any) -> str:
        if not hasattr(message, "arguments"):
            raise RuntimeError("no arguments")
        return f"{message.name}\ntoken=abc"

    mcp = server(LoggingMiddleware(include_payloads=True, payload_serializer=serializer))
    log_in(mcp)

    assert "payload=login\\ntoken=[redacted] payload_type" in lines(caplog, PLAIN)[0]
    first = next(each for each in caplog.records if "serializer" in each.getMessage())
    assert "no arguments" in first.getMessage()
    assert any("payload={" in line for line in lines(caplog, PLAIN, "method="))


def test_what_cannot_be_written_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Code in this process may give a tool any object."""

    class Odd:
        def __str__(self) -> str:
            raise RuntimeError("not me")

        __repr__ = __str__

    mcp = server(LoggingMiddleware(include_payloads=True, include_payload_length=True))

    @mcp.tool
    def take(thing: Any) -> str:
        return type(thing).__name__

    given: Any = mcp.call_tool("take", {"thing": Odd()})
    assert given == "Odd"
    assert '"thing":"<Odd>"' in lines(caplog, PLAIN)[0]
    assert default_serializer({"at": object}).startswith('{"at":"')


@pytest.mark.parametrize(
    "name", ["plain", "é", "\ud800", 'a"b\\c', "\x7f\x00\n", "\u2028"], ids=ascii
)
def test_a_structured_line_is_ascii_as_python_writes_json(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a client calls things: a log of any encoding takes it, and it stays on its line."""

    async def main() -> None:
        mcp = server(StructuredLoggingMiddleware())
        with pytest.raises(McpError, match="Unknown tool"):
            await mcp.call_tool(name)

    asyncio.run(main())

    for line in lines(caplog, STRUCTURED):
        assert line == json.dumps(json.loads(line))
        assert json.loads(line)["tool"] == name
    assert len(lines(caplog, STRUCTURED)) == 2


def test_only_the_methods_that_are_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    """Others pass unseen."""
    log_in(server(LoggingMiddleware(methods=["tools/call"], log_level=logging.WARNING)))

    records = [each for each in caplog.records if each.name == PLAIN]
    assert len(records) == len(lines(caplog, PLAIN)) == 2
    assert {each.levelno for each in records} == {logging.WARNING}


def test_an_error_is_one_line_at_level_error(caplog: pytest.LogCaptureFixture) -> None:
    """Also where lesser levels are not heard; its text is redacted, and stays on its line."""
    caplog.set_level(logging.ERROR, "fastmcp")
    mcp = server(LoggingMiddleware(), StructuredLoggingMiddleware())
    with pytest.raises(ToolError):
        log_in(mcp, "wrong")

    said = "password=[redacted] is not that of [redacted]\\nat all"
    (plain,), (structured,) = lines(caplog, PLAIN), lines(caplog, STRUCTURED)
    assert plain.startswith("event=request_error ") and plain.endswith(f" error={said}")
    assert json.loads(structured)["error"] == said


def test_names_that_a_client_makes_up_begin_no_line(caplog: pytest.LogCaptureFixture) -> None:
    """A tool or a method may be called anything by a client, at any length."""
    mcp = server(LoggingMiddleware(), TimingMiddleware(), DetailedTimingMiddleware())
    name = "x\nevent=request_success method=forged" + "y" * 10_000

    ask(mcp, request("tools/call", name=name, arguments={}))
    ask(mcp, request("resources/read", uri="data://token=abc\n"))
    ask(mcp, request(name))

    texts = [each.getMessage() for each in caplog.records if each.name != "fastmcp.server.logged"]
    assert any("tool=x\\nevent=" in text for text in texts)
    assert not any("\n" in text or len(text) > 3000 or "abc" in text for text in texts)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_question_is_no_error(mode: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A run that waits for its client's answer ends with a line of its own."""
    mcp = server(LoggingMiddleware(), TimingMiddleware())

    async def yes(message: str, kind: Any, params: Any, context: Any) -> Any:
        return kind(value=True)

    async def main() -> Any:
        async with Client(mcp, mode=mode, elicitation_handler=yes) as client:
            return (await client.call_tool("confirm")).data

    assert asyncio.run(main()) == "True"
    events = [line.split()[0] for line in lines(caplog, PLAIN)]
    asked = ["event=request_start", "event=request_input_required"]
    whole = ["event=request_start", "event=request_success"]
    assert events == (whole if mode == "legacy" else asked + whole)
    timed = [re.sub(r"[\d.]+ms", "-", line) for line in lines(caplog, "fastmcp.timing")]
    completed = ["Request tools/call completed in -"]
    assert timed == (
        completed
        if mode == "legacy"
        else ["Request tools/call asked its client after -", *completed]
    )


def test_a_cancelled_request_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """It ends with a line, too."""
    mcp = server(LoggingMiddleware(), TimingMiddleware())

    async def main() -> None:
        async with conversation(mcp) as talk:
            talk.send(request("tools/call", 7, name="rest", arguments={}))
            await until(lambda: lines(caplog, PLAIN))
            talk.send(notification("notifications/cancelled", requestId=7))
            await until(lambda: len(lines(caplog, PLAIN)) == 2)

    asyncio.run(main())

    assert lines(caplog, PLAIN)[1].startswith("event=request_cancelled method=tools/call")
    assert "was cancelled after" in lines(caplog, "fastmcp.timing")[0]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def test_notifications_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """As what they are."""
    mcp = server(LoggingMiddleware(methods=["notifications/roots/list_changed"]))

    async def main() -> None:
        async with conversation(mcp) as talk:
            assert isinstance(talk, Conversation)
            talk.send(notification("notifications/roots/list_changed"))
            await until(lambda: len(lines(caplog, PLAIN, "notifications/")) == 2)

    asyncio.run(main())

    began, ended = lines(caplog, PLAIN, "notifications/")
    assert began.startswith("event=notification_start")
    assert ended.startswith("event=notification_success")


def test_timing_tells_what_took_how_long(caplog: pytest.LogCaptureFixture) -> None:
    """Of each request, and in detail of each use and listing."""
    mcp = server(TimingMiddleware(), DetailedTimingMiddleware())

    with http(mcp) as client:
        for message in (
            request("tools/call", name="login", arguments={"user": "a", "password": "b"}),
            request("tools/call", name="login", arguments={"user": "a", "password": "wrong"}),
            request("resources/read", uri="data://a"),
            request("prompts/get", name="greet", arguments={"name": "a"}),
            *map(request, ("tools/list", "resources/list", "prompts/list")),
            request("resources/templates/list"),
            request("nothing/known"),
        ):
            client.post(message)
        wait_until(lambda: "nothing/known" in caplog.text)

    plain = [re.sub(r"[\d.]+ms", "-", line) for line in lines(caplog, "fastmcp.timing", "")]
    detailed = [
        re.sub(r"[\d.]+ms", "-", line) for line in lines(caplog, "fastmcp.timing.detailed", "")
    ]
    failure = "password=[redacted] is not that of [redacted]\\nat all"
    assert plain[:2] == [
        "Request tools/call completed in -",
        f"Request tools/call failed after -: {failure}",
    ]
    assert plain[-1].startswith("Request nothing/known failed after -: Method not found")
    assert len(plain) == 9
    assert detailed == [
        "Tool 'login' completed in -",
        f"Tool 'login' failed after -: {failure}",
        "Resource 'data://a' completed in -",
        "Prompt 'greet' completed in -",
        "List tools completed in -",
        "List resources completed in -",
        "List prompts completed in -",
        "List resource templates completed in -",
    ]


def test_a_logger_and_a_level_of_ones_own(caplog: pytest.LogCaptureFixture) -> None:
    """All of them take both."""
    own = logging.getLogger("own")
    caplog.set_level(logging.DEBUG, "own")
    mcp = server(
        TimingMiddleware(own, logging.DEBUG),
        DetailedTimingMiddleware(logger=own, log_level=logging.DEBUG),
        LoggingMiddleware(logger=own, log_level=logging.DEBUG),
        StructuredLoggingMiddleware(logger=own, log_level=logging.DEBUG),
    )
    log_in(mcp)

    records = [each for each in caplog.records if "tools/call" in each.getMessage()]
    assert {(each.name, each.levelno) for each in records} == {("own", logging.DEBUG)}
    assert len(records) == 5


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LoggingMiddleware(max_payload_length=-1), "max_payload_length"),
        (lambda: LoggingMiddleware(methods="tools/call"), "methods="),  # type: ignore[arg-type]
        (lambda: TimingMiddleware(redact="no"), "redact="),  # type: ignore[arg-type]
    ],
)
def test_options_that_cannot_be_are_refused(make: Any, said: str) -> None:
    """By name."""
    with pytest.raises(ConfigurationError, match=said):
        make()


def test_an_unknown_method_is_answered_as_without_logging() -> None:
    """The error goes on as it was."""

    async def main() -> int:
        async with Client(server(LoggingMiddleware(), TimingMiddleware())) as client:
            with pytest.raises(McpError) as caught:
                await client.read_resource("nothing://here")
            return caught.value.code

    assert asyncio.run(main()) == -32602
