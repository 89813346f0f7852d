"""A server with one tool, `f`, for tests of what its arguments may be; and types of arguments."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    number: int = 1


@dataclass
class Point:
    x: int
    y: int = 0


def value_of(function: Any, arguments: dict[str, Any], **options: Any) -> Any:
    """What the client gets from a server whose one tool is `function`."""

    async def main() -> Any:
        mcp = FastMCP("x", **options)
        mcp.tool(function, name="f")
        async with Client(mcp) as client:
            return (await client.call_tool("f", arguments)).data

    return asyncio.run(main())


def called(function: Any, arguments: dict[str, Any] | None = None, **options: Any) -> Any:
    """What a tool gives that is this function; options of the tool."""

    async def main() -> Any:
        mcp = FastMCP("x")
        mcp.tool(function, name="f", **options)
        async with Client(mcp) as client:
            return (await client.call_tool("f", arguments)).data

    return asyncio.run(main())


def refusal_of(function: Any, arguments: dict[str, Any], **options: Any) -> str:
    """What the client is told of arguments that do not fit."""
    with pytest.raises(ToolError) as caught:
        value_of(function, arguments, **options)
    return str(caught.value)


def schema_of(function: Any) -> dict[str, Any]:
    """The input schema that a client sees."""

    async def main() -> Any:
        mcp = FastMCP("x")
        mcp.tool(function, name="f")
        async with Client(mcp) as client:
            return (await client.list_tools())[0].input_schema

    return asyncio.run(main())


def annotated_by(annotation: Any, default: Any = inspect.Parameter.empty) -> Callable[..., str]:
    """A function with one parameter, `value`, that tells what it was given."""

    def f(value: Any) -> str:
        return kind(value)

    parameter = inspect.Parameter(
        "value", inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )
    f.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    f.__annotations__ = {"value": annotation}
    return f


def kind(value: Any) -> str:
    return f"{type(value).__name__} {value}"
