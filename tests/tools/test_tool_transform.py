"""Tools made from other tools: other names, other arguments, a function around the call."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, Literal

import pytest
from pydantic import BaseModel, create_model

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ConfigurationError, InvalidSignature, ToolError, ValidationError
from fastmcp.tools import FunctionTool, Tool, ToolResult, forward, forward_raw, tool
from fastmcp.tools.tool_transform import (
    ArgTransform,
    ArgTransformConfig,
    ToolTransformConfig,
    TransformedTool,
    apply_transformations_to_tools,
)
from fastmcp.wire import TextContent


def base(x: int, y: int = 10, z: str = "z") -> dict[str, Any]:
    """Put together."""
    return {"x": x, "y": y, "z": z}


def add(x: int, y: int = 10) -> int:
    return x + y


BASE = Tool.from_function(base)
ADD = Tool.from_function(add)


def run(tool: Tool, **arguments: Any) -> Any:
    """What a client gets from a server that has this tool."""
    mcp = FastMCP("x", tools=[tool])

    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.call_tool(tool.name, arguments)).data

    return asyncio.run(main())


def shown(tool: Tool) -> dict[str, Any]:
    """The properties of the arguments as clients see them."""
    mcp = FastMCP("x", tools=[tool])

    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.list_tools())[0].input_schema

    return asyncio.run(main())


def changed(tool: Tool = BASE, **transforms: ArgTransform) -> TransformedTool:
    return Tool.from_tool(tool, transform_args=transforms)


def test_what_is_not_changed_is_inherited() -> None:
    """A tool can be made again under another name, and is the same but for that."""
    parent = Tool.from_function(
        base,
        title="Base",
        tags={"a"},
        meta={"k": 1},
        annotations={"readOnlyHint": True},
        version="2",
        icons=[{"src": "https://e.com/i.png"}],
    )

    made = Tool.from_tool(parent, name="other")

    assert isinstance(made, TransformedTool)
    assert made.parent_tool is parent
    assert made.name == "other"
    for member in ("title", "description", "tags", "meta", "annotations", "version", "icons"):
        assert getattr(made, member) == getattr(parent, member)
    assert made.output_schema == parent.output_schema
    assert made.parameters["properties"] == parent.parameters["properties"]
    assert run(made, x=1) == {"x": 1, "y": 10, "z": "z"}


def test_members_can_be_replaced_or_taken_away() -> None:
    """None takes away, except tags, of which there is always a set."""
    made = Tool.from_tool(
        BASE,
        version=2,
        title="New",
        description=None,
        tags={"b"},
        meta={"n": 1},
        annotations={"title": "hint"},
        output_schema=None,
    )

    assert (made.title, made.description, made.tags, made.meta) == ("New", None, {"b"}, {"n": 1})
    assert made.version == "2"
    assert made.annotations is not None
    assert made.annotations.title == "hint"
    assert made.output_schema is None
    assert BASE.description == "Put together."


def test_a_function_can_be_transformed_at_once() -> None:
    """It becomes a tool on the way, by what its own decorator says."""

    @tool(name="marked", description="Marked")
    def f(x: int) -> int:
        return x

    made = Tool.from_tool(f, transform_args={"x": ArgTransform(name="number")})

    assert (made.name, made.description) == ("marked", "Marked")
    assert run(made, number=3) == 3


def test_an_argument_is_renamed_and_described() -> None:
    """Clients know the new name only."""
    made = changed(x=ArgTransform(name="number", description="Any number", examples=[1, 2]))

    assert shown(made)["properties"]["number"] == {
        "type": "integer",
        "description": "Any number",
        "examples": [1, 2],
    }
    assert shown(made)["required"] == ["number"]
    assert run(made, number=1, y=2) == {"x": 1, "y": 2, "z": "z"}
    with pytest.raises(ToolError, match=r"number: is required; x: is not a parameter"):
        run(made, x=1)


def test_a_text_is_a_new_name() -> None:
    """The shortest transformation."""
    made = Tool.from_tool(BASE, transform_args={"x": "number"})

    assert run(made, number=1)["x"] == 1


def test_a_description_can_be_taken_away() -> None:
    """None is not the same as saying nothing."""
    parent = changed(x=ArgTransform(description="Any number"))

    assert "description" in changed(parent).parameters["properties"]["x"]
    made = changed(parent, x=ArgTransform(description=None))
    assert "description" not in made.parameters["properties"]["x"]


def test_an_argument_gets_a_default_or_loses_it() -> None:
    """With a default it is optional, and required it has none."""
    made = changed(x=ArgTransform(default=7), y=ArgTransform(required=True))

    assert shown(made)["required"] == ["y"]
    assert shown(made)["properties"]["x"]["default"] == 7
    assert "default" not in shown(made)["properties"]["y"]
    assert run(made, y=1) == {"x": 7, "y": 1, "z": "z"}
    with pytest.raises(ToolError, match="y: is required"):
        run(made)


def test_a_hidden_argument_is_filled_in() -> None:
    """By a constant, by a factory for each call, or by the parent's own default."""
    numbers = itertools.count(1)
    made = changed(
        x=ArgTransform(hide=True, default_factory=lambda: next(numbers)),
        y=ArgTransform(hide=True),
        z=ArgTransform(hide=True, default="secret"),
    )

    assert shown(made)["properties"] == {}
    assert run(made) == {"x": 1, "y": 10, "z": "secret"}
    assert run(made)["x"] == 2
    with pytest.raises(ToolError, match="z: is not a parameter"):
        run(made, z="mine")


