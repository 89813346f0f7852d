"""A server of the official Python SDK asks our client, in both eras, over stdio and HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import http_server

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.sampling import SamplingMessage, SamplingParams
from fastmcp.exceptions import ClientError, McpError, ToolError
from fastmcp.types import CreateMessageResult, TextContent, ToolResultContent, ToolUseContent

SERVER = """
import asyncio, os
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    CreateMessageRequest, CreateMessageRequestParams, ElicitRequest, ElicitRequestFormParams,
    InputRequiredResult, ListRootsRequest, SamplingMessage, TextContent, Tool, ToolUseContent,
    ToolResultContent,
)
from pydantic import BaseModel, Field

server = MCPServer("official", version="1.0")

class SignUp(BaseModel):
    name: str
    age: int = Field(default=30, ge=18)

FORM = ElicitRequestFormParams(message="Who?", requested_schema=SignUp.model_json_schema())

def says(text):
    return SamplingMessage(role="user", content=TextContent(type="text", text=text))

@server.tool()
async def elicit(ctx: Context) -> str:
    answer = await ctx.elicit("Who?", SignUp)
    return answer.action if answer.action != "accept" else f"{answer.data.name} {answer.data.age}"

@server.tool()
async def visit(ctx: Context) -> str:
    return (await ctx.elicit_url("Pay here", "https://pay.example/1", "e1")).action

@server.tool()
async def sample(text: str, ctx: Context) -> str:
    result = await ctx.session.create_message(
        [says(text)], max_tokens=10, related_request_id=ctx.request_id)
    return f"{result.model}: {result.content.text}"

@server.tool()
async def agent(ctx: Context) -> str:
    tools = [Tool(name="add", input_schema={"type": "object"})]
    messages = [says("2+3?")]
    related = ctx.request_id
    first = await ctx.session.create_message(
        messages, max_tokens=10, tools=tools, related_request_id=related)
    messages.append(SamplingMessage(role="assistant", content=first.content))
    calls = first.content if isinstance(first.content, list) else [first.content]
    messages.append(SamplingMessage(role="user", content=[
        ToolResultContent(type="tool_result", tool_use_id=call.id,
            content=[TextContent(type="text", text=str(call.input["a"] + call.input["b"]))])
        for call in calls if isinstance(call, ToolUseContent)]))
    last = await ctx.session.create_message(
        messages, max_tokens=10, tools=tools, related_request_id=related)
    last = last.content if not isinstance(last.content, list) else last.content[0]
    return last.text

@server.tool()
async def rounds(topic: str, ctx: Context) -> str | InputRequiredResult:
    given = ctx.input_responses
    if given is None and ctx.request_state is None:
        return InputRequiredResult(
            input_requests={
                "who": ElicitRequest(params=FORM),
                "where": ListRootsRequest(),
                "what": CreateMessageRequest(params=CreateMessageRequestParams(
                    messages=[says(topic)], max_tokens=10)),
            },
            request_state="first",
        )
    if ctx.request_state == "first":
        who, what = given["who"].content, given["what"].content.text
        where = [str(root.uri) for root in given["where"].roots]
        return InputRequiredResult(request_state=f"{who['name']} {who['age']} {what} {where}")
    return ctx.request_state

if __name__ == "__main__":
    port = os.environ.get("PORT")
    server.run("streamable-http", host="127.0.0.1", port=int(port)) if port else server.run()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "official.py"
    path.write_text(SERVER)
    return path


@pytest.fixture(scope="module")
def over_http(program: Path) -> Iterator[str]:
    with http_server([program], program.with_suffix(".log")) as server:
        yield server.url


@pytest.fixture(params=["stdio", "http"])
def target(request: pytest.FixtureRequest, program: Path) -> Any:
    return str(program) if request.param == "stdio" else request.getfixturevalue("over_http")


def used(target: Any, use: Callable[[Client], Any], **options: Any) -> Any:
    """Open a client, use it, close it; bounded in time."""

    async def main() -> Any:
        async with asyncio.timeout(40), Client(target, **options) as client:
            return await use(client)

    return asyncio.run(main())


