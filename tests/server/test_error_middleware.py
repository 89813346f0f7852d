"""Error handling and retries: what is counted, told, answered, and tried again."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx2
import pytest
from apps import request
from conversation import ask
from reaching import used

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import (
    AuthorizationError,
    ConfigurationError,
    McpError,
    PromptError,
    ResourceError,
    ToolError,
)
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.server.middleware.error_handling import ErrorHandlingMiddleware, RetryMiddleware

KINDS: dict[str, type[Exception]] = {
    each.__name__: each
    for each in (
        *(ValueError, TypeError, KeyError, FileNotFoundError, PermissionError, TimeoutError),
        *(RuntimeError, ToolError, ResourceError, PromptError, AuthorizationError),
    )
}


def server(*middleware: Middleware, **options: Any) -> FastMCP:
    mcp = FastMCP("handled", middleware=middleware, **options)

    @mcp.tool
    def fail(kind: str) -> str:
        raise KINDS[kind]("hidden text")

    @mcp.tool
    def wrapped() -> str:
        raise ToolError("said aloud") from KeyError("k")

    @mcp.tool
    def caused() -> str:
        raise ValueError("v") from KeyError("k")

    @mcp.tool
    def add(a: int) -> int:
        return a

    @mcp.tool
    async def confirm(ctx: Context) -> str:
        answer: Any = await ctx.elicit("Really?", bool)
        return str(answer.data)

    @mcp.tool
    async def clumsy(ctx: Context) -> str:
        try:
            answer: Any = await ctx.elicit("Really?", bool)
        except BaseException:
            raise ConnectionError("swallowed") from None
        return str(answer.data)

    @mcp.resource("data://{kind}")
    def read(kind: str) -> str:
        raise KINDS[kind]("hidden text")

    @mcp.prompt
    def greet(kind: str) -> str:
        raise KINDS[kind]("hidden text")

    return mcp


def error_of(mcp: FastMCP, method: str, **params: Any) -> tuple[int | None, str]:
    """The code and text of a failure, in the handshake era; of a result that says so, no code."""
    answer = ask(mcp, request(method, **params))
    if "error" in answer:
        return answer["error"]["code"], answer["error"]["message"]
    assert answer["result"]["isError"]
    return None, answer["result"]["content"][0]["text"]


def tool_error(mcp: FastMCP, name: str, **arguments: Any) -> tuple[int | None, str]:
    return error_of(mcp, "tools/call", name=name, arguments=arguments)


@pytest.mark.parametrize(
    ("kind", "code", "what"),
    [
        ("ValueError", -32602, "Invalid params"),
        ("TypeError", -32602, "Invalid params"),
        ("KeyError", -32001, "Not found"),
        ("FileNotFoundError", -32001, "Not found"),
        ("PermissionError", -32000, "Permission denied"),
        ("TimeoutError", -32000, "Request timeout"),
        ("RuntimeError", -32603, "Internal error"),
    ],
)
def test_errors_become_errors_of_the_protocol(kind: str, code: int, what: str) -> None:
    """By the kind of exception; what a masking server hides stays hidden."""
    detail = "'hidden text'" if kind == "KeyError" else "hidden text"
    failed = f"{what}: Error calling tool 'fail'"

    assert tool_error(server(ErrorHandlingMiddleware()), "fail", kind=kind) == (
        code,
        f"{failed}: {detail}",
    )
    masked = server(ErrorHandlingMiddleware(), mask_error_details=True)
    assert tool_error(masked, "fail", kind=kind) == (code, failed)


@pytest.mark.parametrize("masks", [False, True])
def test_texts_that_are_meant_to_be_read_are_never_hidden(masks: bool) -> None:
    """They follow what the error is called; a cause that was wrapped decides what that is."""
    mcp = server(ErrorHandlingMiddleware(), mask_error_details=masks)

    assert tool_error(mcp, "fail", kind="ToolError") == (-32603, "Internal error: hidden text")
    assert tool_error(mcp, "fail", kind="AuthorizationError") == (
        -32000,
        "Permission denied: hidden text",
    )
    assert tool_error(mcp, "wrapped") == (-32001, "Not found: said aloud")
    assert tool_error(mcp, "caused")[0] == -32602
    assert tool_error(mcp, "add", a="x")[1].startswith("Invalid params: ")


def test_resources_and_prompts_are_handled_alike() -> None:
    """What is not there is a missing resource there."""
    mcp = server(ErrorHandlingMiddleware())

    def read(kind: str) -> tuple[int | None, str]:
        return error_of(mcp, "resources/read", uri=f"data://{kind}")

    assert read("ValueError") == (
        -32602,
        "Invalid params: Error reading resource 'data://ValueError': hidden text",
    )
    assert read("KeyError") == (
        -32002,
        "Resource not found: Error reading resource 'data://KeyError': 'hidden text'",
    )
    assert read("ResourceError") == (-32603, "Internal error: hidden text")
    assert error_of(mcp, "prompts/get", name="greet", arguments={"kind": "ValueError"}) == (
        -32602,
        "Invalid params: Error rendering prompt 'greet': hidden text",
    )


def test_errors_of_the_protocol_stay_as_they_are() -> None:
    """Their code and their text were chosen."""
    mcp = server(ErrorHandlingMiddleware())

    @mcp.tool
    def own() -> str:
        raise McpError(code=-32099, message="as I say")

    assert tool_error(mcp, "own") == (-32099, "as I say")
    assert tool_error(mcp, "nothing") == tool_error(server(), "nothing")
    assert error_of(mcp, "resources/read", uri="no://x") == error_of(
        server(), "resources/read", uri="no://x"
    )


@pytest.mark.parametrize("kind", ["ValueError", "ToolError"])
def test_errors_may_be_left_alone(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """`transform_errors=False` logs and counts."""
    handling = ErrorHandlingMiddleware(transform_errors=False)

    assert tool_error(server(handling), "fail", kind=kind) == tool_error(
        server(), "fail", kind=kind
    )
    assert handling.get_error_stats() == {f"{kind}:tools/call": 1}
    assert f"Error in tools/call: {kind}: hidden text" in caplog.text


def test_a_service_that_fails_is_told_of_as_without_the_middleware() -> None:
    """What a model can do about it is said, and not its address."""
    mcp = server(ErrorHandlingMiddleware())

    @mcp.tool
    def fetch() -> str:
        raise httpx2.ReadTimeout("https://internal.example/?key=1")

    code, text = tool_error(mcp, "fetch")

    assert code == -32603
    assert text.endswith(tool_error(server_with(mcp, "fetch"), "fetch")[1])
    assert "internal.example" not in text


def server_with(other: FastMCP, name: str) -> FastMCP:
    """A server without middleware that has a tool of another."""
    mcp = FastMCP("plain")
    tool = other._parts.catalogue.tools.find(name)
    assert tool is not None
    mcp.add_tool(tool)
    return mcp


def test_the_traceback_is_logged_if_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    """Without the secrets in it."""
    mcp = server(ErrorHandlingMiddleware(include_traceback=True))

    @mcp.tool
    def leak() -> str:
        raise RuntimeError("token=abc\nof jane@example.com")

    tool_error(mcp, "leak")

    (record,) = [each for each in caplog.records if each.name == "fastmcp.errors"]
    first, _, rest = record.getMessage().partition("\n")
    assert first == "Error in tools/call: RuntimeError: token=[redacted]\\nof [redacted]"
    assert rest.startswith("Traceback (most recent call last):")
    assert "RuntimeError: token=[redacted]\nof [redacted]" in rest


def test_callbacks_may_be_async_and_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    """The answer is the same."""
    seen: list[Any] = []

    async def slow(error: Exception, context: MiddlewareContext[Any]) -> None:
        await asyncio.sleep(0)
        seen.append((type(error), context.message.name))

    def broken(error: Exception, context: MiddlewareContext[Any]) -> None:
        raise RuntimeError("no pager")

    outer = ErrorHandlingMiddleware(error_callback=broken)
    mcp = server(outer, ErrorHandlingMiddleware(error_callback=slow, transform_errors=False))

    assert tool_error(mcp, "fail", kind="ValueError")[0] == -32602
    assert seen == [(ValueError, "fail")]
    assert "Error in error callback: no pager" in caplog.text


def test_made_up_methods_have_one_count() -> None:
    """However many a client makes up, the statistics stay small."""
    handling = ErrorHandlingMiddleware()
    mcp = server(handling)
    for number in range(5):
        ask(mcp, request(f"made/up/{number}"))

    assert handling.get_error_stats() == {"MethodNotFound:unknown": 5}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("tool", ["confirm", "clumsy"])
def test_a_question_is_neither_counted_nor_tried_again(mode: Any, tool: str) -> None:
    """Not even where the function makes something else of being interrupted."""
    handling = ErrorHandlingMiddleware()
    retry = RetryMiddleware(base_delay=60)

    async def yes(message: str, kind: Any, params: Any, context: Any) -> Any:
        return kind(value=True)

    async def use(client: Client) -> Any:
        return (await client.call_tool(tool)).data

    mcp = server(handling, retry)
    assert used(mcp, use, mode=mode, elicitation_handler=yes) == "True"
    assert handling.get_error_stats() == {}


def test_what_failed_for_now_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """As often as is allowed, and the log says so."""
    mcp = FastMCP("flaky", middleware=[RetryMiddleware(base_delay=0.001)])
    tries: list[int] = []

    @mcp.tool
    def flaky(times: int) -> int:
        tries.append(1)
        if len(tries) <= times:
            raise ConnectionError("refused by token=abc")
        return len(tries)

    async def use(client: Client) -> Any:
        return (await client.call_tool("flaky", {"times": 3})).data

    assert used(mcp, use) == 4
    said = [each.getMessage() for each in caplog.records if each.name == "fastmcp.retry"]
    assert said[0] == (
        "Request tools/call failed (attempt 1/4): ConnectionError: refused by token=[redacted]. "
        "Retrying in 0.0s..."
    )
    assert len(said) == 3


@pytest.mark.parametrize(
    ("options", "kind", "tries"),
    [
        ({}, ConnectionRefusedError, 4),
        ({"max_retries": 1}, TimeoutError, 2),
        ({"max_retries": 0}, TimeoutError, 1),
        ({}, ValueError, 1),
        ({"retry_exceptions": (ValueError,)}, UnicodeError, 4),
        ({"retry_exceptions": ValueError}, ValueError, 4),
    ],
)
def test_only_some_errors_are_tried_again(
    options: dict[str, Any], kind: type[Exception], tries: int
) -> None:
    """Those that are named, their subclasses, and what was raised because of one."""
    count = 0
    mcp = FastMCP("flaky", middleware=[RetryMiddleware(base_delay=0, **options)])

    @mcp.tool
    def fails() -> str:
        nonlocal count
        count += 1
        raise kind("again")

    @mcp.tool
    def wraps() -> str:
        nonlocal count
        count += 1
        raise ToolError("again") from kind("again")

    assert tool_error(mcp, "fails") == (None, "Error calling tool 'fails': again")
    assert count == tries
    assert tool_error(mcp, "wraps") == (None, "again")
    assert count == 2 * tries


@pytest.mark.parametrize(
    ("options", "delays"),
    [
        ({"max_retries": 4, "base_delay": 0.04, "max_delay": 0.2}, ["0.0", "0.1", "0.2", "0.2"]),
        ({"max_retries": 2, "base_delay": 0.1, "backoff_multiplier": 0.5}, ["0.1", "0.1"]),
        ({"max_retries": 400, "max_delay": 0, "backoff_multiplier": 10.0}, ["0.0"] * 400),
    ],
)
def test_delays_grow_up_to_the_longest(
    options: dict[str, Any], delays: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """From the base, by the multiplier, however many retries there are."""
    mcp = FastMCP("down", middleware=[RetryMiddleware(**options)])

    @mcp.tool
    def fails() -> str:
        raise ConnectionError("down")

    tool_error(mcp, "fails")

    said = [each.getMessage() for each in caplog.records if each.name == "fastmcp.retry"]
    assert [text.rpartition("Retrying in ")[2] for text in said] == [
        f"{delay}s..." for delay in delays
    ]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_retry_finds_the_answers_again_that_were_given(mode: Any) -> None:
    """Where questions are recorded, a function that asks and then fails asks its client once."""
    mcp = FastMCP("asks", middleware=[RetryMiddleware(base_delay=0)])
    asked: list[str] = []
    runs: list[str] = []

    @mcp.tool
    async def order(ctx: Context) -> str:
        answer: Any = await ctx.elicit("Which?", str)
        runs.append(answer.data)
        if len(runs) < 3:
            raise ConnectionError("not now")
        return answer.data

    async def tea(message: str, kind: Any, params: Any, context: Any) -> Any:
        asked.append(message)
        return kind(value="tea")

    async def use(client: Client) -> Any:
        return (await client.call_tool("order")).data

    assert used(mcp, use, mode=mode, elicitation_handler=tea) == "tea"
    assert runs == ["tea"] * 3
    assert len(asked) == (3 if mode == "legacy" else 1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RetryMiddleware(max_retries=-1), "max_retries"),
        (lambda: RetryMiddleware(base_delay=-1), "base_delay"),
        (lambda: RetryMiddleware(retry_exceptions=("x",)), "classes of exceptions"),  # type: ignore[arg-type]
        (lambda: ErrorHandlingMiddleware(error_callback="x"), "error_callback"),  # type: ignore[arg-type]
    ],
)
def test_options_that_cannot_be_are_refused(make: Any, said: str) -> None:
    """By name."""
    with pytest.raises(ConfigurationError, match=said):
        make()


def test_both_work_outside_of_a_server(caplog: pytest.LogCaptureFixture) -> None:
    """As tests of FastMCP's users call them."""
    context: MiddlewareContext[Any] = MiddlewareContext(message=None, method="test/method")

    async def fails(context: MiddlewareContext[Any]) -> Any:
        raise ValueError("bad")

    async def main(middleware: Middleware) -> Exception:
        with pytest.raises(Exception) as caught:
            await middleware(context, fails)
        return caught.value

    error = asyncio.run(main(ErrorHandlingMiddleware(logging.getLogger("own"))))
    assert isinstance(error, McpError)
    assert (error.code, error.message) == (-32602, "Invalid params: bad")
    assert isinstance(asyncio.run(main(RetryMiddleware())), ValueError)
