"""Which changes of a catalogue break the clients that were written for the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .narrowing import Narrowing, narrowings

Entry = Mapping[str, Any]


def breaking_changes_between(
    old: Mapping[str, list[dict[str, Any]]], new: Mapping[str, list[dict[str, Any]]]
) -> list[str]:
    """One sentence for each change that a client of `old` may stumble over."""
    return [
        *_of_each(old, new, "tools", "tool", "name", _tool),
        *_of_each(old, new, "resources", "resource", "uri", _contents),
        *_of_each(old, new, "resourceTemplates", "template", "uriTemplate", _contents),
        *_of_each(old, new, "prompts", "prompt", "name", _prompt),
    ]


def _of_each(
    old: Mapping[str, Any], new: Mapping[str, Any], part: str, what: str, key: str, compare: Any
) -> Iterator[str]:
    now = {entry[key]: entry for entry in new.get(part, ())}
    for entry in old.get(part, ()):
        label = f"{what} {entry[key]!r}"
        if entry[key] not in now:
            yield f"{label} is gone"
        else:
            for change in compare(entry, now[entry[key]]):
                yield f"{label}: {change}"


def _tool(old: Entry, new: Entry) -> Iterator[str]:
    for found in narrowings(old.get("inputSchema") or {}, new.get("inputSchema") or {}):
        yield _of_argument(found)
    before, now = old.get("outputSchema"), new.get("outputSchema")
    if before is not None and now is None:
        yield "it no longer has structured output"
    elif before is not None:
        # What may be returned now has to be something that was known to be possible before.
        for found in narrowings(now or {}, before):
            if found.kind != "dropped":
                yield _of_output(found)


def _of_argument(found: Narrowing) -> str:
    name = f"the argument {found.path!r}" if found.path else "the arguments as a whole"
    match found.kind:
        case "required":
            return f"{name} is required now"
        case "dropped":
            return f"{name} is gone"
        case _:
            return f"{name} no longer takes {found.what}"


def _of_output(found: Narrowing) -> str:
    name = f"the output member {found.path!r}" if found.path else "the output"
    match found.kind:
        case "required":
            return f"{name} is no longer always there"
        case _:
            return f"{name} may now be {found.what}"


def _contents(old: Entry, new: Entry) -> Iterator[str]:
    before, now = old.get("mimeType"), new.get("mimeType")
    if before != now:
        yield f"its MIME type was {before} and is {now}"


def _prompt(old: Entry, new: Entry) -> Iterator[str]:
    before = {each["name"]: each for each in old.get("arguments") or ()}
    now = {each["name"]: each for each in new.get("arguments") or ()}
    for name in before.keys() - now.keys():
        yield f"the argument {name!r} is gone"
    for name, argument in now.items():
        if argument.get("required") and not before.get(name, {}).get("required"):
            yield f"the argument {name!r} is required now"
