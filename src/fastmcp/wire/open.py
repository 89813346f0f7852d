"""Objects whose members nobody can list in full: capabilities, kept as the dict they arrived in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Self,
    cast,
    dataclass_transform,
    get_args,
    get_type_hints,
)

__all__ = ["OpenModel"]


class Member:
    """A declared member: reads as None when absent, and as its own class when it is an object."""

    __slots__ = ("name", "wire_name")

    def __init__(self, name: str, wire_name: str) -> None:
        self.name: str = name
        self.wire_name: str = wire_name

    def __get__(self, model: OpenModel | None, owner: type[OpenModel]) -> Any:
        if model is None:
            return self
        value: Any = model.get(self.wire_name)
        if type(value) is dict:
            section = owner.sections().get(self.name)
            if section is not None:
                # Stored back, so that what is set on the section is set in the whole.
                value = model[self.wire_name] = section.model_validate(value)
        return cast("Any", value)

    def __set__(self, model: OpenModel, value: Any) -> None:
        if value is None:
            model.pop(self.wire_name, None)
        else:
            model[self.wire_name] = value


@dataclass_transform(kw_only_default=True)
class OpenModel(dict[str, Any]):
    """A dict of wire members whose declared ones are attributes too, in either spelling.

    Members that are not declared stay, and are encoded as they came. An empty object is still
    true: where capabilities are concerned, `{}` means yes.
    """

    members: ClassVar[dict[str, str]] = {}
    """Attribute name -> wire name, of each declared member."""

    def __init_subclass__(cls) -> None:
        own = {name: _camel(name) for name in cls.__annotations__}
        cls.members = {**cls.members, **own}
        for name, wire_name in own.items():
            descriptor = Member(name, wire_name)
            setattr(cls, name, descriptor)
            setattr(cls, wire_name, descriptor)

    if not TYPE_CHECKING:  # checkers shall see the constructor that the members declare

        def __init__(self, **members: Any) -> None:
            super().__init__()
            for name, value in members.items():
                wire_name = self.members.get(name, name)
                if not isinstance(getattr(type(self), wire_name, None), Member):
                    raise TypeError(
                        f"{type(self).__name__}() has no member {name!r}; "
                        "set members of your own by key"
                    )
                if value is not None:
                    self[wire_name] = value

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({super().__repr__()})"

    @classmethod
    def sections(cls) -> dict[str, type[OpenModel]]:
        """Return the class of each declared member that is an object with members of its own."""
        cached: dict[str, type[OpenModel]] | None = cls.__dict__.get("_sections")
        if cached is None:
            cached = {}
            for name, hint in cls.hints().items():
                for part in _parts(hint):
                    if isinstance(part, type) and issubclass(part, OpenModel):
                        cached[name] = part
            setattr(cls, "_sections", cached)  # noqa: B010
        return cached

    @classmethod
    def hints(cls) -> dict[str, Any]:
        """Return the resolved annotation of each declared member, bounds included."""
        hints = get_type_hints(cls, include_extras=True)
        return {name: hints[name] for name in cls.members}

    def supports(self, path: str) -> bool:
        """Tell whether a dotted path of wire names, such as `resources.subscribe`, is declared.

        Present with any value but null or false counts; `{}` does.
        """
        here: Any = self
        for step in path.split("."):
            here = cast("dict[str, Any]", here).get(step) if isinstance(here, dict) else None
            if here is None or here is False:
                return False
        return True

    @classmethod
    def model_validate(cls, obj: Any, **ignored: Any) -> Self:
        """Take over a mapping of wire names, or another library's model by its shape.

        Raises:
            ValueError: not an object, or a member that must be an object is not.
        """
        if hasattr(obj, "model_dump"):
            obj = obj.model_dump(mode="json", by_alias=True, exclude_none=True)
        if not isinstance(obj, Mapping):
            raise ValueError(f"Expected `object`, got `{type(obj).__name__}`")
        made = cls()
        made.update(cast("Mapping[str, Any]", obj))
        for name in cls.sections():
            value = made.get(cls.members[name])
            if value is not None and not isinstance(value, dict):
                raise ValueError(f"Expected `object` - at `$.{cls.members[name]}`")
        return made

    def model_dump(self, *, exclude_none: bool = False, **ignored: Any) -> dict[str, Any]:
        """Return a plain dict of the wire members."""
        return {
            name: value.model_dump(exclude_none=exclude_none)
            if isinstance(value, OpenModel)
            else value
            for name, value in self.items()
            if not (exclude_none and value is None)
        }

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """Return a copy with the members of `update` replaced, in either spelling."""
        copied = type(self)()
        copied.update(self)
        for name, value in (update or {}).items():
            copied[self.members.get(name, name)] = value
        return copied


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _parts(hint: Any) -> list[Any]:
    """Flatten a type hint into itself and all its arguments."""
    return [hint, *(part for arg in get_args(hint) for part in _parts(arg))]