def test_a_constant_is_not_changed_by_who_receives_it() -> None:
    """A list is a fresh one in each call."""

    def append(items: list[int]) -> list[int]:
        items.append(1)
        return items

    made = Tool.from_tool(append, transform_args={"items": ArgTransform(hide=True, default=[])})

    assert run(made) == [1]
    assert run(made) == [1]


def test_an_argument_gets_another_type() -> None:
    """The schema says so, and values are held to it before the parent sees them."""
    made = changed(z=ArgTransform(type=Literal["a", "b"]))

    assert shown(made)["properties"]["z"]["enum"] == ["a", "b"]
    assert run(made, x=1, z="a")["z"] == "a"
    with pytest.raises(ToolError, match="z: Input should be 'a' or 'b'"):
        run(made, x=1, z="c")


class Size(BaseModel):
    width: int


def test_the_parts_of_a_new_type_are_defined() -> None:
    """A model's definition stands at the root, and those that nobody refers to are left out."""
    made = changed(Tool.from_function(lambda size: size, name="f"), size=ArgTransform(type=Size))
    typed = Tool.from_function(lambda size: size, name="f")

    def takes_size(size: Size | None = None, number: int = 0) -> int:
        return number

    parent = Tool.from_function(takes_size)

    assert run(made, size={"width": 1}) == {"width": 1}
    with pytest.raises(ToolError, match=r"size.width"):
        run(made, size={"width": "x"})
    assert "$defs" in parent.parameters
    assert "$defs" not in changed(parent, size=ArgTransform(hide=True)).parameters
    assert typed.parameters["properties"] == {"size": {}}


def test_two_definitions_of_one_name_are_refused() -> None:
    """A reference would mean the wrong one."""

    other_size = create_model("Size", height=(int, ...))

    def f(size: Size | None, other: int) -> int:
        return 0

    with pytest.raises(InvalidSignature, match=r"'Size'.*rename the class"):
        changed(Tool.from_function(f), other=ArgTransform(type=list[other_size]))


def test_the_parent_stays_as_it_is() -> None:
    """Its schema shares nothing with the new one."""
    before = repr(BASE.parameters)
    made = changed(x=ArgTransform(name="a", default=1))
    made.parameters["properties"]["y"]["default"] = 99

    assert repr(BASE.parameters) == before


def test_transformed_tools_can_be_transformed() -> None:
    """Each level has the names of its own."""
    first = changed(x=ArgTransform(name="a"), z=ArgTransform(hide=True, default="first"))
    second = changed(first, a=ArgTransform(name="b"), y=ArgTransform(default=2))

    assert list(shown(second)["properties"]) == ["b", "y"]
    assert run(second, b=1) == {"x": 1, "y": 2, "z": "first"}


def test_what_the_parent_refuses_is_told_in_the_names_of_the_child() -> None:
    """A model that only knows the new name learns which argument is meant."""
    made = changed(x=ArgTransform(name="number"))

    with pytest.raises(ToolError, match=r"x: Input should be.*\(x is the argument number of this"):
        run(made, number="many")


