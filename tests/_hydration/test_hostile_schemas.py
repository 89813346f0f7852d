"""Schemas and values that want to do harm: the plain value, soon, and no exception."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmcp._hydration.hydrator import hydrator
from fastmcp._hydration.python_type import json_schema_to_type

SECONDS = 8.0
DATE = {"type": "string", "format": "date"}


def nested(levels: int, kind: str = "array") -> dict[str, Any]:
    schema: dict[str, Any] = DATE
    for _ in range(levels):
        if kind == "array":
            schema = {"type": "array", "items": schema}
        else:
            schema = {"type": "object", "properties": {"in": schema}}
    return schema


def doubling(levels: int) -> dict[str, Any]:
    """Each definition holds the next one twice."""
    definitions: dict[str, Any] = {f"d{levels}": DATE}
    for level in range(levels):
        inner = {"$ref": f"#/$defs/d{level + 1}"}
        definitions[f"d{level}"] = {"anyOf": [{"type": "array", "items": inner}, inner]}
    return {"$defs": definitions, "$ref": "#/$defs/d0"}


def undecided() -> dict[str, Any]:
    """A list of itself, in two ways that cannot be told apart until the very end."""
    node = {"$ref": "#/$defs/node"}
    one = {"type": "object", "properties": {"in": node, "a": DATE}, "required": ["in"]}
    other = {"type": "object", "properties": {"in": node, "b": DATE}, "required": ["in"]}
    return {"$defs": {"node": {"anyOf": [one, other, DATE]}}, **node}


def chain(levels: int) -> Any:
    value: Any = "no date"
    for _ in range(levels):
        value = {"in": value}
    return value


def circle() -> dict[str, Any]:
    return {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}


def growing() -> dict[str, Any]:
    """Joining what it is made of gives ever more to join."""
    a = {"type": "object", "properties": {"x": {"$ref": "#/$defs/a"}, "when": DATE}}
    b = {"type": "object", "properties": {"x": {"$ref": "#/$defs/b"}, "when": DATE}}
    return {"$defs": {"a": a, "b": b}, "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}


def wide(names: int) -> dict[str, Any]:
    properties = {f"p{n}": {"type": "string", "default": "x" * 10} for n in range(names)}
    return {"type": "array", "items": {"type": "object", "properties": {**properties, "d": DATE}}}


HARMFUL: dict[str, tuple[Any, Any]] = {
    "deep arrays": (nested(2_000), ["x"]),
    "deep objects": (nested(500, "object"), {"in": {}}),
    "doubling": (doubling(30), [["x"]]),
    "undecided": (undecided(), chain(60)),
    "a circle of references": (circle(), "x"),
    "growing": (growing(), {"x": {"x": {"when": "2024-01-01"}}}),
    "many properties": (
        {"type": "object", "properties": {f"p{n}": DATE for n in range(9_000)}},
        {},
    ),
    "many alternatives": ({"type": "array", "items": {"anyOf": [DATE] * 2_000}}, ["x"] * 50_000),
    "objects made of nothing": (wide(499), [{}] * 50_000),
    "a large default": (
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"d": {"type": "array", "default": [0] * 50_000}},
            },
        },
        [{}] * 50_000,
    ),
    "a remote schema": ({"$ref": "http://127.0.0.1:9/schema"}, "x"),
    "a schema of another name": ({"$id": "http://x/", "$ref": "http://x/#/$defs/a"}, "x"),
    "a pattern that backtracks": ({"type": "string", "pattern": "^(a+)+$"}, "a" * 60 + "!"),
    "a large schema": ({"type": "string", "format": "date", "x": "y" * 2_000_000}, "2024-01-01"),
    "names of python": (
        {
            "type": "object",
            "properties": {n: {"default": "x"} for n in ("__post_init__", "__eq__", "__slots__")},
        },
        {"__class__": 1, "__dict__": 2, "__eq__": 3},
    ),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_schema_does_no_harm(name: str) -> None:
    """It is soon done with, and everything is still there."""
    schema, value = HARMFUL[name]
    began = time.monotonic()

    read = hydrator(schema)
    found = value if read is None else read(value)

    assert time.monotonic() - began < SECONDS
    assert len(found) == len(value) if isinstance(found, list) else found is not None


@pytest.mark.parametrize("name", ["objects made of nothing", "a large default"])
def test_little_does_not_become_much(name: str) -> None:
    """Defaults are added to a value only as long as it does not grow without measure."""
    schema, value = HARMFUL[name]
    read = hydrator(schema)
    assert read is not None

    tracemalloc.start()
    try:
        read(value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 300_000_000


def test_a_value_of_many_levels_is_left_alone() -> None:
    """What Python cannot follow stays plain."""
    items: dict[str, Any] = {"type": "array", "items": {"$ref": "#/$defs/n"}}
    schema = {"$defs": {"n": {"anyOf": [DATE, items]}}, "$ref": "#/$defs/n"}
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]

    read = hydrator(schema)

    assert read is not None
    assert read(value) is value


def test_a_type_of_a_harmful_schema_is_refused() -> None:
    """`json_schema_to_type` says what is wrong with it; patterns that backtrack are left out."""
    for schema in (nested(2_000), nested(200, "object"), doubling(30), growing()):
        with pytest.raises(ValueError, match=r"too|depth"):
            json_schema_to_type(schema)
    with pytest.warns(UserWarning, match="not enforced"):
        json_schema_to_type({"type": "string", "pattern": r"(?=a)(\1)"})


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=3)
WORDS = st.sampled_from(
    [
        *("type", "properties", "required", "items", "prefixItems", "additionalProperties"),
        *("anyOf", "oneOf", "allOf", "$ref", "enum", "const", "format", "default", "minItems"),
        *("maxItems", "uniqueItems", "nullable", "title", "$defs"),
    ]
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "null", "#", "#/$defs/a", "date"])
SCHEMAS = st.recursive(
    SCALARS | TYPES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS, inner, max_size=4)
        | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=25,
)
VALUES = st.recursive(
    SCALARS | st.just("2024-01-01"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(schema=st.dictionaries(WORDS, SCHEMAS, max_size=5), value=VALUES)
def test_no_schema_and_no_value_raise(schema: Any, value: Any) -> None:
    """Whatever a server says, there is a value."""
    read = hydrator(schema)
    if read is not None:
        read(value)
