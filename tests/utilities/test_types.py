"""The helpers that code written for FastMCP imports from `fastmcp.utilities.types`."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Optional, TypeVar, Union

import pytest
from pydantic import ValidationError

from fastmcp.utilities.types import (
    FastMCPBaseModel,
    NotSet,
    NotSetT,
    create_function_without_params,
    find_kwarg_by_type,
    get_cached_typeadapter,
    get_fn_name,
    is_class_member_of_type,
    issubclass_safe,
    replace_type,
)

T = TypeVar("T")


class Base: ...


class Derived(Base): ...


@pytest.mark.parametrize(
    ("annotation", "is_one"),
    [
        (Derived, True),
        (Derived | None, True),
        (Optional[Base], True),
        (Annotated[Base, "x"], True),
        (Annotated[Base | None, "x"], True),
        (list[Base], False),
        (int, False),
        (T, False),
        (Any, False),
    ],
)
def test_an_annotation_is_of_a_class(annotation: Any, is_one: bool) -> None:
    """Itself, in a union, or with remarks; what a container holds does not count."""
    assert is_class_member_of_type(annotation, Base) is is_one


def test_what_is_no_class_is_no_subclass() -> None:
    """A generic counts as what it is made of."""
    assert issubclass_safe(Derived, Base)
    assert issubclass_safe(list[int], list)
    assert not issubclass_safe(T, Base)  # type: ignore[arg-type]


def test_a_parameter_is_found_by_its_type() -> None:
    """Annotations may be text, as they are here; methods count, too."""

    class Owner:
        def method(self, a: int, b: Base | None = None) -> None: ...

    def without(a: int) -> None: ...

    assert find_kwarg_by_type(Owner().method, Base) == "b"
    assert find_kwarg_by_type(without, Base) is None


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, str),
        (list[int], list[str]),
        (dict[str, list[int]], dict[str, list[str]]),
        (int | None, Union[str, None]),
        (float, float),
    ],
)
def test_types_are_replaced_wherever_they_are(annotation: Any, expected: Any) -> None:
    """Inside of generics and unions."""
    assert replace_type(annotation, {int: str}) == expected


def test_a_function_can_lose_parameters() -> None:
    """In what it tells of itself; it still takes them."""

    def f(a: int, b: str = "b") -> str:
        return f"{a}{b}"

    narrowed = create_function_without_params(f, ["b"])

    assert list(inspect.signature(narrowed).parameters) == ["a"]
    assert "b" not in narrowed.__annotations__
    assert (get_fn_name(narrowed), narrowed(1, b="c")) == ("f", "1c")


def test_the_rest_is_what_it_says() -> None:
    """A strict model, an adapter that is made once, and the mark of what was not given."""

    class Settings(FastMCPBaseModel):
        a: int = 1

    with pytest.raises(ValidationError):
        Settings(b=2)  # type: ignore[call-arg]
    assert get_cached_typeadapter(int) is get_cached_typeadapter(int)
    assert get_cached_typeadapter(int).validate_python("3") == 3
    assert isinstance(NotSet, NotSetT)
