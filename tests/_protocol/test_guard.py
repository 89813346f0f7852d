"""Host and Origin: who may reach a server, decided by where it listens and what is allowed."""

from __future__ import annotations

import pytest

from fastmcp._protocol.guard import Guard, is_loopback
from fastmcp.exceptions import ConfigurationError

LOCAL = Guard()
LISTED = Guard(
    None,
    ("mcp.example.com", "Other.example:8443", "port.example:*", "*.sub.example"),
    ("https://app.example", "null"),
)


def status(guard: Guard, host: str | None, origin: str | None = None) -> int:
    """The status that refuses, 200 for what may pass."""
    refusal = guard.refusal("127.0.0.1", host, origin)
    return 200 if refusal is None else refusal[0]


@pytest.mark.parametrize(
    ("guard", "address", "applies"),
    [
        (Guard(), "127.0.0.1", True),
        (Guard(), "127.8.8.8", True),
        (Guard(), "localhost", True),
        (Guard(), "::1", True),
        (Guard(), "10.0.0.5", False),
        (Guard(), "0.0.0.0", False),
        (Guard(), None, False),
        (Guard(True), "10.0.0.5", True),
        (Guard(False), "127.0.0.1", False),
        (Guard(None, ("mcp.example.com",)), "10.0.0.5", True),
        (Guard(None, (), ("https://app.example",)), "10.0.0.5", True),
        (Guard(False, ("mcp.example.com",)), "127.0.0.1", False),
    ],
)
def test_the_address_decides_unless_something_was_said(
    guard: Guard, address: str | None, applies: bool
) -> None:
    """Loopback is guarded by default, other addresses when names are listed."""
    assert (guard.refusal(address, "evil.example", "http://evil.example") is not None) is applies


def test_the_address_that_the_server_listens_on_goes_before_the_one_a_connection_came_to() -> None:
    """A server on all addresses is not on loopback, though a connection may come that way."""
    everywhere = Guard(bound_to="0.0.0.0")

    assert everywhere.refusal("127.0.0.1", "10.1.2.3:8000", "http://evil.example") is None
    assert Guard(bound_to="127.0.0.1").refusal("10.0.0.5", "evil.example", None) is not None


def test_elsewhere_only_what_is_listed_is_checked() -> None:
    """Listed origins leave Host alone, and listed hosts leave Origin alone."""
    origins = Guard(None, (), ("https://app.example",), bound_to="0.0.0.0")
    hosts = Guard(None, ("mcp.example",), (), bound_to="0.0.0.0")

    assert origins.refusal(None, "any.example", "https://app.example") is None
    assert origins.refusal(None, "any.example", "http://evil.example") is not None
    assert hosts.refusal(None, "mcp.example", "http://any.example") is None
    assert hosts.refusal(None, "any.example", None) is not None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("LocalHost:8000", 200),
        ("127.0.0.1:1", 200),
        ("[::1]", 200),
        ("[::1]:8000", 200),
        ("::1", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("localhost.evil.example", 421),
        ("evil-localhost", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1:80@evil.example", 421),
        ("localhost:evil.example", 421),
        ("[::1]evil.example", 421),
        ("[::1]:evil.example", 421),
        ("[::1", 421),
        ("[", 421),
        (":8000", 421),
        ("", 421),
        (None, 421),
    ],
)
def test_only_loopback_names_reach_a_guarded_server(host: str | None, expected: int) -> None:
    """A name that an attacker points here is 421 (DNS rebinding)."""
    assert status(LOCAL, host) == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, 200),
        ("http://localhost", 200),
        ("http://localhost:3000", 200),
        ("https://127.0.0.1:3000", 200),
        ("http://[::1]:3000", 200),
        ("HTTP://localhost", 200),
        ("http://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("http://localhost:3000.evil.example", 403),
        ("http://localhost@evil.example", 403),
        ("http://[::1]evil.example", 403),
        ("file://localhost", 403),
        ("chrome-extension://localhost", 403),
        ("localhost", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_only_loopback_origins_reach_a_guarded_server(origin: str | None, expected: int) -> None:
    """A page from elsewhere is 403; what is no page says no origin."""
    assert status(LOCAL, "localhost:8000", origin) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mcp.example.com", 200),
        ("mcp.example.com:9000", 200),
        ("MCP.Example.com", 200),
        ("other.example:8443", 200),
        ("other.example", 421),
        ("other.example:8444", 421),
        ("port.example", 200),
        ("port.example:1", 200),
        ("a.sub.example", 200),
        ("a.b.sub.example:1", 200),
        ("sub.example", 421),
        ("evilsub.example", 421),
        ("localhost:1", 200),
        ("evil.example", 421),
    ],
)
def test_listed_hosts_are_allowed_besides_loopback(host: str, expected: int) -> None:
    """By name with any port, by name with one port, by any name below one."""
    assert status(LISTED, host) == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://app.example", 200),
        ("http://app.example", 403),
        ("https://app.example:444", 403),
        ("null", 200),
        ("https://mcp.example.com", 200),
        ("http://a.sub.example", 200),
        ("http://localhost:5173", 200),
        ("https://evil.example", 403),
    ],
)
def test_listed_origins_and_our_own_names_are_allowed(origin: str, expected: int) -> None:
    """A page that we serve ourselves may call us."""
    assert status(LISTED, "mcp.example.com", origin) == expected


