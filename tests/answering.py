"""A client by hand whose user answers what a tool asks, in any revision that can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from inspect import iscoroutinefunction
from itertools import count
from typing import Any, cast

from apps import CAPABILITIES_KEY, HANDSHAKE, MODERN, enveloped, initialize, notification, request
from conversation import Conversation
from msgspec import Struct, field

from fastmcp import Context, FastMCP

OLDEST = "2025-06-18"
ASKING = [OLDEST, HANDSHAKE, MODERN]
"""The revisions that have elicitation."""

FORMS: dict[str, Any] = {"elicitation": {}}
PAGES: dict[str, Any] = {"elicitation": {"url": {}}}


class Told(Struct):
    """What a client was asked, by the params of each question, and how its call ended.

    `values` are what the tool's function returned, in Python.
    """

    questions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    values: list[Any] = field(default_factory=list[Any])
    notices: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    message: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def question(self) -> dict[str, Any]:
        [question] = self.questions
        return question

    @property
    def value(self) -> Any:
        [value] = self.values
        return value

    @property
    def text(self) -> str:
        """The text of the result, which a failed call has, too."""
        return self.message["result"]["content"][0]["text"]


def answered(
    function: Callable[[Context], Any],
    *answers: dict[str, Any],
    revision: str = HANDSHAKE,
    capabilities: dict[str, Any] = FORMS,
    **options: Any,
) -> Told:
    """Call a tool that is this function, and answer its questions in order.

    `answers` are results of `elicitation/create`, `options` those of the server.
    """
    mcp = FastMCP("x", **options)
    told = Told()

    async def asks(ctx: Context) -> str:
        told.values.append(await cast("Awaitable[Any]", function(ctx)))
        return "done"

    def asks_plainly(ctx: Context) -> str:
        told.values.append(function(ctx))
        return "done"

    mcp.tool(asks if iscoroutinefunction(function) else asks_plainly, name="f")
    converse = _in_rounds if revision == MODERN else _in_requests
    told.message = asyncio.run(converse(mcp, told, iter(answers), revision, capabilities))
    return told


def elicited(
    response_type: Any, *answers: dict[str, Any], revision: str = HANDSHAKE, **labels: Any
) -> Told:
    """Have a tool ask for this type, and accept with the answer, if there is one."""

    async def function(ctx: Context) -> Any:
        return await ctx.elicit("Well?", response_type, **labels)

    accepted = [{"action": "accept", "content": answer} for answer in answers]
    return answered(function, *accepted, revision=revision)


async def _in_requests(
    mcp: FastMCP,
    told: Told,
    answers: Iterator[dict[str, Any]],
    revision: str,
    capabilities: dict[str, Any],
) -> Any:
    talk = Conversation(mcp, revision)
    try:
        opening = initialize(revision)
        opening["params"]["capabilities"] = capabilities
        await talk.ask(opening)
        talk.send(notification("notifications/initialized"))
        message = await talk.ask(request("tools/call", name="f", arguments={}))
        while "method" in message:
            if "id" in message:
                assert message["method"] == "elicitation/create"
                told.questions.append(message["params"])
                talk.send({"jsonrpc": "2.0", "id": message["id"], "result": next(answers)})
            else:
                told.notices.append(message)
            message = await talk.receive()
        return message
    finally:
        talk.session.close()


async def _in_rounds(
    mcp: FastMCP,
    told: Told,
    answers: Iterator[dict[str, Any]],
    revision: str,
    capabilities: dict[str, Any],
) -> Any:
    talk = Conversation(mcp, revision)
    again: dict[str, Any] = {}
    try:
        for id in count(1):
            message = request("tools/call", id, name="f", arguments={}, **again)
            sent = enveloped(message, MODERN, **{CAPABILITIES_KEY: capabilities})
            talk.session.feed(json.dumps(sent).encode())
            message = await talk.receive()
            if message.get("result", {}).get("resultType") != "input_required":
                return message
            asked = message["result"]["inputRequests"]
            told.questions += [each["params"] for each in asked.values()]
            again = {
                "inputResponses": {key: next(answers) for key in asked},
                "requestState": message["result"]["requestState"],
            }
    finally:
        talk.session.close()
