"""Docstrings: the sections on parameters become descriptions, and the rest is the function's."""

from __future__ import annotations

import asyncio
import inspect
from typing import Annotated, Any

import pytest
from processes import run_python
from pydantic import Field

from fastmcp import Client, FastMCP
from fastmcp._components.functions.docstrings import read_docstring

Case = tuple[str, str | None, dict[str, str]]

# What FastMCP 3.4 makes of the same texts.
AS_FASTMCP: dict[str, Case] = {
    "google": (
        """Add two numbers.

        More prose
        over two lines.

        Args:
            a: The first number.
            b (int, optional): The second
                number. Defaults to 2.

        Returns:
            The sum.

        Raises:
            ValueError: When it is bad.
        """,
        "Add two numbers.\n\nMore prose\nover two lines.",
        {"a": "The first number.", "b": "The second\nnumber. Defaults to 2."},
    ),
    "google, other titles": (
        """Do it.

        Arguments:
            x: the x

        Yields:
            things
        """,
        "Do it.",
        {"x": "the x"},
    ),
    "google, lower case": ("Do it.\n\nargs:\n    x: the x", "Do it.", {"x": "the x"}),
    "google, two spaces": (
        "Do it.\n\nArgs:\n  x: the x\n  y: the y",
        "Do it.",
        {"x": "the x", "y": "the y"},
    ),
    "google, tabs": ("Do it.\n\nArgs:\n\tx: the x", "Do it.", {"x": "the x"}),
    "google, colons": (
        """Do it.

        Args:
            x: max: 10, see http://x.org/a:b
            y (dict[str, Any] | None): such as {"a": 1}
        """,
        "Do it.",
        {"x": "max: 10, see http://x.org/a:b", "y": 'such as {"a": 1}'},
    ),
    "google, blank lines": (
        """Do it.

        Args:
            x: the x
                deeper

            y: the y
        """,
        "Do it.",
        {"x": "the x\ndeeper", "y": "the y"},
    ),
    "google, a bare name": ("Do it.\n\nArgs:\n    x\n    y: the y", "Do it.", {"y": "the y"}),
    "google, letters of the world": (
        "Übersicht — ça va?\n\nArgs:\n    größe: die Größe",
        "Übersicht — ça va?",
        {"größe": "die Größe"},
    ),
    "google, an example in the prose": (
        "Run it.\n\nExample::\n\n    Args:\n        not: this\n\nArgs:\n    sql: The SQL.",
        "Run it.\n\nExample::\n\n    Args:\n        not: this",
        {"sql": "The SQL."},
    ),
    "google, returns alone": (
        "Do it.\n\nReturns:\n    Something.",
        "Do it.\n\nReturns:\n    Something.",
        {},
    ),
    "google after a heading": (
        "Overview\n--------\nAll about it.\n\nArgs:\n    x: the x",
        "Overview\n--------\nAll about it.",
        {"x": "the x"},
    ),
    "numpy": (
        """Add.

        Extended summary.

        Parameters
        ----------
        a : int
            The first.
        b : str, optional
            The second,
            longer.

        Returns
        -------
        int
            The sum.

        Raises
        ------
        ValueError
            Bad.
        """,
        "Add.\n\nExtended summary.",
        {"a": "The first.", "b": "The second,\nlonger."},
    ),
    "numpy, several names": (
        "Add.\n\nParameters\n----------\nx, y : float\n    Coordinates.\nz\n    No type.",
        "Add.",
        {"x": "Coordinates.", "y": "Coordinates.", "z": "No type."},
    ),
    "numpy, paragraphs": (
        """Add.

        Parameters
        ----------
        a : {'x', 'y'}, default 'x'
            The mode.

            With a second paragraph.
        b : list of str
            One of:

            - x
            - y
        """,
        "Add.",
        {"a": "The mode.\n\nWith a second paragraph.", "b": "One of:\n\n- x\n- y"},
    ),
    "numpy, a long line": (
        "Add.\n\nParameters\n-------------------\na : array_like\n    The data, see [1]_.",
        "Add.",
        {"a": "The data, see [1]_."},
    ),
    "numpy, no blank line": (
        "Add.\n\nParameters\n----------\na : int\n    First.\nReturns\n-------\nint",
        "Add.",
        {"a": "First."},
    ),
    "numpy, nothing in it": (
        "Add.\n\nParameters\n----------",
        "Add.\n\nParameters\n----------",
        {},
    ),
    "sphinx": (
        """Add.

        Prose here.

        :param a: The first
            goes on here.
        :param int b: The second.
        :type a: int
        :returns: The sum.
        :rtype: int
        :raises ValueError: bad
        """,
        "Add.\n\nProse here.",
        {"a": "The first\ngoes on here.", "b": "The second."},
    ),
    "sphinx, other words": (
        "Add.\n\n:arg a: first\n:argument b: second\n:parameter c: third\n:key d: fourth",
        "Add.",
        {"a": "first", "b": "second", "c": "third", "d": "fourth"},
    ),
    "sphinx, no blank line": ("Add.\n:param a: first", "Add.", {"a": "first"}),
    "sphinx, long types": (
        "Add.\n\n:param dict[str, int] a: The a: with colon.\n:param b: http://x.org",
        "Add.",
        {"a": "The a: with colon.", "b": "http://x.org"},
    ),
    "sphinx, blank lines": (
        "Add.\n\n:param a: The a.\n\n:param b: The b.\n\n:returns: it",
        "Add.",
        {"a": "The a.", "b": "The b."},
    ),
    "sphinx, aligned": (
        "Add.\n\n:param a: first line\n          second line\n:return: it",
        "Add.",
        {"a": "first line\nsecond line"},
    ),
    "sphinx, a directive": (
        "Add.\n\n.. note:: Careful.\n\n:param a: The a.",
        "Add.\n\n.. note:: Careful.",
        {"a": "The a."},
    ),
    "sphinx, returns alone": ("Add.\n\n:returns: it", "Add.\n\n:returns: it", {}),
    "prose": (
        "Just prose: with a colon.\n\nSteps:\n    one: first\n\nThe args: none.",
        "Just prose: with a colon.\n\nSteps:\n    one: first\n\nThe args: none.",
        {},
    ),
    "another style": ("Add.\n\n@param a: first", "Add.\n\n@param a: first", {}),
}

