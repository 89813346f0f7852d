"""The client that the official conformance suite drives: `python client.py URL`.

The suite names the scenario in MCP_CONFORMANCE_SCENARIO and gives what it needs, as JSON, in
MCP_CONFORMANCE_CONTEXT; it judges what the client sends to the server at URL.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from authorizing import auth_of

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.exceptions import SkillVerificationError

Scenario = Callable[[Client, dict[str, Any]], Awaitable[None]]


async def list_only(client: Client, context: dict[str, Any]) -> None:
    """Connect and list the tools."""
    await client.list_tools()


async def add(client: Client, context: dict[str, Any]) -> None:
    """Call the one tool that is listed."""
    await client.list_tools()
    await client.call_tool("add_numbers", {"a": 5, "b": 3})


async def defaults(client: Client, context: dict[str, Any]) -> None:
    """Accept a form as it is."""
    await client.list_tools()
    await client.call_tool("test_client_elicitation_defaults")


async def retry(client: Client, context: dict[str, Any]) -> None:
    """Call a tool whose stream ends before its answer."""
    await client.list_tools()
    await client.call_tool("test_reconnection")


async def everything(client: Client, context: dict[str, Any]) -> None:
    """Use whatever is offered."""
    for tool in await client.list_tools():
        await client.call_tool(tool.name, _arguments(tool.input_schema))
    offered = client.server_capabilities
    for resource in await client.list_resources() if offered.resources else ():
        await client.read_resource(resource.uri)
    for prompt in await client.list_prompts() if offered.prompts else ():
        given = {argument.name: "x" for argument in prompt.arguments or ()}
        await client.get_prompt(prompt.name, given)


async def calls(client: Client, context: dict[str, Any]) -> None:
    """Call what the suite says, as it says it."""
    await client.list_tools()
    for call in context["toolCalls"]:
        await client.call_tool(call["name"], call["arguments"], raise_on_error=False)


async def states(client: Client, context: dict[str, Any]) -> None:
    """Call the tools that answer in rounds of input, and those that do not, side by side."""
    await client.list_tools()
    for name in ("echo_state", "unrelated", "no_state", "no_result_type"):
        await client.call_tool(f"test_mrtr_{name}")


async def schema(client: Client, context: dict[str, Any]) -> None:
    """Give back the schema that was listed."""
    listed = {tool.name: tool.input_schema for tool in await client.list_tools()}
    await client.call_tool("json_schema_echo", {"schema": listed["json_schema_2020_12_tool"]})


async def list_skills(client: Client, context: dict[str, Any]) -> None:
    """List the skills, and load none."""
    await client.list_skills()


async def load_skills(client: Client, context: dict[str, Any]) -> None:
    """Load each skill with all of its files, or stop at the first that is not what was listed."""
    for skill in await client.list_skills():
        try:
            await client.read_skill(skill)
            for file in skill.resources:
                await client.read_skill(skill, file.uri)
        except SkillVerificationError as error:
            print(error)


SCENARIOS: dict[str, Scenario] = {
    "elicitation-sep1034-client-defaults": defaults,
    "http-custom-headers": calls,
    "http-invalid-tool-headers": everything,
    "http-standard-headers": everything,
    "initialize": list_only,
    "json-schema-2020-12-preservation": schema,
    "json-schema-ref-no-deref": list_only,
    "request-metadata": everything,
    "sep-2322-client-request-state": states,
    "sep-2640-client-no-prefetch": list_skills,
    "sep-2640-client-verify-digest": load_skills,
    "sep-2640-client-verify-frontmatter": load_skills,
    "sep-2640-client-verify-size": load_skills,
    "sse-retry": retry,
    "tools_call": add,
}


async def accept(message: str, response_type: Any, params: Any, context: Any) -> Any:
    """Answer each elicitation with what its form proposes, and `ok` where it wants a yes."""
    members = (params.requested_schema or {}).get("properties", {})
    asked = {name: member for name, member in members.items() if "default" not in member}
    content = {name: True for name, member in asked.items() if member.get("type") == "boolean"}
    return ElicitResult(action="accept", content=content)


async def say(messages: Any, params: Any, context: Any) -> str:
    """Answer each sampling."""
    return "Paris"


def _arguments(schema: dict[str, Any]) -> dict[str, Any]:
    values = {"string": "x", "integer": 1, "number": 1, "boolean": True, "object": {}, "array": []}
    members = schema.get("properties", {})
    return {name: values.get(members[name].get("type")) for name in schema.get("required", ())}


async def main() -> None:
    """Run the scenario that the suite names."""
    name = os.environ["MCP_CONFORMANCE_SCENARIO"]
    scenario = everything if name.startswith("auth/") else SCENARIOS.get(name)
    if scenario is None:
        sys.exit(f"this client knows no scenario {name}; it knows {', '.join(SCENARIOS)}")
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    client = Client(
        sys.argv[1],
        auth=auth_of(name, context),
        roots=["file:///conformance"],
        sampling_handler=say,
        elicitation_handler=accept,
        timeout=20,
    )
    async with client:
        await scenario(client, context)


if __name__ == "__main__":
    asyncio.run(main())
