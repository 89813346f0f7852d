"""PromptsAsTools: a server's prompts for clients that know tools only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import json

from fastmcp.tools.base import Tool

from .server_tools import ServerTools, told_to_the_model

if TYPE_CHECKING:
    from fastmcp.prompts.base import Message, Prompt


class PromptsAsTools(ServerTools):
    """Adds the tools `list_prompts` and `get_prompt`. They see and do what the client that calls
    them could itself, through the middleware of the server.

    Raises:
        TypeError: it is given no server.
    """

    def _make_tools(self) -> Sequence[Tool]:
        server = self._provider

        async def list_prompts() -> str:
            """List all prompts, as JSON: names, descriptions and arguments."""
            return indented([_described(each) for each in await self._listed("prompts/list")])

        async def get_prompt(
            name: Annotated[str, "The name of the prompt"],
            arguments: Annotated[dict[str, Any] | None, "Its arguments, by name"] = None,
        ) -> Any:
            """Get a prompt, rendered with its arguments, as JSON: its messages."""
            with told_to_the_model():
                result: Any = await server.render_prompt(name, arguments or {})
            if not hasattr(result, "messages"):
                return result  # it asks for input
            return indented({"messages": [_message(each) for each in result.messages]})

        return Tool.from_function(list_prompts), Tool.from_function(get_prompt, output_schema=None)


def _described(prompt: Prompt) -> dict[str, Any]:
    arguments = [
        {"name": each.name, "description": each.description, "required": each.required}
        for each in prompt.arguments or ()
    ]
    return {"name": prompt.name, "description": prompt.description, "arguments": arguments}


def _message(message: Message) -> dict[str, Any]:
    content = message.content
    if content.type == "text":
        return {"role": message.role, "content": content.text}
    return {"role": message.role, "content": content.model_dump(by_alias=True, exclude_none=True)}


def indented(value: Any) -> str:
    """JSON for a model to read."""
    return json.format(json.encode(value), indent=2).decode()
