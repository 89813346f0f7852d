"""Which revision a request is served under: both eras as one table (PROTOCOL 1).

A handshake client says once, in `initialize`, who it is; a modern client says it in the `_meta`
of every request. Either way the outcome is a `Sender`, and nothing after it asks which era it was.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, field, json

from fastmcp.exceptions import InvalidParams, InvalidRequest, UnsupportedVersion
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import (
    LOGGING_LEVELS,
    ClientCapabilities,
    Implementation,
    InitializeRequestParams,
)
from fastmcp.wire.revisions import (
    HANDSHAKE_REVISIONS,
    LATEST_HANDSHAKE,
    MODERN_REVISIONS,
    REVISIONS,
    Revision,
)
from fastmcp.wire.shapes import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_PROTOCOL_VERSION,
    META_SESSION,
)

# How long the name may be that a client gives its session.
MAX_SESSION = 128
# How long what a client says of itself may be, in bytes: in `initialize`, which is kept as long as
# the session, and where it is remembered as read.
MAX_INTRODUCTION = 64 * 1024
REMEMBERED = 4096
SERVED_MODERN = [revision.text for revision in MODERN_REVISIONS]


class Sender(Struct):
    """What is known of a request's sender; never to be used for security.

    `log_level` is the least severe level it wants to hear of: None is nothing in the modern era,
    and the server's choice in the handshake era. `session` is the name that a modern client gives
    its session.
    """

    revision: Revision
    capabilities: ClientCapabilities
    info: Implementation | None = None
    log_level: str | None = None
    session: str | None = None


class Envelope(Struct, frozen=True, dict=True):
    """The protocol's own members of a request's `_meta`, still raw."""

    version: Raw | UnsetType = field(name=META_PROTOCOL_VERSION, default=UNSET)
    capabilities: Raw | UnsetType = field(name=META_CLIENT_CAPABILITIES, default=UNSET)
    info: Raw | UnsetType = field(name=META_CLIENT_INFO, default=UNSET)
    log_level: Raw | UnsetType = field(name=META_LOG_LEVEL, default=UNSET)
    session: Raw | UnsetType = field(name=META_SESSION, default=UNSET)
    progress_token: Raw | UnsetType = field(name="progressToken", default=UNSET)
    ours: Raw | UnsetType = field(name="fastmcp", default=UNSET)

    @cached_property
    def version_of_component(self) -> str | None:
        """The version of a tool, say, that is asked for, in `fastmcp.version`."""
        if self.ours is UNSET:
            return None
        try:
            return _read_ours(self.ours).version
        except (DecodeError, UnicodeError, RecursionError):
            return None

    @cached_property
    def sender(self) -> Sender:
        """The sender of a modern request. It may be that of other requests, too: not to be changed.

        Raises:
            InvalidParams: a member is missing or of the wrong type.
            UnsupportedVersion: the revision is not served as a modern one.
        """
        members = (self.version, self.capabilities, self.info, self.log_level, self.session)
        said = [b"" if raw is UNSET else bytes(raw) for raw in members]
        known = sum(map(len, said)) <= REMEMBERED
        return _same_sender(*said) if known else _sender(self)


class _Ours(Struct):
    version: str | None = None


class _Enveloped(Struct):
    meta: Raw | UnsetType = field(name="_meta", default=UNSET)


EMPTY = Envelope()
_read_enveloped = json.Decoder(_Enveloped).decode
_read_meta = json.Decoder(Envelope).decode
_read_ours = json.Decoder(_Ours).decode
_read_text = json.Decoder(str).decode
_read_token = json.Decoder(RequestId).decode
_read_object = json.Decoder(dict[str, Any]).decode
_read_info = json.Decoder(Implementation).decode
_read_initialize = json.Decoder(InitializeRequestParams).decode


def read_envelope(params: Raw) -> Envelope:
    """The `_meta` of a request; an empty one when there is none or it is not an object."""
    try:
        meta = _read_enveloped(params).meta
        if meta is UNSET:
            return EMPTY
        said = bytes(meta)
        if len(said) > REMEMBERED or b'"traceparent"' in said or b'"progressToken"' in said:
            return _read_meta(said)
        return _same_envelope(said)
    except (DecodeError, UnicodeError, RecursionError):
        return EMPTY


@lru_cache(maxsize=256)
def _same_envelope(meta: bytes) -> Envelope:
    """A client says the same of itself with each of its requests: it is read once."""
    return _read_meta(meta)


@lru_cache(maxsize=256)
def _same_sender(*said: bytes) -> Sender:
    """As above, where the rest of the `_meta` differs, as the context of a trace does."""
    return _sender(Envelope(*[Raw(each) if each else UNSET for each in said]))


def progress_token(envelope: Envelope) -> RequestId | None:
    """The token under which the sender wants progress; 0 and "" are tokens.

    Raises:
        InvalidParams: it is neither a string nor an integer.
    """
    if envelope.progress_token is UNSET:
        return None
    return _member(envelope.progress_token, _read_token, "progressToken")


def _read_capabilities(raw: Raw) -> ClientCapabilities:
    found = _read_object(raw)
    return ClientCapabilities.model_validate(found) if found else ClientCapabilities()


def version_of(envelope: Envelope) -> str:
    """The revision that a modern request names.

    Raises:
        InvalidParams: one of the two required members is missing, or the version is not text.
    """
    for name, raw in (
        (META_PROTOCOL_VERSION, envelope.version),
        (META_CLIENT_CAPABILITIES, envelope.capabilities),
    ):
        if raw is UNSET:
            raise InvalidParams(f'Invalid params: "_meta" lacks "{name}"')
    return _member(envelope.version, _read_text, META_PROTOCOL_VERSION)


def _sender(envelope: Envelope) -> Sender:
    requested = version_of(envelope)
    capabilities = _member(envelope.capabilities, _read_capabilities, META_CLIENT_CAPABILITIES)
    revision = require_modern(requested)
    info = _member(envelope.info, _read_info, META_CLIENT_INFO, default=None)
    level = _member(envelope.log_level, _read_text, META_LOG_LEVEL, default=None)
    if level is not None and level not in LOGGING_LEVELS:
        raise InvalidParams(f'Invalid params: "{META_LOG_LEVEL}" must be one of {LOGGING_LEVELS}')
    session = None if envelope.session is UNSET else _session_name(envelope.session)
    return Sender(revision, capabilities, info, level, session)


def _session_name(raw: Raw) -> str:
    name: str = _member(raw, _read_text, META_SESSION)
    if not (0 < len(name) <= MAX_SESSION and name.isprintable()):
        raise InvalidParams(
            f'Invalid params: "{META_SESSION}" must be 1 to {MAX_SESSION} printable characters'
        )
    return name


def require_modern(requested: str) -> Revision:
    """The modern revision of that name, or UnsupportedVersion with the data of PROTOCOL 1.3."""
    revision = REVISIONS.get(requested)
    if revision is None or not revision.modern:
        raise UnsupportedVersion(
            f"Unsupported protocol version {requested!r}; supported: {', '.join(SERVED_MODERN)}",
            {"supported": SERVED_MODERN, "requested": requested},
        )
    return revision


def negotiate(params: Raw) -> Sender:
    """The sender that an `initialize` introduces.

    An unknown version is no error: the latest handshake revision is offered (PROTOCOL 1.3).

    Raises:
        InvalidParams: the parameters are not those of `initialize`, or too long to be kept.
    """
    if len(params) > MAX_INTRODUCTION:
        raise InvalidParams(
            f"Invalid params for initialize: they are {len(params)} bytes long, and what a client "
            f"says of itself may have {MAX_INTRODUCTION}"
        )
    try:
        wanted = _read_initialize(params)
    except (ValueError, RecursionError) as error:
        raise InvalidParams(f"Invalid params for initialize: {error}") from None
    revision = REVISIONS.get(wanted.protocol_version)
    if revision not in HANDSHAKE_REVISIONS:
        revision = LATEST_HANDSHAKE
    return Sender(revision, wanted.capabilities, wanted.client_info)


Era: TypeAlias = Literal["fresh", "handshake", "modern"]
Kind: TypeAlias = Literal["initialize", "enveloped", "plain"]

_SAYS_TWICE = InvalidRequest("Invalid request: this connection is initialized already")
_SAYS_FIRST = InvalidRequest('Invalid request: send "initialize" first')
_WRONG_ERA = InvalidRequest(
    "Invalid request: this connection was opened with initialize; send no protocol version in _meta"
)

# What a request of each kind does to a connection in each era: the era after it, or the refusal.
# A modern connection has one more refusal, UnsupportedVersion, that needs the version asked for.
_TABLE: dict[tuple[Era, Kind], Era | InvalidRequest] = {
    ("fresh", "initialize"): "handshake",
    ("fresh", "enveloped"): "modern",
    ("fresh", "plain"): _SAYS_FIRST,
    ("handshake", "initialize"): _SAYS_TWICE,
    ("handshake", "enveloped"): _WRONG_ERA,
    ("handshake", "plain"): "handshake",
    ("modern", "enveloped"): "modern",
    ("modern", "plain"): "modern",
}


class Lifecycle:
    """The era of one connection (stdio, memory, or a stateful HTTP session), server side.

    The first request fixes it; `sender` is the client of the handshake, None in the modern era.
    """

    __slots__ = ("era", "sender")

    def __init__(self) -> None:
        self.era: Era = "fresh"
        self.sender: Sender | None = None

    def admit(self, method: str, params: Raw) -> tuple[Sender, Envelope]:
        """Who sends this request; a request that its era forbids raises the refusal."""
        envelope = read_envelope(params)
        if self.era == "handshake" and method != "initialize" and envelope.version is UNSET:
            assert self.sender is not None
            return self.sender, envelope
        if self.era == "modern" and method != "initialize" and envelope.version is not UNSET:
            return envelope.sender, envelope
        if self.era == "fresh" and method == "ping" and envelope.version is UNSET:
            return Sender(LATEST_HANDSHAKE, ClientCapabilities()), envelope
        return self._turn(method, params, envelope), envelope

    def _turn(self, method: str, params: Raw, envelope: Envelope) -> Sender:
        if method == "initialize":
            kind: Kind = "initialize"
        else:
            kind = "plain" if envelope.version is UNSET else "enveloped"
        if self.era == "modern" and kind == "initialize":
            require_modern(_requested(params))
            kind = "enveloped"
        after = _TABLE[self.era, kind]
        if isinstance(after, InvalidRequest):
            raise InvalidRequest(after.message)
        if after == "handshake":
            self.sender = sender = negotiate(params)
        else:
            sender = envelope.sender
        self.era = after
        return sender

    def restore(self, sender: Sender) -> None:
        """Be where a handshake with this client led."""
        self.era, self.sender = "handshake", sender

    def reset(self) -> None:
        """Forget a handshake whose `initialize` was refused."""
        self.era, self.sender = "fresh", None


def _requested(params: Raw) -> str:
    try:
        return _read_initialize(params).protocol_version
    except (DecodeError, UnicodeError, RecursionError):
        return ""


_REQUIRED: Any = object()


def _member(raw: Raw | UnsetType, read: Any, name: str, default: Any = _REQUIRED) -> Any:
    if raw is UNSET:
        return default
    try:
        return read(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidParams(f'Invalid params: "_meta" member "{name}": {error}') from None
