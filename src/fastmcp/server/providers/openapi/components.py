"""OpenAPITool, OpenAPIResource and OpenAPIResourceTemplate: operations as components."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from msgspec import field

from fastmcp._protocol.mirroring import Plan, read_plan
from fastmcp.exceptions import (
    InvalidSignature,
    OperationError,
    ResourceError,
    ToolError,
    ValidationError,
)
from fastmcp.resources.base import Resource, ResourceContent
from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool, require_name
from fastmcp.tools.tool_result import ToolResult
from fastmcp.wire.features import Tool as WireTool

from ...middleware.schema_check import schema_check
from .answers import Answer, ask, result_of
from .api_client import ApiClient
from .director import RequestDirector
from .document import Json
from .media_types import essence, is_json
from .outgoing import Outgoing
from .promises import ROOM as ROOM_OF_OUTPUT
from .promises import accepted_of, output_schema_of, permissive
from .request_plan import ROOM as ROOM_OF_INPUT
from .route import HTTPRoute
from .schema_conversion import Direction

LATER: Json = {}
"""Stands for a schema that is made of the route when somebody asks for it."""
_PARAMETERS: Any = vars(Tool)["parameters"]
_OUTPUT_SCHEMA: Any = vars(Tool)["output_schema"]


class OpenAPITool(Tool, kw_only=True):
    """An operation that is carried out when it is called.

    `validates` checks what the API answers against `output_schema`; without it, a schema that is
    made of the route promises nothing but an object.
    """

    client: Any
    route: HTTPRoute
    director: RequestDirector = field(default_factory=RequestDirector)
    validates: bool = True

    def __post_init__(self) -> None:
        require_name(self.name)
        self.client = _client_of(self.client)

    @property
    def parameters(self) -> Json:
        """The schema of the arguments."""
        if (found := _PARAMETERS.__get__(self)) is LATER:
            found = self.route.flat_param_schema
            _PARAMETERS.__set__(self, found)
        return found

    @parameters.setter
    def parameters(self, schema: Json) -> None:  # type: ignore[override]
        _PARAMETERS.__set__(self, schema)

    @property
    def output_schema(self) -> Json | None:
        """The schema of the structured content."""
        if (found := _OUTPUT_SCHEMA.__get__(self)) is LATER:
            found = output_schema_of(self.route)
            if found is not None and not self.validates:
                found = permissive(found)
            vars(self)["_promise"] = found
            _OUTPUT_SCHEMA.__set__(self, found)
        return found

    @output_schema.setter
    def output_schema(self, schema: Json | None) -> None:  # type: ignore[override]
        _OUTPUT_SCHEMA.__set__(self, schema)

    @property
    def _mirrors(self) -> Plan:  # type: ignore[override]
        """The arguments that callers repeat in headers."""
        schema, held = self.parameters, vars(self).get("_plan")
        if held is None or held[0] is not schema:
            try:
                held = vars(self)["_plan"] = schema, read_plan(schema)
            except ValueError as error:
                raise InvalidSignature(
                    f"The tool {self.name!r} cannot be served: {error}"
                ) from None
        return held[1]

    def _entry(self, *, portable: bool) -> WireTool:
        shown = super()._entry(portable=False)
        if portable:
            shown.input_schema = self._readable(shown.input_schema, "input")
            if shown.output_schema is not None:
                shown.output_schema = self._readable(shown.output_schema, "output")
        return shown

    def _readable(self, schema: Json, direction: Direction) -> Json:
        """A schema for clients that follow no references, whether it was made here or given."""
        is_input = direction == "input"
        if schema is (self.route.plan.schema if is_input else vars(self).get("_promise")):
            room = ROOM_OF_INPUT if is_input else ROOM_OF_OUTPUT
            return self.route.definitions(direction).inlined(schema, room)
        from fastmcp._components.schemas.portable import portable

        return portable(schema)

    async def run(self, arguments: Json) -> ToolResult:
        outgoing = self.director.outgoing(self.route, arguments)
        deadline = asyncio.timeout(self.timeout)
        try:
            async with deadline:
                answer = await _asked(self.client, self.route, outgoing, ToolError)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise ToolError(
                f"Tool {self.name!r} timed out after {self.timeout:g} seconds"
            ) from None
        return result_of(answer, self.output_schema, self._check())

    def _check(self) -> Callable[[Any], list[Any]] | None:
        """What tells where an answer breaks its promise; made once."""
        schema = self.output_schema
        if not self.validates or schema is None:
            return None
        held: Any = vars(self).get("_compiled")
        if held is None or held[0] is not schema:
            held = vars(self)["_compiled"] = schema, schema_check(schema)
        return held[1]


class OpenAPIResource(Resource, kw_only=True):
    """What an operation answers, asked for with the same `arguments` whenever it is read."""

    client: Any
    route: HTTPRoute
    director: RequestDirector = field(default_factory=RequestDirector)
    arguments: Json = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        super().__post_init__()
        self.client = _client_of(self.client)

    async def read(self) -> ResourceContent:
        outgoing = _for_reading(self.director, self.route, self.arguments)
        answer = await _asked(self.client, self.route, outgoing, ResourceError)
        return _content(answer, self.mime_type)


class OpenAPIResourceTemplate(ResourceTemplate, kw_only=True):
    """What an operation answers for the values of its path, which are in the URI."""

    client: Any
    route: HTTPRoute
    director: RequestDirector = field(default_factory=RequestDirector)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.client = _client_of(self.client)

    async def read(self, arguments: Json) -> ResourceContent:
        plan = self.route.plan
        given = {
            name: arguments[variable]
            for name, each in plan.arguments.items()
            if each.location == "path" and (variable := variable_of(each.target)) in arguments
        }
        outgoing = _for_reading(self.director, self.route, given)
        answer = await _asked(self.client, self.route, outgoing, ResourceError)
        return _content(answer, self.mime_type)


def variable_of(name: str) -> str:
    """A parameter's name as a variable of a URI template (RFC 6570, section 2.3)."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _client_of(client: Any) -> ApiClient:
    return client if isinstance(client, ApiClient) else ApiClient(client)


def _for_reading(director: RequestDirector, route: HTTPRoute, arguments: Json) -> Outgoing:
    try:
        return director.outgoing(route, arguments)
    except ValidationError as error:
        raise ResourceError(str(error)) from None


async def _asked(
    client: ApiClient, route: HTTPRoute, outgoing: Outgoing, error: type[OperationError]
) -> Answer:
    http = client.client
    request = outgoing.request_of(http, client.base_url)
    if request.headers.get("accept") == "*/*" and (wanted := accepted_of(route)):
        request.headers["accept"] = wanted
    return await ask(http, request, error)


def _content(answer: Answer, mime_type: str) -> ResourceContent:
    if is_json(answer.media_type):
        return ResourceContent(answer.text, essence(answer.media_type))
    return ResourceContent(answer.text if answer.is_text else answer.content, mime_type)
