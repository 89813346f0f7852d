"""The site of the documentation is built as CONTRIBUTING.md says, and holds together."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from processes import environment

ROOT = Path(__file__).parents[2]
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
HOME = (ROOT / "docs" / "README.md").read_text("utf-8")
COMMAND = "uv run --isolated --no-dev --group docs mkdocs build --strict"


def flat(nav: Any) -> list[str]:
    """The pages of a part of the navigation."""
    if isinstance(nav, str):
        return [nav]
    parts = nav if isinstance(nav, list) else list(nav.values())
    return [page for part in parts for page in flat(part)]


class Page(HTMLParser):
    """What a page of the site has: its anchors, where it leads, and what it loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.anchors |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        elif tag == "link" and named.get("rel") != "canonical":
            self.loaded.append(named["href"])
        elif "src" in named:
            self.loaded.append(named["src"])


def broken(root: Path, site: dict[Path, Page]) -> list[str]:
    """The links within the site that lead nowhere. Those of the page for what is not found begin at
    the site's root, as that page may be shown anywhere.
    """
    found: list[str] = []
    for path, page in site.items():
        for link in page.links:
            there = urlsplit(link)
            if there.scheme or there.netloc:
                continue
            home = root if there.path.startswith("/") else path.parent
            target = home / unquote(there.path).lstrip("/") if there.path else path
            target = target.resolve()
            anchors = site[target].anchors if target in site else {there.fragment}
            if not target.is_file() or (there.fragment and there.fragment not in anchors):
                found.append(f"{path.name}: {link}")
    return found


@pytest.mark.timeout(600)
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Nothing of it is loaded from elsewhere, and its links lead somewhere."""
    uv = runpy.run_path(str(ROOT / "dev.py"))["uv"]()
    command = [*uv, *COMMAND.split()[1:], "--site-dir", str(tmp_path)]
    env = environment({"UV_FROZEN": "1", "NO_MKDOCS_2_WARNING": "1"})

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=580)

    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = [Path(folder, name) for folder, _, names in os.walk(tmp_path) for name in names]
    site = {page: Page(page.read_text("utf-8")) for page in pages if page.suffix == ".html"}
    assert len(site) > len(flat(SETTINGS["nav"]))
    assert [each for page in site.values() for each in page.loaded if "//" in each] == []
    assert broken(tmp_path, site) == []


def test_the_command_is_the_one_that_contributors_read() -> None:
    """In CONTRIBUTING.md, and on the home page."""
    assert COMMAND in HOME
    assert COMMAND in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_navigation_has_the_pages_of_the_home_page_in_its_order() -> None:
    """The parts of the guide, by the same names."""
    parts = re.findall(r"^### (.+)\n\n((?:- .+\n)+)", HOME, re.M)
    [guide] = [each["Guide"] for each in SETTINGS["nav"] if "Guide" in each]

    shown = {name: re.findall(r"\]\((\S+)\)", listed) for name, listed in parts}

    assert {name: pages for part in guide for name, pages in part.items()} == shown


def test_every_page_is_in_the_navigation_once() -> None:
    """None is left out."""
    docs = ROOT / "docs"

    assert sorted(flat(SETTINGS["nav"])) == sorted(
        path.relative_to(docs).as_posix() for path in docs.rglob("*.md")
    )


REFERENCE = {
    name: path.name
    for path in (ROOT / "docs" / "reference").glob("*.md")
    for name in re.findall(r"^::: (\S+)$", path.read_text("utf-8"), re.M)
}


@pytest.mark.parametrize("name", REFERENCE)
def test_what_the_reference_is_made_of_is_there(name: str) -> None:
    """Modules, and names in them."""
    try:
        import_module(name)
    except ImportError:
        home, _, own = name.rpartition(".")
        assert hasattr(import_module(home), own)
