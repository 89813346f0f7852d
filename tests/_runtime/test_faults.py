"""Which JSON-RPC error answers a request, by what it raised."""

from __future__ import annotations

import asyncio
import logging

import pytest
from msgspec import Raw

from fastmcp import exceptions as e
from fastmcp._runtime.faults import resource_not_found, to_error
from fastmcp.wire.revisions import HANDSHAKE_REVISIONS, R2025_11_25, R2026_07_28, REVISIONS

SECRET = "the password is 1234"


def error_of(fault: BaseException, *, masked: bool = False) -> e.McpError:
    """The error for a request of the latest revision."""
    return to_error(
        fault, method="tools/call", params=Raw(b"{}"), revision=R2026_07_28, masked=masked
    )


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (e.NotFoundError(SECRET), -32602),
        (e.DisabledError(SECRET), -32602),
        (e.ValidationError(SECRET), -32602),
        (e.PromptError(SECRET), -32603),
        (e.ResourceError(SECRET), -32603),
        (e.AuthorizationError(SECRET), -32603),
        (e.ParseError(SECRET), -32700),
        (e.InvalidRequest(SECRET), -32600),
        (e.MethodNotFound(SECRET), -32601),
        (e.InvalidParams(SECRET), -32602),
        (e.HeaderMismatch(SECRET), -32020),
        (e.MissingCapability(SECRET), -32021),
        (e.UnsupportedVersion(SECRET), -32022),
        (e.McpError(code=42, message=SECRET), 42),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_was_written_for_the_peer_is_said_as_it_is(
    fault: Exception, code: int, masked: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Masked or not, and without a word in the log."""
    error = error_of(fault, masked=masked)

    assert (error.code, error.message) == (code, SECRET)
    assert caplog.records == []


@pytest.mark.parametrize(
    "fault",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        OSError(SECRET),
        RuntimeError(SECRET),
        e.ConfigurationError(SECRET),
        SystemExit(SECRET),
        asyncio.CancelledError(SECRET),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_any_other_exception_is_an_internal_error(
    fault: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """Logged with its traceback; its text is hidden when masked."""
    shown, hidden = error_of(fault), error_of(fault, masked=True)

    assert (shown.code, hidden.code) == (-32603, -32603)
    assert SECRET in shown.message and hidden.message == "Internal error"
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert all(record.exc_info and record.exc_info[1] is fault for record in caplog.records)


@pytest.mark.parametrize("kind", [e.ClientError, e.TimedOut])
def test_what_another_service_is_to_blame_for_is_logged_in_a_line(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    """Its traceback would tell nothing; the answer is that of any other exception."""
    shown, hidden = error_of(kind(SECRET)), error_of(kind(SECRET), masked=True)

    assert (shown.code, hidden.code) == (-32603, -32603)
    assert SECRET in shown.message and hidden.message == "Internal error"
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert not any(record.exc_info for record in caplog.records)


def test_an_exception_without_text_is_named() -> None:
    """An empty message would say nothing."""
    assert error_of(ZeroDivisionError()).message == "Internal error: ZeroDivisionError"


def test_an_exception_whose_text_cannot_be_had_is_named() -> None:
    """Its request is answered all the same."""

    class Speechless(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert error_of(Speechless()).message == "Internal error: Speechless"


def test_the_data_of_an_error_goes_with_it() -> None:
    """As the component set it."""
    assert error_of(e.McpError(code=1, message="m", data={"a": 1})).data == {"a": 1}


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=str)
def test_a_missing_resource_has_the_code_of_its_revision(revision: object) -> None:
    """-32002 up to 2025-11-25, then -32602; the URI is in the data of both."""
    fault = resource_not_found("data://x")
    error = to_error(
        fault, method="resources/read", params=Raw(b"{}"), revision=revision, masked=True
    )  # type: ignore[arg-type]

    assert error.code == (-32002 if revision in HANDSHAKE_REVISIONS else -32602)
    assert error.data == {"uri": "data://x"} and "data://x" in error.message


def test_other_codes_are_the_same_in_every_revision() -> None:
    """Only that one has moved."""
    fault = e.McpError(code=-32042, message="go there")

    assert (
        to_error(fault, method="tools/call", params=Raw(b"{}"), revision=R2025_11_25, masked=False)
        is fault
    )
    assert error_of(fault) is fault
