"""The links of the pages lead somewhere: to files of the repository, and to headings in them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "bench", "conformance", "deploy", "examples", "fuzz")
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (
        *ROOT.glob("*.md"),
        *(page for each in FOLDERS for page in ROOT.glob(f"{each}/**/*.md")),
    )
)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


@cache
def text(page: Path) -> str:
    """A page without its code."""
    return re.sub(r"^ *```.*?^ *```$|`[^`\n]+`", "", page.read_text("utf-8"), flags=re.M | re.S)


@cache
def anchors(page: Path) -> set[str]:
    """Those of the headings of a page, as the hosts of repositories make them."""
    outside = re.sub(r"^ *```.*?^ *```$", "", page.read_text("utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", outside, re.M)
    return {re.sub(r"[^\w\s-]", "", each).lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", PAGES)
def test_the_links_of_a_page_lead_somewhere(name: str) -> None:
    """Wherever it is read; what is elsewhere is not looked at."""
    page = ROOT / name
    missing: list[str] = []
    for path, anchor in LINK.findall(text(page)):
        if ":" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            missing.append(path)
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            missing.append(f"{path}#{anchor}")

    assert missing == []
