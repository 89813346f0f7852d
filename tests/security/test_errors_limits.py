"""Errors that cost little, and code that has bounds."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest
from apps import Mcp, call, http, messages, request

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError


def answers(client: Mcp, arguments: bytes) -> tuple[str, float]:
    """What a call of `take` is answered, and how long that takes."""
    body = (
        json.dumps(call("take")).encode().replace(b'"arguments": {}', b'"arguments": ' + arguments)
    )
    began = time.perf_counter()
    answer = client.post(body)
    return messages(answer)[-1]["error"]["message"], time.perf_counter() - began


@pytest.mark.parametrize(
    "arguments",
    [
        b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
        b'{"numbers":[' + b",".join([b'"x"'] * 200_000) + b"]}",
    ],
)
def test_a_refusal_of_much_is_short_and_soon(arguments: bytes) -> None:
    """A hundred thousand mistakes are counted, and not told one by one: others wait meanwhile."""
    mcp = FastMCP("refusing")

    @mcp.tool
    def take(numbers: list[int]) -> int:
        return len(numbers)

    with http(mcp) as client:
        text, _ = answers(client, b'{"numbers":5}')
        assert "numbers" in text
        text, seconds = answers(client, arguments)
        assert client.post(request("ping")).status_code == 200

    assert "parts of them do not fit" in text
    assert len(text) < 300
    assert seconds < 10


def test_a_tool_that_ends_the_process_does_not() -> None:
    """Nor one that overflows the stack, or raises what is no exception of a program."""
    mcp = FastMCP("ending")

    @mcp.tool
    def leave() -> None:
        sys.exit(3)

    @mcp.tool
    async def leave_async() -> None:
        raise SystemExit(3)

    @mcp.tool
    def dive() -> Any:
        return dive()

    @mcp.tool
    def contain() -> Any:
        itself: list[Any] = []
        itself.append(itself)
        return itself

    with http(mcp) as client:
        for tool in ("leave", "leave_async", "dive", "contain"):
            answer = messages(client.post(call(tool)))[-1]
            assert "error" in answer or answer["result"]["isError"] is True, tool
        assert client.post(request("ping")).json()["result"] == {}


@pytest.mark.parametrize(
    "code", ["while True: pass", "x = []\nwhile True: x.append('x' * 100000)", "'x' * 10**10"]
)
async def test_fastmcp_4170_code_has_neither_time_nor_memory_without_end(code: str) -> None:
    """It ends by its bounds, with an error for the model."""
    from fastmcp.experimental.transforms.code_mode import CodeMode, MontySandboxProvider

    sandbox = MontySandboxProvider(limits={"max_feed_duration_secs": 1.0, "max_memory": 20_000_000})
    mcp = FastMCP("running", transforms=[CodeMode(sandbox_provider=sandbox)])

    @mcp.tool
    def one() -> int:
        return 1

    async with Client(mcp, timeout=30) as client:
        [tool] = [each.name for each in await client.list_tools() if "execute" in each.name]
        with pytest.raises(ToolError):
            await client.call_tool(tool, {"code": code})
