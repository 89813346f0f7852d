"""`fastmcp inspect`, as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from fastmcp._version import VERSION

Run = Callable[..., subprocess.CompletedProcess[str]]

SUMMARY = f"""\
Server
  Name:         shop
  Version:      1
  Instructions: Ask for tea.

Components
  Tools:        8
  Prompts:      1
  Resources:    2
  Templates:    1

Environment
  Peregrine:    {VERSION}
  MCP:          2026-07-28

Use --format [fastmcp|mcp] for all of it as JSON, --check for what it is missing
"""

WHOLE = '''
from typing import Annotated
from fastmcp import FastMCP

mcp = FastMCP("whole")

@mcp.tool(annotations={"readOnlyHint": True}, tags={"b", "a"}, version="2", meta={"own": 1})
def greet(name: Annotated[str, "whom"]) -> str:
    """Greet somebody."""
    return name

@mcp.resource("config://app")
def config() -> str:
    """The configuration."""
    return ""

@mcp.resource("user://{id}")
def user(id: str) -> str:
    """One user."""
    return id

@mcp.prompt
def ask(topic: Annotated[str, "of what"]) -> str:
    """Ask something."""
    return topic
'''


def test_a_summary_is_printed(run: Run) -> None:
    """What the server is, and how much of each kind it has."""
    made = run("inspect", "server.py")

    assert (made.returncode, made.stdout, made.stderr) == (0, SUMMARY, "")


def test_the_form_of_fastmcp(run: Run, example: Path) -> None:
    """With the members that FastMCP 3 prints: keys, versions and tags, and meta without them."""
    example.joinpath("server.py").write_text(WHOLE)

    found = json.loads(run("inspect", "-f", "fastmcp").stdout)

    assert set(found) == {
        *("server", "environment", "tools", "prompts", "resources", "templates"),
    }
    assert set(found["server"]) == {
        *("name", "instructions", "version", "website_url", "icons", "generation"),
        "capabilities",
    }
    tool = found["tools"][0]
    assert set(tool) >= {
        *("key", "name", "description", "input_schema", "output_schema", "annotations"),
        *("tags", "title", "icons", "meta"),
    }
    assert (tool["key"], tool["version"], sorted(tool["tags"])) == ("tool:greet@2", "2", ["a", "b"])
    assert tool["meta"] == {"own": 1}
    assert tool["annotations"]["readOnlyHint"] is True
    assert found["resources"][0]["key"] == "resource:config://app@"
    assert found["templates"][0]["uri_template"] == "user://{id}"
    assert found["prompts"][0]["arguments"][0]["required"] is True
    assert run("inspect", "--json").stdout == run("inspect", "-f", "fastmcp").stdout


def test_the_form_of_the_protocol(run: Run) -> None:
    """What the server answers to requests for lists."""
    found = json.loads(run("inspect", "server.py", "--format", "mcp").stdout)
    listed = json.loads(run("list", "server.py", "--json").stdout)

    assert found["serverInfo"] == {"name": "shop", "version": "1"}
    for kind in ("tools", "prompts", "resources", "resourceTemplates"):
        assert found[kind] == listed[kind]


def test_the_json_is_written_to_a_file(run: Run, example: Path) -> None:
    """FastMCP's form, unless the other is asked for; nothing is on stdout."""
    made = run("inspect", "-o", "server.json")
    other = run("inspect", "-f", "mcp", "-o", "other.json")

    assert (made.returncode, made.stdout, made.stderr) == (0, "", "wrote server.json\n")
    assert json.loads(example.joinpath("server.json").read_text())["server"]["name"] == "shop"
    assert other.returncode == 0
    assert json.loads(example.joinpath("other.json").read_text())["serverInfo"]["name"] == "shop"


def test_what_models_will_miss_is_reported(run: Run, example: Path) -> None:
    """Descriptions, types and annotations that are missing, each with how to give it."""
    example.joinpath("server.py").write_text(
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('bare')\n"
        "@mcp.tool\n"
        "def add(a, b: int): return a\n"
        "@mcp.resource('config://app')\n"
        "def config(): return ''\n"
        "@mcp.resource('user://{id}')\n"
        "def user(id): return id\n"
        "@mcp.prompt\n"
        "def ask(topic): return topic\n"
    )

    made = run("inspect", "--check")
    found = json.loads(run("inspect", "--check", "--json").stdout)

    assert made.returncode == 1
    assert made.stdout.splitlines()[-1] == "9 missing"
    assert "tool add, parameter a: has no type; annotate it, as in a: str\n" in made.stdout
    assert [(each["kind"], each.get("parameter"), each["problem"]) for each in found] == [
        ("tool", None, "has no description"),
        ("tool", None, "no annotation says whether it changes anything"),
        ("tool", "a", "has no type"),
        ("tool", "a", "has no description"),
        ("tool", "b", "has no description"),
        ("resource", None, "has no description"),
        ("resource template", None, "has no description"),
        ("prompt", None, "has no description"),
        ("prompt", "topic", "has no description"),
    ]


def test_a_server_that_says_it_all_lacks_nothing(run: Run, example: Path) -> None:
    """Exit code 0."""
    example.joinpath("server.py").write_text(WHOLE)

    made = run("inspect", "--check")

    assert (made.returncode, made.stdout) == (0, "nothing is missing\n")


def test_any_schema_is_checked(run: Run) -> None:
    """Also one of somebody else's server, which says nothing that makes sense."""
    made = run("inspect", "--check", "--json", "--command", f"{sys.executable} odd.py")
    lacks = [each for each in json.loads(made.stdout) if each["name"] == "of_no_type"]

    assert (made.returncode, made.stderr) == (1, "")
    assert [each.get("parameter") for each in lacks] == [None, None, "value"]


def test_a_file_and_a_check_do_not_go_together(run: Run) -> None:
    """That makes no sense."""
    made = run("inspect", "--check", "-o", "x.json")

    assert made.returncode == 2
    assert "--check writes no file" in made.stderr


def test_a_type_that_has_no_schema_is_traced_to_its_line_alone(run: Run, example: Path) -> None:
    """Neither what read it nor what pydantic said on the way is in the traceback."""
    program = example / "opaque.py"
    program.write_text(
        "from fastmcp import FastMCP\n\nmcp = FastMCP()\n\nclass Opaque: ...\n\n"
        "@mcp.tool\ndef look(at: Opaque) -> None: ...\n"
    )

    made = run("inspect", "opaque.py")

    files = [line for line in made.stderr.splitlines() if line.startswith("  File ")]
    assert files == [f'  File "{program}", line 7, in <module>']
    assert "look() cannot validate at: annotate it with a type that JSON can be" in made.stderr
    assert made.stderr.count("Traceback") == 1
