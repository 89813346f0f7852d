"""What one HTTP exchange with a server means: headers and body in, a verdict out (PROTOCOL 1.3, 4).

The body decides before the headers do, so that a modern request with a missing or wrong header
is told so, rather than sent to look for a session. This module alone turns codes into statuses.

Who names a session or a version speaks the protocol and is held to it. Of others, who may have
only a tool for HTTP at hand, a call without its JSON-RPC envelope is served as well.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, json

from fastmcp.exceptions import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    MISSING_CAPABILITY,
    PARSE_ERROR,
    UNSUPPORTED_VERSION,
    HeaderMismatch,
    InvalidRequest,
    McpError,
    RemoteProtocolError,
)
from fastmcp.wire import jsonrpc
from fastmcp.wire.jsonrpc import Message, Notification, Request, RequestId
from fastmcp.wire.methods import METHODS
from fastmcp.wire.revisions import (
    ASSUMED_REVISION,
    HANDSHAKE_REVISIONS,
    LATEST_HANDSHAKE,
    R2025_03_26,
    REVISIONS,
    Revision,
)

from . import headers as names
from .eras import (
    EMPTY,
    Envelope,
    Sender,
    read_envelope,
    require_modern,
    version_of,
)
from .headers import Headers, accepts, decode_header, header_text

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
LISTEN = "subscriptions/listen"

_STATUS = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    MISSING_CAPABILITY: 400,
    UNSUPPORTED_VERSION: 400,
    METHOD_NOT_FOUND: 404,
}


def status_of(code: int) -> int:
    """The HTTP status of a JSON-RPC error answering a modern request (PROTOCOL 1.3.2)."""
    return _STATUS.get(code, 200)


class Reject(Struct, frozen=True):
    """Answer with `status`; `body` is a JSON-RPC error, or empty."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Acknowledge(Struct, frozen=True):
    """Answer 202: a modern notification, which means nothing to a server without sessions."""

    message: Notification
    revision: Revision


class Modern(Struct, frozen=True):
    """Serve this request by itself; `target` is what it is for, as `Mcp-Name` says, too, and
    `stream` says that its answer has to be an event stream.
    """

    request: Request
    target: str | None
    sender: Sender
    envelope: Envelope
    json: bool
    stream: bool


class Handshake(Struct, frozen=True):
    """Messages of a handshake client, for its session or, without one, for themselves.

    `revision` is the header's, or None; `batch` says that the answer is an array, too. A member
    that is no message stands as the error to answer. `envelope` is that of a lone request.
    """

    messages: list[Message | RemoteProtocolError]
    batch: bool
    session_id: str | None
    revision: Revision | None
    initialize: bool
    json: bool
    stream: bool
    envelope: Envelope = EMPTY


Verdict: TypeAlias = Reject | Acknowledge | Modern | Handshake


def refuse(error: McpError, id: RequestId | None = None, status: int | None = None) -> Reject:
    """A JSON-RPC error as the whole HTTP answer."""
    status = status_of(error.code) if status is None else status
    return Reject(status, jsonrpc.encode_failure(id, error))


