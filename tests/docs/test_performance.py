"""The figures of the page on performance, and of the README, are those of bench/README.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCH = (ROOT / "bench" / "README.md").read_text("utf-8")
PAGE = (ROOT / "docs" / "performance.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
ROWS = re.findall(r"^\| [^|]+ \| `([\w-]+)` \| (.*) \|$", PAGE, re.M)
MEASURED = {
    cells[0]: cells[3:8]
    for line in re.findall(r"^\| (\S.*) \|$", BENCH.split("## Figures of the day")[1], re.M)
    if len(cells := [cell.strip() for cell in line.split(" | ")]) == 9
}
"""Row -> ours, the peer's, the floor's, ours/floor, ours/peer."""
BESIDE_SDKS = BENCH.split("### Beside the official SDKs")[1].split("###")[0]
OF_README = re.findall(r"^\| [^|]+ \| `([\w-]+)` \| (.*) \|$", README, re.M)


@pytest.mark.parametrize(("row", "figures"), ROWS, ids=[row for row, _ in ROWS])
def test_a_row_has_the_figures_of_the_bench(row: str, figures: str) -> None:
    """Ours, the peer's, and the ratios that it shows."""
    ours, peer, _, to_floor, to_peer = MEASURED[row]
    shown = figures.split(" | ")

    assert shown[:2] == [ours, peer]
    assert shown[2:3] in ([], [to_peer])
    assert shown[3:] in ([], [to_floor], ["-"])


@pytest.mark.parametrize(("row", "figures"), OF_README, ids=[row for row, _ in OF_README])
def test_a_row_of_the_readme_has_the_figures_of_the_bench(row: str, figures: str) -> None:
    """Of the run beside the official SDKs."""
    (measured,) = re.findall(rf"^\| {row} \|(.*)", BESIDE_SDKS, re.M)
    cells = [cell.strip() for cell in measured.split("|")]
    ours, peer, sdk, _, typescript, floor = cells[2:8]

    assert figures.split(" | ") == [ours, peer, sdk, typescript, floor]


def test_the_readme_has_rows() -> None:
    """So that the test before this one has something to compare."""
    assert len(OF_README) == len(re.findall(r"^\| [a-z]", BESIDE_SDKS, re.M)) - 1


def test_the_other_figures_are_there_too() -> None:
    """Numbers of the running text, as the bench tells them."""
    text = PAGE.split("## What to do for speed")[1]
    figures = re.findall(
        r"(?<![\w,.-])\d[\d,]*(?:\.\d+)? ?(?:bytes|MiB|µs|ms)|1\.74|1,310|219", text
    )

    assert len(figures) >= 8
    missing = [
        each for each in figures if each.replace("bytes", "B") not in BENCH.replace("bytes", "B")
    ]
    assert missing == []


@pytest.mark.parametrize("command", re.findall(r"^uv run python (\S+) ?(.*)$", PAGE, re.M))
def test_a_command_names_rows_that_there_are(command: tuple[str, str]) -> None:
    """By their beginnings, as the bench takes them."""
    program, rows = command

    assert (ROOT / program).is_file()
    assert [each for each in rows.split() if not any(m.startswith(each) for m in MEASURED)] == []
