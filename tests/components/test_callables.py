"""Everything that can be called can be a component: how it is read, and how it is called."""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, NewType, TypeVar

import pytest
from pydantic import BaseModel, Field

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import InvalidSignature, ToolError

T = TypeVar("T")
UserId = NewType("UserId", int)


class Connection:
    """Nothing that JSON could be."""


class Color(Enum):
    RED = "red"


class Box(BaseModel, Generic[T]):
    content: T


def seen(function: Any, arguments: dict[str, Any] | None = None, **options: Any) -> Any:
    """The tool as a client sees it, and what a call of it gives."""

    async def main() -> Any:
        mcp = FastMCP("x")
        mcp.tool(function, **options)
        async with Client(mcp) as client:
            [tool] = await client.list_tools()
            return tool, (await client.call_tool(tool.name, arguments)).data

    return asyncio.run(main())


def greet(name: str, greeting: str = "Hello", *, mark: str = "!") -> str:
    """Greet somebody.

    Args:
        name: Whom.
        greeting: How.
    """
    return f"{greeting} {name}{mark}"


async def greet_later(name: str, greeting: str = "Hello") -> str:
    """Greet somebody later."""
    await asyncio.sleep(0)
    return f"{greeting} {name}"


def letters(word: str) -> Iterator[str]:
    """Spell."""
    yield from word


async def letters_later(word: str) -> AsyncIterator[str]:
    """Spell."""
    for letter in word:
        yield letter


class Greeter:
    """Greets."""

    def __init__(self, greeting: str = "Hello") -> None:
        self.greeting = greeting

    def __call__(self, name: str) -> str:
        """Greet somebody.

        Args:
            name: Whom.
        """
        return f"{self.greeting} {name}"

    def greet(self, name: str) -> str:
        """Greet by method."""
        return self(name)

    async def greet_later(self, name: str) -> str:
        return self(name)

    @classmethod
    def of_class(cls, name: str) -> str:
        return f"{cls.__name__} {name}"

    @staticmethod
    def of_nobody(name: str) -> str:
        return f"Hello {name}"


class LateGreeter:
    async def __call__(self, name: str, ctx: Context) -> str:
        """Greet somebody later."""
        return f"Hello {name} from {ctx.fastmcp.name}"


