"""What the page for users of FastMCP compares; run as a program by another FastMCP's Python."""

import asyncio
import json
import logging
import os
import sys
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from inspect import signature
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import ClientTransport, FastMCPStdioTransport, StdioTransport
from fastmcp.mcp_config import MCPConfig
from fastmcp.utilities.types import Image

# Clients of ours hear of changes unasked only in the handshake era, the only one of theirs.
HANDSHAKE: Any = {"mode": "legacy"} if "mode" in signature(Client).parameters else {}


CHILD = """
import os
from fastmcp import FastMCP

mcp = FastMCP("child")
mcp.tool(lambda: os.getpid(), name="pid")
mcp.tool(lambda: os._exit(0), name="leave")
mcp.run(show_banner=False)
"""


class Node(BaseModel):
    children: list["Node"] = []


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"


def text() -> str:
    return "text"


def numbers(numbers: list[int]) -> list[int]:
    return numbers


def forecast(city: str, days: int = 3) -> str:
    return f"{city} {days}"


def implicit(x: int = None) -> bool:  # type: ignore[assignment]  # noqa: RUF013
    return x is None


def positional(x: int, /) -> int:
    return x


def wrapper() -> Any:
    def wrapping(function: Callable[..., Any]) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapped

    return wrapping(forecast)


def recursive(node: Node) -> None: ...


def anything() -> list[Any]:
    return [1]


def pictures() -> list:  # type: ignore[type-arg]
    return ["a", Image(data=b"a", format="png")]


def generated() -> Iterator[int]:
    yield 1


def misfit() -> int:
    return "3"  # type: ignore[return-value]


def untyped():  # type: ignore[no-untyped-def]
    return "text"


def day() -> date:
    return date(2026, 7, 28)


def pets() -> list[Annotated[Cat | Dog, Discriminator("kind")]]:
    return [Cat()]


async def call(function: Any, arguments: dict[str, Any] | None = None, **options: Any) -> Any:
    """What a client gets from a tool: the result as `call_tool` has it."""
    mcp = FastMCP("x")
    mcp.tool(function, name="f", **options)
    async with Client(mcp) as client:
        return await client.call_tool("f", arguments or {})


async def listed(function: Any) -> Any:
    mcp = FastMCP("x")
    mcp.tool(function, name="f")
    async with Client(mcp) as client:
        return (await client.list_tools())[0]


async def has_references() -> bool:
    return "$ref" in str((await listed(recursive)).inputSchema)


async def promises_anything() -> bool:
    return (await listed(anything)).outputSchema is not None


async def repeats_values() -> bool:
    try:
        await call(forecast, {"city": "a", "days": "hunter2"})
    except Exception as error:
        return "hunter2" in str(error)
    raise AssertionError("it was accepted")


async def data_of(function: Any) -> Any:
    """What a client has as data; the name of its class where JSON has no such value."""
    data = (await call(function)).data
    return data if data is None or isinstance(data, str) else type(data).__name__


async def pet() -> str:
    [first] = (await call(pets)).data
    return "dict" if isinstance(first, dict) else "object"


async def read(template: str, uri: str, function: Any) -> Any:
    mcp = FastMCP("x")
    mcp.resource(template, name="r")(function)
    async with Client(mcp) as client:
        [content] = await client.read_resource(uri)
        return [content.mimeType, content.text]


async def prompt_with_unknown() -> Any:
    mcp = FastMCP("x")
    mcp.prompt(lambda: "text", name="p")
    async with Client(mcp) as client:
        return (await client.get_prompt("p", {"unknown": "x"})).messages[0].content.text


async def unknown_tool() -> bool:
    async with Client(FastMCP("x")) as client:
        return (await client.call_tool_mcp("nope", {})).isError


async def told_of_changes() -> bool:
    """Whether a client hears of a tool that is added while it is connected."""
    mcp = FastMCP("x")
    told = asyncio.Event()

    async def hear(_: Any) -> None:
        told.set()

    @mcp.tool
    def add() -> None:
        mcp.tool(lambda: 1, name="new")

    async with Client(mcp, message_handler=hear, **HANDSHAKE) as client:
        await client.call_tool("add")
        await client.list_tools()
        return told.is_set()


async def subscribes() -> bool:
    async with Client(FastMCP("x"), **HANDSHAKE) as client:
        return client.initialize_result.capabilities.resources.subscribe


async def called_in_process() -> Any:
    mcp = FastMCP("x")
    mcp.tool(implicit, name="f")
    return await mcp.call_tool("f", {"x": 1})


async def heard_from(tool: Callable[..., Any]) -> bool:
    """Whether a client hears what a tool logs."""
    mcp = FastMCP("x")
    mcp.tool(tool, name="f")
    heard: list[Any] = []

    async def hear(message: Any) -> None:
        heard.append(message)

    async with Client(mcp, log_handler=hear, **HANDSHAKE) as client:
        await client.call_tool("f", {})
    return bool(heard)


def logs_plainly(ctx: Context) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ctx.info("hello")


async def keeps_an_object(ctx: Context) -> str:
    await ctx.set_state("service", asyncio.Lock())
    return type(await ctx.get_state("service")).__name__


async def keeps_without_await(ctx: Context) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ctx.set_state("n", 1)
    return str(await ctx.get_state("n"))


@dataclass
class Visit:
    """What a user is asked for; the second member need not be given."""

    city: str
    nights: int | None = None


async def elicits(ctx: Context) -> str:
    return str((await ctx.elicit("Where?", Visit)).data)


async def asked_for(function: Any) -> Any:
    """What a tool gives that asks its user."""
    mcp = FastMCP("x")
    mcp.tool(function, name="f")

    async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return {"city": "Bern"}

    async with Client(mcp, elicitation_handler=answer, **HANDSHAKE) as client:
        return await client.call_tool("f", {})


