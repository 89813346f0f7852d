"""HTTPRoute: one operation of an OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct, field

from .definitions import Definitions
from .document import Document, Json
from .schema_conversion import Direction

if TYPE_CHECKING:
    from .request_plan import RequestPlan

HttpMethod: TypeAlias = Literal[
    "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "QUERY"
]
ParameterLocation: TypeAlias = Literal["path", "query", "header", "cookie", "querystring"]
JsonSchema: TypeAlias = dict[str, Any]


class ParameterInfo(Struct, kw_only=True):
    """A parameter. `schema_` is as the document has it; `content_type` is that of a parameter which
    is written as a document of its own.
    """

    name: str
    location: ParameterLocation
    required: bool = False
    schema_: Any = field(default_factory=dict[str, Any])
    description: str | None = None
    explode: bool | None = None
    style: str | None = None
    allow_reserved: bool = False
    content_type: str | None = None


class RequestBodyInfo(Struct, kw_only=True):
    """What may be sent: the schema and the encoding of each media type."""

    required: bool = False
    content_schema: dict[str, Any] = field(default_factory=dict[str, Any])
    description: str | None = None
    encoding: dict[str, Json] = field(default_factory=dict[str, Json])


class ResponseInfo(Struct, kw_only=True):
    """What one status answers: the schema of each media type."""

    description: str | None = None
    content_schema: dict[str, Any] = field(default_factory=dict[str, Any])


class HTTPRoute(Struct, kw_only=True, dict=True, eq=False):
    """An operation, as functions that choose routes see it. Schemas are as the document has them,
    but for `flat_param_schema`, which is what a tool shows.
    """

    path: str
    method: str
    operation_id: str | None = None
    summary: str | None = None
    description: str | None = None
    tags: list[str] = field(default_factory=list[str])
    parameters: list[ParameterInfo] = field(default_factory=list[ParameterInfo])
    request_body: RequestBodyInfo | None = None
    responses: dict[str, ResponseInfo] = field(default_factory=dict[str, ResponseInfo])
    extensions: Json = field(default_factory=dict[str, Any])
    openapi_version: str | None = None
    deprecated: bool = False

    def __repr__(self) -> str:
        return f"HTTPRoute({self.method} {self.path})"

    @property
    def plan(self) -> RequestPlan:
        """How arguments become a request; made on first use."""
        made: RequestPlan | None = vars(self).get("_plan")
        if made is None:
            from .request_plan import RequestPlan

            made = vars(self)["_plan"] = RequestPlan(self, self.definitions("input"))
        return made

    def definitions(self, direction: Direction) -> Definitions:
        """The schemas that those of this operation refer to."""
        held: Any = vars(self).get("_definitions")
        if held is None:
            alone = Document({"openapi": self.openapi_version or "3.1.0"})
            held = {each: Definitions(alone, each) for each in ("input", "output")}
            vars(self)["_definitions"] = held
        return held[direction]

    @property
    def flat_param_schema(self) -> Json:
        """The schema of all arguments: parameters, and the properties of the body."""
        return self.plan.schema

    @property
    def parameter_map(self) -> dict[str, dict[str, str]]:
        """Where each argument goes, and what it is called there."""
        return {
            name: {"location": each.location, "openapi_name": each.target}
            for name, each in self.plan.arguments.items()
        }

    @property
    def request_schemas(self) -> Json:
        """The definitions of `flat_param_schema`."""
        return self.plan.schema.get("$defs", {})
