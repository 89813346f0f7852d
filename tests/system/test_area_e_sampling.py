"""Area E: sampling, row by row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.types import CreateMessageResult, TextContent


def server(**options: Any) -> FastMCP:
    """Tools that ask a model, as plain functions and as coroutines."""
    mcp = FastMCP("writer", **options)

    @mcp.tool
    def summarize(text: str, ctx: Context) -> dict[str, Any]:
        """Have the model sum a text up."""
        try:
            response: Any = ctx.sample(
                prompt=f"Sum up: {text}", model="small-model", max_tokens=150, temperature=0.7
            )
        except Exception as error:
            return {"error": str(error), "success": False}
        tokens = response.usage.total_tokens if hasattr(response, "usage") else None
        return {
            "summary": response.text,
            "equal": response == "hi",
            "tokens_used": tokens,
            "success": True,
        }

    @mcp.tool
    async def summarize_async(text: str, ctx: Context) -> dict[str, Any]:
        """The same, awaited."""
        response = await ctx.sample(
            f"Sum up: {text}", model="small-model", max_tokens=150, temperature=0.7
        )
        return {"summary": response.text, "equal": response == "hi"}

    return mcp


@pytest.fixture(params=["memory", "http"])
def reach(request: pytest.FixtureRequest) -> Iterator[Callable[[FastMCP], Any]]:
    """How to reach a server: in this process, and behind a socket."""
    if request.param == "memory":
        yield lambda mcp: mcp
        return
    with ExitStack() as stack:
        yield lambda mcp: f"{stack.enter_context(served(mcp.http_app()))}/mcp"


def called(target: Any, tool: str = "summarize", **options: Any) -> Any:
    """What a client with these options gets from the tool."""

    async def main() -> Any:
        async with Client(target, timeout=20, **options) as client:
            return (await client.call_tool(tool, {"text": "long"})).data

    return asyncio.run(main())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("tool", ["summarize", "summarize_async"])
def test_s078_a_tool_asks_the_clients_model(
    reach: Callable[[FastMCP], Any], tool: str, mode: str
) -> None:
    """`prompt=` and `model=` are the messages and the preferences; it waits in either manner."""
    asked: list[Any] = []

    def model(messages: Any, params: Any, context: Any) -> str:
        asked.append((messages[0].content.text, params))
        return "hi"

    answer = called(reach(server()), tool, sampling_handler=model, mode=mode)

    assert (answer["summary"], answer["equal"]) == ("hi", True)
    [(text, params)] = asked
    assert text == "Sum up: long"
    assert params.model_preferences.hints[0].name == "small-model"
    assert (params.max_tokens, params.temperature) == (150, 0.7)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_s078_what_the_client_says_of_the_cost_is_known(mode: str) -> None:
    """In the `_meta` of its answer."""

    def model(messages: Any, params: Any, context: Any) -> CreateMessageResult:
        return CreateMessageResult(
            role="assistant",
            content=TextContent(text="hi"),
            model="small-model",
            meta={"usage": {"total_tokens": 12}},
        )

    assert called(server(), sampling_handler=model, mode=mode)["tokens_used"] == 12
    unsaid = called(server(), sampling_handler=lambda *_: "hi", mode=mode)
    assert (unsaid["success"], unsaid["tokens_used"]) == (True, None)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_s079_a_client_without_a_model_is_answered_at_once(
    reach: Callable[[FastMCP], Any], mode: str
) -> None:
    """The function catches an exception that says what is missing."""
    target = reach(server())

    async def main() -> tuple[Any, float]:
        async with Client(target, timeout=20, mode=mode) as client:
            begun = time.perf_counter()
            result = await client.call_tool("summarize", {"text": "long"})
            return result.data, time.perf_counter() - begun

    answer, seconds = asyncio.run(main())

    assert answer == {"error": "The client does not support sampling", "success": False}
    assert seconds < 10


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_s080_the_servers_own_model_answers(reach: Callable[[FastMCP], Any], mode: str) -> None:
    """Where the client has none; what it says of the cost is known."""

    def model(messages: Any, params: Any, context: Any) -> CreateMessageResult:
        return CreateMessageResult(
            role="assistant",
            content=TextContent(text="hi"),
            model="own",
            meta={"usage": {"prompt_tokens": 5, "completion_tokens": 2}},
        )

    target = reach(server(sampling_handler=model))

    assert called(target, mode=mode) == {
        "summary": "hi",
        "equal": True,
        "tokens_used": 7,
        "success": True,
    }
    assert called(target, mode=mode, sampling_handler=lambda *_: "theirs")["summary"] == "theirs"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_s080_without_sessions_it_answers_too(mode: str) -> None:
    """A request that stands alone has no client to ask."""
    mcp = server(sampling_handler=lambda *_: "hi")

    with served(mcp.http_app(stateless_http=True, json_response=True)) as base:
        answer = called(f"{base}/mcp", mode=mode)

    assert answer["summary"] == "hi"
