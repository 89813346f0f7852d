"""FunctionTool: a tool that calls a Python function."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, Unpack, overload

from msgspec import Raw

from fastmcp._components.component import described
from fastmcp._components.current import in_background
from fastmcp._components.foreign import as_model
from fastmcp._components.functions.calling import invoker
from fastmcp._components.functions.signature import Signature, read_signature, where
from fastmcp._components.marks import Mark, decorate, mark, marked_options
from fastmcp.exceptions import InvalidSignature, McpError
from fastmcp.wire.features import ToolAnnotations

from .base import Tool, ToolOptions, ToolResult
from .output import Output
from .whole_results import WholeResult

F = TypeVar("F", bound=Callable[..., Any])

TIMED_OUT = -32000


class FunctionTool(Tool, kw_only=True):
    """A tool whose arguments are checked straight from JSON and whose value is written once."""

    fn: Callable[..., Any]
    signature: Signature
    output: Output
    invoke: Callable[..., Awaitable[Any]]

    @classmethod
    def from_function(cls, fn: Any, **options: Unpack[ToolOptions]) -> FunctionTool:
        """Read `fn` and make it a tool; options win over those of its `@tool`.

        Raises:
            InvalidSignature: it cannot become one; the text names the line and the cure.
        """
        given: Any = marked_options(fn, "tool", options)
        signature = read_signature(
            fn, strict=given.get("strict", False), hidden=tuple(given.get("exclude_args") or ())
        )
        at = f"{where(signature.call)}: "
        threaded, timeout = given.get("run_in_thread", True), given.get("timeout")
        if timeout is not None and not threaded and not signature.is_async:
            raise InvalidSignature(
                f"{at}{signature.name}() runs on the event loop, where no timeout can end it; drop "
                "timeout=, run_in_thread=False, or make it async"
            )
        try:
            output = Output(
                signature.returns,
                given.get("output_schema", ...),
                structured_text=given.get("structured_text", False),
                validate_output=given.get("validate_output", False),
                serializer=given.get("serializer"),
            )
            return cls(
                **described(signature, given),
                annotations=as_model(given.get("annotations"), ToolAnnotations),
                parameters=signature.schema,
                output_schema=output.schema,
                timeout=timeout,
                fn=fn,
                signature=signature,
                output=output,
                invoke=invoker(signature, threaded=threaded),
            )
        except InvalidSignature as error:
            raise InvalidSignature(
                str(error) if str(error).startswith(at) else f"{at}{error}"
            ) from None

    async def call(self, arguments: Raw | Mapping[str, Any]) -> WholeResult:  # type: ignore[override]
        calling = self.invoke(**self.signature.arguments(arguments))
        if self.timeout is not None and not in_background():
            calling = self._within(self.timeout, calling)
        value = await calling
        return self.output.convert(value)

    def check_arguments(self, arguments: Any) -> None:
        self.signature.reader.read(arguments)

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return await self.call(arguments)  # type: ignore[return-value]

    async def _within(self, seconds: float, calling: Awaitable[Any]) -> Any:
        """The value, unless it takes too long: a coroutine is cancelled, a thread is left to
        itself and its value dropped.
        """
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                return await calling
        except TimeoutError:
            if not deadline.expired():
                raise  # the function's own
            raise McpError(
                code=TIMED_OUT, message=f"Tool {self.name!r} timed out after {seconds:g} seconds"
            ) from None


@overload
def tool(name_or_fn: F, /, **options: Unpack[ToolOptions]) -> F: ...
@overload
def tool(name_or_fn: str | None = None, /, **options: Unpack[ToolOptions]) -> Callable[[F], F]: ...
def tool(name_or_fn: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
    """Mark a function or method as a tool, to be registered later: `mcp.add_tool(obj.method)`.

    It takes what `@mcp.tool` takes, and returns the function as it was.
    """

    def act(fn: Any, given: dict[str, Any]) -> None:
        mark(fn, Mark("tool", given))

    return decorate(name_or_fn, options, "tool", ToolOptions, act)
