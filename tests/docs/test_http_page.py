"""The tables of the guide's page on HTTP are those of the code."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import uvicorn

from fastmcp.server.http.application.assembly import create_app
from fastmcp.server.http.serving import run_options
from fastmcp.settings import NAMES, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "http.md").read_text("utf-8")

# What keywords are called as settings, where they are called something else there.
SETTINGS = {
    "path": "streamable_http_path",
    "host_origin_protection": "http_host_origin_protection",
    "allowed_hosts": "http_allowed_hosts",
    "allowed_origins": "http_allowed_origins",
    "show_banner": "show_server_banner",
}


def rows(table: str) -> dict[str, Any]:
    """The first two columns of the table that begins so: names and their defaults."""
    lines = PAGE.split(table, 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [re.fullmatch(r"\| `(\w+)` \| `(.+?)` \| .* \|", line) for line in lines]
    assert None not in cells, lines[cells.index(None)]
    return {cell[1]: ast.literal_eval(cell[2]) for cell in cells if cell}


APPLICATION, RUNNING = (
    rows(f"{of}:\n\n| keyword | default | meaning |")
    for of in ("Of `http_app`, and of all that runs", "Of all that runs")
)
VARIABLES = rows("| variable | default | meaning |")


def default(name: str, given: Any) -> Any:
    """What a keyword is that nobody says: that of its setting, if it has one."""
    setting = getattr(Settings, SETTINGS.get(name, name), None)
    return setting.default if given is None and setting is not None else given


def test_every_keyword_of_an_application_is_there_with_its_default() -> None:
    """Those of `http_app`, and the others that are the framework's own business are not."""
    parameters = inspect.signature(create_app).parameters
    known = {
        name: default(name, parameter.default)
        for name, parameter in parameters.items()
        if name not in ("server", "transport", "bound_to", "auth")
    }

    assert known == APPLICATION


def test_every_keyword_of_running_is_there_with_its_default() -> None:
    """All of ours, and of uvicorn's those that are wanted most."""
    how = run_options.read_run("run_http()", "http", {})
    own = {name: default(name, getattr(how, name, None)) for name in run_options.OWN - {"path"}}
    own["timeout_graceful_shutdown"] = run_options.GRACE
    uvicorns = inspect.signature(uvicorn.Config).parameters

    assert own == {name: RUNNING[name] for name in own}
    for name in RUNNING.keys() - own.keys():
        assert uvicorns[name].default == RUNNING[name], name


def test_every_variable_is_there_with_its_default() -> None:
    """Those that something reads, and no others."""
    defaults = {name: getattr(Settings, name).default for name in NAMES}
    # One that is found out is said in words.
    known = {
        f"FASTMCP_{name.upper()}": None if callable(value) else value
        for name, value in defaults.items()
    }

    assert known == VARIABLES


def test_a_variable_that_is_a_keyword_names_it() -> None:
    """One of the two tables above."""
    keywords = re.findall(r"^\| `FASTMCP_\w+` \| .* \| `(\w+)=`", PAGE, re.M)

    assert keywords
    assert set(keywords) <= APPLICATION.keys() | RUNNING.keys()
