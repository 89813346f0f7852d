"""What our client does with a server that makes the offers, and what that has to give."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fastmcp import Client
from fastmcp.client.messages import ServerNotification
from fastmcp.exceptions import McpError, ToolError

SECONDS = 10
ROOTS = ["file:///work"]
FILLED_IN: dict[str, dict[str, Any]] = {
    "Which colour?": {"value": "blue"},
    "Please provide inputs for the following fields:": {"name": "Ada", "integer": 7},
}
LISTS = [f"notifications/{kind}/list_changed" for kind in ("prompts", "resources", "tools")]
UPDATED = "notifications/resources/updated"


class Ears:
    """Everything that the client hears besides answers."""

    def __init__(self) -> None:
        self.logs: list[tuple[str, Any]] = []
        self.steps: list[tuple[float, float | None, str | None]] = []
        self.told: list[tuple[str, Any]] = []

    def log(self, message: Any) -> None:
        wrapped = isinstance(message.data, dict) and "msg" in message.data
        self.logs.append((message.level, message.data["msg"] if wrapped else message.data))

    def progress(self, done: float, total: float | None, message: str | None) -> None:
        self.steps.append((done, total, message))

    def message(self, message: Any) -> None:
        if isinstance(message, ServerNotification):
            self.told.append((message.method, getattr(message.params, "uri", None)))

    async def until(self, heard: Callable[[], bool]) -> None:
        """Wait for what is on its way."""
        async with asyncio.timeout(SECONDS / 2):
            while not heard():
                await asyncio.sleep(0.01)


Use = Callable[[Client, Ears], Awaitable[Any]]


class Feature(NamedTuple):
    """One way to use a server, and what it gives."""

    use: Use
    gives: Any


def connecting(target: Any, mode: Any, ears: Ears) -> Client:
    """A client that can do all that a server may ask of it."""

    async def fill_in(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return FILLED_IN[message]

    def speak(messages: list[Any], params: Any, context: Any) -> Any:
        return "Paris"

    return Client(
        target,
        mode=mode,
        timeout=SECONDS,
        init_timeout=4 * SECONDS,
        roots=ROOTS,
        sampling_handler=speak,
        elicitation_handler=fill_in,
        log_handler=ears.log,
        message_handler=ears.message,
    )


async def hear_logs(client: Client) -> None:
    """Ask for log messages, of a server that can be asked."""
    if client.protocol_version >= "2026" or client.server_capabilities.logging is not None:
        await client.set_logging_level("info")


# Lists


async def list_tools(client: Client, ears: Ears) -> Any:
    tools = {tool.name: tool for tool in await client.list_tools()}
    return sorted(tools), sorted(tools["add"].input_schema["required"]), tools["add"].description


async def list_resources(client: Client, ears: Ears) -> Any:
    return sorted((str(one.uri), one.mime_type) for one in await client.list_resources())


async def list_templates(client: Client, ears: Ears) -> Any:
    found = await client.list_resource_templates()
    return [(template.uri_template, template.mime_type) for template in found]


async def list_prompts(client: Client, ears: Ears) -> Any:
    found = await client.list_prompts()
    return [(one.name, [argument.name for argument in one.arguments or ()]) for one in found]


async def list_pages(client: Client, ears: Ears) -> Any:
    first = await client.list_tools_mcp()
    assert first.next_cursor is not None, "there is one page"
    second = await client.list_tools_mcp(first.next_cursor)
    names = [{tool.name for tool in page.tools} for page in (first, second)]
    return bool(names[0]), bool(names[1]), names[0] & names[1]


# Calls


async def call_text(client: Client, ears: Ears) -> Any:
    result = await client.call_tool("echo", {"text": "grüß dich"})
    return result.content[0].text, result.is_error


async def call_structured(client: Client, ears: Ears) -> Any:
    total = await client.call_tool("add", {"a": 2, "b": 3})
    result = await client.call_tool("structured")
    return total.structured_content, result.structured_content, result.data["city"]


async def call_mixed(client: Client, ears: Ears) -> Any:
    text, image, resource = (await client.call_tool("mixed")).content
    note = resource.resource
    return text.text, image.mime_type, image.data, str(note.uri), note.text


async def call_error(client: Client, ears: Ears) -> Any:
    failed = await client.call_tool("fail", raise_on_error=False)
    raised = [await raised_by(client.call_tool(name)) for name in ("fail", "nothing")]
    return failed.is_error, failed.content[0].text.endswith("out of paper"), raised


async def raised_by(call: Awaitable[Any]) -> str | None:
    """The error that a call raises: one of a tool, of the protocol, or another."""
    try:
        await call
    except ToolError:
        return "ToolError"
    except McpError:
        return "McpError"
    return None


async def call_together(client: Client, ears: Ears) -> Any:
    given = [f"call {n}" for n in range(20)]
    results = await asyncio.gather(*(client.call_tool("echo", {"text": text}) for text in given))
    return [result.content[0].text for result in results] == given


# Resources, prompts, completion


async def read(client: Client, ears: Ears) -> Any:
    [text] = await client.read_resource("config://app")
    [blob] = await client.read_resource("pixel://red")
    [made] = await client.read_resource("greet://Ada")
    return text.text, blob.blob, blob.mime_type, made.text


async def read_nothing(client: Client, ears: Ears) -> Any:
    return await raised_by(client.read_resource("nothing://here"))


async def prompt(client: Client, ears: Ears) -> Any:
    [message] = (await client.get_prompt("review", {"code": "x = 1"})).messages
    return message.role, message.content.text, await raised_by(client.get_prompt("nothing"))


async def complete(client: Client, ears: Ears) -> Any:
    from fastmcp.types import PromptReference

    ref = PromptReference(name="review")
    return (await client.complete(ref, {"name": "code", "value": "x"})).values


# What a server says and asks meanwhile


async def progress(client: Client, ears: Ears) -> Any:
    await client.call_tool("progress", {"n": 3}, progress_handler=ears.progress)
    await ears.until(lambda: len(ears.steps) == 3)
    return ears.steps


async def log(client: Client, ears: Ears) -> Any:
    await hear_logs(client)
    before = len(ears.logs)
    await client.call_tool("chatter")
    await ears.until(lambda: len(ears.logs) == before + 2)
    return ears.logs[before:]


def asking(tool: str) -> Use:
    """Call a tool that asks something."""

    async def use(client: Client, ears: Ears) -> Any:
        return (await client.call_tool(tool)).content[0].text

    return use


async def cancel(client: Client, ears: Ears) -> Any:
    name = uuid.uuid4().hex
    call = asyncio.create_task(client.call_tool("wait", {"name": name}))
    reached = [await state_of(client, name, "waiting")]
    call.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await call
    return [*reached, await state_of(client, name, "cancelled")]


async def give_up(client: Client, ears: Ears) -> Any:
    name = uuid.uuid4().hex
    try:
        await client.call_tool("wait", {"name": name}, timeout=1)
    except TimeoutError:
        return await state_of(client, name, "cancelled")


async def state_of(client: Client, name: str, wanted: str) -> str:
    """What became of a call of `wait`: what is wanted, if it comes to that."""
    state = ""
    for _ in range(100):
        state = (await client.call_tool("call_of", {"name": name})).content[0].text
        if state == wanted:
            break
        await asyncio.sleep(0.02)
    return state


async def hear_of_lists(client: Client, ears: Ears) -> Any:
    ears.told.clear()
    await client.call_tool("change")
    await ears.until(lambda: {*LISTS} <= {method for method, _ in ears.told})
    return sorted(method for method, _ in ears.told if method in LISTS)


async def hear_of_resource(client: Client, ears: Ears) -> Any:
    await client.subscribe_resource("config://app")
    ears.told.clear()
    await client.call_tool("change")
    await ears.until(lambda: UPDATED in {method for method, _ in ears.told})
    return [uri for method, uri in ears.told if method == UPDATED]


TOOLS = [
    "add",
    "ask_model",
    "ask_roots",
    "ask_user",
    "call_of",
    "change",
    "chatter",
    "echo",
    "fail",
    "mixed",
    "progress",
    "structured",
    "wait",
]
WEATHER = {"city": "Zürich", "degrees": -3.5}
PIXEL = "iVBORw0K"

FEATURES: dict[str, Feature] = {
    "ping": Feature(lambda client, ears: client.ping(), True),
    "list-tools": Feature(list_tools, (TOOLS, ["a", "b"], "Add two numbers.")),
    "list-resources": Feature(
        list_resources, [("config://app", "text/plain"), ("pixel://red", "image/png")]
    ),
    "list-templates": Feature(list_templates, [("greet://{name}", "text/plain")]),
    "list-prompts": Feature(list_prompts, [("review", ["code"])]),
    "list-pages": Feature(list_pages, (True, True, set())),
    "call-text": Feature(call_text, ("grüß dich", False)),
    "call-structured": Feature(call_structured, ({"result": 5}, WEATHER, "Zürich")),
    "call-mixed": Feature(call_mixed, ("one", "image/png", PIXEL, "note://1", "a note")),
    "call-error": Feature(call_error, (True, True, ["ToolError", "ToolError"])),
    "call-together": Feature(call_together, True),
    "read": Feature(read, ("debug=false", PIXEL, "image/png", "Hello, Ada!")),
    "read-nothing": Feature(read_nothing, "McpError"),
    "prompt": Feature(prompt, ("user", "Please review: x = 1", "McpError")),
    "complete": Feature(complete, ["x=1", "x=2"]),
    "progress": Feature(progress, [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]),
    "log": Feature(log, [("info", "some news"), ("warning", "a warning")]),
    "elicit": Feature(asking("ask_user"), "accept: blue"),
    "sample": Feature(asking("ask_model"), "model: Paris"),
    "roots": Feature(asking("ask_roots"), "file:///work"),
    "cancel": Feature(cancel, ["waiting", "cancelled"]),
    "give-up": Feature(give_up, "cancelled"),
    "hear-of-lists": Feature(hear_of_lists, LISTS),
    "hear-of-resource": Feature(hear_of_resource, ["config://app"]),
}
