"""Entering values into a YAML text without touching the rest of it. PyYAML, which tells where
everything stands, is loaded on use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn, cast

from fastmcp.exceptions import ConfigurationError

from .edits import Edit, edited, line_end, nested
from .json_splice import same
from .jsonc import Fault, Json


def read_yaml(text: str) -> Json:
    """What a text holds.

    Raises:
        Fault: it is not YAML.
        ConfigurationError: PyYAML is not installed.
    """
    yaml = _yaml()
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        _raise_fault(error)


def put_yaml(text: str, keys: Sequence[str], value: Mapping[str, Json], *, whole: bool) -> str:
    """The text with `value` under `keys`. Unless it is to be there as a `whole`, the members of a
    mapping that is there already, and that `value` does not have, stay.

    Raises:
        Fault: the text is not YAML, something on the way is no mapping, or the text is written in
            a way (with merged or repeated names) in which nothing can be entered.
        ConfigurationError: PyYAML is not installed.
    """
    wanted = _with(read_yaml(text), keys, value, whole)
    root = _yaml().compose(text, Loader=_yaml().SafeLoader)
    splice = _Splice(text if text.endswith("\n") or not text else text + "\n")
    splice.put(root, keys, value, whole)
    result = edited(splice.text, splice.edits)
    if not _is(result, wanted):
        raise _no_way_in(root, keys)
    return result


def _no_way_in(root: Any, keys: Sequence[str]) -> Fault:
    place = root
    for key in keys:
        if _is_mapping(place) and key in _members(place):
            place = _members(place)[key][1]
    start = place.start_mark
    what = f"{'.'.join(keys)} cannot be entered into what is written here"
    return Fault(what, start.line + 1, start.column + 1)


def _yaml() -> Any:
    try:
        return import_module("yaml")
    except ImportError:
        raise ConfigurationError(
            "configurations in YAML need PyYAML, which is not installed: pip install pyyaml"
        ) from None


def _raise_fault(error: Any) -> NoReturn:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        raise Fault(str(error), 1, 1) from None
    raise Fault(f"not YAML: {error.problem}", mark.line + 1, mark.column + 1) from None


def _is(text: str, wanted: Json) -> bool:
    try:
        return same(read_yaml(text), wanted)
    except Fault:
        return False


def _with(data: Json, keys: Sequence[str], value: Json, whole: bool) -> Json:
    """The data as they are to be in the end."""
    if not keys:
        if whole or not isinstance(data, dict) or not isinstance(value, Mapping):
            return value
        new: dict[str, Any] = dict(cast("dict[str, Any]", data))
        for name, each in cast("Mapping[str, Any]", value).items():
            new[name] = _with(new.get(name), (), each, whole)
        return new
    inner: dict[str, Any] = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    return {**inner, keys[0]: _with(inner.get(keys[0]), keys[1:], value, whole)}


class _Splice:
    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = line_end(text)
        self.edits: list[Edit] = []

    def put(self, root: Any, keys: Sequence[str], value: Json, whole: bool) -> None:
        if root is None:  # an empty text, or comments alone
            self.edits.append((len(self.text), len(self.text), self._block(nested(keys, value))))
            return
        place = root
        for number, key in enumerate(keys):
            found = _members(place).get(key) if _is_mapping(place) else None
            if not _is_mapping(place):
                what = f"{keys[number - 1]!r}" if number else "the whole"
                self._fail(place, f"{what} is no mapping of names to values")
            if found is None:
                self._add(place, {key: nested(keys[number + 1 :], value)})
                return
            name, inner = found
            if _is_empty(inner):
                fill = self._replace if place.flow_style else self._fill
                fill(name, inner, nested(keys[number + 1 :], value))
                return
            if number == len(keys) - 1 and not _is_mapping(inner):
                self._replace(name, inner, value)
                return
            place = inner
        self._put_members(place, value, whole)

    def _put_members(self, place: Any, value: Mapping[str, Json], whole: bool) -> None:
        members = _members(place)
        new: dict[str, Json] = {}
        for name, each in value.items():
            if name not in members:
                new[name] = each
                continue
            key, node = members[name]
            if isinstance(each, Mapping) and _is_mapping(node) and not whole and node.value:
                self._put_members(node, cast("Mapping[str, Any]", each), whole)
            elif not same(_plain(node), each):
                self._replace(key, node, each)
        if new:
            self._add(place, new)
        if whole:
            for name in members.keys() - value.keys():
                self._remove(place, *members[name])

    def _replace(self, key: Any, node: Any, value: Json) -> None:
        start, end = key.end_mark.index, self._end(node)
        self.edits.append((start, max(start, end), f": {json.dumps(value, ensure_ascii=False)}"))

    def _remove(self, place: Any, key: Any, node: Any) -> None:
        if place.flow_style:
            self._fail(key, "it is in braces, where nothing can be taken away; take it away")
        end = self.text.find("\n", self._end(node))
        self.edits.append((key.start_mark.index - key.start_mark.column, end + 1, ""))

    def _add(self, place: Any, new: Mapping[str, Json]) -> None:
        if place.flow_style:
            at = place.end_mark.index - 1
            written = json.dumps(new, ensure_ascii=False)[1:-1]
            self.edits.append((at, at, f", {written}" if place.value else written))
            return
        self._add_lines(self._end(place), new, place.value[0][0].start_mark.column)

    def _fill(self, key: Any, node: Any, value: Mapping[str, Json]) -> None:
        """Put members where there are none."""
        start = key.end_mark.index
        self.edits.append((start, max(start, self._end(node)), ":"))
        self._add_lines(max(start, self._end(node)), value, key.start_mark.column + 2)

    def _add_lines(self, after: int, new: Mapping[str, Json], column: int) -> None:
        at = self.text.find("\n", after) + 1
        self.edits.append((at, at, self._block(new, " " * column)))

    def _block(self, value: Json, indentation: str = "") -> str:
        text: str = _yaml().safe_dump(
            value, sort_keys=False, allow_unicode=True, default_flow_style=False, width=10_000
        )
        return "".join(f"{indentation}{line}{self.newline}" for line in text.splitlines())

    def _end(self, node: Any) -> int:
        """Where the last text of a node ends: a block of PyYAML's reaches up to what follows it."""
        if node.id != "scalar" and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if node.id == "mapping" else last)
        text = self.text[node.start_mark.index : node.end_mark.index]
        return node.start_mark.index + len(text.rstrip())

    def _fail(self, node: Any, what: str) -> NoReturn:
        raise Fault(what, node.start_mark.line + 1, node.start_mark.column + 1)


def _is_mapping(node: Any) -> bool:
    return node.id == "mapping"


def _is_empty(node: Any) -> bool:
    """A mapping without members, or nothing at all."""
    return (_is_mapping(node) and not node.value) or node.tag == "tag:yaml.org,2002:null"


def _members(node: Any) -> dict[Any, tuple[Any, Any]]:
    return {key.value: (key, value) for key, value in node.value}


def _plain(node: Any) -> Json:
    yaml = _yaml()
    return yaml.SafeLoader("").construct_document(node)
