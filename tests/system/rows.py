"""What the system has to do, row by row, and the tests that show it: `python3 dev.py rows [PAGE]`.

A row is a number in the names of its tests, as in `test_s042_…`. They are run, and the page says of
each row which tests it has, what each shows, and what came of it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

FOLDER = Path(__file__).parent
LAST = 351
ADVICE = {347: "advice to people: there is nothing to be run"}
WORST_FIRST = ("failed", "error", "skipped", "passed", "not run")


@dataclass(frozen=True)
class Shown:
    """A test, the rows that it is for, and what it says of itself."""

    file: str
    name: str
    rows: tuple[int, ...]
    words: str


def shown() -> Iterator[Shown]:
    """The tests with rows, in the order of the files."""
    for path in sorted(FOLDER.glob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            rows = tuple(int(each) for each in re.findall(r"(?<=_s)\d{3}(?=_)", node.name))
            if rows and node.name.startswith("test_"):
                words = (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ")
                yield Shown(path.stem, node.name, rows, words)


def missing() -> list[int]:
    """The rows without a test."""
    found = {row for test in shown() for row in test.rows}
    return [row for row in range(1, LAST + 1) if row not in found and row not in ADVICE]


def results(report: Path) -> dict[tuple[str, str], str]:
    """What came of each test by its file and name, the worst of its cases, from a JUnit report."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for case in ElementTree.parse(report).iter("testcase"):
        said = {each.tag for each in case}
        outcome = next((tag for tag in ("error", "failure", "skipped") if tag in said), "passed")
        name = case.get("name", "").partition("[")[0]
        file = case.get("classname", "").rpartition(".")[2]
        found[file, name].add("failed" if outcome == "failure" else outcome)
    return {key: min(each, key=WORST_FIRST.index) for key, each in found.items()}


def page(came_of: dict[tuple[str, str], str]) -> str:
    """The page, in Markdown."""
    of_row: dict[int, list[Shown]] = defaultdict(list)
    for test in shown():
        for row in test.rows:
            of_row[row].append(test)
    lines = ["| Row | Test | Shows | Result |", "|---|---|---|---|"]
    for row in range(1, LAST + 1):
        if row in ADVICE:
            lines.append(f"| S{row:03} | | {ADVICE[row]} | |")
        for test in of_row[row]:
            came = came_of.get((test.file, test.name), "not run")
            words = test.words.replace("|", "\\|")
            lines.append(f"| S{row:03} | `{test.file}.py::{test.name}` | {words} | {came} |")
        if not of_row[row] and row not in ADVICE:
            lines.append(f"| S{row:03} | none | | missing |")
    return "\n".join(("# Rows", "", *lines, ""))


def main(arguments: list[str]) -> int:
    target = Path(arguments[0] if arguments else "rows.md")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", str(FOLDER)]
        code = subprocess.run([*command, f"--junitxml={report}"], check=False).returncode
        came_of = results(report)
    target.write_text(page(came_of), "utf-8")
    rows = {row for test in shown() for row in test.rows}
    print(f"{target}: {len(rows)} of {LAST} rows have tests; without any: {missing() or 'none'}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
