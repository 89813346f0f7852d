"""Results of the server behind a proxy, sent on as they came; read only where somebody looks."""

from __future__ import annotations

import base64
from typing import Any, Self

from msgspec import UNSET, Raw, Struct, UnsetType, field, json

from fastmcp.client.results import unreadable
from fastmcp.client.rounds import input_demand
from fastmcp.resources.base import ResourceContent, ResourceResult
from fastmcp.tools.tool_result import ToolResult
from fastmcp.wire.content import TextResourceContents, content_blocks, resource_contents
from fastmcp.wire.features import CallToolResult, ReadResourceResult
from fastmcp.wire.inputs import InputRequiredResult
from fastmcp.wire.model import construct
from fastmcp.wire.shapes import META_RELATED_TASK, META_SERVER_INFO

_OF_THE_SERVER = {META_SERVER_INFO, META_RELATED_TASK}


class _Call(Struct, rename="camel"):
    content: list[Raw] = field(default_factory=list[Raw])
    structured_content: Raw | UnsetType = UNSET
    is_error: bool = False
    meta: dict[str, Any] | None = field(name="_meta", default=None)


class _Read(Struct, rename="camel"):
    contents: list[Raw]
    meta: dict[str, Any] | None = field(name="_meta", default=None)


class _Located(Struct):
    uri: str


_read_call = json.Decoder(_Call).decode
_read_read = json.Decoder(_Read).decode
_read_located = json.Decoder(_Located).decode
_read_demand = json.Decoder(InputRequiredResult).decode
_read_json = json.Decoder().decode


class RelayedResult(ToolResult):
    """The result of a tool of another server."""

    __slots__ = ("_blocks", "_raw_blocks")

    @classmethod
    def of(cls, raw: Raw) -> Self:
        """Read no more than is needed.

        Raises:
            ClientError: it is no result of a call.
        """
        try:
            read = _read_call(raw)
        except (ValueError, RecursionError) as error:
            raise unreadable("tools/call", error) from None
        structured = read.structured_content
        self = cls.__new__(cls)
        self._raw = None if structured is UNSET else structured
        self._structured = None
        self._raw_blocks = read.content
        self._blocks = None
        self.meta = own_meta(read.meta)
        self.is_error = read.is_error
        return self

    @property
    def content(self) -> list[Any]:
        """The blocks; changes to the list go out with it."""
        blocks = self._blocks
        if blocks is None:
            blocks = self._blocks = content_blocks([_read_json(raw) for raw in self._raw_blocks])
        return blocks

    @content.setter
    def content(self, value: list[Any]) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._blocks: list[Any] | None = value
        self._raw_blocks: list[Raw] = []

    def to_wire(self) -> CallToolResult:
        structured = self._raw
        if self._structured is not None:
            structured = Raw(json.encode(self._structured))
        return construct(
            CallToolResult,
            content=self._raw_blocks if self._blocks is None else self._blocks,
            structured_content=UNSET if structured is None else structured,
            is_error=self.is_error,
            meta=self.meta,
        )


class RelayedContents(ResourceResult):
    """What was read from another server, at `theirs`."""

    __slots__ = ("_raw_contents", "_read", "_theirs")

    @classmethod
    def read_at(cls, raw: Raw, theirs: str) -> Self:
        """Read no more than is needed.

        Raises:
            ClientError: it is nothing that was read.
        """
        try:
            read = _read_read(raw)
        except (ValueError, RecursionError) as error:
            raise unreadable("resources/read", error) from None
        self = cls.__new__(cls)
        self._raw_contents = read.contents
        self._theirs = theirs
        self._read = None
        self.meta = own_meta(read.meta)
        return self

    @property
    def contents(self) -> list[ResourceContent]:
        """The pieces; changes to the list go out with it."""
        if self._read is None:
            self._read = [_content(each) for each in self._raw_contents]
        return self._read

    @contents.setter
    def contents(self, value: list[ResourceContent]) -> None:  # type: ignore[override]
        self._read: list[ResourceContent] | None = value
        self._raw_contents: list[Raw] = []

    def to_wire(self, uri: str) -> ReadResourceResult:
        if self._read is not None:
            return super().to_wire(uri)
        contents = self._raw_contents
        if self._theirs != uri:
            contents = [self._relocated(each, uri) for each in contents]
        return construct(ReadResourceResult, contents=contents, meta=self.meta)

    def _relocated(self, raw: Raw, ours: str) -> Raw:
        """A piece under the URI that it has here, if it is what was asked for, or below that."""
        uri = _read_located(raw).uri
        if uri != self._theirs and not uri.startswith(self._theirs.rstrip("/") + "/"):
            return raw
        members = json.decode(raw, type=dict[str, Raw])
        here = ours + uri[len(self._theirs) :]
        return Raw(json.encode({**members, "uri": here}))


def _content(raw: Raw) -> ResourceContent:
    piece = resource_contents(_read_json(raw))
    if isinstance(piece, TextResourceContents):
        return ResourceContent(piece.text, piece.mime_type, piece.meta)
    return ResourceContent(base64.b64decode(piece.blob), piece.mime_type, piece.meta)


def demand_of(raw: Raw) -> InputRequiredResult | None:
    """The demand for input that a result is; None for any other.

    Raises:
        ClientError: it is one, and cannot be read.
    """
    if input_demand(raw) is None:
        return None
    try:
        demand = _read_demand(raw)
    except (ValueError, RecursionError) as error:
        raise unreadable("a request", error) from None
    demand.meta = own_meta(demand.meta)
    return demand


def own_meta(meta: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a server says of the result, and not of itself, or of a task of its own."""
    if not meta or not meta.keys() & _OF_THE_SERVER:
        return meta
    return {name: value for name, value in meta.items() if name not in _OF_THE_SERVER} or None
