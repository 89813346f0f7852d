"""Elicitation from end to end: what a handler of our client answers is what the tool gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.client.elicitation import ElicitResult
from fastmcp.exceptions import URL_ELICITATION_REQUIRED, McpError
from fastmcp.server.elicitation import (
    AcceptedElicitation,
    DeclinedElicitation,
    UrlElicitationRequiredError,
)
from fastmcp.wire.inputs import ElicitRequestURLParams

PAGE = "https://bank.example.org/pay"


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Booking:
    name: str
    size: Size = Size.SMALL
    extras: list[Literal["bread", "eggs"]] = field(default_factory=list[Any])
    nights: int = 1
    note: str | None = None


ASKED: list[tuple[Any, Any, Any]] = [
    (None, {}, {}),
    (int, 3, 3),
    (bool, False, False),
    (Size, "large", Size.LARGE),
    ({"a": {"title": "First"}, "b": {}}, "b", "b"),
    ([["a", "b"]], ["a", "b"], ["a", "b"]),
    (list[Size], ["large"], [Size.LARGE]),
    (Booking, {"name": "Ada"}, Booking("Ada")),
    (
        Booking,
        Booking("Ada", Size.LARGE, ["eggs"], 2, "late"),
        Booking("Ada", Size.LARGE, ["eggs"], 2, "late"),
    ),
    (Booking, ElicitResult(action="decline"), None),
]

Answering = Callable[..., Any]


@asynccontextmanager
async def in_memory(mcp: FastMCP, mode: Any, handler: Answering) -> AsyncGenerator[Client]:
    async with Client(mcp, mode=mode, elicitation_handler=handler) as client:
        yield client


@asynccontextmanager
async def over_http(mcp: FastMCP, mode: Any, handler: Answering) -> AsyncGenerator[Client]:
    with served(mcp.http_app()) as base:
        target: Any = f"{base}/mcp"
        async with Client(target, mode=mode, elicitation_handler=handler) as client:
            yield client


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("connect", [in_memory, over_http])
def test_every_kind_of_answer_reaches_the_tool(connect: Any, mode: str) -> None:
    """One tool, either era, with and without a network between."""
    found: list[Any] = []

    async def main() -> None:
        mcp = FastMCP("x")

        @mcp.tool
        async def ask_for(at: int, ctx: Context) -> str:
            match await ctx.elicit(str(at), ASKED[at][0]):
                case AcceptedElicitation(data=value):
                    found.append(value)
                case _:
                    found.append(None)
            return "done"

        async def handler(message: str, response_type: Any, params: Any, context: Any) -> Any:
            return ASKED[int(message)][1]

        async with connect(mcp, mode, handler) as client:
            for at in range(len(ASKED)):
                await client.call_tool("ask_for", {"at": at})

    asyncio.run(main())

    assert found == [value for _, _, value in ASKED]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_client_sees_the_page_that_it_is_to_open(mode: str) -> None:
    """There is no form, so its handler gets no type."""
    seen: list[Any] = []

    async def main() -> Any:
        mcp = FastMCP("x")

        @mcp.tool
        async def pay(ctx: Context) -> str:
            return (await ctx.elicit_url("Please pay", PAGE)).action

        async def handler(message: str, response_type: Any, params: Any, context: Any) -> Any:
            seen.append((message, response_type, params.url))
            return ElicitResult[Any](action="accept")

        async with in_memory(mcp, mode, handler) as client:
            return (await client.call_tool("pay")).data

    assert asyncio.run(main()) == "accept"
    assert seen == [("Please pay", None, PAGE)]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_plain_function_asks_and_is_refused(mode: str) -> None:
    """Without await, in either era."""
    outcomes: list[Any] = []

    async def main() -> None:
        mcp = FastMCP("x")

        @mcp.tool
        def f(ctx: Context) -> str:
            outcomes.append(ctx.elicit("Well?", int))
            return "done"

        async def handler(*_: Any) -> Any:
            return ElicitResult[Any](action="decline")

        async with in_memory(mcp, mode, handler) as client:
            await client.call_tool("f")

    asyncio.run(main())

    assert outcomes == [DeclinedElicitation()]


@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25", "2026-07-28"])
async def test_a_call_can_end_with_pages_that_are_to_be_visited_first(
    revision: str,
) -> None:
    """The error has them, under a code of its own."""
    mcp = FastMCP("x")

    @mcp.tool
    def pay() -> str:
        raise UrlElicitationRequiredError([ElicitRequestURLParams(message="Please pay", url=PAGE)])

    async with Client(mcp, mode=revision) as client:
        with pytest.raises(McpError) as caught:
            await client.call_tool("pay")

    assert (caught.value.code, caught.value.message) == (
        URL_ELICITATION_REQUIRED,
        f"The user has to visit {PAGE}; then try again",
    )
    [page] = caught.value.data["elicitations"]
    assert len(page.pop("elicitationId")) == 32
    assert page == {"mode": "url", "message": "Please pay", "url": PAGE}


def test_no_user_is_sent_to_a_page_with_a_password() -> None:
    """Nor is a call ended with one."""
    page = ElicitRequestURLParams(message="Please pay", url="https://ada:secret@bank.example.org")
    with pytest.raises(ValueError, match="credentials"):
        UrlElicitationRequiredError([page])
