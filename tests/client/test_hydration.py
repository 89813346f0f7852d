"""`.data`: what a client makes of what tools return, and how it learns of their promises."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from typing import Any, Literal, Optional
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, create_model

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ClientError, McpError, ToolError

from .scripted import HANDSHAKE, MODERN, ScriptedServer

DAY = {"type": "string", "format": "date"}
WHEN = {"type": "object", "properties": {"when": DAY}}
WRAPPED = {"type": "object", "properties": {"result": DAY}, "x-fastmcp-wrap-result": True}
NOTE = {"fastmcp": {"wrap_result": True}}


def listed(name: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    tool = {"name": name, "inputSchema": {"type": "object"}, **more}
    return tool if schema is None else {**tool, "outputSchema": schema}


def result(structured: Any = None, **more: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": "as text"}]
    return {"content": content, "structuredContent": structured, **more}


class Toolbox:
    """Tools and what each returns, to be scripted; `listings` counts how often it was asked."""

    def __init__(self, tools: list[Any], results: dict[str, Any], *, pages: int = 1) -> None:
        self.tools = tools
        self.results = results
        self.listings = 0
        self.failure: Exception | None = None
        self.slow: asyncio.Event | None = None
        self._pages = pages

    async def __call__(self, message: Any) -> Any:
        params = message["params"]
        if message["method"] == "tools/call":
            return self.results[params["name"]]
        page = int(params.get("cursor") or 0)
        self.listings += page == 0
        if self.slow is not None:
            await self.slow.wait()
        if self.failure is not None:
            raise self.failure
        following = {} if page + 1 >= self._pages else {"nextCursor": str(page + 1)}
        return {"tools": self.tools[page :: self._pages], **following}


def used(
    box: Toolbox, use: Callable[[Client, ScriptedServer], Awaitable[Any]], revision: str = MODERN
) -> Any:
    async def main() -> Any:
        server = ScriptedServer(box, revision)
        async with asyncio.timeout(20), Client(server) as client:
            return await use(client, server)

    return asyncio.run(main())


def test_the_tools_are_listed_once_for_all_calls() -> None:
    """By the first result with structured content, over all pages; others ask nothing."""
    tools = [listed("plain"), listed("a", WHEN), listed("b", WHEN)]
    when = result({"when": "2024-01-01"})
    box = Toolbox(tools, {"a": when, "b": when, "plain": result()}, pages=3)

    async def use(client: Client, server: ScriptedServer) -> None:
        assert (await client.call_tool("plain")).data == "as text"
        assert box.listings == 0
        calls = [client.call_tool(name) for name in "abab"]
        values = [each.data for each in await asyncio.gather(*calls)]
        assert {each.when for each in values} == {date(2024, 1, 1)}
        assert len({type(each) for each in values}) == 1

    used(box, use)
    assert box.listings == 1


def test_tools_that_were_listed_are_not_listed_again() -> None:
    """What the caller listed is remembered."""
    box = Toolbox([listed("a", WHEN)], {"a": result({"when": "2024-01-01"})})

    async def use(client: Client, server: ScriptedServer) -> Any:
        await client.list_tools()
        return (await client.call_tool("a")).data.when

    assert used(box, use) == date(2024, 1, 1)
    assert box.listings == 1


@pytest.mark.parametrize("revision", [MODERN, HANDSHAKE])
def test_a_changed_list_is_asked_for_anew(revision: str) -> None:
    """The notification forgets what was known."""
    box = Toolbox([listed("a", WHEN)], {"a": result({"when": "2024-01-01"})})

    async def use(client: Client, server: ScriptedServer) -> Any:
        first = (await client.call_tool("a")).data
        box.tools = [listed("a", {"type": "object"})]
        server.tell(method="notifications/tools/list_changed")
        return first.when, (await client.call_tool("a")).data

    assert used(box, use, revision) == (date(2024, 1, 1), {"when": "2024-01-01"})
    assert box.listings == 2


def test_a_list_that_changes_while_it_is_asked_for_is_asked_for_again() -> None:
    """What was sent before the change is not remembered."""
    box = Toolbox([listed("a", {"type": "object"})], {"a": result({"when": "2024-01-01"})})
    box.slow = asyncio.Event()

    async def use(client: Client, server: ScriptedServer) -> Any:
        call = asyncio.ensure_future(client.call_tool("a"))
        while box.listings == 0:
            await asyncio.sleep(0)
        server.tell(method="notifications/tools/list_changed")
        box.tools = [listed("a", WHEN)]
        assert box.slow is not None
        box.slow.set()
        return (await call).data.when

    assert used(box, use) == date(2024, 1, 1)
    assert box.listings == 2


@pytest.mark.parametrize(
    ("value", "meta"),
    [(5, NOTE), (None, NOTE), (True, NOTE), (1.5, NOTE)],
)
def test_most_scalars_need_no_listing(value: Any, meta: Any) -> None:
    """A server of this family says that it wrapped them, and they are what they are."""
    schema = {**WRAPPED, "properties": {"result": {}}}
    box = Toolbox([listed("a", schema)], {"a": result({"result": value}, _meta=meta)})

    async def use(client: Client, server: ScriptedServer) -> Any:
        return (await client.call_tool("a")).data

    assert used(box, use) == value
    assert box.listings == 0


@pytest.mark.parametrize("meta", [NOTE, {}, {"fastmcp": "x"}, {"fastmcp": {"wrap_result": False}}])
def test_a_value_is_unwrapped_when_the_schema_says_so(meta: Any) -> None:
    """With or without a note in the result."""
    box = Toolbox([listed("a", WRAPPED)], {"a": result({"result": "2024-01-01"}, _meta=meta)})

    async def use(client: Client, server: ScriptedServer) -> Any:
        return (await client.call_tool("a")).data

    assert used(box, use) == date(2024, 1, 1)


def test_a_note_is_believed_without_a_schema() -> None:
    """Also when the schema is about something else, which then says nothing."""
    results = {"a": result({"result": {"when": "2024-01-01"}}, _meta=NOTE)}

    async def use(client: Client, server: ScriptedServer) -> Any:
        return (await client.call_tool("a")).data

    for tool in (listed("a"), listed("b"), listed("a", WHEN)):
        assert used(Toolbox([tool], results), use) == {"when": "2024-01-01"}


def test_an_unlisted_tool_gives_plain_json() -> None:
    """And is looked for but once."""
    box = Toolbox([listed("b", WHEN)], {"a": result({"when": "2024-01-01"})})

    async def use(client: Client, server: ScriptedServer) -> Any:
        return [(await client.call_tool("a")).data for _ in range(3)]

    assert used(box, use) == [{"when": "2024-01-01"}] * 3
    assert box.listings == 1


@pytest.mark.parametrize(
    ("failure", "listings"), [(McpError(code=-32603, message="no"), 1), (None, 3)]
)
def test_a_failing_list_does_not_break_a_call(
    failure: Exception | None, listings: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that answers with an error is not asked again; one that fails otherwise is."""
    box = Toolbox([{"no": "tool"}], {"a": result({"when": "2024-01-01"})})
    box.failure = failure

    async def use(client: Client, server: ScriptedServer) -> Any:
        return [(await client.call_tool("a")).data for _ in range(3)]

    assert used(box, use) == [{"when": "2024-01-01"}] * 3
    assert box.listings == listings
    assert "could not be listed" in caplog.text


