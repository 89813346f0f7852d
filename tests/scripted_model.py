"""A client whose model says what a test wants, in messages, in any revision."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from apps import CAPABILITIES_KEY, HANDSHAKE, MODERN, call, enveloped, initialize, notification
from conversation import Conversation

from fastmcp import FastMCP

BOTH_ERAS = [HANDSHAKE, MODERN]
WITH_TOOLS = {"sampling": {"tools": {}}}
PLAIN = {"sampling": {}}


class ScriptedModel:
    """Gives its answers one after the other, the last one for ever; keeps what it was asked.

    An answer is a result, or makes one of the parameters; `{"code": …}` refuses.
    """

    def __init__(self, *answers: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answers = answers

    def __call__(self, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(params)
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
        return answer(params) if callable(answer) else answer

    @property
    def last(self) -> dict[str, Any]:
        """The parameters of the last request."""
        return self.asked[-1]

    def heard(self) -> Any:
        """The content of the last message that it was sent."""
        return self.last["messages"][-1]["content"]

    def told(self) -> list[tuple[str, bool]]:
        """What the results of its last calls of tools told it: the text, and whether it failed."""
        return [
            ("".join(block["text"] for block in result["content"]), result.get("isError", False))
            for result in self.heard()
        ]


def says(text: str, **members: Any) -> dict[str, Any]:
    """The answer that is text."""
    content = {"type": "text", "text": text}
    return {"role": "assistant", "model": "scripted", "content": content, **members}


def uses(*calls: tuple[str, dict[str, Any]], stop: str = "toolUse") -> dict[str, Any]:
    """The answer that calls tools, with ids `call-0`, `call-1` and so on."""
    blocks = [
        {"type": "tool_use", "id": f"call-{number}", "name": name, "input": arguments}
        for number, (name, arguments) in enumerate(calls)
    ]
    return {"role": "assistant", "model": "scripted", "content": blocks, "stopReason": stop}


def sampled(
    function: Callable[..., Any],
    model: ScriptedModel,
    *,
    revision: str = HANDSHAKE,
    capabilities: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """What a client gets that calls a tool which is `function`; options of the server."""
    mcp = FastMCP("sampler", **options)
    mcp.tool(function, name="f")
    return asyncio.run(served(mcp, model, revision, capabilities or WITH_TOOLS))


def text_of(answer: Any) -> str:
    """The text of a result that is no error."""
    assert not answer["result"].get("isError"), answer
    return "".join(block["text"] for block in answer["result"]["content"])


def error_of(answer: Any) -> str:
    """The text of a result that is an error."""
    assert answer["result"]["isError"], answer
    return "".join(block["text"] for block in answer["result"]["content"])


async def served(
    mcp: FastMCP, model: ScriptedModel, revision: str, capabilities: dict[str, Any]
) -> Any:
    """The answer to a call of the tool `f`, all questions of the server's answered by the model."""
    talk = Conversation(mcp, revision)
    try:
        if revision == MODERN:
            return await _in_rounds(talk, model, capabilities)
        opening = initialize(revision)
        opening["params"]["capabilities"] = capabilities
        await talk.ask(opening)
        talk.send(notification("notifications/initialized"))
        talk.send(call("f"))
        while "method" in (message := await talk.receive()):
            assert message["method"] == "sampling/createMessage"
            answer = model(message["params"])
            member = "error" if "code" in answer else "result"
            talk.send({"jsonrpc": "2.0", "id": message["id"], member: answer})
        return message
    finally:
        talk.session.close()


async def _in_rounds(talk: Conversation, model: ScriptedModel, capabilities: Any) -> Any:
    answered: dict[str, Any] = {}
    for id in range(1, 20):
        message = call("f", id)
        message["params"].update(answered)
        message = enveloped(message, **{CAPABILITIES_KEY: capabilities})
        talk.session.feed(json.dumps(message).encode())
        answer = await talk.receive()
        if answer.get("result", {}).get("resultType") != "input_required":
            return answer
        requests = answer["result"]["inputRequests"]
        answered = {
            "inputResponses": {key: model(each["params"]) for key, each in requests.items()},
            "requestState": answer["result"]["requestState"],
        }
    raise AssertionError("the rounds do not end")
