"""What the everything server offers beyond one request and one answer.

Sampling, elicitation, rounds of input, completion, changes, resumption and tasks.  Each feature is
registered only when the framework has the API that it is written on, so the server starts with a
framework that lacks some; `baseline.toml` then names the scenarios that miss them.
"""

# The suite looks for the camelCase names.
# ruff: noqa: N815

# An API that is still to come is not registered, so it is no type error either.
# pyright: reportAttributeAccessIssue=false, reportMissingImports=false

import asyncio
import importlib.util
from collections.abc import Callable
from typing import Any, Literal

from mcp import types
from pydantic import BaseModel, Field

from fastmcp import Context, FastMCP
from fastmcp.exceptions import McpError, ToolError
from fastmcp.prompts import Prompt
from fastmcp.tools import Tool


def register(mcp: FastMCP) -> None:
    """Register every feature whose API is there."""
    for owner, name, add_feature in FEATURES:
        # A server may set a public name when it is made; a context is there only in a request.
        if hasattr(mcp if owner is FastMCP else owner, name):
            add_feature(mcp)
    if importlib.util.find_spec("fastmcp_tasks"):
        from fastmcp_tasks import TasksExtension

        mcp.add_extension(TasksExtension())
        add_tasks(mcp)
    elif hasattr(Context, "become_task"):
        add_tasks(mcp)


def add_completion(mcp: FastMCP) -> None:
    """Complete the arguments of prompts."""

    @mcp.completion
    def complete(ref: Any, argument: Any, context: Any) -> list[str]:
        return [value for value in ("paris", "park", "party") if value.startswith(argument.value)]


def add_sampling(mcp: FastMCP) -> None:
    """Ask the client's model."""

    @mcp.tool
    async def test_sampling(prompt: str, ctx: Context) -> str:
        """Ask the client's model and return its answer."""
        reply = await ctx.sample(prompt, max_tokens=100)
        return f"LLM response: {reply.text}"


class Contact(BaseModel):
    """What the plain elicitation asks for."""

    username: str
    email: str


class Defaults(BaseModel):
    """One field of each primitive kind, each with a default."""

    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


def titled(**titles: str) -> Any:
    """Return the JSON Schema alternatives for values that have titles."""
    return [{"const": value, "title": title} for value, title in titles.items()]


class Choices(BaseModel):
    """The five ways to offer a choice."""

    untitledSingle: Literal["option1", "option2", "option3"]
    titledSingle: str = Field(json_schema_extra={"oneOf": titled(value1="One", value2="Two")})
    legacyEnum: str = Field(
        json_schema_extra={"enum": ["opt1", "opt2"], "enumNames": ["One", "Two"]}
    )
    untitledMulti: list[Literal["option1", "option2", "option3"]]
    titledMulti: list[str] = Field(
        json_schema_extra={"items": {"anyOf": titled(value1="One", value2="Two")}}
    )


def add_elicitation(mcp: FastMCP) -> None:
    """Ask the user, in the middle of a call."""

    @mcp.tool
    async def test_elicitation(message: str, ctx: Context) -> str:
        """Ask the user for a name and an address."""
        return f"User response: {await ctx.elicit(message, Contact)}"

    @mcp.tool
    async def test_elicitation_sep1034_defaults(ctx: Context) -> str:
        """Ask the user to accept the defaults of every primitive kind."""
        return f"User response: {await ctx.elicit('Accept the defaults?', Defaults)}"

    @mcp.tool
    async def test_elicitation_sep1330_enums(ctx: Context) -> str:
        """Ask the user to choose in each of the five ways."""
        return f"User response: {await ctx.elicit('Please choose.', Choices)}"


def add_resumption(mcp: FastMCP) -> None:
    """Let the client come back for a result."""

    @mcp.tool
    async def test_reconnection(ctx: Context) -> str:
        """Close the stream of the response, then answer."""
        await ctx.close_sse_stream()
        await asyncio.sleep(0.2)
        return "The client came back for this result."


