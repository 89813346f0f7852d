"""Options that cannot be are refused by their name and with what was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fastmcp import FastMCP
from fastmcp.apps.file_upload import FileUpload
from fastmcp.client.caching import InMemoryResponseCacheStore
from fastmcp.client.retrying import RetryPolicy
from fastmcp.events import EventBus
from fastmcp.security import rate_limit
from fastmcp.server import RequestStateSecurity
from fastmcp.server.auth.identity_assertion import IdentityAssertion
from fastmcp.server.backplane import EncryptedBackplane, MemoryBackplane, SQLiteBackplane
from fastmcp.server.event_store import BackplaneEventStore, EventStore
from fastmcp.server.middleware.rate_limiting import RateLimitingMiddleware
from fastmcp.server.transforms.search import BM25SearchTransform

MCP = FastMCP("refusing")

REFUSED: dict[str, Callable[[], Any]] = {
    "list_page_size=0: ": lambda: FastMCP("s", list_page_size=0),
    "max_entries=-1: ": lambda: InMemoryResponseCacheStore(max_entries=-1),
    "max_bytes=-2: ": lambda: InMemoryResponseCacheStore(max_bytes=-2),
    "max_requests_per_second=-3: ": lambda: RateLimitingMiddleware(-3),
    "burst_capacity=-4: ": lambda: RateLimitingMiddleware(burst_capacity=-4),
    "max_events_per_stream=0: ": lambda: EventStore(max_events_per_stream=0),
    "ttl=-5: ": lambda: EventStore(ttl=-5),
    "or the URL of one, not None": lambda: BackplaneEventStore(None),  # type: ignore[arg-type]
    "ttl=-6: ": lambda: RequestStateSecurity(keys=["k" * 64], ttl=-6),
    "history=-7: ": lambda: EventBus(history=-7),
    "every=0: ": lambda: MCP.background(every=0)(_nothing),
    "restart_delay=-8: ": lambda: MCP.background(restart_delay=-8)(_nothing),
    "requests=0, ": lambda: rate_limit(requests=0, seconds=1),
    "access_token_expiry_seconds=0: ": lambda: IdentityAssertion(
        trusted_issuers=["https://idp.example"], access_token_expiry_seconds=0
    ),
    "max_total_size=-9: ": lambda: FileUpload(max_total_size=-9),
    "file_ttl_seconds=0: ": lambda: FileUpload(file_ttl_seconds=0),
    "a file, not ':memory:'": lambda: SQLiteBackplane(":memory:"),
    "text or bytes, not int": lambda: EncryptedBackplane(MemoryBackplane(), 7),  # type: ignore[arg-type]
    "text or bytes, not an empty one": lambda: EncryptedBackplane(MemoryBackplane(), ""),
    "are both 'find': they must differ": lambda: BM25SearchTransform(
        search_tool_name="find", call_tool_name="find"
    ),
    "attempts=0: ": lambda: RetryPolicy(attempts=0),
    "max_delay=-1: ": lambda: RetryPolicy(max_delay=-1),
    "backend=None: ": lambda: MCP.configure_oauth_storage(None),
    "backend='files': ": lambda: MCP.configure_oauth_storage("files"),
}


async def _nothing() -> None: ...


@pytest.mark.parametrize("told", REFUSED)
def test_what_cannot_be_is_named_with_what_was_given(told: str) -> None:
    """Whoever reads it need not look for which of the options it was."""
    with pytest.raises(ValueError) as refused:
        REFUSED[told]()
    assert told in str(refused.value)
