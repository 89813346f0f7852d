"""FinalResponse: the tool by which a sampled model gives an answer of a certain type."""

from __future__ import annotations

from inspect import Parameter
from typing import Any, ClassVar, Self

from msgspec import UNSET, json

from fastmcp._components.schemas.arguments import Arguments
from fastmcp._components.schemas.portable import portable
from fastmcp._components.schemas.schema import arguments_of, explain
from fastmcp._components.writing import to_json
from fastmcp.exceptions import ValidationError

from .sampling_tool import SamplingTool


class FinalResponse(SamplingTool, kw_only=True):
    """Takes the answer, when it is of the type. `value` is that answer, UNSET while there is none;
    `refused` tells what was wrong with the last one.

    Its arguments are the members of the type, or for a type that is no object, `value`.
    """

    NAME: ClassVar[str] = "final_response"
    RECORDED: ClassVar[bool] = False

    type_name: str
    arguments: Arguments
    is_object: bool
    value: Any = UNSET
    refused: str | None = None

    @classmethod
    def for_type(cls, result_type: Any) -> Self:
        """Read the type.

        Raises:
            ValueError: it cannot be described to a model.
        """
        parameter = Parameter("value", Parameter.KEYWORD_ONLY, annotation=result_type)
        arguments = arguments_of(cls.NAME, [parameter], strict=False)
        schema = portable(arguments.schema)
        inner: dict[str, Any] = schema["properties"]["value"]
        is_object = inner.get("type") == "object"
        if is_object:
            kept = {"$defs": schema["$defs"]} if "$defs" in schema else {}
            schema = {**kept, **inner}
        return cls(
            name=cls.NAME,
            description="Give your final answer by calling this tool, once you have all you need.",
            parameters=schema,
            fn=dict,
            type_name=getattr(result_type, "__name__", str(result_type)),
            arguments=arguments,
            is_object=is_object,
        )

    @property
    def text(self) -> str:
        """The answer as JSON."""
        return to_json(self.value).decode()

    async def run(self, arguments: dict[str, Any] | None = None) -> str:
        try:
            self.value = self._read(arguments or {})
        except ValidationError as error:
            self.refused = str(error)
            raise
        return "The answer was taken."

    def _read(self, given: dict[str, Any]) -> Any:
        if not self.is_object:
            return self.arguments.read(given)["value"]
        try:
            return self.arguments.check_json(json.encode({"value": given}))["value"]
        except ValueError as error:
            told = explain(_Inner(error)) or str(error)
        raise ValidationError(told)  # out of the handler: its values stay out of logs


class _Inner(ValueError):
    """What pydantic says of a value, told from within the value."""

    def __init__(self, error: Any) -> None:
        super().__init__()
        self._error = error

    def errors(self, **options: Any) -> list[dict[str, Any]]:
        return [{**each, "loc": each["loc"][1:]} for each in self._error.errors(**options)]
