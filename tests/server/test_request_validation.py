"""Request validation: what is refused before anything runs."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest
from apps import call, http, messages, request
from conversation import ask
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from fastmcp import FastMCP
from fastmcp.exceptions import ConfigurationError, ToolError, ValidationError
from fastmcp.server.middleware import MiddlewareContext
from fastmcp.server.middleware.schema_check import schema_check
from fastmcp.server.middleware.validation import RequestValidationMiddleware
from fastmcp.tools import Tool, ToolResult


class Item(BaseModel):
    name: str = Field(max_length=10)
    count: int = Field(ge=1)
    kind: Literal["a", "b"] = "a"


class Open(Tool):
    """A tool that takes what it is given, as those of other servers do."""

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return ToolResult(content=str(sorted(arguments)))


def server(**options: Any) -> tuple[FastMCP, list[Any]]:
    mcp, ran = FastMCP("x", middleware=[RequestValidationMiddleware(**options)]), []

    @mcp.tool
    def order(item: Item, note: str = "") -> str:
        ran.append(item)
        return "ordered"

    @mcp.tool
    def anything(value: Any) -> str:
        ran.append(value)
        return "taken"

    @mcp.resource("data://{name}")
    def data(name: str) -> str:
        ran.append(name)
        return name

    @mcp.prompt
    def greet(name: str) -> str:
        ran.append(name)
        return name

    properties = {"known": {"type": "string"}}
    mcp.add_tool(Open(name="remote", parameters={"type": "object", "properties": properties}))
    more = {"type": "object", "properties": properties, "additionalProperties": True}
    mcp.add_tool(Open(name="welcoming", parameters=more))
    return mcp, ran


def refused(mcp: FastMCP, message: Any) -> str | None:
    """What a call is refused with; None when it is served."""
    answer = ask(mcp, message)
    if "error" in answer:
        return answer["error"]["message"]
    result = answer["result"]
    return result["content"][0]["text"] if result.get("isError") else None


ITEM = {"name": "pen", "count": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"item": ITEM}, None),
        ({"item": {**ITEM, "kind": "b"}, "note": "line\n\ttwo é 😀"}, None),
        ({}, "item: is required"),
        ({"item": ITEM, "extra": 1}, "extra: is not a parameter"),
        ({"item": {**ITEM, "count": "1"}}, "item.count: should be an integer"),
        ({"item": {**ITEM, "count": True}}, "item.count: should be an integer"),
        ({"item": {**ITEM, "count": 0}}, "item.count: should be at least 1"),
        ({"item": {"name": "n" * 11, "count": 1}}, "item.name: should have 10 or fewer"),
        ({"item": {**ITEM, "kind": "c"}}, "item.kind: should be one of 'a', 'b'"),
        ({"item": '{"name": "pen", "count": 1}'}, "item: should be an object"),
        ({"item": [ITEM]}, "item: should be an object"),
    ],
)
def test_arguments_are_what_the_schema_says(arguments: Any, said: str | None) -> None:
    """Without any conversion; what is wrong is named, and nothing has run."""
    mcp, ran = server()

    text = refused(mcp, request("tools/call", name="order", arguments=arguments))

    assert (text is None) == (said is None)
    assert said is None or said in (text or "")
    assert len(ran) == (said is None)


@pytest.mark.parametrize("bad", ["a\x00b", "\x1b[31m", "\x08", "\x0c", "\x7f", "\x85", "x\\\x01"])
def test_control_characters_are_refused_anywhere(bad: str) -> None:
    """In values, in names, in prompts and in URIs; the text does not repeat them."""
    mcp, ran = server()

    texts = [
        refused(mcp, call("anything", value=bad)),
        refused(mcp, call("anything", value=[{"deep": [bad]}])),
        refused(mcp, call("anything", value={bad: 1})),
        refused(mcp, request("prompts/get", name="greet", arguments={"name": bad})),
        refused(mcp, request("resources/read", uri=f"data://{bad}")),
    ]

    assert all(text is not None and "control characters" in text for text in texts)
    assert not any(bad in (text or "") for text in texts)
    assert ran == []

    allowing, ran = server(allow_control_characters=True)
    assert refused(allowing, call("anything", value=bad)) is None
    assert ran == [bad]


def test_what_looks_like_control_characters_is_not_refused() -> None:
    """A backslash and what is behind it are text."""
    mcp, ran = server()
    values = ["\\u0000", "\\b", "a\tb\r\nc", "é\xa0", "\\\\f"]

    assert [refused(mcp, call("anything", value=value)) for value in values] == [None] * 5
    assert ran == values


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_json_has_limits() -> None:
    """Of its levels, its values, its texts and its size; at the limit it is served."""
    mcp, ran = server(max_depth=4, max_items=10, max_length=20, max_size=200)

    def said(value: Any) -> str | None:
        return refused(mcp, call("anything", value=value))

    assert said(nested(3)) is None
    assert "4 levels" in (said(nested(4)) or "")
    assert said(list(range(9))) is None
    assert "10 that are allowed" in (said(list(range(10))) or "")
    assert said("a" * 20) is None
    assert "20 characters" in (said("a" * 21) or "")
    assert "200 are allowed" in (said(["a" * 20] * 9) or "")
    assert len(ran) == 3


def test_very_deep_json_is_refused_over_http() -> None:
    """However deep it is, the server goes on."""
    mcp, ran = server()

    with http(mcp) as client:
        for depth in (40, 400, 5000):
            text = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"anything",'
            text += '"arguments":{"value":' + "[" * depth + "]" * depth + "}}}"
            [answer] = messages(client.post(text.encode()))
            assert "error" in answer or answer["result"]["isError"]
        [answer] = messages(client.post(call("anything", value=1)))

    assert answer["result"]["content"][0]["text"] == "taken"
    assert ran == [1]


def test_unknown_arguments_are_refused_of_tools_that_would_take_them() -> None:
    """Unless the tool says that it takes others, or the middleware lets them through."""
    mcp, _ = server()
    lenient, _ = server(allow_unknown=True)

    assert "other: is not a parameter" in (refused(mcp, call("remote", other=1)) or "")
    assert refused(mcp, call("remote", known="a")) is None
    assert refused(mcp, call("welcoming", other=1)) is None
    assert refused(lenient, call("remote", other=1)) is None
    assert "known: should be a string" in (refused(lenient, call("remote", known=1)) or "")


def test_prompts_and_absent_tools_are_answered_as_usual() -> None:
    """An unknown argument of a prompt is refused; what is not there is not there."""
    mcp, _ = server()

    wrong = request("prompts/get", name="greet", arguments={"name": "a", "other": "b"})
    assert "other: is not a parameter" in (refused(mcp, wrong) or "")
    assert "Unknown tool" in (refused(mcp, call("absent", a=1)) or "")
    assert "Unknown prompt" in (refused(mcp, request("prompts/get", name="absent")) or "")


def test_checks_of_ones_own_refuse_too() -> None:
    """A text, False, or what one raises; plain or async, in their order, after the others."""
    seen: list[str] = []

    def no_friday(context: MiddlewareContext[Any]) -> str | None:
        seen.append(context.method or "")
        return "not on a Friday" if "friday" in str(context.message.arguments) else None

    async def paid(context: MiddlewareContext[Any]) -> bool:
        await asyncio.sleep(0)
        return "unpaid" not in str(context.message.arguments)

    def raising(context: MiddlewareContext[Any]) -> None:
        if "raise" in str(context.message.arguments):
            raise ToolError("no such thing")

    mcp, ran = server(checks=[no_friday, paid, raising])

    assert refused(mcp, call("anything", value="ok")) is None
    assert "not on a Friday" in (refused(mcp, call("anything", value="friday")) or "")
    assert "The request was refused" in (refused(mcp, call("anything", value="unpaid")) or "")
    assert refused(mcp, call("anything", value="raise")) == "no such thing"
    assert "is required" in (refused(mcp, call("anything")) or "")
    assert ran == ["ok"]
    assert seen == ["tools/call"] * 4


def test_a_program_is_told_in_detail() -> None:
    """The exception has the paths as data."""
    mcp, _ = server()

    with pytest.raises(ValidationError) as caught:
        mcp.call_tool("order", {"item": {"name": 1, "count": "x"}})

    assert caught.value.problems == [
        {"path": ["item", "name"], "message": "should be a string"},
        {"path": ["item", "count"], "message": "should be an integer"},
    ]


@pytest.mark.parametrize(
    "options",
    [{"max_size": 0}, {"max_depth": 0}, {"max_items": -1}, {"max_length": 0}, {"checks": [1]}],
)
def test_wrong_options_are_refused(options: Any) -> None:
    """When the middleware is made, naming the option."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        RequestValidationMiddleware(**options)


