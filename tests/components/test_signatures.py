"""Functions that cannot be served are refused where they are registered, with the cure."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fastmcp import FastMCP
from fastmcp.exceptions import InvalidSignature

if TYPE_CHECKING:
    from decimal import Decimal


class Opaque:
    """Nothing that could be written as JSON."""


def positional(*items: str) -> str:
    return ""


def keywords(**items: str) -> str:
    return ""


def positional_only(item: str, /) -> str:
    return item


def unresolved(item: Decimal) -> str:
    return ""


def unvalidated(count: int, item: Opaque) -> str:
    return ""


def two(first: str, second: str) -> str:
    return first


def line_of(function: Any) -> str:
    return f"{Path(__file__)}:{function.__code__.co_firstlineno}"


@pytest.mark.parametrize("register", ["tool", "prompt"])
@pytest.mark.parametrize(
    ("function", "cure"),
    [
        (positional, "name each parameter"),
        (keywords, "name each parameter"),
        (positional_only, "remove the `/`"),
        (unresolved, "TYPE_CHECKING"),
        (unvalidated, "item: annotate it with a type that JSON can be"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bad_signature_names_its_line_and_the_cure(
    register: str, function: Any, cure: str
) -> None:
    """The error stands at the decorator, as a ValueError, and says what to change."""
    with pytest.raises(InvalidSignature, match=re.escape(cure)) as caught:
        getattr(FastMCP("x"), register)(function)

    assert isinstance(caught.value, ValueError)
    assert str(caught.value).startswith(line_of(function))
    assert f"{function.__name__}()" in str(caught.value)


def test_a_class_that_json_cannot_be_is_named() -> None:
    """Without what pydantic went through to find that."""
    with pytest.raises(InvalidSignature, match=r"not \S+\.Opaque, but a dataclass") as caught:
        FastMCP("x").tool(unvalidated)

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("uri", "complaint"),
    [
        ("data://fixed", "{first}"),
        ("data://{first}", "second"),
        ("data://{first}{?second}", "give a default"),
        ("data://{first}/{second}/{third}", "third"),
    ],
)
def test_a_resource_whose_uri_and_function_disagree_is_refused(uri: str, complaint: str) -> None:
    """Parameters that only one of the two names are told, with the line and the cure."""
    with pytest.raises(InvalidSignature, match=re.escape(complaint)) as caught:
        FastMCP("x").resource(uri)(two)

    assert str(caught.value).startswith(line_of(two))


@pytest.mark.parametrize("uri", ["data://{}", "data://{a b}"])
def test_a_malformed_template_expression_is_refused(uri: str) -> None:
    """Braces with anything else in them are not taken for literal text."""
    with pytest.raises(InvalidSignature, match="URI template"):
        FastMCP("x").resource(uri)(two)


def test_a_lambda_needs_a_name() -> None:
    """A tool without a name cannot be called; the message says what to write."""
    with pytest.raises(InvalidSignature, match="name="):
        FastMCP("x").tool(lambda: 1)


def test_a_decorator_used_wrongly_says_how_to_write_it() -> None:
    """@mcp.resource without a URI, two names, and a number for a name."""
    mcp = FastMCP("x")

    with pytest.raises(InvalidSignature, match=r"@mcp\.resource\(\"scheme://path\"\)"):
        mcp.resource(two)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="two names"):
        mcp.tool("a", name="b")
    with pytest.raises(TypeError, match="int"):
        mcp.tool(5)  # type: ignore[call-overload]


def test_a_refused_function_is_not_registered() -> None:
    """After the error the server is as it was, and works."""
    mcp = FastMCP("x")

    with pytest.raises(InvalidSignature):
        mcp.tool(positional)

    assert asyncio.run(mcp.get_tool("positional")) is None


@pytest.mark.parametrize("policy", ["error", "ignore", "replace", "warn"])
def test_a_duplicate_is_treated_by_policy(policy: Any, caplog: pytest.LogCaptureFixture) -> None:
    """on_duplicate decides whether the first or the second stays, or neither comes in."""
    mcp = FastMCP("x", on_duplicate=policy)
    mcp.tool(two, description="first")

    if policy == "error":
        with pytest.raises(ValueError, match="registered already"):
            mcp.tool(two, description="second")
    else:
        mcp.tool(two, description="second")

    kept = asyncio.run(mcp.get_tool("two"))
    assert kept is not None
    assert kept.description == ("first" if policy in ("error", "ignore") else "second")
    assert bool(caplog.records) is (policy == "warn")


def test_an_unknown_policy_is_refused() -> None:
    """The message lists the policies."""
    with pytest.raises(ValueError, match="'replace'"):
        FastMCP("x", on_duplicate="sometimes")  # type: ignore[arg-type]
