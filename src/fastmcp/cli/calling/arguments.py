"""Arguments for what is called, from the words of a command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from fastmcp.exceptions import ConfigurationError

from ..failing import WrongUsage
from ..schemas import Schema, alternatives, choices_of, kind_of, members_of

_LONGEST: Final = 100


def arguments_of(words: Sequence[str], whole: str | None) -> tuple[dict[str, str], dict[str, Any]]:
    """What `NAME=VALUE` words say, in text; and what a JSON object says, which is one of the words
    or `whole`: JSON, `@FILE`, or `-` for standard input.

    Raises:
        WrongUsage: a word is neither, or the JSON is none.
    """
    texts: dict[str, str] = {}
    given: dict[str, Any] = {} if whole is None else _object(*_text_of(whole))
    for word in words:
        _check(word)
        if word.lstrip().startswith("{"):
            given.update(_object(word, "the JSON argument"))
            continue
        name, equals, value = word.partition("=")
        if not equals or not name:
            shown = word if len(word) <= _LONGEST else f"{word[:_LONGEST]}…"
            raise WrongUsage(f"{shown!r} is not NAME=VALUE, nor a JSON object")
        texts[name] = value
    return texts, given


def _check(word: str) -> None:
    try:
        word.encode()
    except UnicodeEncodeError:
        raise WrongUsage(f"{word!a} is not UTF-8") from None


def _text_of(whole: str) -> tuple[str, str]:
    """The text that `--input-json` means, and what it is called."""
    if whole == "-":
        return sys.stdin.read(), "the JSON on standard input"
    if not whole.startswith("@"):
        return whole, "the JSON of --input-json"
    path = Path(whole[1:])
    try:
        return path.read_text("utf-8-sig"), f"the JSON in {path}"
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _object(text: str, called: str) -> dict[str, Any]:
    import json

    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        at = text[error.pos :].partition("\n")[0][:20]
        near = f"at {at!r}" if at else "where it ends"
        raise WrongUsage(
            f"{called} is malformed in line {error.lineno}, column {error.colno}, {near}: "
            f"{error.msg}"
        ) from None
    except RecursionError:
        raise WrongUsage(f"{called} is nested too deeply") from None
    if not isinstance(found, dict):
        raise WrongUsage(f'{called} is not an object, such as {{"name": "value"}}')
    return cast("dict[str, Any]", found)


def typed(texts: Mapping[str, str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """What texts mean to a tool of this input schema."""
    members = members_of(schema)
    return {
        name: _value(text, _kinds(members[name][0], schema) if name in members else set())
        for name, text in texts.items()
    }


def _value(text: str, kinds: set[str]) -> Any:
    """What is meant, where a value may be of one of `kinds`; of any, where there are none.

    It is JSON, unless it is none, or is of a kind that is not wanted where text is.
    """
    from msgspec import DecodeError, json

    is_nullable = "null" in kinds
    if kinds - {"null"} == {"string"}:
        return None if is_nullable and text == "null" else text
    if kinds - {"null"} == {"boolean"} and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    try:
        value = json.decode(text)
    except DecodeError:
        return text
    return text if "string" in kinds and not kinds & set(_KINDS[type(value)]) else value


_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_KINDS: Final = {
    str: ("string",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
}


def _kinds(schema: Any, whole: Schema) -> set[str]:
    """The kinds of JSON that a value may be; none where that is not said."""
    kinds: set[str] = set()
    for each in alternatives(schema, whole):
        if kind := kind_of(each):
            kinds.add(kind)
        else:
            kinds.update(*(_KINDS[type(choice)] for choice in choices_of(each)))
    return kinds
