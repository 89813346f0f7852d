"""Header values: the sentinel encoding of PROTOCOL 4.1, repeated names, and `Accept`."""

from __future__ import annotations

import pytest

from fastmcp._protocol.headers import accepts, decode_header, encode_header, read_headers
from fastmcp.exceptions import HeaderMismatch

JSON = "application/json"
SSE = "text/event-stream"


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("plain text, with commas", "plain text, with commas"),
        ("a\tb", "a\tb"),
        ("\ttab first", "=?base64?CXRhYiBmaXJzdA==?="),
        ("two\nlines", "=?base64?dHdvCmxpbmVz?="),
        ("\x7f", "=?base64?fw==?="),
        ("é", "=?base64?w6k=?="),
        ("=?base64?only begun", "=?base64?only begun"),
        ("only ended?=", "only ended?="),
        ("", ""),
    ],
)
def test_text_is_encoded_when_a_header_cannot_carry_it(value: str, header: str) -> None:
    """The vectors of PROTOCOL 4.1 and their neighbours, both ways."""
    assert encode_header(value) == header
    assert decode_header(header, "Mcp-Name") == value


@pytest.mark.parametrize(
    ("value", "header"),
    [(42, "42"), (-7, "-7"), (0, "0"), (True, "true"), (False, "false")],
)
def test_numbers_and_booleans_are_written_as_in_json(value: int | bool, header: str) -> None:
    """True is no 1."""
    assert encode_header(value) == header


@pytest.mark.parametrize(
    "header", ["=?base64?%%%?=", "=?base64?YQ?=", "=?base64?/w==?=", "=?base64?é?="]
)
def test_a_sentinel_that_is_not_base64_of_utf8_is_a_mismatch(header: str) -> None:
    """The text names the header."""
    with pytest.raises(HeaderMismatch, match="Mcp-Name"):
        decode_header(header, "Mcp-Name")


@pytest.mark.parametrize("header", ["=?Base64?YQ==?=", "=?base64?YQ==", "YQ==?=", "=?utf-8?q?a?="])
def test_what_only_resembles_a_sentinel_is_itself(header: str) -> None:
    """The markers are exact."""
    assert decode_header(header, "Mcp-Name") == header


def test_a_value_is_read_without_the_space_around_it() -> None:
    """Optional whitespace is no part of a value (RFC 9110, section 5.5)."""
    headers = read_headers([(b"mcp-name", b" \ta b\t ")])

    assert headers.get(b"mcp-name") == "a b"


def test_a_missing_header_is_none_and_an_empty_one_is_not() -> None:
    """The two are told apart."""
    headers = read_headers([(b"mcp-name", b"")])

    assert headers.get(b"mcp-name") == ""
    assert headers.get(b"mcp-method") is None


def test_bytes_that_are_not_ascii_can_be_read() -> None:
    """HTTP has them as they are."""
    assert read_headers([(b"mcp-name", b"\xff")]).get(b"mcp-name") == "\xff"


def test_repeated_names_are_known() -> None:
    """Whatever their values."""
    headers = read_headers([(b"a", b"1"), (b"b", b"1"), (b"a", b"1"), (b"c", b"1"), (b"c", b"2")])

    assert headers.repeated == {b"a", b"c"}
    assert read_headers([(b"a", b"1"), (b"b", b"1")]).repeated == frozenset()


@pytest.mark.parametrize(
    ("header", "json", "sse"),
    [
        (None, True, True),
        ("*/*", True, True),
        ("application/json, text/event-stream", True, True),
        ("application/json,text/event-stream", True, True),
        ("application/json", True, False),
        ("text/event-stream", False, True),
        ("Application/JSON", True, False),
        ("application/*", True, False),
        ("text/*", False, True),
        ("text/html, */*;q=0.8", True, True),
        ("application/json;q=0.1, text/event-stream;q=1.0", True, True),
        ("application/json; charset=utf-8", True, False),
        ("application/json;q=0", False, False),
        ("application/json;q=0.000, text/event-stream", False, True),
        ("application/json ; Q=0 , text/event-stream", False, True),
        ("application/json;q=0.001", True, False),
        ("text/event-stream;q=0, */*", True, False),
        ("*/*;q=0, application/json", True, False),
        ("*/*, application/json;q=0", False, True),
        ("text/*;q=0.5, text/event-stream;q=0", False, False),
        ("application/*;q=0, application/json", True, False),
        ("text/plain", False, False),
        ("application/jsonx", False, False),
        ("", False, False),
        (",;,;q=,", False, False),
    ],
)
def test_accept_is_read_with_its_wildcards_and_weights(
    header: str | None, json: bool, sse: bool
) -> None:
    """The most specific range decides, and a weight of zero refuses (RFC 9110, section 12.5.1)."""
    assert (accepts(header, JSON), accepts(header, SSE)) == (json, sse)
