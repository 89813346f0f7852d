"""Calling tools: a JSON object in, the plain value out."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, field, json

from fastmcp._hydration.wrapping import says_wrapped

from .answer import Answer
from .calls import Calls
from .endpoint import Act
from .failure import failure_of
from .request import RestRequest


class _Block(Struct):
    type: str
    text: str = ""


class _Called(Struct, rename="camel"):
    content: list[Raw]
    structured_content: Raw | UnsetType = UNSET
    is_error: bool = False
    meta: dict[str, Any] | None = field(name="_meta", default=None)


class _Wrapped(Struct):
    result: Raw | UnsetType = UNSET


_read_called = json.Decoder(_Called).decode
_read_wrapped = json.Decoder(_Wrapped).decode
_read_block = json.Decoder(_Block).decode
_read_raw = json.Decoder(Raw).decode


def calling(calls: Calls) -> Act:
    """What calls the tool that the path names."""

    async def answer(request: RestRequest) -> Answer:
        arguments = await request.json_object(calls.max_body)
        params = {"name": request.name, "arguments": arguments}
        outcome = await calls.ask(request, "tools/call", params)
        called = _read_called(outcome.result)
        if called.is_error:
            text = _text_of(called) or "The tool failed"
            raise failure_of(outcome.fault, text, request.scope)
        return Answer(_value_of(called))

    return answer


def _value_of(called: _Called) -> bytes:
    """The value as JSON: data, else text, else the content blocks; null for nothing."""
    structured = called.structured_content
    if structured is not UNSET:
        inner = _read_wrapped(structured).result if says_wrapped(called.meta) else UNSET
        return bytes(structured if inner is UNSET else inner)
    if not called.content:
        return b"null"
    if len(called.content) == 1:
        block = _read_block(called.content[0])
        if block.type == "text":
            return document_in(block.text) or json.encode(block.text)
    return json.encode(called.content)


def _text_of(called: _Called) -> str:
    blocks = map(_read_block, called.content)
    return "\n".join(block.text for block in blocks if block.type == "text")


def document_in(text: str) -> bytes | None:
    """The JSON object or array that a text is; None when it is another text."""
    data = text.strip().encode()
    if data[:1] not in (b"{", b"["):
        return None
    try:
        _read_raw(data)
    except (DecodeError, RecursionError):
        return None
    return data
