"""Checking results against output schemas, for those who ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastmcp.exceptions import ConfigurationError, InvalidSignature, ToolError

from .whole_results import WholeResult


def validator(schema: dict[str, Any]) -> Callable[[WholeResult], None]:
    """What raises a ToolError for a result that breaks the schema.

    Raises:
        ConfigurationError: the package that reads schemas is missing.
        InvalidSignature: this is not a schema.
    """
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError
        from referencing import Registry
    except ImportError:
        raise ConfigurationError(
            "validate_output=True needs the package jsonschema: pip install jsonschema"
        ) from None
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise InvalidSignature(f"output_schema is not a JSON Schema: {error.message}") from None
    # An empty registry, for nothing to be fetched from where a $ref points.
    check: Any = Draft202012Validator(schema, registry=Registry())

    def validate(result: WholeResult) -> None:
        if getattr(result, "is_error", True):
            return  # an error keeps no promise, and a question for the client is no result yet
        structured: Any = getattr(result, "structured_content", None)
        if structured is None:
            raise ToolError("The tool promises structured content and returned none")
        broken: Any = next(check.iter_errors(structured), None)
        if broken is not None:
            place = broken.json_path.removeprefix("$").lstrip(".") or "the result"
            raise ToolError(
                "The tool returned what its output schema does not allow: "
                f"{place}: {broken.message}"
            )

    return validate
