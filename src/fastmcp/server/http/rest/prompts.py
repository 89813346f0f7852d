"""Rendering prompts: arguments in a JSON object, or in the query; messages out."""

from __future__ import annotations

from msgspec import DecodeError, Raw, json

from .answer import Answer
from .calls import Calls
from .endpoint import Act
from .request import RestRequest

_read_text = json.Decoder(str).decode


def rendering_by_query(calls: Calls) -> Act:
    """What renders the prompt that the path names; of an argument given twice, the last counts."""

    async def answer(request: RestRequest) -> Answer:
        arguments = {name: values[-1] for name, values in request.arguments.items()}
        return await _rendered(calls, request, arguments)

    return answer


def rendering_by_body(calls: Calls) -> Act:
    """The same, with the arguments in the body."""

    async def answer(request: RestRequest) -> Answer:
        given = await request.json_object(calls.max_body)
        return await _rendered(calls, request, {name: _text(raw) for name, raw in given.items()})

    return answer


async def _rendered(calls: Calls, request: RestRequest, arguments: dict[str, str]) -> Answer:
    params = {"name": request.name, "arguments": arguments}
    return Answer(bytes((await calls.ask(request, "prompts/get", params)).result))


def _text(raw: Raw) -> str:
    """Text as it is, anything else as JSON: arguments of prompts are texts."""
    try:
        return _read_text(raw)
    except DecodeError:
        return bytes(raw).decode()
