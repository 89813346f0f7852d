"""Dependencies that cannot work are refused where the function is registered."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from fastmcp import Context, FastMCP
from fastmcp.dependencies import (
    CallArgument,
    CurrentAccessToken,
    CurrentContext,
    CycleError,
    Depends,
    Shared,
)
from fastmcp.exceptions import InvalidSignature

if TYPE_CHECKING:
    from decimal import Decimal


def line_of(function: Any) -> str:
    return f"{__file__}:{function.__code__.co_firstlineno}"


def needs_url(url: str, timeout: int = 3) -> str:
    return url


def of_context(context: Context) -> str:
    return ""


def of_current(context: Context = CurrentContext()) -> str:
    return ""


def of_token(token: Any = CurrentAccessToken()) -> str:
    return ""


def of_argument(name: str = CallArgument()) -> str:
    return ""


def tool_of(marker: Any) -> Callable[..., str]:
    def tool(name: str, it: str = marker) -> str:
        return it

    return tool


@pytest.mark.parametrize("register", ["tool", "prompt"])
@pytest.mark.parametrize(
    ("marker", "factory", "problem"),
    [
        (Depends(needs_url), needs_url, "needs url, which nothing gives it; give it a default"),
        (Shared(needs_url), needs_url, "needs url, which nothing gives it"),
        (Depends(needs_url, uri="x"), needs_url, "needs url"),
        (Depends(needs_url, url="x", uri="x"), needs_url, "has no parameter uri"),
        (Shared(of_context), of_context, "for all calls, so it cannot take the current request"),
        (Shared(of_current), of_current, "use Depends() instead of Shared()"),
        (Shared(of_token), of_token, "cannot take the current request"),
        (Shared(of_argument), of_argument, "cannot take CallArgument()"),
        (Depends(needs_url, url=Shared(of_argument)), of_argument, "cannot take CallArgument()"),
    ],
)
def test_a_factory_that_cannot_be_called_is_told_with_its_line(
    register: str, marker: Any, factory: Any, problem: str
) -> None:
    """The message has the factory's file and line, the mistake and the cure."""
    with pytest.raises(InvalidSignature, match=re.escape(problem)) as caught:
        getattr(FastMCP("x"), register)(tool_of(marker))

    assert str(caught.value).startswith(line_of(factory))
    assert f"{factory.__name__}()" in str(caught.value)


def test_resources_and_templates_refuse_them_too() -> None:
    """All components are read in the same way."""

    def resource(it: str = Depends(needs_url)) -> str:
        return it

    for uri, function in (("data://x", resource), ("data://{name}", tool_of(Depends(needs_url)))):
        with pytest.raises(InvalidSignature, match="needs url"):
            FastMCP("x").resource(uri)(function)


def one(it: Annotated[str, Depends(two)]) -> str:
    return it


def two(it: Annotated[str, Depends(one)]) -> str:
    return it


@pytest.mark.parametrize("marker", [Depends(one), Shared(two)])
def test_factories_that_need_each_other_are_told_as_a_circle(marker: Any) -> None:
    """The whole circle, so that it can be seen where to cut it."""
    with pytest.raises(CycleError, match=r"Depends\(one\).*Depends\(two\)") as caught:
        FastMCP("x").tool(tool_of(marker))

    assert isinstance(caught.value, InvalidSignature)


def test_annotations_of_what_is_injected_need_no_import() -> None:
    """Names under TYPE_CHECKING are fine where no client has to know the type."""

    def price() -> Decimal:
        return "1"  # type: ignore[return-value]

    mcp = FastMCP("x")

    def tool(name: str, it: Decimal = Depends(price)) -> str:
        return f"{it}"

    mcp.tool(tool)

    def visible(it: Decimal) -> str:
        return f"{it}"

    with pytest.raises(InvalidSignature, match="TYPE_CHECKING"):
        mcp.tool(visible)


def test_a_constructor_that_does_not_show_its_parameters_is_trusted() -> None:
    """Settings that read the environment seem to need arguments, and do not."""

    class Settings:
        __signature__ = inspect.signature(needs_url)

        def __init__(self, **given: str) -> None:
            self.given = given

    FastMCP("x").tool(tool_of(Depends(Settings)))
