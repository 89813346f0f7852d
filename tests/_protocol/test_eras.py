"""The era of a connection and the sender of a request, cell by cell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import UNSET, Raw

from fastmcp._protocol.eras import (
    REMEMBERED,
    Envelope,
    Lifecycle,
    Sender,
    negotiate,
    progress_token,
    read_envelope,
)
from fastmcp.exceptions import InvalidParams, InvalidRequest, McpError, UnsupportedVersion
from fastmcp.wire.revisions import HANDSHAKE_REVISIONS, LATEST_HANDSHAKE, R2026_07_28

PREFIX = "io.modelcontextprotocol/"
INFO = {"name": "client", "version": "1"}
ENVELOPE = {PREFIX + "protocolVersion": "2026-07-28", PREFIX + "clientCapabilities": {}}


def raw(params: Any) -> Raw:
    """Parameters as they come."""
    return Raw(json.dumps(params).encode())


def opened(envelope: Envelope) -> Sender:
    """Who sends a request with this envelope."""
    return envelope.sender


def opening(version: str = "2025-06-18", **more: Any) -> Raw:
    """The parameters of `initialize`."""
    return raw({"protocolVersion": version, "capabilities": {}, "clientInfo": INFO, **more})


def enveloped(**changes: Any) -> Raw:
    """The parameters of a modern request; a change to None leaves the member out."""
    meta = {**ENVELOPE, **{PREFIX + name: value for name, value in changes.items()}}
    return raw({"_meta": {name: value for name, value in meta.items() if value is not None}})


PLAIN = raw({})


def connection(era: str) -> Lifecycle:
    """A connection in that era."""
    lifecycle = Lifecycle()
    if era == "handshake":
        lifecycle.admit("initialize", opening())
    elif era == "modern":
        lifecycle.admit("tools/list", enveloped())
    assert lifecycle.era == era
    return lifecycle


# Each era and each kind of request


@pytest.mark.parametrize(
    ("before", "method", "params", "after"),
    [
        ("fresh", "initialize", opening(), "handshake"),
        ("fresh", "initialize", opening(_meta=ENVELOPE), "handshake"),
        ("fresh", "tools/list", enveloped(), "modern"),
        ("fresh", "server/discover", enveloped(), "modern"),
        ("fresh", "ping", enveloped(), "modern"),
        ("fresh", "ping", PLAIN, "fresh"),
        ("handshake", "tools/list", PLAIN, "handshake"),
        ("handshake", "ping", PLAIN, "handshake"),
        ("modern", "tools/list", enveloped(), "modern"),
        ("modern", "ping", enveloped(), "modern"),
        ("modern", "initialize", enveloped(), "modern"),
    ],
)
def test_a_request_that_its_era_allows_is_admitted(
    before: str, method: str, params: Raw, after: str
) -> None:
    """And leaves the connection in the era that it belongs to."""
    lifecycle = connection(before)
    if (before, method) == ("modern", "initialize"):
        members = json.loads(bytes(params))
        params = opening("2026-07-28", **members)

    sender, _ = lifecycle.admit(method, params)

    assert lifecycle.era == after
    assert sender.revision.modern == (after == "modern")


@pytest.mark.parametrize(
    ("before", "method", "params", "refusal"),
    [
        ("fresh", "tools/list", PLAIN, InvalidRequest),
        ("fresh", "server/discover", PLAIN, InvalidRequest),
        ("fresh", "initialize", PLAIN, InvalidParams),
        ("fresh", "tools/list", enveloped(clientCapabilities=None), InvalidParams),
        ("fresh", "tools/list", enveloped(protocolVersion="2025-11-25"), UnsupportedVersion),
        ("fresh", "tools/list", enveloped(protocolVersion=1), InvalidParams),
        ("handshake", "initialize", opening(), InvalidRequest),
        ("handshake", "tools/list", enveloped(), InvalidRequest),
        ("handshake", "server/discover", enveloped(), InvalidRequest),
        ("modern", "initialize", opening(), UnsupportedVersion),
        ("modern", "initialize", PLAIN, UnsupportedVersion),
        ("modern", "tools/list", PLAIN, InvalidParams),
        ("modern", "ping", PLAIN, InvalidParams),
        ("modern", "tools/list", enveloped(protocolVersion="1999-01-01"), UnsupportedVersion),
    ],
)
def test_a_request_that_its_era_forbids_is_refused(
    before: str, method: str, params: Raw, refusal: type[McpError]
) -> None:
    """And leaves the connection as it was."""
    lifecycle = connection(before)
    sender = lifecycle.sender

    with pytest.raises(refusal):
        lifecycle.admit(method, params)

    assert (lifecycle.era, lifecycle.sender) == (before, sender)


def test_each_refusal_is_an_exception_of_its_own() -> None:
    """None is shared between requests, whose tracebacks it would collect."""
    lifecycle = connection("handshake")

    with pytest.raises(InvalidRequest) as first:
        lifecycle.admit("initialize", opening())
    with pytest.raises(InvalidRequest) as second:
        lifecycle.admit("initialize", opening())

    assert first.value is not second.value


def test_a_handshake_whose_initialize_failed_can_be_begun_again() -> None:
    """The connection is as it was before."""
    lifecycle = connection("handshake")

    lifecycle.reset()

    assert lifecycle.admit("initialize", opening("2024-11-05"))[0].revision.text == "2024-11-05"


# Handshake


@pytest.mark.parametrize("revision", HANDSHAKE_REVISIONS, ids=str)
def test_a_known_version_is_agreed_to(revision: Any) -> None:
    """All four handshake revisions are served."""
    assert negotiate(opening(revision.text)).revision is revision


@pytest.mark.parametrize("version", ["2026-07-28", "1999-01-01", "draft", ""])
def test_any_other_version_is_answered_with_the_latest(version: str) -> None:
    """An unknown one is no error, and a modern one is never agreed to by handshake."""
    assert negotiate(opening(version)).revision is LATEST_HANDSHAKE


def test_the_client_of_a_handshake_is_remembered() -> None:
    """Every later request is its."""
    lifecycle = Lifecycle()
    first, _ = lifecycle.admit("initialize", opening(capabilities={"roots": {}}))

    later, _ = lifecycle.admit("tools/list", PLAIN)

    assert later is first
    assert later.info is not None and later.info.name == "client"
    assert later.capabilities.roots is not None and later.capabilities.sampling is None


@pytest.mark.parametrize(
    "change",
    [{"protocolVersion": 1}, {"capabilities": []}, {"capabilities": None}, {"clientInfo": "me"}],
)
def test_an_initialize_of_wrong_types_is_refused(change: dict[str, Any]) -> None:
    """The parameters are checked before anything is agreed to."""
    with pytest.raises(InvalidParams, match="initialize"):
        negotiate(opening(**change))


# The envelope


def test_the_sender_of_a_modern_request_is_in_its_envelope() -> None:
    """Revision, capabilities, name and log level."""
    params = enveloped(
        clientCapabilities={"sampling": {"tools": {}}}, clientInfo=INFO, logLevel="warning"
    )

    sender = opened(read_envelope(params))

    assert sender.revision is R2026_07_28
    assert sender.capabilities.sampling is not None
    assert sender.info is not None and sender.info.version == "1"
    assert sender.log_level == "warning"


def test_the_client_need_not_say_who_it_is() -> None:
    """clientInfo is a SHOULD, and no log level is none."""
    sender = opened(read_envelope(enveloped()))

    assert (sender.info, sender.log_level) == (None, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"protocolVersion": None}, "protocolVersion"),
        ({"clientCapabilities": None}, "clientCapabilities"),
        ({"protocolVersion": 20260728}, "protocolVersion"),
        ({"clientCapabilities": []}, "clientCapabilities"),
        ({"clientCapabilities": True}, "clientCapabilities"),
        ({"clientInfo": "me"}, "clientInfo"),
        ({"clientInfo": {"name": "me"}}, "clientInfo"),
        ({"logLevel": "loud"}, "logLevel"),
        ({"logLevel": 3}, "logLevel"),
    ],
)
def test_an_envelope_that_lacks_or_mistypes_a_member_is_refused(
    change: dict[str, Any], said: str
) -> None:
    """The text names the member."""
    with pytest.raises(InvalidParams, match=said):
        opened(read_envelope(enveloped(**change)))


@pytest.mark.parametrize("version", ["2025-11-25", "1999-01-01", "draft", ""])
def test_an_unserved_version_is_refused_with_those_that_are(version: str) -> None:
    """The data names both, and only modern ones are offered."""
    with pytest.raises(UnsupportedVersion) as caught:
        opened(read_envelope(enveloped(protocolVersion=version)))

    assert caught.value.data == {"supported": ["2026-07-28"], "requested": version}


@pytest.mark.parametrize(
    "params", [b"{}", b'{"_meta":null}', b'{"_meta":[]}', b'{"_meta":1}', b'{"_meta":"x"}', b"[1"]
)
def test_a_meta_that_is_no_object_is_no_envelope(params: bytes) -> None:
    """Nothing is raised here: what it means is for the era to say."""
    assert read_envelope(Raw(params)).version is UNSET
    with pytest.raises(InvalidParams):
        opened(read_envelope(Raw(params)))


@pytest.mark.parametrize(
    ("meta", "token"), [({}, None), ({"progressToken": 0}, 0), ({"progressToken": ""}, "")]
)
def test_zero_and_nothing_are_tokens(meta: dict[str, Any], token: Any) -> None:
    """Only an absent token is none."""
    assert progress_token(read_envelope(raw({"_meta": meta}))) == token


@pytest.mark.parametrize("token", [True, 1.5, None, [], {}])
def test_a_token_of_another_type_is_refused(token: Any) -> None:
    """A boolean is no number."""
    with pytest.raises(InvalidParams, match="progressToken"):
        progress_token(read_envelope(raw({"_meta": {"progressToken": token}})))


def test_what_a_client_says_of_itself_is_known_whatever_else_its_meta_has() -> None:
    """The context of a trace differs with each request; so may the token for progress."""
    senders = [
        opened(
            read_envelope(
                raw({"_meta": {**ENVELOPE, "traceparent": trace, "progressToken": token}})
            )
        )
        for trace, token in (("00-1", 1), ("00-2", 2))
    ]

    assert senders[0] is senders[1]


def test_a_client_that_says_much_of_itself_is_not_kept() -> None:
    """Only so much is remembered; what it says holds as well."""
    info = {"name": "x" * REMEMBERED, "version": "1"}
    found = [opened(read_envelope(enveloped(clientInfo=info))) for _ in range(2)]

    assert found[0] == found[1] and found[0] is not found[1]