async def register(function: Any, **options: Any) -> str:
    FastMCP("x").tool(function, **options)
    return "registered"


async def has_completion() -> bool:
    return hasattr(FastMCP("x"), "completion")


async def has_call_argument() -> bool:
    from fastmcp import dependencies

    return hasattr(dependencies, "CallArgument")


def child() -> StdioTransport:
    """A server in a process of its own."""
    return StdioTransport(sys.executable, ["-I", "-c", CHILD])


async def keeps_its_process() -> bool:
    client = Client(child(), **HANDSHAKE)
    pids: list[str] = []
    for _ in range(2):
        async with client:
            pids.append((await client.call_tool("pid")).content[0].text)
    await client.close()
    return pids[0] == pids[1]


async def called_after_a_loss() -> bool:
    async with Client(child(), timeout=20, **HANDSHAKE) as client:
        try:
            await client.call_tool("leave")
        except Exception:
            pass
        return int((await client.call_tool("pid")).content[0].text) > 0


async def reports_for_long(ctx: Context) -> str:
    for step in range(8):
        await asyncio.sleep(0.1)
        await ctx.report_progress(step)
    return "done"


async def outlasts_its_timeout() -> Any:
    mcp = FastMCP("x")
    mcp.tool(reports_for_long, name="f")
    async with Client(mcp, timeout=0.5, **HANDSHAKE) as client:
        return await client.call_tool("f")


def configured(**entry: Any) -> dict[str, Any]:
    return {"mcpServers": {"a": {"command": "server", **entry}}}


async def misspelt_entry() -> str:
    MCPConfig.from_dict(configured(argss=["x"]))
    return "accepted"


async def variable() -> Any:
    os.environ["PEREGRINE_TEST"] = "value"
    config = MCPConfig.from_dict(configured(env={"X": "${PEREGRINE_TEST}"}))
    return config.mcpServers["a"].to_transport().env["X"]


async def disabled_entry() -> str:
    Client(configured(disabled=True))
    return "accepted"


async def own_transport() -> str:
    class Own(ClientTransport):
        @asynccontextmanager
        async def connect_session(self, **options: Any) -> AsyncIterator[Any]:
            yield None

    Client(Own())
    return "accepted"


async def gives_the_file_its_arguments() -> bool:
    return "--" in FastMCPStdioTransport(__file__, args=["--flag"]).args


def limited(limit: int = 3) -> str:
    return str(limit)


def tagged(tags: list[str] | None = None) -> str:
    return str(tags)


CASES: dict[str, Callable[[], Any]] = {
    "JSON in a string": lambda: call(numbers, {"numbers": "[1]"}),
    "wrapped arguments": lambda: call(forecast, {"args": {"city": "Bern"}}),
    "unknown argument": lambda: call(forecast, {"city": "Bern", "day": 1}),
    "values in a refusal": repeats_values,
    "implicit null": lambda: call(implicit, {"x": None}),
    "positional-only": lambda: register(positional),
    "wrapper": lambda: call(wrapper(), {"city": "Bern"}),
    "references": has_references,
    "name with spaces": lambda: register(text, name="a b"),
    "misspelt": lambda: register(text, descripton="x"),
    "text": lambda: call(text),
    "list of anything": promises_anything,
    "pictures": lambda: call(pictures),
    "generator": lambda: call(generated),
    "misfit": lambda: call(misfit),
    "serializer": lambda: call(lambda: {"a": 1}, serializer=lambda value: "written"),
    "text as data": lambda: data_of(untyped),
    "date": lambda: data_of(day),
    "one of several": pet,
    "unknown tool": unknown_tool,
    "plain name": lambda: read("config/database", "config/database", text),
    "dict": lambda: read("x://a", "x://a", lambda: {"a": 1}),
    "nothing": lambda: read("x://a", "x://a", lambda: None),
    "query of a fixed URI": lambda: read("x://a", "x://a?limit=5", limited),
    "rfc 6570": lambda: read("x://a{/x}", "x://a/b", lambda x="-": x),
    "exploded query": lambda: read("x://a{?tags*}", "x://a?tags=1&tags=2", tagged),
    "traversal": lambda: read("x://a/{path}", "x://a/..%2Fb", lambda path: path),
    "unknown prompt argument": prompt_with_unknown,
    "told of changes": told_of_changes,
    "subscriptions": subscribes,
    "completion": has_completion,
    "CallArgument": has_call_argument,
    "in process": called_in_process,
    "plain context": lambda: heard_from(logs_plainly),
    "any object as state": lambda: call(keeps_an_object),
    "state without await": lambda: call(keeps_without_await),
    "optional member": lambda: asked_for(elicits),
    "process": keeps_its_process,
    "lost connection": called_after_a_loss,
    "timeout and progress": outlasts_its_timeout,
    "misspelt entry": misspelt_entry,
    "variable": variable,
    "disabled entry": disabled_entry,
    "transport of one's own": own_transport,
    "arguments of a file": gives_the_file_its_arguments,
}


async def outcome(case: Callable[[], Any]) -> Any:
    """What comes of a case: the class of an error, a result's data or else its texts, or it."""
    try:
        result = await case()
    except Exception as error:
        return type(error).__name__
    if hasattr(result, "structured_content"):
        texts = [getattr(block, "text", block.type) for block in result.content]
        return result.structured_content or texts
    return result


async def outcomes() -> dict[str, Any]:
    logging.disable(logging.CRITICAL)
    try:
        return {name: await outcome(case) for name, case in CASES.items()}
    finally:
        logging.disable(logging.NOTSET)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(asyncio.run(outcomes())))
