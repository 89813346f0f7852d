"""Failures: what the client is told, per kind of failure and per revision."""

from __future__ import annotations

import logging
from shutil import disk_usage
from traceback import extract_tb
from typing import Any

import httpx2
import mcp.shared.exceptions as official
import pytest
from apps import MODERN, call, request
from conversation import REVISIONS, ask

from fastmcp import FastMCP
from fastmcp.exceptions import (
    AuthorizationError,
    McpError,
    NotFoundError,
    PromptError,
    ResourceError,
    ToolError,
)
from fastmcp.server.middleware import Middleware, MiddlewareContext

EARLY = ["2024-11-05", "2025-03-26", "2025-06-18"]
LATE = ["2025-11-25", MODERN]


def server(**options: Any) -> FastMCP:
    mcp = FastMCP("x", **options)

    @mcp.tool
    def add(a: int) -> int:
        return a

    @mcp.tool
    def refuse() -> str:
        raise ToolError("out of paper")

    @mcp.tool
    async def crash() -> str:
        raise RuntimeError("secret")

    @mcp.tool
    def crash_in_thread() -> str:
        raise RuntimeError("secret")

    @mcp.tool
    def protocol() -> str:
        raise McpError(code=-32042, message="as it is", data={"a": 1})

    @mcp.tool
    def forbid() -> str:
        raise AuthorizationError("not for you")

    @mcp.tool
    def surrogate() -> str:
        raise ToolError("lone \ud800 surrogate")

    @mcp.resource("data://crash")
    def crash_resource() -> str:
        raise RuntimeError("secret")

    @mcp.resource("data://refuse")
    def refuse_resource() -> str:
        raise ResourceError("closed today")

    @mcp.resource("data://deleted/{number}")
    def deleted(number: int) -> str:
        raise NotFoundError(f"Document {number} was deleted")

    @mcp.resource("data://typed/{number}")
    def typed(number: int) -> str:
        return str(number)

    @mcp.prompt
    def crash_prompt() -> str:
        raise RuntimeError("secret")

    @mcp.prompt
    def refuse_prompt() -> str:
        raise PromptError("ask later")

    @mcp.prompt
    def typed_prompt(number: int) -> str:
        return str(number)

    return mcp


def error_of(message: Any, revision: str, **options: Any) -> dict[str, Any]:
    answer = ask(server(**options), message, revision)
    assert "result" not in answer
    assert answer["id"] == message["id"]
    return answer["error"]


