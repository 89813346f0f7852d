"""From the structured content of a tool's result to the value that its output schema speaks of."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any, cast

from msgspec import json

from .compiling import compiled
from .readers import Exhausted, Misfit, Reader, Run
from .wrapping import WRAPPED, unwrapped

logger = logging.getLogger("fastmcp.client")

MAX_BYTES = 1_000_000
MAX_REMEMBERED = 100_000
"""The size of a schema, as JSON, beyond which it is not read, and beyond which it is not kept."""


class Hydrator:
    """Gives the value of structured content: unwrapped where the schema says that it is wrapped,
    objects with attributes, dates and the like.

    What does not fit stays plain JSON, and a warning tells of it.
    """

    __slots__ = ("_name", "_reader", "wraps")

    def __init__(self, reader: Reader | None, name: str, *, wraps: bool) -> None:
        self._reader = reader
        self._name = name
        self.wraps = wraps

    def __call__(self, structured: Any) -> Any:
        value = unwrapped(structured, wrapped=self.wraps)
        if self._reader is None:
            return value
        run = Run()
        try:
            found = self._reader.read(value, run)
        except Misfit as misfit:
            return self._complain(value, f"it should be {misfit}")
        except Exhausted as reason:
            return self._complain(value, str(reason))
        except RecursionError:
            return self._complain(value, "it is nested too deeply")
        if run.complaints:
            self._complain(value, "; ".join(run.complaints))
        return found

    def _complain(self, value: Any, problem: str) -> Any:
        logger.warning(
            "The result of %s is not what its output schema says, and stays plain JSON there: %s",
            self._name,
            problem,
        )
        return value


def hydrator(schema: Any, name: str = "a tool") -> Hydrator | None:
    """What makes the value of the structured content that `schema` describes; None when that is
    the plain JSON. `name` is whose result it is, for warnings.
    """
    if not isinstance(schema, dict):
        return None
    members = cast("dict[str, Any]", schema)
    wraps = bool(members.get(WRAPPED))
    try:
        text = json.encode(members)
        read = _remembered if len(text) <= MAX_REMEMBERED else _reader
        reader = read(text, wraps) if len(text) <= MAX_BYTES else None
    except Exception as error:  # a schema can be anything; the plain value is always right
        logger.debug("The output schema of %s is not understood: %s", name, error)
        reader = None
    return Hydrator(reader, name, wraps=wraps) if wraps or reader is not None else None


def _reader(text: bytes, wraps: bool) -> Reader | None:
    schema: Any = json.decode(text)
    start: Any = schema
    if wraps:
        properties: Any = schema.get("properties")
        start = cast("Any", properties).get("result") if isinstance(properties, dict) else None
    reader = compiled(schema, start)
    return None if reader.plain else reader


# Clients of one server then have one class for each of its objects.
_remembered = lru_cache(maxsize=128)(_reader)
