"""The list of attacks is complete: each has its tests, and each of these tests is there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from .advisories import ADVISORIES
from .attack import Attack
from .checklist import CHECKLIST

TESTS = Path(__file__).parents[1]
ATTACKS = [*ADVISORIES, *(each for part in CHECKLIST.values() for each in part)]


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests in a file, none if there is no such file."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    body = ast.parse(path.read_bytes()).body
    return frozenset(each.name for each in body if isinstance(each, functions))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_an_attack_has_tests_that_hold_it_off(attack: Attack) -> None:
    """They are named as they are called."""
    assert attack.what
    assert attack.tests()
    missing = [f"{file}::{name}" for file, name in attack.tests() if name not in names_in(file)]
    assert missing == []


def test_no_attack_is_listed_twice() -> None:
    """Each part of the list knows an attack by one name."""
    for part in (ADVISORIES, ATTACKS):
        ids = [each.id for each in part]
        assert len(set(ids)) == len(ids)


def test_every_test_of_an_attack_is_in_the_list() -> None:
    """What was written for one is not forgotten there."""
    listed = {(file, name) for attack in ATTACKS for file, name in attack.tests()}
    assert sorted(set(_written()) - listed) == []


def _written() -> Iterator[tuple[str, str]]:
    for path in sorted((TESTS / "security").glob("test_*.py")):
        if path.name != Path(__file__).name:
            file = f"security/{path.name}"
            yield from ((file, name) for name in names_in(file) if name.startswith("test_"))