def failure_of(message: Any, revision: str, **options: Any) -> str:
    """The text of a result that says it is an error."""
    result = ask(server(**options), message, revision)["result"]
    assert result["isError"] is True
    assert "structuredContent" not in result
    assert [block["type"] for block in result["content"]] == ["text"]
    return result["content"][0]["text"]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_tool_error_is_a_result_for_the_model(revision: str) -> None:
    """ToolError's text arrives untouched, masked or not, in every revision."""
    assert failure_of(call("refuse"), revision) == "out of paper"
    assert failure_of(call("refuse"), revision, mask_error_details=True) == "out of paper"


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_exception_is_a_result_that_names_the_tool(
    revision: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The text tells what happened unless it is masked; the log has the traceback."""
    plain = failure_of(call("crash"), revision)
    masked = failure_of(call("crash"), revision, mask_error_details=True)

    assert "'crash'" in plain
    assert "secret" in plain
    assert "'crash'" in masked
    assert "secret" not in masked
    assert "Traceback" not in plain + masked
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info is not None for record in errors] == [True, True]


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("masked", [False, True])
def test_a_protocol_error_raised_in_a_tool_passes_through(revision: str, masked: bool) -> None:
    """McpError is answered as the JSON-RPC error that it is, unmasked."""
    error = error_of(call("protocol"), revision, mask_error_details=masked)

    assert error == {"code": -32042, "message": "as it is", "data": {"a": 1}}


def test_a_refusal_of_authorization_is_told() -> None:
    """AuthorizationError is meant for the caller, masked or not."""
    assert failure_of(call("forbid"), MODERN, mask_error_details=True) == "not for you"


def test_text_that_is_no_utf_8_is_still_an_answer() -> None:
    """A lone surrogate in an error's text is escaped: the client must get an answer."""
    assert failure_of(call("surrogate"), MODERN) == r"lone \ud800 surrogate"


@pytest.mark.parametrize("arguments", [{}, {"a": "many"}, {"a": 1, "b": 2}], ids=str)
@pytest.mark.parametrize("revision", EARLY)
def test_bad_arguments_are_a_protocol_error_until_2025_06_18(
    revision: str, arguments: dict[str, Any]
) -> None:
    """-32602, as those revisions say."""
    assert error_of(call("add", **arguments), revision)["code"] == -32602


@pytest.mark.parametrize("arguments", [{}, {"a": "many"}, {"a": 1, "b": 2}], ids=str)
@pytest.mark.parametrize("revision", LATE)
def test_bad_arguments_are_the_models_to_correct_since_2025_11_25(
    revision: str, arguments: dict[str, Any]
) -> None:
    """A result with isError (SEP-1303)."""
    assert "'add'" in failure_of(call("add", **arguments), revision)


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize(
    "message",
    [
        call("absent"),
        request("prompts/get", name="absent"),
        request("prompts/get", name="typed_prompt"),
        request("prompts/get", name="typed_prompt", arguments={"number": "many"}),
        request("resources/read", uri="data://typed/many"),
        request("tools/call"),
        request("tools/call", name=5),
        request("resources/read"),
        request("tools/list", cursor="bm8="),
    ],
    ids=lambda message: f"{message['method']}-{message['params']}",
)
def test_what_a_request_names_wrongly_is_invalid_params(
    message: dict[str, Any], revision: str
) -> None:
    """Unknown names, missing and mistyped parameters are -32602 in every revision."""
    assert error_of(message, revision)["code"] == -32602


@pytest.mark.parametrize(
    "uri", ["data://absent", "nonsense", "data://typed/1/2", "data://deleted/7"]
)
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_missing_resource_has_the_code_of_its_revision(revision: str, uri: str) -> None:
    """-32002 with the URI as data; -32602 since 2026-07-28."""
    error = error_of(request("resources/read", uri=uri), revision)

    assert error["code"] == (-32602 if revision == MODERN else -32002)
    assert error["data"] == {"uri": uri}
    assert ("was deleted" in error["message"]) == ("deleted" in uri)


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_unknown_method_is_not_found(revision: str) -> None:
    """-32601, for nonsense and for methods of another era."""
    other = "ping" if revision == MODERN else "server/discover"

    assert error_of(request("tools/explode"), revision)["code"] == -32601
    assert error_of(request(other), revision)["code"] == -32601


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize(
    "message",
    [
        request("resources/read", uri="data://crash"),
        request("prompts/get", name="crash_prompt"),
    ],
    ids=lambda message: message["method"],
)
def test_an_exception_in_a_resource_or_prompt_is_an_internal_error(
    message: dict[str, Any], revision: str
) -> None:
    """-32603; the text is masked on demand."""
    plain = error_of(message, revision)
    masked = error_of(message, revision, mask_error_details=True)

    assert (plain["code"], masked["code"]) == (-32603, -32603)
    assert "secret" in plain["message"]
    assert "secret" not in masked["message"]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (request("resources/read", uri="data://refuse"), "closed today"),
        (request("prompts/get", name="refuse_prompt"), "ask later"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["method"],
)
def test_an_error_meant_for_the_client_is_never_masked(message: dict[str, Any], text: str) -> None:
    """ResourceError and PromptError reach the client with their text."""
    assert error_of(message, MODERN, mask_error_details=True)["message"] == text


class Raiser(Middleware):
    async def on_request(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
        raise ValueError("secret")


def test_an_exception_in_middleware_is_answered_like_one_in_a_component() -> None:
    """A failed call for a tool, an internal error elsewhere; masked on demand."""
    options: dict[str, Any] = {"mask_error_details": True, "middleware": [Raiser()]}

    error = error_of(request("tools/list"), MODERN, **options)

    assert (error["code"], "secret" in error["message"]) == (-32603, False)
    assert failure_of(call("add", a=1), MODERN, **options) == "Error calling tool 'add'"


def test_the_official_error_can_be_wrapped() -> None:
    """An object with code, message and data makes an McpError, as users of the SDK write it."""
    theirs = official.MCPError(code=-32001, message="theirs", data=[1])

    mine = McpError(theirs.error)

    assert (mine.code, mine.message, mine.data) == (-32001, "theirs", [1])
    assert str(mine) == "theirs"


def test_a_value_that_does_not_fit_the_annotation_is_not_told_to_the_client() -> None:
    """The mistake is named, what the function returned is not."""
    mcp = FastMCP("x", mask_error_details=True)

    @mcp.tool
    def count() -> int:
        return "secret"  # type: ignore[return-value]

    @mcp.tool
    def unwritable() -> Any:
        return {"secret": object()}

    for name, mistake in (("count", "valid integer"), ("unwritable", "as JSON")):
        result = ask(mcp, call(name), MODERN)["result"]
        assert result["isError"] is True
        assert mistake in result["content"][0]["text"]
        assert "secret" not in result["content"][0]["text"]


def refused_upstream(status: int) -> Exception:
    asked = httpx2.Request("GET", "https://secret.example.com")
    answer = httpx2.Response(status, request=asked)
    return httpx2.HTTPStatusError("secret", request=asked, response=answer)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (refused_upstream(429), "limiting its rate; try again later"),
        (httpx2.ReadTimeout("secret"), "did not answer in time; try again"),
        (refused_upstream(500), "Error calling tool 'ask'"),
    ],
    ids=["429", "timeout", "500"],
)
def test_what_a_model_can_do_about_another_service_is_told(error: Exception, text: str) -> None:
    """Also when details are masked: that it is busy or slow is no secret."""
    mcp = FastMCP("x", mask_error_details=True)

    @mcp.tool(name="ask")
    @mcp.resource("data://ask")
    async def asking() -> None:
        raise error

    told = ask(mcp, call("ask"), MODERN)["result"]
    read = ask(mcp, request("resources/read", uri="data://ask"), MODERN)["error"]["message"]

    assert told["isError"] and text in told["content"][0]["text"]
    assert "secret" not in told["content"][0]["text"] + read
    assert text in read or read == "Internal error"


