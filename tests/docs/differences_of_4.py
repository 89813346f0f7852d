"""What the page for users of FastMCP compares with 4.1; run as a program by its Python, too."""

import asyncio
import importlib
import json
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

from fastmcp import Client, Context, FastMCP


async def elicits(ctx: Context) -> str:
    return (await ctx.elicit("Your name?", str)).data


async def samples(ctx: Context) -> str:
    return (await ctx.sample("Your name?")).text


async def lists_roots(ctx: Context) -> int:
    return len(await ctx.list_roots())


async def counts(ctx: Context) -> int:
    count = (await ctx.get_state("count") or 0) + 1
    await ctx.set_state("count", count)
    return count


async def ask_user(message: Any, response_type: Any, params: Any, context: Any) -> str:
    return "Ada"


async def ask_model(messages: Any, params: Any, context: Any) -> str:
    return "Ada"


async def call(function: Callable[..., Any], times: int = 1) -> list[Any]:
    """What calls of a tool give to a client that answers everything in the modern era."""
    mcp = FastMCP("page")
    mcp.tool(function, name="tool")
    handlers: Any = {
        "elicitation_handler": ask_user,
        "sampling_handler": ask_model,
        "roots": ["file:///home"],
    }
    async with Client(mcp, mode="2026-07-28", **handlers) as client:
        return [str((await client.call_tool("tool")).data) for _ in range(times)]


async def warns_of_camel_case() -> bool:
    mcp = FastMCP("page")
    mcp.tool(lambda: 1, name="tool")
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert tool.inputSchema == tool.input_schema  # type: ignore[attr-defined]
    return bool(told)


async def has_older_paths() -> list[bool]:
    def has(path: str) -> bool:
        try:
            return bool(importlib.import_module(path))
        except ImportError:
            return False

    return [has(path) for path in ("fastmcp.tools.tool", "fastmcp.server.proxy")]


async def has_its_names() -> list[bool]:
    places = (("fastmcp.tools", "InputRequiredToolResult"), ("fastmcp.exceptions", "to_mcp_error"))
    return [hasattr(importlib.import_module(module), name) for module, name in places]


CASES: dict[str, Callable[[], Any]] = {
    "elicit": lambda: call(elicits),
    "sample": lambda: call(samples),
    "roots": lambda: call(lists_roots),
    "state": lambda: call(counts, times=2),
    "camelCase": warns_of_camel_case,
    "older paths": has_older_paths,
    "names of its own": has_its_names,
}


async def outcome(case: Callable[[], Any]) -> Any:
    try:
        return await case()
    except Exception as error:
        return type(error).__name__


async def outcomes() -> dict[str, Any]:
    logging.disable(logging.CRITICAL)
    try:
        return {name: await outcome(case) for name, case in CASES.items()}
    finally:
        logging.disable(logging.NOTSET)


if __name__ == "__main__":
    json.dump(asyncio.run(outcomes()), sys.stdout)
