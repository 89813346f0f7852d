"""The operations of an OpenAPI document: what can be done with each tool, resource and prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import quote

from fastmcp._hydration.wrapping import WRAPPED
from fastmcp.wire.resource_names import canonical_uri

from .answer import JSON
from .listings import LISTINGS

Json: TypeAlias = dict[str, Any]

_IN_PATH = "/:@!$&'()*+,;="
# What a text of which nothing else is known may be sent as.
_TEXTS = ("text/plain", "text/markdown", JSON)

_ERROR: Json = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "code": {
                    "type": "integer",
                    "description": "The JSON-RPC code of an error that has one of its own",
                },
                "details": {"description": "What does not fit, or what else is known of the error"},
            },
            "required": ["message"],
        }
    },
    "required": ["error"],
}
_ERRORS: dict[str, tuple[str, str]] = {
    "400": ("NotAnObject", "The body is not a JSON object"),
    "403": ("Forbidden", "The caller may not do this"),
    "404": ("NotFound", "There is no such component, or not for this caller"),
    "413": ("TooLarge", "The body is too large"),
    "415": ("NotJson", "The body is not application/json"),
    "422": ("Invalid", "The arguments do not fit; details has the list of what is wrong"),
    "500": ("Failed", "It failed"),
    "501": ("CannotAsk", "It asks its client for something, which needs MCP"),
    "503": ("Unavailable", "Something that the server needs cannot be reached; try again"),
    "504": ("TimedOut", "It took too long"),
}
_OF_READING = ("403", "404", "422", "500", "501", "503", "504")
_OF_SENDING = ("400", "413", "415")

COMPONENTS: Json = {
    "schemas": {"Error": _ERROR},
    "responses": {
        name: {
            "description": text,
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for name, text in _ERRORS.values()
    },
}


def list_paths() -> dict[str, Json]:
    """The paths of the lists."""
    return {
        each.path: {
            "get": {
                "operationId": "list_" + each.path[1:].replace("-", "_"),
                "summary": f"The {each.path[1:].replace('-', ' ')}",
                "tags": [_tag(each.path)],
                "responses": _responses({"type": "array", "items": {"type": "object"}}, ("500",)),
            }
        }
        for each in LISTINGS
    }


def tool_path(entry: Json) -> tuple[str, Json]:
    """The path of a tool, which is called there."""
    path = "/tools/" + _named(entry["name"])
    place = f"#/paths/{_pointer(path)}/post"
    arguments = _placed(
        entry["inputSchema"], f"{place}/requestBody/content/{_pointer(JSON)}/schema"
    )
    value = _placed(
        _value_schema(entry.get("outputSchema")),
        f"{place}/responses/200/content/{_pointer(JSON)}/schema",
    )
    body = {"required": True, "content": {JSON: {"schema": arguments}}}
    responses = _responses(value, (*_OF_SENDING, *_OF_READING))
    operation = _operation("call_", entry, "tools", responses)
    return path, {"post": {**operation, "requestBody": body}}


def prompt_path(entry: Json) -> tuple[str, Json]:
    """The path of a prompt, which is rendered there: by a query or by a body."""
    arguments: list[Json] = entry.get("arguments") or []
    properties = {each["name"]: _argument_schema(each) for each in arguments}
    required = [each["name"] for each in arguments if each.get("required")]
    schema: Json = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    body = {"required": True, "content": {JSON: {"schema": schema}}}
    by_query = _responses({"type": "object"}, _OF_READING)
    by_body = _responses({"type": "object"}, (*_OF_SENDING, *_OF_READING))
    parameters = [_parameter(name, properties[name], name in required) for name in properties]
    return "/prompts/" + _named(entry["name"]), {
        "get": {**_operation("get_", entry, "prompts", by_query), "parameters": parameters},
        "post": {**_operation("render_", entry, "prompts", by_body), "requestBody": body},
    }


def resource_path(entry: Json, arguments: Json) -> tuple[str, Json]:
    """The path of a resource, by its plain name where it has one."""
    uri: str = entry["uri"]
    plain = uri.removeprefix("resource://")
    path = plain if canonical_uri(plain) == uri else uri
    return "/resources/" + _spelled(path), {"get": _reading("read_", entry, uri, arguments)}


def template_path(entry: Json, arguments: Json) -> tuple[str, Json]:
    """The path of a template, by its name: the values are in the query."""
    operation = _reading("fill_", entry, entry["uriTemplate"], arguments)
    return "/resources/" + _named(entry["name"]), {"get": operation}


def _reading(prefix: str, entry: Json, uri: str, arguments: Json) -> Json:
    """Reading what has this URI, with these arguments in the query."""
    kind = entry.get("mimeType") or "*/*"
    responses = _responses({}, _OF_READING, *(_TEXTS if kind in _TEXTS else (kind,)))
    operation = _operation(prefix, {**entry, "name": uri}, "resources", responses)
    required: list[str] = arguments.get("required", [])
    properties: dict[str, Json] = arguments.get("properties", {})
    parameters = [_parameter(name, schema, name in required) for name, schema in properties.items()]
    return operation | ({"parameters": parameters} if parameters else {})


def _operation(prefix: str, entry: Json, tag: str, responses: Json) -> Json:
    name: str = entry["name"]
    operation = {
        "operationId": prefix + name,
        "summary": entry.get("title") or name,
        "tags": [tag],
        "responses": responses,
    }
    if description := entry.get("description"):
        operation["description"] = description
    return operation


def _responses(schema: Json, errors: tuple[str, ...], *kinds: str) -> Json:
    content = {kind: {"schema": schema} for kind in kinds or (JSON,)}
    refused = {
        status: {"$ref": f"#/components/responses/{_ERRORS[status][0]}"}
        for status in sorted(errors)
    }
    return {"200": {"description": "Done", "content": content}, **refused}


def _parameter(name: str, schema: Json, required: bool) -> Json:
    found = {"name": name, "in": "query", "required": required, "schema": schema}
    if description := schema.get("description"):
        found["description"] = description
    return found


def _argument_schema(argument: Json) -> Json:
    description = argument.get("description")
    return {"type": "string"} | ({"description": description} if description else {})


def _value_schema(schema: Json | None) -> Json:
    """The schema of a tool's value: without what only carries it."""
    if not schema:
        return {}
    inner: Any = schema.get("properties", {}).get("result")
    if not schema.get(WRAPPED) or not isinstance(inner, dict):
        return schema
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {**cast("Json", inner), **definitions}


def _placed(schema: Any, place: str) -> Any:
    """A schema in which references into itself lead to the place that it has in the document."""
    if isinstance(schema, list):
        return [_placed(each, place) for each in cast("list[Any]", schema)]
    if not isinstance(schema, Mapping):
        return schema
    members = cast("Json", schema)
    placed = {name: _placed(value, place) for name, value in members.items()}
    reference = members.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        placed["$ref"] = place + reference[1:]
    return placed


def _named(name: str) -> str:
    """A name as a path: braces in it are no parameters of the path."""
    return quote(name, safe=_IN_PATH)


def _spelled(uri: str) -> str:
    """A URI as a path: what is percent-encoded in it stays so."""
    return quote(uri, safe=_IN_PATH + "%")


def _pointer(text: str) -> str:
    """A text as a step of a JSON pointer in a fragment (RFC 6901, section 6)."""
    return quote(text.replace("~", "~0").replace("/", "~1"), safe="~")


def _tag(path: str) -> str:
    return "resources" if path.startswith("/resource") else path[1:]
