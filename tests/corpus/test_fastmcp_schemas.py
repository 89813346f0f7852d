"""The schemas of the corpus beside those of FastMCP 3.4: every difference is meant."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from peers.environments import python_packages

from corpus.listing import listed
from corpus.signatures import CORPUS

HERE = Path(__file__).parent
PEER = "fastmcp==3.4.10"

ONCE = "text goes out once, as content, so it has no output schema"
NOTHING_SAID = "a list of anything says nothing, so it has no output schema"
NULL = "a default of None means that null is welcome"
AUTHORS_TITLE = "a title that the author gave stays"
MADE_TITLE = "a title that only repeats a name goes, here, too"
ITEMS = "every array says what it holds, tuples, too"
INLINED = "recursion is shown a few levels deep instead of by reference"

# What differs, and why it should.
DIFFERENCES = {
    ("annotated_text_result", "output"): ONCE,
    ("bare_list", "output"): NOTHING_SAID,
    ("configured_models", "input"): AUTHORS_TITLE,
    ("configured_models", "output"): AUTHORS_TITLE,
    ("default_containers", "input"): ITEMS,
    ("documented", "output"): ONCE,
    ("documented_twice", "output"): ONCE,
    ("enums", "input"): MADE_TITLE,
    ("implicitly_optional", "input"): NULL,
    ("implicitly_optional", "output"): ONCE,
    ("list_of_any", "output"): NOTHING_SAID,
    ("literals", "input"): MADE_TITLE,
    ("mutually_recursive", "input"): INLINED,
    ("mutually_recursive", "output"): INLINED,
    ("named_tuple", "input"): ITEMS,
    ("named_tuple", "output"): ITEMS,
    ("optional", "output"): ONCE,
    ("optional_text_result", "output"): ONCE,
    ("recursive_alias", "input"): INLINED,
    ("recursive_alias", "output"): INLINED,
    ("recursive_inside", "input"): INLINED,
    ("recursive_inside", "output"): INLINED,
    ("recursive_model", "input"): INLINED,
    ("recursive_model", "output"): INLINED,
    ("statement_alias", "input"): INLINED,
    ("text_result", "output"): ONCE,
    ("titled", "input"): AUTHORS_TITLE,
    ("tuples", "input"): ITEMS,
    ("tuples", "output"): ITEMS,
    ("unannotated", "input"): MADE_TITLE,
}
SIDES = [(name, side) for name in CORPUS for side in ("input", "output")]


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """What a client of FastMCP 3.4 gets from a server with the corpus for tools."""
    program = [python_packages("fastmcp3", PEER), str(HERE / "listing.py")]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    """The same of ours."""
    return listed(CORPUS)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "side"), SIDES, ids="-".join)
def test_a_schema_differs_only_where_it_is_meant_to(
    name: str, side: str, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """What is in the table differs; what is not is equal."""
    same = ours[name][side] == theirs[name][side]

    assert same is ((name, side) not in DIFFERENCES), (ours[name][side], theirs[name][side])


def test_the_corpus_is_what_the_table_is_about() -> None:
    """It has every kind of signature, and the table no other functions."""
    assert len(CORPUS) >= 60
    assert {name for name, _ in DIFFERENCES} <= CORPUS.keys() | {"statement_alias"}


@pytest.mark.parametrize("name", CORPUS)
def test_what_clients_see_needs_no_looking_up(name: str, ours: dict[str, Any]) -> None:
    """No reference, no definition, and an object at the root of both schemas."""
    for schema in ours[name].values():
        assert "$ref" not in str(schema) and "$defs" not in str(schema)
        assert schema is None or schema["type"] == "object"
