"""Every row has a test."""

from __future__ import annotations

from .rows import LAST, missing, page, shown


def test_every_row_has_a_test_that_says_what_it_shows() -> None:
    """But for the one that is advice; and no test is for a row that there is not."""
    assert missing() == []
    assert all(test.words for test in shown())
    assert {row for test in shown() for row in test.rows} <= set(range(1, LAST + 1))


def test_the_page_has_a_line_for_each_test_of_a_row() -> None:
    """With what came of it."""
    first = next(iter(shown()))
    text = page({(first.file, first.name): "passed"})

    assert f"`{first.file}.py::{first.name}` | {first.words} | passed |" in text
    assert text.count("\n| S") == sum(len(test.rows) for test in shown()) + 1
