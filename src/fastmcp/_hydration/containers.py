"""Readers of arrays and objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, cast

from msgspec import UNSET, Struct

from .objects import JsonObject, Property
from .readers import Choice, Misfit, Reader, Run


class Items(Reader):
    """An array whose items are all alike; those that are `unique` become a set if they can."""

    __slots__ = ("_item", "_unique")

    def __init__(self, item: Reader, *, unique: bool) -> None:
        super().__init__()
        self._item = item
        self._unique = unique

    @property
    def converts(self) -> bool:  # type: ignore[override]
        return self._unique

    def parts(self) -> Sequence[Reader]:
        return (self._item,)

    def admits(self, value: Any) -> bool:
        return type(value) is list

    def read(self, value: Any, run: Run) -> Any:
        if type(value) is not list:
            raise Misfit("an array")
        items = self._read_items(cast("list[Any]", value), run)
        return _as_set(items) if self._unique else items

    def _read_items(self, items: list[Any], run: Run) -> list[Any]:
        if run.strict:
            run.spend(len(items))
        elif self._item.plain:
            return items
        try:
            read = self._item.read
            return [read(item, run) for item in items]
        except Misfit:
            if run.strict:
                raise
        return [run.part(self._item, item, "an item") for item in items]


class Positions(Reader):
    """An array that has a schema for each position: a tuple if it ends with them, else a list."""

    __slots__ = ("_ends", "_positions", "_rest")

    def __init__(self, positions: list[Reader], rest: Reader, *, ends: bool) -> None:
        super().__init__()
        self._positions = positions
        self._rest = rest
        self._ends = ends

    @property
    def converts(self) -> bool:  # type: ignore[override]
        return self._ends

    def parts(self) -> Sequence[Reader]:
        return (*self._positions, self._rest)

    def admits(self, value: Any) -> bool:
        if type(value) is not list:
            return False
        return not self._ends or len(cast("list[Any]", value)) == len(self._positions)

    def read(self, value: Any, run: Run) -> Any:
        if not self.admits(value):
            raise Misfit(f"an array of {len(self._positions)}" if self._ends else "an array")
        items = cast("list[Any]", value)
        if run.strict:
            run.spend(len(items))
        found = [
            run.part(reader, item, f"item {number}")
            for number, (reader, item) in enumerate(zip(self._positions, items, strict=False))
        ]
        found += [run.part(self._rest, item, "an item") for item in items[len(found) :]]
        return tuple(found) if self._ends else found


class Values(Reader):
    """An object of which only the values are described."""

    __slots__ = ("_value",)

    def __init__(self, value: Reader) -> None:
        super().__init__()
        self._value = value

    def parts(self) -> Sequence[Reader]:
        return (self._value,)

    def admits(self, value: Any) -> bool:
        return type(value) is dict

    def read(self, value: Any, run: Run) -> Any:
        if type(value) is not dict:
            raise Misfit("an object")
        members = cast("dict[str, Any]", value)
        if run.strict:
            run.spend(len(members))
        return {name: run.part(self._value, each, name) for name, each in members.items()}


class Members(Reader):
    """An object whose properties have names: it becomes one of a class of its own, which is made
    when the first of them is read.

    `rest` reads the properties that have none; it is None where there should be no others.
    """

    __slots__ = (
        *("_all", "_converting", "_defaults", "_made", "_make", "_names", "_renamed"),
        *("_required", "_rest", "_tags", "_template"),
    )
    converts = True

    def __init__(
        self,
        make: Callable[[], type[JsonObject]],
        properties: list[tuple[Property, Reader]],
        required: frozenset[str],
        rest: Reader | None,
    ) -> None:
        super().__init__()
        self._make = make
        self._made: type[JsonObject] | None = None
        self._required = required
        self._rest = rest
        self._all = properties
        self._converting: list[tuple[Property, Reader]] = []
        self._defaults: list[_Default] = []
        self._tags = [(p.name, reader) for p, reader in properties if isinstance(reader, Choice)]
        self._names = frozenset(each.name for each, _ in properties)
        self._renamed = {p.name: p.attribute for p, _ in properties if p.name != p.attribute}
        self._template = {
            each.attribute: None if each.default is UNSET else each.default
            for each, _ in properties
        }

    def parts(self) -> Sequence[Reader]:
        readers = [reader for _, reader in self._all]
        return readers if self._rest is None else [*readers, self._rest]

    def settle(self) -> None:
        self._converting = [each for each in self._all if not each[1].plain]
        self._defaults = [
            _Default(each, reader, _size(each.default))
            for each, reader in self._all
            if each.default is not UNSET and (_is_container(each.default) or not reader.plain)
        ]

    def admits(self, value: Any) -> bool:
        if type(value) is not dict:
            return False
        members = cast("dict[str, Any]", value)
        if not self._required <= members.keys():
            return False
        for name, tag in self._tags:
            if name in members and not tag.admits(members[name]):
                return False
        return True

    def read(self, value: Any, run: Run) -> Any:
        if type(value) is not dict:
            raise Misfit("an object")
        members = cast("dict[str, Any]", value)
        if not self._required <= members.keys():
            missing = ", ".join(sorted(self._required - members.keys()))
            raise Misfit(f"an object with {missing}")
        run.add(len(self._template) - len(members))
        found = {**self._template, **self._own(members)}
        for each, reader in self._all if run.strict else self._converting:
            if each.name in members:
                found[each.attribute] = run.part(reader, members[each.name], each.name)
        for default in self._defaults:
            if default.property.name not in members:
                found[default.property.attribute] = default.value(run)
        if run.strict or (self._rest is not None and not self._rest.plain):
            self._read_others(members, found, run)
        if self._made is None:
            self._made = self._make()
        made = object.__new__(self._made)
        made.__dict__ = found
        return made

    def _own(self, members: dict[str, Any]) -> dict[str, Any]:
        if not self._renamed:
            return members
        others = {name: each for name, each in members.items() if name not in self._renamed}
        renamed = {to: members[name] for name, to in self._renamed.items() if name in members}
        return {**others, **renamed}

    def _read_others(self, members: dict[str, Any], found: dict[str, Any], run: Run) -> None:
        others = members.keys() - self._names
        if run.strict:
            run.spend(len(members))
            run.known += len(members) - len(others)
        for name in others:
            if self._rest is None:
                if run.strict:
                    raise Misfit(f"an object without {name}")
            elif name in found:
                found[name] = run.part(self._rest, members[name], name)


class _Default(Struct, frozen=True):
    """What a missing property is, made anew for each object; `size` is that of its JSON."""

    property: Property
    reader: Reader
    size: int

    def value(self, run: Run) -> Any:
        """The default as its schema speaks of it; one that does not fit stays as it is."""
        run.add(self.size)
        value = deepcopy(self.property.default)
        try:
            return self.reader.read(value, run)
        except Misfit:
            return value


def _is_container(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_size, cast("dict[str, Any]", value).values()))
    if isinstance(value, list):
        return 1 + sum(map(_size, cast("list[Any]", value)))
    return 1


def _as_set(items: list[Any]) -> Any:
    """The items as a set, unless they cannot be in one or some would be lost."""
    try:
        found = set(items)
    except TypeError:
        return items
    return found if len(found) == len(items) else items
