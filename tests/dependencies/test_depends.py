"""Depends: what a factory makes for a call, and what happens to it afterwards."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from one_tool import called

from fastmcp import Client, Context, FastMCP
from fastmcp.dependencies import Dependency, Depends
from fastmcp.exceptions import McpError, ToolError

log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


def plain() -> str:
    return "value"


async def coroutine() -> str:
    return "value"


def generator() -> Iterator[str]:
    log.append("open")
    yield "value"
    log.append("close")


async def async_generator() -> AsyncIterator[str]:
    log.append("open")
    yield "value"
    log.append("close")


class Manager:
    def __enter__(self) -> str:
        log.append("open")
        return "value"

    def __exit__(self, *exc_info: object) -> None:
        log.append("close")


class AsyncManager:
    async def __aenter__(self) -> str:
        log.append("open")
        return "value"

    async def __aexit__(self, *exc_info: object) -> None:
        log.append("close")


class Maker:
    def __call__(self) -> str:
        return "value"


class Holder:
    def method(self) -> str:
        return "value"

    async def async_method(self) -> str:
        return "value"


class Text(str):
    def __new__(cls) -> Text:
        return super().__new__(cls, "value")


def returns_coroutine() -> Any:
    return coroutine()


def returns_async_manager() -> AsyncManager:
    return AsyncManager()


async def returns_nothing_but_waits(text: str = "value") -> str:
    await asyncio.sleep(0)
    return text


FACTORIES: list[tuple[Callable[..., Any], bool]] = [
    (plain, False),
    (lambda: "value", False),
    (coroutine, False),
    (returns_nothing_but_waits, False),
    (functools.partial(returns_nothing_but_waits, text="value"), False),
    (returns_coroutine, False),
    (generator, True),
    (contextmanager(generator), True),
    (async_generator, True),
    (asynccontextmanager(async_generator), True),
    (Manager, True),
    (AsyncManager, True),
    (returns_async_manager, True),
    (Text, False),
    (Maker(), False),
    (Holder().method, False),
    (Holder().async_method, False),
]


@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize(
    ("factory", "closes"), FACTORIES, ids=lambda value: getattr(value, "__name__", "")
)
def test_anything_that_can_be_called_is_a_factory(
    factory: Callable[..., Any], closes: bool, threaded: bool
) -> None:
    """Functions, generators, context managers and classes, for plain tools and for async ones."""

    def sync_tool(it: Any = Depends(factory)) -> str:
        log.append("call")
        return it

    async def async_tool(it: Any = Depends(factory)) -> str:
        log.append("call")
        return it

    for tool in (sync_tool, async_tool):
        log.clear()
        assert called(tool, run_in_thread=threaded) == "value"
        assert log == (["open", "call", "close"] if closes else ["call"])


def test_a_dependency_may_stand_in_the_annotation() -> None:
    """Annotated[T, Depends(f)] means what the default does, and leaves room for another default."""

    def tool(
        first: Annotated[str, Depends(plain)], second: Annotated[str, Depends(plain)] = "unused"
    ) -> str:
        return first + second

    assert called(tool) == "valuevalue"


def test_a_factory_has_dependencies_of_its_own() -> None:
    """They may be defaults, in annotations, or the context by its type."""

    def settings() -> dict[str, str]:
        return {"url": "db://"}

    async def connection(config: Annotated[dict[str, str], Depends(settings)]) -> str:
        return f"connected to {config['url']}"

    class Session:
        def __init__(
            self, context: Context, text: str = Depends(connection), suffix: str = "!"
        ) -> None:
            self.text = f"{text}{suffix} by {context.fastmcp.name}"

    def tool(session: Session = Depends(Session)) -> str:
        return session.text

    assert called(tool) == "connected to db://! by x"


def test_a_factory_is_called_once_in_a_call() -> None:
    """Whoever needs it gets the same object, and the next call another."""

    def connection() -> object:
        log.append("connect")
        return object()

    def reader(it: object = Depends(connection)) -> object:
        return it

    def tool(
        one: object = Depends(connection),
        two: object = Depends(reader),
        three: object = Depends(connection),
    ) -> bool:
        return one is two is three

    async def main() -> list[Any]:
        mcp = FastMCP("x")
        mcp.tool(tool)
        async with Client(mcp) as client:
            return [(await client.call_tool("tool")).data for _ in range(2)]

    assert asyncio.run(main()) == [True, True]
    assert log == ["connect", "connect"]


def test_bindings_give_a_factory_its_arguments() -> None:
    """Equal bindings share a value; a binding may be a dependency, and displaces a default."""

    def table(name: str, connection: str = Depends(plain)) -> str:
        log.append(name)
        return f"{name}@{connection}"

    def tool(
        users: str = Depends(table, name="users"),
        again: str = Depends(table, name="users"),
        other: str = Depends(table, name="posts", connection="elsewhere"),
        third: str = Depends(table, name=Depends(coroutine)),
        lists: str = Depends(table, name=["not", "hashable"]),
    ) -> str:
        return f"{users} {again} {other} {third} {lists}"

    result = called(tool)

    assert result == (
        "users@value users@value posts@elsewhere value@value ['not', 'hashable']@value"
    )
    assert log == ["users", "posts", "value", ["not", "hashable"]]


def opened(name: str, *, fails: bool = False) -> Callable[[], AsyncIterator[str]]:
    async def resource() -> AsyncIterator[str]:
        if fails:
            raise ValueError(f"{name} cannot be opened")
        log.append(f"open {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} saw {error}")
            raise
        finally:
            log.append(f"close {name}")

    return resource


def opened_plainly(name: str) -> Callable[[], Iterator[str]]:
    def resource() -> Iterator[str]:
        log.append(f"open {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} saw {error}")
            raise
        finally:
            log.append(f"close {name}")

    return resource


@pytest.mark.parametrize("make", [opened, opened_plainly])
def test_what_was_opened_is_closed_in_reverse(make: Callable[[str], Any]) -> None:
    """The last one first, after the function."""

    def tool(a: str = Depends(make("a")), b: str = Depends(make("b"))) -> str:
        log.append("call")
        return a + b

    assert called(tool) == "ab"
    assert log == ["open a", "open b", "call", "close b", "close a"]


@pytest.mark.parametrize("first", [opened, opened_plainly])
@pytest.mark.parametrize("second", [opened, opened_plainly])
@pytest.mark.parametrize("is_async", [True, False])
def test_dependencies_see_the_error_and_close(
    first: Callable[[str], Any], second: Callable[[str], Any], is_async: bool
) -> None:
    """What the function raises is thrown into each generator, wherever it runs."""
    a, b = Depends(first("a")), Depends(second("b"))

    def sync_tool(x: str = a, y: str = b) -> str:
        raise ToolError("no luck")

    async def async_tool(x: str = a, y: str = b) -> str:
        raise ToolError("no luck")

    with pytest.raises(ToolError, match="no luck"):
        called(async_tool if is_async else sync_tool)

    assert log == [
        "open a",
        "open b",
        "b saw no luck",
        "close b",
        "a saw no luck",
        "close a",
    ]


@pytest.mark.parametrize("first", [opened, opened_plainly])
def test_a_dependency_that_fails_closes_those_before_it(first: Callable[[str], Any]) -> None:
    """The function is not called; the error is the factory's own."""

    def tool(
        a: str = Depends(first("a")),
        b: str = Depends(opened("b", fails=True)),
        c: str = Depends(opened("c")),
    ) -> str:
        log.append("call")
        return a

    with pytest.raises(ToolError, match="b cannot be opened"):
        called(tool)

    assert log == ["open a", "a saw b cannot be opened", "close a"]


