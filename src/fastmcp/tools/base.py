"""Tool: what a tool is to the server."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Unpack

from msgspec import DecodeError, Raw, field, json

from fastmcp._components.component import Component, ComponentOptions
from fastmcp._components.functions.signature import NOT_AN_OBJECT
from fastmcp._protocol.mirroring import Plan, read_plan
from fastmcp.exceptions import InvalidSignature, ValidationError
from fastmcp.wire.features import Tool as WireTool
from fastmcp.wire.features import ToolAnnotations, ToolExecution

from .tool_result import ToolResult as ToolResult

if TYPE_CHECKING:
    from .transformed_tool import TransformedTool

logger: Final = logging.getLogger("fastmcp.server")

NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


class ToolOptions(ComponentOptions, total=False):
    """What the `tool` decorator takes. `output_schema` None sends no structured content;
    `timeout` is in seconds; `run_in_thread` False calls a plain function on the event loop;
    `exclude_args` are parameters that clients do not see; `serializer` writes the text of a value;
    `strict` allows no coercion; `structured_text` sends `-> str` as structured content, too;
    `validate_output` checks results against a given `output_schema`.
    """

    annotations: Any
    output_schema: dict[str, Any] | None
    timeout: float | None
    run_in_thread: bool
    app: Any
    exclude_args: Sequence[str] | None
    serializer: Callable[[Any], str] | None
    strict: bool
    structured_text: bool
    validate_output: bool


class Tool(Component, kw_only=True):
    """A tool. Subclasses override `run`."""

    KIND: ClassVar[str] = "tool"

    parameters: dict[str, Any] = field(default_factory=lambda: dict(NO_PARAMETERS))
    output_schema: dict[str, Any] | None = None
    annotations: ToolAnnotations | None = None
    execution: ToolExecution | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_name(self.name)
        try:
            self._mirrors: Plan = read_plan(self.parameters)
        except ValueError as error:
            raise InvalidSignature(f"The tool {self.name!r} cannot be served: {error}") from None

    @classmethod
    def from_function(cls, fn: Any, **options: Unpack[ToolOptions]) -> Tool:
        """A tool that calls `fn`."""
        from .function_tool import FunctionTool

        return FunctionTool.from_function(fn, **options)

    @classmethod
    def from_tool(cls, tool: Tool | Callable[..., Any], **changes: Any) -> TransformedTool:
        """A tool made of another; `changes` are those of `TransformedTool.from_tool`."""
        from .transformed_tool import TransformedTool

        require_awaited(tool, "from_tool()")
        return TransformedTool.from_tool(tool, **changes)

    @property
    def arguments_schema(self) -> dict[str, Any]:
        return self.parameters

    async def call(self, arguments: Raw | Mapping[str, Any]) -> ToolResult:
        """Run with arguments that may still be raw JSON.

        Raises:
            ValidationError: they do not fit.
        """
        if isinstance(arguments, Raw):
            try:
                arguments = json.decode(arguments, type=dict[str, Any])
            except (DecodeError, UnicodeError, RecursionError):
                raise ValidationError(NOT_AN_OBJECT) from None
        return await self.run(dict(arguments))

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Do the work."""
        raise NotImplementedError(f"{type(self).__name__} must implement run()")

    def _entry(self, *, portable: bool) -> WireTool:
        shown = self.to_mcp_tool()
        if portable:
            from fastmcp._components.schemas.portable import portable as inlined

            shown.input_schema = inlined(shown.input_schema)
            if shown.output_schema is not None:
                shown.output_schema = inlined(shown.output_schema)
        return shown

    def to_mcp_tool(self, **overrides: Any) -> WireTool:
        """The tool as clients see it."""
        annotations = self.annotations
        members: dict[str, Any] = {
            "name": self.name,
            "title": self.title or (annotations.title if annotations else None),
            "description": self.description,
            "input_schema": self.parameters,
            "output_schema": self.output_schema,
            "annotations": annotations,
            "icons": self.icons,
            "execution": self.execution or self._task_execution(),
            "meta": self.get_meta(),
        }
        return WireTool(**{**members, **overrides} if overrides else members)

    def _task_execution(self) -> ToolExecution | None:
        if self.task is None or not self.task.supports_tasks():
            return None
        return ToolExecution(task_support=self.task.mode)


def require_awaited(given: Any, function: str) -> None:
    """Refuse what an async function gives that was not awaited, such as `get_tool()`.

    Raises:
        TypeError: it is that.
    """
    if isinstance(given, Coroutine):
        given.close()
        raise TypeError(f"{function} got a coroutine, and no tool: await it")


_GOOD_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,128}")
_BAD_IN_NAME = re.compile(r"[\s\x00-\x1f\x7f]")


def require_name(name: str) -> None:
    """Refuse a name that no model can call, and warn of one that some clients refuse (SEP-986).

    Raises:
        InvalidSignature: it is empty, longer than 128 characters, or has spaces.
    """
    if _GOOD_NAME.fullmatch(name):
        return
    if not name or len(name) > 128 or _BAD_IN_NAME.search(name):
        raise InvalidSignature(
            f"The tool name {name!r} cannot be called: use 1 to 128 of the characters A-Z a-z 0-9 "
            "_ - . / and keep the readable form for title="
        )
    logger.warning(
        "Some clients refuse the tool name %r: it has other characters than A-Z a-z 0-9 _ - . /",
        name,
    )
