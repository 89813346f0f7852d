"""Inlining: schemas without references, for clients that follow none.

What is nearest comes first. Where a schema contains itself, or there is no more room, the type
alone is told, which admits whatever the schema does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

from .document import Json, as_object
from .schema_conversion import OF_LISTS, OF_NAMES, OF_ONE, outline

_SMALL = 150
"""Schemas that a definition is made of which is inlined once for all who refer to it."""
_NESTED = 16
"""Definitions inside of each other, in such a one."""
_WORDS = {"title", "description", "default", "examples", "deprecated"}
_BEFORE = "#/$defs/"


class Inliner:
    """Puts definitions where they are referred to. `definition` gives the schema of a name."""

    def __init__(self, definition: Callable[[str], Any]) -> None:
        self._definition = definition
        self._whole: dict[str, tuple[Any, int] | None] = {}

    def inlined(self, schema: Json, room: int) -> Json:
        """The schema without references; it is made of so many schemas, or few more."""
        return _Attempt(self, self._definition, room).run(schema)

    def whole(self, name: str, path: tuple[str, ...] = ()) -> tuple[Any, int] | None:
        """A definition without references, and how many schemas it is made of; None when it is
        not small.
        """
        if name in self._whole:
            return self._whole[name]
        made = self._made(name, path) if len(path) < _NESTED else None
        self._whole[name] = made
        return made

    def _made(self, name: str, path: tuple[str, ...]) -> tuple[Any, int] | None:
        path = (*path, name)
        size = 0

        def changed(node: Any) -> Any:
            nonlocal size
            size += 1
            if not isinstance(node, dict) or size > _SMALL:
                return cast("Any", node)
            found = _changed(cast("Json", node), changed)
            if isinstance(ref := found.pop("$ref", None), str):
                inner = ref.removeprefix(_BEFORE)
                if inner in path:
                    _join(found, outline(self._definition(inner)))
                elif (made := self.whole(inner, path)) is not None:
                    size += made[1]
                    _join(found, made[0])
                else:
                    size = _SMALL + 1
            return found

        schema = changed(self._definition(name))
        return None if size > _SMALL else (schema, size)


class _Attempt:
    """The inlining of one schema, level by level."""

    def __init__(self, inliner: Inliner, definition: Callable[[str], Any], room: int) -> None:
        self._inliner = inliner
        self._definition = definition
        self._room = room
        self._path: tuple[str, ...] = ()
        self._waiting: deque[tuple[Json, tuple[str, ...]]] = deque()

    def run(self, schema: Json) -> Json:
        found = self._held({key: value for key, value in schema.items() if key != "$defs"})
        while self._waiting:
            holder, path = self._waiting.popleft()
            name = cast("str", holder.pop("$ref")).removeprefix(_BEFORE)
            whole = self._inliner.whole(name)
            if whole is not None and whole[1] <= self._room:
                self._room -= whole[1]
                _join(holder, whole[0])
            elif self._room <= 0 or name in path:
                _join(holder, outline(self._definition(name)))
            else:
                self._path = (*path, name)
                _join(holder, self._copied(self._definition(name)))
                if "$ref" in holder:  # a reference that led to nothing but another one
                    self._waiting.append((holder, self._path))
        return found

    def _copied(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        self._room -= 1
        return _changed(cast("Json", node), self._held)

    def _held(self, node: Any) -> Any:
        found = self._copied(node)
        if "$ref" in (held := as_object(found)):
            self._waiting.append((held, self._path))
        return found


def _changed(schema: Json, change: Callable[[Any], Any]) -> Json:
    """A copy with its subschemas changed."""
    found: Json = dict(schema)
    for keyword, value in schema.items():
        if keyword in OF_NAMES:
            found[keyword] = {name: change(one) for name, one in value.items()}
        elif keyword in OF_LISTS:
            found[keyword] = [change(one) for one in value]
        elif keyword in OF_ONE:
            found[keyword] = change(value)
    return found


def _join(holder: Json, target: Any) -> None:
    """Put a schema where there was a reference to it. Words beside the reference go before its own,
    and all else beside it holds, too.
    """
    if target is True or target == {}:
        return
    if isinstance(target, dict) and _WORDS.issuperset(holder):
        words = dict(holder)
        holder.clear()
        holder.update({**cast("Json", target), **words})
    else:
        holder["allOf"] = [*holder.get("allOf", ()), target]
