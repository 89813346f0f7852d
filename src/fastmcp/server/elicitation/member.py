"""Members of forms, made of the JSON Schemas that mean one: single values and choices."""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct, json

from .vocabulary import FORMATS, Json

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_ALTERNATIVES = ("const", "enum", "anyOf", "oneOf")


class Unaskable(Exception):
    """No form has such a member. The text goes on after the member's name."""


class Choices(Struct):
    """The values to choose from by the texts that stand for them, since forms offer only texts."""

    values: dict[str, Any]
    titles: list[str] | None = None

    def chosen(self, value: Any) -> Any:
        """The value that an answer stands for.

        Raises:
            ValueError: it was not offered.
        """
        text = text_of(value)
        if text not in self.values:
            raise ValueError(f"should be one of {', '.join(map(repr, self.values))}")
        return self.values[text]


class Member(Struct):
    """A member of a form: its schema, with more in it than every revision knows.

    One that may be null is null when `left_out`, unless it has a default.
    """

    schema: Json
    choices: Choices | None
    nullable: bool
    left_out: bool

    def meant(self, value: Any) -> Any:
        """What an answer stands for; whether its type fits is not looked at.

        Raises:
            ValueError: it was not offered.
        """
        if self.choices is None:
            return value
        if self.schema["type"] != "array":
            return self.choices.chosen(value)
        if not isinstance(value, list):
            raise ValueError("should be a list")
        return [self.choices.chosen(each) for each in cast("list[Any]", value)]


def member_of(name: str, schema: Json, *, is_expected: bool) -> Member:
    """Read the schema of a member, which has no references; `is_expected` if it must be there.

    Raises:
        Unaskable: no form has such a member.
    """
    node, nullable = _without_null(schema)
    choices = _choices_of(node)
    if choices is not None:
        rest = {key: value for key, value in node.items() if key not in _ALTERNATIVES}
        shown = {**rest, **_offered(choices, "oneOf")}
    elif node.get("type") == "array":
        choices = _choices_of_items(node.get("items"))
        shown = {**node, "items": _offered(choices, "anyOf")}
    else:
        shown = _single_value(node)
    shown.setdefault("title", _label(name))
    default = _default(shown, choices)
    if default is None:
        shown.pop("default", None)
    else:
        shown["default"] = default
    return Member(shown, choices, nullable, nullable and is_expected)


def text_of(value: Any) -> str:
    """A value to choose as text: itself, or its JSON."""
    return value if isinstance(value, str) else json.encode(value).decode()


def _without_null(schema: Json) -> tuple[Json, bool]:
    """The schema with its parts in one place and null left out, and whether null was there."""
    node = {
        key: value for part in (*schema.get("allOf", ()), schema) for key, value in part.items()
    }
    node.pop("allOf", None)
    kinds: Any = node.get("type")
    if isinstance(kinds, list):
        del node["type"]
        node["anyOf"] = [{"type": kind} for kind in cast("list[str]", kinds)]
    values: list[Any] = node.get("enum", [])
    nullable = None in values
    if nullable:
        node["enum"] = [value for value in values if value is not None]
    for keyword in ("anyOf", "oneOf"):
        shapes: list[Json] = node.pop(keyword, [])
        rest = [shape for shape in shapes if shape.get("type") != "null"]
        nullable = nullable or len(rest) < len(shapes)
        if len(rest) == 1 and "const" not in rest[0]:
            node = {**rest[0], **node}
        elif rest:
            node[keyword] = rest
    return node, nullable


def _choices_of(node: Json) -> Choices | None:
    """What there is to choose from; None when the schema is not of a choice."""
    constants: list[Json] = node.get("oneOf") or node.get("anyOf") or []
    titles = None
    if constants and all("const" in each for each in constants):
        values = [each["const"] for each in constants]
        if any("title" in each for each in constants):
            titles = [each.get("title", text_of(each["const"])) for each in constants]
    elif "const" in node:
        values = [node["const"]]
    elif "enum" in node:
        values: list[Any] = node["enum"]
    else:
        return None
    by_text = {text_of(value): value for value in values}
    if len(by_text) < len(values):
        raise Unaskable("two of its values read the same as texts, which is what users choose")
    return Choices(by_text, titles)


def _choices_of_items(items: Any) -> Choices:
    node = cast("Json", items) if isinstance(items, dict) else {}
    choices = _choices_of(_without_null(node)[0])
    if choices is None:
        raise Unaskable(
            "a list in a form is a choice of several; use a list of Literal[...] or of an Enum, or "
            "ask for a text and split it"
        )
    return choices


def _offered(choices: Choices, keyword: str) -> Json:
    """The choices in words: titled ones as constants under the keyword."""
    if choices.titles is None:
        return {"type": "string", "enum": list(choices.values)}
    pairs = zip(choices.values, choices.titles, strict=True)
    constants = [{"const": text, "title": title} for text, title in pairs]
    return {"type": "string", keyword: constants} if keyword == "oneOf" else {keyword: constants}


def _single_value(node: Json) -> Json:
    shapes: list[Json] = node.get("anyOf") or node.get("oneOf") or [node]
    kinds = {shape.get("type", "") for shape in shapes}
    if not kinds <= _TYPES.keys():
        raise Unaskable(_cure(node))
    if len(kinds) == 1:
        [kind] = kinds
    elif kinds == {"integer", "number"}:
        kind = "number"
    elif "string" in kinds:
        kind = "string"  # of a text each of the types may make what it can
    else:
        raise Unaskable("it may be of several types; use one of them")
    shown = {**node, "type": kind}
    if shown.get("format") not in FORMATS:
        shown.pop("format", None)
    _make_limits_inclusive(shown)
    return shown


def _make_limits_inclusive(shown: Json) -> None:
    """Forms know no other limits. Where there is no next number, the limit itself is the nearest;
    the answer is checked for the exact one.
    """
    for exclusive, inclusive, step in (
        ("exclusiveMinimum", "minimum", 1),
        ("exclusiveMaximum", "maximum", -1),
    ):
        if exclusive in shown:
            next_one = step if shown["type"] == "integer" else 0
            shown.setdefault(inclusive, shown[exclusive] + next_one)


def _cure(node: Json) -> str:
    if node.get("type") == "object" or "properties" in node:
        return "a form is flat; ask for the members of that object themselves, or in a second form"
    return "use a str, int, float, bool, date, Literal or Enum, which a user can fill in"


def _default(shown: Json, choices: Choices | None) -> Any:
    """The default as the form says it; None for one that the user could not give as an answer."""
    default: Any = shown.get("default")
    if default is None:
        return None
    if choices is None:
        return default if type(default) in _TYPES[shown["type"]] else None
    if shown["type"] == "array":
        texts = [text_of(each) for each in default]
        # In the order of the choices: that of a set differs from process to process.
        return [text for text in choices.values if text in texts]
    return text_of(default) if text_of(default) in choices.values else None


def _label(name: str) -> str:
    """A name as people write it: `first_name` is First Name."""
    return " ".join(word[:1].upper() + word[1:] for word in name.split("_") if word) or name
