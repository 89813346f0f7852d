"""Promises: what the results of an operation are, as far as its document tells."""

from __future__ import annotations

from typing import Any, cast

from fastmcp._hydration.wrapping import WRAPPED

from .document import Json
from .media_types import JSON, is_json
from .route import HTTPRoute, ResponseInfo

ROOM = 200
"""Schemas that the definitions of one output schema are made of."""
_FIRST = ("200", "201", "202", "204")


def output_schema_of(route: HTTPRoute) -> Json | None:
    """The schema of a tool's results: that of the API's answer, or of an object with it as
    `result`. None when an answer may be something else than JSON, or nothing at all.
    """
    schemas: list[Any] = []
    for response in _successes(route):
        kinds = response.content_schema
        if not kinds or not all(is_json(kind) for kind in kinds):
            return None
        for schema in kinds.values():
            if schema not in schemas:
                schemas.append(schema)
    if not schemas or schemas == [{}]:
        return None
    return _promised(route, schemas)


def _promised(route: HTTPRoute, schemas: list[Any]) -> Json:
    definitions = route.definitions("output")
    place = f"{route.method} {route.path}: response"
    conversion = definitions.conversion(place)
    converted = [definitions.in_full(each, conversion) for each in schemas]
    objects: list[Json] = [each for each in converted if _is_object(each)]
    if len(objects) != len(converted):
        result = converted[0] if len(converted) == 1 else {"anyOf": converted}
        properties = {"result": result}
        whole: Json = {"type": "object", "properties": properties, "required": ["result"]}
        whole[WRAPPED] = True
    elif len(objects) == 1:
        whole = dict(objects[0])
    else:
        whole = {"type": "object", "anyOf": objects}
    if refs := conversion.refs:
        whole["$defs"] = definitions.needed(refs, ROOM)
    return whole


def _is_object(schema: Any) -> bool:
    return isinstance(schema, dict) and cast("Json", schema).get("type") == "object"


def permissive(schema: Json) -> Json:
    """A schema that admits every object, wrapped where the given one is."""
    found: Json = {"type": "object", "additionalProperties": True}
    return {**found, WRAPPED: True} if schema.get(WRAPPED) else found


def mime_type_of(route: HTTPRoute) -> str:
    """The media type of what is read: JSON if it can be."""
    for response in _successes(route):
        kinds = list(response.content_schema)
        if not kinds:
            return JSON
        return kinds[0] if len(kinds) == 1 else next(filter(is_json, kinds), kinds[0])
    return JSON


def accepted_of(route: HTTPRoute) -> str | None:
    """What to ask for, where the API could answer in several ways and one of them is JSON."""
    kinds = {kind for response in _successes(route) for kind in response.content_schema}
    known = sorted(filter(is_json, kinds), key=lambda kind: (kind != JSON, kind))
    return f"{known[0]}, */*;q=0.5" if known and len(kinds) > 1 else None


def _successes(route: HTTPRoute) -> list[ResponseInfo]:
    named = [route.responses[status] for status in _FIRST if status in route.responses]
    others = [
        response
        for status, response in route.responses.items()
        if status.startswith("2") and status not in _FIRST
    ]
    return named + others
