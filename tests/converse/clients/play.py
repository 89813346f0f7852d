"""What the Python programs here do with the tools that converse; it knows neither SDK.

The task is the JSON document that is their only argument: where the `server` is, in which
`revisions` to speak to it, which tools are `asking`, what the user (`contents`), the model (`said`,
`uses`) and the file system (`roots`) answer, and in which revisions a call can be `stoppable`.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

TASK: dict[str, Any] = json.loads(sys.argv[1])
SECONDS = 20
POLLS = 500

Json = dict[str, Any]
Call = Callable[..., Awaitable[Any]]


def elicited(params: Json) -> Json:
    """The user's answer to a form."""
    return {"action": "accept", "content": TASK["contents"][params["message"]]}


def sampled(params: Json) -> Json:
    """The model's answer: it uses a tool once, when it has one, and tells what that gave."""
    messages = params["messages"]
    last = _first(messages[-1]["content"])
    if last["type"] == "tool_result":
        content = {"type": "text", "text": f"The sum is {last['content'][0]['text']}."}
    elif params.get("tools"):
        name = params["tools"][0]["name"]
        use = {"type": "tool_use", "id": "1", "name": name, "input": TASK["uses"][last["text"]]}
        return {"role": "assistant", "model": "m", "content": [use], "stopReason": "toolUse"}
    else:
        content = {"type": "text", "text": TASK["said"][last["text"]]}
    return {"role": "assistant", "model": "m", "content": content, "stopReason": "endTurn"}


def _first(content: Any) -> Json:
    return content[0] if isinstance(content, list) else content


def roots() -> Json:
    """Where the server may work."""
    return {"roots": [{"uri": uri} for uri in TASK["roots"]]}


def callbacks(types: Any) -> tuple[Any, Any, Any]:
    """What answers for the user, the model and the file system, in the types of an SDK."""

    async def on_elicit(context: Any, params: Any) -> Any:
        return types.ElicitResult.model_validate(elicited(params.model_dump(by_alias=True)))

    async def on_sample(context: Any, params: Any) -> Any:
        kind = types.CreateMessageResultWithTools if params.tools else types.CreateMessageResult
        return kind.model_validate(sampled(params.model_dump(by_alias=True)))

    async def on_roots(context: Any) -> Any:
        return types.ListRootsResult.model_validate(roots())

    return on_elicit, on_sample, on_roots


class Ears:
    """What a client hears besides answers."""

    def __init__(self) -> None:
        self.logs: list[Any] = []
        self.steps: list[Any] = []

    def log(self, level: str, data: Any) -> None:
        self.logs.append([level, data["msg"]])

    async def progress(self, done: float, total: float | None, message: str | None) -> None:
        self.steps.append([done, total, message])


async def converse(
    revision: str, call: Call, give_up: Callable[[asyncio.Task[Any]], Awaitable[None]], ears: Ears
) -> None:
    """Use every tool once and print what came of it.

    `call(tool, progress_callback=None, **arguments)` gives the text of a result, or
    `{"refused": text}`; `give_up(task)` cancels a call that is under way.
    """
    said = {tool: await call(tool) for tool in TASK["asking"]}
    state = [await call("remember", key="n", value=7), await call("recall", key="n")]
    spoken = [await call("count", ears.progress), await call("chatter")]
    name = f"{TASK['caller']} {revision}"
    waiting = asyncio.create_task(call("wait", name=name))
    reached = [await _state_of(call, name, "waiting", POLLS)]
    await give_up(waiting)
    await asyncio.wait([waiting])
    polls = POLLS if revision in TASK["stoppable"] else 1
    reached.append(await _state_of(call, name, "cancelled", polls))
    seen = {"said": said, "state": state, "spoken": spoken, "reached": reached}
    print(json.dumps({"revision": revision, **seen, "steps": ears.steps, "logs": ears.logs}))


async def _state_of(call: Call, name: str, wanted: str, polls: int) -> Any:
    for _ in range(polls):
        state = await call("call_of", name=name)
        if state == wanted:
            break
        await asyncio.sleep(0.01)
    return state
