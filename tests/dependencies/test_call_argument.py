"""CallArgument: dependencies that read what the function is called with."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import asyncio
from typing import Annotated

import pytest
from one_tool import called

from fastmcp import Client, Context, FastMCP
from fastmcp.dependencies import CallArgument, CycleError, Depends
from fastmcp.exceptions import InvalidSignature


def account(user_id: int = CallArgument()) -> str:
    return f"account {user_id!r}"


def test_it_is_the_argument_of_its_own_name() -> None:
    """Checked and converted, as the function gets it; defaults count."""

    def tool(user_id: int = 7, it: str = Depends(account)) -> str:
        return it

    assert called(tool, {"user_id": "12"}) == "account 12"
    assert called(tool) == "account 7"


def test_a_binding_names_another_argument() -> None:
    """Depends(f, x=CallArgument("y")) connects the two."""

    async def tool(
        owner: int,
        guest: int,
        first: str = Depends(account, user_id=CallArgument("owner")),
        second: str = Depends(account, user_id=CallArgument("guest")),
    ) -> str:
        return f"{first}, {second}"

    assert called(tool, {"owner": 1, "guest": 2}) == "account 1, account 2"


def test_it_reaches_through_nested_factories() -> None:
    """The function that is called is meant, however deep the factory stands."""

    def tenant(region: str = CallArgument()) -> str:
        return f"tenant of {region}"

    async def database(tenant: Annotated[str, Depends(tenant)]) -> str:
        return f"database of {tenant}"

    def tool(region: str, it: str = Depends(database)) -> str:
        return it

    assert called(tool, {"region": "eu"}) == "database of tenant of eu"


def test_it_may_name_the_context_or_another_dependency() -> None:
    """Every parameter has a value for it, also one that a dependency gives."""

    def connection() -> str:
        return "connection"

    def cursor(of: str = CallArgument("db"), context: Context = CallArgument("ctx")) -> str:
        return f"cursor of {of} in {context.fastmcp.name}"

    def tool(ctx: Context, it: str = Depends(cursor), db: str = Depends(connection)) -> str:
        return it

    assert called(tool) == "cursor of connection in x"


def test_it_may_stand_in_the_function_itself() -> None:
    """A second name for the same value, and one for a hidden parameter."""

    def tool(
        city: str,
        town: str = CallArgument("city"),
        secret: str = "s",
        it: str = CallArgument("secret"),
    ) -> str:
        return f"{city} {town} {it}"

    assert called(tool, {"city": "Rome"}, exclude_args=["secret"]) == "Rome Rome s"


def test_an_argument_that_may_be_missing_is_none_or_a_default() -> None:
    """A factory can serve functions that have the parameter and functions that have not."""

    def audit(
        user: str | None = CallArgument(optional=True), level: int = CallArgument(default=3)
    ) -> str:
        return f"{user} {level}"

    def with_user(user: str, it: str = Depends(audit)) -> str:
        return it

    def without(level: int, it: str = Depends(audit)) -> str:
        return it

    assert called(with_user, {"user": "ann"}) == "ann 3"
    assert called(without, {"level": 1}) == "None 1"


def test_a_name_that_the_function_has_not_is_refused() -> None:
    """At registration, with the factory's line, the name and the cure."""

    def tool(user: str, it: str = Depends(account)) -> str:
        return it

    with pytest.raises(InvalidSignature, match=r"no parameter user_id; .*optional=True") as caught:
        FastMCP("x").tool(tool)

    assert str(caught.value).startswith(f"{__file__}:{account.__code__.co_firstlineno}")


def test_arguments_that_need_each_other_are_refused() -> None:
    """A dependency cannot read the parameter that it fills, directly or around a corner."""

    def echo(value: str) -> str:
        return value

    def direct(x: str = Depends(echo, value=CallArgument("x"))) -> str:
        return x

    def around(
        x: str = Depends(echo, value=CallArgument("y")),
        y: str = Depends(echo, value=CallArgument("x")),
    ) -> str:
        return x

    def itself(x: str = CallArgument("x")) -> str:
        return x

    for function in (direct, around, itself):
        with pytest.raises(CycleError, match=r"need each other: .*CallArgument.* -> "):
            FastMCP("x").tool(function)


def test_it_works_for_templates_and_prompts() -> None:
    """The arguments are those of the URI, or of the prompt."""
    mcp = FastMCP("x")

    @mcp.resource("accounts://{user_id}")
    def resource(user_id: int, it: str = Depends(account)) -> str:
        return it

    @mcp.prompt
    async def prompt(user_id: int, it: str = Depends(account)) -> str:
        return it

    async def main() -> tuple[str, str]:
        async with Client(mcp) as client:
            [content] = await client.read_resource("accounts://5")
            prompted = await client.get_prompt("prompt", {"user_id": "6"})
            return content.text, prompted.messages[0].content.text

    assert asyncio.run(main()) == ("account 5", "account 6")


def test_it_has_no_value_outside_of_a_call() -> None:
    """And either a default or optional, not both."""
    with pytest.raises(RuntimeError, match="that a server calls"):
        asyncio.run(CallArgument("x").__aenter__())
    with pytest.raises(TypeError, match="not both"):
        CallArgument("x", optional=True, default=1)