def test_calls_that_wait_for_a_failing_list_wait_for_one() -> None:
    """Each has its plain value."""
    box = Toolbox([], {"a": result({"when": "2024-01-01"})})
    box.failure = ClientError("gone")

    async def refuse(message: Any) -> Any:
        if message["method"] == "tools/list":
            box.listings += 1
            return "no list"
        return box.results["a"]

    async def main() -> list[Any]:
        async with Client(ScriptedServer(refuse)) as client:
            calls = [client.call_tool("a") for _ in range(20)]
            return [each.data for each in await asyncio.gather(*calls)]

    assert asyncio.run(main()) == [{"when": "2024-01-01"}] * 20
    assert box.listings == 1


def test_a_caller_who_gives_up_does_not_take_the_list_with_him() -> None:
    """The next one lists."""
    box = Toolbox([listed("a", WHEN)], {"a": result({"when": "2024-01-01"})})
    box.slow = asyncio.Event()

    async def use(client: Client, server: ScriptedServer) -> Any:
        first = asyncio.ensure_future(client.call_tool("a"))
        while box.listings == 0:
            await asyncio.sleep(0)
        second = asyncio.ensure_future(client.call_tool("a"))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert box.slow is not None
        box.slow.set()
        return (await second).data.when

    assert used(box, use) == date(2024, 1, 1)


