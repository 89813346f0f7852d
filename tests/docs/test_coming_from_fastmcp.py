"""What the page for users of FastMCP says of FastMCP 3.4 and of this package is so."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from peers.environments import python_packages

PROGRAM = Path(__file__).with_name("differences.py")
PEER = "fastmcp==3.4.10"

# What comes of each case with FastMCP 3.4, and here.
OUTCOMES: dict[str, tuple[Any, Any]] = {
    "JSON in a string": ("ToolError", {"result": [1]}),
    "wrapped arguments": ("ToolError", ["Bern 3"]),
    "unknown argument": ("ToolError", "ToolError"),
    "values in a refusal": (True, False),
    "implicit null": ("ToolError", {"result": True}),
    "positional-only": ("registered", "InvalidSignature"),
    "wrapper": ("ValueError", ["Bern 3"]),
    "references": (True, False),
    "name with spaces": ("registered", "InvalidSignature"),
    "misspelt": ("TypeError", "TypeError"),
    "text": ({"result": "text"}, ["text"]),
    "list of anything": (True, False),
    "pictures": ("ToolError", ["a", "image"]),
    "generator": (["[1]"], {"result": [1]}),
    "misfit": ("RuntimeError", {"result": 3}),
    "serializer": ("TypeError", {"a": 1}),
    "text as data": (None, "text"),
    "date": ("2026-07-28", "date"),
    "one of several": ("dict", "object"),
    "unknown tool": (True, "McpError"),
    "plain name": ("ValidationError", ["text/plain", "text"]),
    "dict": (["text/plain", '{"a": 1}'], ["application/json", '{"a":1}']),
    "nothing": (["text/plain", "null"], "McpError"),
    "query of a fixed URI": ("ValueError", ["text/plain", "5"]),
    "rfc 6570": ("ValueError", ["text/plain", "b"]),
    "exploded query": ("ValueError", ["text/plain", "['1', '2']"]),
    "traversal": (["text/plain", "../b"], "McpError"),
    "unknown prompt argument": ("text", "McpError"),
    "told of changes": (False, True),
    "subscriptions": (False, True),
    "completion": (False, True),
    "CallArgument": (False, True),
    "in process": ({"result": False}, False),
    "plain context": (False, True),
    "any object as state": ("ToolError", ["Lock"]),
    "state without await": ({"result": "None"}, ["1"]),
    "optional member": ("ToolError", ["Visit(city='Bern', nights=None)"]),
    "process": (True, False),
    "lost connection": ("ClosedResourceError", True),
    "timeout and progress": ("McpError", ["done"]),
    "misspelt entry": ("accepted", "ConfigurationError"),
    "variable": ("${PEREGRINE_TEST}", "value"),
    "disabled entry": ("accepted", "ConfigurationError"),
    "transport of one's own": ("accepted", "TypeError"),
    "arguments of a file": (False, True),
}


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """The outcomes with FastMCP 3.4."""
    program = [python_packages("fastmcp3", PEER), "-I", str(PROGRAM)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    """The outcomes with this package."""
    spec = importlib.util.spec_from_file_location("differences", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return asyncio.run(module.outcomes())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", OUTCOMES)
def test_a_difference_is_as_the_page_says(
    case: str, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """On both sides; when one of them changes, so does the page."""
    assert (theirs[case], ours[case]) == OUTCOMES[case]


def test_every_case_is_in_the_table(ours: dict[str, Any]) -> None:
    """None is run without being looked at."""
    assert ours.keys() == OUTCOMES.keys()