def add_changes(mcp: FastMCP) -> None:
    """Change what is offered, while clients listen."""

    @mcp.tool
    async def test_trigger_tool_change() -> str:
        """Add a tool, or remove it again."""
        if await mcp.get_tool("extra_tool"):
            mcp.local_provider.remove_tool("extra_tool")
        else:
            mcp.add_tool(
                Tool.from_function(lambda: "extra", name="extra_tool", description="Extra.")
            )
        return "The list of tools changed."

    @mcp.tool
    async def test_trigger_prompt_change() -> str:
        """Add a prompt, or remove it again."""
        if await mcp.get_prompt("extra_prompt"):
            mcp.local_provider.remove_prompt("extra_prompt")
        else:
            mcp.add_prompt(
                Prompt.from_function(lambda: "extra", name="extra_prompt", description="Extra.")
            )
        return "The list of prompts changed."


def client_has(ctx: Context, capability: str) -> bool:
    """Tell whether the client declared a capability with this request."""
    return ctx.client_capabilities.supports(capability)


def form(message: str, **fields: str) -> types.ElicitRequest:
    """Return a request for a form with required fields of the given JSON types."""
    properties = {name: {"type": json_type} for name, json_type in fields.items()}
    schema = {"type": "object", "properties": properties, "required": list(fields)}
    return types.ElicitRequest(
        params=types.ElicitRequestFormParams(message=message, requested_schema=schema)
    )


def completion_of(prompt: str) -> types.CreateMessageRequest:
    """Return a request for an answer of the client's model."""
    message = types.SamplingMessage(
        role="user", content=types.TextContent(type="text", text=prompt)
    )
    return types.CreateMessageRequest(
        params=types.CreateMessageRequestParams(messages=[message], max_tokens=100)
    )


def ask(state: str | None = None, **requests: Any) -> types.InputRequiredResult:
    """End this round with requests for input."""
    return types.InputRequiredResult(input_requests=requests, request_state=state)


def answers(ctx: Context) -> dict[str, Any]:
    """Return what the client sent for the requests of the last round."""
    return dict(ctx.input_responses or {})


def answer(ctx: Context, key: str, field: str) -> Any:
    """Return one field of an answered form, or None if the client did not send it."""
    content: Any = getattr(answers(ctx).get(key), "content", None)
    return content.get(field) if hasattr(content, "get") else None


NAME = form("What is your name?", name="string")


def add_rounds(mcp: FastMCP) -> None:
    """End a call with requests for input; the client calls again with the answers."""

    @mcp.tool
    async def test_input_required_result_elicitation(ctx: Context) -> Any:
        """Ask for a name, and greet."""
        name = answer(ctx, "user_name", "name")
        return f"Hello, {name}!" if name else ask(user_name=NAME)

    @mcp.tool
    async def test_streaming_elicitation(ctx: Context) -> Any:
        """Ask for a name by a result, never by a request on the response stream."""
        name = answer(ctx, "user_name", "name")
        return f"Hello, {name}!" if name else ask(user_name=NAME)

    @mcp.tool
    async def test_input_required_result_sampling(ctx: Context) -> Any:
        """Ask the client's model."""
        if reply := answers(ctx).get("capital_question"):
            return f"The model says: {reply.content.text}"
        return ask(capital_question=completion_of("What is the capital of France?"))

    @mcp.tool
    async def test_input_required_result_list_roots(ctx: Context) -> Any:
        """Ask for the client's roots."""
        if reply := answers(ctx).get("client_roots"):
            return "Roots: " + ", ".join(str(root.uri) for root in reply.roots)
        return ask(client_roots=types.ListRootsRequest())

    @mcp.tool
    async def test_input_required_result_request_state(ctx: Context) -> Any:
        """Ask for a confirmation, with state that comes back."""
        if answer(ctx, "confirm", "ok") is not None and ctx.request_state == "asked":
            return "Confirmed: state-ok"
        return ask("asked", confirm=form("Please confirm.", ok="boolean"))

    @mcp.tool
    async def test_input_required_result_tampered_state(ctx: Context) -> Any:
        """Ask for a confirmation; the framework refuses state that the client changed."""
        if answer(ctx, "confirm", "ok") is not None and ctx.request_state == "asked":
            return "Confirmed."
        return ask("asked", confirm=form("Please confirm.", ok="boolean"))

    @mcp.tool
    async def test_input_required_result_multiple_inputs(ctx: Context) -> Any:
        """Ask for three different inputs at once."""
        requests: dict[str, Any] = {
            "user_name": NAME,
            "greeting": completion_of("Write a greeting."),
            "client_roots": types.ListRootsRequest(),
        }
        if requests.keys() <= answers(ctx).keys():
            return f"Thank you, {answer(ctx, 'user_name', 'name')}."
        return ask("asked", **requests)

    @mcp.tool
    async def test_input_required_result_multi_round(ctx: Context) -> Any:
        """Ask twice; the state carries the first answer to the last round."""
        if color := answer(ctx, "step2", "color"):
            return f"{ctx.request_state} likes {color}."
        if name := answer(ctx, "step1", "name"):
            return ask(name, step2=form("What is your favourite colour?", color="string"))
        return ask("nobody", step1=NAME)

    @mcp.tool
    async def test_input_required_result_capabilities(ctx: Context) -> Any:
        """Ask only for what the client can do."""
        requests: dict[str, Any] = {}
        if client_has(ctx, "sampling"):
            requests["greeting"] = completion_of("Write a greeting.")
        if client_has(ctx, "elicitation"):
            requests["user_name"] = NAME
        answered = requests.keys() <= answers(ctx).keys()
        return "Nothing to ask." if answered else ask(**requests)

    @mcp.prompt
    async def test_input_required_result_prompt(ctx: Context) -> Any:
        """A prompt that asks for its context."""
        context = answer(ctx, "user_context", "context")
        if context is None:
            return ask(user_context=form("What context should be used?", context="string"))
        return f"Use this context: {context}"