NODE = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "next": {"$ref": "#/$defs/Node"}},
    "required": ["value"],
    "additionalProperties": False,
}
SCHEMAS: list[dict[str, Any]] = [
    {"type": ["string", "null"], "minLength": 1, "maxLength": 3, "pattern": "^[a-c]*$"},
    {"type": "integer", "minimum": 0, "exclusiveMaximum": 3, "multipleOf": 2},
    {"type": "number", "exclusiveMinimum": -1, "maximum": 2.5},
    {"enum": [1, True, None, "a", [1], {"a": False}]},
    {"const": {"a": [1, 0]}},
    {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
    {"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    {"uniqueItems": True},
    {"contains": {"type": "integer"}, "minContains": 1, "maxContains": 2},
    {"properties": {"a": {"type": "integer"}}, "required": ["b"], "maxProperties": 2},
    {"patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": {"type": "null"}},
    {"propertyNames": {"maxLength": 1}, "minProperties": 1},
    {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"b": {"maxProperties": 1}}},
    {"anyOf": [{"type": "integer"}, {"type": "string", "minLength": 2}]},
    {"oneOf": [{"type": "integer"}, {"type": "number"}, {"type": "object"}]},
    {"allOf": [{"type": "object"}, {"required": ["a"]}]},
    {"not": {"type": ["object", "array"]}},
    {"if": {"type": "object"}, "then": {"required": ["a"]}, "else": {"type": "string"}},
    {"$ref": "#/$defs/Node", "$defs": {"Node": NODE}},
    {"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#/properties/c"}, "c": {"type": "null"}}},
    {"properties": {"a": False, "b": True}},
]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-4, 4)
    | st.sampled_from([0.5, 2.0, -0.0, 2.5])
    | st.sampled_from(["", "a", "ab", "abcd", "d"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "c", "value", "next", "ab"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("schema", SCHEMAS, ids=[next(iter(each)) for each in SCHEMAS])
def test_schemas_mean_what_they_mean_elsewhere(schema: dict[str, Any]) -> None:
    """The same values fit as by the usual implementation."""
    check, usual = schema_check(schema), Draft202012Validator(schema)

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(JSON)
    def agrees(value: Any) -> None:
        assert (not check(value)) == usual.is_valid(value)

    agrees()
    for value in ({"value": 1, "next": {"value": 2}}, {"value": 1, "next": {"value": "a"}}):
        assert (not check(value)) == usual.is_valid(value)


def test_a_schema_that_leads_nowhere_ends() -> None:
    """A reference to itself and to other documents; a pattern that cannot be read."""
    assert schema_check({"$ref": "#"})({}) != []
    assert schema_check({"$ref": "https://example.invalid/a.json"})({}) == []
    assert schema_check({"pattern": "(?<"})("a") == []
