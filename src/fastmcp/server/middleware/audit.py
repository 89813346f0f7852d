"""Audit: who used which component when, and what came of it."""

from __future__ import annotations

import hashlib
import hmac
import inspect
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import msgspec
from msgspec import UNSET, UnsetType

from fastmcp.exceptions import (
    AuthorizationError,
    ConfigurationError,
    FastMCPError,
    InvalidParams,
    McpError,
    ValidationError,
)
from fastmcp.wire.inputs import InputRequiredResult

from ..auth.identity import principal_of
from ..catalogue import version_asked_for
from ..state.session_names import session_id_of
from .appended_file import PATIENCE, AppendedFile
from .ending import ending_of, words_of
from .logging import default_serializer
from .middleware import CallNext, Middleware, MiddlewareContext
from .redaction import MOST, Redactor

if TYPE_CHECKING:
    from fastmcp._runtime.exchange import Exchange

Entry: TypeAlias = dict[str, Any]
Sink: TypeAlias = "logging.Logger | str | os.PathLike[str] | Callable[[Entry], Any]"

MOST_NAMES = 64
MOST_LETTERS = 300
"""How much is written of what a client calls things."""

LITTLE = 1024
"""How many bytes of arguments may wait for their digest."""

_write = msgspec.json.Encoder(enc_hook=str).encode
_write_sorted = msgspec.json.Encoder(order="sorted").encode
own_logger: Final = logging.getLogger("fastmcp.audit")


class _Client(msgspec.Struct, gc=False):
    name: str
    version: str


class _Digest:
    """The digest of data, which is found when it is written."""

    __slots__ = ("_data", "_key")

    def __init__(self, data: bytes, key: bytes | None) -> None:
        self._data = data
        self._key = key

    def __str__(self) -> str:
        if self._key is not None:
            return f"hmac-sha256:{hmac.digest(self._key, self._data, 'sha256').hex()}"
        return f"sha256:{hashlib.sha256(self._data).hexdigest()}"


class _Arguments(msgspec.Struct, gc=False):
    names: list[str]
    digest: _Digest | str | None
    values: Any = UNSET


class _Entry(msgspec.Struct, gc=False):
    time: datetime
    method: str | None
    target: str
    version: Any
    outcome: str
    error: Entry | None
    duration_ms: float
    # Without a request that is served, nobody knows:
    server: str | UnsetType = UNSET
    principal: str | UnsetType | None = UNSET
    client: _Client | UnsetType | None = UNSET
    session: str | UnsetType = UNSET
    request: str | UnsetType = UNSET
    transport: str | UnsetType = UNSET
    arguments: _Arguments | UnsetType = UNSET


