"""What importing costs and does, seen from fresh interpreters."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module
from typing import Any

import pytest
from processes import run_python

import fastmcp

AUDIT = """
import sys
before = set(sys.modules)
opened = []
watched = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "urllib")

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event.startswith(watched) or (writes and not str(arguments[0]).endswith(".pyc")):
        opened.append(event)

sys.addaudithook(watch)
LINE
import json, threading
print(json.dumps({
    "modules": sorted(set(sys.modules) - before),
    "opened": opened,
    "threads": threading.active_count(),
}))
"""


def after(line: str) -> dict[str, Any]:
    """What an interpreter that ran `line` has loaded, opened and started."""
    run = run_python("-B", "-W", "error", "-c", AUDIT.replace("LINE", line))
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert run.stdout.count("\n") == 1
    return json.loads(run.stdout)


def ours(modules: list[str]) -> list[str]:
    return [name for name in modules if name.partition(".")[0] == "fastmcp"]


def test_the_package_alone_loads_no_other_module_of_ours() -> None:
    """`import fastmcp` costs one file."""
    assert ours(after("import fastmcp")["modules"]) == ["fastmcp"]


HEAVY = ("pydantic", "starlette", "uvicorn", "httpx2", "httpx", "mcp", "anyio", "jsonschema")


@pytest.mark.parametrize(
    "line",
    [
        "from fastmcp import FastMCP",
        "from fastmcp import FastMCP, Context, Client",
        "from fastmcp import FastMCP; FastMCP('x')",
        "import fastmcp.exceptions",
        "import fastmcp.wire; fastmcp.wire.Tool",
        "from fastmcp.client.transports import StdioTransport, StreamableHttpTransport",
        "from fastmcp.client import AsyncMCPClient, MCPClient, MultiServerClient",
        "from fastmcp.server.middleware import Middleware",
        "from fastmcp.tools import ToolResult",
    ],
)
def test_heavy_packages_are_loaded_when_they_are_used(line: str) -> None:
    """Neither the names nor an empty server need pydantic or anything of HTTP."""
    modules = after(line)["modules"]

    assert [name for name in modules if name.partition(".")[0] in HEAVY] == []


def every_module() -> list[str]:
    found = pkgutil.walk_packages(fastmcp.__path__, "fastmcp.")
    return ["fastmcp", *(module.name for module in found if module.name != "fastmcp.__main__")]


def test_importing_prints_nothing_and_opens_nothing() -> None:
    """Every module at once: no output, no socket, no process, no file written, no thread."""
    seen = after("; ".join(f"import {name}" for name in every_module()))

    assert set(every_module()) <= set(seen["modules"])
    assert (seen["opened"], seen["threads"]) == ([], 1)


EACH_FIRST = """
import importlib, os, sys, traceback
import asyncio, cryptography, httpx2, msgspec, pydantic, starlette.applications, uvicorn

for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        try:
            importlib.import_module(name)
        except BaseException:
            print(name, traceback.format_exc(), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def portions(names: list[str], size: int = 25) -> list[list[str]]:
    return [names[start : start + size] for start in range(0, len(names), size)]


@pytest.mark.parametrize("names", portions(every_module()), ids=lambda names: names[0])
def test_each_module_can_be_imported_first(names: list[str]) -> None:
    """No module relies on another of ours having been imported before it: each is imported in a
    process that has only the libraries.
    """
    run = run_python("-B", "-W", "error", "-c", EACH_FIRST, *names)

    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    "name", [name for name in every_module() if "wire." not in name and "._" not in name]
)
def test_what_a_package_promises_is_there(name: str) -> None:
    """Each name of __all__ can be had, and one that is not there cannot."""
    module = import_module(name)

    for promised in getattr(module, "__all__", ()):
        assert getattr(module, promised) is not None
    assert not hasattr(module, "no_such_name")
