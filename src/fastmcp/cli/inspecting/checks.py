"""What a server does not say, and models need to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct, json

from fastmcp.wire.features import Prompt, Tool

from ..calling.offer import Offer
from ..schemas import mapping, members_of
from ..terminal import print_json, shown_in_line

_TYPES: Final = {"type", "anyOf", "oneOf", "allOf", "enum", "const", "$ref"}


class Lack(Struct, frozen=True, omit_defaults=True):
    """Something that is missing: of which kind of component, of which one, perhaps of which
    parameter; what it is, and how to give it.
    """

    kind: str
    name: str
    problem: str
    cure: str
    parameter: str | None = None

    def __str__(self) -> str:
        of = "" if self.parameter is None else f", parameter {self.parameter}"
        return f"{self.kind} {self.name}{of}: {self.problem}; {self.cure}"


def report(offer: Offer, *, as_json: bool) -> int:
    """Print what is missing: 1 when that is something."""
    lacks = list(lacks_of(offer))
    if as_json:
        print_json(json.encode(lacks))
        return 1 if lacks else 0
    for lack in lacks:
        print(shown_in_line(str(lack)))
    print("nothing is missing" if not lacks else f"\n{len(lacks)} missing")
    return 1 if lacks else 0


def lacks_of(offer: Offer) -> Iterator[Lack]:
    """All that is missing, component by component."""
    for tool in offer.tools or ():
        yield from _of_tool(tool)
    yield from _undescribed(
        "resource", ((each.uri, each.description) for each in offer.resources or ())
    )
    yield from _undescribed(
        "resource template",
        ((each.uri_template, each.description) for each in offer.resource_templates or ()),
    )
    for prompt in offer.prompts or ():
        yield from _of_prompt(prompt)


def _of_tool(tool: Tool) -> Iterator[Lack]:
    yield from _undescribed("tool", [(tool.name, tool.description)])
    hints = tool.annotations
    if hints is None or (hints.read_only_hint is None and hints.destructive_hint is None):
        yield Lack(
            "tool",
            tool.name,
            "no annotation says whether it changes anything",
            'annotations={"readOnlyHint": True}, or {"destructiveHint": …}, does',
        )
    for name, (schema, _) in members_of(tool.input_schema).items():
        yield from _of_parameter(tool.name, name, schema)


def _of_parameter(tool: str, name: str, schema: Any) -> Iterator[Lack]:
    said = mapping(schema)
    if not said.keys() & _TYPES:
        yield Lack("tool", tool, "has no type", f"annotate it, as in {name}: str", name)
    if not said.get("description"):
        cure = f'describe it: {name}: Annotated[…, "what it is"], or in the docstring'
        yield Lack("tool", tool, "has no description", cure, name)


def _of_prompt(prompt: Prompt) -> Iterator[Lack]:
    yield from _undescribed("prompt", [(prompt.name, prompt.description)])
    for argument in prompt.arguments or ():
        if not argument.description:
            cure = f'describe it: {argument.name}: Annotated[str, "what it is"]'
            yield Lack("prompt", prompt.name, "has no description", cure, argument.name)


def _undescribed(kind: str, found: Iterable[tuple[str, str | None]]) -> Iterator[Lack]:
    for name, description in found:
        if not (description or "").strip():
            yield Lack(kind, name, "has no description", "give its function a docstring")