class AuditMiddleware(Middleware):
    """Tells `sink` of each use of a tool, resource or prompt, as one line of JSON.

    `sink` is a file that is appended to, a logger, or a function that gets the entry as a dict, on
    the event loop. Add this middleware first, so that what others refuse is told of, too. Of the
    arguments there are the names, and a digest by which equal ones are found; `digest_key` makes
    it one that nobody without the key can find the arguments by. `include_arguments` has their
    values, too, without what `redact` hides.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        log_level: int = logging.INFO,
        include_arguments: bool = False,
        digest_key: str | bytes | None = None,
        redact: Redactor | bool = True,
    ) -> None:
        self.include_arguments = include_arguments
        self._redactor = Redactor.of(redact)
        self._key = digest_key.encode() if isinstance(digest_key, str) else digest_key
        self._file: AppendedFile[_Entry] | None = None
        self._sends = self._sending(sink, log_level)

    def flush(self, timeout: float = PATIENCE) -> bool:
        """Wait until the file has all entries so far; whether it has. The end of the process does
        that by itself.
        """
        return self._file is None or self._file.flush(timeout)

    def on_call_tool(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        message = context.message
        return self._audited(context, call_next, message.name, message.arguments)

    def on_read_resource(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        uri = self._redactor.line(str(context.message.uri))
        return self._audited(context, call_next, uri, None)

    def on_get_prompt(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        message = context.message
        return self._audited(context, call_next, message.name, message.arguments)

    async def _audited(
        self,
        context: MiddlewareContext[Any],
        call_next: CallNext[Any, Any],
        target: str,
        arguments: Any,
    ) -> Any:
        use = _Use(context)
        given = self._about(arguments)  # before the function, which may change them
        try:
            result = await call_next(context)
        except GeneratorExit:
            raise
        except BaseException as fault:
            outcome = use.outcome_of(fault)
            entry = use.entry(target, outcome, self._error(outcome, fault), given)
            if (taken := self._tell(entry)) is not None:
                await taken
            raise
        if (taken := self._tell(use.entry(target, _outcome_of(result), None, given))) is not None:
            await taken
        return result

    def _about(self, arguments: Any) -> _Arguments | UnsetType:
        # Of the two questions the first is the quick one.
        if not arguments or not (type(arguments) is dict or isinstance(arguments, Mapping)):
            return UNSET
        given = cast("Mapping[str, Any]", arguments)
        data = _data_of(given)
        about = _Arguments(_names_of(given, data), self._digest(data))
        if self.include_arguments:
            about.values = self._redactor.data(given, MOST)
        return about

    def _digest(self, data: bytes | None) -> _Digest | str | None:
        if data is None:
            return None
        digest = _Digest(data, self._key)
        return digest if len(data) <= LITTLE else str(digest)

    def _error(self, outcome: str, fault: BaseException) -> Entry | None:
        if outcome in ("input_required", "cancelled"):
            return None
        code = fault.code if isinstance(fault, McpError) else None
        said = self._redactor.line(words_of(fault), 300)
        return {"type": type(fault).__name__, "code": code, "message": said}

    def _tell(self, entry: _Entry) -> Awaitable[None] | None:
        """Give an entry to the sink; what to await, if that takes it later."""
        try:
            sent = self._sends(entry)
        except Exception as error:
            _failed(error, entry)
            return None
        if sent is None or not inspect.isawaitable(sent):
            return None
        return _taken(sent, entry)

    def _sending(self, sink: Any, log_level: int) -> Callable[[_Entry], Any]:
        if isinstance(sink, (str, os.PathLike)):
            self._file = AppendedFile(cast("str", sink), own_logger, _line)
            return self._file.put
        if isinstance(sink, logging.Logger):
            return _to_logger(sink, log_level)
        if callable(sink):
            return lambda entry: sink(msgspec.to_builtins(entry, enc_hook=str))
        raise ConfigurationError(
            f"AuditMiddleware takes the path of a file, a logger or a function, not {sink!r}"
        )


class _Use:
    """One use of a component, from its beginning."""

    __slots__ = ("_context", "_exchange", "_start", "_within")

    def __init__(self, context: MiddlewareContext[Any]) -> None:
        served = context.fastmcp_context
        self._context = context
        self._exchange: Exchange | None = None if served is None else served.exchange
        self._start = time.perf_counter()
        # What is used in the course of another request leaves that one's component in its place.
        self._within = self._exchange is not None and self._exchange.component is not None

    def _component(self) -> Any:
        """What the request turned out to be for, if that can be known."""
        return None if self._exchange is None or self._within else self._exchange.component

    def entry(
        self, target: str, outcome: str, error: Entry | None, given: _Arguments | UnsetType
    ) -> _Entry:
        context, component, exchange = self._context, self._component(), self._exchange
        version = None if component is None else component.version
        entry = _Entry(
            context.timestamp,
            context.method,
            target[:MOST_LETTERS],
            version or version_asked_for(getattr(context.message, "meta", None)),
            outcome,
            error,
            int((time.perf_counter() - self._start) * 1e6) / 1000,
            arguments=given,
        )
        if (served := context.fastmcp_context) is not None and exchange is not None:
            token, info = served.access_token, exchange.sender.info
            entry.server = served.fastmcp.name
            entry.principal = None if token is None else principal_of(token)
            entry.client = None if info is None else _client_of(info.name, info.version)
            entry.session = session_id_of(exchange)[:MOST_LETTERS]
            entry.request = str(exchange.id)[:MOST_LETTERS]
            entry.transport = exchange.transport
        return entry

    def outcome_of(self, fault: BaseException) -> str:
        ending = ending_of(self._context, fault)
        if ending != "error":
            return ending
        if isinstance(fault, (AuthorizationError, ValidationError, InvalidParams)):
            return "refused"
        if isinstance(fault, FastMCPError) and self._component() is None and not self._within:
            return "refused"  # before anything ran
        if self._context.method == "tools/call" and not isinstance(fault, McpError):
            return "tool_error"
        return "error"


async def _taken(sent: Awaitable[Any], entry: _Entry) -> None:
    try:
        await sent
    except Exception as error:
        _failed(error, entry)


def _failed(error: Exception, entry: _Entry) -> None:
    own_logger.error("The audit log failed (%s): %s", error, _line(entry).decode())


def _outcome_of(result: Any) -> str:
    if isinstance(result, InputRequiredResult):
        return "input_required"
    return "tool_error" if getattr(result, "is_error", False) else "ok"


def _client_of(name: str, version: str) -> _Client:
    return _Client(name[:MOST_LETTERS], version[:MOST_LETTERS])


def _data_of(arguments: Mapping[str, Any]) -> bytes | None:
    """The arguments as bytes that are the same for equal ones; None for what cannot be written."""
    try:
        return _write_sorted(arguments)
    except Exception:  # given by code in this process: no data
        try:
            return default_serializer(arguments).encode()
        except Exception:
            return None


def _names_of(arguments: Mapping[str, Any], data: bytes | None) -> list[str]:
    if data is not None and len(data) < MOST_NAMES:
        return sorted(arguments)  # of so little there is nothing to be left out
    return sorted([str(name)[:MOST_LETTERS] for name in islice(arguments, MOST_NAMES)])


def _to_logger(logger: logging.Logger, level: int) -> Callable[[_Entry], None]:
    heard = False

    def send(entry: _Entry) -> None:
        nonlocal heard
        if not heard:
            heard = True
            if not logger.isEnabledFor(level):
                own_logger.warning(
                    "The audit log goes to the logger %r, which drops what is of level %s",
                    logger.name,
                    logging.getLevelName(level),
                )
        logger.log(level, _line(entry).decode())

    return send


def _line(entry: _Entry) -> bytes:
    try:
        return _write(entry)
    except Exception:  # half of a surrogate pair in a name
        return json.dumps(msgspec.to_builtins(entry, enc_hook=str)).encode()
