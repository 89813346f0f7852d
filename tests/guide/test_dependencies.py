"""Dependencies: what a function needs and no client gives."""
# ruff: noqa: B008 - dependencies are calls in defaults

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import InvalidSignature, ToolError


async def test_a_factory_makes_what_a_function_needs() -> None:
    """Clients neither see the parameter nor can they fill it."""
    # snippet: first
    from fastmcp import FastMCP
    from fastmcp.dependencies import Depends

    mcp = FastMCP("Bank")

    def load_accounts() -> dict[str, float]:
        return {"ada": 10.0}

    @mcp.tool
    def balance(owner: str, accounts: dict[str, float] = Depends(load_accounts)) -> float:
        return accounts[owner]

    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        result = await client.call_tool("balance", {"owner": "ada"})
        with pytest.raises(ToolError, match="accounts: is not a parameter"):
            await client.call_tool("balance", {"owner": "ada", "accounts": "mine"})

    assert tool.input_schema["properties"].keys() == {"owner"}
    assert result.data == 10.0


async def test_what_is_opened_is_closed() -> None:
    """After the call, in reverse order, also when it fails; each is made once in a call."""
    from fastmcp.dependencies import Depends

    mcp = FastMCP("Bank")

    # snippet: closing
    from collections.abc import AsyncIterator, Iterator
    from typing import Annotated

    from fastmcp import Client

    log: list[str] = []

    async def connection() -> AsyncIterator[str]:
        log.append("connect")
        try:
            yield "connection"
        finally:
            log.append("disconnect")

    def transaction(on: str = Depends(connection)) -> Iterator[str]:
        log.append("begin")
        try:
            yield f"transaction on {on}"
        except Exception:
            log.append("roll back")
            raise
        log.append("commit")

    @mcp.tool
    async def transfer(
        amount: float,
        on: Annotated[str, Depends(transaction)],
        also: Annotated[str, Depends(connection)],
    ) -> None:
        if amount < 0:
            raise ValueError("an amount is positive")

    async with Client(mcp) as client:
        await client.call_tool("transfer", {"amount": 5})

    assert log == ["connect", "begin", "commit", "disconnect"]
    # end
    log.clear()
    async with Client(mcp) as client:
        with pytest.raises(ToolError, match="an amount is positive"):
            await client.call_tool("transfer", {"amount": -5})
    assert log == ["connect", "begin", "roll back", "disconnect"]


async def test_a_factory_may_read_the_call() -> None:
    """The argument of its parameter's name, or the one that a binding names."""
    from fastmcp.dependencies import Depends

    mcp = FastMCP("Bank")

    # snippet: call-argument
    from fastmcp.dependencies import CallArgument

    def account(owner: str = CallArgument()) -> str:
        return f"the account of {owner}"

    @mcp.tool
    def show(owner: str, account: str = Depends(account)) -> str:
        return account

    @mcp.tool
    def pay(
        sender: str,
        receiver: str,
        source: str = Depends(account, owner=CallArgument("sender")),
        target: str = Depends(account, owner=CallArgument("receiver")),
    ) -> str:
        return f"from {source} to {target}"

    # end
    async with Client(mcp) as client:
        shown = await client.call_tool("show", {"owner": "ada"})
        paid = await client.call_tool("pay", {"sender": "ada", "receiver": "bo"})

    assert shown.data == "the account of ada"
    assert paid.data == "from the account of ada to the account of bo"

    def close(number: int, account: str = Depends(account)) -> None: ...

    with pytest.raises(InvalidSignature, match="no parameter owner"):
        mcp.tool(close)


async def test_some_things_are_made_once() -> None:
    """When they are first needed; they are closed when the server stops."""
    mcp = FastMCP("Bank")

    # snippet: shared
    from fastmcp.dependencies import Shared

    events: list[str] = []

    async def guest_book() -> AsyncIterator[list[str]]:
        events.append("open")
        yield []
        events.append("close")

    @mcp.tool
    async def visit(name: str, visitors: list[str] = Shared(guest_book)) -> int:
        visitors.append(name)
        return len(visitors)

    async with Client(mcp) as client:
        for name in ("ada", "bo"):
            visits = await client.call_tool("visit", {"name": name})

    assert visits.data == 2
    assert events == ["open", "close"]
    # end


async def test_a_dependency_can_be_a_class() -> None:
    """With settings of its own; one instance serves all calls."""
    mcp = FastMCP("Bank")

    # snippet: own
    from fastmcp.dependencies import Dependency

    class Rate(Dependency[float]):
        def __init__(self, currency: str) -> None:
            self.currency = currency

        async def __aenter__(self) -> float:
            return {"EUR": 1.0, "USD": 1.1}[self.currency]

    @mcp.tool
    def to_dollars(euros: float, rate: Annotated[float, Rate("USD")]) -> float:
        return euros * rate

    # end
    async with Client(mcp) as client:
        result = await client.call_tool("to_dollars", {"euros": 2})

    assert result.data == 2.2


async def test_a_parameter_can_keep_its_default() -> None:
    """Hidden from clients; in new code, Depends says the same where it matters."""
    mcp = FastMCP("Bank")

    # snippet: hidden
    @mcp.tool(exclude_args=["audited"])
    def withdraw(amount: float, audited: bool = True) -> bool:
        return audited

    # end
    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        result = await client.call_tool("withdraw", {"amount": 5})

    assert tool.input_schema["properties"].keys() == {"amount"}
    assert result.data is True


async def test_what_surprises() -> None:
    """Other components have dependencies, too; an error that is swallowed is told all the same."""
    from fastmcp.dependencies import Depends

    mcp = FastMCP("Bank")

    def careless() -> Iterator[str]:
        try:
            yield "careless"
        except ValueError:
            pass

    @mcp.tool
    def fail(how: str = Depends(careless)) -> str:
        raise ValueError("told")

    @mcp.resource("bank://{place}")
    def branch(place: str, how: str = Depends(careless)) -> str:
        return f"{place}, {how}"

    async with Client(mcp) as client:
        with pytest.raises(ToolError, match="told"):
            await client.call_tool("fail")
        [content] = await client.read_resource("bank://Bern")

    assert content.text == "Bern, careless"
    assert branch("Rome", "careful") == "Rome, careful"
