"""Arguments of tools: checked straight from JSON, converted, described, and injected."""

from __future__ import annotations

import asyncio
import functools
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional
from uuid import UUID

import pytest
from apps import HANDSHAKE, call, request
from conversation import REVISIONS, ask
from one_tool import Address, Color, Point, annotated_by, kind, schema_of, value_of
from pydantic import Field

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.middleware import Middleware


@pytest.mark.parametrize(
    ("annotation", "given", "seen"),
    [
        (int, 7, "int 7"),
        (int, "7", "int 7"),
        (int, 7.0, "int 7"),
        (int, 2**70, f"int {2**70}"),
        (float, 7, "float 7.0"),
        (bool, True, "bool True"),
        (str, "Zürich 🚀 \u2028", "str Zürich 🚀 \u2028"),
        (Any, {"a": [1, None]}, "dict {'a': [1, None]}"),
        (list[int], [1, "2"], "list [1, 2]"),
        (set[str], ["a"], "set {'a'}"),
        (dict[str, float], {"a": 1}, "dict {'a': 1.0}"),
        (tuple[int, str], [1, "a"], "tuple (1, 'a')"),
        (date, "2026-07-28", "date 2026-07-28"),
        (Color, "red", "Color Color.RED"),
        (Literal["a", "b"], "b", "str b"),
        (Address, {"street": "Rain"}, "Address street='Rain' number=1"),
        (Point, {"x": 3}, "Point Point(x=3, y=0)"),
        (int | None, None, "NoneType None"),
        (Optional[int], 4, "int 4"),
        (int | str, "a", "str a"),
        (bytes, "raw", "bytes b'raw'"),
    ],
    ids=str,
)
def test_an_argument_becomes_what_its_annotation_says(
    annotation: Any, given: Any, seen: str
) -> None:
    """JSON values arrive as the annotated type, models and enums included."""

    def f(value: Any) -> str:
        return kind(value)

    f.__annotations__["value"] = annotation

    assert value_of(f, {"value": given}) == seen


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "count: is required"),
        ({"count": "many"}, "count: "),
        ({"count": None}, "count: "),
        ({"count": 1.5}, "count: "),
        ({"count": 1, "colour": "red"}, "colour: is not a parameter"),
        ({"count": 1, "address": {"number": 2}}, "address.street: "),
    ],
    ids=str,
)
def test_arguments_that_do_not_fit_name_the_parameter(
    arguments: dict[str, Any], complaint: str
) -> None:
    """The function does not run, and the text says which parameter is wrong and how."""

    def f(count: int, address: Address | None = None) -> int:
        raise AssertionError("must not run")

    with pytest.raises(ToolError) as caught:
        value_of(f, arguments)

    assert "'f'" in str(caught.value)
    assert complaint in str(caught.value)


def test_a_refusal_does_not_repeat_the_value() -> None:
    """What the client sent, which may be a secret, is not echoed."""

    def f(count: int) -> int:
        return count

    with pytest.raises(ToolError) as caught:
        value_of(f, {"count": "hunter2"})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("arguments", ["text", [1], 3, True])
@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "in-middleware"])
def test_arguments_that_are_no_object_are_refused(
    arguments: Any, revision: str, wrapped: bool
) -> None:
    """A tool without parameters does not run either, with middleware and without."""
    mcp = FastMCP("x", middleware=[Middleware()] if wrapped else None)

    @mcp.tool
    def f() -> str:
        return "ran"

    answer = ask(mcp, request("tools/call", name="f", arguments=arguments), revision)

    assert "ran" not in str(answer)
    assert "error" in answer or answer["result"]["isError"] is True


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "in-middleware"])
def test_arguments_may_be_left_out(revision: str, wrapped: bool) -> None:
    """A call without the member `arguments` runs a tool that requires none."""
    mcp = FastMCP("x", middleware=[Middleware()] if wrapped else None)

    @mcp.tool
    def f(a: int = 5) -> int:
        return a

    answer = ask(mcp, request("tools/call", name="f"), revision)

    assert answer["result"]["content"] == [{"type": "text", "text": "5"}]


def test_strict_validation_converts_nothing() -> None:
    """With strict_input_validation "7" is no integer, and a date may still be text."""

    def f(count: int) -> int:
        return count

    def g(day: date) -> str:
        return kind(day)

    assert value_of(f, {"count": 7}, strict_input_validation=True) == 7
    assert value_of(g, {"day": "2026-07-28"}, strict_input_validation=True) == "date 2026-07-28"
    with pytest.raises(ToolError, match="count"):
        value_of(f, {"count": "7"}, strict_input_validation=True)


def test_the_schema_describes_the_parameters() -> None:
    """Types, defaults, descriptions and constraints are in the schema; injected ones are not."""

    def f(
        city: Annotated[str, "Where"],
        days: Annotated[int, Field(ge=1, le=7, description="How many")] = 3,
        note: str = None,  # noqa: RUF013
        ctx: Context = None,
    ) -> str:
        return city

    assert schema_of(f) == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where"},
            "days": {
                "type": "integer",
                "minimum": 1,
                "maximum": 7,
                "default": 3,
                "description": "How many",
            },
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        "required": ["city"],
        "additionalProperties": False,
    }


def test_a_parameter_whose_default_is_none_takes_null() -> None:
    """`note: str = None` accepts null, and stays None when it is left out."""

    def f(note: str = None) -> str:  # noqa: RUF013
        return kind(note)

    assert value_of(f, {"note": None}) == "NoneType None"
    assert value_of(f, {}) == "NoneType None"
    assert value_of(f, {"note": "x"}) == "str x"


