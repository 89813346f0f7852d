"""Calls of tools, with what is known of each tool from its listing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, TypedDict, TypeVar

from msgspec import Raw, Struct, ValidationError, convert

from fastmcp.exceptions import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    MISSING_CAPABILITY,
    McpError,
    RemoteToolError,
    TimedOut,
    ToolError,
)
from fastmcp.wire.content import TextContent
from fastmcp.wire.features import CallToolResult as WireCallToolResult
from fastmcp.wire.features import read_call_result
from fastmcp.wire.tasks import TASKS_EXTENSION, TaskMetadata

from .arguments import Duration, in_seconds, jsonable, with_version
from .conversation import Conversation
from .output_schemas import OutputSchemas, has_to_be_read
from .progress import ProgressHandler
from .results import CallToolResult, unreadable
from .tasks.client_tasks import ClientTasks
from .tasks.created import created_in
from .tasks.task import ToolTask

T = TypeVar("T")


class CallOptions(TypedDict, total=False):
    """How a tool is called: how long it may be silent, who hears of its progress, which `version`
    of it is called if not the highest, and what goes with the call in `_meta`.
    """

    timeout: Duration | None
    progress_handler: ProgressHandler | None
    version: str | None
    meta: Mapping[str, Any] | None


class ToolCalls:
    """The `tools/call` requests of a client.

    `list_all` lists every tool, to know more of them, and gives the pages to `schemas.learn`. With
    `raises_originals` an error may be the very exception of the tool.
    """

    def __init__(
        self,
        conversation: Conversation,
        tasks: ClientTasks,
        list_all: Callable[[], Awaitable[object]],
        *,
        raises_originals: bool,
    ) -> None:
        self._conversation = conversation
        self._tasks = tasks
        self._as_tasks: set[str] = set()
        self._list_all = list_all
        self.schemas: Final = OutputSchemas(list_all)
        self._raises_originals = raises_originals

    async def wire_result(
        self, name: str, arguments: Mapping[str, Any] | None, options: CallOptions
    ) -> WireCallToolResult:
        """What the server answers.

        Raises:
            McpError: it is an error.
        """
        params = _params(name, arguments)
        asked = _asked(options)
        if name in self._as_tasks:
            return _read(await self._as_task(params, asked))
        try:
            raw = await self._ask(
                partial(self._conversation.request, "tools/call", params, **asked)
            )
        except McpError as error:
            if not needs_tasks(error):
                raise
            self._as_tasks.add(name)
            return _read(await self._as_task(params, asked))
        if self._tasks.declared and (created := created_in(raw)) is not None:
            raw = await self._tasks.finished(created, asked["timeout"])
        return _read(raw)

    async def _ask(self, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            return await ask()
        except McpError as error:
            if error.code != HEADER_MISMATCH:
                raise
            await self._list_all()  # which arguments travel in headers has to be learnt first
            return await ask()

    async def _as_task(self, params: dict[str, Any], asked: dict[str, Any]) -> Raw:
        """The answer of a tool that the server calls only as a task, once that has ended."""
        wish = TaskMetadata()
        ask = partial(self._conversation.request, "tools/call", params, as_task=wish, **asked)
        raw = await self._ask(ask)
        created = created_in(raw)
        return raw if created is None else await self._tasks.finished(created, asked["timeout"])

    async def result(
        self,
        name: str,
        arguments: Mapping[str, Any] | None,
        options: CallOptions,
        raise_on_error: bool,
    ) -> CallToolResult:
        """What the tool returned.

        Raises:
            ToolError: it failed or there is none, unless `raise_on_error` is False.
        """
        try:
            wire = await self.wire_result(name, arguments, options)
        except TimedOut:
            raise
        except McpError as error:
            return self._refused(error, raise_on_error)
        result = await self._value(name, options.get("version"), wire)
        if result.is_error and raise_on_error:
            raise ToolError(result.text())
        return result

    def _refused(self, error: McpError, raise_on_error: bool) -> CallToolResult:
        if self._raises_originals:
            raise error
        if error.code == INVALID_PARAMS and not raise_on_error:
            return CallToolResult(content=[TextContent(text=error.message)], is_error=True)
        raise RemoteToolError(error) from error

    async def _value(
        self, name: str, version: str | None, wire: WireCallToolResult
    ) -> CallToolResult:
        hydrate = None
        if has_to_be_read(wire):
            hydrate = await self.schemas.hydrator_for(name, wire, version)
        return CallToolResult.from_wire(wire, hydrate)

    async def task(
        self,
        name: str,
        arguments: Mapping[str, Any] | None,
        options: CallOptions,
        raise_on_error: bool,
        task_id: str | None,
        ttl: int | None,
    ) -> ToolTask:
        """A call that is not waited for.

        Raises:
            ToolError: there is no such tool, or it cannot be called so.
        """
        submit = partial(self._tasks.submit, "tools/call", _params(name, arguments), ttl)
        try:
            running, answer = await self._ask(partial(submit, **_asked(options)))
        except TimedOut:
            raise
        except McpError as error:
            self._refused(error, raise_on_error=True)
            raise
        version = options.get("version")
        return await ToolTask(
            running,
            lambda raw: self._value(name, version, _read(raw)),
            task_id,
            failed=lambda error: self._refused(error, raise_on_error),
            raise_on_error=raise_on_error,
        ).settled(answer)


def _params(name: str, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"name": name, "arguments": jsonable(arguments) if arguments else {}}


def _asked(options: CallOptions) -> dict[str, Any]:
    return {
        "timeout": in_seconds(options.get("timeout")),
        "progress_handler": options.get("progress_handler"),
        "meta": with_version(options.get("meta"), options.get("version")),
    }


def _read(raw: Raw) -> WireCallToolResult:
    try:
        return read_call_result(raw)
    except (ValueError, RecursionError) as error:
        raise unreadable("tools/call", error) from None


def needs_tasks(error: McpError) -> bool:
    """Whether a call was refused because the client did not declare that it knows tasks."""
    if error.code != MISSING_CAPABILITY:
        return False
    try:
        needed = convert(error.data, type=_Needed).required_capabilities.extensions
    except ValidationError:
        return False
    return TASKS_EXTENSION in needed


class _Capabilities(Struct):
    extensions: dict[str, Any] = {}


class _Needed(Struct, rename="camel"):
    required_capabilities: _Capabilities
