"""Reading the operations of a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import unquote

from .definitions import Definitions
from .document import Document, Json, malformed
from .route import HTTPRoute, ParameterInfo, RequestBodyInfo, ResponseInfo

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_LOCATIONS = ("path", "query", "header", "cookie", "querystring")
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
    "querystring": (),
}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_IN_BRACES = re.compile(r"\{([^{}]+)\}")


def read_routes(document: Document) -> list[HTTPRoute]:
    """Every operation, in the order of the document.

    Raises:
        ConfigurationError: one of them cannot be read; the text names it.
    """
    paths = document.root.get("paths")
    if paths is None:
        if not document.minor:
            raise malformed("paths", "there are none")
        paths = {}
    if not isinstance(paths, dict):
        raise malformed("paths", "it is no object")
    reader = _Reader(document)
    return [
        route
        for path, item in cast("Json", paths).items()
        if not path.startswith("x-")
        for route in reader.routes(path, item)
    ]


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        # What operations share is read once.
        self._parameters_read: dict[int, ParameterInfo] = {}
        self._responses_read: dict[int, ResponseInfo] = {}
        self._definitions = {
            "input": Definitions(document, "input"),
            "output": Definitions(document, "output"),
        }

    def routes(self, path: str, node: Any) -> Iterator[HTTPRoute]:
        item = self._path_item(node, path)
        _require_path(path)
        for method in _METHODS:
            if item.get(method) is not None:
                yield self._route(method.upper(), path, item, item[method])
        for method, operation in self._more_operations(path, item):
            yield self._route(method, path, item, operation)

    def _path_item(self, node: Any, path: str) -> Json:
        item = self._document.object_at(node, path)
        beside = cast("Json", node)
        return item if item is beside else {**item, **beside}

    def _more_operations(self, path: str, item: Json) -> Iterator[tuple[str, Any]]:
        more: Any = item.get("additionalOperations") if self._document.minor >= 2 else None
        if more is None:
            return
        for method, operation in self._document.object_at(more, path).items():
            if not _TOKEN.fullmatch(method):
                raise malformed(path, f"{method!r} is no HTTP method")
            yield method, operation

    def _route(self, method: str, path: str, item: Json, node: Any) -> HTTPRoute:
        place = f"{method} {path}"
        if not isinstance(node, dict):
            raise malformed(place, "the operation is no object")
        operation = cast("Json", node)
        route = HTTPRoute(
            path=path,
            method=method,
            operation_id=_text(operation, "operationId"),
            summary=_text(operation, "summary"),
            description=_text(operation, "description"),
            tags=[str(tag) for tag in _list(operation, "tags", place)],
            parameters=self._parameters(place, path, item, operation),
            request_body=self._body(place, operation.get("requestBody")),
            responses=self._responses(place, operation.get("responses")),
            extensions={key: value for key, value in operation.items() if key.startswith("x-")},
            openapi_version=self._document.version,
            deprecated=operation.get("deprecated") is True,
        )
        vars(route)["_definitions"] = self._definitions
        return route

    def _parameters(
        self, place: str, path: str, item: Json, operation: Json
    ) -> list[ParameterInfo]:
        nodes = [*_list(operation, "parameters", place), *_list(item, "parameters", place)]
        found: dict[tuple[str, str], ParameterInfo] = {}
        for number, node in enumerate(nodes, 1):
            info = self._parameter(f"{place}: parameter {number}", node)
            found.setdefault((info.location, info.name), info)
        for name in _IN_BRACES.findall(path):
            if ("path", name) not in found:  # which the document should have declared
                made = ParameterInfo(
                    name=name, location="path", required=True, schema_={"type": "string"}
                )
                found["path", name] = made
        return list(found.values())

    def _parameter(self, place: str, node: Any) -> ParameterInfo:
        members = self._document.object_at(node, place)
        known = self._parameters_read.get(id(members))
        if known is None:
            known = self._parameters_read[id(members)] = self._read_parameter(place, members)
        return known

    def _read_parameter(self, place: str, members: Json) -> ParameterInfo:
        name, location = members.get("name"), members.get("in")
        if not isinstance(name, str) or not name:
            raise malformed(place, "it has no name")
        place = f"{place} ({name!r})"
        if location not in _LOCATIONS:
            raise malformed(place, f"in: {location!r} is none of {', '.join(_LOCATIONS)}")
        if location in ("header", "cookie") and not _TOKEN.fullmatch(name):
            raise malformed(place, f"a {location} cannot have this name")
        style, explode = members.get("style"), members.get("explode")
        if style is not None and style not in _STYLES[location]:
            style = None  # which does not fit: as if it were not said
        kind, schema = self._content(place, members)
        return ParameterInfo(
            name=name,
            location=location,
            required=members.get("required") is True or location == "path",
            schema_=schema,
            description=_text(members, "description"),
            explode=explode if isinstance(explode, bool) else None,
            style=style,
            allow_reserved=members.get("allowReserved") is True,
            content_type=kind,
        )

    def _content(self, place: str, members: Json) -> tuple[str | None, Any]:
        """The media type and the schema of a parameter."""
        if "schema" in members or not members.get("content"):
            return None, _schema(members, place)
        content = self._document.object_at(members["content"], place)
        for kind, media in content.items():
            return kind, _schema(self._document.object_at(media, place), place)
        return None, {}

    def _body(self, place: str, node: Any) -> RequestBodyInfo | None:
        if node is None:
            return None
        place = f"{place}: request body"
        members = self._document.object_at(node, place)
        content = self._document.object_at(members.get("content") or {}, place)
        media = {kind: self._document.object_at(each, place) for kind, each in content.items()}
        return RequestBodyInfo(
            required=members.get("required") is True,
            content_schema={kind: _schema(each, place) for kind, each in media.items()},
            description=_text(members, "description"),
            encoding={
                kind: self._document.object_at(each["encoding"], place)
                for kind, each in media.items()
                if each.get("encoding")
            },
        )

    def _responses(self, place: str, node: Any) -> dict[str, ResponseInfo]:
        found: dict[str, ResponseInfo] = {}
        members = self._document.object_at(node if node is not None else {}, f"{place}: responses")
        for status, each in members.items():
            if status.startswith("x-"):
                continue
            at = f"{place}: response {status}"
            response = self._document.object_at(each, at)
            known = self._responses_read.get(id(response))
            if known is None:
                known = self._responses_read[id(response)] = self._read_response(at, response)
            found[status] = known
        return found

    def _read_response(self, place: str, response: Json) -> ResponseInfo:
        content = self._document.object_at(response.get("content") or {}, place)
        return ResponseInfo(
            description=_text(response, "description"),
            content_schema={
                kind: _schema(self._document.object_at(media, place), place)
                for kind, media in content.items()
            },
        )


def _require_path(path: str) -> None:
    literal = _IN_BRACES.sub("x", path.partition("?")[0].partition("#")[0])
    if {".", ".."} & set(unquote(unquote(literal)).replace("\\", "/").split("/")):
        raise malformed(path, "a path has no segments of dots")


def _schema(members: Json, place: str) -> Any:
    schema = members.get("schema")
    if schema is None or schema == "":
        return {}
    if not isinstance(schema, (dict, bool)):
        raise malformed(place, f"its schema is {schema!r}")
    return cast("Any", schema)


def _text(members: Json, name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) and value else None


def _list(members: Json, name: str, place: str) -> list[Any]:
    value = members.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise malformed(place, f"{name} is no list")
    return cast("list[Any]", value)


def parse_openapi_to_http_routes(openapi_dict: Json) -> list[HTTPRoute]:
    """The operations of a specification, under the name that FastMCP's users import.

    Raises:
        ConfigurationError: it cannot be read.
    """
    return read_routes(Document(openapi_dict))