def judge_post(headers: Headers, body: bytes) -> Verdict:
    """What a POST to the MCP endpoint asks for, by the ladder of PROTOCOL 1.3.1 and 1.3.2."""
    values = headers.values
    terms = _terms(
        values.get(b"content-type"), values.get(b"accept"), values.get(names.PROTOCOL_VERSION)
    )
    if isinstance(terms, Reject):
        return terms
    version, json_ok, stream_ok = terms.version, terms.json, terms.stream
    modern_header = version is not None and terms.revision is None
    try:
        if jsonrpc.is_batch(body):
            if modern_header:
                return refuse(InvalidRequest("Invalid request: batches are not supported"))
            if headers.repeated and (twice := _sent_twice(headers)):
                return refuse(twice)
            return _batch(headers, body, terms)
        message = jsonrpc.decode(body)
    except InvalidRequest as error:
        bare = None if version is not None else _bare_call(headers, body)
        if bare is None:
            return refuse(error, error.id)
        # Who speaks no revision gets all that the latest one can say.
        envelope = read_envelope(bare.params)
        return Handshake([bare], False, None, LATEST_HANDSHAKE, False, json_ok, stream_ok, envelope)
    except RemoteProtocolError as error:
        return refuse(error)
    envelope, initialize = EMPTY, False
    if headers.repeated and (twice := _sent_twice(headers)):
        return refuse(twice, message.id if isinstance(message, Request) else None)
    if isinstance(message, Request):
        envelope = read_envelope(message.params)
        initialize = message.method == "initialize"
        enveloped = envelope.version is not UNSET
        # A client that reconnects may keep a stale header: initialize is negotiated by its body.
        if enveloped or (modern_header and not initialize):
            return _judge_modern(message, envelope, headers, json_ok, stream_ok)
    elif modern_header:
        return _judge_notification(message, version or "")
    return Handshake(
        [message],
        False,
        headers.get(names.SESSION_ID),
        terms.revision,
        initialize,
        json_ok,
        stream_ok,
        envelope,
    )


def _sent_twice(headers: Headers) -> HeaderMismatch | None:
    """Of two of these, who stands between may have read the other one."""
    twice = headers.repeated & names.ONCE
    if not twice:
        return None
    return HeaderMismatch(f"Header mismatch: {_title(min(twice))} was sent more than once")


class _Terms(Struct, frozen=True):
    """What a client's headers say of all its requests: the version, by its name and, of the
    handshake era, as a revision; whether an answer may be JSON, and whether it may be a stream.
    """

    version: str | None
    revision: Revision | None
    json: bool
    stream: bool


@lru_cache(maxsize=256)
def _terms(
    content_type: bytes | None, accept: bytes | None, version: bytes | None
) -> _Terms | Reject:
    """A stream is for those who ask for one by its name: who accepts anything, or says nothing,
    reads JSON.
    """
    if (header_text(content_type) or "").partition(";")[0].strip().lower() != JSON:
        return refuse(InvalidRequest(f"Content-Type must be {JSON}"), status=415)
    accepted = header_text(accept)
    json_ok, stream_ok = accepts(accepted, JSON), accepts(accepted, EVENT_STREAM)
    if not (json_ok or stream_ok):
        return refuse(InvalidRequest(f"Accept must list {JSON} or {EVENT_STREAM}"), status=406)
    named = accepted is not None and EVENT_STREAM in accepted.lower()
    text = header_text(version)
    revision = None if text is None else REVISIONS.get(text)
    if revision not in HANDSHAKE_REVISIONS:
        revision = None
    return _Terms(text, revision, json_ok, stream_ok and (named or not json_ok))


class _BareCall(Struct, rename={"said": "jsonrpc"}):
    method: str
    said: Raw | UnsetType = UNSET
    id: RequestId | None = None
    params: Raw = jsonrpc.NO_PARAMS


_read_bare_call = json.Decoder(_BareCall).decode


def _bare_call(headers: Headers, body: bytes) -> Request | None:
    """The call in a body that does not say to be JSON-RPC, of a client without a session.

    It is no notification for having no id; its answer has the id 0 then.
    """
    if headers.get(names.SESSION_ID) is not None:
        return None
    try:
        call = _read_bare_call(body)
    except (DecodeError, UnicodeError, RecursionError):
        return None
    if call.said is not UNSET or call.method == "initialize":
        return None
    if bytes(memoryview(call.params)[:1]) != b"{":
        return None
    return Request(0 if call.id is None else call.id, call.method, call.params)


