"""Area D: prompts, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from apps import served

from fastmcp import Client, FastMCP


def server() -> FastMCP:
    mcp = FastMCP("prompts")

    @mcp.prompt("analyze_code")
    def analyze(code: str, language: str = "Python", focus_area: str = "general") -> str:
        """Reviews a piece of code."""
        focus = {"security": "security vulnerabilities", "general": "quality"}
        return f"Review this {language} for {focus.get(focus_area, 'quality')}:\n{code}"

    @mcp.prompt("write_tests")
    def tests(function: str) -> str:
        return f"Write tests for {function}, on {datetime.now(UTC).isoformat()}"

    return mcp


def used(use: Callable[[Client], Any], target: Any = None) -> Any:
    async def main() -> Any:
        async with Client(target or server(), timeout=20) as client:
            return await use(client)

    return asyncio.run(main())


@pytest.fixture(params=["memory", "http"])
def target(request: pytest.FixtureRequest) -> Any:
    """The same server, in this process and behind a socket."""
    if request.param == "memory":
        yield server()
        return
    with served(server().http_app()) as base:
        yield f"{base}/mcp"


def test_s062_a_prompt_has_the_name_it_is_given(target: Any) -> None:
    """`@mcp.prompt("name")`."""
    prompts = used(lambda client: client.list_prompts(), target)

    assert [prompt.name for prompt in prompts] == ["analyze_code", "write_tests"]


def test_s063_text_is_one_message_of_the_user(target: Any) -> None:
    """`-> str` is one message, role user, content text."""
    result = used(lambda client: client.get_prompt("analyze_code", {"code": "x = 1"}), target)

    assert [(m.role, m.content.type) for m in result.messages] == [("user", "text")]
    assert result.messages[0].content.text.endswith("x = 1")


def test_s064_the_docstring_is_the_description() -> None:
    """In the list, and in what the prompt renders to."""
    prompts = used(lambda client: client.list_prompts())
    result = used(lambda client: client.get_prompt("analyze_code", {"code": "x"}))

    assert prompts[0].description == result.description == "Reviews a piece of code."


def test_s065_a_default_makes_an_argument_optional() -> None:
    """It is not required, and used when the argument is absent."""
    prompts = used(lambda client: client.list_prompts())
    result = used(lambda client: client.get_prompt("analyze_code", {"code": "x"}))

    assert [(a.name, a.required) for a in prompts[0].arguments] == [
        ("code", True),
        ("language", False),
        ("focus_area", False),
    ]
    assert "this Python" in result.messages[0].content.text


@pytest.mark.parametrize(
    ("area", "text"), [("security", "security vulnerabilities"), ("no such area", "quality")]
)
def test_s066_values_arrive_as_text(area: str, text: str, target: Any) -> None:
    """As they were sent; what is unknown is the function's affair."""
    given = {"code": "x", "focus_area": area}

    result = used(lambda client: client.get_prompt("analyze_code", given), target)

    assert text in result.messages[0].content.text


def test_s067_a_prompt_is_computed_at_each_call() -> None:
    """Two calls see two times."""

    async def twice(client: Client) -> list[str]:
        return [
            (await client.get_prompt("write_tests", {"function": "f"})).messages[0].content.text
            for _ in range(2)
        ]

    first, second = used(twice)
    assert first != second
    assert f"{datetime.now(UTC):%Y-%m}" in first