def test_a_name_that_is_nearly_right_is_told() -> None:
    """By the client's mistake as by the author's."""
    made = changed(x=ArgTransform(name="number"))

    with pytest.raises(ToolError, match=r"numbr: is not a parameter \(the nearest is number\)"):
        run(made, numbr=1)
    with pytest.raises(InvalidSignature, match=r"'zz'.*the tool 'base' \(the nearest is z\)"):
        changed(zz=ArgTransform(hide=True))


class Open(Tool):
    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return ToolResult(structured_content=arguments)


OPEN = Open(
    name="open",
    parameters={
        "type": "object",
        "properties": {"user-id": {"type": "string"}, "class": {}, "limit": {"type": "integer"}},
        "required": ["user-id"],
        "additionalProperties": True,
    },
)


def test_arguments_that_python_cannot_name_are_passed_on() -> None:
    """Tools of other servers have such; one that is left out stays out."""
    made = changed(OPEN, limit=ArgTransform(name="max"))

    async def relay(**kwargs: Any) -> ToolResult:
        return await forward(**kwargs)

    around = Tool.from_tool(made, name="around", transform_fn=relay)

    for each in (made, around):
        assert run(each, **{"user-id": "a", "class": 1}) == {"user-id": "a", "class": 1}
        assert run(each, **{"user-id": "a", "max": 2}) == {"user-id": "a", "limit": 2}


def test_a_tool_that_takes_anything_still_does() -> None:
    """Unless a schema says so, unknown arguments are refused."""
    made = changed(OPEN)

    assert run(made, **{"user-id": "a", "more": 1}) == {"user-id": "a", "more": 1}
    assert made.parameters["additionalProperties"] is True


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({"default": 1, "default_factory": int}, "either default= or default_factory="),
        ({"default_factory": int}, "needs hide=True"),
        ({"required": True, "default": 1}, "cannot have a default"),
        ({"required": True, "hide": True}, "cannot be required"),
        ({"required": False}, "give the argument a default="),
    ],
)
def test_changes_that_contradict_each_other_are_refused(
    options: dict[str, Any], mistake: str
) -> None:
    """When they are written down, as ValueErrors."""
    with pytest.raises(ConfigurationError, match=mistake):
        ArgTransform(**options)
    assert issubclass(ConfigurationError, ValueError)


def test_changes_that_do_not_fit_the_tool_are_refused() -> None:
    """When the tool is made."""
    with pytest.raises(InvalidSignature, match=r"'x'.*is required; hide it with default="):
        changed(x=ArgTransform(hide=True))
    with pytest.raises(InvalidSignature, match="would be named 'y': 'x' and 'y'"):
        changed(x=ArgTransform(name="y"))
    with pytest.raises(ConfigurationError, match="must be an ArgTransform, not int"):
        Tool.from_tool(BASE, transform_args={"x": 3})
    with pytest.raises(InvalidSignature, match="describe an object"):
        Tool.from_tool(BASE, output_schema={"type": "integer"})
    with pytest.raises(TypeError, match="nmae"):
        Tool.from_tool(BASE, nmae="x")


# A function around the call


def test_a_function_calls_the_parent_with_the_new_names() -> None:
    """`forward` maps them; what the function returns is the result."""

    async def around(a: int, y: int) -> str:
        result = await forward(a=a, y=y + 1)
        return f"got {result.structured_content}"

    made = Tool.from_tool(
        BASE,
        transform_fn=around,
        transform_args={"x": ArgTransform(name="a"), "z": ArgTransform(hide=True, default="h")},
    )

    assert made.fn is around
    assert run(made, a="1") == "got {'x': 1, 'y': 11, 'z': 'h'}"


def test_forward_raw_takes_the_names_of_the_parent() -> None:
    """Nothing is mapped, and nothing hidden is added."""

    async def around(a: int) -> ToolResult:
        return await forward_raw(x=a, y=0)

    hidden = ArgTransform(hide=True, default=5)
    made = Tool.from_tool(
        BASE,
        transform_fn=around,
        transform_args={"x": ArgTransform(name="a"), "y": hidden, "z": hidden},
    )

    assert run(made, a=1) == {"x": 1, "y": 0, "z": "z"}


