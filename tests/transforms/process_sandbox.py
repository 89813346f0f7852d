"""A sandbox of tests: code runs in a Python process of its own, and calls by lines of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from fastmcp.exceptions import ToolError

CHILD = """
import ast, asyncio, json, sys, textwrap

def ask(message):
    print(json.dumps(message), file=sys.__stdout__, flush=True)
    answer = json.loads(sys.stdin.readline())
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["value"]

async def call_tool(name, params=None):
    return ask({"call": [name, params]})

code = json.loads(sys.stdin.readline())
sys.stdout = sys.stderr
names = {"call_tool": call_tool}
try:
    exec("async def main():\\n" + textwrap.indent(code, "    "), names)
    done = {"value": asyncio.run(names["main"]())}
except Exception as error:
    done = {"error": f"{type(error).__name__}: {error}"}
print(json.dumps(done), file=sys.__stdout__, flush=True)
"""


class ProcessSandbox:
    """Runs code in a child that is killed when nobody waits for it any more."""

    async def run(
        self,
        code: str,
        *,
        inputs: dict[str, Any] | None = None,
        external_functions: dict[str, Callable[..., Any]] | None = None,
    ) -> Any:
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, stdin=pipe, stdout=pipe
        )
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(json.dumps(code).encode() + b"\n")
            while line := await child.stdout.readline():
                message = json.loads(line)
                if "call" not in message:
                    break
                child.stdin.write(await _answer(message["call"], external_functions or {}))
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()
            child._transport.close()  # type: ignore[attr-defined]
        if "error" in message:
            raise ToolError(message["error"])
        return message["value"]


async def _answer(call: list[Any], functions: dict[str, Callable[..., Any]]) -> bytes:
    try:
        answer = {"value": await functions["call_tool"](*call)}
    except Exception as error:
        answer = {"error": str(error)}
    return json.dumps(answer).encode() + b"\n"
