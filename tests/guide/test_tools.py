"""Tools: functions that a model can call."""

import threading

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError


async def test_a_function_is_a_tool() -> None:
    """Its name, docstring and annotations say what a client has to know."""
    # snippet: first
    from fastmcp import FastMCP

    mcp = FastMCP("Shop")

    @mcp.tool
    def price(item: str, amount: int = 1) -> float:
        """What some items of a kind cost."""
        return amount * (4.5 if item == "tea" else 3.0)

    # end
    # snippet: call
    from fastmcp import Client

    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        result = await client.call_tool("price", {"item": "tea", "amount": 2})

    assert tool.description == "What some items of a kind cost."
    assert result.data == 9.0
    # end
    assert tool.name == "price"
    assert tool.input_schema["required"] == ["item"]
    assert price("tea") == 4.5


async def test_the_decorator_says_the_rest() -> None:
    """What it is given wins over what the function says of itself."""
    mcp = FastMCP("Shop")

    # snippet: described
    @mcp.tool(
        name="shop.remove",
        title="Remove an item",
        description="Takes an item out of the shop for good.",
        annotations={"destructiveHint": True, "idempotentHint": True},
        icons=[{"src": "https://example.com/remove.png"}],
        tags={"admin"},
        meta={"com.example/price": 3},
    )
    def remove(item: str) -> None: ...

    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()

    assert (tool.name, tool.title) == ("shop.remove", "Remove an item")
    assert tool.description == "Takes an item out of the shop for good."
    assert tool.annotations is not None and tool.annotations.destructive_hint is True
    assert tool.icons is not None and tool.icons[0].src == "https://example.com/remove.png"
    assert tool.meta == {"com.example/price": 3, "fastmcp": {"tags": ["admin"]}}


async def test_anything_that_can_be_called_is_a_tool() -> None:
    """Named by itself, or by `name=`."""
    mcp = FastMCP("Shop")

    # snippet: callables
    from functools import partial

    def convert(amount: float, rate: float) -> float:
        """Convert an amount of money."""
        return amount * rate

    mcp.tool(convert)
    mcp.tool(partial(convert, rate=1.1), name="to_dollars")
    mcp.tool(lambda text: text[::-1], name="reverse")
    # end
    async with Client(mcp) as client:
        listed = [tool.name for tool in await client.list_tools()]
        dollars = await client.call_tool("to_dollars", {"amount": 10})
        reverse = await client.call_tool("reverse", {"text": "tea"})

    assert listed == ["convert", "to_dollars", "reverse"]
    assert (round(dollars.data, 2), reverse.data) == (11.0, "aet")


async def test_a_method_is_registered_with_its_object() -> None:
    """The mark waits until there is one."""
    mcp = FastMCP("Shop")

    # snippet: methods
    from fastmcp.tools import tool

    class Till:
        def __init__(self, money: float) -> None:
            self.money = money

        @tool(title="Money in the till")
        def count(self) -> float:
            return self.money

    mcp.add_tool(Till(100.0).count)
    # end
    async with Client(mcp) as client:
        [listed] = await client.list_tools()
        counted = await client.call_tool("count")

    assert listed.title == "Money in the till"
    assert counted.data == 100.0


async def test_a_failing_tool_answers_with_an_error() -> None:
    """Details can be masked; the text of a ToolError never is."""
    # snippet: failing
    from fastmcp.exceptions import ToolError

    mcp = FastMCP("Shop", mask_error_details=True)

    @mcp.tool
    def refund(order: int) -> str:
        if order > 1000:
            raise ToolError("There is no such order; the last one is 1000")
        raise OSError("cannot reach db.internal")

    async with Client(mcp) as client:
        unknown = await client.call_tool("refund", {"order": 2000}, raise_on_error=False)
        broken = await client.call_tool("refund", {"order": 1}, raise_on_error=False)

    assert unknown.text() == "There is no such order; the last one is 1000"
    assert broken.text() == "Error calling tool 'refund'"
    # end
    async with Client(mcp) as client:
        with pytest.raises(ToolError, match="no such order"):
            await client.call_tool("refund", {"order": 2000})


async def test_a_plain_function_blocks_nobody() -> None:
    """It runs in a thread, a coroutine function on the event loop; both can be given a limit."""
    mcp = FastMCP("Shop")

    # snippet: waiting
    import asyncio
    import threading
    import time

    @mcp.tool
    def in_a_thread() -> str:
        time.sleep(0.01)  # others are served meanwhile
        return threading.current_thread().name

    @mcp.tool(run_in_thread=False)
    def on_the_loop() -> str:
        return threading.current_thread().name

    @mcp.tool(timeout=0.1)
    async def ask_supplier() -> None:
        await asyncio.sleep(60)  # cancelled after a tenth of a second

    # end
    async with Client(mcp) as client:
        here = (await client.call_tool("on_the_loop")).data
        there = (await client.call_tool("in_a_thread")).data
        with pytest.raises(ToolError, match=r"'ask_supplier' timed out after 0\.1 seconds"):
            await client.call_tool("ask_supplier")

    assert here == threading.current_thread().name != there


async def test_a_class_can_be_a_tool() -> None:
    """For tools whose arguments are known only when the program runs."""
    mcp = FastMCP("Shop")

    # snippet: own-class
    from typing import Any

    from fastmcp.tools import Tool, ToolResult

    class Query(Tool):
        table: str

        async def run(self, arguments: dict[str, Any]) -> ToolResult:
            return ToolResult(f"{self.table}: {arguments}")

    for table in ("items", "orders"):
        schema = {"type": "object", "properties": {"limit": {"type": "integer"}}}
        mcp.add_tool(Query(name=f"query_{table}", table=table, parameters=schema))

    # end
    async with Client(mcp) as client:
        listed = [tool.name for tool in await client.list_tools()]
        found = await client.call_tool("query_orders", {"limit": "many"})

    assert listed == ["query_items", "query_orders"]
    assert found.data == "orders: {'limit': 'many'}"


async def test_what_surprises() -> None:
    """A slow thread is left to itself, and a misspelt keyword is refused."""
    mcp = FastMCP("Shop")
    let_go = threading.Event()
    finished = threading.Event()

    @mcp.tool("slow", timeout=0.05)
    def wait() -> str:
        let_go.wait(20)
        finished.set()
        return "late"

    async with Client(mcp) as client:
        with pytest.raises(ToolError, match="'slow' timed out"):
            await client.call_tool("slow")
        let_go.set()

    assert finished.wait(20)
    with pytest.raises(TypeError, match="did you mean description="):
        mcp.tool(wait, descripton="x")  # type: ignore[call-arg]


async def test_a_list_of_functions_will_do() -> None:
    """And so will objects that can be called."""

    class Twice:
        """Twice as much."""

        def __call__(self, value: int) -> int:
            return 2 * value

    def half(value: int) -> float:
        return value / 2

    mcp = FastMCP("Shop", tools=[half, Twice()])

    async with Client(mcp) as client:
        assert [tool.name for tool in await client.list_tools()] == ["half", "Twice"]
        assert (await client.call_tool("Twice", {"value": 4})).data == 8