def _judge_modern(
    request: Request, envelope: Envelope, headers: Headers, json_ok: bool, stream_ok: bool
) -> Verdict:
    if request.method == LISTEN:
        stream_ok = accepts(headers.get(b"accept"), EVENT_STREAM)
        if not stream_ok:
            error = InvalidRequest(f"{request.method} needs Accept: {EVENT_STREAM}")
            return refuse(error, status=406)
    try:
        requested = version_of(envelope)
        _match_header(headers, names.PROTOCOL_VERSION, requested)
        _match_header(headers, names.METHOD, request.method)
        target = _match_name(headers, request)
        sender = envelope.sender
    except RemoteProtocolError as error:
        return refuse(error, request.id)
    return Modern(request, target, sender, envelope, json_ok, stream_ok)


def _judge_notification(message: Message, version: str) -> Verdict:
    if not isinstance(message, Notification):
        return refuse(InvalidRequest("Invalid request: a client sends no responses"))
    try:
        return Acknowledge(message, require_modern(version))
    except RemoteProtocolError as error:
        return refuse(error)


def _batch(headers: Headers, body: bytes, terms: _Terms) -> Verdict:
    messages: list[Message | RemoteProtocolError] = []
    seen: set[RequestId] = set()
    for member in jsonrpc.split_batch(body):
        try:
            message = jsonrpc.decode(member)
            if isinstance(message, Request):
                _check_member(message, seen)
            messages.append(message)
        except RemoteProtocolError as error:
            messages.append(error)
    session = headers.get(names.SESSION_ID)
    return Handshake(messages, True, session, terms.revision, False, terms.json, terms.stream)


def _check_member(request: Request, seen: set[RequestId]) -> None:
    if request.method == "initialize":
        raise InvalidRequest(
            "Invalid request: initialize must not be part of a batch", id=request.id
        )
    if request.id in seen:
        raise InvalidRequest("Invalid request: the batch has this id twice", id=request.id)
    seen.add(request.id)


def batches_allowed(revision: Revision) -> bool:
    """Only 2025-03-26 has batches (PROTOCOL 2.1)."""
    return revision == R2025_03_26


def revision_without_session(revision: Revision | None) -> Revision:
    """The revision of a handshake request that no session vouches for."""
    return ASSUMED_REVISION if revision is None else revision


def _match_header(headers: Headers, name: bytes, expected: str) -> None:
    value = headers.get(name)
    if value is None:
        raise HeaderMismatch(f"Header mismatch: {_title(name)} is missing")
    if value != expected:
        raise HeaderMismatch(f"Header mismatch: {_title(name)} and the body disagree")


class _Target(Struct):
    name: Raw | UnsetType = UNSET
    uri: Raw | UnsetType = UNSET
    taskId: Raw | UnsetType = UNSET  # noqa: N815


_read_target = json.Decoder(_Target).decode
_read_text = json.Decoder(str).decode


def target_of(method: str, params: Raw) -> str | None:
    """The member of the parameters that `Mcp-Name` mirrors, when it is there as text."""
    row = METHODS.get(method)
    if row is None or row.target is None:
        return None
    try:
        # Only this member: another one that is wrong must not hide it from the comparison.
        return _read_text(getattr(_read_target(params), row.target))
    except (DecodeError, UnicodeError, RecursionError, TypeError):
        return None


class _Arguments(Struct):
    arguments: Raw | UnsetType = UNSET


_read_arguments = json.Decoder(_Arguments).decode


def arguments_of(params: Raw) -> Raw | UnsetType:
    """The raw arguments of a `tools/call`."""
    try:
        return _read_arguments(params).arguments
    except (DecodeError, UnicodeError, RecursionError):
        return UNSET


def _match_name(headers: Headers, request: Request) -> str | None:
    expected = target_of(request.method, request.params)
    if expected is None:
        return None
    value = headers.get(names.NAME)
    if value is None:
        raise HeaderMismatch("Header mismatch: Mcp-Name is missing")
    if decode_header(value, "Mcp-Name") != expected:
        raise HeaderMismatch("Header mismatch: Mcp-Name and the body disagree")
    return expected


def _title(name: bytes) -> str:
    return {names.PROTOCOL_VERSION: "MCP-Protocol-Version"}.get(name, name.decode().title())