def test_an_error_of_a_factory_keeps_its_kind() -> None:
    """A protocol error stays one, so a dependency can refuse a caller."""

    def only_admins() -> None:
        raise McpError("admins only", code=-32001)

    def tool(_: None = Depends(only_admins)) -> str:
        return "secret"

    with pytest.raises(McpError, match="admins only") as caught:
        called(tool)

    assert caught.value.code == -32001


def test_a_dependency_can_translate_an_error() -> None:
    """What it raises instead is what the caller hears."""

    @contextmanager
    def friendly() -> Iterator[None]:
        try:
            yield
        except KeyError:
            raise ToolError("no such city") from None

    def tool(_: None = Depends(friendly)) -> str:
        return {}["berlin"]

    with pytest.raises(ToolError, match=r"^no such city$"):
        called(tool)


@pytest.mark.parametrize("is_async", [True, False])
def test_a_dependency_cannot_make_a_failure_a_success(is_async: bool) -> None:
    """There is no result then, so an error that a generator swallows is told all the same."""

    def careless() -> Iterator[None]:
        try:
            yield
        except ToolError:
            log.append("swallowed")

    def sync_tool(_: None = Depends(careless)) -> str:
        raise ToolError("told")

    async def async_tool(_: None = Depends(careless)) -> str:
        raise ToolError("told")

    with pytest.raises(ToolError, match="told"):
        called(async_tool if is_async else sync_tool)

    assert log == ["swallowed"]


def test_a_call_fails_when_closing_fails() -> None:
    """A commit that fails is not told as success; what was opened before closes still."""

    def committing() -> Iterator[None]:
        yield
        raise ToolError("commit failed")

    def tool(a: str = Depends(opened("a")), _: None = Depends(committing)) -> str:
        return a

    with pytest.raises(ToolError, match="commit failed"):
        called(tool)

    assert log == ["open a", "a saw commit failed", "close a"]


