"""JSON-RPC 2.0 envelopes: the one place where a message's bytes are read and written.

Only the envelope is decoded here. `params` and `result` stay raw bytes until the layer that
knows their type decodes them, once.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, ValidationError, json

from fastmcp.exceptions import InvalidRequest, McpError, ParseError

RequestId: TypeAlias = int | str
NO_PARAMS = Raw(b"{}")
# Each member of a batch is served at the same time and answered, be it two bytes long.
MAX_BATCH = 1000


class ErrorData(Struct, omit_defaults=True):
    """The `error` member of a failed response."""

    code: int
    message: str
    data: Any = UNSET


class Request(Struct, frozen=True):
    """A call that must be answered."""

    id: RequestId
    method: str
    params: Raw


class Notification(Struct, frozen=True):
    """A message that is never answered."""

    method: str
    params: Raw


class Response(Struct, frozen=True):
    """The answer to a request of ours."""

    id: RequestId
    result: Raw


class Failure(Struct, frozen=True):
    """The refusal of a request of ours; `id` is None when the peer could not read ours."""

    id: RequestId | None
    error: ErrorData


Message: TypeAlias = Request | Notification | Response | Failure


class _Envelope(Struct):
    jsonrpc: str | UnsetType = UNSET
    id: RequestId | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


class _Identified(Struct):
    id: RequestId | None = None


_read_envelope = json.Decoder(_Envelope).decode
_read_error = json.Decoder(ErrorData).decode
_read_array = json.Decoder(list[Raw]).decode
_read_id = json.Decoder(_Identified).decode
_encoder = json.Encoder()
encode_value: Final = _encoder.encode


def decode(data: bytes | bytearray | memoryview | Raw | str) -> Message:
    """Read one message.

    Raises:
        ParseError: the bytes are not JSON.
        InvalidRequest: they are, but not one JSON-RPC message; carries its id when readable.
    """
    try:
        _require_utf8(data)
        envelope = _read_envelope(data)
    except ValidationError as error:
        raise InvalidRequest(f"Invalid request: {error}", id=_readable_id(data)) from None
    except (DecodeError, UnicodeError, RecursionError) as error:
        raise ParseError(f"Parse error: {_reason(error)}") from None
    id, method = envelope.id, envelope.method
    known = None if id is UNSET else id
    if envelope.jsonrpc != "2.0":
        raise InvalidRequest('Invalid request: "jsonrpc" must be "2.0"', id=known)
    if method is not UNSET:
        params = NO_PARAMS if envelope.params is UNSET else envelope.params
        if bytes(memoryview(params)[:1]) != b"{":
            raise InvalidRequest('Invalid request: "params" must be an object', id=known)
        if id is UNSET:
            return Notification(method, params)
        if id is None:
            raise InvalidRequest('Invalid request: "id" must be a string or an integer')
        return Request(id, method, params)
    if envelope.error is not UNSET:
        return Failure(known, _decode_error(envelope.error))
    if envelope.result is not UNSET and known is not None:
        return Response(known, envelope.result)
    raise InvalidRequest(
        'Invalid request: neither a "method", nor an "id" with a "result" or an "error"', id=known
    )


def result_in(data: bytes, id: RequestId) -> Raw | None:
    """The result in a response that `encode_result` wrote for an integer id; None for any other."""
    head = b'{"jsonrpc":"2.0","id":%d,"result":' % id if isinstance(id, int) else b"\0"
    return Raw(data[len(head) : -1]) if data.startswith(head) else None


def is_batch(data: bytes | bytearray | memoryview) -> bool:
    """Whether the bytes begin a JSON array (PROTOCOL 2025-03-26 batching)."""
    return bytes(data[:64]).lstrip(b" \t\r\n")[:1] == b"["


def split_batch(data: bytes | bytearray | memoryview) -> list[Raw]:
    """The members of a JSON array, still as bytes.

    Raises:
        ParseError: the bytes are not a JSON array.
        InvalidRequest: the array is empty, or has more than MAX_BATCH members.
    """
    try:
        _require_utf8(data)
        messages = _read_array(data)
    except (DecodeError, UnicodeError, RecursionError) as error:
        raise ParseError(f"Parse error: {_reason(error)}") from None
    if not messages:
        raise InvalidRequest("Invalid request: an empty batch")
    if len(messages) > MAX_BATCH:
        raise InvalidRequest(f"Invalid request: a batch of more than {MAX_BATCH} messages")
    return messages


def encode_request(id: RequestId, method: str, params: Any = UNSET) -> bytes:
    """A request; `params` may be a model, a mapping or raw JSON."""
    return encode_value(_Outgoing(method=method, id=id, params=params))


def encode_notification(method: str, params: Any = UNSET) -> bytes:
    """A notification; `params` may be a model, a mapping or raw JSON."""
    return encode_value(_Outgoing(method=method, params=params))


def encode_result(id: RequestId, result: Any) -> bytes:
    """A successful response; `result` may be a model, a mapping or raw JSON."""
    return encode_value(_Outgoing(id=id, result=result))


def encode_failure(id: RequestId | None, error: McpError) -> bytes:
    """An error response; `id` is None when the request's own could not be read."""
    data = UNSET if error.data is None else error.data
    body = ErrorData(error.code, error.message, data)
    try:
        return encode_value(_Outgoing(id=id, error=body))
    except (TypeError, UnicodeError, RecursionError):
        text = error.message.encode("utf-8", "backslashreplace").decode()
        return encode_value(_Outgoing(id=id, error=ErrorData(error.code, text)))


class _Outgoing(Struct, kw_only=True):
    jsonrpc: str = "2.0"
    id: RequestId | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    params: Any = UNSET
    result: Any = UNSET
    error: Any = UNSET


def _decode_error(raw: Raw) -> ErrorData:
    try:
        return _read_error(raw)
    except (DecodeError, UnicodeError, RecursionError):
        return ErrorData(-32603, "The peer sent an unreadable error")


def _require_utf8(data: Any) -> None:
    """Read what the decoder skips: it checks the text of the members that it knows, no other."""
    if isinstance(data, (bytes, bytearray)) and not data.isascii():
        data.decode()


def _readable_id(data: bytes | bytearray | memoryview | Raw | str) -> RequestId | None:
    """The id of a message whose other members are wrong, so that the refusal can name it."""
    try:
        return _read_id(data).id
    except (DecodeError, UnicodeError, RecursionError):
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "not UTF-8" if isinstance(error, UnicodeError) else str(error)
