"""Logging: every message, as text or as JSON, with what it says if that is asked for."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from logging import Logger
from types import EllipsisType
from typing import Any, Final, TypeAlias

import msgspec

from fastmcp._logging.redaction import MOST, Redactor
from fastmcp._logging.words import one_line, words_of
from fastmcp.exceptions import ConfigurationError

from .chain import parameters_of
from .ending import ENDINGS, ending_of
from .middleware import CallNext, Middleware, MiddlewareContext

Entry: TypeAlias = dict[str, str | int | float]

_encode = msgspec.json.Encoder().encode
_TARGETS = {
    "tools/call": ("tool", "name"),
    "resources/read": ("resource", "uri"),
    "prompts/get": ("prompt", "name"),
}


def default_serializer(data: Any) -> str:
    """A message as JSON; what JSON does not know is written as pydantic does, or as its text."""
    return msgspec.json.encode(data, enc_hook=_written).decode()


def _written(value: Any) -> Any:
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value, fallback=str)


class BaseLoggingMiddleware(Middleware):
    """What both kinds of logging have in common; subclasses say what is in capitals."""

    _NAME: str
    _LONGEST: int | None
    structured_logging: bool

    def __init__(
        self,
        *,
        logger: Logger | None = None,
        log_level: int = logging.INFO,
        include_payloads: bool = False,
        include_payload_length: bool = False,
        estimate_payload_tokens: bool = False,
        max_payload_length: int | EllipsisType | None = ...,
        methods: list[str] | None = None,
        payload_serializer: Callable[[Any], str] | None = None,
        redact: Redactor | bool = True,
    ) -> None:
        length = self._LONGEST if max_payload_length is ... else max_payload_length
        self.logger: Logger = logger or logging.getLogger(self._NAME)
        self.log_level = log_level
        self.include_payloads = include_payloads
        self.include_payload_length = include_payload_length
        self.estimate_payload_tokens = estimate_payload_tokens
        self.max_payload_length: int | None = _checked_length(length)
        self.methods: list[str] | None = _checked_methods(methods)
        self.payload_serializer = payload_serializer
        self.redactor: Final = Redactor.of(redact)

    async def on_message(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        if self.methods and context.method not in self.methods:
            return await call_next(context)
        told = self.logger.isEnabledFor(self.log_level)
        if told:
            self._log_message(self._create_before_message(context))
        start_time = time.perf_counter()
        try:
            result = await call_next(context)
        except ENDINGS as fault:
            ending = ending_of(context, fault)
            if ending == "error" and isinstance(fault, Exception):
                message = self._create_error_message(context, start_time, fault)
                self._log_message(message, logging.ERROR)
            elif told:
                self._log_message(self._ended(context, ending, start_time))
            raise
        if told:
            self._log_message(self._create_after_message(context, start_time))
        return result

    def _create_before_message(self, context: MiddlewareContext[Any]) -> Entry:
        message = self._about(context, "start")
        if self.include_payload_length or self.estimate_payload_tokens:
            length = self._payload_length(context)
            if self.estimate_payload_tokens:
                message["payload_tokens"] = length // 4
            if self.include_payload_length:
                message["payload_length"] = length
        if self.include_payloads:
            message["payload"] = self._serialize_payload(context)
            message["payload_type"] = type(parameters_of(context.message)).__name__
        return message

    def _create_after_message(self, context: MiddlewareContext[Any], start_time: float) -> Entry:
        return self._ended(context, "success", start_time)

    def _create_error_message(
        self, context: MiddlewareContext[Any], start_time: float, error: Exception
    ) -> Entry:
        message = self._ended(context, "error", start_time)
        message["error"] = self.redactor.line(words_of(error))
        return message

    def _ended(self, context: MiddlewareContext[Any], how: str, start_time: float) -> Entry:
        message = self._about(context, how)
        message["duration_ms"] = round((time.perf_counter() - start_time) * 1000, 2)
        return message

    def _about(self, context: MiddlewareContext[Any], event: str) -> Entry:
        method = context.method or "unknown"
        message: Entry = {
            "event": f"{context.type}_{event}",
            "method": method[:200],
            "source": context.source,
        }
        if target := _TARGETS.get(method):
            kind, member = target
            name = str(getattr(context.message, member, ""))
            message[kind] = self.redactor.line(name) if kind == "resource" else name[:200]
        return message

    def _serialize_payload(self, context: MiddlewareContext[Any]) -> str:
        """What a message says: nothing hidden in it, and at most so long as is to be logged."""
        limit = self.max_payload_length or MOST
        said = self._said(context)
        if said is None:
            return self.redactor.json(parameters_of(context.message), limit)
        return self.redactor.line(said, limit)

    def _payload_length(self, context: MiddlewareContext[Any]) -> int:
        said = self._said(context)
        try:
            return len(default_serializer(parameters_of(context.message)) if said is None else said)
        except Exception:  # a value that cannot be written
            return len(self.redactor.json(parameters_of(context.message)))

    def _said(self, context: MiddlewareContext[Any]) -> str | None:
        """What the serializer of the user's says, if there is one, and it can."""
        if self.payload_serializer is None:
            return None
        try:
            return str(self.payload_serializer(context.message))
        except Exception as error:
            self.logger.warning(
                "The payload serializer failed for %s: %s",
                one_line(context.method or "unknown"),
                self.redactor.line(words_of(error)),
            )
            return None

    def _format_message(self, message: Entry) -> str:
        if self.structured_logging:
            return _line(message)
        return " ".join([f"{name}={one_line(str(value))}" for name, value in message.items()])

    def _log_message(self, message: Entry, log_level: int | None = None) -> None:
        self.logger.log(log_level or self.log_level, self._format_message(message))


class LoggingMiddleware(BaseLoggingMiddleware):
    """Logs each message when it comes and when it is done, as `event=request_start method=...`.

    With `include_payloads`, what it says is logged, too: without what `redact` hides, and cut
    after `max_payload_length` characters, 1000 if nothing is said. `methods` are those to be
    logged, all without it. The logger is `fastmcp.middleware.logging` unless another is given.
    """

    _NAME = "fastmcp.middleware.logging"
    _LONGEST = 1000
    structured_logging = False


class StructuredLoggingMiddleware(BaseLoggingMiddleware):
    """As `LoggingMiddleware`, with one JSON object a line, for those who search logs; its payloads
    are not cut if nothing is said.

    The logger is `fastmcp.middleware.structured_logging` unless another is given.
    """

    _NAME = "fastmcp.middleware.structured_logging"
    _LONGEST = None
    structured_logging = True


def _line(message: Entry) -> str:
    """As `json.dumps` writes it, which takes several times as long."""
    try:
        line = msgspec.json.format(_encode(message), indent=0)
    except UnicodeError:  # half of a surrogate pair in a name
        return json.dumps(message)
    plain = line.isascii() and b"\x7f" not in line
    return line.decode() if plain else json.dumps(message)


def _checked_length(length: int | None) -> int | None:
    if length is not None and length < 0:
        raise ConfigurationError(f"max_payload_length is a number of characters, not {length}")
    return length


def _checked_methods(methods: list[str] | None) -> list[str] | None:
    if isinstance(methods, str):
        raise ConfigurationError(f'methods= takes a list of methods: ["{methods}"]')
    return methods
