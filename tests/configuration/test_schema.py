"""The JSON Schema of fastmcp.json, as editors use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from processes import run_python

from fastmcp.configuration.schema import FILE, generate_schema

from .test_server_config import WHOLE

SCHEMA = json.loads(FILE.read_text("utf-8"))


def problems(document: Any) -> list[str]:
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(document)]


def test_the_file_is_what_the_structs_say(tmp_path: Path) -> None:
    """And a schema; `generate_schema(FILE)` writes it anew."""
    Draft202012Validator.check_schema(SCHEMA)
    written = tmp_path / "new" / "schema.json"

    assert generate_schema(written) is None
    assert generate_schema() == SCHEMA
    assert written.read_text("utf-8") == FILE.read_text("utf-8")


@pytest.mark.parametrize(
    "document",
    [
        WHOLE,
        {"source": {"path": "server.py"}},
        {"source": {"path": "server.py"}, "deployment": {"port": "${PORT}"}},
        {"source": {"path": "server.py"}, "deployment": {"port": "9000"}},
        {"source": {"path": "server.py"}, "unknown": 1},
    ],
)
def test_what_is_read_is_valid(document: Any) -> None:
    """Keys that nothing reads are no fault of the file."""
    assert problems(document) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "$"),
        ({"source": {}}, "$.source"),
        ({"source": {"path": "x"}, "deployment": {"transport": "x"}}, "$.deployment.transport"),
        ({"source": {"path": "x"}, "deployment": {"port": 70000}}, "$.deployment.port"),
        ({"source": {"path": "x"}, "deployment": {"env": {"A": 1}}}, "$.deployment.env"),
        ({"source": {"path": "x"}, "environment": {"type": "conda"}}, "$.environment.type"),
    ],
)
def test_what_is_refused_is_invalid(document: Any, place: str) -> None:
    """At the same place."""
    assert problems(document) == [place]


def test_the_command_prints_it() -> None:
    """For an editor that wants a file of its own."""
    done = run_python("-m", "fastmcp", "project", "schema")

    assert (done.returncode, json.loads(done.stdout)) == (0, SCHEMA)
