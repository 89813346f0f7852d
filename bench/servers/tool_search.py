"""Searches among ten thousand tools, and calls of what they find, in one process.

tool_search.py search | call | direct | regex
"""

from __future__ import annotations

import asyncio
import sys
from itertools import cycle
from time import perf_counter
from typing import Any

from timing import answer_bursts

from fastmcp import Client, FastMCP
from fastmcp.server.transforms.search import BM25SearchTransform, RegexSearchTransform
from fastmcp.tools.base import Tool, ToolResult

TOOLS = 10_000
VERBS = "list create delete update send archive search export import close".split()  # noqa: SIM905
NOUNS = "invoice user email project ticket order report channel file contact".split()  # noqa: SIM905


class Done(Tool):
    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return ToolResult(content="done")


def tool(number: int) -> Tool:
    verb, noun = VERBS[number % 10], NOUNS[number // 10 % 10]
    return Done(
        name=f"{verb}_{noun}_{number}",
        description=f"{verb.title()} the {noun} of department {number}, with filters and pages.",
        parameters={
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": f"The id of the {noun}"},
                "limit": {"type": "integer", "description": "How many at most"},
            },
        },
    )


async def measure(what: str) -> None:
    transform = RegexSearchTransform() if what == "regex" else BM25SearchTransform()
    mcp = FastMCP("bench")
    for number in range(TOOLS):
        mcp.add_tool(tool(number))
    mcp.add_transform(transform)
    names = cycle([f"{VERBS[n % 10]}_{NOUNS[n // 10 % 10]}_{n}" for n in range(0, TOOLS, 37)])

    async with Client(mcp) as client:

        async def use() -> float:
            name = next(names)
            if what == "search":
                asked = "search_tools", {"query": name.replace("_", " ")}
            elif what == "regex":
                asked = "search_tools", {"pattern": name.replace("_", ".")}
            elif what == "call":
                asked = "call_tool", {"name": name, "arguments": {"id": "x"}}
            else:
                asked = name, {"id": "x"}
            begin = perf_counter()
            result = await client.call_tool(*asked)
            elapsed = perf_counter() - begin
            assert name in str(result) or "done" in str(result), result
            return elapsed

        await answer_bursts(use)


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1]))
