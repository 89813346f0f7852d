"""The profile of schemas that every client can read."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, TypeAdapter

from fastmcp import Client, FastMCP
from fastmcp._components.schemas.portable import portable


class Leaf(BaseModel):
    """What grows on it."""

    color: Literal["green", "red"] = "green"


class Branch(BaseModel):
    leaves: list[Leaf]
    first: Leaf | None = Field(None, description="The lowest")


class Node(BaseModel):
    value: int
    children: list[Node] = []


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: list[str]


def words(schema: Any) -> str:
    return str(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"$ref": {"type": "string"}, "items": {}}},
        {"type": "array", "items": {"type": "integer"}},
        {"type": "object", "default": {"$ref": "#/nowhere"}, "enum": [{"$defs": 1}]},
        {"$ref": "https://example.com/schema.json"},
        {"type": "object", "properties": {"a": {"$ref": "other.json#/a"}}},
        {"type": "array", "unevaluatedItems": False},
    ],
    ids=str,
)
def test_a_schema_that_is_portable_is_left_alone(schema: dict[str, Any]) -> None:
    """Nothing is copied when there is nothing to do, and what is data is no keyword."""
    assert portable(schema) is schema


def test_references_give_way_to_what_they_refer_to() -> None:
    """Definitions are inlined wherever they are used, and gone."""
    schema = TypeAdapter(Branch).json_schema()
    before = deepcopy(schema)

    found = portable(schema)

    leaf = found["properties"]["leaves"]["items"]
    assert leaf["properties"]["color"]["enum"] == ["green", "red"]
    assert found["properties"]["first"]["anyOf"] == [leaf, {"type": "null"}]
    assert "$ref" not in words(found) and "$defs" not in found
    assert schema == before


def test_what_stands_beside_a_reference_stays() -> None:
    """The author's title, description and default replace those of the definition."""
    schema = {
        "$defs": {"Leaf": {"type": "string", "title": "Leaf", "description": "Any"}},
        "properties": {
            "a": {"$ref": "#/$defs/Leaf", "description": "This one", "default": "x", "title": "T"},
            "b": {"$ref": "#/$defs/Leaf", "x-mcp-header": "Leaf"},
        },
    }

    found = portable(schema)["properties"]

    assert found["a"] == {
        "type": "string",
        "title": "T",
        "description": "This one",
        "default": "x",
    }
    assert found["b"] == {**schema["$defs"]["Leaf"], "x-mcp-header": "Leaf"}


def test_a_limit_beside_a_reference_limits_what_it_refers_to() -> None:
    """Where merging could change the meaning, both schemas must hold."""
    schema = {
        "$defs": {"Open": {"type": "object", "additionalProperties": False}},
        "properties": {"a": {"$ref": "#/$defs/Open", "properties": {"b": {"type": "string"}}}},
    }

    found = portable(schema)

    assert not Draft202012Validator(schema).is_valid({"a": {"b": "x"}})
    assert not Draft202012Validator(found).is_valid({"a": {"b": "x"}})
    assert Draft202012Validator(found).is_valid({"a": {}})


def test_recursion_ends_in_the_bare_shape() -> None:
    """A small tree is shown three levels deep; below, any object will do."""
    found = portable(TypeAdapter(Node).json_schema())

    assert "$ref" not in words(found) and "$defs" not in found
    depth, node = 0, found
    while "properties" in node:
        depth, node = depth + 1, node["properties"]["children"]["items"]
    assert depth == 3
    assert node == {"type": "object"}
    deep = {"value": 1, "children": [{"value": 2, "children": [{"value": 3, "children": [{}]}]}]}
    assert Draft202012Validator(found).is_valid(deep)
    assert not Draft202012Validator(found).is_valid({"value": 1, "children": [{}]})


def test_a_recursive_union_keeps_its_kinds() -> None:
    """What may be a list, an object or a number inside itself still says so."""
    schema = {
        "$defs": {
            "Json": {
                "anyOf": [
                    {"type": "array", "items": {"$ref": "#/$defs/Json"}},
                    {"type": "object", "additionalProperties": {"$ref": "#/$defs/Json"}},
                    {"$ref": "#/$defs/Scalar"},
                ]
            },
            "Scalar": {"type": ["string", "null"]},
        },
        "$ref": "#/$defs/Json",
    }

    found = portable(schema)

    assert "$" not in words(found)
    assert Draft202012Validator(found).is_valid([[[[[["deep"]]]]]])
    assert not Draft202012Validator(found).is_valid([1])


@pytest.mark.parametrize("ref", ["#", "#/$defs/a", "#/properties/b", "#here"])
def test_circles_of_references_end(ref: str) -> None:
    """Of the root, of definitions that refer to each other alone, of a place, of an anchor."""
    schema = {
        "$anchor": "here",
        "type": "object",
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        "properties": {"b": {"properties": {"c": {"$ref": ref}}}},
    }

    found = portable(schema)

    assert "$ref" not in words(found)


def test_wide_mutual_recursion_does_not_explode() -> None:
    """Thirty schemas that all contain each other keep their references."""
    names = [f"m{number}" for number in range(30)]
    every = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    schema = {
        "$defs": {name: {"type": "object", "properties": every} for name in names},
        "type": "object",
        "properties": {**every, "list": {"type": "array"}},
    }

    found = portable(schema)

    assert found["properties"]["list"] == {"type": "array", "items": {}}
    assert found["properties"]["m1"] == {"$ref": "#/$defs/m1"}
    assert found["$defs"] == schema["$defs"]


