"""The protocol revisions, the bounds they put on members, and the sieve that applies the bounds."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cache
from operator import is_not
from typing import Any, Final, TypeVar, cast, get_args, get_type_hints

import msgspec
from msgspec import Struct

from fastmcp.wire.model import AbsentAsNone, Model, defaults_of
from fastmcp.wire.open import OpenModel

__all__ = [
    "ASSUMED_REVISION",
    "HANDSHAKE_REVISIONS",
    "LATEST_HANDSHAKE",
    "LATEST_MODERN",
    "MODERN_REVISIONS",
    "R2024_11_05",
    "R2025_03_26",
    "R2025_06_18",
    "R2025_11_25",
    "R2026_07_28",
    "REVISIONS",
    "Revision",
    "between",
    "sieve",
    "since",
    "until",
]


class Revision(Struct, frozen=True, order=True):
    """One protocol revision. Ordered by age, never by text: `draft` sorts after every date."""

    index: int
    text: str
    modern: bool = False

    def __str__(self) -> str:
        return self.text


R2024_11_05: Final = Revision(0, "2024-11-05")
R2025_03_26: Final = Revision(1, "2025-03-26")
R2025_06_18: Final = Revision(2, "2025-06-18")
R2025_11_25: Final = Revision(3, "2025-11-25")
R2026_07_28: Final = Revision(4, "2026-07-28", modern=True)

HANDSHAKE_REVISIONS: Final = (R2024_11_05, R2025_03_26, R2025_06_18, R2025_11_25)
MODERN_REVISIONS: Final = (R2026_07_28,)
LATEST_HANDSHAKE: Final = HANDSHAKE_REVISIONS[-1]
LATEST_MODERN: Final = MODERN_REVISIONS[-1]
ASSUMED_REVISION: Final = R2025_03_26
"""What a server assumes when the `MCP-Protocol-Version` header is absent."""

REVISIONS: Final[dict[str, Revision]] = {
    revision.text: revision for revision in (*HANDSHAKE_REVISIONS, *MODERN_REVISIONS)
}


def since(first: Revision) -> msgspec.Meta:
    """Bound a member, inside `Annotated`, to `first` and later revisions."""
    return between(first, None)


def until(last: Revision) -> msgspec.Meta:
    """Bound a member, inside `Annotated`, to `last` and earlier revisions."""
    return between(None, last)


def between(first: Revision | None, last: Revision | None) -> msgspec.Meta:
    """Bound a member, inside `Annotated`, to the revisions from `first` up to `last`."""
    return msgspec.Meta(extra={"first": first, "last": last})


_ModelT = TypeVar("_ModelT", bound=Model)


def sieve(model: _ModelT, revision: Revision) -> _ModelT:
    """Leave out the members that `revision` does not know, at any depth.

    Returns the same object when nothing has to go, else a copy that shares what is untouched.
    """
    plans = _plans[revision.index]
    cls = type(model)
    try:
        plan = plans[cls]
    except KeyError:
        plan = plans[cls] = _plan(cls, revision)
    if plan is None:
        return model
    changes: dict[str, Any] = {}
    for name, read, default in plan.drops:
        if read(model) is not default:
            changes[name] = default
    for name, read in plan.nested:
        value = read(model)
        sifted = _sift(value, revision)
        if sifted is not value:
            changes[name] = sifted
    if not changes:
        return model
    sifted_model = copy(model)
    for name, value in changes.items():
        setattr(sifted_model, name, value)
    return sifted_model


def _sift(value: Any, revision: Revision) -> Any:
    if isinstance(value, Model):
        return sieve(value, revision)
    if isinstance(value, OpenModel):
        return _sift_open(value, revision)
    if type(value) is list:
        items = cast("list[Any]", value)
        sifted = [_sift(item, revision) for item in items]
        return sifted if any(map(is_not, sifted, items)) else items
    if type(value) is dict:
        members = cast("dict[str, Any]", value)
        sifted_members = {key: _sift(item, revision) for key, item in members.items()}
        changed = any(map(is_not, sifted_members.values(), members.values()))
        return sifted_members if changed else members
    return value


def _sift_open(model: OpenModel, revision: Revision) -> OpenModel:
    unknown = _unknown_members(type(model), revision)
    sifted: dict[str, Any] = {}
    for name, wire_name in model.members.items():
        if wire_name not in model:
            continue
        if name in unknown:
            sifted[wire_name] = None
        elif name in model.sections():
            section = getattr(model, name)
            kept = _sift(section, revision)
            if kept is not section:
                sifted[wire_name] = kept
    if not sifted:
        return model
    copied = model.model_copy(update=sifted)
    for wire_name, value in sifted.items():
        if value is None:
            del copied[wire_name]
    return copied


class _Plan(Struct):
    """What one revision takes from one class, and which members may hold more to take."""

    drops: list[tuple[str, Callable[[Any], Any], Any]]
    nested: list[tuple[str, Callable[[Any], Any]]]


_plans: Final[list[dict[type, _Plan | None]]] = [{} for _ in REVISIONS]


def _plan(cls: type[Model], revision: Revision) -> _Plan | None:
    unknown = _unknown_members(cls, revision)
    defaults = defaults_of(cls)
    plan = _Plan([], [])
    for name, hint in _hints(cls).items():
        descriptor = getattr(cls, name)
        slot = descriptor.slot if isinstance(descriptor, AbsentAsNone) else descriptor
        if name in unknown:
            plan.drops.append((name, slot.__get__, defaults[name]))
        elif any(_unknown_members(held, revision) for held in _reach(hint, set())):
            plan.nested.append((name, slot.__get__))
    return plan if plan.drops or plan.nested else None


def _hints(cls: type[Any]) -> dict[str, Any]:
    if issubclass(cls, OpenModel):
        return cls.hints()
    hints = get_type_hints(cls, include_extras=True)
    return {name: hints[name] for name in cast("type[Model]", cls).__struct_fields__}


@cache
def _unknown_members(cls: type[Any], revision: Revision) -> frozenset[str]:
    return frozenset(name for name, hint in _hints(cls).items() if not _known(hint, revision))


def _known(hint: Any, revision: Revision) -> bool:
    for note in _notes(hint):
        first, last = note.get("first"), note.get("last")
        if (first is not None and revision < first) or (last is not None and last < revision):
            return False
    return True


def _notes(hint: Any) -> list[dict[str, Any]]:
    """Return what `Annotated` says of the member itself, not of what stands inside it."""
    metadata = getattr(hint, "__metadata__", ())
    return [note.extra for note in metadata if isinstance(note, msgspec.Meta) and note.extra]


def _reach(hint: Any, seen: set[type[Any]]) -> set[type[Any]]:
    """Collect into `seen` every object class that a value of this type can contain."""
    for note in _notes(hint):
        _reach(note.get("holds"), seen)
    if isinstance(hint, type) and issubclass(hint, Model | OpenModel) and hint not in seen:
        seen.add(hint)
        for inner in _hints(hint).values():
            _reach(inner, seen)
    for arg in get_args(hint):
        _reach(arg, seen)
    return seen
