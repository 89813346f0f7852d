"""Whatever an identity provider answers, a token is valid, or not, or nobody can tell."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fastmcp.exceptions import AuthorityUnavailable
from fastmcp.server.auth import AccessToken
from fastmcp.server.auth.identity_providers.forwarded_metadata import RemoteDocument

from .identity_provider import APP, IdentityProvider
from .test_opaque_tokens import Clock, Make, every

MEMBERS = [
    "active", "aud", "application", "auth", "client_id", "exp", "expires", "expires_in", "id",
    "login", "name", "preferred_username", "scope", "scopes", "sub", "user",
]  # fmt: skip
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", APP, "7", "read write", "2030-01-01T00:00:00Z", "2030", "-1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*MEMBERS, "accessToken"]), inner, max_size=3)
    ),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=8)


@every
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents)
@example(document={"id": 7, "sub": "7", "active": True, "aud": [APP, 5], "client_id": {}})
@example(document={"id": [], "sub": {}, "active": "yes", "aud": APP})
@example(document={"aud": APP, "sub": "7", "scope": 5, "expires_in": "soon", "exp": 10**30})
@example(document={"application": {"id": APP}, "user": [], "expires": 5, "scopes": {"a": 1}})
@example(document={"application": {"id": APP}, "expires": "9999-99-99", "scopes": [1, None]})
@example(document={"sub": "7", "auth": {"accessToken": {"scopes": [{"name": 5}, {}, "a"]}}})
def test_no_answer_is_a_surprise(idp: IdentityProvider, make: Make, document: Any) -> None:
    """Of any shape."""
    idp.instead = (200, json.dumps(document).encode(), {})

    async def verified() -> AccessToken | None:
        async with idp.client() as http:
            try:
                return await make(http_client=http, cache_ttl_seconds=60).verify_token("token")
            except AuthorityUnavailable:
                return None

    found = asyncio.run(verified())
    if found is not None:
        assert isinstance(found.client_id, str)
        assert found.subject is None or isinstance(found.subject, str)
        assert all(isinstance(scope, str) for scope in found.scopes)
        assert found.expires_at is None or isinstance(found.expires_at, int)


@every
@pytest.mark.parametrize("number", ["9" * 5_000, "1e400", "-1e400"])
async def test_numbers_have_no_end(idp: IdentityProvider, make: Make, number: str) -> None:
    """They may be larger than any that is used."""
    body = f'{{"sub": "7", "id": 7, "aud": "{APP}", "active": true, "client_id": "{APP}"'
    idp.instead = (200, f'{body}, "exp": {number}, "expires_in": {number}}}'.encode(), {})
    async with idp.client() as http:
        try:
            await make(http_client=http).verify_token("token")
        except AuthorityUnavailable:
            pass


async def test_a_document_is_read_again_after_some_time(idp: IdentityProvider) -> None:
    """It may have changed by then."""
    clock = Clock()
    document = RemoteDocument("Theirs", [f"{idp.base}/keys/openid-configuration"], clock)
    first = await document.read()
    idp.instead = (200, b'{"issuer": "another"}', {})
    assert await document.read() == first
    clock.now += 301
    assert await document.read() == {"issuer": "another"}