@pytest.mark.parametrize("name", ["self_", "cls", "schema", "json", "copy", "model_config", "_a"])
def test_any_parameter_name_is_served(name: str) -> None:
    """Names that other libraries reserve are ordinary parameters here."""
    namespace: dict[str, Any] = {}
    exec(f"def f({name}: int) -> int:\n    return {name}", namespace)

    assert value_of(namespace["f"], {name: 4}) == 4
    assert list(schema_of(namespace["f"])["properties"]) == [name]


def annotated(ctx: Context) -> str:
    return ctx.request_id


def optional(ctx: Context | None = None) -> str:
    return "none" if ctx is None else ctx.request_id


async def asynchronous(a: int, context: Annotated[Context, "the context"]) -> str:
    return context.request_id


def not_first(a: int, ctx: Optional[Context] = None) -> str:
    return "none" if ctx is None else ctx.request_id


@pytest.mark.parametrize("function", [annotated, optional, asynchronous, not_first])
@pytest.mark.parametrize("revision", REVISIONS)
def test_the_context_is_injected_by_annotation(function: Any, revision: str) -> None:
    """Whatever the parameter is called, and on the worker thread of a plain function, too."""
    mcp = FastMCP("x")
    mcp.tool(function, name="f")
    properties = {"a": 1} if "a" in function.__annotations__ else {}

    answer = ask(mcp, call("f", "id-7", **properties), revision)

    assert answer["result"]["content"][0]["text"] == "id-7"
    assert list(schema_of(function)["properties"]) == list(properties)


def test_a_client_cannot_fill_an_injected_parameter() -> None:
    """An argument of the injected parameter's name is refused as unknown."""
    with pytest.raises(ToolError, match="ctx: is not a parameter"):
        value_of(annotated, {"ctx": "forged"})


class Shop:
    def __init__(self, name: str) -> None:
        self.name = name

    def method(self, item: str) -> str:
        return f"{self.name} {item}"

    @classmethod
    def of_class(cls, item: str) -> str:
        return f"{cls.__name__} {item}"

    @staticmethod
    def static(item: str) -> str:
        return f"static {item}"

    def __call__(self, item: str) -> str:
        return f"called {item}"

    async def coroutine(self, item: str) -> str:
        return f"awaited {item}"


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (Shop("corner").method, "corner tea"),
        (Shop.of_class, "Shop tea"),
        (Shop.static, "static tea"),
        (Shop("corner"), "called tea"),
        (Shop("corner").coroutine, "awaited tea"),
        (functools.partial(lambda a, item: f"{a} {item}", "partial"), "partial tea"),
        (lambda item: f"lambda {item}", "lambda tea"),
    ],
    ids=["method", "classmethod", "staticmethod", "object", "coroutine", "partial", "lambda"],
)
def test_every_kind_of_callable_is_a_tool(function: Any, value: str) -> None:
    """Methods, callable objects, partials and lambdas take arguments by name."""
    assert value_of(function, {"item": "tea"}) == value


def test_a_wrapped_function_shows_what_it_wraps() -> None:
    """A decorator with functools.wraps keeps the parameters and the description."""

    def shout(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs).upper()

        return wrapper

    @shout
    def f(name: str, greeting: str = "hi") -> str:
        """Greet."""
        return f"{greeting} {name}"

    assert value_of(f, {"name": "ada"}) == "HI ADA"
    assert list(schema_of(f)["properties"]) == ["name", "greeting"]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("annotation", "sent"),
    [
        (date | str, "2026-07-28"),
        (UUID | str, "12345678-1234-5678-1234-567812345678"),
        (date, "2026-07-28"),
        (tuple[int, ...], [1]),
        (set[int], [1]),
        (Color, "red"),
        (bytes, "a"),
        (Decimal, 1.5),
        (int, 2**70),
    ],
    ids=str,
)
def test_middleware_changes_nothing_in_what_an_argument_means(
    annotation: Any, sent: Any, strict: bool
) -> None:
    """Arguments that were read by middleware are still what came as JSON."""
    function = annotated_by(annotation)

    bare, wrapped = (
        value_of(function, {"value": sent}, strict_input_validation=strict, middleware=middleware)
        for middleware in (None, [Middleware()])
    )

    assert bare == wrapped


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "in-middleware"])
def test_deep_arguments_are_no_crash(wrapped: bool) -> None:
    """Nested beyond what Python recurses, they are taken or refused."""
    mcp = FastMCP("x", middleware=[Middleware()] if wrapped else None)

    @mcp.tool
    def f(value: Any) -> str:
        return "ran"

    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    answer = ask(mcp, request("tools/call", name="f", arguments={"value": deep}), HANDSHAKE)

    assert answer["result"]["content"][0]["text"].startswith(("ran", "Invalid arguments"))


def test_a_tool_takes_python_objects_from_python() -> None:
    """`Tool.run` does not send what it is given through JSON."""
    mcp = FastMCP("x")
    address = Address(street="Rain")
    seen: list[Any] = []

    @mcp.tool
    def f(address: Address, day: date) -> None:
        seen.extend([address, day])

    async def main() -> None:
        tool = await mcp.get_tool("f")
        assert tool is not None
        await tool.run({"address": address, "day": date(2026, 7, 28)})

    asyncio.run(main())

    assert seen == [address, date(2026, 7, 28)]
    assert seen[0] is address