@dataclass
class Prefixed:
    prefix: str

    def __call__(self, name: str) -> str:
        """Put something before it."""
        return self.prefix + name


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class Decorated:
    """A decorator that is a class."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


@pytest.mark.parametrize(
    ("function", "name", "description", "result"),
    [
        (greet, "greet", "Greet somebody.", "Hello Ann!"),
        (greet_later, "greet_later", "Greet somebody later.", "Hello Ann"),
        (Greeter("Hi").greet, "greet", "Greet by method.", "Hi Ann"),
        (Greeter().greet_later, "greet_later", None, "Hello Ann"),
        (Greeter.of_class, "of_class", None, "Greeter Ann"),
        (Greeter.of_nobody, "of_nobody", None, "Hello Ann"),
        (staticmethod(greet), "greet", "Greet somebody.", "Hello Ann!"),
        (Greeter(), "Greeter", "Greets.", "Hello Ann"),
        (LateGreeter(), "LateGreeter", "Greet somebody later.", "Hello Ann from x"),
        (Prefixed("Dear "), "Prefixed", "Put something before it.", "Dear Ann"),
        (functools.partial(greet, greeting="Hi"), "greet", "Greet somebody.", "Hi Ann!"),
        (functools.partial(greet_later, greeting="Hi"), "greet_later", ..., "Hi Ann"),
        (functools.partial(Greeter("Hi")), "Greeter", "Greets.", "Hi Ann"),
        (wrapped(greet), "greet", "Greet somebody.", "Hello Ann!"),
        (wrapped(greet_later), "greet_later", "Greet somebody later.", "Hello Ann"),
        (functools.lru_cache(greet), "greet", "Greet somebody.", "Hello Ann!"),
        (Decorated(greet), "greet", "Greet somebody.", "Hello Ann!"),
        (Decorated(greet_later), "greet_later", "Greet somebody later.", "Hello Ann"),
    ],
)
def test_all_kinds_of_callables_are_tools(
    function: Any, name: str, description: Any, result: str
) -> None:
    """Each has a name, a description, parameters with theirs, and can be called."""
    tool, value = seen(function, {"name": "Ann"})

    assert tool.name == name
    assert description in (..., tool.description)
    assert tool.input_schema["properties"]["name"]["type"] == "string"
    assert value == result


def test_an_objects_parameters_are_described_where_they_stand() -> None:
    """The description of the tool is the class's, that of a parameter __call__'s."""
    tool, _ = seen(Greeter(), {"name": "Ann"})

    assert tool.input_schema["properties"]["name"]["description"] == "Whom."


@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize(
    "function",
    [
        letters,
        letters_later,
        functools.partial(letters, "abc"),
        wrapped(letters),
        wrapped(letters_later),
    ],
)
def test_the_items_of_a_generator_are_a_list(function: Any, threaded: bool) -> None:
    """Plain and async ones, bound and wrapped."""
    arguments = {} if isinstance(function, functools.partial) else {"word": "abc"}

    async def main() -> Any:
        mcp = FastMCP("x")
        mcp.tool(function, name="spell", run_in_thread=threaded)
        async with Client(mcp) as client:
            return (await client.call_tool("spell", arguments)).content[0].text

    assert asyncio.run(main()) == '["a","b","c"]'


def test_a_generator_that_fails_fails_the_call() -> None:
    """Nothing of what it yielded before is taken for its result."""

    def broken() -> Iterator[int]:
        yield 1
        raise ToolError("no more")

    with pytest.raises(ToolError, match="no more"):
        seen(broken)


def test_run_in_thread_false_is_honoured_by_all_plain_callables() -> None:
    """Functions and generators run on the thread of the loop; by default they do not."""

    def here() -> str:
        return f"{threading.current_thread() is threading.main_thread()}"

    def items() -> Iterator[int]:
        noted.append(here())
        yield 1

    noted: list[str] = []
    assert seen(here, run_in_thread=False)[1] == "True"
    assert seen(here)[1] == "False"
    for function in (items, wrapped(items)):
        seen(function, run_in_thread=False)
        seen(function)
    assert noted == ["True", "False"] * 2


def test_a_lambda_has_the_name_that_it_is_given() -> None:
    """And what it returns may be awaited for it."""
    tool, value = seen(lambda name: greet_later(name), {"name": "Ann"}, name="hello")

    assert tool.name == "hello"
    assert value == "Hello Ann"


def test_a_partial_binds_some_parameters() -> None:
    """Positional ones vanish, keywords become defaults, and what is no JSON is hidden."""

    def query(connection: Connection, table: str, limit: int = 10, color: Color = Color.RED) -> str:
        return f"{type(connection).__name__} {table} {limit} {color}"

    by_position, first = seen(functools.partial(query, Connection(), "users"))
    by_name, second = seen(
        functools.partial(query, connection=Connection(), table="users", limit=3)
    )
    hidden_again, third = seen(
        functools.partial(functools.partial(query, Connection()), limit=5), {"table": "t"}
    )

    assert by_position.input_schema["properties"].keys() == {"limit", "color"}
    assert first == "Connection users 10 Color.RED"
    assert by_name.input_schema["properties"].keys() == {"table", "limit", "color"}
    assert by_name.input_schema["properties"]["limit"]["default"] == 3
    assert "required" not in by_name.input_schema
    assert second == "Connection users 3 Color.RED"
    assert hidden_again.input_schema["required"] == ["table"]
    assert third == "Connection t 5 Color.RED"


def test_hidden_parameters_keep_their_defaults() -> None:
    """exclude_args takes them out of the schema, and clients cannot set them."""

    def search(query: str, connection: Connection = Connection(), limit: int = 3) -> str:  # noqa: B008
        return f"{query} {type(connection).__name__} {limit}"

    hidden = ["connection", "limit"]
    tool, value = seen(search, {"query": "q"}, exclude_args=hidden)

    assert tool.input_schema["properties"].keys() == {"query"}
    assert value == "q Connection 3"
    with pytest.raises(ToolError, match="limit: is not a parameter"):
        seen(search, {"query": "q", "limit": 4}, exclude_args=hidden)


@pytest.mark.parametrize(
    ("hidden", "problem"),
    [(["name"], r"needs the hidden parameter name; .*name=Depends"), (["nam"], "no parameter nam")],
)
def test_a_parameter_that_cannot_be_hidden_is_refused(hidden: list[str], problem: str) -> None:
    """One without a default, and one that is not there."""
    with pytest.raises(InvalidSignature, match=problem) as caught:
        FastMCP("x").tool(greet, exclude_args=hidden)

    assert str(caught.value).startswith(f"{__file__}:{greet.__code__.co_firstlineno}: greet()")


def unclosed(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class Methods:
    def plain(self, name: str) -> str:
        return name

    @wrapped
    def with_wraps(self, name: str) -> str:
        return name

    @unclosed
    def without_wraps(self, name: str) -> str:
        return name

    @classmethod
    def of_class(cls, name: str) -> str:
        return name


@pytest.mark.parametrize(
    ("method", "cure"),
    [
        (Methods.plain, "mcp.add_tool(obj.plain)"),
        (Methods.with_wraps, "mcp.add_tool(obj.with_wraps)"),
        (Methods.without_wraps, "mcp.add_tool(obj.without_wraps)"),
        (vars(Methods)["of_class"], "mcp.add_tool(Methods.of_class)"),
    ],
)
def test_a_method_without_its_object_is_refused(method: Any, cure: str) -> None:
    """As a decorator in a class body sees it; the message says what to register, and when."""
    with pytest.raises(InvalidSignature, match="without its object") as caught:
        FastMCP("x").tool(method)

    assert str(caught.value).endswith(cure)
    assert str(caught.value).startswith(__file__)


@pytest.mark.parametrize("name", ["plain", "with_wraps", "without_wraps", "of_class"])
def test_a_bound_method_is_a_tool(name: str) -> None:
    """However it is decorated."""
    tool, value = seen(getattr(Methods(), name), {"name": "Ann"})

    assert tool.name == name
    assert tool.input_schema["properties"].keys() == {"name"}
    assert value == "Ann"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (Greeter, "Greeter is a class; register an instance"),
        (max, "does not tell its parameters; register a function that calls it"),
    ],
)
def test_what_cannot_be_called_by_name_is_refused(given: Any, problem: str) -> None:
    """A class, and a function written in C that keeps its parameters to itself."""
    with pytest.raises(InvalidSignature, match=problem):
        FastMCP("x").tool(given)


def test_annotations_may_be_text_that_names_local_classes() -> None:
    """This module's annotations are text; the classes of a running function are found."""

    class Item(BaseModel):
        name: str

    def local(item: Item, items: list[Item]) -> int:
        return len(items)

    class Shop:
        def sell(self, item: Item) -> str:
            return item.name

    first, count = seen(local, {"item": {"name": "a"}, "items": [{"name": "b"}]})
    _, name = seen(Shop().sell, {"item": {"name": "c"}})

    assert first.input_schema["properties"].keys() == {"item", "items"}
    assert (count, name) == (1, "c")


