"""The two spellings of a model, and its pydantic-looking methods."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import msgspec
import pytest

from fastmcp.wire.content import Annotations, TextContent
from fastmcp.wire.features import CallToolResult, ListToolsResult, Tool, ToolAnnotations
from fastmcp.wire.model import Model


def make(cls: Any, **members: Any) -> Any:
    """Construct with spellings that no checker knows."""
    return cls(**members)


def test_constructor_takes_camel_case_and_snake_case() -> None:
    """Either spelling builds the same object."""
    camel = make(Tool, name="t", inputSchema={"type": "object"}, _meta={"k": 1})
    assert camel == Tool(name="t", input_schema={"type": "object"}, meta={"k": 1})


def test_camel_case_reads_and_writes_the_snake_case_member() -> None:
    """The camelCase name is the same attribute."""
    tool: Any = Tool(name="t", input_schema={"a": 1}, meta={"k": 1})
    assert tool.inputSchema is tool.input_schema
    assert tool._meta == {"k": 1}
    tool.outputSchema = {"b": 2}
    assert tool.output_schema == {"b": 2}


def test_inherited_members_have_both_spellings() -> None:
    """A subclass of a user's own keeps the aliases and adds its own."""

    class Titled(Tool):
        sort_key: int = 0

    tool: Any = make(Titled, name="t", inputSchema={}, sortKey=3)
    assert (tool.sort_key, tool.sortKey, tool.inputSchema) == (3, 3, {})
    assert json.loads(msgspec.json.encode(tool)) == {"name": "t", "inputSchema": {}, "sortKey": 3}


def test_a_redundant_constant_is_accepted() -> None:
    """`type="text"` may be said again, as other libraries demand."""
    assert make(TextContent, type="text", text="x") == TextContent(text="x")


def test_a_wrong_constant_is_refused() -> None:
    """A constant cannot be changed by a keyword."""
    with pytest.raises(TypeError, match="'text'"):
        make(TextContent, type="image", text="x")


def test_an_unknown_keyword_names_the_nearest_member() -> None:
    """A typo is answered with the likely intention."""
    with pytest.raises(TypeError, match=r"Tool\(\).*'input_shema'.*did you mean 'input_schema'"):
        make(Tool, name="t", input_shema={})


def test_both_spellings_of_one_member_are_refused() -> None:
    """Which of two values was meant cannot be known."""
    with pytest.raises(TypeError, match="input_schema"):
        make(Tool, name="t", input_schema={}, inputSchema={})


def test_a_missing_member_is_named() -> None:
    """Missing members are reported whether or not an alias was used."""
    with pytest.raises(TypeError, match="name"):
        make(Tool, inputSchema={})
    with pytest.raises(TypeError, match="name"):
        make(Tool, input_schema={})


def test_the_tag_is_an_attribute_and_always_on_the_wire() -> None:
    """`type` reads like a member and is encoded without having been given."""
    content = TextContent(text="x")
    assert content.type == TextContent.type == "text"
    assert json.loads(msgspec.json.encode(content)) == {"type": "text", "text": "x"}


def test_repr_shows_only_what_was_said() -> None:
    """Members at their default are left out."""
    assert repr(TextContent(text="x")) == "TextContent(text='x')"
    assert repr(Annotations(priority=0.5)) == "Annotations(priority=0.5)"


def test_equality_is_by_type_and_members() -> None:
    """Equal members of one type make equal objects."""
    assert TextContent(text="x") == TextContent(text="x")
    assert TextContent(text="x") != TextContent(text="y")
    assert Annotations() != ToolAnnotations()


def test_dump_uses_wire_names_at_every_depth() -> None:
    """Nested objects and lists are dumped too, with null for what is unset."""
    page = ListToolsResult(
        tools=[Tool(name="t", input_schema={}, annotations=ToolAnnotations(read_only_hint=True))]
    )
    dumped = page.model_dump()
    assert dumped["nextCursor"] is None
    assert dumped["tools"][0]["annotations"]["readOnlyHint"] is True
    assert dumped["tools"][0]["outputSchema"] is None
    assert page.model_dump(exclude_none=True) == {
        "tools": [{"name": "t", "inputSchema": {}, "annotations": {"readOnlyHint": True}}]
    }


def test_dump_by_name_uses_attribute_names() -> None:
    """`by_alias=False` gives the spelling of the attributes."""
    tool = Tool(name="t", input_schema={}, meta={"k": 1})
    dumped = tool.model_dump(by_alias=False, exclude_none=True)
    assert dumped == {"name": "t", "input_schema": {}, "meta": {"k": 1}}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"exclude_defaults": True}, {"content": [{"type": "text", "text": "x"}]}),
        ({"exclude_unset": True}, {"content": [{"type": "text", "text": "x"}]}),
        ({"include": {"isError"}}, {"isError": False}),
        ({"include": {"is_error"}}, {"isError": False}),
        ({"exclude": {"content", "is_error"}, "exclude_none": True}, {}),
        (
            {"exclude_none": True, "mode": "json", "round_trip": True},
            {"content": [{"type": "text", "text": "x"}], "isError": False},
        ),
    ],
)
def test_dump_settings(settings: dict[str, Any], expected: dict[str, Any]) -> None:
    """The settings choose the members that pydantic's would; unknown ones are ignored."""
    assert CallToolResult(content=[TextContent(text="x")]).model_dump(**settings) == expected


