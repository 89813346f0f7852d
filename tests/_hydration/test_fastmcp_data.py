"""What `.data` is, beside FastMCP 3.4 and 4.1: every difference is meant."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from peers.environments import python_packages

from _hydration.returned import RETURNED, data_of

PROGRAM = Path(__file__).parent / "returned.py"
PEERS = {"3.4": ("fastmcp3", "fastmcp==3.4.10"), "4.1": ("fastmcp4", "fastmcp==4.1.2")}

LATER = "4.1 makes Python's own types of these formats, and 3.4 leaves text"
TUPLE = "4.1 makes a tuple of what was one, and 3.4 a list"
SET = "3.4 makes a set of what was one, and 4.1 a list"
TEXT = "without structured content the text is the value"
KINDS = "alternatives that a discriminator tells apart are read, too; items work as in the dict"
ALIASES = "4.1 sends a model's own names, which are other attributes"

# What differs, from whom, and why it should.
DIFFERENCES = {
    ("3.4", "bytes"): TEXT,
    ("4.1", "bytes"): TEXT,
    ("3.4", "date"): LATER,
    ("3.4", "time"): LATER,
    ("3.4", "duration"): LATER,
    ("3.4", "uuid"): LATER,
    ("3.4", "map of dates"): LATER,
    ("3.4", "nested model"): LATER,
    ("3.4", "list of models"): LATER,
    ("3.4", "union of dates"): LATER,
    ("3.4", "tuple"): TUPLE,
    ("3.4", "named tuple"): TUPLE,
    ("4.1", "set"): SET,
    ("4.1", "event"): SET,
    ("4.1", "aliased model"): ALIASES,
    ("3.4", "discriminated union"): KINDS,
    ("4.1", "discriminated union"): KINDS,
    ("3.4", "list of a discriminated union"): KINDS,
    ("4.1", "list of a discriminated union"): KINDS,
}


@pytest.fixture(scope="module", params=PEERS)
def peer(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """A version of FastMCP, and what its client makes of what its server returns."""
    environment, requirement = PEERS[request.param]
    program = [python_packages(environment, requirement), str(PROGRAM)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    """The same of ours."""
    return json.loads(json.dumps(data_of()))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", RETURNED)
def test_data_differs_only_where_it_is_meant_to(
    name: str, ours: dict[str, Any], peer: tuple[str, dict[str, Any]]
) -> None:
    """What is in the table differs; what is not is equal."""
    version, theirs = peer
    same = ours[name] == theirs[name]

    assert same is ((version, name) not in DIFFERENCES), (ours[name], theirs[name])


def test_the_table_is_about_what_is_returned() -> None:
    """It names nothing else."""
    assert {name for _, name in DIFFERENCES} <= RETURNED.keys()