async def called(client: Client, tool: str, **arguments: Any) -> str:
    return (await client.call_tool(tool, arguments)).content[0].text


async def sign_up(message: str, kind: Any, params: Any, context: Any) -> Any:
    assert message == "Who?"
    return kind(name="Ada")


async def model(messages: list[SamplingMessage], params: SamplingParams, context: Any) -> str:
    return messages[-1].content.text[::-1]


ALL: Any = {"elicitation_handler": sign_up, "sampling_handler": model, "roots": ["file:///work"]}


def test_a_handshake_server_asks_user_and_model(target: Any) -> None:
    """In the middle of a call; the form's default is filled in."""

    async def use(client: Client) -> list[str]:
        assert client.protocol_version == "2025-11-25"
        return [await called(client, "elicit"), await called(client, "sample", text="abc")]

    assert used(target, use, mode="legacy", **ALL) == ["Ada 30", "unknown: cba"]


@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_a_user_may_say_no(target: Any, action: Any) -> None:
    """To a form and to a page alike."""

    async def refuse(*_: Any) -> Any:
        return ElicitResult(action=action)

    async def use(client: Client) -> list[str]:
        return [await called(client, "elicit"), await called(client, "visit")]

    assert used(target, use, mode="legacy", elicitation_handler=refuse) == [action, action]


def test_a_page_is_visited(target: Any) -> None:
    """The handler sees the whole URL, and no type."""
    seen: list[Any] = []

    async def visit(message: str, kind: Any, params: Any, context: Any) -> Any:
        seen.append((message, kind, params.url, context.session.server_info.name))

    result = used(target, lambda c: called(c, "visit"), mode="legacy", elicitation_handler=visit)

    assert result == "accept"
    assert seen == [("Pay here", None, "https://pay.example/1", "official")]


def test_a_server_uses_tools_with_our_model(target: Any) -> None:
    """Its tools go to the handler, the call of one comes back, and its result goes in."""

    async def agent(messages: list[SamplingMessage], params: SamplingParams, context: Any) -> Any:
        assert params.tools is not None
        last = messages[-1].content
        results = last if isinstance(last, list) else [last]
        if isinstance(results[0], ToolResultContent):
            content: Any = TextContent(text=f"It is {results[0].content[0].text}")
            return CreateMessageResult(role="assistant", content=content, model="m")
        use = ToolUseContent(id="1", name=params.tools[0].name, input={"a": 2, "b": 3})
        return CreateMessageResult(
            role="assistant", content=[use], model="m", stop_reason="toolUse"
        )

    result = used(
        target,
        lambda c: called(c, "agent"),
        mode="legacy",
        sampling_handler=agent,
        sampling_capabilities={"tools": {}},
    )

    assert result == "It is 5"


def test_what_is_not_offered_is_not_asked(target: Any) -> None:
    """The server's tool fails, over the refusal or the missing capability."""

    async def use(client: Client) -> None:
        for tool, arguments in (("elicit", {}), ("sample", {"text": "a"}), ("agent", {})):
            with pytest.raises((ToolError, McpError)):
                await client.call_tool(tool, arguments)
        assert await client.ping()

    used(target, use, mode="legacy")


def test_a_handler_that_fails_is_told_to_the_server(target: Any) -> None:
    """Whose tool fails with the handler's words."""

    async def fail(*_: Any) -> Any:
        raise LookupError("nobody at home")

    with pytest.raises(ToolError, match="nobody at home"):
        used(target, lambda c: called(c, "elicit"), mode="legacy", elicitation_handler=fail)


def test_a_modern_server_is_answered_in_rounds(target: Any) -> None:
    """User, model and roots in one round, a state alone in the next, then the result."""

    async def use(client: Client) -> str:
        assert client.protocol_version == "2026-07-28"
        return await called(client, "rounds", topic="abc")

    assert used(target, use, **ALL) == "Ada 30 cba ['file:///work']"


def test_a_modern_server_that_asks_for_too_much_is_told_to_the_caller(target: Any) -> None:
    """By the server, which knows what was declared, or by the client."""
    with pytest.raises((ClientError, McpError)):
        used(target, lambda c: called(c, "rounds", topic="a"), elicitation_handler=sign_up)
