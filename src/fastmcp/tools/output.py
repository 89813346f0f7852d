"""From a tool's return annotation to its output schema, and from its value to a result."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import GeneratorType
from typing import Any, Final, cast

from msgspec import json

from fastmcp._components.blocks import holds_blocks, text_block, to_blocks
from fastmcp._components.schemas.schema import Value, explain, value_of
from fastmcp._components.writing import bare, simpler, to_json, unwritable, writes_aliases
from fastmcp._logging.tracebacks import exc_info_of
from fastmcp.exceptions import ToolError
from fastmcp.wire.content import TextContent
from fastmcp.wire.inputs import InputRequiredResult
from fastmcp.wire.model import construct

from .output_schema import (
    WRAPPED,
    described_value,
    given_schema,
    is_object_schema,
    is_plain_list,
    wrapped,
)
from .tool_result import ToolResult
from .whole_results import WholeResult, whole_result

logger: Final = logging.getLogger("fastmcp.server")

_TEXTS = (str, bytes, bytearray)
# What is data whatever the tool says of itself.
_DATA = frozenset({str, int, float, bool, list, type(None)})
# The integers that every reader of JSON reads as they are (RFC 8259, section 6).
SAFE = 2**53
_WRAP_META = {"fastmcp": {"wrap_result": True}}


class Output:
    """How one tool's values become results; read once, from its return annotation.

    Data whose schema is not an object's is wrapped as `{"result": …}` (PROTOCOL 8.3), and so is a
    list of which nothing is promised. `structured_text` promises and sends text as data, too;
    `validate_output` checks every result against the schema; `serializer` writes the text of data.
    """

    __slots__ = ("_aliases", "_is_integer", "_serializer", "_validate", "_value", "schema", "wraps")

    def __init__(
        self,
        annotation: Any,
        schema: Any = ...,
        *,
        structured_text: bool = False,
        validate_output: bool = False,
        serializer: Callable[[Any], str] | None = None,
    ) -> None:
        self._value: Value | None = None
        self._is_integer = False
        self._aliases: bool | None = None
        self._serializer = serializer
        self._validate: Callable[[Any], None] | None = None
        self.schema: dict[str, Any] | None = None
        self.wraps: bool = False
        if schema is ...:
            self._read(annotation, structured_text)
        elif schema is not None and schema is not False:
            self.schema = given_schema(schema)
            self.wraps = bool(self.schema.get(WRAPPED))
        if validate_output and self.schema is not None:
            from .validation import validator

            self._validate = validator(self.schema)

    def _read(self, annotation: Any, structured_text: bool) -> None:
        described = described_value(annotation, structured_text=structured_text)
        if described is None:
            self.wraps = is_plain_list(annotation)
            return
        try:
            value = value_of(described)
        except Exception:
            return  # what pydantic cannot describe is sent as content only
        self._value = value
        self._is_integer = described is int
        self._aliases = writes_aliases(described)
        self.wraps = not is_object_schema(value.schema)
        self.schema = wrapped(value.schema) if self.wraps else {"type": "object", **value.schema}

    def convert(self, value: Any) -> WholeResult:
        """The result that a function's value means.

        Raises:
            ToolError: the value does not fit what was promised, or cannot be written as JSON.
        """
        kind = cast("type[Any]", type(value))
        if kind is str and self.schema is None:
            return ToolResult.encoded([text_block(value)])
        result = None
        if kind not in _DATA:
            value = bare(value)
            if isinstance(value, GeneratorType):
                value = list(cast("Any", value))
            result = whole_result(value)
        if result is None:
            try:
                result = self._of_data(value)
            except ValueError as error:
                raise ToolError(f"The tool returned what cannot be sent: {error}") from error
        if self._validate is not None and not isinstance(result, InputRequiredResult):
            self._validate(result)
        return result

    def _of_data(self, value: Any) -> ToolResult:
        if self._value is None and self._is_content(value):
            return ToolResult.encoded(to_blocks(value))
        data = self._write(value)
        content = [] if value is None else [self._block(value, data)]
        if self.wraps and (self.schema is not None or data.startswith(b"[")):
            return ToolResult.encoded(content, b'{"result":' + data + b"}", _WRAP_META)
        if data.startswith(b"{"):
            return ToolResult.encoded(content, data)
        if self.schema is not None:
            raise ToolError(
                f"The tool promises an object and returned {type(value).__name__}; return a dict "
                f'or a model, or set "{WRAPPED}" in a schema with the property "result"'
            )
        return ToolResult.encoded(content)

    def _is_content(self, value: Any) -> bool:
        """Whether a value of which no annotation tells is for the model to read, and no data."""
        if self.schema is None:
            is_nothing = isinstance(value, (list, tuple)) and not value and not self.wraps
            return is_nothing or value is None or isinstance(value, _TEXTS) or holds_blocks(value)
        if holds_blocks(value):
            raise ToolError(
                "The tool promises structured content and returned content blocks; return "
                "ToolResult(content=…, structured_content=…), or set output_schema=None"
            )
        return False

    def _block(self, value: Any, data: bytes) -> TextContent:
        if isinstance(value, str):
            return text_block(value)
        if self._serializer is not None:
            try:
                return text_block(self._serializer(value))
            except Exception as error:
                what = "The serializer failed; the value is sent as JSON"
                logger.warning(what, exc_info=exc_info_of(error))
        return construct(TextContent, text=data.decode())

    def _write(self, value: Any) -> bytes:
        known = self._value
        if known is None:
            return to_json(value)
        if type(value) is int and self._is_integer and -SAFE < value < SAFE:
            return b"%d" % value
        try:
            if self._aliases is not None:
                return to_json(known.check(value), by_alias=self._aliases)
            return known.write(value, warnings="error", fallback=simpler)
        except ValueError:
            pass
        try:
            return known.write(_fitted(known, value), fallback=simpler)
        except ValueError as error:
            what = explain(error) or unwritable(error)
            raise ToolError(f"The tool returned what its annotation does not allow: {what}") from (
                error
            )


def _fitted(known: Value, value: Any) -> Any:
    """The value as its annotation has it: converted, or else read back from its JSON."""
    try:
        return known.check(value)
    except ValueError:
        return known.check(json.decode(to_json(value)))