def test_annotations_of_other_modules_mean_what_they_mean_there() -> None:
    """A wrapper from another module does not change how annotations are read."""

    def make() -> Any:
        namespace: dict[str, Any] = {}
        source = "from decimal import Decimal as T\n\ndef price(of: 'T') -> 'T':\n    return of\n"
        exec(compile(source, "<other>", "exec"), namespace)
        return namespace["price"]

    tool, _ = seen(wrapped(make()), {"of": "1.5"})

    assert "number" in str(tool.input_schema["properties"]["of"])


def test_new_types_generics_and_type_variables_are_read() -> None:
    """As pydantic reads them."""

    def tool(user: UserId, box: Box[int], anything: T, many: dict[str, list[UserId]]) -> str:
        return f"{user + 1} {box.content + 1} {anything} {many}"

    _, value = seen(
        tool, {"user": "1", "box": {"content": "2"}, "anything": [None], "many": {"a": ["3"]}}
    )

    assert value == "2 3 [None] {'a': [3]}"


if sys.version_info >= (3, 12):

    @pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
    def test_type_statements_and_type_parameters_are_read(future: str) -> None:
        """`type X = …` and `def f[T](…)`, also where annotations are text."""
        source = future + (
            "from typing import Annotated\n"
            "from fastmcp.dependencies import Depends\n"
            "type Number = int\n"
            "type Injected = Annotated[str, Depends(lambda: 'made')]\n"
            "def tool[T](items: list[T], number: Number, it: Injected) -> str:\n"
            "    return f'{items} {number + 1} {it}'\n"
        )
        namespace: dict[str, Any] = {}
        exec(compile(source, "<new>", "exec"), namespace)

        tool, value = seen(namespace["tool"], {"items": [1], "number": "2"})

        assert tool.input_schema["properties"].keys() == {"items", "number"}
        assert value == "[1] 3 made"


def test_an_alias_is_the_name_for_clients() -> None:
    """Its parameter has the description, and whether it is required."""

    def tool(
        kind: Annotated[str, Field(alias="type")], class_: str = Field("x", alias="class")
    ) -> str:
        """Do it.

        Args:
            kind: Which kind.
        """
        return f"{kind} {class_}"

    shown, value = seen(tool, {"type": "a", "class": "b"})

    assert shown.input_schema["properties"]["type"]["description"] == "Which kind."
    assert shown.input_schema["required"] == ["type"]
    assert value == "a b"