def test_dump_decodes_what_was_kept_raw() -> None:
    """Raw JSON inside a model becomes plain values."""
    result = CallToolResult(structured_content=msgspec.Raw(b'{"a":[1]}'))
    assert result.model_dump()["structuredContent"] == {"a": [1]}


def test_dump_json_is_the_dump_as_text() -> None:
    """The text holds what the dict would."""
    tool = Tool(name="t", input_schema={}, title="T")
    assert json.loads(tool.model_dump_json()) == tool.model_dump()
    assert tool.model_dump_json(exclude_none=True) == ('{"name":"t","inputSchema":{},"title":"T"}')
    assert tool.model_dump_json(include={"name"}, indent=2) == '{\n  "name": "t"\n}'


def test_copy_updates_in_either_spelling_and_leaves_the_original() -> None:
    """A shallow copy shares what was not updated."""
    tool = Tool(name="t", input_schema={"a": 1})
    copied = tool.model_copy(update={"name": "u", "outputSchema": {}})
    assert (copied.name, copied.output_schema) == ("u", {})
    assert copied.input_schema is tool.input_schema
    assert tool == Tool(name="t", input_schema={"a": 1})


def test_deep_copy_shares_nothing() -> None:
    """A deep copy's nested values are its own."""
    tool = Tool(name="t", input_schema={"a": [1]})
    copied = tool.model_copy(deep=True)
    copied.input_schema["a"].append(2)
    assert tool.input_schema == {"a": [1]}


def test_copy_and_pickle_modules_work() -> None:
    """The standard ways to copy give equal objects, absence included."""
    result = CallToolResult(content=[TextContent(text="x")], structured_content=None)
    for twin in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert twin == result
        assert twin.has_structured_content


@pytest.mark.parametrize("spelling", ["inputSchema", "input_schema"])
def test_validate_takes_mappings_in_either_spelling(spelling: str) -> None:
    """A dict becomes the object it describes, nested ones included."""
    tool = Tool.model_validate({"name": "t", spelling: {}, "annotations": {"title": "T"}})
    assert tool == Tool(name="t", input_schema={}, annotations=ToolAnnotations(title="T"))


def test_validate_takes_the_official_package_s_objects() -> None:
    """Another library's model is accepted by its shape."""
    import mcp_types

    official = mcp_types.TextContent(type="text", text="x", _meta={"k": 1})
    assert TextContent.model_validate(official) == TextContent(text="x", meta={"k": 1})


def test_validate_returns_an_instance_as_it_is() -> None:
    """Nothing is copied when nothing has to be done."""
    content = TextContent(text="x")
    assert TextContent.model_validate(content) is content


@pytest.mark.parametrize("wrong", [{"text": 1}, {}, [], "x", None])
def test_validate_refuses_other_shapes(wrong: Any) -> None:
    """What does not fit is a ValueError."""
    with pytest.raises(ValueError, match=r"Expected|required"):
        TextContent.model_validate(wrong)


def test_validate_json_reads_text() -> None:
    """JSON text becomes the object; broken text is a ValueError."""
    assert TextContent.model_validate_json('{"type":"text","text":"x"}') == TextContent(text="x")
    with pytest.raises(ValueError, match="truncated"):
        TextContent.model_validate_json("{")


def test_fields_set_are_those_that_differ_from_their_default() -> None:
    """Required members always count, others once they say something."""
    assert Tool(name="t", input_schema={}).model_fields_set == {"name", "input_schema"}
    assert Tool(name="t", input_schema={}, title="T").model_fields_set >= {"title"}


def test_decoding_goes_past_the_constructor() -> None:
    """The respelling costs nothing on the wire: unknown members are dropped, not refused."""
    data = b'{"name":"t","inputSchema":{},"unheardOf":1}'
    assert msgspec.json.decode(data, type=Tool) == Tool(name="t", input_schema={})


def test_positional_arguments_are_refused() -> None:
    """Members are given by name only."""
    positional: Any = TextContent
    with pytest.raises(TypeError, match="positional"):
        positional("x")


def test_models_are_structs_of_one_base() -> None:
    """Whoever walks a message can tell an MCP object from plain JSON."""
    assert isinstance(TextContent(text="x"), Model)
    assert not isinstance({"type": "text", "text": "x"}, Model)
