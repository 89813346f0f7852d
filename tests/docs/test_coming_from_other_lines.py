"""What the page for users of FastMCP says of its lines 2 and 4."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from peers.environments import python_packages

from fastmcp import FastMCP

PAGE = (Path(__file__).parents[2] / "docs" / "coming-from-fastmcp.md").read_text("utf-8")
PROGRAM = Path(__file__).with_name("differences_of_4.py")

# What comes of each case with FastMCP 4.1, and here.
OUTCOMES: dict[str, tuple[Any, Any]] = {
    "elicit": ("ToolError", ["Ada"]),
    "sample": ("ToolError", ["Ada"]),
    "roots": ("ToolError", ["1"]),
    "state": (["1", "1"], ["1", "2"]),
    "camelCase": (True, False),
    "older paths": ([False, False], [True, True]),
    "names of its own": ([True, True], [False, False]),
}


@pytest.fixture(scope="module")
def of_four() -> dict[str, Any]:
    """The outcomes with FastMCP 4.1."""
    python = python_packages("fastmcp4", "fastmcp==4.1.2")
    done = subprocess.run([python, "-I", PROGRAM], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    """The outcomes with this package."""
    spec = importlib.util.spec_from_file_location("differences_of_4", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return asyncio.run(module.outcomes())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", OUTCOMES)
def test_a_difference_to_4_is_as_the_page_says(
    case: str, ours: dict[str, Any], of_four: dict[str, Any]
) -> None:
    """On both sides."""
    assert (of_four[case], ours[case]) == OUTCOMES[case]


@pytest.mark.timeout(600)
def test_the_program_for_2_prints_the_same_after_its_change() -> None:
    """With 2.14, and here."""
    [block] = re.findall(r"<!-- program of FastMCP 2 -->\n```diff\n(.*?)```", PAGE, flags=re.S)
    printed: list[str] = []
    for side in "-+":
        lines = [line[1:] for line in block.splitlines() if line[:1] in (side, " ", "")]
        python = python_packages("fastmcp2", "fastmcp==2.14.7") if side == "-" else sys.executable
        command = [python, "-c", "\n".join(lines)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)

    assert printed[0] == printed[1]
    assert printed[1].splitlines()[-1] == "4.5"


def disabled() -> None:
    """Disables a tool as 2.x did."""
    mcp = FastMCP("Shop")
    mcp.tool(lambda: 1, name="price")
    asyncio.run(mcp.get_tool("price")).disable()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("gone", "cure"),
    [
        (lambda: FastMCP("Shop", host="0.0.0.0"), r"mcp\.run\(transport='http', host="),
        (lambda: FastMCP("Shop", on_duplicate_tools="error"), "on_duplicate="),
        (lambda: FastMCP("Shop", include_tags={"a"}), r"mcp\.enable\(tags=.*only=True"),
        (lambda: FastMCP("Shop", exclude_tags={"a"}), r"mcp\.disable\(tags="),
        (lambda: FastMCP("Shop", tool_serializer=str), "ToolResult"),
        (lambda: FastMCP("Shop").get_tools(), "list_tools"),
        (disabled, r"server\.disable\("),
    ],
    ids=["host", "on_duplicate_tools", "include_tags", "exclude_tags", "serializer", "get", "off"],
)
def test_what_is_gone_since_2_says_what_is_there(gone: Callable[[], Any], cure: str) -> None:
    """In its error."""
    with pytest.raises((TypeError, AttributeError, NotImplementedError), match=cure):
        gone()


def test_what_is_left_of_2_works() -> None:
    """Mounting in all its forms, and proxies."""
    main, shop = FastMCP("Main"), FastMCP("Shop")
    shop.tool(lambda: 4.5, name="price")

    main.mount("old", shop)  # type: ignore[arg-type]
    main.mount(shop, prefix="second")
    asyncio.run(main.import_server(shop, prefix="copied"))

    names = [tool.name for tool in asyncio.run(main.list_tools())]
    assert sorted(names) == ["copied_price", "old_price", "second_price"]
    assert [tool.name for tool in asyncio.run(FastMCP.as_proxy(shop).list_tools())] == ["price"]
    shop.disable(names={"price"})
    assert asyncio.run(shop.list_tools()) == []