def add_tasks(mcp: FastMCP) -> None:
    """Run calls as background tasks."""
    from fastmcp.utilities.tasks import TaskConfig

    required = TaskConfig(mode="required")

    @mcp.tool
    def greet(name: str) -> str:
        """Greet at once, never as a task."""
        return f"Hello, {name}!"

    @mcp.tool(task=True)
    async def slow_compute(seconds: float, label: str = "") -> str:
        """Take some time."""
        await asyncio.sleep(seconds)
        return f"Computed {label}"

    @mcp.tool(task=required)
    async def failing_job() -> str:
        """Fail as a tool."""
        await asyncio.sleep(1)
        raise ToolError("The job failed")

    @mcp.tool(task=True)
    async def protocol_error_job() -> str:
        """Fail as a request."""
        raise McpError(code=-32603, message="The job broke the protocol")

    @mcp.tool(task=True)
    async def confirm_delete(filename: str, ctx: Context) -> Any:
        """Wait for one confirmation."""
        confirmed = answer(ctx, "confirm", "confirm")
        if confirmed is None:
            return ask(confirm=form(f"Delete {filename}?", confirm="boolean"))
        return f"{'Deleted' if confirmed else 'Kept'} {filename}"

    @mcp.tool(task=True)
    async def multi_input(ctx: Context) -> Any:
        """Wait for two answers, which may come one by one."""
        requests: dict[str, Any] = {"first": NAME, "second": NAME}
        if requests.keys() <= answers(ctx).keys():
            return "Both answers came."
        return ask(**requests)

    deferred = {"deferred": True} if hasattr(Context, "become_task") else {}
    asks_first = TaskConfig(mode="required", **deferred)

    @mcp.tool(task=asks_first)
    async def test_tool_with_task(ctx: Context) -> Any:
        """Ask before the task starts, and answer from the task."""
        name = answer(ctx, "user_name", "name")
        if not name:
            return ask(user_name=NAME)
        if deferred:
            await ctx.become_task()
        return f"Hello from the task, {name}!"


FEATURES: tuple[tuple[type[Any], str, Callable[[FastMCP], None]], ...] = (
    (FastMCP, "completion", add_completion),
    (Context, "sample", add_sampling),
    (Context, "elicit", add_elicitation),
    (Context, "close_sse_stream", add_resumption),
    (FastMCP, "local_provider", add_changes),
    (Context, "input_responses", add_rounds),
)