def test_a_function_takes_the_rest_as_keywords() -> None:
    """All that it does not name, with the defaults that the schema shows."""
    seen: list[dict[str, Any]] = []

    async def around(y: int = 99, extra: str = "e", **others: Any) -> dict[str, Any]:
        seen.append({"y": y, "extra": extra, **others})
        result = await forward(y=y, **others)
        return {"extra": extra, **result.structured_content}

    made = Tool.from_tool(
        BASE, transform_fn=around, transform_args={"x": ArgTransform(name="a", default=3)}
    )

    assert list(shown(made)["properties"]) == ["y", "extra", "a", "z"]
    assert run(made) == {"extra": "e", "x": 3, "y": 10, "z": "z"}
    assert run(made, a=1, extra="f")["extra"] == "f"
    assert seen[0] == {"y": 10, "extra": "e", "a": 3, "z": "z"}
    with pytest.raises(ToolError, match="unknown: is not a parameter"):
        run(made, unknown=1)


def test_a_function_has_to_take_what_clients_can_give() -> None:
    """What it does not take has to be hidden; the error has its place."""

    async def around(x: int) -> None: ...

    with pytest.raises(
        InvalidSignature, match=r"test_tool_transform.py:\d+: around\(\).*take y, z"
    ):
        Tool.from_tool(BASE, transform_fn=around)


def test_a_plain_function_runs_in_a_thread_and_may_return_what_forward_gives() -> None:
    """It cannot await; a call that it returns is awaited for it."""

    def around(x: int, y: int) -> Any:
        return forward(x=x, y=y)

    assert run(Tool.from_tool(ADD, transform_fn=around), x=1, y=2) == 3


def test_a_function_can_take_the_context() -> None:
    """What is injected is no argument."""

    async def around(x: int, y: int, ctx: Context) -> str:
        await forward(x=x, y=y)
        return ctx.fastmcp.name

    made = Tool.from_tool(ADD, transform_fn=around)

    assert list(made.parameters["properties"]) == ["x", "y"]
    assert run(made, x=1) == "x"


def test_the_arguments_of_a_function_are_checked() -> None:
    """By its own annotations, before it is called."""

    async def around(x: bool, y: int) -> str:
        raise AssertionError("not called")

    with pytest.raises(ToolError, match="x: Input should be a valid boolean"):
        run(Tool.from_tool(ADD, transform_fn=around), x="many")


def test_functions_can_be_stacked() -> None:
    """`forward` in each calls the tool below it."""

    def doubling(factor: int) -> Any:
        async def around(**kwargs: Any) -> int:
            result = await forward(**kwargs)
            return result.structured_content["result"] * factor

        return around

    first = Tool.from_tool(ADD, transform_fn=doubling(2))
    second = Tool.from_tool(first, transform_fn=doubling(10))

    async def twice(**kwargs: Any) -> list[int]:
        both = await asyncio.gather(forward(**kwargs), forward(**kwargs))
        return [each.structured_content["result"] for each in both]

    assert run(second, x=1, y=2) == 60
    assert run(Tool.from_tool(second, transform_fn=twice), x=1, y=2) == [60, 60]


def unannotated(**kwargs: Any):
    return 7


def to_text(**kwargs: Any) -> str:
    return "text"


def to_list(**kwargs: Any) -> list[int]:
    return [1]


def to_result(**kwargs: Any) -> ToolResult:
    return ToolResult("short", {"b": 1})


@pytest.mark.parametrize(
    ("function", "options", "schema", "data"),
    [
        (unannotated, {}, {"type": "integer"}, 7),
        (to_text, {}, None, "text"),
        (to_list, {}, {"items": {"type": "integer"}, "type": "array"}, [1]),
        (to_result, {}, None, {"b": 1}),
        (unannotated, {"output_schema": None}, None, "7"),
    ],
)
def test_a_function_promises_what_it_says_or_else_what_the_parent_does(
    function: Any, options: dict[str, Any], schema: Any, data: Any
) -> None:
    """Without an annotation its results are held to the parent's schema."""
    made = Tool.from_tool(ADD, transform_fn=function, **options)

    found = made.output_schema
    assert (found and found["properties"]["result"]) == schema
    assert run(made, x=1) == data


def test_a_result_of_the_parent_passes_through_a_function() -> None:
    """Its structured content keeps the promise that is inherited with it."""

    async def around(**kwargs: Any):
        return await forward(**kwargs)

    made = Tool.from_tool(ADD, transform_fn=around)

    assert made.output_schema == ADD.output_schema
    assert run(made, x=1) == 11


def test_forward_is_for_functions_of_transformed_tools() -> None:
    """Anywhere else there is nothing to forward to."""
    for call in (forward, forward_raw):
        with pytest.raises(RuntimeError, match=r"call it in the function.*transform_fn="):
            asyncio.run(call(x=1))


