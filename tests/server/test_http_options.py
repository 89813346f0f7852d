"""The options of `http_app`: what they may be, and what is said of what they cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from apps import http, initialize
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from fastmcp import FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.event_store import EventStore
from fastmcp.transports import HttpTransport


class Note:
    """ASGI middleware that notes each request."""

    def __init__(self, app: Any, seen: list[str]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.seen.append(scope["path"])
        await self.app(scope, receive, send)


def test_middleware_may_be_one_alone() -> None:
    """What can be meant by it only is not taken for a list."""
    seen: list[str] = []

    with http(FastMCP("x"), middleware=Middleware(Note, seen=seen)) as client:
        assert client.post(initialize()).status_code == 200

    assert seen == ["/mcp"]


@pytest.mark.parametrize("given", [[Note], Note, [object()], [lambda context, call_next: None]])
def test_http_app_refuses_middleware_of_another_kind(given: Any) -> None:
    """It is said at once, and where middleware of MCP goes."""
    with pytest.raises(ConfigurationError, match=r"Middleware\(\.\.\.\).*FastMCP\(middleware="):
        FastMCP("x").http_app(middleware=given)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"allowed_hosts": 5}, "allowed_hosts=5: it must be a list of texts"),
        ({"allowed_origins": [5]}, "allowed_origins=[5]: it must be a list of texts"),
        ({"cors_origins": {"a": 1}}, "cors_origins={'a': 1}: it must be a list of texts"),
        ({"stateless_http": "maybe"}, "stateless_http='maybe': it must be true or false"),
        ({"json_response": 2}, "json_response=2: it must be true or false"),
        ({"rest": "plain"}, "rest='plain': it must be true or false"),
        ({"health": 2}, "health=2: it must be true or false"),
        ({"metrics": "prometheus"}, "metrics='prometheus': it must be true or false"),
        ({"session_idle_timeout": "soon"}, "session_idle_timeout='soon': it must be"),
        ({"allowed_hosts": ["https://mcp.example"]}, "perhaps a port: 'mcp.example'"),
        ({"allowed_origins": "app.example"}, "allowed_origins: 'app.example' is not an origin"),
    ],
    ids=str,
)
def test_options_are_checked_as_the_settings_are(options: Any, words: str) -> None:
    """When the application is made, with the name of the option and what it may be."""
    with pytest.raises(ConfigurationError) as caught:
        FastMCP("x").http_app(**options)

    assert words in str(caught.value)


@pytest.mark.parametrize(("given", "served"), [("false", 404), (None, 404), ("on", 200)])
def test_what_stands_beside_mcp_is_switched_as_the_settings_are(given: Any, served: int) -> None:
    """A text that means no is no, also from a configuration file."""
    with http(FastMCP("x"), rest=given, health=given) as client:
        for path in ("/health", "/tools"):
            assert client.client.get(client.base + path).status_code == served


def test_a_transport_takes_a_single_origin() -> None:
    """As `run_http`, for which its keywords are: one text is not its letters."""
    transport = HttpTransport(cors_origins="https://a.example")

    assert transport.options()["cors_origins"] == ["https://a.example"]


def test_flags_of_a_configuration_file_are_read_as_the_settings_are() -> None:
    """ "false" is no truth."""
    with http(FastMCP("x"), stateless_http="false", json_response="true") as client:
        opened = client.post(initialize())

    assert "mcp-session-id" in opened.headers
    assert opened.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("headers", "hint"),
    [
        ({"accept": "application/json, text/event-stream"}, True),
        ({"accept": "*/*", "mcp-protocol-version": "2025-11-25"}, True),
        ({"accept": "application/json"}, False),
        ({"accept": None}, False),
    ],
    ids=str,
)
def test_clients_of_mcp_are_told_where_it_is_served(headers: Any, hint: bool) -> None:
    """And what is no client of it gets a plain 404: it may be meant for what stands beside."""
    with http(FastMCP("x")) as client:
        answer = client.post(initialize(), headers, path="/api/orders")

    assert answer.status_code == 404
    assert ("MCP is served at /mcp" in answer.text) is hint


def test_a_server_mounted_by_itself_says_what_to_mount(caplog: pytest.LogCaptureFixture) -> None:
    """Where there is no application yet whose lifespan could be passed."""
    with http(Starlette(routes=[Mount("/sub", FastMCP("x"))])) as client:
        assert client.post(initialize(), path="/sub/mcp").status_code == 200

    assert "mount mcp_app = mcp.http_app() and pass lifespan=mcp_app.lifespan" in caplog.text


def test_an_event_store_stands_back_for_a_store_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Code that runs alone runs there, too; what the code itself says twice is refused."""
    with pytest.raises(ConfigurationError, match="event_store= is not needed"):
        FastMCP("x", session_store="memory://").http_app(event_store=EventStore())
    monkeypatch.setenv("FASTMCP_SESSION_STORE", "memory://")

    with http(FastMCP("x"), event_store=EventStore()) as client:
        assert "mcp-session-id" in client.open()

    assert caplog.text.count("event_store= is not used: FASTMCP_SESSION_STORE names a store") == 1


def test_a_store_that_there_is_not_is_refused_by_the_keyword_of_it() -> None:
    """With what it takes, and without the password."""
    with pytest.raises(ConfigurationError, match="session_store= takes no postgres://, but redis"):
        FastMCP("x", session_store="postgres://me:secret@host/db")