def test_a_chain_that_doubles_does_not_explode() -> None:
    """Each definition twice in the one before it: 2^40 parts are not written."""
    schema: dict[str, Any] = {"$ref": "#/$defs/d0", "$defs": {"d40": {"type": "null"}}}
    for number in range(40):
        following = {"$ref": f"#/$defs/d{number + 1}"}
        schema["$defs"][f"d{number}"] = {"properties": {"a": following, "b": following}}

    assert portable(schema) == schema


def test_nesting_without_end_is_survived() -> None:
    """A schema nested deeper than Python recurses is left as it is."""
    schema: dict[str, Any] = {"$ref": "#/$defs/a", "$defs": {"a": {}}}
    for _ in range(5000):
        schema = {"items": schema}

    assert portable(schema) is schema


@pytest.mark.parametrize(
    ("array", "items"),
    [
        ({"type": "array"}, {}),
        ({"type": ["array", "null"]}, {}),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, {}),
        ({"type": "array", "prefixItems": [{"type": "string"}] * 2, "maxItems": 2}, "string"),
        ({"type": "array", "minItems": 0, "maxItems": 0}, {}),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {}], "maxItems": 2},
            {"anyOf": [{"type": "string"}, {}]},
        ),
    ],
    ids=str,
)
def test_arrays_say_what_they_hold(array: dict[str, Any], items: Any) -> None:
    """`items` is always there, and allows what was allowed."""
    found = portable({"type": "object", "properties": {"a": array}})["properties"]["a"]

    assert found == {**array, "items": {"type": items} if isinstance(items, str) else items}


def test_dynamic_references_are_inlined() -> None:
    """`$dynamicRef` and `$dynamicAnchor` are gone."""
    schema = {
        "$dynamicAnchor": "node",
        "type": "object",
        "properties": {"next": {"$dynamicRef": "#node"}, "lost": {"$dynamicRef": "#nothing"}},
    }

    found = portable(schema)

    assert "$dynamic" not in words(found)
    assert found["properties"]["next"]["properties"]["next"]["type"] == "object"


@pytest.mark.parametrize(
    "ref", ["https://example.com/s.json", "file:///etc/passwd", "other#/$defs/Leaf", "#/nowhere"]
)
def test_nothing_is_fetched(ref: str) -> None:
    """A reference out of the schema, or to nothing, stays, and so do the definitions."""
    schema = {
        "$defs": {"Leaf": {"type": "string"}},
        "properties": {"far": {"$ref": ref}, "near": {"$ref": "#/$defs/Leaf"}},
    }

    found = portable(schema)

    assert found["properties"] == {"far": {"$ref": ref}, "near": {"type": "string"}}
    assert found["$defs"] == schema["$defs"]


def test_a_discriminator_does_not_refer_to_what_is_gone() -> None:
    """OpenAPI's mapping goes; the tag that it demanded is required of each variant."""
    Pet = Annotated[Cat | Dog, Field(discriminator="kind")]  # noqa: N806
    schema = TypeAdapter(list[Pet]).json_schema()

    found = portable(schema)

    assert "discriminator" not in found["items"]
    variants = {variant["title"]: variant["required"] for variant in found["items"]["oneOf"]}
    assert variants == {"Cat": ["lives", "kind"], "Dog": ["tricks", "kind"]}


def test_a_schema_with_schemas_of_their_own_names_is_left_as_it_is() -> None:
    """Inside of one that has an `$id`, references start there."""
    schema = {
        "$id": "https://example.com/outer",
        "$defs": {
            "a": {
                "$id": "https://example.com/a",
                "$defs": {"b": {"type": "string"}},
                "$ref": "#/$defs/b",
            }
        },
        "properties": {"a": {"$ref": "#/$defs/a"}},
    }

    assert portable(schema) is schema


def test_copies_of_a_definition_share_no_anchor() -> None:
    """A name that stands twice in a document would make it invalid."""
    schema = {
        "$defs": {"a": {"$anchor": "a", "type": "string"}},
        "properties": {"x": {"$ref": "#a"}, "y": {"$ref": "#/$defs/a"}},
    }

    assert portable(schema) == {"properties": {"x": {"type": "string"}, "y": {"type": "string"}}}


@pytest.mark.parametrize("pointer", ["#/$defs/a~1b", "#/$defs/a%7E1b", "#/properties/x/anyOf/0"])
def test_pointers_are_read_as_they_are_written(pointer: str) -> None:
    """Escapes of JSON pointers and of URIs, and places in lists."""
    schema = {
        "$defs": {"a/b": {"type": "integer"}},
        "properties": {"x": {"anyOf": [{"type": "integer"}]}, "y": {"$ref": pointer}},
    }

    assert portable(schema)["properties"]["y"] == {"type": "integer"}


def test_clients_see_portable_schemas_unless_the_server_says_otherwise() -> None:
    """The tool itself keeps its references."""

    def listed(**options: Any) -> Any:
        mcp = FastMCP("trees", **options)

        @mcp.tool
        def grow(node: Node) -> Branch:
            return Branch(leaves=[])

        async def main() -> Any:
            async with Client(mcp) as client:
                own = await mcp.get_tool("grow")
                assert own is not None and "$defs" in own.parameters
                return (await client.list_tools())[0]

        return asyncio.run(main())

    inlined, referring = listed(), listed(dereference_schemas=False)

    assert "$" not in words(inlined.input_schema) + words(inlined.output_schema)
    assert referring.input_schema["properties"]["node"] == {"$ref": "#/$defs/Node"}
    assert "$defs" in referring.output_schema
