"""RequestPlan: what a caller gives for an operation, and where each argument goes."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import Any, cast

from msgspec import Struct

from .body_shape import BodyShape
from .definitions import Definitions, only_reference
from .document import Json, as_object
from .media_types import Writing, preferred, writing_of
from .route import HTTPRoute, ParameterInfo

ROOM = 1000
"""Schemas that the definitions of one input schema are made of."""
_UNSENDABLE = {
    *("accept", "authorization", "content-type", "content-length", "connection", "cookie"),
    *("expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer"),
    *("transfer-encoding", "upgrade"),
}
"""Headers that are the business of the client and of HTTP, never of an argument."""


class Argument(Struct, kw_only=True):
    """Where an argument goes. `target` is its name there; `kinds` are the types that its schema
    names; `is_file` says that it is base64 of bytes.
    """

    location: str
    target: str
    kinds: frozenset[str]
    parameter: ParameterInfo | None = None
    is_file: bool = False


class Body(Struct, kw_only=True):
    """How a body is written. `whole` is the argument that is all of it, where there are none for
    its properties.
    """

    media_type: str
    writing: Writing
    required: bool
    encoding: Json
    whole: str | None = None
    is_open: bool = False


class RequestPlan:
    """`schema` is what a caller sees; `arguments` are by their names there."""

    def __init__(self, route: HTTPRoute, definitions: Definitions) -> None:
        place = f"{route.method} {route.path}"
        self._definitions = definitions
        self._conversion = definitions.conversion(place)
        self.arguments: dict[str, Argument] = {}
        self._properties: Json = {}
        self._required: list[str] = []
        self.body: Body | None = None
        parameters = [each for each in route.parameters if _is_sendable(each, route.path)]
        self._known: dict[int, Any] = {}
        body = self._read_body(route, place)
        self._add_parameters(parameters, body)
        self._add_body(body)
        self.schema: dict[str, Any] = self._finished()

    @cached_property
    def query_names(self) -> frozenset[str]:
        """The names in a query that the document gives: of parameters, and of the members that it
        knows of objects.
        """
        names: set[str] = set()
        for argument in self.arguments.values():
            if argument.parameter is not None and argument.location in ("query", "querystring"):
                schema = argument.parameter.schema_
                shape = BodyShape(self._definitions.document, schema, argument.target)
                names |= {argument.target, *shape.properties}
        return frozenset(names)

    def _finished(self) -> Json:
        schema: Json = {"type": "object", "properties": self._properties}
        if self._required:
            schema["required"] = list(dict.fromkeys(self._required))
        if refs := self._conversion.refs:
            schema["$defs"] = self._definitions.needed(refs, ROOM)
        return schema

    def _add_parameters(self, parameters: list[ParameterInfo], body: Json) -> None:
        count = Counter(each.name for each in parameters)
        for each in parameters:
            schema = self._described(each.schema_, each.description)
            name = each.name
            if name in body or count[name] > 1:
                name = f"{name}__{each.location}"
                note = f"({each.location.capitalize()} parameter)"
                schema["description"] = f"{schema.get('description', '')} {note}".strip()
            self._properties[name] = schema
            if each.required:
                self._required.append(name)
            self.arguments[name] = Argument(
                location=each.location, target=each.name, kinds=self._kinds(schema), parameter=each
            )

    def _described(self, node: Any, description: str | None) -> Json:
        converted = self._definitions.of_parameter(node, self._conversion)
        schema = dict(as_object(converted))
        if description and "description" not in schema:
            schema["description"] = description
        return schema

    def _read_body(self, route: HTTPRoute, place: str) -> Json:
        """The schemas of the body's arguments by name, not yet converted."""
        info = route.request_body
        media_type = preferred(info.content_schema) if info else None
        if info is None or media_type is None:
            return {}
        node = info.content_schema[media_type]
        shape = BodyShape(self._definitions.document, node, place)
        self.body = Body(
            media_type=media_type,
            writing=writing_of(media_type),
            required=info.required,
            encoding=info.encoding.get(media_type, {}),
            is_open=shape.is_open,
        )
        if shape.properties and self.body.writing not in ("text", "binary"):
            if info.required:
                self._required += [name for name in shape.required if name in shape.properties]
            self._recall(node, shape)
            hidden = self._definitions.is_hidden
            return {n: one for n, one in shape.properties.items() if not hidden(one, place)}
        self.body.whole = _name_of_whole(shape.root)
        if info.required:
            self._required.append(self.body.whole)
        words = {"description": info.description} if info.description else {}
        return {self.body.whole: self._whole(self.body, node, words)}

    def _recall(self, node: Any, shape: BodyShape) -> None:
        """Take the body's own properties from where they were converted for all who use them."""
        if only_reference(node) is None:
            return
        converted = as_object(self._definitions.in_full(node, self._conversion))
        made = as_object(converted.get("properties"))
        own = as_object(shape.root.get("properties"))
        self._known = {id(one): made[name] for name, one in own.items() if name in made}

    def _whole(self, body: Body, node: Any, words: Json) -> Any:
        """The schema of a body that is one argument."""
        if body.writing == "binary":
            return {"type": "string", "format": "binary", **words}
        if body.writing == "text":
            return {"type": "string", "description": f"The body, as {body.media_type}", **words}
        return {**words, **cast("Json", node)} if isinstance(node, dict) else words

    def _add_body(self, properties: Json) -> None:
        body = self.body
        if body is None:
            return
        carries_files = body.writing in ("multipart", "binary")
        for name, node in properties.items():
            is_file = carries_files and self._holds_bytes(node)
            known = self._known.get(id(node))
            converted = self._conversion.convert(node) if known is None else known
            schema = _as_file(converted) if is_file else converted
            self._properties[name] = schema
            kinds = self._kinds(schema)
            self.arguments[name] = Argument(
                location="body", target=name, kinds=kinds, is_file=is_file
            )
        shown = self._properties
        self._required = [name for name in self._required if name in shown]

    def _holds_bytes(self, node: Any) -> bool:
        """Whether a property of a form is a file, or several."""
        schema = self._definitions.followed(node)
        if schema.get("type") == "array":
            return self._holds_bytes(schema.get("items"))
        for keyword in ("anyOf", "oneOf"):
            members: Any = schema.get(keyword)
            if isinstance(members, list):
                return any(self._holds_bytes(each) for each in cast("list[Any]", members))
        kind: Any = schema.get("type")
        if kind == "file":
            return True
        if kind != "string" and not (isinstance(kind, list) and "string" in kind):
            return False
        is_raw = "contentMediaType" in schema and "contentEncoding" not in schema
        return schema.get("format") == "binary" or is_raw

    def _kinds(self, schema: Any, hops: int = 8) -> frozenset[str]:
        """The types that a value may have; none when it may have any."""
        if not isinstance(schema, dict) or not hops:
            return frozenset()
        members = cast("Json", schema)
        kind: Any = members.get("type")
        if kind is not None:
            return frozenset(cast("list[str]", kind) if isinstance(kind, list) else [kind])
        for keyword in ("anyOf", "oneOf"):
            if keyword in members:
                inner = [self._kinds(each, hops - 1) for each in members[keyword]]
                found = {kind for kinds in inner for kind in kinds}
                return frozenset(found if all(inner) else ())
        if isinstance(ref := members.get("$ref"), str):
            definition = self._definitions.definition(ref.removeprefix("#/$defs/"))
            return self._kinds(definition.schema, hops - 1)
        return frozenset()


def _is_sendable(parameter: ParameterInfo, path: str) -> bool:
    if parameter.location == "header":
        return parameter.name.lower() not in _UNSENDABLE
    return parameter.location != "path" or f"{{{parameter.name}}}" in path


def _name_of_whole(schema: Json) -> str:
    title: Any = schema.get("title")
    text = title if isinstance(title, str) and title else "body"
    name = re.sub(r"[^a-zA-Z0-9_]", "_", text.lower())
    return "body_data" if name[0].isdigit() else name


def _as_file(schema: Any) -> Json:
    """The schema of bytes as an argument has them."""
    members = cast("Json", schema) if isinstance(schema, dict) else {}
    words = {key: members[key] for key in ("title", "description") if key in members}
    if members.get("type") == "array":
        return {**words, "type": "array", "items": _as_file(members.get("items"))}
    if any("array" in str(each) for each in members.get("anyOf", ())):
        one, several = _as_file({}), {"type": "array", "items": _as_file({})}
        return {**words, "anyOf": [several, one]}
    return {**words, "type": "string", "contentEncoding": "base64"}
