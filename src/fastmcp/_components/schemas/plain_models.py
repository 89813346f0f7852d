"""JSON Schemas of pydantic's models, where nothing but their fields decides about them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

from .annotated import Json, NotPlain, Pair, limited, said_by
from .defaults import shown_default

# What a configuration may say without changing the schema, but for the first two.
_HARMLESS = {
    *("title", "extra", "frozen", "validate_assignment", "from_attributes"),
    *("arbitrary_types_allowed", "str_strip_whitespace", "revalidate_instances"),
}
_HOOKS = ("__get_pydantic_core_schema__", "__get_pydantic_json_schema__")


def is_plain_model(cls: type) -> bool:
    """Whether it is a model without hooks, aliases, parameters and the like."""
    main = sys.modules.get("pydantic.main")
    if main is None or not issubclass(cls, main.BaseModel):
        return False
    model: Any = cls
    return (
        model.__pydantic_complete__
        and not model.__pydantic_root_model__
        and not any(model.__pydantic_generic_metadata__.values())
        and model.model_config.keys() <= _HARMLESS
        and model.model_config.get("extra") in (None, "ignore", "forbid")
        and _has_plain_decorators(model.__pydantic_decorators__)
        and all(getattr(cls, h).__func__ is getattr(main.BaseModel, h).__func__ for h in _HOOKS)
        and cls.__name__.isidentifier()
        and cls.__name__.isascii()
    )


def model_schema(cls: Any, write: Callable[[Any], Pair]) -> Json:
    """The schema of a plain model; `write` writes those of its members.

    Raises:
        NotPlain: a member is not.
    """
    fields: Mapping[str, Any] = cls.__pydantic_fields__
    config: Mapping[str, Any] = cls.model_config
    schema: Json = {"properties": {name: _member(field, write) for name, field in fields.items()}}
    if config.get("extra") == "forbid":
        schema["additionalProperties"] = False
    if cls.__doc__:
        schema["description"] = inspect.cleandoc(cls.__doc__)
    required = [name for name, field in fields.items() if field.is_required()]
    if required:
        schema["required"] = required
    if config.get("title") not in (None, cls.__name__):
        schema["title"] = config["title"]
    schema["type"] = "object"
    return schema


def _member(field: Any, write: Callable[[Any], Pair]) -> Json:
    said = said_by(field)
    _, shown = limited(write(field.annotation), said.limits)
    shown = {**shown, **said.members}
    if said.default is not inspect.Parameter.empty and not field.is_required():
        try:
            shown["default"] = shown_default(said.default)
        except ValueError:
            raise NotPlain from None  # pydantic warns of it
    return shown


def _has_plain_decorators(decorators: Any) -> bool:
    return not (
        decorators.computed_fields
        or decorators.field_serializers
        or decorators.model_serializers
        or decorators.validators
        or decorators.root_validators
        or any(each.info.mode != "after" for each in decorators.field_validators.values())
        or any(each.info.mode == "wrap" for each in decorators.model_validators.values())
    )
