"""The schemas that are written out are those that pydantic makes."""

import inspect
from copy import deepcopy
from typing import Annotated, Any, Dict, List, Literal, Optional, Union  # noqa: UP035

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from fastmcp._components.plain_types import plain_parameters, plain_schemas
from fastmcp._components.rich_types import rich_arguments, rich_value


class Model(BaseModel):
    """A type that is left to pydantic."""

    x: int


PLAIN = [
    str,
    int,
    float,
    bool,
    None,
    Any,
    list,
    dict,
    list[int],
    list[Any],
    list[list[float]],
    dict[str, Any],
    dict[str, int],
    dict[str, list[str]],
    List[int],  # noqa: UP006
    Dict[str, Any],  # noqa: UP006
    Optional[str],
    Union[None, int],
    int | None,
    dict | None,
    list[dict[str, Any]],
    list[str | None] | None,
]
RICH = [
    Model,
    list[Model],
    int | str,
    Literal["a", "b"],
    Annotated[int, Field(gt=0)],
    Annotated[int, "a", "b"],
    tuple[int, ...],
    set[int],
    dict[int, str],
    bytes,
    "int",
    TypeAdapter,
]
HOSTILE = [None, True, 1, 1.5, 10**30, "1", "x", "true", [], [1], ["a", None], {}, {"a": 1}, [{}]]


@pytest.mark.parametrize("annotation", PLAIN, ids=str)
def test_a_plain_annotation_has_the_schemas_that_pydantic_gives_it(annotation: Any) -> None:
    """Both schemas of an annotation are equal to pydantic's own."""
    found = plain_schemas(annotation)

    assert found is not None
    core, described = found
    assert core == TypeAdapter(annotation).core_schema
    assert described == rich_value(annotation)[2]


@pytest.mark.parametrize("annotation", RICH, ids=str)
def test_any_other_annotation_is_left_to_pydantic(annotation: Any) -> None:
    """What is not in the table is not guessed."""
    assert plain_schemas(annotation) is None


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (int, inspect.Parameter.empty),
        (int, 3),
        (str | None, None),
        (Annotated[str, "What it is"], inspect.Parameter.empty),
        (Annotated[Optional[str], "What it is"], None),
        (list[int], inspect.Parameter.empty),
        (dict[str, float], inspect.Parameter.empty),
        (Any, None),
        (bool, True),
    ],
    ids=str,
)
def test_parameters_are_described_and_checked_as_pydantic_would(
    annotation: Any, default: Any, strict: bool
) -> None:
    """The schema of the arguments is equal, and so is the verdict on every value."""
    from pydantic_core import SchemaValidator

    parameter = inspect.Parameter(
        "p", inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )

    found = plain_parameters([parameter])
    _, check, described = rich_arguments("f", [parameter], strict=strict)

    assert found is not None
    assert found[1] == described
    ours = SchemaValidator(found[0], {"strict": True} if strict else None).validate_python
    for given in [{}, {"q": 1}, *({"p": value} for value in HOSTILE)]:
        assert _verdict(ours, given) == _verdict(check, given), given


def _verdict(check: Any, given: dict[str, Any]) -> Any:
    try:
        found = check(given)
    except ValueError as error:
        return [(detail["type"], detail["loc"]) for detail in error.errors()]  # type: ignore[attr-defined]
    return found[1] if isinstance(found, tuple) else found


def test_schemas_may_be_edited_without_touching_those_of_others() -> None:
    """No two annotations share a part of their JSON Schemas."""
    for annotation in (int, dict, list, list[int], dict[str, list], int | None):
        before = deepcopy(plain_schemas(annotation))
        edited = plain_schemas(annotation)
        assert before is not None and edited is not None
        _spoil(edited[1])
        assert plain_schemas(annotation) == before


def _spoil(schema: dict[str, Any]) -> None:
    for value in list(schema.values()):
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                _spoil(inner)
    schema["description"] = "spoilt"
