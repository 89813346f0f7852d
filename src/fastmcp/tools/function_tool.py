"""FunctionTool: a tool that calls a Python function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Unpack

from msgspec import Raw

from fastmcp._components.blocks import as_model
from fastmcp._components.calling import invoker
from fastmcp._components.component import described
from fastmcp._components.signature import Signature, read_signature
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
