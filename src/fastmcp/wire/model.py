"""The base of every MCP object: a msgspec struct that also answers to camelCase and pydantic names.

Knows nothing of MCP itself: no method, no revision, no member names.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, dataclass_transform

import msgspec
from msgspec import UNSET, Raw, Struct, StructMeta, field

from fastmcp._spelling import nearest

__all__ = ["Model", "absent_as_none"]

construct: Any = StructMeta.__call__
"""Makes an object of a class as calling it does, but knows no other spelling of a keyword: for code
that makes one for every request.
"""
_SPELLINGS: dict[type[Struct], dict[str, str]] = {}
"""Class -> keyword in any spelling -> attribute name."""


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class ModelMeta(StructMeta):
    """Gives a struct class its second spelling.

    Each member whose wire name differs from its attribute name gets an alias on the class: the
    very slot descriptor, so `tool.inputSchema` reads and writes at the price of
    `tool.input_schema`. Constructor keywords are respelt only after the plain call has failed.
    """

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        kw_only: bool = True,
        **config: Any,
    ) -> ModelMeta:
        cls = super().__new__(mcls, name, bases, namespace, kw_only=kw_only, **config)
        struct = cast("type[Struct]", cls)
        for attribute, wire_name in zip(
            struct.__struct_fields__, struct.__struct_encode_fields__, strict=True
        ):
            if attribute != wire_name:
                setattr(cls, wire_name, getattr(cls, attribute))
        _SPELLINGS[struct] = dict(
            zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)
        ) | {name: name for name in struct.__struct_fields__}
        tag_field = struct.__struct_config__.tag_field
        if tag_field is not None:
            setattr(cls, tag_field, struct.__struct_config__.tag)
        return cls

    if not TYPE_CHECKING:  # checkers shall see the constructor that the fields declare

        def __call__(cls, *args: Any, **members: Any) -> Any:  # noqa: N805 - a metaclass
            try:
                return construct(cls, *args, **members)
            except TypeError as error:
                respelt = _respell(cls, members)
                if args or respelt.keys() == members.keys():
                    raise error from None
            return construct(cls, **respelt)


def _respell(cls: type[Struct], members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords under their attribute names, redundant constants left out."""
    spellings = _SPELLINGS[cls]
    respelt: dict[str, Any] = {}
    for keyword, value in members.items():
        attribute = spellings.get(keyword)
        if attribute is None:
            constant = getattr(cls, keyword, None)
            if not isinstance(constant, str):
                raise TypeError(_unknown_keyword(cls, keyword))
            if value != constant:
                raise TypeError(f"{cls.__name__}.{keyword} is always {constant!r}, not {value!r}")
        elif attribute in respelt:
            raise TypeError(f"{cls.__name__}() got {attribute!r} in two spellings")
        else:
            respelt[attribute] = value
    return respelt


def _unknown_keyword(cls: type[Struct], keyword: str) -> str:
    near = nearest(keyword, cls.__struct_fields__, cutoff=0.4)
    hint = "" if near is None else f"; did you mean {near!r}?"
    return f"{cls.__name__}() has no member {keyword!r}{hint}"


