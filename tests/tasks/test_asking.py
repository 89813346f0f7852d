"""What a function asks around its task: nothing twice, and a refusal is an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN

from fastmcp import Context, FastMCP
from fastmcp.exceptions import InputRefused, McpError
from fastmcp.server.tasks import TaskConfig

from .talking import ERAS, SECONDS, talking

REFUSED = McpError(code=-32050, message="not now")


async def test_what_is_asked_before_there_is_a_task_is_not_asked_in_it() -> None:
    """A client of the handshake era is asked while it waits for the call, once."""
    mcp, asked = FastMCP("asks"), list[str]()

    @mcp.tool(task=TaskConfig(deferred=True))
    async def order(ctx: Context) -> str:
        who: Any = await ctx.elicit("Who?", str)
        await ctx.become_task()
        what: Any = await ctx.elicit("What?", str)
        return f"{what.data} for {who.data}"

    def answer(params: Any) -> Any:
        asked.append(params["message"])
        value = {"Who?": "Ada", "What?": "tea"}[params["message"]]
        return {"action": "accept", "content": {"value": value}}

    async with talking(mcp, HANDSHAKE, elicitation_create=answer) as talk:
        id = (await talk.begin("order"))["taskId"]
        told = (await talk.payload(id))["result"]

    assert told["content"][0]["text"] == "tea for Ada"
    assert asked == ["Who?", "What?"]


async def test_a_refusal_is_for_the_function(backend: str) -> None:
    """As it is in an ordinary call; the client that waits for the result gets what comes of it."""
    mcp = FastMCP("asks", docket=backend)

    @mcp.tool(task=True)
    async def order(ctx: Context) -> str:
        try:
            await ctx.elicit("Who?", str)
        except InputRefused as error:
            return f"refused: {error.message}"
        return "answered"

    async with talking(mcp, HANDSHAKE, elicitation_create=lambda params: REFUSED) as talk:
        id = (await talk.begin("order"))["taskId"]
        async with asyncio.timeout(SECONDS):
            told = (await talk.payload(id))["result"]

    assert told["content"][0]["text"] == "refused: not now"


@pytest.mark.parametrize("revision", ERAS)
async def test_a_refusal_that_nobody_expects_fails_the_task(revision: str) -> None:
    """In the modern era a client refuses by an answer that is none."""
    mcp = FastMCP("asks")

    @mcp.tool(task=True)
    async def order(ctx: Context) -> str:
        return (await ctx.elicit("Who?", str)).action

    async with talking(mcp, revision, elicitation_create=lambda params: REFUSED) as talk:
        id = (await talk.begin("order"))["taskId"]
        if revision == MODERN:
            [key] = (await talk.until(id, "input_required"))["inputRequests"]
            error = {"code": REFUSED.code, "message": REFUSED.message}
            await talk.result("tasks/update", taskId=id, inputResponses={key: {"error": error}})
            told = (await talk.until(id))["result"]
        else:
            told = (await talk.payload(id))["result"]

    assert told["isError"]
    assert "not now" in told["content"][0]["text"]


async def test_who_listens_after_the_end_of_a_task_hears_of_it() -> None:
    """At once: a task that has ended does not change any more."""
    mcp = FastMCP("listened to")

    @mcp.tool(task=True)
    async def order() -> str:
        return "done"

    async with talking(mcp, MODERN) as talk:
        id = (await talk.begin("order"))["taskId"]
        await talk.until(id)
        wish = {"notifications": {"taskIds": [id]}}
        listening = asyncio.ensure_future(talk.ask("subscriptions/listen", **wish))
        async with asyncio.timeout(SECONDS):
            while not any(each["method"] == "notifications/tasks" for each in talk.told):
                await asyncio.sleep(0.01)
        listening.cancel()
        [told] = [each for each in talk.told if each["method"] == "notifications/tasks"]

    assert (told["params"]["taskId"], told["params"]["status"]) == (id, "completed")