def test_a_value_that_does_not_fit_is_plain_and_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is raised, nothing lost, and the warning names the tool."""
    box = Toolbox([listed("a", WRAPPED)], {"a": result({"result": [1, {"b": 2}]})})

    async def use(client: Client, server: ScriptedServer) -> Any:
        called = await client.call_tool("a")
        return called.data, called.structured_content

    assert used(box, use) == ([1, {"b": 2}], {"result": [1, {"b": 2}]})
    [record] = caplog.records
    assert (record.name, record.levelno) == ("fastmcp.client", logging.WARNING)
    assert "tool 'a'" in record.getMessage() and "a date" in record.getMessage()


def test_an_error_has_no_data() -> None:
    """And is not looked at by any schema."""
    box = Toolbox([listed("a", WHEN)], {"a": result({"when": "2024-01-01"}, isError=True)})

    async def use(client: Client, server: ScriptedServer) -> Any:
        with pytest.raises(ToolError, match="as text"):
            await client.call_tool("a")
        return (await client.call_tool("a", raise_on_error=False)).data

    assert used(box, use) is None
    assert box.listings == 0


def test_a_version_that_is_not_the_listed_one_keeps_no_promise_of_it() -> None:
    """Its results are plain, while those of the listed one are read."""
    tool = listed("a", WHEN, _meta={"fastmcp": {"version": "2"}})
    box = Toolbox([tool], {"a": result({"when": "2024-01-01"})})

    async def use(client: Client, server: ScriptedServer) -> Any:
        old, new = [(await client.call_tool("a", version=each)).data for each in ("1", "2")]
        return old, new.when

    assert used(box, use) == ({"when": "2024-01-01"}, date(2024, 1, 1))


def test_the_plain_result_is_there_beside_the_data() -> None:
    """`structured_content` is what was sent."""
    mcp = FastMCP("x")

    @mcp.tool
    def today() -> date:
        return date(2024, 1, 1)

    async def main() -> Any:
        async with Client(mcp) as client:
            called = await client.call_tool("today")
            raw = await client.call_tool_mcp("today")
            return called.data, called.structured_content, raw.structured_content

    plain = {"result": "2024-01-01"}
    assert asyncio.run(main()) == (date(2024, 1, 1), plain, plain)


# Whatever a tool returns, by whatever annotation, is what its caller gets.


class Color(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    at: date


ZONES = st.none() | st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours)))
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=ZONES),
    time: st.times(),
    timedelta: st.timedeltas(),
    UUID: st.uuids(),
    Color: st.sampled_from(Color),
    Literal["a", 1]: st.sampled_from(["a", 1]),
    Point: st.builds(Point, st.integers(-9, 9), st.dates()),
}
HASHABLE = (int, bool, date, UUID, timedelta)
FIELDS = ["name", "class_", "when", "größe", "_x"]


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        inner.map(lambda each: list[each])
        | inner.map(lambda each: dict[str, each])
        | inner.map(lambda each: Optional[each])
        | st.sampled_from(HASHABLE).map(lambda each: set[each])
        | st.lists(inner, min_size=1, max_size=3).map(lambda each: tuple[tuple(each)])
        | st.lists(inner, min_size=1, max_size=3).map(model)
    )


def model(annotations: list[Any]) -> type[BaseModel]:
    fields: Any = {
        name: (annotation, ...) for name, annotation in zip(FIELDS[:4], annotations, strict=False)
    }
    return create_model("Model", **fields)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values that an annotation allows."""
    if annotation in SCALARS:
        return SCALARS[annotation]
    origin, arguments = getattr(annotation, "__origin__", None), getattr(annotation, "__args__", ())
    if origin is list:
        return st.lists(values(arguments[0]), max_size=3)
    if origin is set:
        return st.sets(values(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(st.text(max_size=3), values(arguments[1]), max_size=3)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if arguments:
        return st.none() | values(arguments[0])
    fields = {name: values(each.annotation) for name, each in annotation.model_fields.items()}
    return st.fixed_dictionaries(fields).map(lambda members: annotation(**members))


ANNOTATIONS = st.recursive(st.sampled_from(list(SCALARS)), containers, max_leaves=4)


def same(returned: Any, data: Any) -> bool:
    """Whether the data are what was returned, as far as JSON carries it."""
    if isinstance(returned, Enum):
        return data == returned.value
    if isinstance(returned, (list, tuple)):
        return (
            type(data) is type(returned)
            and len(data) == len(returned)
            and all(map(same, returned, data))
        )
    if isinstance(returned, dict):
        return returned.keys() == data.keys() and all(same(returned[k], data[k]) for k in data)
    if isinstance(returned, (BaseModel, Point)):
        names = type(returned).model_fields if isinstance(returned, BaseModel) else ("x", "at")
        return dataclasses.is_dataclass(data) and all(
            same(getattr(returned, name), data[name]) for name in names
        )
    return data == returned and type(data) is type(returned)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_tool_returns_is_what_its_caller_gets(data: st.DataObject) -> None:
    """Dates as dates, tuples as tuples, models as objects of their members."""
    annotation = data.draw(ANNOTATIONS)
    returned = data.draw(values(annotation))

    def tool() -> Any:
        return returned

    tool.__annotations__["return"] = annotation
    mcp = FastMCP("x")
    mcp.tool(tool)

    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.call_tool("tool")).data

    assert same(returned, got := asyncio.run(main())), (annotation, got)