def test_failures_are_logged_at_the_level_of_the_error(caplog: pytest.LogCaptureFixture) -> None:
    """An error can be an ordinary event; arguments that do not fit are a warning, without them."""
    mcp = FastMCP("x")

    @mcp.tool
    def fail(level: int) -> None:
        raise ToolError("out of paper", log_level=level)

    with caplog.at_level(logging.DEBUG):
        ask(mcp, call("fail", level=logging.INFO), MODERN)
        ask(mcp, call("fail", level="secret"), MODERN)

    logged = [(r.levelno, r.getMessage()) for r in caplog.records if "fail" in r.getMessage()]
    assert logged[0] == (logging.INFO, "Error calling tool 'fail': out of paper")
    assert logged[1][0] == logging.WARNING and "level" in logged[1][1]
    assert "secret" not in caplog.text


def logged_frames(message: Any, caplog: pytest.LogCaptureFixture, mcp: FastMCP) -> list[str]:
    """The functions in the traceback that is logged of a request."""
    ask(mcp, message, MODERN)
    fault = caplog.records[-1].exc_info
    assert fault is not None
    return [frame.name for frame in extract_tb(fault[2])]


@pytest.mark.parametrize(
    ("message", "function"),
    [
        (call("crash"), "crash"),
        (call("crash_in_thread"), "crash_in_thread"),
        (request("resources/read", uri="data://crash"), "crash_resource"),
        (request("prompts/get", name="crash_prompt"), "crash_prompt"),
    ],
)
def test_a_logged_traceback_begins_at_the_users_function(
    message: Any, function: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What called it is not there."""
    assert logged_frames(message, caplog, server()) == [function]


def test_a_logged_traceback_begins_at_the_users_middleware(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All is there from the outermost function of the user on."""
    mcp = server()

    @mcp.add_middleware
    async def outer(context: MiddlewareContext[Any], call_next: Any) -> Any:
        return await call_next(context)

    frames = logged_frames(call("crash"), caplog, mcp)
    assert (frames[0], frames[-1]) == ("outer", "crash")


def test_a_traceback_without_a_function_of_the_user_is_logged_whole(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A tool may be a function of a library."""
    mcp = FastMCP("x")
    mcp.tool(disk_usage)

    frames = logged_frames(call("disk_usage", path="/nowhere"), caplog, mcp)
    assert frames[-1] == "disk_usage"
    assert len(frames) > 1