# Where FastMCP 3.4 loses what the author wrote for the reader.
BEYOND_FASTMCP: dict[str, Case] = {
    # It ends the description at the first section.
    "prose after the sections": (
        "Do it.\n\nArgs:\n    x: the x\n\nNote that it is slow.",
        "Do it.\n\nNote that it is slow.",
        {"x": "the x"},
    ),
    "sections of another kind": (
        "Do it.\n\nArgs:\n    x: the x\n\nExamples:\n    >>> f(1)\n\nWarning:\n    Hot.",
        "Do it.\n\nExamples:\n    >>> f(1)\n\nWarning:\n    Hot.",
        {"x": "the x"},
    ),
    "sections of another kind in numpy": (
        "Add.\n\nParameters\n----------\na : int\n    First.\n\nNotes\n-----\nSlow.",
        "Add.\n\nNotes\n-----\nSlow.",
        {"a": "First."},
    ),
    # It takes what follows for the last parameter's.
    "prose after the fields": (
        "Add.\n\n:param a: first\n\nMore prose after.",
        "Add.\n\nMore prose after.",
        {"a": "first"},
    ),
    # It sees no section there.
    "no blank line": ("Do it.\nArgs:\n    x: the x\nReturns:\n    y", "Do it.", {"x": "the x"}),
    "nothing else": ("\n    Args:\n        x: the x\n    ", None, {"x": "the x"}),
    "other parameters": (
        "Add.\n\nOther Parameters\n----------------\nq : int\n    The q.",
        "Add.",
        {"q": "The q."},
    ),
    "keyword arguments": (
        "Do it.\n\nArgs:\n    x: the x\n\nKeyword Args:\n    y: the y",
        "Do it.",
        {"x": "the x", "y": "the y"},
    ),
    # It reads one style only.
    "two styles": (
        "Do it.\n\nArgs:\n    x: the x\n\n:param y: the y",
        "Do it.",
        {"x": "the x", "y": "the y"},
    ),
    # It begins the description with the line break, or makes an empty one.
    "on the next line": ("Do it.\n\nArgs:\n    x:\n        the x", "Do it.", {"x": "the x"}),
    "no description": ("Add.\n\n:param a:\n:param b: The b.", "Add.", {"b": "The b."}),
}

CASES = {**AS_FASTMCP, **BEYOND_FASTMCP}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_docstring_is_taken_apart(case: Case) -> None:
    """The description keeps the prose; each parameter gets its own text."""
    text, description, parameters = case

    found = read_docstring(inspect.cleandoc(text))

    assert found.description == description
    assert found.parameters == parameters


def documented(
    city: str,
    days: int = 3,
    unit: Annotated[str, "Said in the annotation."] = "C",
    note: Annotated[str | None, Field(description="Said in the field.")] = None,
    bare: bool = False,
) -> str:
    """Tell the weather.

    Args:
        city: Where.
        days: How many days.
        unit: Said in the docstring.
        note: Said in the docstring.
        other: Not a parameter.

    Returns:
        A sentence.
    """
    return city


def test_descriptions_reach_the_client() -> None:
    """In the schemas of tools and the arguments of prompts; what annotations say comes first."""
    mcp = FastMCP("x")
    mcp.tool(documented)
    mcp.tool(documented, name="again")
    mcp.prompt(documented)
    mcp.resource("weather://{city}{?days,unit,note,bare}")(documented)

    async def main() -> tuple[Any, Any, Any]:
        async with Client(mcp) as client:
            tools, prompts = await client.list_tools(), await client.list_prompts()
            return tools, prompts[0], (await client.list_resource_templates())[0]

    tools, prompt, template = asyncio.run(main())

    for tool in tools:
        properties = tool.input_schema["properties"]
        assert tool.description == "Tell the weather."
        assert {name: p.get("description") for name, p in properties.items()} == {
            "city": "Where.",
            "days": "How many days.",
            "unit": "Said in the annotation.",
            "note": "Said in the field.",
            "bare": None,
        }
    assert prompt.description == template.description == "Tell the weather."
    assert prompt.arguments[0].description == "Where."
    assert prompt.arguments[1].description.startswith("How many days.")


def test_functions_with_one_docstring_do_not_share_schemas() -> None:
    """What one tool's author changes, the other's does not show."""

    async def main() -> Any:
        mcp = FastMCP("x")
        first, second = mcp.add_tool(documented), FastMCP("y").add_tool(documented)
        first.parameters["properties"]["city"]["description"] = "Changed."
        return second.parameters["properties"]["city"]["description"]

    assert asyncio.run(main()) == "Where."


def test_plain_docstrings_load_no_parser() -> None:
    """The parser is imported for the first docstring that has a section."""
    program = """
import sys
from fastmcp import FastMCP
mcp = FastMCP("x")

@mcp.tool
def plain(a: int) -> str:
    '''Do it: well.

    Note:
        Returns something.
    '''
    return ""

assert "docstring_parser" not in sys.modules

@mcp.tool
def sections(a: int) -> str:
    '''Do it.

    Args:
        a: The a.
    '''
    return ""

assert "docstring_parser" in sys.modules
"""
    run = run_python("-c", program)

    assert run.returncode == 0, run.stderr
