"""FunctionTool: a tool that calls a Python function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Unpack

from msgspec import Raw

from fastmcp._components.blocks import as_model
from fastmcp._components.component import described
from fastmcp._components.signature import Signature, read_signature
from fastmcp._runtime.threads import run_in_thread
from fastmcp.wire.features import CallToolResult, ToolAnnotations

from .base import Tool, ToolOptions, ToolResult
from .output import Output


class FunctionTool(Tool, kw_only=True):
    """A tool whose arguments are checked straight from JSON and whose value is written once."""

    fn: Callable[..., Any]
    signature: Signature
    output: Output
    invoke: Callable[..., Awaitable[Any]]

    @classmethod
    def from_function(cls, fn: Any, **options: Unpack[ToolOptions]) -> FunctionTool:
        """Read `fn` and make it a tool.

        Raises:
            InvalidSignature: it cannot become one; the text names the line and the cure.
        """
        signature = read_signature(fn, strict=options.get("strict", False))
        output = Output(signature.returns, options.get("output_schema", ...))
        return cls(
            **described(signature, options),
            annotations=as_model(options.get("annotations"), ToolAnnotations),
            parameters=signature.schema,
            output_schema=output.schema,
            fn=fn,
            signature=signature,
            output=output,
            invoke=invoker(signature, threaded=options.get("run_in_thread", True)),
        )

    async def call(self, arguments: Raw | Mapping[str, Any]) -> ToolResult | CallToolResult:  # type: ignore[override]
        value = await self.invoke(**self.signature.arguments(arguments))
        return self.output.convert(value)

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return await self.call(arguments)  # type: ignore[return-value]


def invoker(signature: Signature, *, threaded: bool = True) -> Callable[..., Awaitable[Any]]:
    """How to call a function, decided once: awaited, in a worker thread, or on the loop."""
    if signature.is_async:
        return signature.call
    if inspect.isasyncgenfunction(signature.call):
        return functools.partial(_collect, signature.call)
    if inspect.isgeneratorfunction(signature.call):
        return functools.partial(run_in_thread, functools.partial(_exhaust, signature.call))
    if threaded:
        return functools.partial(run_in_thread, signature.call)
    return functools.partial(_call_here, signature.call)


async def _collect(call: Callable[..., Any], /, **arguments: Any) -> list[Any]:
    return [item async for item in call(**arguments)]


def _exhaust(call: Callable[..., Any], /, **arguments: Any) -> list[Any]:
    return list(call(**arguments))


async def _call_here(call: Callable[..., Any], /, **arguments: Any) -> Any:
    return call(**arguments)
