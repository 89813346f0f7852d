"""What a server offers, and how it is told in a line."""

from __future__ import annotations

from collections.abc import Awaitable, Container, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import UNSET, Struct, UnsetType, json

from fastmcp.wire.content import Resource
from fastmcp.wire.features import Prompt, ResourceTemplate, Tool
from fastmcp.wire.lifecycle import Implementation, ServerCapabilities

from ..schemas import SEVERAL, array, choices_of, mapping, members_of

if TYPE_CHECKING:
    from fastmcp.client.client import Client


KINDS: Final = ("tools", "resources", "prompts")

T = TypeVar("T")


class Offer(Struct, rename="camel"):
    """What a server says of itself and lists; kinds that were not asked for are unset."""

    server_info: Implementation
    protocol_version: str
    capabilities: ServerCapabilities
    instructions: str | None = None
    tools: list[Tool] | UnsetType = UNSET
    resources: list[Resource] | UnsetType = UNSET
    resource_templates: list[ResourceTemplate] | UnsetType = UNSET
    prompts: list[Prompt] | UnsetType = UNSET


async def offer_of(client: Client, kinds: Container[str]) -> Offer:
    """What a server offers of these kinds; templates belong to resources."""
    said = client.initialize_result
    offer = Offer(said.server_info, said.protocol_version, said.capabilities, said.instructions)
    if "tools" in kinds:
        offer.tools = await listed(client.list_tools())
    if "resources" in kinds:
        offer.resources = await listed(client.list_resources())
        offer.resource_templates = await listed(client.list_resource_templates())
    if "prompts" in kinds:
        offer.prompts = await listed(client.list_prompts())
    return offer


async def listed(asked: Awaitable[list[T]]) -> list[T]:
    """What a server lists; nothing where it does not know of such things."""
    from fastmcp.exceptions import METHOD_NOT_FOUND, McpError

    try:
        return await asked
    except McpError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        return []


class Row(Struct, frozen=True):
    """One thing that a server offers: how it is called, what is said of it, and its schemas."""

    call: str
    summary: str
    schemas: tuple[tuple[str, dict[str, Any]], ...] = ()


def sections_of(
    offer: Offer, *, input_schema: bool = False, output_schema: bool = False
) -> Iterator[tuple[str, list[Row]]]:
    """The kinds of which there is something, each with what there is."""
    sections = (
        (
            "tools",
            [
                Row(
                    signature(each),
                    summary(each.description),
                    tuple(_schemas(each, input_schema, output_schema)),
                )
                for each in offer.tools or ()
            ],
        ),
        ("resources", [Row(each.uri, summary(each.description)) for each in offer.resources or ()]),
        (
            "resource templates",
            [
                Row(each.uri_template, summary(each.description))
                for each in offer.resource_templates or ()
            ],
        ),
        (
            "prompts",
            [
                Row(prompt_signature(each), summary(each.description))
                for each in offer.prompts or ()
            ],
        ),
    )
    return ((title, rows) for title, rows in sections if rows)


def _schemas(tool: Tool, input: bool, output: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    if input:
        yield "input", tool.input_schema
    if output and tool.output_schema is not None:
        yield "output", tool.output_schema


def signature(tool: Tool) -> str:
    """How a tool is called: `greet(name: string, times: integer = 1)`."""
    members = members_of(tool.input_schema)
    told = [_parameter(name, schema, required) for name, (schema, required) in members.items()]
    return f"{tool.name}({', '.join(told)})"


def prompt_signature(prompt: Prompt) -> str:
    """The same of a prompt."""
    told = [
        argument.name if argument.required else f"{argument.name}?"
        for argument in prompt.arguments or ()
    ]
    return f"{prompt.name}({', '.join(told)})"


def summary(description: str | None) -> str:
    """The first line of a description."""
    return (description or "").strip().partition("\n")[0]


def _parameter(name: str, schema: Any, is_required: bool) -> str:
    kind = kind_told(schema)
    has_default = isinstance(schema, dict) and "default" in schema
    told = f"{name}{'' if is_required or has_default else '?'}"
    if kind:
        told += f": {kind}"
    if has_default:
        told += f" = {json.encode(schema['default']).decode()}"
    return told


def kind_told(schema: Any) -> str:
    """The kind of value that a schema describes, in a word or a few; empty when any is."""
    read = mapping(schema)
    if choices := choices_of(read):
        return " | ".join(json.encode(each).decode() for each in choices)
    kind = read.get("type")
    if kind == "array":
        items = kind_told(read.get("items"))
        return f"array of {items}" if items else "array"
    if isinstance(kind, str):
        return kind
    several = [*array(kind), *(each for name in SEVERAL for each in array(read.get(name)))]
    if several:
        names = [each if isinstance(each, str) else kind_told(each) or "any" for each in several]
        return " | ".join(dict.fromkeys(names))
    return str(read.get("$ref", "")).rpartition("/")[2]
