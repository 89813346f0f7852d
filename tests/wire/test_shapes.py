"""The reserved `_meta` keys, and members that must not be lost for being empty."""

from __future__ import annotations

import mcp_types._v2026_07_28 as v2026
import msgspec
import pytest

from fastmcp.wire import shapes
from fastmcp.wire.shapes import CacheableResult, EmptyResult, PaginatedRequestParams


def test_request_keys_are_the_official_ones() -> None:
    """The keys of the modern envelope are spelt as the schema spells them."""
    official = {field.alias or name for name, field in v2026.RequestMetaObject.model_fields.items()}
    assert official == {
        shapes.META_PROTOCOL_VERSION,
        shapes.META_CLIENT_CAPABILITIES,
        shapes.META_CLIENT_INFO,
        shapes.META_LOG_LEVEL,
        shapes.META_PROGRESS_TOKEN,
    }


def test_result_and_notification_keys_are_the_official_ones() -> None:
    """The keys a server writes are spelt as the schema spells them."""
    fields = v2026.SubscriptionsListenResultMeta.model_fields.values()
    assert {field.alias for field in fields} == {
        shapes.META_SERVER_INFO,
        shapes.META_SUBSCRIPTION_ID,
    }


def test_an_empty_result_is_an_empty_object() -> None:
    """Handshake peers get nothing that they would not know."""
    assert msgspec.json.encode(EmptyResult()) == b"{}"
    assert msgspec.json.encode(EmptyResult(result_type="complete")) == b'{"resultType":"complete"}'


def test_no_time_to_live_is_written_when_given() -> None:
    """Zero is a hint; None is its absence."""
    assert msgspec.json.encode(CacheableResult(ttl_ms=0)) == b'{"ttlMs":0}'


@pytest.mark.parametrize("text", ['""', '"c"'])
def test_cursors_are_kept(text: str) -> None:
    """An empty cursor is a cursor, and null is none."""
    data = f'{{"cursor":{text}}}'.encode()
    assert msgspec.json.encode(msgspec.json.decode(data, type=PaginatedRequestParams)) == data
    null = msgspec.json.decode(b'{"cursor":null}', type=PaginatedRequestParams)
    assert null == PaginatedRequestParams()
