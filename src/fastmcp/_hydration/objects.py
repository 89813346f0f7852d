"""The classes that JSON objects become: dataclasses, made from a schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, ClassVar, cast

from msgspec import UNSET, Struct

from .naming import attribute_names
from .schema import Json


class JsonObject:
    """An object of JSON: its properties are attributes, and items under the names they have there.

    What the schema does not name is there, too. Objects are equal when their properties are; an
    object goes through their names.
    """

    __json_names__: ClassVar[Mapping[str, str]] = {}
    """Property -> attribute, where they differ."""

    def __getitem__(self, name: str) -> Any:
        return vars(self)[self.__json_names__.get(name, name)]

    def __contains__(self, name: object) -> bool:
        return self.__json_names__.get(cast("str", name), name) in vars(self)

    def __iter__(self) -> Iterator[str]:
        names = {attribute: name for name, attribute in self.__json_names__.items()}
        return (names.get(attribute, attribute) for attribute in vars(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JsonObject):
            return NotImplemented
        return vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({members})"


class Property(Struct, frozen=True):
    """A property that a schema names; `default` is UNSET where it has none."""

    name: str
    attribute: str
    schema: Any
    required: bool
    default: Any

    @property
    def optional(self) -> bool:
        """Whether it may be missing, and then is None."""
        return not self.required and self.default is UNSET


def properties_of(schema: Json) -> list[Property]:
    """What an object has; a default of the whole object holds for its properties."""
    named: Any = schema.get("properties")
    members = cast("Json", named) if isinstance(named, dict) else {}
    listed: Any = schema.get("required")
    required: Any = cast("list[Any]", listed) if isinstance(listed, list) else ()
    whole: Any = schema.get("default")
    defaults = cast("Json", whole) if isinstance(whole, dict) else {}
    found: list[Property] = []
    for name, attribute in attribute_names(members).items():
        own: Any = members[name]
        default = cast("Json", own).get("default", UNSET) if isinstance(own, dict) else UNSET
        default = defaults.get(name, default)
        needed = name in required and default is UNSET
        found.append(Property(name, attribute, own, needed, default))
    return found


def object_class(name: str, schema: Json, properties: list[Property]) -> type[JsonObject]:
    """A dataclass with an attribute for each property."""
    described = schema.get("description")
    made = dataclasses.make_dataclass(
        name,
        [(each.attribute, Any, _field(each)) for each in properties],
        bases=(JsonObject,),
        namespace={
            "__module__": __name__,
            "__doc__": described if isinstance(described, str) else "",
            "__json_names__": {p.name: p.attribute for p in properties if p.name != p.attribute},
        },
        kw_only=True,
        eq=False,
        repr=False,
    )
    return cast("type[JsonObject]", made)


def _field(each: Property) -> Any:
    metadata = {"alias": each.name} if each.name != each.attribute else {}
    if each.required:
        return dataclasses.field(metadata=metadata)
    if each.optional or each.default is None:
        return dataclasses.field(default=None, metadata=metadata)
    default = each.default
    return dataclasses.field(
        default_factory=lambda: deepcopy(default), metadata={**metadata, "validate_default": True}
    )
