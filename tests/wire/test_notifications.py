"""Notifications whose members have traps."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fastmcp.wire.notifications import (
    CancelledNotificationParams,
    LoggingMessageNotificationParams,
    ProgressNotificationParams,
    SubscriptionFilter,
    SubscriptionsListenRequestParams,
)


@pytest.mark.parametrize("token", [0, "", "7", 7])
def test_progress_tokens_keep_their_type(token: Any) -> None:
    """Zero and the empty string are tokens, and `"7"` is not 7."""
    params = ProgressNotificationParams(progress_token=token, progress=0.5)
    decoded = msgspec.json.decode(msgspec.json.encode(params), type=ProgressNotificationParams)
    assert decoded.progress_token == token
    assert type(decoded.progress_token) is type(token)


def test_no_progress_yet_is_progress() -> None:
    """A progress of zero is written."""
    params = ProgressNotificationParams(progress_token=1, progress=0)
    assert msgspec.json.encode(params) == b'{"progressToken":1,"progress":0}'


@pytest.mark.parametrize("data", [b"null", b"{}", b'"x"', b"0"])
def test_log_data_is_any_json(data: bytes) -> None:
    """Also null, which is written."""
    message = b'{"level":"info","data":%s}' % data
    params = msgspec.json.decode(message, type=LoggingMessageNotificationParams)
    assert msgspec.json.encode(params) == message


def test_a_cancellation_may_name_no_request() -> None:
    """In 2025-11-25 the id is optional."""
    params = msgspec.json.decode(b'{"reason":"r"}', type=CancelledNotificationParams)
    assert params.request_id is None


def test_a_request_id_of_zero_is_written() -> None:
    """Zero is an id."""
    params = CancelledNotificationParams(request_id=0)
    assert msgspec.json.encode(params) == b'{"requestId":0}'


def test_a_filter_takes_the_extension_s_members() -> None:
    """Tasks are subscribed to in the same filter."""
    params = msgspec.json.decode(
        b'{"notifications":{"toolsListChanged":true,"taskIds":["t"]}}',
        type=SubscriptionsListenRequestParams,
    )
    assert params.notifications == SubscriptionFilter(tools_list_changed=True, task_ids=["t"])