def test_a_star_allows_every_host_but_not_every_origin() -> None:
    """The two lists are two decisions."""
    assert status(Guard(True, ("*",)), "any.example") == 200
    assert status(Guard(True, ("*",)), "any.example", "http://any.example") == 403
    assert status(Guard(True, ("*",), ("*",)), "any.example", "http://any.example") == 200


@pytest.mark.parametrize(
    ("written", "sent", "others"),
    [
        ("https://App.Example/", "https://app.example", "http://app.example"),
        ("https://app.example:443", "https://app.example", "https://app.example:444"),
        ("https://app.example", "https://app.example:443", "https://app.example:80"),
        ("http://app.example:80", "http://app.example", "https://app.example"),
        ("https://app.example:8443", "https://app.example:8443", "https://app.example"),
        ("https://app.example:*", "https://app.example:8443", "https://app.example:x"),
        ("https://app.example:*", "https://app.example", "https://app.example.evil"),
        ("https://*.app.example", "https://a.app.example", "https://a.app.example:1"),
        ("https://*.app.example", "https://a.b.app.example", "https://evil.example/.app.example"),
        ("https://*.app.example", "https://a.app.example", "https://app.example"),
        ("https://app.example", "https://app.example", "https://appXexample"),
        ("https://*", "https://any.example", "http://any.example"),
        ("http://[FD00::1]:*", "http://[fd00::1]:3000", "http://[fd00::2]:3000"),
        ("vscode-webview://*", "vscode-webview://1a2b", "https://1a2b"),
        ("chrome-extension://abc", "chrome-extension://abc", "chrome-extension://abd"),
    ],
)
def test_origins_may_be_written_as_people_write_them(written: str, sent: str, others: str) -> None:
    """Any case, a slash at the end, the port of the scheme; `*` for parts of a name and ports."""
    for guard in (Guard(True, (), (written,)), Guard(True, readers=(written,))):
        assert status(guard, "localhost", sent) == 200
        assert status(guard, "localhost", others) == 403


@pytest.mark.parametrize(
    ("written", "sent", "others"),
    [
        ("eu-*.mcp.example", "eu-1.mcp.example:8000", "us-1.mcp.example"),
        ("eu-*.mcp.example", "eu-1.mcp.example", "eu-1.evil.example/.mcp.example"),
        ("MCP.example/", "mcp.example", "mcp.example.evil"),
        ("mcp.example:443", "mcp.example", "mcp.example:444"),
        ("mcp.example", "mcp.example", "mcpXexample"),
        ("fd00::5", "[fd00::5]:8000", "[fd00::6]:8000"),
        ("[FD00::5]:8000", "[fd00::5]:8000", "[fd00::5]:8001"),
        ("*:8000", "any.example:8000", "any.example:8001"),
    ],
)
def test_hosts_may_be_written_as_people_write_them(written: str, sent: str, others: str) -> None:
    """Any case, a slash at the end, addresses without brackets, `*` anywhere."""
    guard = Guard(True, (written,))

    assert status(guard, sent) == 200
    assert status(guard, others) == 421


def test_any_host_at_a_port_is_not_every_page_at_that_port() -> None:
    """What is no name makes no page our own."""
    assert status(Guard(True, ("*:8000",)), "a.example:8000", "http://evil.example:8000") == 403


@pytest.mark.parametrize(
    ("hosts", "origins", "readers", "words"),
    [
        (
            ("https://mcp.example.com",),
            (),
            (),
            "one is a name and perhaps a port: 'mcp.example.com'",
        ),
        (("mcp.example/mcp",), (), (), "allowed_hosts: 'mcp.example/mcp' is not a host"),
        (("a b",), (), (), "allowed_hosts: 'a b' is not a host"),
        ((), ("app.example",), (), "allowed_origins: 'app.example' is not an origin"),
        ((), ("https://app.example/path",), (), "without a path"),
        ((), (), ("https://a@app.example",), "cors_origins: 'https://a@app.example' is not"),
    ],
)
def test_what_no_request_could_have_is_refused(
    hosts: tuple[str, ...], origins: tuple[str, ...], readers: tuple[str, ...], words: str
) -> None:
    """It would never match, and nobody would know why."""
    with pytest.raises(ConfigurationError) as caught:
        Guard(None, hosts, origins, readers=readers)

    assert words in str(caught.value)


def test_the_host_is_judged_before_the_origin() -> None:
    """421 comes first when both are wrong."""
    assert status(LOCAL, "evil.example", "http://evil.example") == 421


def test_a_refusal_says_what_to_allow() -> None:
    """The text is the option to set."""
    assert "allowed_hosts=['mcp.example']" in str(LOCAL.refusal("127.0.0.1", "mcp.example", None))
    assert "allowed_origins=['http://a.b']" in str(
        LOCAL.refusal("127.0.0.1", "localhost", "http://a.b")
    )
    readers = Guard(readers=("https://app.example",))
    assert "cors_origins=['http://a.b']" in str(
        readers.refusal("127.0.0.1", "localhost", "http://a.b")
    )


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("LocalHost", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.5", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    """Every address of 127/8 and the names of loopback."""
    assert is_loopback(host) is expected