class Model(Struct, metaclass=ModelMeta, rename="camel", omit_defaults=True):
    """An MCP object, with snake_case attributes and camelCase members on the wire.

    The `model_*` methods follow pydantic's names and defaults, except that dumps use wire names
    unless told otherwise. A member whose value is `msgspec.UNSET` is absent, which is not null.
    """

    def __repr__(self) -> str:
        defaults = defaults_of(type(self))
        members = ", ".join(
            f"{name}={value!r}"
            for name, value in msgspec.structs.asdict(self).items()
            if not _at_default(value, defaults.get(name, UNSET))
        )
        return f"{type(self).__name__}({members})"

    @property
    def model_fields_set(self) -> set[str]:
        """Names of the members that differ from their default; an explicit null counts as set."""
        defaults = defaults_of(type(self))
        return {
            name
            for name, value in msgspec.structs.asdict(self).items()
            if name not in defaults or not _at_default(value, defaults[name])
        }

    def model_dump(
        self,
        *,
        mode: str = "python",
        by_alias: bool = True,
        exclude_none: bool = False,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
        **ignored: Any,
    ) -> dict[str, Any]:
        """Return the members as plain dicts and lists, absent members left out.

        A null that differs from absence (`structured_content=None`) stays despite `exclude_none`.
        """
        dump = _Dump(by_alias, exclude_none, exclude_unset or exclude_defaults)
        return dump.model(self, include, exclude)

    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        by_alias: bool = True,
        exclude_none: bool = False,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
        **ignored: Any,
    ) -> str:
        """Return `model_dump` as JSON text."""
        dump = _Dump(by_alias, exclude_none, exclude_unset or exclude_defaults)
        encoded = msgspec.json.encode(dump.model(self, include, exclude))
        return (encoded if indent is None else msgspec.json.format(encoded, indent=indent)).decode()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with the members of `update` replaced, in either spelling."""
        copied = deepcopy(self) if deep else copy(self)
        for name, value in (update or {}).items():
            setattr(copied, name, value)
        return copied

    @classmethod
    def model_validate(cls, obj: Any, **ignored: Any) -> Self:
        """Build from a mapping, in either spelling, or from another library's model by its shape.

        Raises:
            msgspec.ValidationError: `obj` does not have this shape; a ValueError.
        """
        if isinstance(obj, cls):
            return obj
        if hasattr(obj, "model_dump"):
            obj = obj.model_dump(mode="json", by_alias=True, exclude_none=True)
        if isinstance(obj, Mapping):
            names = dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))
            members = cast("Mapping[str, Any]", obj)
            obj = {names.get(name, name): value for name, value in members.items()}
        return msgspec.convert(obj, cls)

    @classmethod
    def model_validate_json(cls, data: str | bytes, **ignored: Any) -> Self:
        """Build from JSON text.

        Raises:
            msgspec.DecodeError: `data` is not JSON or has another shape; a ValueError.
        """
        return msgspec.json.decode(data, type=cls)


class _Dump(Struct):
    """One dump's settings, carried down through nested values."""

    by_alias: bool
    exclude_none: bool
    exclude_defaults: bool

    def model(
        self,
        model: Model,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
    ) -> dict[str, Any]:
        cls = type(model)
        dumped: dict[str, Any] = {}
        config = cls.__struct_config__
        if config.tag_field is not None:
            dumped[config.tag_field] = config.tag
        defaults = defaults_of(cls)
        wire_names = cls.__struct_encode_fields__
        for wire_name, (name, value) in zip(
            wire_names, msgspec.structs.asdict(model).items(), strict=True
        ):
            default = defaults.get(name, _REQUIRED)
            if (
                value is UNSET
                or (self.exclude_none and value is None and default is not UNSET)
                or (self.exclude_defaults and _at_default(value, default))
                or (include is not None and name not in include and wire_name not in include)
                or (exclude is not None and (name in exclude or wire_name in exclude))
            ):
                continue
            dumped[wire_name if self.by_alias else name] = self.value(value)
        return dumped

    def value(self, value: Any) -> Any:
        if isinstance(value, Model):
            return self.model(value)
        if isinstance(value, Raw):
            return msgspec.json.decode(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            return {key: self.value(item) for key, item in members.items()}
        return value


_REQUIRED = object()
_ModelType = TypeVar("_ModelType", bound=type[Model])
_DEFAULTS: dict[type[Struct], dict[str, Any]] = {}


def defaults_of(cls: type[Struct]) -> dict[str, Any]:
    """Return the default of each optional member, in the order of the fields."""
    known = _DEFAULTS.get(cls)
    if known is None:
        known = _DEFAULTS[cls] = {
            info.name: info.default_factory() if info.default is msgspec.NODEFAULT else info.default
            for info in msgspec.structs.fields(cls)
            if not info.required
        }
    return known


def _at_default(value: Any, default: Any) -> bool:
    # Identity first: comparing a Raw or a foreign value could be costly or raise.
    return value is default or (type(value) is type(default) and value == default)


class AbsentAsNone:
    """A member that reads as None while it is absent, yet is written only when it was given."""

    __slots__ = ("slot",)

    def __init__(self, slot: Any) -> None:
        self.slot: Any = slot

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return self
        value = self.slot.__get__(model, owner)
        return None if value is UNSET else value

    def __set__(self, model: Any, value: Any) -> None:
        self.slot.__set__(model, value)


def absent_as_none(*names: str) -> Callable[[_ModelType], _ModelType]:
    """Let the named members of the class, whose default is UNSET, read as None while absent.

    `name in model.model_fields_set` still tells null from absent.
    """

    def decorate(cls: _ModelType) -> _ModelType:
        wire_names = dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))
        for name in names:
            descriptor = AbsentAsNone(getattr(cls, name))
            setattr(cls, name, descriptor)
            setattr(cls, wire_names[name], descriptor)
        return cls

    return decorate
