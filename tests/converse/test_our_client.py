"""The same tools, spoken to by our client in every revision and over every transport."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import MODERN, served
from conversation import REVISIONS

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.types import CreateMessageResult, ToolUseContent

from . import tools
from .answers import CONTENTS, RESULTS, ROOTS, SAID, needs

SECONDS = 20
HTTP = {
    "sse": {},
    "json": {"json_response": True},
    "stateless-sse": {"stateless_http": True},
    "stateless-json": {"stateless_http": True, "json_response": True},
}
NO = (
    "does not support",
    "cannot be asked",
    "needs a session",
    "needs revision 2025-11-25",
    "cannot ask its user to choose several",
)


async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
    """What the user fills in."""
    return CONTENTS[message]


def speak(messages: list[Any], params: Any, context: Any) -> Any:
    """What the model says: it calls a tool once when it has one."""
    if not params.tools:
        return SAID[messages[0].content.text]
    if len(messages) > 1:
        return "The sum is 5."
    use = ToolUseContent(id="1", name="add", input={"a": 2, "b": 3})
    return CreateMessageResult(role="assistant", model="m", stop_reason="toolUse", content=[use])


class Ears:
    """What the client hears besides answers."""

    def __init__(self) -> None:
        self.logs: list[tuple[str, str]] = []
        self.steps: list[tuple[float, float | None, str | None]] = []

    def log(self, message: Any) -> None:
        self.logs.append((message.level, message.data["msg"]))

    def progress(self, done: float, total: float | None, message: str | None) -> None:
        self.steps.append((done, total, message))


@pytest.fixture(scope="module", params=["memory", "stdio", *HTTP])
def target(request: pytest.FixtureRequest) -> Generator[tuple[str, Any]]:
    """The name of a transport, and what a client is pointed at."""
    name: str = request.param
    if name == "memory":
        yield name, tools.mcp
    elif name == "stdio":
        script = str(Path(tools.__file__))
        yield name, StdioTransport(sys.executable, [script])
    else:
        with served(tools.mcp.http_app(**HTTP[name])) as base:
            yield name, base + "/mcp"


@asynccontextmanager
async def connected(target: Any, revision: str, ears: Ears) -> AsyncGenerator[Client]:
    """A client that can do everything, in one revision."""
    client = Client(
        target,
        mode=revision,
        elicitation_handler=answer,
        sampling_handler=speak,
        sampling_capabilities={"tools": {}},
        roots=ROOTS,
        log_handler=ears.log,
        progress_handler=ears.progress,
    )
    async with asyncio.timeout(3 * SECONDS), client:
        assert client.protocol_version == revision
        yield client


def can_be_asked(transport: str, revision: str) -> bool:
    """A handshake request without a session leaves no way back to its client."""
    return revision == MODERN or not transport.startswith("stateless")


def streams(transport: str) -> bool:
    """Whether anything but the answer reaches the client during a call."""
    return not transport.endswith("json")


async def until(client: Client, name: str, state: str) -> None:
    """Wait until a call of `wait` is in this state."""
    async with asyncio.timeout(SECONDS):
        while (await client.call_tool("call_of", {"name": name})).data != state:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_tool_converses(target: tuple[str, Any], revision: str) -> None:
    """What cannot be by the protocol is refused at once, with the reason."""
    transport, where = target

    async def main() -> dict[str, str]:
        async with connected(where, revision, Ears()) as client:
            given: dict[str, str] = {}
            for tool in RESULTS:
                result = await client.call_tool(tool, raise_on_error=False)
                given[tool] = result.content[0].text
            return given

    given = asyncio.run(main())

    for tool, text in given.items():
        if can_be_asked(transport, revision) and revision >= needs(tool):
            assert text == RESULTS[tool]
        else:
            assert any(reason in text for reason in NO), (tool, text)


@pytest.mark.parametrize("revision", REVISIONS)
def test_state_lasts_as_long_as_the_session(target: tuple[str, Any], revision: str) -> None:
    """And is not there for another."""
    transport, where = target

    async def main() -> list[str]:
        async with connected(where, revision, Ears()) as client:
            await client.call_tool("remember", {"key": "n", "value": 7})
            mine = await client.call_tool("recall", {"key": "n"})
        async with connected(where, revision, Ears()) as client:
            other = await client.call_tool("recall", {"key": "n"})
        return [mine.data, other.data]

    remembered = "7" if can_be_asked(transport, revision) else "None"
    assert asyncio.run(main()) == [remembered, "None"]


@pytest.mark.parametrize("revision", REVISIONS)
def test_progress_and_logs_arrive(target: tuple[str, Any], revision: str) -> None:
    """In order, and of the level that was asked for; an answer as JSON carries neither."""
    transport, where = target
    ears = Ears()

    async def main() -> None:
        async with connected(where, revision, ears) as client:
            assert (await client.call_tool("count")).data == "counted"
            if transport.startswith("stateless") and revision != MODERN:
                level = "debug"  # there is no session that could know another one
            else:
                level = "info"
                await client.set_logging_level("info")
            assert (await client.call_tool("chatter")).data == "logged"
            expected = ["a detail"] if level == "debug" else []
            heard = [*expected, "some news", "a warning"]
            assert [text for _, text in ears.logs] == (heard if streams(transport) else [])

    asyncio.run(main())

    # Progress of 2024-11-05 has no message, where the server knows that it speaks 2024-11-05.
    bare = revision == "2024-11-05" and not transport.startswith("stateless")
    steps = [(n, 3, None if bare else f"step {n}") for n in (1, 2, 3)]
    assert ears.steps == (steps if streams(transport) else [])


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_call_that_is_given_up_stops(target: tuple[str, Any], revision: str) -> None:
    """Wherever the server can be told of it."""
    transport, where = target
    if not can_be_asked(transport, revision):
        return  # leaving is no cancellation before 2026-07-28, and no session carries one
    name = f"{transport} {revision}"

    async def main() -> None:
        async with connected(where, revision, Ears()) as client:
            call = asyncio.create_task(client.call_tool("wait", {"name": name}))
            await until(client, name, "waiting")
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until(client, name, "cancelled")

    asyncio.run(main())