def test_forward_refuses_what_the_schema_does_not_have() -> None:
    """A mistake of the function is a TypeError of its author."""
    caught: list[str] = []

    async def around(**kwargs: Any) -> str:
        try:
            await forward(numbr=1)
        except TypeError as error:
            caught.append(str(error))
        return ""

    run(Tool.from_tool(ADD, transform_fn=around, transform_args={"x": "number"}), number=1)

    assert caught == [
        "forward(): number: is required; numbr: is not a parameter (the nearest is number)"
    ]


def test_a_transformed_tool_runs_without_a_server() -> None:
    """`run` is all that it takes, also with a function."""

    async def around(x: int, y: int) -> int:
        return (await forward(x=x, y=y)).structured_content["result"] + 1

    made = Tool.from_tool(ADD, transform_fn=around)

    assert asyncio.run(made.run({"x": 1})).structured_content == {"result": 12}
    with pytest.raises(ValidationError):
        asyncio.run(made.run({}))


def test_a_tool_is_replaced_by_a_changed_one() -> None:
    """The common use: hide what models get wrong, and take the original off the server."""
    mcp = FastMCP("x")
    mcp.tool(base)
    mcp.add_tool(changed(z=ArgTransform(hide=True), x=ArgTransform(name="number")))

    async def main() -> Any:
        async with Client(mcp) as client:
            tools = await client.list_tools()
            return [tool.name for tool in tools], tools[0].input_schema["properties"]

    names, properties = asyncio.run(main())

    assert names == ["base"]
    assert list(properties) == ["number", "y"]


# As configuration


def test_a_transformation_is_read_from_json() -> None:
    """What is absent changes nothing; null takes away."""
    config = ToolTransformConfig.model_validate(
        {
            "name": "other",
            "description": None,
            "tags": ["a"],
            "enabled": False,
            "arguments": {"x": {"name": "number", "description": "Any"}, "z": {"hide": True}},
        }
    )

    made = config.apply(BASE)

    assert (made.name, made.description, made.tags) == ("other", None, {"a"})
    assert made.enabled is False
    assert list(made.parameters["properties"]) == ["number", "y"]
    assert ToolTransformConfig().apply(BASE).description == "Put together."
    assert config.model_dump(exclude_defaults=True)["arguments"]["z"] == {"hide": True}


def test_a_transformation_is_written_in_python() -> None:
    """Arguments are configurations or plain mappings."""
    config = ToolTransformConfig(
        title="T",
        arguments={"x": ArgTransformConfig(default=None), "y": {"required": True}},  # type: ignore[dict-item]
    )

    made = config.apply(BASE)

    assert made.title == "T"
    assert made.enabled is True
    assert made.parameters["properties"]["x"]["default"] is None
    assert made.parameters["required"] == ["y"]


@pytest.mark.parametrize("given", [{"nmae": "x"}, {"arguments": {"x": {"hidden": True}}}])
def test_an_unknown_member_of_a_configuration_is_refused(given: dict[str, Any]) -> None:
    """A misspelt change would silently do nothing."""
    with pytest.raises(ValueError, match="unknown field"):
        ToolTransformConfig.model_validate(given)


def test_transformations_are_applied_to_tools_by_name() -> None:
    """The others stay, and a changed tool stands under its new key."""
    tools: dict[str, Tool] = {BASE.key: BASE, ADD.key: ADD}

    made = apply_transformations_to_tools(tools, {"base": ToolTransformConfig(name="other")})

    assert list(made) == ["tool:other@", "tool:add@"]
    assert made["tool:add@"] is ADD
    assert isinstance(ADD, FunctionTool)


def test_content_of_forwarded_calls_can_be_read_and_changed() -> None:
    """The parent's result is a ToolResult."""

    async def around(**kwargs: Any) -> ToolResult:
        result = await forward(**kwargs)
        result.content.append(TextContent(text="seen"))
        return result

    made = Tool.from_tool(BASE, transform_fn=around)

    assert [block.text for block in asyncio.run(made.run({"x": 1})).content][1:] == ["seen"]


def test_a_tool_that_is_not_there_cannot_be_transformed() -> None:
    """`get_tool` says None of a misspelt name; the error says what that means."""
    with pytest.raises(TypeError, match="no tool of that name"):
        Tool.from_tool(asyncio.run(FastMCP("x").get_tool("typo")))  # type: ignore[arg-type]
