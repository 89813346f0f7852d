"""Arguments kept raw, structured content that may be null, results that are never too short."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, Raw

from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolRequestParams, CallToolResult, ListToolsResult


def test_arguments_are_kept_raw() -> None:
    """Decoding leaves the bytes to whoever knows the tool."""
    data = b'{"name":"t","arguments":{"a": 1.50}}'
    params = msgspec.json.decode(data, type=CallToolRequestParams)
    assert isinstance(params.arguments, Raw)
    assert bytes(params.arguments) == b'{"a": 1.50}'
    assert msgspec.json.encode(params) == data


def test_absent_arguments_stay_absent() -> None:
    """No arguments is not null arguments."""
    params = msgspec.json.decode(b'{"name":"t"}', type=CallToolRequestParams)
    assert params.arguments is UNSET
    assert msgspec.json.encode(params) == b'{"name":"t"}'


def test_arguments_may_be_given_as_a_dict() -> None:
    """Whoever sends need not encode beforehand."""
    params = CallToolRequestParams(name="t", arguments={"a": [None]})
    assert json.loads(msgspec.json.encode(params)) == {"name": "t", "arguments": {"a": [None]}}


@pytest.mark.parametrize(
    ("text", "value", "given"),
    [
        ("", None, False),
        (',"structuredContent":null', None, True),
        (',"structuredContent":{"a":1}', {"a": 1}, True),
        (',"structuredContent":[]', [], True),
        (',"structuredContent":0', 0, True),
        (',"structuredContent":false', False, True),
    ],
)
def test_structured_content_tells_null_from_absent(text: str, value: Any, given: bool) -> None:
    """Reading is convenient, `has_structured_content` and the wire are exact."""
    data = f'{{"content":[]{text}}}'.encode()
    result = msgspec.json.decode(data, type=CallToolResult)
    assert result.structured_content == value
    assert result.has_structured_content is given
    assert msgspec.json.encode(result) == data


def test_null_structured_content_can_be_given_and_survives_a_dump() -> None:
    """None given is null sent, even when dumping without nulls."""
    result = CallToolResult(content=[], structured_content=None)
    assert msgspec.json.encode(result) == b'{"content":[],"structuredContent":null}'
    assert result.model_dump(exclude_none=True)["structuredContent"] is None
    assert "structuredContent" not in CallToolResult(content=[]).model_dump()


def test_structured_content_can_be_spliced() -> None:
    """JSON that is already encoded goes out byte for byte."""
    result = CallToolResult(content=[], structured_content=Raw(b'{"a":  1e2}'))
    assert msgspec.json.encode(result) == b'{"content":[],"structuredContent":{"a":  1e2}}'


def test_structured_content_can_be_set_and_unset_later() -> None:
    """Assignment works in both spellings; UNSET takes it away again."""
    result: Any = CallToolResult(content=[])
    result.structuredContent = {"a": 1}
    assert result.structured_content == {"a": 1}
    result.structured_content = UNSET
    assert msgspec.json.encode(result) == b'{"content":[]}'


def test_content_is_sent_even_when_empty() -> None:
    """The list is mandatory, also for results that were given none."""
    assert msgspec.json.encode(CallToolResult()) == b'{"content":[]}'


def test_content_may_be_missing_in_what_we_receive() -> None:
    """A server that sends only structured content is understood."""
    result = msgspec.json.decode(b'{"structuredContent":{"a":1}}', type=CallToolResult)
    assert (result.content, result.structured_content) == ([], {"a": 1})


def test_two_results_do_not_share_their_content() -> None:
    """The empty list of one is not that of another."""
    first = CallToolResult()
    first.content.append(TextContent(text="x"))
    assert CallToolResult().content == []


def test_an_empty_cursor_is_a_cursor() -> None:
    """Pages end by absence, not by emptiness."""
    page = msgspec.json.decode(b'{"tools":[],"nextCursor":""}', type=ListToolsResult)
    assert page.next_cursor == ""
    assert msgspec.json.encode(page) == b'{"nextCursor":"","tools":[]}'


def test_unknown_meta_members_survive() -> None:
    """`_meta` belongs to whoever writes it."""
    data = b'{"_meta":{"com.example/x":{"deep":[null]}},"name":"t"}'
    params = msgspec.json.decode(data, type=CallToolRequestParams)
    assert params.meta == {"com.example/x": {"deep": [None]}}
    assert msgspec.json.encode(params) == data
