"""Redirect URIs by the patterns of whoever runs the server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmcp.server.auth.oauth.redirects import construct_redirect_uri, problem_of
from fastmcp.server.auth.redirect_validation import (
    DEFAULT_LOCALHOST_PATTERNS,
    matches_allowed_pattern,
    validate_redirect_uri,
)


@pytest.mark.parametrize(
    ("pattern", "uri"),
    [
        ("http://localhost:*", "http://localhost:3000/callback"),
        ("http://localhost", "http://localhost:3000/callback"),
        ("http://127.0.0.1:*/callback", "http://127.0.0.1:9/callback"),
        ("http://[::1]:*", "http://[::1]:9/x"),
        ("https://*.example.com", "https://a.example.com/x"),
        ("https://*.example.com/*", "https://a.b.example.com/x/y"),
        ("https://app.example.com/auth/*", "https://app.example.com/auth/callback"),
        ("https://app.example.com:443/cb", "https://app.example.com/cb"),
        ("https://APP.example.com/cb", "https://app.example.com/cb"),
        ("cursor://anysphere.cursor-retrieval/*", "cursor://anysphere.cursor-retrieval/oauth/x"),
        ("com.example.app:/cb", "com.example.app:/cb"),
    ],
)
def test_a_pattern_allows(pattern: str, uri: str) -> None:
    """Its `*` is a label, a port, or what is in a path."""
    assert matches_allowed_pattern(uri, pattern)
    assert validate_redirect_uri(uri, ["https://no.example/", pattern])


@pytest.mark.parametrize(
    ("pattern", "uri"),
    [
        ("http://localhost:*", "http://localhost@evil.example/callback"),
        ("http://localhost:*", "http://localhost:80@evil.example/callback"),
        ("http://localhost:*", "http://localhost.evil.example/callback"),
        ("http://localhost:*", "https://localhost:3000/callback"),
        ("http://localhost:3000", "http://localhost:3001/callback"),
        ("https://*.example.com", "https://example.com/"),
        ("https://*.example.com", "https://evilexample.com/"),
        ("https://*.example.com", "https://.example.com/"),
        ("https://*.example.com", "https://a.example.com:8443/"),
        ("https://*.example.com", "https://a.example.com.evil.example/"),
        ("https://*.*.com", "https://a.b.com/"),
        ("https://app*.example.com", "https://app1.example.com/"),
        ("https://app.example.com/auth/*", "https://app.example.com/auth/../steal"),
        ("https://app.example.com/auth/*", "https://app.example.com/auth/%2e%2e/steal"),
        ("https://app.example.com/auth/*", "https://app.example.com/auth/..%2fsteal"),
        ("https://app.example.com/auth/*", "https://app.example.com/other"),
        ("https://app.example.com/auth/[ab]", "https://app.example.com/auth/a"),
        ("javascript:*", "javascript:alert(1)"),
        ("https://app.example.com/cb", "https://app.example.com/cb#x"),
        ("https://app.example.com:*", "https://app.example.com:x/"),
        ("http://[::1", "http://[::1]/"),
        ("https://user@app.example.com/", "https://app.example.com/"),
    ],
)
def test_a_pattern_does_not_allow(pattern: str, uri: str) -> None:
    """What only looks like it."""
    assert not matches_allowed_pattern(uri, pattern)


def test_without_patterns_every_uri_that_is_in_order_is_allowed() -> None:
    """And with none, none; what is not named is up to the client's registration."""
    assert validate_redirect_uri("https://anywhere.example/", None)
    assert not validate_redirect_uri("javascript:alert(1)", None)
    assert not validate_redirect_uri("http://localhost:1/", [])
    assert validate_redirect_uri("http://localhost:1/", DEFAULT_LOCALHOST_PATTERNS)
    assert validate_redirect_uri(None, [])


@given(st.text(), st.text())
def test_nothing_that_is_written_is_an_error(uri: str, pattern: str) -> None:
    """Neither as a URI nor as a pattern."""
    assert matches_allowed_pattern(uri, pattern) in (True, False)


@given(st.text(alphabet="htps:/.@%#?*[]\\ab127", max_size=40))
def test_a_redirect_begins_with_what_was_allowed(text: str) -> None:
    """Whatever is added, the browser goes to the host that was checked."""
    uri = f"https://{text}"
    if problem_of(uri) is None:
        import httpx2

        try:
            sent = httpx2.URL(construct_redirect_uri(uri, code="c", state="&#"))
        except httpx2.InvalidURL:
            return
        assert sent.userinfo == b""
        assert sent.host == httpx2.URL(uri).host
        assert sent.params["code"] == "c"
