"""Reading resources: their text or bytes, under their own type."""

from __future__ import annotations

import base64
import re

from msgspec import UNSET, Raw, Struct, UnsetType, json

from fastmcp.server.catalogue import Catalogue

from .answer import JSON, Answer
from .calls import Calls
from .endpoint import Act
from .failure import Failure
from .request import RestRequest
from .resource_paths import asked_for, uri_of
from .tools import document_in

TEXT = "text/plain"
BINARY = "application/octet-stream"

_MEDIA_TYPE = re.compile(
    r"[\w.+!#$&^-]+/[\w.+!#$&^-]+(?:[ \t]*;[ \t]*[\x21-\x3a\x3c-\x7e]+)*", re.ASCII
)
_HEADING = re.compile(r"#{1,6} \S")
# What a browser shows without running anything of it; the rest is offered as a file.
_SHOWN = re.compile(rf"text/(?:plain|markdown|csv)\b|{JSON}\b|image/(?!svg)|audio/|video/", re.I)


class _Contents(Struct, rename="camel"):
    mime_type: str = ""
    text: str | UnsetType = UNSET
    blob: str = ""


class _Read(Struct):
    contents: list[Raw]


_read_result = json.Decoder(_Read).decode
_read_contents = json.Decoder(_Contents).decode


def reading(calls: Calls, catalogue: Catalogue) -> Act:
    """What reads the resource that the path names."""

    async def answer(request: RestRequest) -> Answer:
        uri = await uri_of(catalogue, calls, request)
        try:
            outcome = await calls.ask(request, "resources/read", {"uri": uri})
        except Failure as failure:
            if failure.status == 404:  # what a name stands for is told to who may read it
                failure.message = failure.message.replace(uri, asked_for(request))
            raise
        contents = _read_result(outcome.result).contents
        if len(contents) != 1:
            return Answer(json.encode(contents), lasting=True)
        return _shown(_read_contents(contents[0]))

    return answer


def _shown(contents: _Contents) -> Answer:
    """One piece of content as it is."""
    if contents.text is UNSET:
        body, kind = base64.b64decode(contents.blob), _media_type(contents.mime_type, BINARY)
    else:
        kind = _media_type(contents.mime_type, TEXT)
        body = contents.text.encode("utf-8", "replace")
        if kind == TEXT:
            kind = _kind_of(contents.text)
        if kind.lower().startswith("text/") and "charset" not in kind.lower():
            kind += "; charset=utf-8"
    attached = () if _SHOWN.match(kind) else ((b"content-disposition", b"attachment"),)
    return Answer(body, content_type=kind, headers=attached, lasting=True)


def _media_type(given: str, usual: str) -> str:
    """The type that was declared, where it is one."""
    return given if _MEDIA_TYPE.fullmatch(given) else usual


def _kind_of(text: str) -> str:
    """The type of a text of which only that is known."""
    if document_in(text) is not None:
        return JSON
    first, _, rest = text.lstrip().partition("\n")
    begins_document = _HEADING.match(first) and not rest.partition("\n")[0].strip()
    return "text/markdown" if begins_document else TEXT