def test_clients_neither_see_nor_set_a_dependency() -> None:
    """It is not in the schema, and an argument of its name is unknown."""

    def tool(city: str, key: str = Depends(plain)) -> str:
        return f"{city} {key}"

    async def main() -> Any:
        mcp = FastMCP("x")
        mcp.tool(tool)
        async with Client(mcp) as client:
            schema = (await client.list_tools())[0].input_schema
            with pytest.raises(ToolError, match="key: is not a parameter"):
                await client.call_tool("tool", {"city": "Rome", "key": "stolen"})
            return schema, (await client.call_tool("tool", {"city": "Rome"})).data

    schema, result = asyncio.run(main())

    assert schema["properties"].keys() == {"city"}
    assert schema["required"] == ["city"]
    assert result == "Rome value"


def test_resources_templates_and_prompts_have_dependencies() -> None:
    """The same markers, resolved and closed the same way."""
    mcp = FastMCP("x")

    @mcp.resource("data://one")
    def one(it: str = Depends(opened("a"))) -> str:
        return it

    @mcp.resource("data://{name}/more")
    async def more(name: str, it: str = Depends(opened_plainly("b"))) -> str:
        return name + it

    @mcp.prompt
    def ask(topic: str, it: str = Depends(opened("c"))) -> str:
        return topic + it

    async def main() -> list[str]:
        async with Client(mcp) as client:
            [first] = await client.read_resource("data://one")
            [second] = await client.read_resource("data://x/more")
            prompt = await client.get_prompt("ask", {"topic": "x"})
            listed = (await client.list_prompts())[0].arguments
            assert [argument.name for argument in listed or ()] == ["topic"]
            return [first.text, second.text, prompt.messages[0].content.text]

    assert asyncio.run(main()) == ["a", "xb", "xc"]
    assert log == ["open a", "close a", "open b", "close b", "open c", "close c"]


class Numbered(Dependency[int]):
    """A user's own dependency."""

    def __init__(self, number: int) -> None:
        self.number = number

    async def __aenter__(self) -> int:
        log.append(f"enter {self.number}")
        return self.number

    async def __aexit__(self, *exc_info: Any) -> None:
        log.append(f"exit {exc_info[0]}")


def test_users_write_dependencies_of_their_own() -> None:
    """A subclass of Dependency is entered and left; as a default, in annotations, in factories."""

    def doubled(number: int = Numbered(2)) -> int:  # type: ignore[assignment]
        return 2 * number

    def tool(
        a: Annotated[int, Numbered(1)],
        b: int = Depends(doubled),
    ) -> int:
        return a + b

    assert called(tool) == 5
    assert log == ["enter 1", "enter 2", "exit None", "exit None"]


class Fixed(Dependency[int]):
    async def __aenter__(self) -> int:
        return 3


def test_a_dependency_without_arguments_may_stand_as_its_class() -> None:
    """In an annotation, as pydantic's constraints may."""

    def tool(it: Annotated[int, Fixed]) -> int:
        return it

    assert called(tool) == 3


def test_a_path_is_a_value() -> None:
    """Though some versions of Python could enter one."""

    def home() -> Path:
        return Path("home")

    def tool(it: Path = Depends(home)) -> str:
        return str(it)

    assert called(tool) == "home"


def test_generators_have_dependencies() -> None:
    """A tool that yields keeps them open until its last item."""

    async def numbers(it: str = Depends(opened("a"))) -> AsyncIterator[str]:
        yield it
        log.append("call")

    def plain_numbers(it: str = Depends(opened_plainly("b"))) -> Iterator[str]:
        yield it
        log.append("call")

    async def main() -> list[str]:
        mcp = FastMCP("x")
        mcp.tool(numbers)
        mcp.tool(plain_numbers)
        async with Client(mcp) as client:
            results = [await client.call_tool(name) for name in ("numbers", "plain_numbers")]
            return [result.content[0].text for result in results]

    assert asyncio.run(main()) == ['["a"]', '["b"]']
    assert log == ["open a", "call", "close a", "open b", "call", "close b"]


def test_a_marker_outside_of_a_call_says_so() -> None:
    """A function that is called by hand gets the marker; what it is shows in its text."""

    def tool(it: Any = Depends(plain)) -> Any:
        return it

    marker = tool()

    assert repr(marker) == "Depends(plain)"
    with pytest.raises(RuntimeError, match="that a server calls"):
        asyncio.run(marker.__aenter__())
    with pytest.raises(TypeError, match="a function that makes the value"):
        Depends("text")  # type: ignore[arg-type]
